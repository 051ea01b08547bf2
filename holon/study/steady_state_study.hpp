// The study type `steady_state`: where the model comes to rest, and whether it stays there.
#pragma once

#include "holon/modelfile/registry.hpp"

namespace holon::study {

modelfile::StudyType steady_state_type();

}  // namespace holon::study

// The study type `dispersion`: which waves grow on a uniform state, and where the first one begins to.
#pragma once

#include "holon/modelfile/registry.hpp"

namespace holon::study {

modelfile::StudyType dispersion_type();

}  // namespace holon::study

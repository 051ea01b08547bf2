// The study type `continuation`: steady states against a parameter, with their folds and Hopf points.
#pragma once

#include "holon/modelfile/registry.hpp"

namespace holon::study {

modelfile::StudyType continuation_type();

}  // namespace holon::study

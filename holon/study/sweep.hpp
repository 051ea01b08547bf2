// The study type `sweep`: the model is run once for every combination of values of some parameters, and its
// results are gathered in a table.
#pragma once

#include "holon/modelfile/registry.hpp"

namespace holon::study {

modelfile::StudyType sweep_type();

}  // namespace holon::study

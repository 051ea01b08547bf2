// The study type `sensitivity`: how results depend on parameters.
#pragma once

#include "holon/modelfile/registry.hpp"

namespace holon::study {

modelfile::StudyType sensitivity_type();

}  // namespace holon::study

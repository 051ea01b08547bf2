// The study type `stability`: how the model moves beside a steady state.
#pragma once

#include "holon/modelfile/registry.hpp"

namespace holon::study {

modelfile::StudyType stability_type();

}  // namespace holon::study

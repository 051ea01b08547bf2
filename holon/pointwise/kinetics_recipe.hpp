// From a process section of a model file to a process of type `kinetics`.
#pragma once

#include "holon/modelfile/registry.hpp"

#include <memory>

namespace holon::pointwise {
std::unique_ptr<modelfile::ProcessRecipe> kinetics_recipe();
}

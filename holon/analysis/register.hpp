// The observer type `scales`.
#pragma once

#include "holon/modelfile/registry.hpp"

namespace holon {

void register_analysis(modelfile::Registry& registry);

}  // namespace holon

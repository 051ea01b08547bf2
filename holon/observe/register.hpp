// Makes the observer types known to a registry.
#pragma once

#include "holon/modelfile/registry.hpp"

namespace holon {

void register_observe(modelfile::Registry& registry);

}

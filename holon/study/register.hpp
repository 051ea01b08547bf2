// Makes the study types known to a registry.
#pragma once

#include "holon/modelfile/registry.hpp"

namespace holon {

void register_study(modelfile::Registry& registry);

}

// The process type `kinetics`.
#pragma once

namespace holon::modelfile {
class Registry;
}

namespace holon {
void register_pointwise(modelfile::Registry& registry);
}

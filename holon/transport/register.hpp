// The process types `diffusion` and `advection`.
#pragma once

namespace holon::modelfile {
class Registry;
}

namespace holon {
void register_transport(modelfile::Registry& registry);
}

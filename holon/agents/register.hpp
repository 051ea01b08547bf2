// Process types of populations of agents: `birth_death`, `motion`.
#pragma once

namespace holon::modelfile {
class Registry;
}

namespace holon {
void register_agents(modelfile::Registry& registry);
}  // namespace holon

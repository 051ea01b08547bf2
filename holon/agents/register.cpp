#include "holon/agents/register.hpp"

#include "holon/agents/types.hpp"

namespace holon {

void register_agents(modelfile::Registry& registry) {
  registry.add(agents::birth_death_type());
  registry.add(agents::motion_type());
}

}  // namespace holon

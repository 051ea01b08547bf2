#include "holon/observe/register.hpp"

#include "holon/observe/types.hpp"

namespace holon {

void register_observe(modelfile::Registry& registry) {
  registry.add(observe::probe_type());
  registry.add(observe::activation_time_type());
  registry.add(observe::action_potential_type());
  registry.add(observe::conduction_velocity_type());
  registry.add(observe::action_potential_duration_map_type());
  registry.add(observe::conduction_velocity_map_type());
  registry.add(observe::front_speed_type());
  registry.add(observe::phase_singularities_type());
  registry.add(observe::pseudo_ecg_type());
  registry.add(observe::period_type());
  registry.add(observe::event_times_type());
  registry.add(observe::error_type());
  registry.add(observe::total_type());
  registry.add(observe::mean_type());
  registry.add(observe::final_type());
  registry.add(observe::extremum_type());
  registry.add(observe::fields_type());
  registry.add(observe::lineages_type());
  registry.add(observe::iterations_type());
  registry.add(observe::substeps_type());
}

}  // namespace holon

// The observer types, one file each.
#pragma once

#include "holon/modelfile/registry.hpp"

namespace holon::observe {

modelfile::ObserverType probe_type();
modelfile::ObserverType activation_time_type();
modelfile::ObserverType action_potential_type();
modelfile::ObserverType conduction_velocity_type();
modelfile::ObserverType action_potential_duration_map_type();
modelfile::ObserverType conduction_velocity_map_type();
modelfile::ObserverType front_speed_type();
modelfile::ObserverType phase_singularities_type();
modelfile::ObserverType pseudo_ecg_type();
modelfile::ObserverType period_type();
modelfile::ObserverType event_times_type();
modelfile::ObserverType error_type();
modelfile::ObserverType total_type();
modelfile::ObserverType mean_type();
modelfile::ObserverType final_type();
modelfile::ObserverType extremum_type();
modelfile::ObserverType fields_type();
modelfile::ObserverType lineages_type();
modelfile::ObserverType iterations_type();
modelfile::ObserverType substeps_type();

}  // namespace holon::observe

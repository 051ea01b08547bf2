// The integrator `cvode` of the process type `kinetics`.
#pragma once

#include "holon/pointwise/system_integrator.hpp"

namespace holon::kinetics {

/// CVODE's BDF for each site by itself, at most a few thousand of them. The method's history goes on from
/// macro step to macro step, and the values at their ends are interpolated, so that the schedule's step does
/// not limit CVODE's.
///
/// The history is thrown away where the right-hand side switches with time, where the states, the fields and
/// the parameters that the rates read were changed by others since the last call, where Inputs give
/// waveforms, and every 10,000 macro steps. Time and states of that moment are kept in fields of the State;
/// from them the history is made again, step by step the same, when a run is resumed.
pointwise::SystemIntegratorType cvode_integrator();

}  // namespace holon::kinetics

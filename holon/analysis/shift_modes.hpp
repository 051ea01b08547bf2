// Modes that shift a pattern along a periodic axis: nothing brings it back, as one place is like another.
#pragma once

#include "holon/analysis/spectrum.hpp"

namespace holon::analysis {

/// Leaves out eigenvalues that count as zero whose modes are the state's slope along a periodic axis of the
/// grids on which all fields with rates live; Spectrum::shifts says how many.
Spectrum without_shifts(const System& system, const State& state, double time, Spectrum spectrum);

}  // namespace holon::analysis

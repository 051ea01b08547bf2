// Processes that see what follows from their own fields as it was at the beginning of their steps.
#pragma once

#include "holon/engine/model.hpp"

#include <vector>

namespace holon {

/// A process that reads what couplings, laws or fields at rest make of its own fields u (a recurrent network,
/// a mean field, a source that follows from what spreads) sees it, outside of windows, as at the beginning of
/// its step: for K = (d rate / d seen) (d seen / d u) it takes explicit steps of first order, whatever its
/// own scheme.
struct StaleView {
  ProcessId process = 0;
  FieldId seen = 0;
  Place place;
  bool at_rest = false;   ///< the process is kept at rest: what it sees of itself lags behind
  double strength = 0.0;  ///< its step times the largest |eigenvalue| of K, by power iteration at the state
};

/// Those that matter: kept at rest, or with a strength above a twentieth.
std::vector<StaleView> stale_views(const Model& model, const State& state, double time, ThreadPool& threads);

Diagnostic warning_of(const StaleView& view, const Model& model);

}  // namespace holon

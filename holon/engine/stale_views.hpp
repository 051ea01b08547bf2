// Processes that see what follows from fields they change as it was at the beginning of their steps.
#pragma once

#include "holon/engine/model.hpp"

#include <vector>

namespace holon {

/// A process whose rates depend, directly or through couplings, laws and fields at rest, on what it
/// contributes to, or (where it has no window of its own: own_views.hpp) on its own fields u: for
/// K = (d rate / d seen) (d seen / d u) it takes explicit steps of first order, whatever its own scheme.
struct StaleView {
  ProcessId process = 0;
  FieldId seen = 0;
  Place place;
  bool contributes = false;  ///< to what it sees
  double step = 0.0;         ///< [coherent time]
  double strength = 0.0;  ///< the step times the largest |eigenvalue| of K, by power iteration at the state
  bool decays = false;    ///< that eigenvalue is real and negative: steps above 2 are not stable
};

/// Those that matter: with a strength above a twentieth, of contributions above a half.
std::vector<StaleView> stale_views(const Model& model, const State& state, double time, ThreadPool& threads);

Diagnostic warning_of(const StaleView& view, const Model& model);

namespace checks {

/// Warnings about them, at the initial state. Throws InputError where a step is not stable.
void stale_views(Model& model, const State& state, ThreadPool& threads);

}  // namespace checks

}  // namespace holon

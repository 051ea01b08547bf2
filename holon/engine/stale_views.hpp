// Processes that see what follows from fields they change as it was at the beginning of their steps.
#pragma once

#include "holon/engine/model.hpp"

#include <vector>

namespace holon {

/// A process whose rates depend, directly or through couplings, laws and fields at rest, on fields u that it
/// changes, by K = (d rate / d seen) (d seen / d u).
struct StaleView {
  enum class Kind {
    own,          ///< its own fields: for K it takes explicit steps of first order, whatever its own scheme
    followed,     ///< likewise, in a window of its own (own_views.hpp): stable, but fast modes hardly damped
    contributed,  ///< those that it contributes to: explicit as well
  };
  ProcessId process = 0;
  FieldId seen = 0;
  Place place;
  Kind kind = Kind::own;
  double step = 0.0;      ///< [coherent time]
  double strength = 0.0;  ///< the step times the largest |eigenvalue| of K, by power iteration at the state
  bool decays = false;    ///< that eigenvalue is real and negative: explicit steps above 2 are not stable
};

/// Those that matter: with a strength above a twentieth; followed, above 4; of contributions, above a half.
std::vector<StaleView> stale_views(const Model& model, const State& state, double time, ThreadPool& threads);

Diagnostic warning_of(const StaleView& view, const Model& model);

namespace checks {

/// Warnings about them, at the initial state. Throws InputError where a step is not stable.
void stale_views(Model& model, const State& state, ThreadPool& threads);

}  // namespace checks

}  // namespace holon

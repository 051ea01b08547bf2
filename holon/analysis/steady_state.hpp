// Steady states: F(x, t) = 0.
#pragma once

#include "holon/analysis/newton.hpp"

namespace holon::analysis {

struct SteadyStateOptions {
  NewtonOptions newton;
  double first_step = 0.0;  ///< of the way there [coherent time]; 0: from the rates at the start
  double longest = 1e30;    ///< when to give up [coherent time]
  int most_steps = 2000;
};

struct SteadyState {
  State state;
  double reached = 0.0;  ///< how much time the way took [coherent]
  int steps = 0, iterations = 0;
  std::vector<Constraint> constraints;  ///< what is kept, declared or not
  std::string undeclared;  ///< what of it no `conserved:` declares, in words (conservation_laws.hpp)
};

/// Follows the model from a state by implicit Euler with longer and longer steps (a step is accepted where
/// Newton's method meets its end within a few iterations), so that it arrives where the model would, and
/// finishes with Newton's method. Steps that lead something across zero, and further than it was before, are
/// taken shorter: there may be a pole between. A state that turns out to be unstable is kept only if steps
/// that resolve its growth lead there, too. Time-dependent models stay at `time`. Throws NumericalFailure
/// with the unknown that moves most.
SteadyState steady_state(const System& system, const State& start, double time,
                         const SteadyStateOptions& options);

}  // namespace holon::analysis

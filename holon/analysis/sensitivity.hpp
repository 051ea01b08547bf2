// How a state, and what is made of it, depends on parameters.
//
// Steady states, F(x, p) = 0:
//   forward   dx/dp = -J^-1 F_p,           dg/dp = g_p + g_x . dx/dp
//   adjoint   J^T a = g_x,                 dg/dp = g_p - a . F_p
// with the conserved quantities as constraints (newton.hpp), whose values may depend on p through x0(p).
//
// The end of a run, M dx/dt = F(x, t, p) from x0(p), in equal steps of Alexander's two stages (SIAM J. Numer.
// Anal. 14, 1006 (1977); order 2, L-stable), with c = 1 - 1/sqrt 2:
//   M (y - x_n) = c h F(y, t_n + c h),   M (x_n+1 - x_n) = (1 - c) h M F(y, t_n + c h) + c h F(x_n+1, t_n +
//   h)
// where rows without M read F = 0. Derivatives are those of these steps themselves, so that forward and
// adjoint agree to round-off: forward, each stage is linearised along with the run; adjoint, the transposed
// stages are gone through from the end to the beginning.
#pragma once

#include "holon/analysis/newton.hpp"

#include <functional>
#include <string>
#include <vector>

namespace holon::analysis {

using Slope = std::vector<double>;  ///< of all unknowns

/// What the slope of a start, dx0/dp, is to the conserved quantities of a steady state x: where contents per
/// value c follow the parameter (capacities), c x = c x0 also moves with d(log c)/dp (x0 - x).
Slope conserved_slope(const System& system, const State& start, const State& steady, ParameterId parameter,
                      Slope slope);

/// dx/dp of a steady state; `start` is dx0/dp, of which the conserved quantities follow. Throws
/// NumericalFailure where the Jacobian is singular.
std::vector<Slope> steady_slopes(const System& system, const State& steady, double time,
                                 const std::vector<Constraint>& constraints,
                                 const std::vector<ParameterId>& parameters, const std::vector<Slope>& start);

/// g_x . dx/dp for each of `parameters`, by one transposed solution.
std::vector<double> steady_adjoint(const System& system, const State& steady, double time,
                                   const std::vector<Constraint>& constraints,
                                   const std::vector<ParameterId>& parameters,
                                   const std::vector<Slope>& start, const Slope& gradient);

/// A run in equal steps, of which all stages are kept.
class Trajectory {
 public:
  /// From `start` at `begin`, with steps of `step` [coherent time]. `progress` may return false: stop. Throws
  /// NumericalFailure where a step can't be solved.
  Trajectory(const System& system, const State& start, double begin, double step, std::int64_t steps,
             const std::function<bool(double)>& progress = {});
  const State& end() const { return end_; }
  bool stopped() const { return stopped_; }

  /// dx/dp at the end.
  std::vector<Slope> slopes(const std::vector<ParameterId>& parameters,
                            const std::vector<Slope>& start) const;
  /// g_x . dx/dp at the end, by one way back.
  std::vector<double> adjoint(const std::vector<ParameterId>& parameters, const std::vector<Slope>& start,
                              const Slope& gradient) const;

 private:
  struct Step {
    std::vector<double> stage, end;  ///< unknowns
  };
  double time(std::size_t step) const { return begin_ + static_cast<double>(step) * step_; }
  /// A state with the parameters of the run and these unknowns.
  State at(const std::vector<double>& unknowns) const;

  const System* system_;
  State end_;
  double begin_, step_;
  std::vector<Step> steps_;
  bool stopped_ = false;
};

/// g_x of several outcomes of a state, by central differences over the unknowns: one list per outcome.
std::vector<Slope> gradients(const System& system, const State& state,
                             const std::function<std::vector<double>(const State&)>& outcomes);

/// The derivatives of outcomes where the unknowns move by `slope` and a parameter by 1, by central
/// differences.
std::vector<double> along(const System& system, const State& state, const Slope& slope, ParameterId parameter,
                          const std::function<std::vector<double>(const State&)>& outcomes);

}  // namespace holon::analysis

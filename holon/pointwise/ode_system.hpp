// A system of ordinary differential equations as nodes of an equation graph, and one step of an integrator as
// nodes of the same graph: new state = function(old state, time, dt). A step is then one fused kernel.
//
// Governing equation: du/dt = f(u, t), with `states` for u and `rates` for f.
#pragma once

#include "holon/expr/graph.hpp"

#include <optional>
#include <span>
#include <vector>

namespace holon::pointwise {

using expr::Graph;
using expr::Node;

struct OdeSystem {
  Graph* graph = nullptr;
  std::vector<Node> states;  ///< symbols
  std::vector<Node> rates;  ///< one per state, over states, `time` and any other symbols (held during a step)
  Node time;                ///< the symbol that time-dependent terms contain
  Node dt;                  ///< the step, in the time unit of the rates
  double time_per_dt = 1.0;  ///< one unit of `dt` in units of `time`

  std::size_t size() const { return states.size(); }
};

/// One step of an integrator.
struct Step {
  std::vector<Node> states;          ///< new values, in order of OdeSystem::states
  std::vector<Node> errors;          ///< estimates of the local error of each state; empty: no estimate
  std::optional<Node> pivot_growth;  ///< largest entry met in elimination without pivoting over the largest
                                     ///< of the matrix: rounding errors grow with it
  std::vector<std::size_t> exponential;  ///< states that are integrated exactly while the others are held
};

/// The rates with the states replaced by `values` and time by time + fraction * dt.
std::vector<Node> rates_at(const OdeSystem& system, std::span<const Node> values, double fraction);

/// The same replacement for any nodes of the system's graph.
std::vector<Node> nodes_at(const OdeSystem& system, std::span<const Node> nodes, std::span<const Node> values,
                           double fraction);

/// Partial derivative of the rates with respect to time, in units of the rates per unit of dt.
std::vector<Node> explicit_time_derivative(const OdeSystem& system);

/// base[i] + dt * sum_j weights[j] * stages[j][i]. Weights that are 0 cost nothing.
std::vector<Node> combine(const OdeSystem& system, std::span<const Node> base,
                          std::span<const std::vector<Node>> stages, std::span<const double> weights);

/// Rates in which everything that switches with time alone (comparisons, floor, ceil, sign and the wraps of
/// modulo) is decided at the middle of the step, for all stages of it. A step that reaches from one switching
/// time to the next (pulses: see expr/breakpoints.hpp) then sees a smooth right-hand side up to both its
/// ends, whatever the rounding of time. Switches that depend on states, fields or positions stay as they are.
OdeSystem with_switches_at_midpoint(const OdeSystem& system);
/// To be applied to every step that was made from such a system.
Step decide_switches(const OdeSystem& system, const Step& step);
/// For integrators that evaluate rates on their own: switches are decided at a time that they give.
std::vector<Node> decide_switches_at(const OdeSystem& system, std::span<const Node> nodes, Node time);

}  // namespace holon::pointwise

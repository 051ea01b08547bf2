// The integrators that a process of type `kinetics` can choose between, each a function from a system to one
// step of it.
#pragma once

#include "holon/pointwise/ode_system.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace holon::pointwise {

/// u + dt f(u, t). Order 1. Stable for |1 + dt lambda| <= 1.
Step forward_euler(const OdeSystem& system);

/// Explicit trapezoidal rule (Heun). Order 2.
Step heun(const OdeSystem& system);

/// The classical Runge-Kutta method (Kutta 1901). Order 4.
Step runge_kutta_4(const OdeSystem& system);

/// Dormand & Prince 5(4) (J. Comput. Appl. Math. 6, 1980). Order 5 with an error estimate of order 4.
Step dormand_prince(const OdeSystem& system);

/// Rush & Larsen (IEEE Trans. Biomed. Eng. 25, 1978): own-linear states exactly while the others are held,
/// the other states by forward Euler. Order 1.
Step rush_larsen(const OdeSystem& system);

/// Two stages (after Sundnes, Artebrant, Skavhaug & Tveito, IEEE Trans. Biomed. Eng. 56, 2009): a half step
/// of rush_larsen predicts the middle; the whole step takes own-linear states exactly with coefficients of
/// the middle, the others by the midpoint rule. Order 2 in all states.
Step rush_larsen_2(const OdeSystem& system);

/// Generalised Rush-Larsen (Sundnes et al. 2009): every state exactly for its rate linearised in itself.
/// Order 1.
Step generalised_rush_larsen(const OdeSystem& system);

/// The same in two stages: rates linearised in their own state about a predicted middle. Order 2.
Step generalised_rush_larsen_2(const OdeSystem& system);

/// ROS2 with gamma = 1 - 1/sqrt(2) (Verwer, Spee, Blom & Hundsdorfer, SIAM J. Sci. Comput. 20, 1999). Order
/// 2, L-stable, exact sparse Jacobian and elimination in the graph.
Step rosenbrock_2(const OdeSystem& system);

/// RODAS (Hairer & Wanner, Solving Ordinary Differential Equations II, section IV.7). Order 4 with an
/// estimate of order 3, L-stable, stiffly accurate.
Step rosenbrock_4(const OdeSystem& system);

/// One Newton iteration of the implicit midpoint rule. `guess` are symbols for the present iterate of the new
/// state; Step::errors are the corrections that it makes. Order 2, symmetric, keeps quadratic invariants.
Step implicit_midpoint_iteration(const OdeSystem& system, std::span<const Node> guess);

struct Integrator {
  enum class Control { fixed, adaptive, iterated };
  std::string_view name;
  int order = 1;
  Control control = Control::fixed;
  Step (*step)(const OdeSystem&) = nullptr;  ///< null for iterated methods
  /// Explicit methods: the largest |dt lambda| on the negative real axis; 0: no such limit.
  double stability_limit = 0.0;
  /// Whether the sign of a state that starts positive is kept: never promised; for own-linear states; by
  /// rejecting steps.
  enum class Positivity { none, own_linear, rejection } positivity = Positivity::none;
  std::string_view documentation;
};

/// All integrators of this module, in the order of the manual.
const std::vector<Integrator>& integrators();
const Integrator* find_integrator(std::string_view name);

}  // namespace holon::pointwise

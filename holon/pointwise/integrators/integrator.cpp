#include "holon/pointwise/integrators/integrator.hpp"

namespace holon::pointwise {

const std::vector<Integrator>& integrators() {
  using Control = Integrator::Control;
  using Positivity = Integrator::Positivity;
  static const std::vector<Integrator> list{
      {"forward_euler", 1, Control::fixed, forward_euler, 2.0, Positivity::none,
       "u + dt f. Order 1, explicit."},
      {"heun", 2, Control::fixed, heun, 2.0, Positivity::none, "Explicit trapezoidal rule. Order 2."},
      {"rk4", 4, Control::fixed, runge_kutta_4, 2.7852935634052822, Positivity::none,
       "Classical Runge-Kutta method (Kutta 1901). Order 4, explicit."},
      {"dormand_prince", 5, Control::adaptive, dormand_prince, 0.0, Positivity::rejection,
       "Dormand & Prince 5(4) (1980) with error control. For smooth, non-stiff equations."},
      {"rush_larsen", 1, Control::fixed, rush_larsen, 0.0, Positivity::own_linear,
       "Rush & Larsen (1978): own-linear states (gates), found by derivative, exactly while the others are "
       "held; "
       "the others by forward Euler. Order 1."},
      {"rush_larsen_2", 2, Control::fixed, rush_larsen_2, 0.0, Positivity::own_linear,
       "Two-stage Rush-Larsen (after Sundnes et al. 2009): own-linear states exactly with coefficients of "
       "the "
       "middle of the step, the others by the midpoint rule. Order 2 in all states."},
      {"generalised_rush_larsen", 1, Control::fixed, generalised_rush_larsen, 0.0, Positivity::none,
       "Generalised Rush-Larsen (Sundnes et al. 2009): every state exactly for its rate linearised in "
       "itself. "
       "Order 1."},
      {"generalised_rush_larsen_2", 2, Control::fixed, generalised_rush_larsen_2, 0.0, Positivity::none,
       "Generalised Rush-Larsen in two stages, linearised about a predicted middle. Order 2."},
      {"rosenbrock_2", 2, Control::fixed, rosenbrock_2, 0.0, Positivity::none,
       "ROS2 (Verwer et al. 1999), gamma = 1 - 1/sqrt(2). Order 2, L-stable, exact sparse Jacobian: stiff "
       "equations with fixed steps."},
      {"rosenbrock", 4, Control::adaptive, rosenbrock_4, 0.0, Positivity::rejection,
       "RODAS (Hairer & Wanner). Order 4(3) with error control, L-stable, stiffly accurate, exact sparse "
       "Jacobian: stiff equations to a tolerance."},
      {"implicit_midpoint", 2, Control::iterated, nullptr, 0.0, Positivity::none,
       "Implicit midpoint rule, Newton iterations to 1e-14. Order 2, A-stable, symmetric: keeps quadratic "
       "invariants."},
  };
  return list;
}

const Integrator* find_integrator(std::string_view name) {
  for (const Integrator& i : integrators()) {
    if (i.name == name) return &i;
  }
  return nullptr;
}

}  // namespace holon::pointwise

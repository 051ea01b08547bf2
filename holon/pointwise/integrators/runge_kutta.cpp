// Explicit Runge-Kutta methods: stages k_i = f(u + dt sum_j a_ij k_j, t + c_i dt), new u + dt sum_i b_i k_i.
#include "holon/pointwise/integrators/integrator.hpp"

#include <numeric>

namespace holon::pointwise {

namespace {

struct Tableau {
  std::vector<std::vector<double>> a;  // row i has i entries
  std::vector<double> b;
  std::vector<double> b_minus_embedded;  // empty without an error estimate
};

Step explicit_runge_kutta(const OdeSystem& system, const Tableau& tableau) {
  std::vector<std::vector<Node>> stages;
  for (const auto& row : tableau.a) {
    const double c = std::accumulate(row.begin(), row.end(), 0.0);
    const std::vector<Node> values = combine(system, system.states, stages, row);
    stages.push_back(rates_at(system, values, c));
  }
  Step step;
  step.states = combine(system, system.states, stages, tableau.b);
  if (!tableau.b_minus_embedded.empty()) {
    const std::vector<Node> zero(system.size(), system.graph->constant(0.0));
    step.errors = combine(system, zero, stages, tableau.b_minus_embedded);
  }
  return step;
}

}  // namespace

Step forward_euler(const OdeSystem& system) { return explicit_runge_kutta(system, {{{}}, {1.0}, {}}); }

Step heun(const OdeSystem& system) { return explicit_runge_kutta(system, {{{}, {1.0}}, {0.5, 0.5}, {}}); }

Step runge_kutta_4(const OdeSystem& system) {
  return explicit_runge_kutta(
      system, {{{}, {0.5}, {0.0, 0.5}, {0.0, 0.0, 1.0}}, {1.0 / 6, 1.0 / 3, 1.0 / 3, 1.0 / 6}, {}});
}

Step dormand_prince(const OdeSystem& system) {
  const std::vector<double> b{35.0 / 384, 0.0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784, 11.0 / 84, 0.0};
  const std::vector<double> embedded{5179.0 / 57600,    0.0,          7571.0 / 16695, 393.0 / 640,
                                     -92097.0 / 339200, 187.0 / 2100, 1.0 / 40};
  Tableau tableau;
  tableau.a = {{},
               {1.0 / 5},
               {3.0 / 40, 9.0 / 40},
               {44.0 / 45, -56.0 / 15, 32.0 / 9},
               {19372.0 / 6561, -25360.0 / 2187, 64448.0 / 6561, -212.0 / 729},
               {9017.0 / 3168, -355.0 / 33, 46732.0 / 5247, 49.0 / 176, -5103.0 / 18656},
               {35.0 / 384, 0.0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784, 11.0 / 84}};
  tableau.b = b;
  for (std::size_t i = 0; i < b.size(); ++i) tableau.b_minus_embedded.push_back(b[i] - embedded[i]);
  return explicit_runge_kutta(system, tableau);
}

}  // namespace holon::pointwise

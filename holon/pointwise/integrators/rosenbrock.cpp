// Rosenbrock methods in the form without products with the Jacobian (Hairer & Wanner II, IV.7):
//   (I/(gamma dt) - J) U_i = f(u + sum_j a_ij U_j, t + alpha_i dt) + sum_j (c_ij/dt) U_j + d_i dt f_t
//   new u = u + sum_i m_i U_i, error estimate sum_i e_i U_i
#include "holon/pointwise/integrators/integrator.hpp"
#include "holon/pointwise/sparse_elimination.hpp"

#include <cmath>

namespace holon::pointwise {

namespace {

struct Tableau {
  double gamma;
  std::vector<double> alpha, d;
  std::vector<std::vector<double>> a, c;  // row i has i entries
  std::vector<double> m, e;               // e: empty without an error estimate
};

std::vector<Node> weighted_sum(Graph& g, std::vector<Node> base, const std::vector<std::vector<Node>>& stages,
                               const std::vector<double>& weights) {
  for (std::size_t i = 0; i < base.size(); ++i) {
    for (std::size_t j = 0; j < stages.size() && j < weights.size(); ++j) {
      base[i] = g.add(base[i], g.multiply(g.constant(weights[j]), stages[j][i]));
    }
  }
  return base;
}

Step rosenbrock(const OdeSystem& system, const Tableau& tableau) {
  Graph& g = *system.graph;
  const std::size_t n = system.size();
  const Node shift = g.divide(g.constant(1.0 / tableau.gamma), system.dt);
  std::vector<Node> diagonal(n, shift);
  std::vector<expr::JacobianEntry> matrix;
  for (const auto& entry : sparse_jacobian(g, system.rates, system.states)) {
    if (entry.row == entry.column) {
      diagonal[entry.row] = g.subtract(shift, entry.value);
    } else {
      matrix.push_back({entry.row, entry.column, g.negate(entry.value)});
    }
  }
  for (std::uint32_t i = 0; i < n; ++i) matrix.push_back({i, i, diagonal[i]});
  const SparseElimination factors(g, n, matrix);

  const std::vector<Node> slope_in_time = explicit_time_derivative(system);
  const std::vector<Node> zero(n, g.constant(0.0));
  const Node per_dt = g.divide(g.constant(1.0), system.dt);
  std::vector<std::vector<Node>> stages;
  for (std::size_t i = 0; i < tableau.alpha.size(); ++i) {
    const std::vector<Node> values = weighted_sum(g, system.states, stages, tableau.a[i]);
    std::vector<Node> right = rates_at(system, values, tableau.alpha[i]);
    const std::vector<Node> earlier = weighted_sum(g, zero, stages, tableau.c[i]);
    for (std::size_t k = 0; k < n; ++k) {
      right[k] = g.add(right[k], g.multiply(per_dt, earlier[k]));
      const Node time_term = g.multiply(g.constant(tableau.d[i]), g.multiply(system.dt, slope_in_time[k]));
      right[k] = g.add(right[k], time_term);
    }
    stages.push_back(factors.solve(right));
  }
  Step step;
  step.states = weighted_sum(g, system.states, stages, tableau.m);
  if (!tableau.e.empty()) step.errors = weighted_sum(g, zero, stages, tableau.e);
  step.pivot_growth = factors.growth();
  return step;
}

}  // namespace

Step rosenbrock_2(const OdeSystem& system) {
  const double gamma = 1.0 - std::sqrt(0.5);
  Tableau t;
  t.gamma = gamma;
  t.alpha = {0.0, 1.0};
  t.d = {gamma, -gamma};
  t.a = {{}, {1.0 / gamma}};
  t.c = {{}, {-2.0 / gamma}};
  t.m = {1.5 / gamma, 0.5 / gamma};
  return rosenbrock(system, t);
}

Step rosenbrock_4(const OdeSystem& system) {
  Tableau t;
  t.gamma = 0.25;
  t.alpha = {0.0, 0.386, 0.21, 0.63, 1.0, 1.0};
  t.d = {0.25, -0.1043, 0.1035, -0.03620000000000023, 0.0, 0.0};
  t.a = {{},
         {1.544},
         {0.9466785280815826, 0.2557011698983284},
         {3.314825187068521, 2.896124015972201, 0.9986419139977817},
         {1.221224509226641, 6.019134481288629, 12.53708332932087, -0.6878860361058950},
         {1.221224509226641, 6.019134481288629, 12.53708332932087, -0.6878860361058950, 1.0}};
  t.c = {{},
         {-5.6688},
         {-2.430093356833875, -0.2063599157091915},
         {-0.1073529058151375, -9.594562251023355, -20.47028614809616},
         {7.496443313967647, -10.24680431464352, -33.99990352819905, 11.70890893206160},
         {8.083246795921522, -7.981132988064893, -31.52159432874371, 16.31930543123136, -6.058818238834054}};
  t.m = {1.221224509226641, 6.019134481288629, 12.53708332932087, -0.6878860361058950, 1.0, 1.0};
  t.e = {0.0, 0.0, 0.0, 0.0, 0.0, 1.0};
  return rosenbrock(system, t);
}

}  // namespace holon::pointwise

// Implicit midpoint rule v = u + dt f((u + v)/2, t + dt/2), solved by Newton's method: one iteration is one
// kernel.
#include "holon/pointwise/integrators/integrator.hpp"
#include "holon/pointwise/sparse_elimination.hpp"

namespace holon::pointwise {

Step implicit_midpoint_iteration(const OdeSystem& system, std::span<const Node> guess) {
  Graph& g = *system.graph;
  const std::size_t n = system.size();
  const Node half = g.constant(0.5), half_dt = g.multiply(half, system.dt);
  std::vector<Node> middle(n);
  for (std::size_t i = 0; i < n; ++i) middle[i] = g.multiply(half, g.add(system.states[i], guess[i]));

  // (I - dt/2 J) correction = u + dt f(middle) - v
  const auto jacobian = sparse_jacobian(g, system.rates, system.states);
  std::vector<Node> slopes;
  for (const auto& entry : jacobian) slopes.push_back(entry.value);
  slopes = nodes_at(system, slopes, middle, 0.5);
  std::vector<Node> diagonal(n, g.constant(1.0));
  std::vector<expr::JacobianEntry> matrix;
  for (std::size_t k = 0; k < jacobian.size(); ++k) {
    const Node part = g.multiply(half_dt, slopes[k]);
    if (jacobian[k].row == jacobian[k].column) {
      diagonal[jacobian[k].row] = g.subtract(g.constant(1.0), part);
    } else {
      matrix.push_back({jacobian[k].row, jacobian[k].column, g.negate(part)});
    }
  }
  for (std::uint32_t i = 0; i < n; ++i) matrix.push_back({i, i, diagonal[i]});
  const SparseElimination factors(g, n, matrix);

  const std::vector<Node> rates = rates_at(system, middle, 0.5);
  std::vector<Node> residual(n);
  for (std::size_t i = 0; i < n; ++i) {
    residual[i] = g.add(g.subtract(system.states[i], guess[i]), g.multiply(system.dt, rates[i]));
  }
  Step step;
  step.errors = factors.solve(residual);
  for (std::size_t i = 0; i < n; ++i) step.states.push_back(g.add(guess[i], step.errors[i]));
  step.pivot_growth = factors.growth();
  return step;
}

}  // namespace holon::pointwise

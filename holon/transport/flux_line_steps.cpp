// Implicit steps along a single axis whose cells differ (radial grids), where the whole operator is one
// tridiagonal system: nothing is split, and nothing is left over.
#include "holon/transport/flux_diffusion.hpp"
#include "holon/transport/flux_scratch.hpp"

#include <algorithm>
#include <cmath>

namespace holon::transport {

std::optional<DataFault> FluxDiffusion::take_line(Step& step) const {
  // Alexander's two stages (SIAM J. Numer. Anal. 14, 1006 (1977)), gamma = 1 - 1/sqrt 2, of order 2:
  //   U = u + gamma dt f(t + gamma dt, U),   u_new = u + (1 - gamma) dt f(t + gamma dt, U) + gamma dt f(t +
  //   dt, u_new)
  // with f = L u + d. They are L-stable: what is stiff for the step is damped at once, so that a flux that
  // sets in suddenly leaves no oscillation.
  auto& scratch = static_cast<FluxScratch&>(step.scratch);
  const FluxOperator& op = scratch.fluxes();
  ThreadPool& threads = step.threads;
  const double gamma = 1.0 - std::sqrt(0.5), c = gamma * step.dt;
  const std::span<double> u = step.u, first = scratch.work(0), last = scratch.work(1),
                          stage = scratch.work(2);
  if (auto fault = evaluate(step, step.t0 + c, scratch.middle)) return fault;
  if (auto fault = evaluate(step, step.t0 + step.dt, scratch.end)) return fault;
  const FluxSweeps& factors = scratch.line_for(1.0, c);
  // Changes of the stages: (1 - c L) e = c (L u + d) + what the first stage leaves to the second.
  const auto solve = [&](const TransportColumns& columns, std::span<double> change) {
    op.stage(u, {.previous = 1.0, .value = 0.0, .rate = c}, change, threads);
    drive(op, columns, c, change, threads);
    factors.solve(0, change, threads);
  };
  std::fill(first.begin(), first.end(), 0.0);
  solve(scratch.middle, first);
  for (std::size_t site = 0; site < u.size(); ++site) {
    stage[site] = u[site] + first[site];
    last[site] = (1.0 - gamma) / gamma * first[site];
  }
  book_rate(step, stage, scratch.middle, (1.0 - gamma) * step.dt);
  solve(scratch.end, last);
  for (std::size_t site = 0; site < u.size(); ++site) u[site] += last[site];
  book_rate(step, u, scratch.end, c);
  return std::nullopt;
}

std::optional<DataFault> FluxDiffusion::take_line_euler(Step& step) const {
  // (1 - dt L) u_new = u + dt d: no entry of the inverse is negative.
  auto& scratch = static_cast<FluxScratch&>(step.scratch);
  const FluxOperator& op = scratch.fluxes();
  if (auto fault = evaluate(step, step.t0 + step.dt, scratch.end)) return fault;
  drive(op, scratch.end, step.dt, step.u, step.threads);
  scratch.line_for(1.0, step.dt).solve(0, step.u, step.threads);
  book_rate(step, step.u, scratch.end, step.dt);
  return std::nullopt;
}

}  // namespace holon::transport

// Implicit steps of diffusion by face fluxes, and fields at rest.
#include "holon/transport/flux_diffusion.hpp"
#include "holon/transport/flux_scratch.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace holon::transport {

using enum DiffusionIntegrator;

std::optional<DataFault> FluxDiffusion::take_sweeps(Step& step) const {
  // The change e of Crank-Nicolson's scheme (take_implicit), with prod (1 - c A_axis) (1 + c decay) instead
  // of 1 - c L: the two differ by terms of order dt^3, and what is at rest stays at rest.
  auto& scratch = static_cast<FluxScratch&>(step.scratch);
  const FluxOperator& op = scratch.fluxes();
  ThreadPool& threads = step.threads;
  const double c = 0.5 * step.dt;
  const std::span<double> u = step.u, change = scratch.work(0);
  std::fill(change.begin(), change.end(), 0.0);
  if (auto fault = evaluate(step, step.t0, scratch.begin)) return fault;
  if (auto fault = evaluate(step, step.t0 + step.dt, scratch.end)) return fault;
  for (const TransportColumns* columns : {&scratch.begin, &scratch.end}) {
    impose(step, *columns);
    book_rate(step, u, *columns, c);
    op.stage(u, {.previous = 1.0, .value = 0.0, .rate = c}, change, threads);
    drive(op, *columns, c, change, threads);
  }
  const std::vector<double>& decay = op.decay_by_site();
  if (!decay.empty()) {
    threads.for_range(change.size(), 8192, [&](std::size_t begin, std::size_t end) {
      for (std::size_t site = begin; site < end; ++site) change[site] /= 1.0 + c * decay[site];
    });
    if (step.book.open) step.book.decay -= c * op.content(change, decay, threads);
  }
  const FluxSweeps& factors = scratch.sweeps_for(c);
  const SideData nothing;
  for (int axis = 0; axis < op.dimensions(); ++axis) {
    factors.solve(axis, change, threads);
    if (!step.book.open) continue;
    for (int side = 0; side < 2; ++side)
      step.book.side[static_cast<std::size_t>(axis)][static_cast<std::size_t>(side)] +=
          c * op.influx(axis, side, change, nothing);
  }
  op.for_free_rows(threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t site = begin; site < end; ++site) u[site] += change[site];
  });
  return std::nullopt;
}

std::optional<DataFault> FluxDiffusion::take_euler_sweeps(Step& step) const {
  // Source and decay first, then each axis with its sides: every factor has no negative entry.
  auto& scratch = static_cast<FluxScratch&>(step.scratch);
  const FluxOperator& op = scratch.fluxes();
  ThreadPool& threads = step.threads;
  const double dt = step.dt;
  const std::span<double> u = step.u;
  if (auto fault = evaluate(step, step.t0 + dt, scratch.end)) return fault;
  const std::vector<double>&decay = op.decay_by_site(), &source = scratch.end.source;
  if (!decay.empty() || !source.empty())
    op.for_free_rows(threads, [&](std::size_t begin, std::size_t end) {
      for (std::size_t site = begin; site < end; ++site) {
        const double filled = u[site] + (source.empty() ? 0.0 : dt * source[site]);
        u[site] = filled / (1.0 + (decay.empty() ? 0.0 : dt * decay[site]));
      }
    });
  if (step.book.open) {
    if (!decay.empty()) step.book.decay -= dt * op.content(u, decay, threads);
    if (!source.empty()) step.book.source += dt * op.content(source, {}, threads);
  }
  impose(step, scratch.end);
  const FluxSweeps& factors = scratch.sweeps_for(dt);
  for (int axis = 0; axis < op.dimensions(); ++axis) {
    op.add_axis_data(axis, scratch.end.sides, dt, u);
    factors.solve(axis, u, threads);
    if (!step.book.open) continue;
    for (int side = 0; side < 2; ++side)
      step.book.side[static_cast<std::size_t>(axis)][static_cast<std::size_t>(side)] +=
          dt * op.influx(axis, side, u, scratch.end.sides);
  }
  return std::nullopt;
}

namespace {

DataFault not_solved(const solve::KrylovReport& report) {
  return {fmt::format("conjugate gradients leave {:.2g} of the right-hand side after {} iterations",
                      report.residual, report.iterations),
          ""};
}

}  // namespace

std::optional<DataFault> FluxDiffusion::take_implicit(Step& step) const {
  // In terms of the change e = u1 - u0 and c = dt/2 (backward Euler: dt, and no rate at the begin),
  //   (1 - c L) e = c [(L u0 + d0) + (L u0 + d1)],
  // with held nodes set to their values at the end before the second rate is taken.
  auto& scratch = static_cast<FluxScratch&>(step.scratch);
  const FluxOperator& op = scratch.fluxes();
  ThreadPool& threads = step.threads;
  const bool middle = integrator_ == implicit;
  const double c = middle ? 0.5 * step.dt : step.dt;
  const std::span<double> u = step.u, change = scratch.work(0), rhs = scratch.work(1);
  std::fill(rhs.begin(), rhs.end(), 0.0);
  if (auto fault = evaluate(step, step.t0 + step.dt, scratch.end)) return fault;
  if (middle) {
    if (auto fault = evaluate(step, step.t0, scratch.begin)) return fault;
    impose(step, scratch.begin);
    if (op.has_held_sites()) refresh(step, u);
    book_rate(step, u, scratch.begin, c);
    op.stage(u, {.previous = 0.0, .value = 0.0, .rate = c}, rhs, threads);
    drive(op, scratch.begin, c, rhs, threads);
  }
  impose(step, scratch.end);
  if (op.has_held_sites()) refresh(step, u);
  op.stage(u, {.previous = 1.0, .value = 0.0, .rate = c}, rhs, threads);
  drive(op, scratch.end, c, rhs, threads);

  std::fill(change.begin(), change.end(), 0.0);
  const std::vector<double>& weights = scratch.weights();
  const auto report = scratch.invert(1.0, c, rhs, change, {.tolerance = krylov_tolerance}, step);
  step.iterations += static_cast<std::uint64_t>(report.iterations);
  if (!report.converged) return not_solved(report);

  // What is left: rhs - (1 - c L) e. Where nothing passes, one shift of all values leaves nothing of its sum.
  const std::span<double> left = scratch.work(2);
  std::fill(left.begin(), left.end(), 0.0);
  refresh(step, change);
  op.stage(change, {.previous = 0.0, .value = -1.0, .rate = c}, left, threads);
  const std::vector<double> ones(op.sites(), 1.0);
  threads.for_range(op.kept(), 8192, [&](std::size_t begin, std::size_t end) {
    for (std::size_t site = begin; site < end; ++site) left[site] += rhs[site];
  });
  bool passing = op.decays() || op.has_held_sites();
  for (int axis = 0; axis < op.dimensions(); ++axis)
    for (int side = 0; side < 2; ++side) passing = passing || (!op.periodic(axis) && may_pass(axis, side));
  const double shift = passing ? 0.0 : scratch.inner(left, ones, step) / scratch.inner(ones, ones, step);
  threads.for_range(op.kept(), 8192, [&](std::size_t begin, std::size_t end) {
    for (std::size_t site = begin; site < end; ++site) {
      if (weights[site] == 0.0) continue;
      u[site] += change[site] + shift;
      left[site] -= shift;
    }
  });
  if (step.book.open) refresh(step, u);
  book_rate(step, u, scratch.end, c);
  if (step.book.open) step.book.residual -= op.content(left, {}, threads);
  return std::nullopt;
}

std::optional<DataFault> FluxDiffusion::take_rest(Step& step) const {
  // -L e = L u + d, and u + e is at rest; again while round-off in a large correction leaves something.
  auto& scratch = static_cast<FluxScratch&>(step.scratch);
  const FluxOperator& op = scratch.fluxes();
  const std::span<double> u = step.u, change = scratch.work(0), rhs = scratch.work(1);
  if (auto fault = evaluate(step, step.t0 + step.dt, scratch.end)) return fault;
  impose(step, scratch.end);
  const std::vector<double>& weights = scratch.weights();
  constexpr int passes = 3;
  for (int pass = 0; pass < passes; ++pass) {
    std::fill(rhs.begin(), rhs.end(), 0.0);
    std::fill(change.begin(), change.end(), 0.0);
    op.stage(u, {.previous = 0.0, .value = 0.0, .rate = 1.0}, rhs, step.threads);
    drive(op, scratch.end, 1.0, rhs, step.threads);
    const double round_off = 1e-15 * op.spectral_bound() * std::sqrt(scratch.inner(u, u, step));
    const auto report =
        scratch.invert(0.0, 1.0, rhs, change, {.tolerance = rest_tolerance, .absolute = round_off}, step);
    step.iterations += static_cast<std::uint64_t>(report.iterations);
    if (!report.converged) return not_solved(report);
    for (std::size_t site = 0; site < u.size(); ++site)
      if (weights[site] != 0.0) u[site] += change[site];
    if (report.iterations == 0) break;
  }
  return std::nullopt;
}

}  // namespace holon::transport

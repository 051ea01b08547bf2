// Explicit steps of a transport operator: forward Euler, Heun (two stages, second order, strong-stability
// preserving), and the classical Runge-Kutta scheme. Held nodes carry their data at each stage's time; with
// data that depend on time the fourth-order scheme keeps order 2 next to such sides.
#include "holon/transport/grid_transport.hpp"

#include <algorithm>

namespace holon::transport {

std::string_view name(ExplicitScheme scheme) {
  switch (scheme) {
    case ExplicitScheme::forward_euler:
      return "forward Euler, order 1 in time";
    case ExplicitScheme::heun:
      return "Heun, order 2 in time";
    default:
      return "Runge-Kutta 4, order 4 in time";
  }
}

double stability_interval(ExplicitScheme scheme) {
  // RK4: the real root of 1 + z/2 + z^2/6 + z^3/24 = 0, where its stability function is 1 again.
  return scheme == ExplicitScheme::rk4 ? 2.785293563405282 : 2.0;
}

std::optional<DataFault> GridTransport::take_explicit(Step& step, ExplicitScheme scheme) const {
  TransportScratch& scratch = step.scratch;
  const TransportOperator& op = step.op();
  ThreadPool& threads = step.threads;
  const double dt = step.dt;
  const std::span<double> u = step.u;
  if (auto fault = evaluate(step, step.t0, scratch.begin)) return fault;
  if (auto fault = evaluate(step, step.t0 + dt, scratch.end)) return fault;
  impose(step, scratch.begin);
  if (op.has_held_sites()) refresh(step, u);
  const auto stage = [&](std::span<const double> from, const TransportColumns& columns,
                         TransportOperator::StageWeights weights, std::span<double> to) {
    op.stage(from, weights, to, threads);
    drive(op, columns, weights.rate, to, threads);
  };
  const auto combine = [&](auto&& body) {
    op.for_free_rows(threads, [&](std::size_t begin, std::size_t end) {
      for (std::size_t site = begin; site < end; ++site) body(site);
    });
  };
  const std::span<double> first = scratch.work(0);
  switch (scheme) {
    case ExplicitScheme::forward_euler:
      book_rate(step, u, scratch.begin, dt);
      stage(u, scratch.begin, {.value = 1.0, .rate = dt}, first);
      combine([&](std::size_t site) { u[site] = first[site]; });
      break;
    case ExplicitScheme::heun:
      book_rate(step, u, scratch.begin, 0.5 * dt);
      stage(u, scratch.begin, {.value = 1.0, .rate = dt}, first);
      hold(op, scratch.end, first);
      refresh(step, first);
      book_rate(step, first, scratch.end, 0.5 * dt);
      stage(first, scratch.end, {.previous = 0.5, .value = 0.5, .rate = 0.5 * dt}, u);
      break;
    case ExplicitScheme::rk4: {
      if (auto fault = evaluate(step, step.t0 + 0.5 * dt, scratch.middle)) return fault;
      const std::span<double> second = scratch.work(1), third = scratch.work(2);
      book_rate(step, u, scratch.begin, dt / 6.0);
      stage(u, scratch.begin, {.value = 1.0, .rate = 0.5 * dt}, first);
      hold(op, scratch.middle, first);
      refresh(step, first);
      book_rate(step, first, scratch.middle, dt / 3.0);
      combine([&](std::size_t site) { second[site] = u[site]; });
      stage(first, scratch.middle, {.previous = 1.0, .value = 0.0, .rate = 0.5 * dt}, second);
      hold(op, scratch.middle, second);
      refresh(step, second);
      book_rate(step, second, scratch.middle, dt / 3.0);
      combine([&](std::size_t site) { third[site] = u[site]; });
      stage(second, scratch.middle, {.previous = 1.0, .value = 0.0, .rate = dt}, third);
      hold(op, scratch.end, third);
      refresh(step, third);
      book_rate(step, third, scratch.end, dt / 6.0);
      // u + dt/6 (k1 + 2 k2 + 2 k3 + k4) by the stages' own values.
      combine([&](std::size_t site) {
        u[site] = (((first[site] - u[site]) + 2.0 * second[site]) + third[site]) / 3.0;
      });
      stage(third, scratch.end, {.previous = 1.0, .value = 0.0, .rate = dt / 6.0}, u);
      break;
    }
  }
  impose(step, scratch.end);
  return std::nullopt;
}

}  // namespace holon::transport

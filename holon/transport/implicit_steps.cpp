// Implicit and exact steps of diffusion.
#include "holon/transport/diffusion.hpp"
#include "holon/transport/diffusion_scratch.hpp"

#include <cmath>

namespace holon::transport {

DirectionalSweeps::Reflection Diffusion::prepare_reflection(Step& step) const {
  auto& scratch = static_cast<DiffusionScratch&>(step.scratch);
  const double fade = std::expm1(-step.op().decay() * step.dt);
  if (step.book.open && step.op().decays())
    step.book.decay += fade * step.op().content(step.u, {}, step.threads);
  return {&scratch.sweeps_for(0.5 * step.dt), step.u, 1.0 + fade};
}

DirectionalSweeps::Reflection Diffusion::begin_reflection(State& state, const Interval& interval,
                                                          Workspace& work) const {
  Step step = begin(state, interval, work);
  const double before = settles(step) ? content_of_free_sites(step) : 0.0;
  const DirectionalSweeps::Reflection reflection = prepare_reflection(step);
  step.scratch.expected_content = before + step.book.decay;
  keep_books(state, step.book);
  return reflection;
}

void Diffusion::end_reflection(State& state, const Interval& interval, Workspace& work) const {
  Step step = begin(state, interval, work);
  if (!settles(step)) return;
  settle(step, step.scratch.expected_content);
  keep_books(state, step.book);
}

std::optional<DataFault> Diffusion::take_implicit(Step& step) const {
  if (implicit_commutes()) {
    const DirectionalSweeps::Reflection all = prepare_reflection(step);
    step.seen_finite = DirectionalSweeps::reflect({&all, 1}, step.threads).front();
    return std::nullopt;
  }
  auto& scratch = static_cast<DiffusionScratch&>(step.scratch);
  const GridOperator& op = scratch.axes();
  ThreadPool& threads = step.threads;
  const double half = 0.5 * step.dt;
  if (auto fault = evaluate(step, step.t0, scratch.begin)) return fault;
  if (auto fault = evaluate(step, step.t0 + step.dt, scratch.end)) return fault;
  impose(step, scratch.begin);
  const std::span<double> u = step.u, y = scratch.work(0);
  const bool moving = data().depends_on_time() || step.inputs != nullptr;

  // y = u + dt (all rates at the step's begin); then each mechanism's own part is replaced by the mean of its
  // rates at begin and end: y_j = y_{j-1} + dt/2 (F_j(t1, y_j) - F_j(t0, u)).
  book_rate(step, u, scratch.begin, half);
  op.stage(u, {.value = 1.0, .rate = step.dt}, y, threads);
  drive(op, scratch.begin, step.dt, y, threads);

  // Decay and source, site by site: first, so that no side's datum has to know of them.
  const std::vector<double>&decay = op.decay_by_site(), &s0 = scratch.begin.source, &s1 = scratch.end.source;
  if (op.decays() || (moving && !s0.empty()))
    op.for_free_rows(threads, [&](std::size_t begin, std::size_t end) {
      for (std::size_t site = begin; site < end; ++site) {
        const double loss = half * (decay.empty() ? op.decay() : decay[site]);
        const double gain = s0.empty() ? 0.0 : half * (s1[site] - s0[site]);
        y[site] = (y[site] + loss * u[site] + gain) / (1.0 + loss);
      }
    });
  if (step.book.open) {
    if (op.decays())
      step.book.decay -=
          half * (decay.empty() ? op.decay() * op.content(y, {}, threads) : op.content(y, decay, threads));
    if (!s1.empty()) step.book.source += half * op.content(s1, {}, threads);
  }

  const DirectionalSweeps& sweeps = scratch.sweeps_for(half);
  for (int axis = 0; axis < op.dimensions(); ++axis) {
    const SideData& data_now = scratch.data_for_sweep(axis, half);
    for (int side = 0; side < 2; ++side)
      if (op.holds(axis, side)) op.impose(axis, side, data_now, y);
    op.add_axis(axis, u, -half, y, threads);
    if (moving) {
      op.add_data(axis, scratch.begin.sides, -half, y);
      op.add_data(axis, data_now, half, y);
    }
    sweeps.solve(axis, y, threads);
    if (step.book.open)
      for (int side = 0; side < 2; ++side)
        step.book.side[static_cast<std::size_t>(axis)][static_cast<std::size_t>(side)] +=
            half * op.influx(axis, side, y, data_now);
  }
  impose(step, scratch.end);
  op.for_free_rows(threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t site = begin; site < end; ++site) u[site] = y[site];
  });
  return std::nullopt;
}

std::optional<DataFault> Diffusion::take_backward_euler(Step& step) const {
  auto& scratch = static_cast<DiffusionScratch&>(step.scratch);
  const GridOperator& op = scratch.axes();
  ThreadPool& threads = step.threads;
  const double dt = step.dt;
  const std::span<double> u = step.u;
  if (auto fault = evaluate(step, step.t0 + dt, scratch.end)) return fault;

  // Decay and source first, exactly: u' = u e^{-k dt} + s (1 - e^{-k dt})/k.
  const std::vector<double>&decay = op.decay_by_site(), &source = scratch.end.source;
  if (op.decays() || !source.empty()) {
    const auto fade = [&](std::size_t site) {
      return std::expm1(-dt * (decay.empty() ? op.decay() : decay[site]));
    };
    const auto filled = [&](std::size_t site) {
      const double k = decay.empty() ? op.decay() : decay[site];
      return k == 0.0 ? dt : -fade(site) / k;
    };
    const std::span<double> lost = scratch.work(0);
    op.for_free_rows(threads, [&](std::size_t begin, std::size_t end) {
      for (std::size_t site = begin; site < end; ++site) {
        const double gain = source.empty() ? 0.0 : source[site];
        lost[site] = fade(site) * u[site] + (filled(site) - dt) * gain;
        u[site] = u[site] * (1.0 + fade(site)) + filled(site) * gain;
      }
    });
    if (step.book.open) {
      step.book.decay += op.content(lost, {}, threads);
      if (!source.empty()) step.book.source += dt * op.content(source, {}, threads);
    }
  }
  impose(step, scratch.end);
  const DirectionalSweeps& sweeps = scratch.sweeps_for(dt);
  for (int axis = 0; axis < op.dimensions(); ++axis) {
    op.add_data(axis, scratch.end.sides, dt, u);
    sweeps.solve(axis, u, threads);
    if (!step.book.open) continue;
    for (int side = 0; side < 2; ++side)
      step.book.side[static_cast<std::size_t>(axis)][static_cast<std::size_t>(side)] +=
          dt * op.influx(axis, side, u, scratch.end.sides);
  }
  return std::nullopt;
}

std::optional<DataFault> Diffusion::take_exact(Step& step) const {
  auto& scratch = static_cast<DiffusionScratch&>(step.scratch);
  if (auto fault = evaluate(step, step.t0, scratch.begin)) return fault;
  impose(step, scratch.begin);
  if (step.book.open && step.op().decays())
    step.book.decay += std::expm1(-step.op().decay() * step.dt) * step.op().content(step.u, {}, step.threads);
  flow_->advance(step.u, scratch.factors_for(*flow_, diffusivities(step.state), step.dt));
  return std::nullopt;
}

}  // namespace holon::transport

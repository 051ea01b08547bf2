#include "holon/transport/flux_diffusion.hpp"

#include "holon/base/error.hpp"
#include "holon/transport/diffusion.hpp"
#include "holon/transport/krylov_scratch.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace holon::transport {

using enum DiffusionIntegrator;

std::unique_ptr<Process> make_diffusion(std::string name, const Model& model, DiffusionOptions options) {
  if (needs_face_fluxes(options))
    return std::make_unique<FluxDiffusion>(std::move(name), model, std::move(options));
  return std::make_unique<Diffusion>(std::move(name), model, std::move(options));
}

namespace {

/// A State without fields is enough to evaluate what may depend on parameters and place.
State bare_state(const Model& model) { return State(std::make_shared<FieldTable>(), model.parameters, 0); }

}  // namespace

std::vector<OptionFault> FluxDiffusion::faults_at_sites(const DiffusionOptions& options, const Field& field,
                                                        const Model& model) {
  const auto grid = std::dynamic_pointer_cast<const GridSpace>(field.space);
  require(grid != nullptr, "the options' other faults are looked for first");
  return SpatialCoefficients("diffusion", options, grid, model).evaluate(bare_state(model)).faults;
}

FluxDiffusion::FluxDiffusion(std::string name, const Model& model, DiffusionOptions options)
    : GridTransport(std::move(name), model, options.field, options.sides, options.source),
      options_(std::move(options)),
      integrator_(options_.integrator) {
  refuse_faults(this->name(), diffusion_faults(options_, field()));
  coefficients_ = SpatialCoefficients(this->name(), options_, grid(), model);
  decay_ = CoefficientKernel(this->name() + " decay", options_.decay, grid(), FieldTable{}, *model.parameters,
                             model.kernels);
  for (std::size_t a = 0; a < 3; ++a)
    for (std::size_t s = 0; s < 2; ++s) transfer_[a][s] = UniformCoefficient(options_.sides[a][s].transfer);
  const State start = bare_state(model);
  refuse_faults(this->name(), coefficients_.evaluate(start).faults);
  const Built built = build(start);
  const auto& op = static_cast<const FluxOperator&>(*built.op);
  bound_at_start_ = op.spectral_bound();
  crossed_at_start_ = op.has_cross_terms();
  for (std::size_t site = 0; site < op.sites(); ++site) inside_at_start_ += op.inside(site) ? 1 : 0;
  if (integrator_ == automatic) {
    const bool fits =
        options_.step > 0.0 && options_.step <= explicit_limit(op, heun, field().positive) * (1.0 + 1e-9);
    integrator_ = fits ? heun : field().positive ? backward_euler : implicit;
  }
  limit_at_start_ = largest_step(op);
}

GridTransport::Built FluxDiffusion::build(const State& state) const {
  SpatialCoefficients::Values values = coefficients_.evaluate(state);
  if (!values.faults.empty()) {
    const OptionFault& fault = values.faults.front();
    throw NumericalFailure(fmt::format("process '{}': {} {}", name(), fault.key, fault.message));
  }
  const double unit = field().unit.factor(), capacity = values.capacity;
  Built built;
  FluxOperator::SideRules rules;
  for (std::size_t a = 0; a < 3; ++a)
    for (std::size_t s = 0; s < 2; ++s) {
      const SideCondition& c = options_.sides[a][s];
      rules[a][s] = {c.kind,
                     c.kind == SideRule::Kind::exchange ? transfer_[a][s].value(state) / capacity : 0.0};
      built.factors.side[a][s] = c.kind == SideRule::Kind::flux ? 1.0 / (capacity * unit) : 1.0 / unit;
    }
  built.factors.source = 1.0 / (capacity * unit);
  auto op = std::make_unique<FluxOperator>(*grid(), values.sites, rules, 0.0);
  if (op->has_mask() || !values.sites.capacity.empty()) {
    std::vector<double> source(op->sites());
    for (std::size_t site = 0; site < source.size(); ++site)
      source[site] = op->inside(site) ? op->inverse_capacity(site) : 0.0;
    built.factors.source_by_site = std::make_shared<const std::vector<double>>(std::move(source));
  }
  if (may_decay()) {
    ThreadPool one(1);
    std::vector<double> decay(op->sites());
    decay_.evaluate(state, 0.0, decay, one);
    for (std::size_t site = 0; site < decay.size(); ++site)
      decay[site] *= op->inside(site) ? op->inverse_capacity(site) / capacity : 0.0;
    op->set_decay(std::move(decay));
  }
  built.op = std::move(op);
  return built;
}

std::unique_ptr<TransportScratch> FluxDiffusion::make_scratch() const {
  return std::make_unique<KrylovScratch>();
}

double FluxDiffusion::largest_step(const TransportOperator& op) const {
  return explicit_limit(op, integrator_, field().positive);
}

bool FluxDiffusion::may_decay() const { return options_.decay.constant() != 0.0; }

bool FluxDiffusion::iterates() const { return !is_explicit(integrator_); }

bool FluxDiffusion::may_pass(int axis, int side) const {
  return !grid()->axis(axis).periodic &&
         !is_zero_flux(options_.sides[static_cast<std::size_t>(axis)][static_cast<std::size_t>(side)]);
}

Ports FluxDiffusion::ports() const {
  Ports ports = GridTransport::ports();
  if (integrator_ == steady) ports.front().role = Port::Role::determine;
  return ports;
}

std::optional<DataFault> FluxDiffusion::take(Step& step) const {
  if (is_explicit(integrator_)) return take_explicit(step, explicit_scheme(integrator_));
  return integrator_ == steady ? take_rest(step) : take_implicit(step);
}

namespace {

DataFault not_solved(const solve::KrylovReport& report) {
  return {fmt::format(
              "conjugate gradients leave {:.2g} of the right-hand side after {} iterations, more than {:g}",
              report.residual, report.iterations, FluxDiffusion::krylov_tolerance),
          ""};
}

}  // namespace

std::optional<DataFault> FluxDiffusion::take_implicit(Step& step) const {
  // In terms of the change e = u1 - u0 and c = dt/2 (backward Euler: dt, and no rate at the begin),
  //   (1 - c L) e = c [(L u0 + d0) + (L u0 + d1)],
  // with held nodes set to their values at the end before the second rate is taken.
  auto& scratch = static_cast<KrylovScratch&>(step.scratch);
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
    book_rate(step, u, scratch.begin, c);
    op.stage(u, {.previous = 0.0, .value = 0.0, .rate = c}, rhs, threads);
    drive(op, scratch.begin, c, rhs, threads);
  }
  impose(step, scratch.end);
  op.stage(u, {.previous = 1.0, .value = 0.0, .rate = c}, rhs, threads);
  drive(op, scratch.end, c, rhs, threads);

  std::fill(change.begin(), change.end(), 0.0);
  const std::vector<double>& weights = scratch.weights();
  const auto report = scratch.invert(1.0, c, rhs, change, 0.0, threads);
  step.iterations += static_cast<std::uint64_t>(report.iterations);
  if (!report.converged) return not_solved(report);

  // What is left: rhs - (1 - c L) e. Where nothing passes, one shift of all values leaves nothing of its sum.
  const std::span<double> left = scratch.work(2);
  std::fill(left.begin(), left.end(), 0.0);
  op.stage(change, {.previous = 0.0, .value = -1.0, .rate = c}, left, threads);
  const std::vector<double> ones(op.sites(), 1.0);
  threads.for_range(left.size(), 8192, [&](std::size_t begin, std::size_t end) {
    for (std::size_t site = begin; site < end; ++site) left[site] += rhs[site];
  });
  bool passing = op.decays() || op.has_held_sites();
  for (int axis = 0; axis < op.dimensions(); ++axis)
    for (int side = 0; side < 2; ++side) passing = passing || (!op.periodic(axis) && may_pass(axis, side));
  const double shift =
      passing ? 0.0 : scratch.inner(left, ones, threads) / scratch.inner(ones, ones, threads);
  threads.for_range(left.size(), 8192, [&](std::size_t begin, std::size_t end) {
    for (std::size_t site = begin; site < end; ++site) {
      if (weights[site] == 0.0) continue;
      u[site] += change[site] + shift;
      left[site] -= shift;
    }
  });
  book_rate(step, u, scratch.end, c);
  if (step.book.open) step.book.residual -= op.content(left, {}, threads);
  return std::nullopt;
}

std::optional<DataFault> FluxDiffusion::take_rest(Step& step) const {
  // -L e = L u + d, and u + e is at rest; again while round-off in a large correction leaves something.
  auto& scratch = static_cast<KrylovScratch&>(step.scratch);
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
    const double round_off = 1e-15 * op.spectral_bound() * std::sqrt(scratch.inner(u, u, step.threads));
    const auto report = scratch.invert(0.0, 1.0, rhs, change, round_off, step.threads);
    step.iterations += static_cast<std::uint64_t>(report.iterations);
    if (!report.converged) return not_solved(report);
    for (std::size_t site = 0; site < u.size(); ++site)
      if (weights[site] != 0.0) u[site] += change[site];
    if (report.iterations == 0) break;
  }
  return std::nullopt;
}

Scales FluxDiffusion::scales(const State& state) const {
  const auto built = build(state);
  const auto& op = static_cast<const FluxOperator&>(*built.op);
  Scales scales;
  scales.space_resolution = std::numeric_limits<double>::infinity();
  for (int a = 0; a < grid()->dimensions(); ++a) {
    const double extent = grid()->extent(a), h = grid()->axis(a).spacing;
    scales.space_resolution = std::min(scales.space_resolution, h);
    scales.space_extent = std::max(scales.space_extent, extent);
    double slowest = std::numeric_limits<double>::infinity();
    for (std::size_t site = 0; site < op.sites(); ++site)
      if (op.conductance(a, site) > 0.0) slowest = std::min(slowest, h * op.conductance(a, site));
    if (std::isfinite(slowest)) scales.time_extent = std::max(scales.time_extent, extent * extent / slowest);
  }
  // The time that the finest structure of the grid takes to fade.
  scales.time_resolution = op.spectral_bound() > 0.0 ? 2.0 / op.spectral_bound() : 0.0;
  return scales;
}

std::vector<std::string> FluxDiffusion::description() const {
  std::vector<std::string> lines;
  lines.push_back(fmt::format("space: face fluxes of order 2 on {}, {}",
                              grid()->arrangement() == GridSpace::Sites::nodes ? "nodes" : "cells",
                              crossed_at_start_ ? "with cross terms of fibres off the axes"
                                                : "D between sites by their harmonic mean"));
  if (options_.where)
    lines.push_back(
        fmt::format("inside the mask: {} of {} sites, in one piece", inside_at_start_, grid()->sites()));
  const std::string solver = fmt::format(
      ", conjugate gradients with multigrid to a residual of {:g}, which the ledger shows", krylov_tolerance);
  std::string time;
  switch (integrator_) {
    case implicit:
      time = "implicit: Crank-Nicolson, order 2 in time, unconditionally stable" + solver;
      break;
    case backward_euler:
      time = "backward Euler, order 1 in time, unconditionally stable" + solver;
      break;
    case steady:
      time = "none: the field is at rest at the end of each step, by conjugate gradients with multigrid";
      break;
    default:
      time = fmt::format("explicit: {}, stable up to a step of {:.6g} (coherent units)",
                         transport::name(explicit_scheme(integrator_)), limit_at_start_);
  }
  if (options_.integrator == automatic) time += " (chosen by integrator: auto)";
  lines.push_back("time: " + time);
  lines.push_back(fmt::format("fastest rate of the grid: {:.6g} per unit of coherent time", bound_at_start_));
  return lines;
}

}  // namespace holon::transport

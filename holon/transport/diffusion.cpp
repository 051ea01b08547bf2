#include "holon/transport/diffusion.hpp"

#include "holon/base/error.hpp"
#include "holon/transport/diffusion_scratch.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace holon::transport {

using enum DiffusionIntegrator;

Diffusion::Diffusion(std::string name, const Model& model, DiffusionOptions options)
    : GridTransport(std::move(name), model, options.field, options.sides, options.source),
      options_(std::move(options)),
      capacity_(options_.capacity),
      integrator_(options_.integrator) {
  refuse_faults(this->name(), diffusion_faults(options_, field(), *model.fields));
  set_capacity(capacity_of(options_, this->name(), model));
  for (int a = 0; a < grid()->dimensions(); ++a) {
    const auto n = static_cast<std::size_t>(a);
    diffusivity_.emplace_back(options_.diffusivity[options_.diffusivity.size() == 1 ? 0 : n]);
    for (std::size_t s = 0; s < 2; ++s) transfer_[n][s] = UniformCoefficient(options_.sides[n][s].transfer);
  }
  if (UniformCoefficient::obstacle(options_.decay))
    decay_by_site_.emplace(this->name() + " decay", options_.decay, grid(), FieldTable{}, *model.parameters,
                           model.kernels);
  else
    uniform_decay_ = UniformCoefficient(options_.decay);

  // A State without fields is enough to evaluate what may depend on parameters and place.
  const State start(std::make_shared<FieldTable>(), model.parameters, 0);
  const auto built = build(start);
  const TransportOperator& op = *built.op;
  reach_ = reach_of(static_cast<const GridOperator&>(op));
  if (integrator_ == automatic) {
    const bool fits =
        options_.step > 0.0 && options_.step <= explicit_limit(op, heun, field().positive) * (1.0 + 1e-9);
    integrator_ = fits ? heun : field().positive ? backward_euler : implicit;
  }
  if (integrator_ == exact) {
    std::vector<SpectralFlow::Axis> axes;
    for (int a = 0; a < grid()->dimensions(); ++a) {
      const auto zero = [&](int side) {
        return !grid()->periodic(a) &&
               options_.sides[static_cast<std::size_t>(a)][static_cast<std::size_t>(side)].kind ==
                   SideRule::Kind::value;
      };
      axes.push_back({line_along(*grid(), a), options_.order, {zero(0), zero(1)}});
    }
    flow_.emplace(axes);
  }
}

std::unique_ptr<Process> Diffusion::with_added_rate(FieldId target, FieldId rate, double factor,
                                                    const Model& model) const {
  if (target != field_id() || field().positive || options_.integrator == exact) return nullptr;
  auto made = std::make_unique<Diffusion>(name(), model, options_);
  made->add_rate(rate, factor);
  return made;
}

std::vector<double> Diffusion::diffusivities(const State& state) const {
  const double capacity = capacity_.value(state);
  std::vector<double> values;
  for (const UniformCoefficient& d : diffusivity_) values.push_back(d.value(state) / capacity);
  return values;
}

GridTransport::Built Diffusion::build(const State& state) const {
  const double capacity = capacity_.value(state), unit = field().unit.factor();
  const std::vector<double> diffusivity = diffusivities(state);
  Built built;
  std::vector<AxisStencil> axes;
  for (int a = 0; a < grid()->dimensions(); ++a) {
    const auto n = static_cast<std::size_t>(a);
    if (!(diffusivity[n] >= 0.0) || !std::isfinite(diffusivity[n]))
      throw NumericalFailure(
          fmt::format("process '{}': the diffusivity along {} is {}", name(), "xyz"[a], diffusivity[n]));
    std::array<SideRule, 2> rules;
    for (std::size_t s = 0; s < 2; ++s) {
      const SideCondition& c = options_.sides[n][s];
      rules[s] = {c.kind, c.kind == SideRule::Kind::exchange ? transfer_[n][s].value(state) / capacity : 0.0};
      built.factors.side[n][s] = c.kind == SideRule::Kind::flux ? 1.0 / (capacity * unit) : 1.0 / unit;
    }
    axes.push_back(diffusion_stencil(line_along(*grid(), a), diffusivity[n], options_.order, rules));
  }
  built.factors.source = 1.0 / (capacity * unit);
  built.op = std::make_unique<GridOperator>(*grid(), std::move(axes),
                                            decay_by_site_ ? 0.0 : uniform_decay_.value(state) / capacity);
  if (decay_by_site_) {
    ThreadPool one(1);
    std::vector<double> decay(grid()->sites());
    decay_by_site_->evaluate(state, 0.0, decay, one);
    for (double& d : decay) d /= capacity;
    built.op->set_decay(std::move(decay));
  }
  return built;
}

std::unique_ptr<TransportScratch> Diffusion::make_scratch() const {
  return std::make_unique<DiffusionScratch>();
}

double Diffusion::largest_step(const TransportOperator& op) const {
  return explicit_limit(op, integrator_, field().positive);
}

bool Diffusion::may_decay() const { return options_.decay.constant() != 0.0; }

bool Diffusion::may_pass(int axis, int side) const {
  return grid()->has_side(axis, side) &&
         !is_zero_flux(options_.sides[static_cast<std::size_t>(axis)][static_cast<std::size_t>(side)]);
}

std::optional<GridTransport::Reach> Diffusion::reach() const {
  // Sweeps along lines and transforms know no ranks.
  return is_explicit(integrator_) ? std::optional(reach_) : std::nullopt;
}

bool Diffusion::implicit_commutes() const { return data().empty() && !decay_by_site_; }

std::optional<DataFault> Diffusion::take(Step& step) const {
  switch (integrator_) {
    case implicit:
      return take_implicit(step);
    case backward_euler:
      return take_backward_euler(step);
    case exact:
      return take_exact(step);
    default:
      return take_explicit(step, explicit_scheme(integrator_));
  }
}

Scales Diffusion::scales(const State& state) const {
  const auto built = build(state);
  const TransportOperator& op = *built.op;
  const std::vector<double> diffusivity = diffusivities(state);
  Scales scales;
  scales.space_resolution = std::numeric_limits<double>::infinity();
  for (int a = 0; a < grid()->dimensions(); ++a) {
    const double extent = grid()->extent(a), d = diffusivity[static_cast<std::size_t>(a)];
    scales.space_resolution = std::min(scales.space_resolution, grid()->least_spacing(a));
    scales.space_extent = std::max(scales.space_extent, extent);
    if (d > 0.0) scales.time_extent = std::max(scales.time_extent, extent * extent / d);
  }
  // The largest structure fades by spreading and by decay.
  if (const double decay = op.least_decay(); decay > 0.0)
    scales.time_extent = scales.time_extent > 0.0 ? 1.0 / (1.0 / scales.time_extent + decay) : 1.0 / decay;
  // The time that the finest structure of the grid takes to fade.
  scales.time_resolution = op.spectral_bound() > 0.0 ? 2.0 / op.spectral_bound() : 0.0;
  return scales;
}

std::vector<std::string> Diffusion::description() const {
  std::vector<std::string> lines;
  lines.push_back(fmt::format("space: order {} on {}", options_.order,
                              grid()->arrangement() == StructuredSpace::Sites::nodes ? "nodes" : "cells"));
  std::string time;
  switch (integrator_) {
    case implicit:
      time = implicit_commutes()
                 ? "implicit: Crank-Nicolson along each axis, order 2 in time, exact decay, unconditionally "
                   "stable"
                 : "implicit: Douglas' directional scheme, order 2 in time, unconditionally stable";
      break;
    case backward_euler:
      time = "backward Euler along each axis, order 1 in time, unconditionally stable, keeps values positive";
      break;
    case exact:
      time = "exact flow of the semi-discrete equation, by fast Fourier transforms";
      break;
    default:
      time = fmt::format("explicit: {}", transport::name(explicit_scheme(integrator_)));
  }
  if (options_.integrator == automatic) time += " (chosen by integrator: auto)";
  lines.push_back("time: " + time);
  return lines;
}

}  // namespace holon::transport

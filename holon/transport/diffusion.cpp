#include "holon/transport/diffusion.hpp"

#include "holon/base/error.hpp"
#include "holon/transport/diffusion_scratch.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace holon::transport {

DiffusionIntegrator diffusion_integrator(std::string_view option) {
  using enum DiffusionIntegrator;
  const std::vector<std::pair<std::string_view, DiffusionIntegrator>> names{
      {"auto", automatic}, {"explicit", heun},     {"forward_euler", forward_euler},
      {"rk4", rk4},        {"implicit", implicit}, {"backward_euler", backward_euler},
      {"exact", exact}};
  for (const auto& [name, integrator] : names)
    if (name == option) return integrator;
  throw InputError(fmt::format("'{}' is no integrator of diffusion", option));
}

namespace {

using enum DiffusionIntegrator;

bool is_explicit(DiffusionIntegrator integrator) {
  return integrator == heun || integrator == forward_euler || integrator == rk4;
}

ExplicitScheme scheme_of(DiffusionIntegrator integrator) {
  if (integrator == forward_euler) return ExplicitScheme::forward_euler;
  return integrator == rk4 ? ExplicitScheme::rk4 : ExplicitScheme::heun;
}

const SideCondition& condition(const Sides& sides, int axis, int side) {
  return sides[static_cast<std::size_t>(axis)][static_cast<std::size_t>(side)];
}

bool is_zero_flux(const SideCondition& side) {
  return side.kind == SideRule::Kind::flux && side.datum.constant() == 0.0;
}

void check_coefficients(const DiffusionOptions& options, const GridSpace& grid,
                        std::vector<OptionFault>& faults) {
  const std::size_t count = options.diffusivity.size();
  const auto dimensions = static_cast<std::size_t>(grid.dimensions());
  if (count != 1 && count != dimensions)
    faults.push_back({"diffusivity", fmt::format("has {} values", count),
                      fmt::format("one value, or {} (one per axis of '{}')", dimensions, grid.name()), ""});
  const auto uniform = [&](const Coefficient& c, const std::string& key) {
    if (const auto obstacle = UniformCoefficient::obstacle(c))
      faults.push_back({key, "this " + *obstacle, "a number, which may be a parameter", ""});
  };
  const auto positive = [&](const Coefficient& c, const std::string& key) {
    if (c.constant() && !(*c.constant() > 0.0 && std::isfinite(*c.constant())))
      faults.push_back({key, fmt::format("is {}{:g}", *c.constant() < 0.0 ? "negative: " : "", *c.constant()),
                        "a positive number", ""});
  };
  for (std::size_t a = 0; a < count; ++a) {
    const std::string key = count == 1 ? "diffusivity" : fmt::format("diffusivity[{}]", a);
    uniform(options.diffusivity[a], key);
    if (options.diffusivity[a].constant() != 0.0) positive(options.diffusivity[a], key);
  }
  uniform(options.capacity, "capacity");
  positive(options.capacity, "capacity");
  for (const char* symbol : {"time", "field:*"})
    if (options.decay.depends_on(symbol))
      faults.push_back({"decay", fmt::format("this depends on {}", symbol[0] == 't' ? "time" : "a field"),
                        "a number or an equation of place and parameters", "use a process of type kinetics"});
  for (const auto& [key, c] : {std::pair("decay", &options.decay), std::pair("source", &options.source)})
    if (c->values_per_site() != nullptr && c->values_per_site()->size() != grid.sites())
      faults.push_back({key,
                        fmt::format("has {} values, but '{}' has {} sites", c->values_per_site()->size(),
                                    grid.name(), grid.sites()),
                        "one value per site", ""});
  if (options.source.depends_on("field:*"))
    faults.push_back({"source", "this depends on a field", "an equation of place, time and parameters",
                      "use a process of type kinetics for what depends on fields"});
}

void check_sides(const DiffusionOptions& options, const GridSpace& grid, std::vector<OptionFault>& faults) {
  for (int axis = 0; axis < 3; ++axis)
    for (int side = 0; side < 2; ++side) {
      const SideCondition& c = condition(options.sides, axis, side);
      const std::string key = "boundary." + side_name(axis, side);
      if (is_zero_flux(c)) continue;
      if (axis >= grid.dimensions() || grid.axis(axis).periodic) {
        faults.push_back(
            {key,
             fmt::format("'{}' has no such side: {}", grid.name(),
                         axis < grid.dimensions() ? fmt::format("axis {} is periodic", "xyz"[axis])
                                                  : fmt::format("it has {} axes", grid.dimensions())),
             "", "leave it out"});
        continue;
      }
      if (const auto obstacle = datum_obstacle(c.datum))
        faults.push_back({key, *obstacle, "a number or an equation of place, time and parameters", ""});
      if (c.kind == SideRule::Kind::exchange) {
        if (const auto obstacle = UniformCoefficient::obstacle(c.transfer))
          faults.push_back(
              {key + ".robin.transfer", "this " + *obstacle, "a number, which may be a parameter", ""});
        if (c.transfer.constant() && *c.transfer.constant() < 0.0)
          faults.push_back({key + ".robin.transfer", fmt::format("is {:g}", *c.transfer.constant()),
                            "zero or a positive number", ""});
      }
      if (options.order == 4 && c.kind != SideRule::Kind::value)
        faults.push_back(
            {key,
             "order 4 has no closure for a flux or an exchange at a side (it would fall back to order 2)",
             "a zero flux or a given value", "use order: 2"});
    }
}

void check_grid(const DiffusionOptions& options, const GridSpace& grid, std::vector<OptionFault>& faults) {
  if (options.order != 2 && options.order != 4) {
    faults.push_back({"order", fmt::format("is {}", options.order), "2 or 4", ""});
    return;
  }
  for (int axis = 0; axis < grid.dimensions(); ++axis) {
    const std::size_t least = options.order == 4 ? least_sites(4) : grid.axis(axis).periodic ? 3 : 1;
    if (grid.count(axis) < least)
      faults.push_back({"order",
                        fmt::format("axis {} of '{}' has {} sites; order {} needs at least {}", "xyz"[axis],
                                    grid.name(), grid.count(axis), options.order, least),
                        "", "use a smaller spacing"});
  }
}

void check_integrator(const DiffusionOptions& options, const Field& field, const GridSpace& grid,
                      std::vector<OptionFault>& faults) {
  if (options.integrator == exact) {
    const auto refuse = [&](const std::string& why) {
      faults.push_back({"integrator", "there is no exact flow: " + why, "", "use integrator: implicit"});
    };
    if (options.source.constant() != 0.0) refuse("there is a source");
    if (UniformCoefficient::obstacle(options.decay)) refuse("the decay is not the same everywhere");
    for (int axis = 0; axis < grid.dimensions(); ++axis)
      for (int side = 0; side < 2; ++side) {
        const SideCondition& c = condition(options.sides, axis, side);
        if (is_zero_flux(c)) continue;
        const std::string where = side_name(axis, side);
        if (c.kind != SideRule::Kind::value || c.datum.constant() != 0.0)
          refuse(fmt::format("side {} is neither closed, periodic nor held at zero", where));
        else if (options.order == 4)
          refuse(SpectralFlow::refusal({{{}, 4, {true, true}}}));
        else if (!field.conserved.empty())
          refuse(fmt::format("it can't say what leaves through {}, which the ledger of '{}' needs", where,
                             field.conserved.begin()->first));
      }
  }
  if (!field.positive) return;
  if (options.order == 4)
    faults.push_back({"order",
                      fmt::format("'{}' must stay positive, which order 4 does not promise", field.name),
                      "order: 2", ""});
  if (options.integrator == implicit || options.integrator == exact || options.integrator == rk4)
    faults.push_back(
        {"integrator",
         fmt::format("'{}' must stay positive, which this integrator does not promise", field.name),
         "backward_euler, or explicit (within its limit for positive values)", ""});
}

}  // namespace

std::vector<OptionFault> Diffusion::faults(const DiffusionOptions& options, const Field& field) {
  std::vector<OptionFault> faults;
  const auto* grid = dynamic_cast<const GridSpace*>(field.space.get());
  if (grid == nullptr) {
    faults.push_back({"field",
                      fmt::format("'{}' lives on '{}', which is no grid", field.name, field.space->name()),
                      "a field on a space of type grid", ""});
    return faults;
  }
  check_field(field, faults);
  check_grid(options, *grid, faults);
  check_coefficients(options, *grid, faults);
  check_sides(options, *grid, faults);
  check_integrator(options, field, *grid, faults);
  return faults;
}

Diffusion::Diffusion(std::string name, const Model& model, DiffusionOptions options)
    : GridTransport(std::move(name), model, options.field, options.sides, options.source),
      options_(std::move(options)),
      capacity_(options_.capacity),
      integrator_(options_.integrator) {
  refuse_faults(this->name(), faults(options_, field()));
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
  if (integrator_ == automatic) {
    const bool fits = options_.step > 0.0 && options_.step <= limit_of(op, heun) * (1.0 + 1e-9);
    integrator_ = fits ? heun : field().positive ? backward_euler : implicit;
  }
  if (integrator_ == exact) {
    std::vector<SpectralFlow::Axis> axes;
    for (int a = 0; a < grid()->dimensions(); ++a) {
      const auto zero = [&](int side) {
        return !grid()->axis(a).periodic && condition(options_.sides, a, side).kind == SideRule::Kind::value;
      };
      axes.push_back({line_along(*grid(), a), options_.order, {zero(0), zero(1)}});
    }
    flow_.emplace(axes);
  }
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

double Diffusion::limit_of(const TransportOperator& op, DiffusionIntegrator integrator) const {
  if (!is_explicit(integrator)) return std::numeric_limits<double>::infinity();
  const double bound = op.spectral_bound();
  double limit = bound > 0.0 ? stability_interval(scheme_of(integrator)) / bound
                             : std::numeric_limits<double>::infinity();
  // I + dt L has no negative entry up to here; Heun's scheme is an average of such steps.
  if (field().positive && op.largest_diagonal() > 0.0) limit = std::min(limit, 1.0 / op.largest_diagonal());
  return limit;
}

double Diffusion::largest_step(const TransportOperator& op) const { return limit_of(op, integrator_); }

bool Diffusion::may_decay() const { return options_.decay.constant() != 0.0; }

bool Diffusion::may_pass(int axis, int side) const {
  return !grid()->axis(axis).periodic && !is_zero_flux(condition(options_.sides, axis, side));
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
      return take_explicit(step, scheme_of(integrator_));
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
    scales.space_resolution = std::min(scales.space_resolution, grid()->axis(a).spacing);
    scales.space_extent = std::max(scales.space_extent, extent);
    if (d > 0.0) scales.time_extent = std::max(scales.time_extent, extent * extent / d);
  }
  // The time that the finest structure of the grid takes to fade.
  scales.time_resolution = op.spectral_bound() > 0.0 ? 2.0 / op.spectral_bound() : 0.0;
  return scales;
}

std::vector<std::string> Diffusion::description() const {
  std::vector<std::string> lines;
  lines.push_back(fmt::format("space: order {} on {}", options_.order,
                              grid()->arrangement() == GridSpace::Sites::nodes ? "nodes" : "cells"));
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
      time = fmt::format("explicit: {}", transport::name(scheme_of(integrator_)));
  }
  if (options_.integrator == automatic) time += " (chosen by integrator: auto)";
  lines.push_back("time: " + time);
  return lines;
}

}  // namespace holon::transport

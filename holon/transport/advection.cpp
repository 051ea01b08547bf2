#include "holon/transport/advection.hpp"

#include "holon/base/error.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace holon::transport {

std::vector<OptionFault> Advection::faults(const AdvectionOptions& options, const Field& field,
                                           const FieldTable& fields) {
  std::vector<OptionFault> faults;
  const auto* grid = dynamic_cast<const GridSpace*>(field.space.get());
  if (grid == nullptr) {
    faults.push_back({"field",
                      fmt::format("'{}' lives on '{}', which is no grid", field.name, field.space->name()),
                      "a field on a space of type grid", ""});
    return faults;
  }
  check_field(field, faults);
  if (grid->masked())
    faults.push_back(
        {"field",
         fmt::format("'{}' lives on '{}', which is a part of a grid ('where'); a velocity that is the "
                     "same everywhere leads out of it",
                     field.name, grid->name()),
         "a field on a whole grid", ""});
  const auto dimensions = static_cast<std::size_t>(grid->dimensions());
  if (options.velocity.size() != dimensions)
    faults.push_back({"velocity", fmt::format("has {} values", options.velocity.size()),
                      fmt::format("{}, one per axis of '{}'", dimensions, grid->name()), ""});
  for (std::size_t a = 0; a < options.velocity.size(); ++a)
    if (const auto obstacle = UniformCoefficient::obstacle(options.velocity[a]))
      faults.push_back(
          {fmt::format("velocity[{}]", a), "this " + *obstacle, "a number, which may be a parameter", ""});
  for (int axis = 0; axis < 3; ++axis)
    for (int side = 0; side < 2; ++side) {
      const auto a = static_cast<std::size_t>(axis);
      const SideCondition& c = options.sides[a][static_cast<std::size_t>(side)];
      const std::string key = "boundary." + grid->side_name(axis, side);
      const bool given = c.kind == SideRule::Kind::value;
      const bool exists = axis < grid->dimensions() && !grid->axis(axis).periodic;
      if (given && !exists)
        faults.push_back({key, fmt::format("'{}' has no such side", grid->name()), "", "leave it out"});
      if (const auto obstacle = datum_obstacle(c.datum, fields, *grid, axis, side))
        faults.push_back({key, *obstacle, "a number or an equation of place, time and parameters", ""});
      if (!exists || given || a >= options.velocity.size() || !options.velocity[a].constant()) continue;
      const double v = *options.velocity[a].constant();
      if (side == 0 ? v > 0.0 : v < 0.0)
        faults.push_back({"boundary",
                          fmt::format("the flow enters through {}, and nothing says what it carries",
                                      grid->side_name(axis, side)),
                          fmt::format("{}: {{dirichlet: VALUE}}", grid->side_name(axis, side)), ""});
    }
  return faults;
}

Advection::Advection(std::string name, const Model& model, AdvectionOptions options)
    : GridTransport(std::move(name), model, options.field, options.sides, Coefficient(0.0)) {
  refuse_faults(this->name(), faults(options, field(), *model.fields));
  for (const Coefficient& v : options.velocity) velocity_.emplace_back(v);
}

std::vector<double> Advection::velocities(const State& state) const {
  std::vector<double> values;
  for (const UniformCoefficient& v : velocity_) values.push_back(v.value(state));
  return values;
}

GridTransport::Built Advection::build(const State& state) const {
  const std::vector<double> velocity = velocities(state);
  Built built;
  for (auto& axis : built.factors.side) axis.fill(1.0 / field().unit.factor());
  std::vector<AxisStencil> axes;
  for (int a = 0; a < grid()->dimensions(); ++a) {
    const double v = velocity[static_cast<std::size_t>(a)];
    const int entry = v > 0.0 ? 0 : 1;
    if (!std::isfinite(v) || (v != 0.0 && !grid()->periodic(a) && !data().has_side(a, entry)))
      throw NumericalFailure(
          fmt::format("process '{}': the velocity along {} is {:g}, and nothing says what enters through {}",
                      name(), "xyz"[a], v, grid() -> side_name(a, entry)));
    axes.push_back(upwind_stencil(line_along(*grid(), a), v));
  }
  built.op = std::make_unique<GridOperator>(*grid(), std::move(axes), 0.0);
  return built;
}

double Advection::largest_step(const TransportOperator& op) const {
  double limit = std::numeric_limits<double>::infinity();
  if (op.spectral_bound() > 0.0)
    limit = stability_interval(ExplicitScheme::forward_euler) / op.spectral_bound();
  if (field().positive && op.largest_diagonal() > 0.0) limit = std::min(limit, 1.0 / op.largest_diagonal());
  return limit;
}

bool Advection::may_pass(int axis, int) const { return !grid()->periodic(axis); }

std::optional<GridTransport::Reach> Advection::reach() const { return Reach{}; }

std::optional<DataFault> Advection::take(Step& step) const {
  return take_explicit(step, ExplicitScheme::forward_euler);
}

Scales Advection::scales(const State& state) const {
  const std::vector<double> velocity = velocities(state);
  Scales scales;
  scales.space_resolution = std::numeric_limits<double>::infinity();
  for (int a = 0; a < grid()->dimensions(); ++a) {
    const double speed = std::abs(velocity[static_cast<std::size_t>(a)]);
    scales.space_resolution = std::min(scales.space_resolution, grid()->least_spacing(a));
    scales.space_extent = std::max(scales.space_extent, grid()->extent(a));
    if (speed > 0.0) scales.time_extent = std::max(scales.time_extent, grid()->extent(a) / speed);
  }
  scales.time_resolution = stable_step(state);
  return scales;
}

std::vector<std::string> Advection::description() const {
  return {"space: first-order upwind fluxes",
          "time: forward Euler, order 1, stable while the sum over axes of |v| dt / h is at most 1"};
}

}  // namespace holon::transport

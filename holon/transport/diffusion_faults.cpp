#include "holon/base/error.hpp"
#include "holon/engine/coefficient_capacity.hpp"
#include "holon/transport/axis_stencil.hpp"
#include "holon/transport/diffusion_options.hpp"
#include "holon/transport/spectral_flow.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace holon::transport {

using enum DiffusionIntegrator;

DiffusionIntegrator diffusion_integrator(std::string_view option) {
  const std::vector<std::pair<std::string_view, DiffusionIntegrator>> names{
      {"auto", automatic}, {"explicit", heun},     {"forward_euler", forward_euler},
      {"rk4", rk4},        {"implicit", implicit}, {"backward_euler", backward_euler},
      {"exact", exact},    {"steady", steady}};
  for (const auto& [name, integrator] : names)
    if (name == option) return integrator;
  throw InputError(fmt::format("'{}' is no integrator of diffusion", option));
}

bool is_explicit(DiffusionIntegrator integrator) {
  return integrator == heun || integrator == forward_euler || integrator == rk4;
}

ExplicitScheme explicit_scheme(DiffusionIntegrator integrator) {
  if (integrator == forward_euler) return ExplicitScheme::forward_euler;
  return integrator == rk4 ? ExplicitScheme::rk4 : ExplicitScheme::heun;
}

bool is_zero_flux(const SideCondition& side) {
  return side.kind == SideRule::Kind::flux && side.datum.constant() == 0.0;
}

double explicit_limit(const TransportOperator& op, DiffusionIntegrator integrator, bool positive) {
  if (!is_explicit(integrator)) return std::numeric_limits<double>::infinity();
  const double bound = op.spectral_bound();
  double limit = bound > 0.0 ? stability_interval(explicit_scheme(integrator)) / bound
                             : std::numeric_limits<double>::infinity();
  // I + dt L has no negative entry up to here; Heun's scheme is an average of such steps.
  if (positive && op.largest_diagonal() > 0.0) limit = std::min(limit, 1.0 / op.largest_diagonal());
  return limit;
}

namespace {

bool varies(const Coefficient& c) { return c.values_per_site() != nullptr || c.depends_on("position.*"); }

bool follows_fields(const Coefficient& c) { return c.depends_on("field:*"); }

const SideCondition& condition(const Sides& sides, int axis, int side) {
  return sides[static_cast<std::size_t>(axis)][static_cast<std::size_t>(side)];
}

}  // namespace

std::shared_ptr<const Capacity> capacity_of(const DiffusionOptions& options, const std::string& process,
                                            const Model& model) {
  // At rest it drops out.
  const bool one = options.capacity.constant() == 1.0 && options.capacity_dimension.dimensionless();
  if (one || options.integrator == steady) return nullptr;
  return std::make_shared<CoefficientCapacity>(process + " capacity", options.capacity,
                                               options.capacity_dimension,
                                               (*model.fields)[options.field].space, model);
}

bool needs_face_fluxes(const DiffusionOptions& options, const Space& space) {
  const auto* grid = dynamic_cast<const StructuredSpace*>(&space);
  return (grid != nullptr && !grid->uniform()) || !options.traces.empty() || options.fibres ||
         options.where || options.integrator == steady || varies(options.capacity) ||
         std::any_of(options.diffusivity.begin(), options.diffusivity.end(),
                     [](const Coefficient& c) { return varies(c) || follows_fields(c); });
}

namespace {

void check_coefficients(const DiffusionOptions& options, const StructuredSpace& grid,
                        const FieldTable& fields, std::vector<OptionFault>& faults) {
  if (options.fibres && !grid.uniform())
    faults.push_back({"diffusivity", fmt::format("'{}' has one axis; fibres need directions", grid.name()),
                      "a number or an equation of the radius", ""});
  if (options.fibres && !options.traces.empty() && grid.arrangement() == StructuredSpace::Sites::cells)
    faults.push_back({"diffusivity", "fibres off the axes leave the values on the faces of cells open",
                      "fibres along the axes", "use sites: nodes"});
  const std::size_t count = options.diffusivity.size();
  const auto dimensions = static_cast<std::size_t>(grid.dimensions());
  if (!options.fibres && count != 1 && count != dimensions)
    faults.push_back({"diffusivity", fmt::format("has {} values", count),
                      fmt::format("one value, or {} (one per axis of '{}')", dimensions, grid.name()), ""});
  const auto steady_in_time = [&](const Coefficient& c, const std::string& key) {
    for (const char* symbol : {"time", "field:*"})
      if (c.depends_on(symbol))
        faults.push_back({key, fmt::format("this depends on {}", symbol[0] == 't' ? "time" : "a field"),
                          "a number, values per site, or an equation of place and parameters", ""});
    if (c.values_per_site() != nullptr && c.values_per_site()->size() != grid.sites())
      faults.push_back({key,
                        fmt::format("has {} values, but '{}' has {} sites", c.values_per_site()->size(),
                                    grid.name(), grid.sites()),
                        "one value per site", ""});
  };
  // A diffusivity that follows fields of the grid, or of one site.
  const auto follow = [&](const Coefficient& c, const std::string& key) {
    if (!follows_fields(c)) return;
    if (c.depends_on("time"))
      faults.push_back({key, "this depends on time", "an equation of place, parameters and fields", ""});
    if (const auto obstacle = source_obstacle(c, fields, grid))
      faults.push_back({key, *obstacle, fmt::format("fields of '{}' or of one site", grid.name()), ""});
    if (is_explicit(options.integrator))
      faults.push_back({"integrator", "an explicit one has a limit that would follow the field",
                        "implicit or backward_euler, or a 'together' of the schedule", ""});
    if (std::any_of(options.traces.begin(), options.traces.end(), [&](const TraceField& trace) {
          return !is_zero_flux(condition(options.sides, trace.axis, trace.side));
        }))
      faults.push_back(
          {key,
           fmt::format("this follows a field, and a coupling asks for the values at a side of '{}' "
                       "where something passes",
                       grid.name()),
           "a diffusivity that follows no field, or a closed side", ""});
  };
  const auto positive = [&](const Coefficient& c, const std::string& key) {
    if (c.constant() && !(*c.constant() > 0.0 && std::isfinite(*c.constant())))
      faults.push_back({key, fmt::format("is {}{:g}", *c.constant() < 0.0 ? "negative: " : "", *c.constant()),
                        "a positive number", ""});
  };
  for (std::size_t a = 0; a < count; ++a) {
    const std::string key = count == 1 ? "diffusivity" : fmt::format("diffusivity[{}]", a);
    if (options.fibres || !follows_fields(options.diffusivity[a]))
      steady_in_time(options.diffusivity[a], key);
    follow(options.diffusivity[a], key);
    if (options.diffusivity[a].constant() != 0.0) positive(options.diffusivity[a], key);
  }
  if (options.fibres) {
    const FibreConduction& fibres = *options.fibres;
    const auto each = [&](const std::vector<Coefficient>& direction, const std::string& key) {
      for (std::size_t a = 0; a < direction.size(); ++a)
        steady_in_time(direction[a], fmt::format("diffusivity.{}[{}]", key, a));
      if (direction.size() != dimensions)
        faults.push_back({"diffusivity." + key, fmt::format("has {} components", direction.size()),
                          fmt::format("{}, one per axis of '{}'", dimensions, grid.name()), ""});
    };
    each(fibres.fibre, "fibre");
    if (fibres.sheet) each(fibres.sheet_direction, "sheet_direction");
    for (const auto& [key, c] : {std::pair("along", &fibres.along), std::pair("across", &fibres.across),
                                 std::pair("sheet", fibres.sheet ? &*fibres.sheet : nullptr)})
      if (c != nullptr) {
        steady_in_time(*c, fmt::format("diffusivity.{}", key));
        positive(*c, fmt::format("diffusivity.{}", key));
      }
  }
  steady_in_time(options.capacity, "capacity");
  positive(options.capacity, "capacity");
  if (options.where) steady_in_time(*options.where, "where");
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
  if (const auto obstacle = source_obstacle(options.source, fields, grid))
    faults.push_back({"source", *obstacle,
                      fmt::format("an equation of place, time, parameters, and fields of '{}' or of one site",
                                  grid.name()),
                      ""});
  for (const FieldId id : fields_of(options.source, fields))
    if (id == options.field)
      faults.push_back(
          {"source", "this depends on the field that spreads", "an equation of other fields",
           "a loss in proportion to it is a 'decay'; use a process of type kinetics for what else "
           "depends on it"});
}

void check_sides(const DiffusionOptions& options, const StructuredSpace& grid, const FieldTable& fields,
                 std::vector<OptionFault>& faults) {
  for (int axis = 0; axis < 3; ++axis)
    for (int side = 0; side < 2; ++side) {
      const SideCondition& c = condition(options.sides, axis, side);
      if (is_zero_flux(c)) continue;
      const std::string key = "boundary." + grid.side_name(axis, side);
      if (axis >= grid.dimensions() || !grid.has_side(axis, side)) {
        faults.push_back(
            {key,
             fmt::format("'{}' has no such side: {}", grid.name(),
                         axis >= grid.dimensions() ? fmt::format("it has {} axes", grid.dimensions())
                         : grid.periodic(axis)     ? fmt::format("axis {} is periodic", grid.axis_name(axis))
                                                   : "it begins at its centre"),
             "", "leave it out"});
        continue;
      }
      if (const auto obstacle = datum_obstacle(c.datum, fields, grid, axis, side))
        faults.push_back(
            {key, *obstacle,
             "a number or an equation of place, time, parameters and fields of one site or of this side",
             ""});
      if (c.kind == SideRule::Kind::exchange) {
        if (const auto obstacle = UniformCoefficient::obstacle(c.transfer))
          faults.push_back(
              {key + ".robin.transfer", "this " + *obstacle, "a number, which may be a parameter", ""});
        if (c.transfer.constant() && *c.transfer.constant() < 0.0)
          faults.push_back({key + ".robin.transfer", fmt::format("is {:g}", *c.transfer.constant()),
                            "zero or a positive number", ""});
      }
      if (options.fibres && c.kind == SideRule::Kind::exchange &&
          grid.arrangement() == StructuredSpace::Sites::cells)
        faults.push_back({key, "fibres off the axes have no closure for an exchange at a side of cells",
                          "a given value or flux", "use sites: nodes"});
      if (options.order == 4 && c.kind != SideRule::Kind::value)
        faults.push_back(
            {key,
             "order 4 has no closure for a flux or an exchange at a side (it would fall back to order 2)",
             "a zero flux or a given value", "use order: 2"});
    }
}

void check_grid(const DiffusionOptions& options, const StructuredSpace& grid,
                std::vector<OptionFault>& faults) {
  if (options.order == 4 && needs_face_fluxes(options, grid))
    faults.push_back(
        {"order",
         "order 4 needs coefficients that are the same everywhere, along the axes, in a whole box with one "
         "spacing, and no field at rest",
         "order: 2", ""});
  if (options.order != 2 && options.order != 4) {
    faults.push_back({"order", fmt::format("is {}", options.order), "2 or 4", ""});
    return;
  }
  for (int axis = 0; axis < grid.dimensions(); ++axis) {
    const std::size_t least = options.order == 4 ? least_sites(4) : grid.periodic(axis) ? 3 : 1;
    if (grid.count(axis) < least)
      faults.push_back(
          {"order",
           fmt::format("axis {} of '{}' has {} sites; order {} needs at least {}", grid.axis_name(axis),
                       grid.name(), grid.count(axis), options.order, least),
           "", "use a smaller spacing"});
  }
}

void check_rest(const DiffusionOptions& options, const Field& field, const StructuredSpace& grid,
                std::vector<OptionFault>& faults) {
  if (!field.conserved.empty())
    faults.push_back(
        {"integrator",
         fmt::format("a field at rest takes what it needs at once, so there are no books of '{}'",
                     field.conserved.begin()->first),
         "an integrator that takes time, such as implicit", ""});
  // A source that follows fields may be what sets the level, where both are solved for together.
  bool determined = options.decay.constant() != 0.0 || follows_fields(options.source);
  for (int axis = 0; axis < grid.dimensions(); ++axis)
    for (int side = 0; side < 2; ++side)
      determined = determined || condition(options.sides, axis, side).kind != SideRule::Kind::flux;
  if (!determined)
    faults.push_back(
        {"integrator",
         "nothing determines the level of the field at rest: no side has a value or an exchange, and "
         "nothing decays",
         "a side of given value or an exchange, or a decay", ""});
}

void check_integrator(const DiffusionOptions& options, const Field& field, const StructuredSpace& grid,
                      std::vector<OptionFault>& faults) {
  if (options.integrator == exact) {
    const auto refuse = [&](const std::string& why) {
      faults.push_back({"integrator", "there is no exact flow: " + why, "", "use integrator: implicit"});
    };
    if (needs_face_fluxes(options, grid))
      refuse(grid.uniform() ? "the coefficients are not the same along every line"
                            : "shells differ in width and area");
    if (options.source.constant() != 0.0) refuse("there is a source");
    if (UniformCoefficient::obstacle(options.decay)) refuse("the decay is not the same everywhere");
    for (int axis = 0; axis < grid.dimensions(); ++axis)
      for (int side = 0; side < 2; ++side) {
        const SideCondition& c = condition(options.sides, axis, side);
        if (is_zero_flux(c)) continue;
        const std::string where = grid.side_name(axis, side);
        if (c.kind != SideRule::Kind::value || c.datum.constant() != 0.0)
          refuse(fmt::format("side {} is neither closed, periodic nor held at zero", where));
        else if (options.order == 4)
          refuse(SpectralFlow::refusal({{{}, 4, {true, true}}}));
        else if (!field.conserved.empty())
          refuse(fmt::format("it can't say what leaves through {}, which the ledger of '{}' needs", where,
                             field.conserved.begin()->first));
      }
  }
  if (options.integrator == steady) check_rest(options, field, grid, faults);
  if (!field.positive) return;
  if (options.fibres)
    faults.push_back(
        {"diffusivity.fibre",
         fmt::format("'{}' must stay positive, which fibres off the axes do not promise", field.name),
         "fibres along an axis", ""});
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

std::vector<OptionFault> diffusion_faults(const DiffusionOptions& options, const Field& field,
                                          const FieldTable& fields) {
  std::vector<OptionFault> faults;
  const auto* grid = dynamic_cast<const StructuredSpace*>(field.space.get());
  if (grid == nullptr) {
    faults.push_back({"field",
                      fmt::format("'{}' lives on '{}', which is no grid", field.name, field.space->name()),
                      "a field on a space of type grid or radial", ""});
    return faults;
  }
  check_field(field, faults);
  check_grid(options, *grid, faults);
  check_coefficients(options, *grid, fields, faults);
  check_sides(options, *grid, fields, faults);
  check_integrator(options, field, *grid, faults);
  return faults;
}

}  // namespace holon::transport

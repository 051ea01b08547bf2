// The process type `diffusion` in model files.
#include "holon/modelfile/by_field.hpp"
#include "holon/modelfile/loader.hpp"
#include "holon/transport/flux_diffusion.hpp"
#include "holon/transport/joint_diffusion.hpp"
#include "holon/transport/transport_recipe.hpp"
#include "holon/transport/tree_recipe.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace holon::transport {

using modelfile::Option;
using modelfile::ProcessContext;
using modelfile::Schema;
using modelfile::Section;

namespace {

Option coefficient_of(std::string dimension) {
  Option option;
  option.type = Option::Type::coefficient;
  option.dimension = std::move(dimension);
  return option;
}

/// Whether a mistake in the section is known already: what seems to be missing may be there, misspelt.
bool reported(const Section& section) {
  const auto& list = section.loader().diagnostics().list();
  return std::any_of(list.begin(), list.end(), [&](const Diagnostic& d) {
    return d.severity == Diagnostic::Severity::error && d.path.starts_with(section.path() + ".");
  });
}

/// {along: ..., across: ..., fibre: [...]} instead of a number or one per axis.
FibreConduction read_fibres(const Section& fibres) {
  FibreConduction conduction;
  conduction.along = fibres.coefficient("along");
  conduction.across = fibres.coefficient("across");
  conduction.fibre = fibres.coefficients("fibre");
  if (fibres.has("sheet")) conduction.sheet = fibres.coefficient("sheet");
  if (fibres.has("sheet_direction")) conduction.sheet_direction = fibres.coefficients("sheet_direction");
  if (conduction.sheet.has_value() == conduction.sheet_direction.empty())
    fibres.error(conduction.sheet ? "sheet" : "sheet_direction",
                 "'sheet' and 'sheet_direction' belong together",
                 "both: the value within the sheet, and the unit vector across the fibres in it");
  return conduction;
}

/// Of a coefficient of whatever dimension.
Dimension dimension_of(const Section& section, std::string_view key) {
  const auto* value = section.raw(key);
  if (value->kind == modelfile::Document::Value::Kind::mapping) {
    const auto* unit = value->find("unit");
    const auto read = unit != nullptr
                          ? modelfile::read_unit(section.loader(), *unit, section.path_of(key) + ".unit")
                          : std::nullopt;
    return read ? read->dimension() : Dimension{};
  }
  if (!value->is_equation()) return section.any_quantity(key).unit.dimension();
  const auto equation =
      section.loader().equation(*value, section.path_of(key), modelfile::Scope::coefficient);
  return equation ? equation->dimension() : Dimension{};
}

/// Of the first of its values.
Dimension dimension_of_conductivity(const Section& section) {
  const auto* value = section.raw("conductivity");
  if (value->kind != modelfile::Document::Value::Kind::list || value->list.empty())
    return dimension_of(section, "conductivity");
  const auto quantity = section.loader().constant(value->list.front(), section.path_of("conductivity"));
  return quantity ? quantity->unit.dimension() : Dimension{};
}

/// Refuses the value of a coefficient that is the same everywhere: a negative one, and zero where that leaves
/// nothing definite.
enum class Least { zero, above_zero };
bool refused(modelfile::Loader& loader, const Model& model, const std::string& path,
             const modelfile::Document::Value& stated, const Coefficient& coefficient, Least least) {
  if (UniformCoefficient::obstacle(coefficient)) return false;
  const State start(std::make_shared<FieldTable>(), model.parameters, 0);
  const double value = UniformCoefficient(coefficient).value(start);
  if (std::isfinite(value) && (value > 0.0 || (value == 0.0 && least == Least::zero))) return false;
  const auto quantity = loader.constant(stated, path);
  if (!quantity) return true;
  loader.error(
      stated.place, path,
      (stated.is_equation() ? "'" + stated.scalar + "' is " : "is ") + modelfile::rounded_text(*quantity),
      least == Least::zero ? "zero or a positive number" : "a positive number");
  return true;
}

/// The same for an option with one value, one for each axis, or those of fibres.
bool refused(const Section& section, const Model& model, const std::string& key,
             const DiffusionOptions& options) {
  const auto* stated = section.raw(key);
  const std::string path = section.path_of(key);
  if (stated == nullptr) return false;
  bool any = false;
  const auto refuse = [&](const std::string& rest, const auto* value, const Coefficient& coefficient,
                          Least least) {
    any = (value != nullptr && refused(section.loader(), model, path + rest, *value, coefficient, least)) ||
          any;
  };
  if (key == "capacity") {
    refuse("", stated, options.capacity, Least::above_zero);
  } else if (options.fibres) {
    const FibreConduction& fibres = *options.fibres;
    refuse(".along", stated->find("along"), fibres.along, Least::above_zero);
    refuse(".across", stated->find("across"), fibres.across, Least::above_zero);
    if (fibres.sheet) refuse(".sheet", stated->find("sheet"), *fibres.sheet, Least::above_zero);
  } else {
    const bool list = stated->kind == modelfile::Document::Value::Kind::list;
    for (std::size_t i = 0; i < options.diffusivity.size(); ++i)
      refuse(list ? fmt::format("[{}]", i) : "", list ? &stated->list.at(i) : stated, options.diffusivity[i],
             Least::zero);
  }
  return any;
}

class DiffusionRecipe final : public modelfile::ProcessRecipe {
 public:
  void declare(ProcessContext& context) override;
  std::unique_ptr<Process> make(ProcessContext& context) override;

 private:
  static void declare_fields(const Section& section);
  /// Of one field; nothing where something is wrong, which has been reported.
  static std::optional<DiffusionOptions> read_options(Section section, const Model& model);
};

void DiffusionRecipe::declare_fields(const Section& section) {
  if (section.has("field") && section.has("fields"))
    section.loader().error(section.key_place("fields"), section.path_of("fields"),
                           "'field' and 'fields' can't both be given", "one of them");
  else if (!section.has("field") && !section.has("fields") && !reported(section))
    section.error("field", "the key 'field' is missing", "the field that spreads, or 'fields', a list");
  std::vector<std::string> seen;
  for (const std::string& field : modelfile::listed_fields(section.mapping())) {
    if (std::find(seen.begin(), seen.end(), field) != seen.end())
      section.error("fields", "'" + field + "' is listed twice", "each field once");
    seen.push_back(field);
  }
}

void DiffusionRecipe::declare(ProcessContext& context) {
  Section& section = context.section;
  declare_fields(section);
  const auto error = [&](std::string_view key, std::string message, std::string expected) {
    section.loader().error(section.key_place(key), section.path_of(key), std::move(message),
                           std::move(expected));
  };
  const bool diffusivity = section.has("diffusivity"), conductivity = section.has("conductivity"),
             capacity = section.has("capacity");
  if (diffusivity && conductivity)
    error("conductivity", "'diffusivity' and 'conductivity' can't both be given", "one of them");
  else if (diffusivity && capacity)
    error("capacity", "a capacity belongs to a 'conductivity', not to a 'diffusivity'",
          "conductivity and capacity, or diffusivity alone");
  else if (conductivity && !capacity && section.text("integrator") != "steady")
    error("conductivity", "a conductivity without a capacity says nothing about time",
          "a key 'capacity' beside it");
  else if (!diffusivity && !conductivity && !reported(section))
    error("diffusivity", "how fast the field spreads is not stated",
          "'diffusivity', or 'conductivity' and 'capacity'");
  if (conductivity && !capacity && !section.has("fields")) {
    // At rest the capacity drops out.
    section.set_dimension("capacity", dimension_of_conductivity(section) *
                                          section.loader().dimensions().at("time") /
                                          section.loader().dimensions().at("length").pow(2.0));
    return;
  }
  const auto fields = modelfile::listed_fields(section.mapping());
  const auto* given = section.raw("capacity");
  if (given == nullptr || fields.empty() ||
      !modelfile::given_by_field(*section.schema()->find("capacity"), *given, fields)) {
    section.set_dimension("capacity", capacity ? dimension_of(section, "capacity") : Dimension{});
    return;
  }
  const auto with_value = std::find_if(
      fields.begin(), fields.end(), [&](const std::string& field) { return given->find(field) != nullptr; });
  const auto first = modelfile::for_field(section.mapping(), *section.schema(), *with_value);
  section.set_dimension("capacity", dimension_of(section.with(first), "capacity"));
}

std::unique_ptr<Process> DiffusionRecipe::make(ProcessContext& context) {
  const Section& section = context.section;
  if (section.has("field")) {
    const Space& space = *(*context.model.fields)[section.field("field")].space;
    if (space.type() == Space::Type::tree) return make_diffusion_on_tree(context);
    if (space.type() == Space::Type::product) return make_micro_diffusion(context);
  }
  if (!section.has("fields")) {
    auto options = read_options(section, context.model);
    return options ? make_diffusion(context.name, context.model, std::move(*options)) : nullptr;
  }
  std::vector<DiffusionOptions> all;
  std::shared_ptr<const Space> space;
  for (const std::string& field : modelfile::listed_fields(section.mapping())) {
    const auto mapping = modelfile::for_field(section.mapping(), *section.schema(), field);
    auto options = read_options(section.with(mapping), context.model);
    if (!options) continue;
    const Field& read = (*context.model.fields)[options->field];
    if (space == nullptr) space = read.space;
    if (read.space != space)
      section.error("fields", "'" + field + "' lives on '" + read.space->name() + "'",
                    "fields on one space, here '" + space->name() + "'", "use a process for each space");
    all.push_back(std::move(*options));
  }
  if (section.loader().has_errors()) return nullptr;
  return std::make_unique<JointDiffusion>(context.name, context.model, std::move(all));
}

std::optional<DiffusionOptions> DiffusionRecipe::read_options(Section section, const Model& model) {
  DiffusionOptions options;
  options.field = section.field("field");
  const Field& field = (*model.fields)[options.field];
  section.set_dimension("field", field.unit.dimension());
  const bool by_conductivity = section.has("conductivity");
  const std::string_view key = by_conductivity ? "conductivity" : "diffusivity";
  if (const auto* given = section.raw(key); given != nullptr && given->find("fibre") != nullptr) {
    options.fibres = read_fibres(section.section(key));
    if (section.loader().has_errors()) return std::nullopt;
  } else
    options.diffusivity = section.coefficients(key);
  if (by_conductivity && section.has("capacity")) {
    options.capacity = section.coefficient("capacity");
    options.capacity_dimension = section.dimensions().at("capacity");
  }
  if (!reported(section)) {
    const bool slope = refused(section, model, std::string(key), options),
               rate = refused(section, model, "capacity", options);
    if (slope || rate) return std::nullopt;
  }
  if (options.fibres)
    // Fibres along the axes are the case of one value per axis.
    if (auto per_axis = diffusivity_per_axis(*options.fibres);
        per_axis && per_axis->size() == static_cast<std::size_t>(field.space->dimensions())) {
      options.diffusivity = std::move(*per_axis);
      options.fibres.reset();
    }
  options.decay = section.coefficient("decay");
  options.source = section.coefficient("source");
  options.order = static_cast<int>(section.integer("order"));
  options.integrator = diffusion_integrator(section.text("integrator"));
  options.step = model.schedule.step;
  if (const auto* grid = dynamic_cast<const StructuredSpace*>(field.space.get()))
    options.sides = read_sides(section, *grid);
  for (const TraceField& trace : model.traces)
    if (trace.of == options.field) options.traces.push_back(trace);
  if (section.has("where")) options.where = section.coefficient("where");
  if (const auto* grid = dynamic_cast<const GridSpace*>(field.space.get());
      grid != nullptr && grid->masked() && !options.where)
    options.where = Coefficient(1.0);  // all of what the grid has
  const std::map<std::string, std::string> names =
      by_conductivity ? std::map<std::string, std::string>{{"diffusivity", "conductivity"}}
                      : std::map<std::string, std::string>{};
  auto faults = diffusion_faults(options, field, *model.fields);
  // A fibre of no length lies along no axis: what order 4 lacks is said of fibres that are in order.
  const bool of_order_alone = std::all_of(faults.begin(), faults.end(),
                                          [](const OptionFault& fault) { return fault.key == "order"; });
  if (of_order_alone && !section.loader().has_errors() && needs_face_fluxes(options, *field.space))
    if (auto at_sites = FluxDiffusion::faults_at_sites(options, field, model); !at_sites.empty())
      faults = std::move(at_sites);
  report(section, faults, names);
  if (!faults.empty() || section.loader().has_errors()) return std::nullopt;
  return options;
}

Schema fibre_schema(const std::string& dimension) {
  Schema schema("fibres", "D = across I + (along - across) f f^T + (sheet - across) s s^T.");
  schema.coefficient("along", dimension, "Along the fibres.");
  schema.coefficient("across", dimension, "Across the fibres.");
  const auto direction = [&](const std::string& key, const std::string& text) -> Option& {
    Option& option = schema.list(key, coefficient_of("1"), text);
    option.least = 1;
    option.most = 3;
    return option;
  };
  direction("fibre", "f: a unit vector, one component per axis of the grid.");
  schema.coefficient("sheet", dimension, "Across the fibres, within their sheet.").make_optional();
  direction("sheet_direction", "s: a unit vector within the sheet, across the fibres.").make_optional();
  return schema;
}

}  // namespace

std::unique_ptr<modelfile::ProcessRecipe> diffusion_recipe() { return std::make_unique<DiffusionRecipe>(); }

Schema diffusion_schema() {
  Schema schema("diffusion", "Diffusion with decay and sources on a grid.");
  schema.add("field", Option::Type::field, "The field that spreads: real, on a space of type grid.")
      .make_optional();
  Option field;
  field.type = Option::Type::field;
  Option& fields =
      schema
          .list("fields", field,
                "Instead of `field`: several fields on one grid, each as if it had a process of its own, but "
                "stepped together. What may be given by field is one value for all of them, or a mapping: "
                "{c1: 0.1 1/s, c2: 0.2 1/s}.")
          .make_optional();
  fields.least = 1;
  const auto per_axis = [&](const std::string& key, const std::string& dimension, const std::string& text) {
    Option& option = schema.list(key, coefficient_of(dimension), text).make_optional().make_by_field();
    option.most = 3;
    option.schema = std::make_shared<const Schema>(fibre_schema(dimension));
  };
  per_axis("diffusivity", "length^2/time",
           "D: one value, one per axis [Dx, Dy, Dz], or along and across fibres {along: ..., across: ..., "
           "fibre: [fx, fy, fz]}. Numbers, equations of place and parameters, or values per site.");
  per_axis(
      "conductivity", "capacity*length^2/time",
      "Instead of a diffusivity: flux per gradient, with `capacity` beside it; D = conductivity / capacity.");
  schema
      .coefficient("capacity", "capacity",
                   "What the field's rate is multiplied by, such as surface-to-volume ratio times membrane "
                   "capacitance; may vary from place to place.")
      .make_optional()
      .make_by_field();
  schema
      .coefficient("decay", "capacity/time",
                   "First-order loss, times the field; may vary from place to place.")
      .with_default("0")
      .make_by_field();
  schema
      .coefficient("source", "capacity*field/time",
                   "What is added everywhere: a number or an equation of place, time and parameters.")
      .with_default("0")
      .make_by_field();
  Schema robin("robin", "Exchange with an outside.");
  robin.coefficient("transfer", "capacity*length/time", "Flux per difference of values (not negative).");
  robin.coefficient("outside", "field", "The value outside.");
  Schema side("side", "What holds at a side: one of these. Without any, nothing passes.");
  side.coefficient("dirichlet", "field", "The value at the side.").make_optional();
  side.coefficient("neumann", "capacity*field*length/time", "The flux into the domain.").make_optional();
  side.section("robin", robin, "Flux into the domain = transfer (outside - value at the side).")
      .make_optional();
  schema.section("boundary", boundary_schema(side), "Sides where something passes; periodic axes have none.")
      .make_optional()
      .make_by_field();
  schema
      .add("order", Option::Type::integer,
           "In space: 2 (finite volumes), or 4 (wider flux differences; sides of zero flux or given value "
           "only).")
      .with_default("2");
  schema
      .coefficient(
          "where", "1",
          "The part of the grid where the field spreads: an equation of place and parameters, inside "
          "where it is true or not zero. Nothing passes its border, and sites outside are left as they "
          "are. It may not cut the grid into pieces.")
      .make_optional();
  schema
      .choice(
          "integrator",
          {"auto", "explicit", "forward_euler", "rk4", "implicit", "backward_euler", "exact", "steady"},
          "auto: explicit if the schedule's step is below its limit, else implicit (backward_euler where the "
          "field must stay positive). explicit: Heun, order 2. implicit: directional sweeps, order 2, "
          "unconditionally stable. backward_euler: order 1, positive. exact: the exact flow of the "
          "semi-discrete equation (closed, periodic or zero-valued sides, no source). steady: no time, the "
          "field "
          "is at rest with its sides and sources whenever somebody looks.")
      .with_default("auto");
  return schema;
}

}  // namespace holon::transport

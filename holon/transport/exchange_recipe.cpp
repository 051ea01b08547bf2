// The process type `exchange` in model files.
#include "holon/modelfile/loader.hpp"
#include "holon/transport/exchange.hpp"
#include "holon/transport/transport_recipe.hpp"

#include <fmt/format.h>

namespace holon::transport {

using modelfile::Option;
using modelfile::ProcessContext;
using modelfile::Schema;
using modelfile::Section;

namespace {

class ExchangeRecipe final : public modelfile::ProcessRecipe {
 public:
  void declare(ProcessContext& context) override;
  std::unique_ptr<Process> make(ProcessContext& context) override;

 private:
  std::map<std::string, FieldId> given_;  // by member
};

void ExchangeRecipe::declare(ProcessContext& context) {
  const Section& section = context.section;
  if (!section.has("members")) return;
  // What each point gave off in the last step is part of the state.
  for (const std::string& name : section.keys("members")) {
    const Section member = section.child("members", name);
    if (!member.has("diffusivity") || !member.has("space") || !member.flag("neighbours")) continue;
    Field field;
    field.name = context.name + ':' + name + ".given";
    field.space = member.space("space");
    field.description = "what each point gave off in the last step";
    given_[name] = context.model.fields->add(std::move(field));
  }
}

/// A real field of one component on a space, else the mistake is reported.
FieldId field_of_points(const Section& member, std::string_view key, const Space& space,
                        const FieldTable& fields) {
  const FieldId id = member.field(key);
  const Field& field = fields[id];
  if (field.space.get() != &space || field.type != FieldType::real || field.components != 1 ||
      field.kind != FieldKind::amount)
    member.error(key,
                 fmt::format("'{}' lives on '{}' and is of kind {}", field.name, field.space->name(),
                             name(field.kind)),
                 fmt::format("a real field of kind amount on '{}'", space.name()));
  return id;
}

std::unique_ptr<Process> ExchangeRecipe::make(ProcessContext& context) {
  Section& section = context.section;
  const FieldTable& fields = *context.model.fields;
  ExchangeOptions options;
  options.field = section.field("field");
  const Field& field = fields[options.field];
  const auto grid = std::dynamic_pointer_cast<const GridSpace>(field.space);
  if (!grid || field.type != FieldType::real || field.components != 1 || field.kind == FieldKind::amount) {
    section.error("field",
                  fmt::format("'{}' lives on '{}' and is of kind {}", field.name, field.space->name(),
                              name(field.kind)),
                  "a concentration: a real field of kind density or value on a grid");
    return nullptr;
  }
  for (const auto& process : context.model.processes)
    if (const auto* other = dynamic_cast<const Exchange*>(process.get());
        other != nullptr && other->field() == options.field) {
      section.error("field",
                    fmt::format("process '{}' exchanges with '{}' already", other->name(), field.name),
                    "all who take from one field are solved together",
                    "put the members of this process under '" + other->name() + "'");
      return nullptr;
    }
  if (section.text("integrator") == "exact") options.integrator = ExchangeIntegrator::exact;
  for (const std::string& name : section.keys("members")) {
    Section member = section.child("members", name);
    Dimension volume;
    for (int a = 0; a < grid->dimensions(); ++a) volume = volume * grid->length_dimension();
    const Dimension time = section.dimensions().at("time");
    member.set_dimension("clearance", volume / time);
    member.set_dimension("flow", field.unit.dimension() * volume / time);
    ExchangeOptions::Member made;
    made.name = name;
    made.space = member.space("space");
    const bool points = made.space->dimensions() == grid->dimensions() &&
                        made.space->type() != Space::Type::grid && made.space->type() != Space::Type::product;
    if (!points) {
      member.error(
          "space",
          fmt::format("'{}' has no points in the coordinates of '{}'", made.space->name(), grid->name()),
          "a population, or named points");
      return nullptr;
    }
    if (member.has("uptake")) made.uptake = member.coefficient("uptake");
    if (member.has("secretion")) made.secretion = member.coefficient("secretion");
    if (!member.has("uptake") && !member.has("secretion"))
      section.loader().error(member.place(), member.path(), "takes nothing and gives nothing",
                             "'uptake', 'secretion' or both");
    for (const auto& [key, c] : {std::pair("uptake", &made.uptake), std::pair("secretion", &made.secretion)})
      if (c->constant() && *c->constant() < 0.0)
        member.error(key, fmt::format("is negative: {:g}", *c->constant()), "zero or more");
    PointKernel kernel;
    const std::string shape = member.text("kernel");
    kernel.shape = shape == "nearest"  ? PointKernel::Shape::nearest
                   : shape == "sphere" ? PointKernel::Shape::sphere
                                       : PointKernel::Shape::linear;
    std::optional<double> radius;
    if (member.has("radius")) radius = member.quantity("radius");
    PointPlaces places(made.space, fields, radius);
    std::optional<PointGeometry::Responses> responses;
    if (member.has("diffusivity")) {
      const double d = member.quantity("diffusivity");
      if (!(d > 0.0)) member.error("diffusivity", "is not positive", "a positive diffusivity");
      responses.emplace();
      responses->medium.diffusivity = {d, d, d};
      responses->medium.decay = member.quantity("decay");
      if (member.has("uptake") && d > 0.0)
        for (int a = 0; a < grid->dimensions(); ++a)
          options.longest_step =
              std::min(options.longest_step, 0.1 * grid->least_spacing(a) * grid->least_spacing(a) / d);
      if (!given_.contains(name)) responses->neighbours = PointResponses::Neighbours::none;
    }
    if ((kernel.shape == PointKernel::Shape::sphere || responses) && !places.has_radius())
      member.error(responses ? "diffusivity" : "kernel",
                   fmt::format("nothing says how large the points of '{}' are", made.space->name()),
                   "an option 'radius' beside it, or a population, whose cells have radii");
    if (section.loader().has_errors()) return nullptr;
    made.points = std::make_shared<PointGeometry>(grid, kernel, std::move(places), responses);
    if (member.has("taken")) made.taken = field_of_points(member, "taken", *made.space, fields);
    if (made.taken && !(fields[*made.taken].unit.dimension() == field.unit.dimension() * volume))
      member.error(
          "taken",
          fmt::format("'{}' is in {}, what is taken from '{}' in {} times a volume", fields[*made.taken].name,
                      fields[*made.taken].unit.text(), field.name, field.unit.text()),
          modelfile::quantity_of(field.unit.dimension() * volume));
    if (const auto given = given_.find(name); given != given_.end()) made.given = given->second;
    options.members.push_back(std::move(made));
  }
  if (section.loader().has_errors()) return nullptr;
  return std::make_unique<Exchange>(context.name, context.model, std::move(options));
}

}  // namespace

std::unique_ptr<modelfile::ProcessRecipe> exchange_recipe() { return std::make_unique<ExchangeRecipe>(); }

Schema exchange_schema() {
  Schema member("member", "Points that take up and give off.");
  member.add("space", Option::Type::space, "A population, or named points.");
  member
      .coefficient("uptake", "clearance",
                   "Volume cleared per time by each point: it takes up this times the concentration that it "
                   "senses. May depend on fields of the points and on time.")
      .make_optional();
  member
      .coefficient("secretion", "flow",
                   "Amount given off per time by each point, not negative. (Exchange with a store of "
                   "concentration T at rate S: secretion S*T and S in the uptake.)")
      .make_optional();
  member
      .add("taken", Option::Type::field,
           "A field of kind amount on the points to which is added what they take up.")
      .make_optional();
  member.choice("kernel", {"linear", "nearest", "sphere"}, "Which sites a point takes from and gives to.")
      .with_default("linear");
  member.quantity("radius", "length", "Of the points (default: that of the population's cells).")
      .make_optional();
  member
      .quantity("diffusivity", "length^2/time",
                "Of the field around the points: given, each senses the concentration at its own surface, "
                "independent of the grid. The kernel must not be narrower than the point: sphere never is.")
      .make_optional();
  member.quantity("decay", "1/time", "With `diffusivity`: of the field.").with_default("0");
  member
      .add("neighbours", Option::Type::flag,
           "With `diffusivity`: whether what near points give off is also put right for the grid.")
      .with_default("true");
  Schema schema("exchange", "Uptake and secretion of points in a field on a grid.");
  schema.add("field", Option::Type::field, "A concentration on a grid.");
  Option element;
  element.type = Option::Type::section;
  element.schema = std::make_shared<const Schema>(member);
  schema.mapping("members", element, "All who take from the field and give to it, by names of their own.");
  schema
      .choice("integrator", {"backward_euler", "exact"},
              "backward_euler: order 1. exact: for coefficients as they are at mid step. Both positive.")
      .with_default("backward_euler");
  return schema;
}

}  // namespace holon::transport

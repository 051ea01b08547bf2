#include "holon/transport/tree_recipe.hpp"

#include "holon/modelfile/loader.hpp"
#include "holon/transport/tree_diffusion.hpp"

#include <fmt/format.h>

namespace holon::transport {

using modelfile::Option;
using modelfile::ProcessContext;
using modelfile::Schema;
using modelfile::Section;

namespace {

bool uniform(const Section& section, const char* key, const Coefficient& coefficient) {
  const auto obstacle = UniformCoefficient::obstacle(coefficient);
  if (!obstacle) return true;
  section.error(key, "this " + *obstacle,
                "a number or an equation of parameters: it is the same in the whole tree");
  return false;
}

/// What both types say of the field: decay, source and integrator.
std::unique_ptr<Process> make(ProcessContext& context, TreeDiffusionOptions options) {
  const Section& section = context.section;
  const Field& field = (*context.model.fields)[options.field];
  options.decay = section.coefficient("decay");
  options.source = section.coefficient("source");
  const std::string integrator = section.text("integrator");
  const bool positive = field.positive;
  if (integrator == "backward_euler" || (integrator == "auto" && positive)) {
    options.integrator = TreeIntegrator::backward_euler;
  } else if (integrator != "auto" && integrator != "implicit") {
    section.error("integrator", "'" + integrator + "' does not work on trees",
                  "implicit (order 2) or backward_euler (order 1, positive)");
    return nullptr;
  } else if (positive) {
    section.error("integrator",
                  "'" + field.name + "' must stay positive, and Crank-Nicolson does not keep it so",
                  "backward_euler");
    return nullptr;
  }
  for (const FieldId id : fields_of(options.source, *context.model.fields)) {
    const Field& read = (*context.model.fields)[id];
    if (read.space == field.space || read.space->single()) continue;
    section.error("source",
                  fmt::format("this depends on '{}', which lives on '{}'", read.name, read.space->name()),
                  "fields of '" + field.space->name() + "' or of one site");
    return nullptr;
  }
  if (!uniform(section, "decay", options.decay) || section.loader().has_errors()) return nullptr;
  return std::make_unique<TreeDiffusion>(context.name, context.model, std::move(options));
}

class CableRecipe final : public modelfile::ProcessRecipe {
 public:
  void declare(ProcessContext&) override {}
  std::unique_ptr<Process> make(ProcessContext& context) override {
    Section& section = context.section;
    TreeDiffusionOptions options;
    options.field = section.field("field");
    const Field& field = (*context.model.fields)[options.field];
    section.set_dimension("field", field.unit.dimension());
    const auto* tree = dynamic_cast<const TreeSpace*>(field.space.get());
    if (tree == nullptr || tree->measure_power() != 2) {
      section.error(
          "field",
          fmt::format("'{}' lives on '{}', which is no tree whose sites stand for areas of membrane",
                      field.name, field.space->name()),
          "a space {type: tree, measure: area, ...}");
      return nullptr;
    }
    const Quantity resistivity = section.any_quantity("resistivity"),
                   capacitance = section.any_quantity("capacitance");
    const Dimension product = resistivity.unit.dimension() * capacitance.unit.dimension();
    if (!(product * section.dimensions().at("length") == section.dimensions().at("time"))) {
      section.error(
          "resistivity",
          fmt::format("times the capacitance it is in [{}]", (resistivity.unit * capacitance.unit).text()),
          "a time per length: such as ohm cm and uF/cm^2");
      return nullptr;
    }
    for (const auto& [key, value] :
         {std::pair("resistivity", resistivity.si()), {"capacitance", capacitance.si()}})
      if (!(value > 0.0)) {
        section.error(key, "is not positive", "a positive number");
        return nullptr;
      }
    options.spreading = Coefficient(1.0 / (resistivity.si() * capacitance.si()));
    return transport::make(context, std::move(options));
  }
};

}  // namespace

std::unique_ptr<Process> make_diffusion_on_tree(ProcessContext& context) {
  Section& section = context.section;
  TreeDiffusionOptions options;
  options.field = section.field("field");
  const Field& field = (*context.model.fields)[options.field];
  section.set_dimension("field", field.unit.dimension());
  for (const char* key : {"boundary", "where", "conductivity", "capacity"})
    if (section.has(key)) {
      section.error(key, fmt::format("'{}' means nothing on a tree", key), "",
                    std::string_view(key).starts_with("c") ? "use diffusivity, or a process of type cable"
                                                           : "leave it out: ends are sealed");
      return nullptr;
    }
  if (field.space->measure_power() == 2) {
    section.error("field",
                  fmt::format("the sites of '{}' stand for areas of membrane, through which nothing diffuses "
                              "along a branch",
                              field.space->name()),
                  "a tree with measure: volume or length", "for a voltage use a process of type cable");
    return nullptr;
  }
  const auto diffusivity = section.coefficients("diffusivity");
  if (diffusivity.size() != 1) {
    section.error("diffusivity", "a tree has no axes", "one number");
    return nullptr;
  }
  options.spreading = diffusivity.front();
  if (!uniform(section, "diffusivity", options.spreading)) return nullptr;
  return make(context, std::move(options));
}

modelfile::ProcessType cable_type() {
  modelfile::ProcessType cable;
  cable.name = "cable";
  cable.documentation =
      "capacitance du/dt = (1/area) d/ds (cross-section/resistivity du/ds) + capacitance (source - decay u) "
      "along the "
      "branches of a tree (`measure: area`): the voltage inside a neuron. What passes the membrane is a "
      "process of "
      "type kinetics on the same field, or `source` and `decay`.\n\n"
      "Space: finite volumes of order 2 on segments, with the resistance of tapered tubes in closed form; "
      "where "
      "branches meet, currents add up to zero; ends are sealed. Time: `implicit` is Crank-Nicolson (order "
      "2), "
      "`backward_euler` of order 1; either is one elimination over the tree (Hines 1984).\n\n"
      "Ledger: decay and source.";
  Schema schema("cable", "The voltage along the branches of a tree.");
  schema.add("field", Option::Type::field,
             "The voltage: on a space of type tree whose sites stand for areas.");
  schema.add("resistivity", Option::Type::any_quantity, "Of what is inside: 100 ohm cm.");
  schema.add("capacitance", Option::Type::any_quantity, "Of the membrane, per area: 1 uF/cm^2.");
  schema.coefficient("decay", "1/time", "First-order loss: leak conductance over capacitance.")
      .with_default("0");
  schema
      .coefficient(
          "source", "field/time",
          "What is added: an equation of place, time, parameters and fields of the tree; a current per "
          "area over the capacitance.")
      .with_default("0");
  schema
      .choice("integrator", {"auto", "implicit", "backward_euler"},
              "auto: implicit; backward_euler where the field must stay positive")
      .with_default("auto");
  cable.schema = std::move(schema);
  cable.needs_space = false;
  cable.recipe = []() -> std::unique_ptr<modelfile::ProcessRecipe> {
    return std::make_unique<CableRecipe>();
  };
  return cable;
}

}  // namespace holon::transport

#include "holon/pointwise/register.hpp"

#include "holon/modelfile/registry.hpp"
#include "holon/pointwise/integrators/integrator.hpp"
#include "holon/pointwise/kinetics_recipe.hpp"
#include "holon/pointwise/map_process.hpp"

#include <fmt/format.h>

namespace holon {

namespace {

using modelfile::Option;
using modelfile::Schema;

Option element(Option::Type type, std::vector<std::string> choices = {}) {
  Option option;
  option.type = type;
  option.choices = std::move(choices);
  return option;
}

Schema kinetics_schema() {
  Schema schema("kinetics", "Equations at every site of a space.");
  schema.add("space", Option::Type::space, "Where the equations hold.");
  schema.add(
      "equations", Option::Type::equations,
      "A '|' block of equations (rates such as V' = ..., named intermediates in any order), or the file of a "
      "component.");
  schema
      .mapping(
          "units", element(Option::Type::text),
          "Units of time and of every state, parameter, input and output, where the equations stand here.")
      .make_optional();
  schema
      .mapping("states", element(Option::Type::anything),
               "Values of the states at the start, in their units, where the equations stand here.")
      .make_optional();
  schema
      .mapping("initial", element(Option::Type::anything),
               "Values at the start that replace those of the component; equations of place are allowed.")
      .make_optional();
  schema
      .mapping(
          "parameters", element(Option::Type::anything),
          "Values of the component's parameters: a plain number is in the component's unit. Constants can be "
          "set at run time; an equation of place gives a parameter that differs from site to site.")
      .make_optional();
  schema
      .mapping(
          "inputs", element(Option::Type::anything),
          "What the component's inputs are connected to: quantities, or equations of time, place, fields and "
          "parameters.")
      .make_optional();
  schema
      .mapping("contribute", element(Option::Type::anything),
               "Added to the rates of states: quantities or equations, in the state's unit per time. Under "
               "the name of "
               "another process's field: added to that field, as the integral over each advance.")
      .make_optional();
  schema
      .list("outputs", element(Option::Type::text),
            "Named intermediates that become fields PROCESS.NAME, computed at the end of each step of the "
            "process; "
            "those of the component by default.")
      .make_optional();
  schema
      .mapping(
          "events", element(Option::Type::anything),
          "Where states jump: NAME: {when: EXPRESSION, direction: rising (the default), falling or "
          "either, then: {STATE: NEW VALUE}, priority: 0}. It happens where the expression crosses zero, "
          "at its exact time within a step; new values are expressions of the equations, over the values "
          "before. At one instant the higher priority comes first. PROCESS.NAME counts them, and "
          "`connections:` carries them to others.")
      .make_optional();
  schema
      .mapping("on", element(Option::Type::anything),
               "What arrives through `connections:`: NAME: {STATE: NEW VALUE}, over the values before and "
               "`weight`, which the connection states; its unit stands under `units:` by the same NAME.")
      .make_optional();
  schema
      .mapping("fields", element(Option::Type::field),
               "States that are fields of the section `fields`, on the same space: {u: c}. Other states "
               "become fields "
               "PROCESS.STATE.")
      .make_optional();
  schema
      .mapping("kinds", element(Option::Type::choice, {"value", "density", "amount"}),
               "How states are integrated over space: value (the default), density or amount.")
      .make_optional();
  schema
      .mapping("on_division", element(Option::Type::choice, {"copy", "share", "reset", "draw"}),
               "On a population: what daughters get of a state: all of it each, half each, the initial "
               "value, or an "
               "initial value drawn anew. By default amounts are shared and all else is copied.")
      .make_optional();
  schema.list("positive", element(Option::Type::text), "States that must not become negative.")
      .make_optional();
  schema
      .mapping("conserved", element(Option::Type::anything),
               "What of conserved quantities one unit of a state holds: {c: {calcium: 1}}.")
      .make_optional();
  std::vector<std::string> names;
  for (const auto& integrator : pointwise::integrators()) names.emplace_back(integrator.name);
  names.emplace_back("cvode");
  schema.choice("integrator", names, "How the equations are stepped.").with_default("rosenbrock");
  schema
      .quantity("step", "time",
                "Largest internal step; by default a fixed-step integrator takes the whole interval that the "
                "schedule gives it.")
      .make_optional();
  Schema tolerance("tolerance", "Error allowed in a step of an adaptive integrator.");
  tolerance.add("relative", Option::Type::number, "Relative to a state; 1e-6 by default, 1e-8 for cvode.")
      .make_optional();
  tolerance
      .add("absolute", Option::Type::anything,
           "One number for all states, each in its own unit, or a mapping of states to numbers or "
           "quantities; by "
           "default relative times the value at the start, but at least 1e-6.")
      .make_optional();
  schema.section("tolerance", tolerance, "Error allowed in a step of an adaptive integrator.")
      .make_optional();
  return schema;
}

std::string documentation() {
  std::string text =
      "Equations at every site: du/dt = f(u, t, place, other fields, parameters), each site by itself. The "
      "equations "
      "are differentiated and compiled together with the integrator: one step is one kernel over the sites. "
      "Steps "
      "end where the right-hand side switches with time alone, such as the edges of a "
      "pulse.\n\nIntegrators:\n";
  for (const auto& integrator : pointwise::integrators()) {
    text += fmt::format("- {}: {}\n", integrator.name, integrator.documentation);
  }
  text +=
      "- cvode: variable-order BDF of SUNDIALS with the exact Jacobian, for one stiff system (each site in "
      "turn), "
      "with dense output at the ends of the schedule's steps.\n";
  return text;
}

}  // namespace

void register_pointwise(modelfile::Registry& registry) {
  modelfile::ProcessType type;
  type.name = "kinetics";
  type.documentation = documentation();
  type.schema = kinetics_schema();
  type.needs_space = true;
  type.recipe = pointwise::kinetics_recipe;
  registry.add(std::move(type));
  registry.add(pointwise::map_type());
}

}  // namespace holon

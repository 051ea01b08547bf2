#include "holon/engine/coupling_line.hpp"
#include "holon/pointwise/kinetics_recipe_parts.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace holon::pointwise {

using modelfile::Loader;
using Value = modelfile::Document::Value;

void KineticsRecipe::check_spaces(const ProcessContext& context, const KineticsSystem& system) const {
  std::vector<expr::Node> roots = system.rates;
  for (const auto& output : system.outputs) roots.push_back(output.value);
  for (const auto& event : system.events) {
    roots.push_back(event.when);
    for (const auto& assignment : event.then) roots.push_back(assignment.value);
  }
  for (const auto& receiver : system.receivers)
    for (const auto& assignment : receiver.then) roots.push_back(assignment.value);
  for (const FieldId id : fields_in(*system.graph, roots, *system.fields)) {
    const Field& field = (*system.fields)[id];
    if (field.space == system.space || field.space->single()) continue;
    context.section.error("inputs",
                          fmt::format("'{}' lives on space '{}' and the equations on '{}'", field.name,
                                      field.space->name(), system.space->name()),
                          "fields of the same space, of a single point, or what a coupling makes of them",
                          coupling_line(field, *system.space));
  }
}

void KineticsRecipe::replace_time_and_place(Replacement& replacement) const {
  expr::Graph& g = *replacement.system.graph;
  const expr::Node time = g.symbol("time");
  replacement.nodes[time.id] = g.multiply(g.constant(1.0 / component_->time.factor()), time);
  if (!component_->position) return;
  for (const char* axis : {"position.x", "position.y", "position.z", "position.r"}) {
    const expr::Node coordinate = g.symbol(axis);
    replacement.nodes[coordinate.id] =
        g.multiply(g.constant(1.0 / component_->position->factor()), coordinate);
  }
}

void KineticsRecipe::replace_states(Replacement& replacement) const {
  expr::Graph& g = *replacement.system.graph;
  for (std::size_t i = 0; i < states_.size(); ++i) {
    const expr::Node field = g.symbol("field:" + (*replacement.system.fields)[states_[i]].name);
    replacement.nodes[g.symbol(component_->states[i].name).id] =
        g.multiply(g.constant(state_factor_[i]), field);
  }
}

expr::Node KineticsRecipe::node_of(Replacement& replacement, const std::string& name,
                                   const Coefficient& coefficient) const {
  expr::Graph& g = *replacement.system.graph;
  const std::vector<double>* values = coefficient.values_per_site();
  if (values == nullptr) return coefficient.lower(g);
  replacement.system.columns.push_back({name, std::make_shared<const std::vector<double>>(*values)});
  return g.symbol("column:" + name);
}

void KineticsRecipe::replace_parameters(ProcessContext& context, Replacement& replacement) const {
  expr::Graph& g = *replacement.system.graph;
  Loader& loader = context.section.loader();
  for (const ComponentPort& port : component_->parameters) {
    const expr::Node symbol = g.symbol(port.name);
    const std::string where = path(context.section, "parameters", port.name);
    if (const auto settable = parameters_.find(port.name); settable != parameters_.end()) {
      replacement.nodes[symbol.id] = g.symbol("parameter:" + where);
      continue;
    }
    const Value* given = member(context.section, "parameters", port.name);
    if (given == nullptr) continue;  // reported by declare_parameters
    const auto coefficient = loader.coefficient_in(*given, where, port.unit);
    if (coefficient)
      replacement.nodes[symbol.id] = node_of(replacement, "parameters." + port.name, *coefficient);
  }
}

void KineticsRecipe::replace_inputs(ProcessContext& context, Replacement& replacement) const {
  expr::Graph& g = *replacement.system.graph;
  Loader& loader = context.section.loader();
  for (const ComponentPort& port : component_->inputs) {
    const Value* given = member(context.section, "inputs", port.name);
    const Value* value = given != nullptr ? given : port.value ? &*port.value : nullptr;
    const std::string where = path(context.section, "inputs", port.name);
    if (value == nullptr) {
      loader.error(context.section.place("inputs"), where, fmt::format("input '{}' has no value", port.name));
      continue;
    }
    const auto coefficient = loader.coefficient_in(*value, given != nullptr ? where : port.path, port.unit);
    if (coefficient) {
      replacement.nodes[g.symbol(port.name).id] = node_of(replacement, "inputs." + port.name, *coefficient);
    }
  }
}

}  // namespace holon::pointwise

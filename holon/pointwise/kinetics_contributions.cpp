#include "holon/engine/coupling_line.hpp"
#include "holon/modelfile/settable_field.hpp"
#include "holon/pointwise/kinetics_recipe_parts.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace holon::pointwise {

using modelfile::Loader;
using Value = modelfile::Document::Value;

// Which field is meant is looked up in make(), when all are declared.
void KineticsRecipe::declare_contributions(ProcessContext& context) {
  const Value* given = context.section.raw("contribute");
  if (given == nullptr) return;
  for (const auto& member : given->mapping) {
    const auto own = [&](const ComponentPort& port) { return port.name == member.key; };
    if (std::any_of(component_->states.begin(), component_->states.end(), own)) continue;
    if (member.key.find('.') == std::string::npos && !context.model.fields->contains(member.key) &&
        !context.section.loader().announced().contains(member.key)) {
      std::vector<std::string> names;
      for (const auto& port : component_->states) names.push_back(port.name);
      context.section.loader().error(
          member.key_place, path(context.section, "contribute", member.key),
          fmt::format("the equations have no state '{}', and there is no such field", member.key), "",
          suggestion(member.key, names));
      continue;
    }
    Field field;
    field.name = context.name + ":to " + member.key;
    field.space = context.space;
    field.description = "gathered over an advance";
    contributions_.push_back({member.key, member.key_place, context.model.fields->add(std::move(field))});
  }
}

void KineticsRecipe::connect_contributions(ProcessContext& context, KineticsSystem& system) {
  Loader& loader = context.section.loader();
  FieldTable& fields = *context.model.fields;
  Replacement replacement{system, {}};
  for (const Contribution& contribution : contributions_) {
    const std::string where = path(context.section, "contribute", contribution.name);
    const auto ways = context.model.ways_back;
    const auto way = std::find_if(ways.begin(), ways.end(), [&](const WayBack& w) {
      return fields.contains(contribution.name) && w.field == fields.id(contribution.name);
    });
    if (way != ways.end()) {
      connect_through(context, system, contribution, *way);
      continue;
    }
    if (!fields.contains(contribution.name)) {
      std::vector<std::string> known;
      for (FieldId id = 0; id < fields.size(); ++id) known.push_back(fields[id].name);
      loader.error(contribution.place, where, fmt::format("there is no field '{}'", contribution.name), "",
                   suggestion(contribution.name, known));
      continue;
    }
    const FieldId target = fields.id(contribution.name);
    const Field& field = fields[target];
    if (!modelfile::settable_by_equation(loader, field, contribution.place, where)) continue;
    if (field.space != context.space) {
      loader.error(contribution.place, where,
                   fmt::format("field '{}' lives on space '{}', the equations on '{}'", field.name,
                               field.space->name(), context.space->name()),
                   "one space for both, or a coupling to contribute through",
                   coupling_line(field, *context.space));
      continue;
    }
    const auto rate = loader.coefficient_in(*member(context.section, "contribute", contribution.name), where,
                                            field.unit / component_->time);
    if (!rate) continue;
    system.states.push_back(contribution.gathered);
    system.contributed.push_back(target);
    system.through.emplace_back();
    system.rates.push_back(node_of(replacement, "contribute." + contribution.name, *rate));
  }
}

// What is contributed to the field of a coupling reaches the field that it comes from.
void KineticsRecipe::connect_through(ProcessContext& context, KineticsSystem& system,
                                     const Contribution& contribution, const WayBack& way) const {
  Loader& loader = context.section.loader();
  const FieldTable& fields = *context.model.fields;
  const std::string where = path(context.section, "contribute", contribution.name);
  const Field &made = fields[way.field], &of = fields[way.of];
  if (made.space != context.space) {
    loader.error(contribution.place, where,
                 fmt::format("the coupling '{}' leads to space '{}', and the equations live on '{}'",
                             made.name, made.space->name(), context.space->name()),
                 "a coupling to the space of the equations", coupling_line(of, *context.space));
    return;
  }
  if (way.geometry == nullptr) {
    loader.error(
        contribution.place, where,
        fmt::format("nothing can be contributed through the coupling '{}': {}", made.name, way.obstacle));
    return;
  }
  const Unit unit = unit_at_site(fields, way) / component_->time;
  const auto rate =
      loader.coefficient_in(*member(context.section, "contribute", contribution.name), where, unit);
  if (!rate) return;
  Replacement replacement{system, {}};
  system.states.push_back(contribution.gathered);
  system.contributed.push_back(way.of);
  system.through.emplace_back(way);
  system.rates.push_back(node_of(replacement, "contribute." + contribution.name, *rate));
  loader.note_conversion(
      fmt::format("{}: contributes to {} through the coupling {}, in {} at each site of {} (1 {} = {} {})",
                  context.name, of.name, made.name, unit.text(), context.space->name(), unit.text(),
                  number_text(unit.factor()), Unit::coherent(unit.dimension()).text()));
}

void KineticsRecipe::add_contributions(ProcessContext& context, KineticsSystem& system) const {
  Replacement replacement{system, {}};
  for (std::size_t i = 0; i < states_.size(); ++i) {
    const ComponentPort& port = component_->states[i];
    const Value* given = member(context.section, "contribute", port.name);
    if (given == nullptr) continue;
    const Unit unit = port.unit / component_->time;
    const auto coefficient =
        context.section.loader().coefficient_in(*given, path(context.section, "contribute", port.name), unit);
    if (!coefficient) continue;
    expr::Graph& g = *system.graph;
    const expr::Node added = node_of(replacement, "contribute." + port.name, *coefficient);
    system.rates[i] = g.add(system.rates[i], g.multiply(g.constant(1.0 / state_factor_[i]), added));
  }
}

}  // namespace holon::pointwise

#include "holon/modelfile/conserved_weight.hpp"
#include "holon/modelfile/on_division.hpp"
#include "holon/modelfile/settable_field.hpp"
#include "holon/pointwise/kinetics_recipe_parts.hpp"
#include "holon/pointwise/laws_process.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace holon::pointwise {

using modelfile::Abandoned;
using modelfile::Loader;
using Value = modelfile::Document::Value;

namespace {

bool lists(const Section& section, const std::string& option, const std::string& name) {
  if (!section.has(option)) return false;
  const auto names = section.texts(option);
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

const Value* KineticsRecipe::member(const Section& section, const std::string& option,
                                    const std::string& name) {
  const Value* mapping = section.raw(option);
  return mapping != nullptr ? mapping->find(name) : nullptr;
}

std::string KineticsRecipe::path(const Section& section, const std::string& option, const std::string& name) {
  return section.path() + "." + option + "." + name;
}

void KineticsRecipe::declare(ProcessContext& context) {
  component_ = read_component(context.section);
  if (!component_) throw Abandoned{};
  check_names(context, "initial", component_->states, "state");
  check_names(context, "on_division", component_->states, "state");
  check_names(context, "fields", component_->states, "state");
  check_names(context, "kinds", component_->states, "state");
  check_names(context, "conserved", component_->states, "state");
  check_names(context, "positive", component_->states, "state");
  check_plain_values(context);
  declare_states(context);
  declare_contributions(context);
  declare_jumps(context);
  declare_parameters(context);
  declare_memory(context);
}

void KineticsRecipe::check_names(const ProcessContext& context, const std::string& option,
                                 const std::vector<ComponentPort>& allowed, const std::string& what) const {
  const Value* value = context.section.raw(option);
  if (value == nullptr) return;
  std::vector<std::string> names;
  for (const auto& port : allowed) names.push_back(port.name);
  const auto check = [&](const std::string& name, const Place& place) {
    if (std::find(names.begin(), names.end(), name) != names.end()) return;
    context.section.loader().error(place, path(context.section, option, name),
                                   fmt::format("the equations have no {} '{}'", what, name), "",
                                   suggestion(name, names));
  };
  for (const auto& m : value->mapping) check(m.key, m.key_place);
  for (const Value& v : value->list) check(v.scalar, v.place);
  if (value->kind == Value::Kind::scalar) check(value->scalar, value->place);
}

// Quantities that are no equations can be held against their units before all fields are known, so that their
// mistakes are told together with those of the parameters.
void KineticsRecipe::check_plain_values(const ProcessContext& context) const {
  const auto check = [&](const std::string& option, const std::string& name, const Unit& unit) {
    const Value* value = member(context.section, option, name);
    if (value == nullptr || value->is_equation() || value->kind != Value::Kind::scalar) return;
    context.section.loader().number_in(*value, path(context.section, option, name), unit);
  };
  for (const ComponentPort& port : component_->inputs) check("inputs", port.name, port.unit);
  for (const ComponentPort& port : component_->states) {
    check("initial", port.name, port.unit);
    check("contribute", port.name, port.unit / component_->time);
  }
}

void KineticsRecipe::declare_states(ProcessContext& context) {
  const Section& section = context.section;
  FieldTable& fields = *context.model.fields;
  for (const ComponentPort& port : component_->states) {
    if (const Value* shared = member(section, "fields", port.name)) {
      const std::string where = path(section, "fields", port.name);
      const auto name = section.loader().text(*shared, where);
      const auto id = name ? section.loader().field(*name, shared->place, where) : std::nullopt;
      if (!id) throw Abandoned{};
      const Field& field = fields[*id];
      if (!modelfile::settable_by_equation(section.loader(), field, shared->place, where)) throw Abandoned{};
      if (field.space != context.space) {
        section.loader().error(shared->place, where,
                               fmt::format("field '{}' lives on space '{}', the equations on '{}'",
                                           field.name, field.space->name(), context.space->name()),
                               "one space for both");
        throw Abandoned{};
      }
      if (!field.unit.compatible(port.unit)) {
        section.loader().error(shared->place, where,
                               fmt::format("field '{}' is in '{}', but state '{}' is in '{}'", field.name,
                                           field.unit.text(), port.name, port.unit.text()),
                               "units of one dimension");
        throw Abandoned{};
      }
      states_.push_back(*id);
      state_factor_.push_back(conversion_factor(field.unit, port.unit));
      shared_.push_back(true);
      continue;
    }
    Field field;
    field.name = context.name + "." + port.name;
    field.space = context.space;
    field.unit = port.unit;
    field.positive = lists(section, "positive", port.name);
    if (const Value* kind = member(section, "kinds", port.name)) {
      const std::string text =
          section.loader().text(*kind, path(section, "kinds", port.name)).value_or("value");
      field.kind = text == "density"  ? FieldKind::density
                   : text == "amount" ? FieldKind::amount
                                      : FieldKind::value;
    }
    if (const Value* conserved = member(section, "conserved", port.name)) {
      for (const auto& quantity : conserved->mapping) {
        const std::string where = path(section, "conserved", port.name) + "." + quantity.key;
        field.conserved[quantity.key] =
            modelfile::read_conserved_weight(section.loader(), quantity.value, where);
      }
    }
    field.on_division =
        modelfile::read_on_division(section.loader(), member(section, "on_division", port.name),
                                    path(section, "on_division", port.name), field);
    states_.push_back(fields.add(std::move(field)));
    state_factor_.push_back(1.0);
    shared_.push_back(false);
  }
  for (const ComponentPort& port : component_->outputs) {
    Field field;
    field.name = context.name + "." + port.name;
    field.space = context.space;
    field.unit = port.unit;
    outputs_.push_back(fields.add(std::move(field)));
  }
}

/// A channel is a field: of an event, how often it happened at each site; of what arrives, the weights that
/// arrived, added up.
void KineticsRecipe::declare_jumps(ProcessContext& context) {
  FieldTable& fields = *context.model.fields;
  const auto declare = [&](const ComponentJump& jump, FieldType type, const Unit& unit, const char* what) {
    Field field;
    field.name = context.name + "." + jump.name;
    if (fields.contains(field.name)) {
      context.section.loader().error(jump.place, jump.path,
                                     fmt::format("there is a field '{}' already", field.name), "",
                                     "give one of them another name");
      throw Abandoned{};
    }
    field.space = context.space;
    field.type = type;
    field.unit = unit;
    field.description = what;
    return fields.add(std::move(field));
  };
  for (const ComponentJump& event : component_->events)
    event_channels_.push_back(declare(event, FieldType::integer, {}, "how often it happened"));
  for (const ComponentJump& receiver : component_->receivers)
    receiver_channels_.push_back(
        declare(receiver, FieldType::real, receiver.weight, "the weights that arrived, added up"));
  if (component_->events.empty()) return;
  Field sides;
  sides.name = context.name + ":sides";
  sides.space = context.space;
  sides.type = FieldType::integer;
  sides.components = static_cast<int>(component_->events.size());
  sides.description = "the sides of zero on which conditions are";
  sides_ = fields.add(std::move(sides));
}

std::vector<KineticsSystem::Assignment> KineticsRecipe::assignments(
    const ComponentJump& jump, KineticsSystem& system, std::span<const expr::Node> values) const {
  std::vector<KineticsSystem::Assignment> result;
  for (std::size_t a = 0; a < jump.then.size(); ++a) {
    const std::size_t state = jump.then[a].state;
    const expr::Node value =
        system.graph->multiply(system.graph->constant(1.0 / state_factor_[state]), values[a]);
    result.push_back({state, value});
  }
  return result;
}

void KineticsRecipe::declare_parameters(ProcessContext& context) {
  Loader& loader = context.section.loader();
  for (const ComponentPort& port : component_->parameters) {
    const Value* given = member(context.section, "parameters", port.name);
    if (given != nullptr && (given->is_equation() || given->kind != Value::Kind::scalar))
      continue;  // see make()
    const std::string where = path(context.section, "parameters", port.name);
    const Value* value = given != nullptr ? given : port.value ? &*port.value : nullptr;
    if (value == nullptr) {
      loader.error(context.section.place("parameters"), where,
                   fmt::format("parameter '{}' has no value", port.name));
      continue;
    }
    const auto number = loader.number_in(*value, given != nullptr ? where : port.path, port.unit);
    if (!number) continue;
    Parameter parameter;
    parameter.path = where;
    parameter.unit = port.unit;
    parameter.value = *number;
    parameters_[port.name] = context.model.parameters->add(std::move(parameter));
  }
}

void KineticsRecipe::declare_memory(ProcessContext& context) {
  if (states_.empty() && contributions_.empty()) return;
  const std::string name = context.section.text("integrator");
  Field field;
  field.name = context.name + ":memory";  // not one of the fields PROCESS.NAME that others see
  field.space = context.space;
  field.description = "kept by the integrator";
  if (const Integrator* integrator = find_integrator(name)) {
    if (integrator->control != Integrator::Control::adaptive) return;
    field.unit = Unit::coherent(context.section.loader().dimensions().at("time"));
  } else if (const SystemIntegratorType* type = find_system_integrator(name)) {
    field.components = type->numbers_kept +
                       (type->keeps_states ? static_cast<int>(states_.size() + contributions_.size()) : 0);
    if (field.components == 0) return;
  } else {
    return;
  }
  memory_ = context.model.fields->add(std::move(field));
}

std::unique_ptr<Process> KineticsRecipe::make(ProcessContext& context) {
  const Section& section = context.section;
  const std::string integrator = section.text("integrator");
  if (find_integrator(integrator) == nullptr && find_system_integrator(integrator) == nullptr) {
    section.error("integrator",
                  fmt::format("this program was built without the integrator '{}'", integrator));
    return nullptr;
  }
  Kinetics::Setup setup;
  KineticsSystem& system = setup.system;
  system.name = context.name;
  system.space = context.space;
  system.fields = context.model.fields;
  system.parameters = context.model.parameters;
  system.options = context.model.kernels;
  system.graph = component_->graph;
  system.states = states_;
  system.time_unit = component_->time.factor();

  Replacement replacement{system, {}};
  replace_time_and_place(replacement);
  replace_states(replacement);
  replace_parameters(context, replacement);
  replace_inputs(context, replacement);
  std::vector<expr::Node> roots = component_->equations.rates;
  for (const auto& port : component_->outputs)
    roots.push_back(component_->equations.assignments.at(port.name));
  std::size_t position = roots.size();
  for (const auto& event : component_->events) {
    roots.push_back(event.when);
    for (const auto& assignment : event.then) roots.push_back(assignment.value);
  }
  for (const auto& receiver : component_->receivers)
    for (const auto& assignment : receiver.then) roots.push_back(assignment.value);
  if (!component_->receivers.empty())
    replacement.nodes[system.graph->symbol("weight").id] = system.graph->symbol("uniform:weight");
  roots = substitute(*system.graph, roots, replacement.nodes);
  for (std::size_t i = 0; i < states_.size(); ++i) {
    system.rates.push_back(system.graph->multiply(system.graph->constant(1.0 / state_factor_[i]), roots[i]));
  }
  for (std::size_t k = 0; k < outputs_.size(); ++k) {
    system.outputs.push_back({outputs_[k], roots[states_.size() + k]});
  }
  const std::span<const expr::Node> lowered = roots;
  for (std::size_t e = 0; e < component_->events.size(); ++e) {
    const ComponentJump& event = component_->events[e];
    using Direction = KineticsSystem::Event::Direction;
    const Direction direction = event.direction == "falling"  ? Direction::falling
                                : event.direction == "either" ? Direction::either
                                                              : Direction::rising;
    system.events.push_back({event.name, event_channels_[e], lowered[position], direction, event.priority,
                             assignments(event, system, lowered.subspan(position + 1))});
    position += 1 + event.then.size();
  }
  for (std::size_t r = 0; r < component_->receivers.size(); ++r) {
    const ComponentJump& receiver = component_->receivers[r];
    system.receivers.push_back(
        {receiver.name, receiver_channels_[r], assignments(receiver, system, lowered.subspan(position))});
    position += receiver.then.size();
  }
  system.sides = sides_;
  add_contributions(context, system);
  connect_contributions(context, system);
  check_spaces(context, system);

  read_initial_values(context, setup);
  setup.step = read_step(context, setup.initial);
  for (const std::string& line : conversions(context)) section.loader().note_conversion(line);
  if (section.loader().has_errors()) return nullptr;
  if (setup.system.states.empty()) return std::make_unique<Laws>(std::move(setup.system));
  return std::make_unique<Kinetics>(std::move(setup));
}

std::vector<std::string> KineticsRecipe::conversions(const ProcessContext& context) const {
  std::vector<std::string> lines;
  const auto line = [&](const std::string& what, const Unit& unit) {
    if (unit.text() == "1")
      lines.push_back(fmt::format("{}: {} is a plain number", context.name, what));
    else
      lines.push_back(fmt::format("{}: {} in {} (1 {} = {} {})", context.name, what, unit.text(), unit.text(),
                                  number_text(unit.factor()), Unit::coherent(unit.dimension()).text()));
  };
  line("time", component_->time);
  for (const ComponentPort& port : component_->inputs) line("input " + port.name, port.unit);
  for (std::size_t i = 0; i < states_.size(); ++i) {
    if (!shared_[i]) continue;
    const Field& field = (*context.model.fields)[states_[i]];
    lines.push_back(fmt::format("{}: state {} in {} is field {} in {} (factor {})", context.name,
                                component_->states[i].name, component_->states[i].unit.text(), field.name,
                                field.unit.text(), number_text(state_factor_[i])));
  }
  return lines;
}

std::unique_ptr<modelfile::ProcessRecipe> kinetics_recipe() { return std::make_unique<KineticsRecipe>(); }

}  // namespace holon::pointwise

#include "holon/pointwise/kinetics_recipe.hpp"

#include "holon/engine/coupling_line.hpp"
#include "holon/modelfile/loader.hpp"
#include "holon/modelfile/on_division.hpp"
#include "holon/modelfile/settable_field.hpp"
#include "holon/pointwise/component.hpp"
#include "holon/pointwise/kinetics_process.hpp"
#include "holon/pointwise/laws_process.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_map>

#include <fmt/format.h>

namespace holon::pointwise {

using modelfile::Abandoned;
using modelfile::Loader;
using modelfile::ProcessContext;
using modelfile::Section;
using Value = modelfile::Document::Value;

namespace {

constexpr double least_typical_size = 1e-6;  // of a state in its unit, for default absolute tolerances

class KineticsRecipe final : public modelfile::ProcessRecipe {
 public:
  void declare(ProcessContext& context) override;
  std::unique_ptr<Process> make(ProcessContext& context) override;

 private:
  void declare_states(ProcessContext& context);
  void declare_contributions(ProcessContext& context);
  void declare_jumps(ProcessContext& context);
  void declare_parameters(ProcessContext& context);
  void declare_memory(ProcessContext& context);
  void check_names(const ProcessContext& context, const std::string& option,
                   const std::vector<ComponentPort>& allowed, const std::string& what) const;

  void check_plain_values(const ProcessContext& context) const;

  /// What a name of the component stands for in kernels.
  struct Replacement {
    KineticsSystem& system;
    std::unordered_map<std::uint32_t, expr::Node> nodes;
  };
  void replace_states(Replacement& replacement) const;
  void replace_parameters(ProcessContext& context, Replacement& replacement) const;
  void replace_inputs(ProcessContext& context, Replacement& replacement) const;
  void replace_time_and_place(Replacement& replacement) const;
  expr::Node node_of(Replacement& replacement, const std::string& name, const Coefficient& coefficient) const;
  void check_spaces(const ProcessContext& context, const KineticsSystem& system) const;
  void add_contributions(ProcessContext& context, KineticsSystem& system) const;
  void read_initial_values(ProcessContext& context, Kinetics::Setup& setup) const;
  StepOptions read_step(ProcessContext& context, const std::vector<Coefficient>& initial) const;
  std::vector<std::string> conversions(const ProcessContext& context) const;

  std::optional<Component> component_;
  std::vector<FieldId> states_, outputs_;
  std::vector<double> state_factor_;  // component's number = factor * field's number
  std::vector<bool> shared_;          // the state is a field of the section `fields`
  /// What `contribute` says of a field that is no state of the component.
  struct Contribution {
    std::string name;
    Place place;
    FieldId gathered = 0;  // over an advance
  };
  void connect_contributions(ProcessContext& context, KineticsSystem& system);
  void connect_through(ProcessContext& context, KineticsSystem& system, const Contribution& contribution,
                       const WayBack& way) const;
  std::vector<Contribution> contributions_;
  /// The new values of a jump among lowered roots.
  std::vector<KineticsSystem::Assignment> assignments(const ComponentJump& jump, KineticsSystem& system,
                                                      std::span<const expr::Node> values) const;
  std::vector<FieldId> event_channels_, receiver_channels_;
  std::optional<FieldId> sides_;
  std::optional<FieldId> memory_;
  std::map<std::string, ParameterId> parameters_;  // settable at run time
};

const Value* member(const Section& section, const std::string& option, const std::string& name) {
  const Value* mapping = section.raw(option);
  return mapping != nullptr ? mapping->find(name) : nullptr;
}

std::string path(const Section& section, const std::string& option, const std::string& name) {
  return section.path() + "." + option + "." + name;
}

bool lists(const Section& section, const std::string& option, const std::string& name) {
  if (!section.has(option)) return false;
  const auto names = section.texts(option);
  return std::find(names.begin(), names.end(), name) != names.end();
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
        field.conserved[quantity.key] = section.loader().number(quantity.value, where).value_or(1.0);
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

void KineticsRecipe::read_initial_values(ProcessContext& context, Kinetics::Setup& setup) const {
  Loader& loader = context.section.loader();
  for (std::size_t i = 0; i < states_.size(); ++i) {
    const ComponentPort& port = component_->states[i];
    const Value* given = member(context.section, "initial", port.name);
    if (shared_[i]) {
      if (given != nullptr) {
        loader.error(
            given->place, path(context.section, "initial", port.name),
            fmt::format("state '{}' is a field of the section 'fields', which gives its value at the start",
                        port.name));
      }
      continue;
    }
    const Value* value = given != nullptr ? given : port.value ? &*port.value : nullptr;
    const std::string where = given != nullptr ? path(context.section, "initial", port.name) : port.path;
    const auto coefficient =
        value != nullptr ? loader.coefficient_in(*value, where, port.unit) : std::nullopt;
    const Field& field = (*context.model.fields)[states_[i]];
    if (coefficient && field.space->varies()) {
      modelfile::check_drawn(loader, *value, where, *coefficient,
                             member(context.section, "on_division", port.name),
                             path(context.section, "on_division", port.name), field);
      context.model.at_birth.push_back({states_[i], *coefficient, 1.0});
    }
    setup.initial.push_back(coefficient.value_or(Coefficient(0.0)));
    setup.initialised.push_back(states_[i]);
  }
}

StepOptions KineticsRecipe::read_step(ProcessContext& context,
                                      const std::vector<Coefficient>& initial) const {
  const Section& section = context.section;
  Loader& loader = section.loader();
  StepOptions options;
  options.integrator = section.text("integrator");
  options.memory = memory_;
  if (section.has("step")) {
    options.step = section.quantity("step");
    if (!(options.step > 0.0))
      section.error("step", "the largest internal step is not positive", "a time above 0");
  }
  const Section tolerance = section.section("tolerance");
  const bool whole = find_integrator(options.integrator) == nullptr;
  options.relative_tolerance = whole ? 1e-8 : 1e-6;
  if (tolerance.has("relative")) {
    options.relative_tolerance = tolerance.number("relative");
    if (!(options.relative_tolerance > 0.0 && options.relative_tolerance < 1.0)) {
      tolerance.error("relative",
                      fmt::format("a relative tolerance of {} can't be met", options.relative_tolerance),
                      "a number between 0 and 1");
    }
  }
  const Value* absolute = tolerance.raw("absolute");
  if (absolute != nullptr && absolute->kind == Value::Kind::mapping) {
    std::vector<std::string> names;
    for (const auto& port : component_->states) names.push_back(port.name);
    for (const auto& m : absolute->mapping) {
      if (std::find(names.begin(), names.end(), m.key) == names.end()) {
        loader.error(m.key_place, tolerance.path() + ".absolute." + m.key,
                     fmt::format("the equations have no state '{}'", m.key), "", suggestion(m.key, names));
      }
    }
  }
  std::size_t owned = 0;
  for (std::size_t i = 0; i < states_.size(); ++i) {
    const ComponentPort& port = component_->states[i];
    const std::optional<double> start = shared_[i] ? std::nullopt : initial[owned++].constant();
    double value = options.relative_tolerance * std::max(std::fabs(start.value_or(1.0)), least_typical_size);
    const Value* given =
        absolute != nullptr && absolute->kind == Value::Kind::mapping ? absolute->find(port.name) : absolute;
    if (given != nullptr) {
      const std::string where = tolerance.path() + ".absolute" + (given == absolute ? "" : "." + port.name);
      if (const auto number = loader.number_in(*given, where, port.unit)) {
        value = *number / state_factor_[i];
        if (!(value > 0.0))
          loader.error(given->place, where, "an absolute tolerance is not positive", "a number above 0");
      }
    }
    options.absolute_tolerance.push_back(value);
    options.positive.push_back((*context.model.fields)[states_[i]].positive);
  }
  for (std::size_t k = 0; k < contributions_.size(); ++k) {
    options.absolute_tolerance.push_back(options.relative_tolerance);
    options.positive.push_back(false);
  }
  return options;
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

}  // namespace

std::unique_ptr<modelfile::ProcessRecipe> kinetics_recipe() { return std::make_unique<KineticsRecipe>(); }

}  // namespace holon::pointwise

#include "holon/pointwise/component.hpp"

#include "holon/modelfile/build.hpp"
#include "holon/pointwise/component_dimensions.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace holon::pointwise {

using modelfile::Loader;
using Value = modelfile::Document::Value;

namespace {

const std::vector<std::string>& component_keys() {
  static const std::vector<std::string> keys{"holon",     "title",  "source",     "description", "extends",
                                             "units",     "states", "parameters", "inputs",      "outputs",
                                             "equations", "events", "on"};
  return keys;
}

// A name with the value that it is given and where.
struct Entry {
  std::string name;
  Value value;
  Place place;
  std::string path;
};

class Reader {
 public:
  explicit Reader(const modelfile::Section& process) : process_(process), loader_(process.loader()) {}

  std::optional<Component> read() {
    const Value* equations = process_.raw("equations");
    if (equations == nullptr) return std::nullopt;  // reported: the schema requires it
    errors_before_ = loader_.diagnostics().error_count();
    component_ = loader_.component(*equations, path("equations"));
    if (component_.mapping.empty()) return std::nullopt;  // reported: there is no such file, or it is broken
    // Equations in the process itself declare their parameters and inputs there; a component file does so
    // itself.
    from_file_ = component_.find("units") != nullptr || component_.find("states") != nullptr;
    check_keys();
    const Value* text = component_.find("equations");
    if (text == nullptr) {
      if (!failed())
        loader_.error(component_.place, path("equations"), "the component has no equations", "equations: |");
      return std::nullopt;
    }
    const std::size_t mistakes = loader_.diagnostics().error_count();
    statements_ = loader_.statements(*text, path("equations"));
    equations_read_ = loader_.diagnostics().error_count() == mistakes;
    equations_broken_ = failed();
    read_units();
    Component result;
    result.parameters = ports("parameters", true);
    result.inputs = ports("inputs", true);
    result.states = states();
    if (failed()) return std::nullopt;
    result.events = jumps("events", result);
    result.receivers = jumps("on", result);
    if (failed()) return std::nullopt;
    result.graph = std::make_shared<expr::Graph>();
    if (!lower(result)) return std::nullopt;
    result.outputs = outputs(result);
    check_units_are_used(result);
    if (const Unit* time = unit("time")) result.time = *time;
    if (const auto found = units_.find("position"); found != units_.end())
      result.position = found->second.unit;
    if (failed()) return std::nullopt;
    std::map<std::string, Dimension> dimensions;
    for (const auto& [name, stated] : units_) dimensions[name] = stated.unit.dimension();
    warn_of_dimensions(loader_, statements_, dimensions, path("equations"));
    return result;
  }

 private:
  struct NamedUnit {
    Unit unit;
    Place place;
    std::string path;
  };

  std::string path(const std::string& key) const { return process_.path() + "." + key; }
  bool failed() const { return loader_.diagnostics().error_count() > errors_before_; }

  void check_keys() {
    if (!from_file_) return;
    for (const auto& member : component_.mapping) {
      const auto& known = component_keys();
      if (std::find(known.begin(), known.end(), member.key) != known.end()) continue;
      loader_.error(member.key_place, path("equations") + "." + member.key,
                    fmt::format("unknown key '{}' of a component", member.key), "",
                    suggestion(member.key, known));
    }
  }

  // The members of a mapping of the component and of the process; those of the process come later.
  std::vector<Entry> entries(const std::string& key) const {
    std::vector<Entry> result;
    const auto take = [&](const Value* mapping, const std::string& prefix) {
      if (mapping == nullptr || mapping->kind == Value::Kind::null) return;
      if (mapping->kind != Value::Kind::mapping) {
        loader_.error(mapping->place, prefix, "is " + mapping->description(), "a mapping of names to values");
        return;
      }
      for (const auto& member : mapping->mapping) {
        result.push_back({member.key, member.value, member.key_place, prefix + "." + member.key});
      }
    };
    take(component_.find(key), path("equations") + "." + key);
    return result;
  }

  std::vector<Entry> entries_of_process(const std::string& key) const {
    std::vector<Entry> result;
    const Value* mapping = process_.raw(key);
    if (mapping == nullptr || mapping->kind != Value::Kind::mapping) return result;
    for (const auto& member : mapping->mapping) {
      result.push_back({member.key, member.value, member.key_place, path(key) + "." + member.key});
    }
    return result;
  }

  void read_units() {
    std::vector<Entry> all = entries("units");
    const std::vector<Entry> own = entries_of_process("units");
    for (const Entry& entry : own) {
      for (const Entry& stated : all) {
        if (stated.name == entry.name) {
          loader_.error(entry.place, entry.path,
                        fmt::format("the component states the unit of '{}' itself ({})", entry.name,
                                    stated.value.place.text()));
        }
      }
    }
    all.insert(all.end(), own.begin(), own.end());
    for (const Entry& entry : all) {
      auto unit = modelfile::read_unit(loader_, entry.value, entry.path);
      if (!unit) continue;
      if (unit->offset() != 0.0) {
        loader_.error(entry.value.place, entry.path, fmt::format("'{}' has an offset", unit->text()),
                      "a unit whose zero is zero, such as K");
      }
      units_[entry.name] = {*unit, entry.place, entry.path};
    }
    const Unit* time = unit("time");
    const auto& dimensions = loader_.dimensions();
    const Dimension model_time = dimensions.at("time");
    if (time == nullptr) {
      loader_.error(units_place(), path("units"), "the unit of 'time' is missing", "time: ms, for example");
    } else if (time->dimension() != model_time) {
      const bool plain = model_time.dimensionless();
      loader_.error(units_["time"].place, units_["time"].path,
                    fmt::format("the equations count time in '{}', but the schedule's step is {}",
                                time->text(), plain ? "a plain number" : "a time"),
                    plain ? "time: 1" : "a unit of time such as ms");
    }
  }

  Place units_place() const {
    const Value* units = component_.find("units");
    if (units != nullptr) return units->place;
    return process_.has("units") ? process_.place("units") : component_.place;
  }

  const Unit* unit(const std::string& name) const {
    const auto found = units_.find(name);
    return found == units_.end() ? nullptr : &found->second.unit;
  }

  // The unit of a port, or an error that it is missing.
  Unit needed_unit(const std::string& name, const std::string& what, const Place& place) {
    if (const Unit* found = unit(name)) return *found;
    std::vector<std::string> names;
    for (const auto& [known, ignored] : units_) names.push_back(known);
    const std::string near = nearest_name(name, names);
    loader_.error(place, path("units"), fmt::format("{} '{}' has no unit", what, name),
                  fmt::format("'{}: ...' under units (1 if it has none)", name),
                  near.empty() ? "" : fmt::format("there is a unit for '{}'", near));
    return {};
  }

  std::vector<ComponentPort> ports(const std::string& key, bool process_may_declare) {
    const std::string what = key.substr(0, key.size() - 1);
    std::vector<ComponentPort> result;
    for (const Entry& entry : entries(key)) {
      result.push_back({entry.name, needed_unit(entry.name, what, entry.place), entry.value, entry.path});
    }
    std::vector<std::string> names;
    for (const auto& port : result) names.push_back(port.name);
    for (const Entry& entry : entries_of_process(key)) {
      if (std::find(names.begin(), names.end(), entry.name) != names.end()) continue;
      if (from_file_ || !process_may_declare) {
        loader_.error(entry.place, entry.path, fmt::format("the component has no {} '{}'", what, entry.name),
                      "", suggestion(entry.name, names));
      } else {
        result.push_back({entry.name, needed_unit(entry.name, what, entry.place), std::nullopt, entry.path});
      }
    }
    return result;
  }

  std::vector<ComponentPort> states() {
    std::vector<Entry> given = entries("states");
    const std::vector<Entry> own = entries_of_process("states");
    given.insert(given.end(), own.begin(), own.end());
    const std::vector<Entry> initial = entries_of_process("initial");
    std::map<std::string, const Entry*> stated;
    // Those of the process come later, and go before those of the file.
    for (const Entry& e : given) stated[e.name] = &e;
    std::set<std::string> started;
    for (const Entry& e : initial) started.insert(e.name);
    for (const Entry& e : own)
      if (started.contains(e.name) && e.value.place.file.starts_with("--set "))
        loader_.error(e.value.place, e.path,
                      fmt::format("has no effect: 'initial' says where '{}' starts", e.name), "",
                      fmt::format("--set {}.{}=VALUE instead", path("initial"), e.name));
    const Value* fields = process_.raw("fields");
    std::vector<ComponentPort> result;
    std::set<std::string> rated;
    for (const auto& statement : statements_) {
      const std::string& name = statement.name;
      if (statement.kind != expr::Statement::Kind::rate) continue;
      if (!rated.insert(name).second) continue;  // lower_block reports it
      ComponentPort port{name, {}, std::nullopt, path("states") + "." + name};
      Place place = statement.place;
      if (const auto found = stated.find(name); found != stated.end()) {
        place = found->second->place;
        port.value = found->second->value;
        port.path = found->second->path;
      } else if (!started.contains(name) && (fields == nullptr || fields->find(name) == nullptr)) {
        std::vector<std::string> names;
        for (const Entry& e : given) names.push_back(e.name);
        const std::string near = nearest_name(name, names);
        loader_.error(statement.place, path("equations"),
                      fmt::format("the rate of '{}' is given, but no state of that name", name),
                      fmt::format("'{}: VALUE' under states", name),
                      near.empty() ? "" : fmt::format("did you mean '{}'?", near));
        continue;
      }
      port.unit = needed_unit(name, "state", place);
      result.push_back(std::move(port));
    }
    for (const std::vector<Entry>* list : {&std::as_const(given), &initial}) {
      for (const Entry& entry : *list) {
        if (rated.contains(entry.name) || !equations_read_) continue;
        loader_.error(entry.place, entry.path, fmt::format("state '{}' has no rate", entry.name),
                      fmt::format("an equation {}' = ...", entry.name),
                      suggestion(entry.name, {rated.begin(), rated.end()}));
      }
    }
    const bool of_use =
        component_.find("outputs") != nullptr || process_.has("outputs") || process_.has("contribute");
    if (rated.empty() && !of_use && !failed()) {
      loader_.error(component_.place, path("equations"), "no equation gives a rate",
                    "at least one equation x' = ..., or 'outputs': intermediates that become fields");
    }
    return result;
  }

  /// Events, or what arrives: with their expressions as statements under names of their own, so that they
  /// see everything that the equations see.
  std::vector<ComponentJump> jumps(const std::string& key, const Component& component) {
    std::vector<Entry> all = entries(key);
    const std::vector<Entry> own = entries_of_process(key);
    all.insert(all.end(), own.begin(), own.end());
    std::vector<ComponentJump> result;
    for (const Entry& entry : all) {
      const auto same = [&](const ComponentJump& known) { return known.name == entry.name; };
      if (std::any_of(result.begin(), result.end(), same)) {
        loader_.error(entry.place, entry.path, fmt::format("'{}' is stated twice", entry.name));
        continue;
      }
      ComponentJump jump;
      jump.name = entry.name;
      jump.place = entry.place;
      jump.path = entry.path;
      const Value* then = &entry.value;
      if (key == "events") {
        then = entry.value.kind == Value::Kind::mapping ? entry.value.find("then") : nullptr;
        if (!read_event(entry, jump)) continue;
      } else {
        jump.weight = needed_unit(entry.name, "what arrives at", entry.place);
      }
      if (then == nullptr) {
        result.push_back(std::move(jump));
        continue;
      }
      if (then->kind != Value::Kind::mapping) {
        loader_.error(then->place, entry.path, "is " + then->description(),
                      "new values of states, such as {V: V_reset}");
        continue;
      }
      for (const auto& member : then->mapping) assignment(member, entry.path, component, jump);
      result.push_back(std::move(jump));
    }
    return result;
  }

  bool read_event(const Entry& entry, ComponentJump& jump) {
    if (entry.value.kind != Value::Kind::mapping) {
      loader_.error(entry.value.place, entry.path, "is " + entry.value.description(),
                    "{when: EXPRESSION, then: {STATE: NEW VALUE}}");
      return false;
    }
    const std::vector<std::string> known{"when", "direction", "then", "priority"};
    for (const auto& member : entry.value.mapping)
      if (std::find(known.begin(), known.end(), member.key) == known.end())
        loader_.error(member.key_place, entry.path + '.' + member.key,
                      fmt::format("unknown key '{}' of an event", member.key), "",
                      suggestion(member.key, known));
    const Value* when = entry.value.find("when");
    if (when == nullptr) {
      loader_.error(entry.place, entry.path, "does not say when it happens",
                    "when: EXPRESSION, which crosses zero then");
      return false;
    }
    add_statement(*when, entry.path + ".when", statement_name(entry.path, "when"));
    if (const Value* direction = entry.value.find("direction")) {
      const std::vector<std::string> directions{"rising", "falling", "either"};
      jump.direction = loader_.text(*direction, entry.path + ".direction").value_or("rising");
      if (std::find(directions.begin(), directions.end(), jump.direction) == directions.end())
        loader_.error(direction->place, entry.path + ".direction",
                      fmt::format("'{}' is no direction", jump.direction), "rising, falling or either");
    }
    if (const Value* priority = entry.value.find("priority"))
      jump.priority = static_cast<int>(loader_.integer(*priority, entry.path + ".priority").value_or(0));
    return true;
  }

  void assignment(const Value::Member& member, const std::string& where, const Component& component,
                  ComponentJump& jump) {
    const auto state = std::find_if(component.states.begin(), component.states.end(),
                                    [&](const ComponentPort& known) { return known.name == member.key; });
    if (state == component.states.end()) {
      std::vector<std::string> names;
      for (const auto& known : component.states) names.push_back(known.name);
      loader_.error(member.key_place, where + '.' + member.key,
                    fmt::format("the equations have no state '{}'", member.key), "",
                    suggestion(member.key, names));
      return;
    }
    add_statement(member.value, where + '.' + member.key, statement_name(jump.path, member.key));
    jump.then.push_back({static_cast<std::size_t>(state - component.states.begin()), {}});
  }

  static std::string statement_name(const std::string& path, const std::string& key) {
    return path + " : " + key;  // no name of the equation language
  }

  void add_statement(const Value& value, const std::string& where, const std::string& name) {
    if (value.kind != Value::Kind::scalar) {
      loader_.error(value.place, where, "is " + value.description(), "an expression");
      return;
    }
    const bool marked = value.is_equation();
    Diagnostics found;
    const auto syntax =
        expr::parse_expression(marked ? std::string_view(value.scalar).substr(1) : value.scalar,
                               {value.place, where, marked ? 1 : 0}, false, found);
    loader_.take(found);
    if (syntax)
      jump_statements_.push_back({expr::Statement::Kind::assignment, name, {}, syntax, value.place});
  }

  /// What the expressions of jumps became; `weight` belongs to what arrives alone.
  void find_jumps(Component& result) {
    const auto node = [&](const std::string& name) { return result.equations.assignments.at(name); };
    for (auto* list : {&result.events, &result.receivers})
      for (ComponentJump& jump : *list)
        for (auto& assignment : jump.then)
          assignment.value = node(statement_name(jump.path, result.states[assignment.state].name));
    for (ComponentJump& event : result.events) event.when = node(statement_name(event.path, "when"));
    for (const expr::Statement& statement : jump_statements_)
      result.equations.assignments.erase(statement.name);
    std::vector<expr::Node> others = result.equations.rates;
    for (const ComponentJump& event : result.events) {
      others.push_back(event.when);
      for (const auto& assignment : event.then) others.push_back(assignment.value);
    }
    for (const auto& [name, value] : result.equations.assignments) others.push_back(value);
    if (result.receivers.empty()) return;
    for (const expr::Node symbol : free_symbols(*result.graph, others))
      if (result.graph->symbol_name(symbol) == "weight")
        loader_.error(result.receivers.front().place, result.receivers.front().path,
                      "'weight' is what an event carries, and stands in equations that are not under 'on'",
                      "another name there");
  }

  bool lower(Component& result) {
    std::vector<std::string> symbols{"time"};
    if (!result.receivers.empty()) symbols.emplace_back("weight");
    for (const auto* list : {&result.parameters, &result.inputs}) {
      for (const auto& port : *list) symbols.push_back(port.name);
    }
    if (units_.contains("position"))
      symbols.insert(symbols.end(), {"position.x", "position.y", "position.z", "position.r"});
    Diagnostics found;
    std::vector<expr::Statement> all = statements_;
    all.insert(all.end(), jump_statements_.begin(), jump_statements_.end());
    auto lowered = expr::lower_block(*result.graph, all, symbols, path("equations"), found);
    loader_.take(found);
    if (!lowered || found.has_errors()) return false;
    result.equations = std::move(*lowered);
    find_jumps(result);
    return true;
  }

  std::vector<ComponentPort> outputs(const Component& lowered) {
    // A process that lists outputs takes these instead of the component's.
    const Value* own = process_.raw("outputs");
    const Value* list = own != nullptr ? own : component_.find("outputs");
    std::vector<ComponentPort> result;
    if (list == nullptr) return result;
    const std::string where = own != nullptr ? path("outputs") : path("equations") + ".outputs";
    std::vector<Value> names = list->kind == Value::Kind::list ? list->list : std::vector<Value>{*list};
    std::vector<std::string> known;
    for (const auto& [name, node] : lowered.equations.assignments) known.push_back(name);
    std::set<std::string> seen;
    for (const Value& value : names) {
      if (value.kind == Value::Kind::null) continue;
      const auto name = loader_.text(value, where);
      if (!name || !seen.insert(*name).second) continue;
      if (!lowered.equations.assignments.contains(*name)) {
        loader_.error(value.place, where,
                      fmt::format("output '{}' is no named intermediate of the equations", *name), "",
                      suggestion(*name, known));
        continue;
      }
      result.push_back({*name, needed_unit(*name, "output", value.place), std::nullopt, where});
    }
    return result;
  }

  void check_units_are_used(const Component& lowered) {
    std::set<std::string> names{"time", "position"};
    for (const auto* list : {&lowered.states, &lowered.parameters, &lowered.inputs, &lowered.outputs}) {
      for (const auto& port : *list) names.insert(port.name);
    }
    for (const auto& [name, node] : lowered.equations.assignments) names.insert(name);
    for (const auto& receiver : lowered.receivers) names.insert(receiver.name);
    for (const auto& [name, stated] : units_) {
      if (names.contains(name)) continue;
      loader_.error(stated.place, stated.path,
                    fmt::format("a unit is given for '{}', which the component does not have", name), "",
                    suggestion(name, {names.begin(), names.end()}));
    }
  }

  const modelfile::Section& process_;
  Loader& loader_;
  std::size_t errors_before_ = 0;
  Value component_;
  bool from_file_ = false;
  std::vector<expr::Statement> statements_;
  std::vector<expr::Statement> jump_statements_;
  bool equations_read_ = false;    // without a mistake: only then does a missing rate mean anything
  bool equations_broken_ = false;  // some statements are missing: they have been reported
  std::map<std::string, NamedUnit> units_;
};

}  // namespace

std::optional<Component> read_component(const modelfile::Section& process) { return Reader(process).read(); }

}  // namespace holon::pointwise

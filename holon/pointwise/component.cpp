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
  static const std::vector<std::string> keys{"holon",   "title",   "source",   "description",
                                             "extends", "units",   "states",   "parameters",
                                             "inputs",  "outputs", "equations"};
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
    for (const Entry& e : given) stated.try_emplace(e.name, &e);
    std::set<std::string> started;
    for (const Entry& e : initial) started.insert(e.name);
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
    if (rated.empty() && !failed()) {
      loader_.error(component_.place, path("equations"), "no equation gives a rate",
                    "at least one equation x' = ...");
    }
    return result;
  }

  bool lower(Component& result) {
    std::vector<std::string> symbols{"time"};
    for (const auto* list : {&result.parameters, &result.inputs}) {
      for (const auto& port : *list) symbols.push_back(port.name);
    }
    if (units_.contains("position"))
      symbols.insert(symbols.end(), {"position.x", "position.y", "position.z", "position.r"});
    Diagnostics found;
    auto lowered = expr::lower_block(*result.graph, statements_, symbols, path("equations"), found);
    loader_.take(found);
    if (lowered) result.equations = std::move(*lowered);
    return lowered.has_value() && !found.has_errors();
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
  bool equations_read_ = false;    // without a mistake: only then does a missing rate mean anything
  bool equations_broken_ = false;  // some statements are missing: they have been reported
  std::map<std::string, NamedUnit> units_;
};

}  // namespace

std::optional<Component> read_component(const modelfile::Section& process) { return Reader(process).read(); }

}  // namespace holon::pointwise

// The section `connections:`: what carries events from one process to another.
#include "holon/modelfile/build.hpp"
#include "holon/modelfile/model_schema.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace holon::modelfile {

using Value = Document::Value;

namespace {

class ConnectionReader {
 public:
  ConnectionReader(Loader& loader, const Value::Member& entry)
      : loader_(loader),
        entry_(entry),
        section_(loader, &entry.value, &connection_schema(), "connections." + entry.key,
                 loader.dimensions()) {}

  void read() {
    if (entry_.value.kind != Value::Kind::mapping) return;  // reported by validate_model
    EventConnection connection;
    connection.name = entry_.key;
    connection.place = entry_.key_place;
    const auto from = channel("from", Port::Role::emit), to = channel("to", Port::Role::receive);
    if (!from || !to) return;
    connection.from = *from;
    connection.to = *to;
    if (!paths(connection)) return;
    connection.delay = section_.coefficient("delay");
    const Field& arrives = (*loader_.model().fields)[*to];
    if (const Value* weight = section_.raw("weight"))
      if (auto coefficient = loader_.coefficient_in(*weight, section_.path_of("weight"), arrives.unit))
        connection.weight = std::move(*coefficient);
    for (const auto& [key, coefficient] :
         {std::pair{"delay", &connection.delay}, std::pair{"weight", &connection.weight}})
      if (!lives_on(key, *coefficient, connection)) return;
    loader_.model().connections.push_back(std::move(connection));
  }

 private:
  std::optional<FieldId> channel(const char* key, Port::Role role) {
    if (!section_.has(key)) return std::nullopt;
    const std::string name = section_.text(key);
    std::vector<std::string> known;
    const Model& model = loader_.model();
    for (const auto& process : model.processes)
      for (const Port& port : process->ports()) {
        if (port.role != role) continue;
        if ((*model.fields)[port.field].name == name) return port.field;
        known.push_back((*model.fields)[port.field].name);
      }
    if (loader_.broken(name)) return std::nullopt;
    const bool emits = role == Port::Role::emit;
    section_.error(key,
                   fmt::format("no process {} '{}'", emits ? "has an event" : "receives events as", name),
                   known.empty() ? (emits ? "a process with 'events'" : "a process with 'on'") : "",
                   known.empty() ? "" : suggestion(name, known));
    return std::nullopt;
  }

  bool paths(EventConnection& connection) {
    const FieldTable& fields = *loader_.model().fields;
    const Space &from = *fields[connection.from].space, &to = *fields[connection.to].space;
    const auto places = [&] {
      return fmt::format("'{}' lives on '{}' and '{}' on '{}'", fields[connection.from].name, from.name(),
                         fields[connection.to].name, to.name());
    };
    if (!section_.has("over")) {
      if (from.single() && to.single()) return true;
      section_.loader().error(entry_.key_place, section_.path_of("over"),
                              places() + ", and nothing says which sites reach which",
                              "'over: NAME.edges', 'over: one_to_one' or 'over: all_to_all'");
      return false;
    }
    const std::string over = section_.text("over");
    if (over == "all_to_all") {
      connection.paths = EventConnection::Paths::all_to_all;
      return true;
    }
    if (over == "one_to_one") {
      if (from.sites() == to.sites()) return true;
      section_.error("over",
                     fmt::format("{}, which have {} and {} sites", places(), from.sites(), to.sites()),
                     "spaces of the same number of sites");
      return false;
    }
    const auto& spaces = loader_.model().spaces;
    const auto found = spaces.find(over);
    const auto edges =
        found != spaces.end() ? std::dynamic_pointer_cast<const EdgeSpace>(found->second) : nullptr;
    if (!edges) {
      std::vector<std::string> known{"all_to_all", "one_to_one"};
      for (const auto& [name, space] : spaces)
        if (space->type() == Space::Type::edges) known.push_back(name);
      section_.error("over", "'" + over + "' are no edges of a network", "", suggestion(over, known));
      return false;
    }
    for (const Space* space : {&from, &to})
      if (space != edges->network().get()) {
        section_.error(
            "over",
            fmt::format("{}, but '{}' joins the nodes of '{}'", places(), over, edges->network()->name()),
            "processes on the nodes of that network");
        return false;
      }
    connection.paths = EventConnection::Paths::edges;
    connection.edges = edges;
    return true;
  }

  /// Along edges a coefficient may differ from edge to edge; else it is one number.
  bool lives_on(const char* key, const Coefficient& coefficient, const EventConnection& connection) {
    const auto* values = coefficient.values_per_site();
    const std::size_t sites = connection.edges ? connection.edges->sites() : 1;
    if (values == nullptr || values->size() == sites) return true;
    section_.error(key, fmt::format("has {} values", values->size()),
                   connection.edges ? fmt::format("{}, one for each edge", sites) : "one number");
    return false;
  }

  Loader& loader_;
  const Value::Member& entry_;
  Section section_;
};

}  // namespace

void build_connections(Loader& loader, const Value& root) {
  for (const auto* entry : entries(root, "connections")) {
    try {
      ConnectionReader(loader, *entry).read();
    } catch (const Abandoned&) {
      continue;  // reported where it was thrown
    } catch (const InputError& problem) {
      loader.take(problem, entry->value.place, "connections." + entry->key);
    }
  }
}

}  // namespace holon::modelfile

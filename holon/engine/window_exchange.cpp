#include "holon/engine/window_exchange.hpp"

#include "holon/base/error.hpp"
#include "holon/engine/model.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

namespace holon {

namespace {

[[noreturn]] void refuse(const Window& window, std::string message, std::string expected,
                         std::string hint = "") {
  throw InputError(Diagnostic{.place = window.place,
                              .path = "schedule.iterate",
                              .message = std::move(message),
                              .expected = std::move(expected),
                              .hint = std::move(hint)});
}

class Analysis {
 public:
  Analysis(const Model& model, const Window& window) : model_(model), window_(window) {
    result_.read_by.resize(window.members.size());
    for (std::size_t m = 0; m < window.members.size(); ++m)
      for (const ProcessId p : window.members[m].processes) take_in(m, *model.processes[p]);
    for (std::size_t m = 0; m < window.members.size(); ++m)
      for (const ProcessId p : window.members[m].processes) contributions_of(m, *model.processes[p]);
    for (const auto& process : model.processes)
      for (const Port& port : process->ports())
        if (port.role == Port::Role::determine) determiner_[port.field] = process.get();
  }

  WindowExchange run() {
    for (std::size_t m = 0; m < window_.members.size(); ++m)
      for (const ProcessId p : window_.members[m].processes)
        for (const Port& port : model_.processes[p]->ports())
          if (port.role == Port::Role::read) read(m, *model_.processes[p], port.field);
    const int degree = window_.options.degree;
    for (const Exchange& exchange : result_.fields) {
      const Window::Member& member = window_.members[exchange.producer];
      const std::string& name = model_.processes[member.processes.front()]->name();
      if (member.parts < degree)
        refuse(window_,
               fmt::format("waveforms of degree {} go through {} values, and '{}' gives {} in a window",
                           degree, degree + 1, name, member.parts + 1),
               fmt::format("substeps: {{{}: {}}} or more, or a lower degree", name, degree));
    }
    return std::move(result_);
  }

 private:
  void take_in(std::size_t member, const Process& process) {
    if (process.traits().resizes)
      refuse(window_, fmt::format("'{}' changes the number of sites", process.name()),
             "processes on a fixed number of sites in a window that is repeated");
    for (const FieldId field : fields_changed_by(process, *model_.fields)) {
      if (has_port(process, field, Port::Role::contribute) || has_port(process, field, Port::Role::determine))
        continue;
      const auto [owner, first] = owner_.try_emplace(field, member);
      if (!first && owner->second != member)
        refuse(window_,
               fmt::format("field '{}' is advanced by two of its members", (*model_.fields)[field].name),
               "each field advanced by one member",
               "what acts on one field is one member: {lie: [...]} or {strang: [...]}");
      if (first) result_.changed.push_back(field);
    }
  }

  static bool has_port(const Process& process, FieldId field, Port::Role role) {
    const Ports ports = process.ports();
    return std::any_of(ports.begin(), ports.end(),
                       [&](const Port& port) { return port.field == field && port.role == role; });
  }

  void contributions_of(std::size_t member, const Process& process) {
    for (const Port& port : process.ports()) {
      if (port.role != Port::Role::contribute) continue;
      const auto [owner, first] = owner_.try_emplace(port.field, member);
      if (first) result_.changed.push_back(port.field);
      if (owner->second == member) continue;
      const bool known = std::any_of(result_.fields.begin(), result_.fields.end(), [&](const Exchange& e) {
        return e.taker && e.field == port.field && e.producer == member;
      });
      if (!known)
        result_.fields.push_back({port.field,
                                  member,
                                  member > owner->second,
                                  {},
                                  {},
                                  owner->second,
                                  rounding_of(process, port.field)});
    }
  }

  std::optional<AccountId> rounding_of(const Process& process, FieldId field) const {
    for (AccountId a = 0; a < model_.accounts.size(); ++a) {
      const LedgerAccount& account = model_.accounts[a];
      if (account.field == field && account.process == process.name() && account.channel == "rounding")
        return a;
    }
    return std::nullopt;
  }

  void read(std::size_t member, const Process& reader, FieldId field) {
    const std::set<FieldId> sources = advanced_sources(field);
    std::set<std::size_t> producers;
    for (const FieldId source : sources)
      if (const auto owner = owner_.find(source); owner != owner_.end()) producers.insert(owner->second);
    if (producers.empty()) return;
    const bool by_itself = std::any_of(sources.begin(), sources.end(), [&](FieldId source) {
      return source != field && has_port(reader, source, Port::Role::advance);
    });
    if (producers.size() == 1 && producers.contains(member) && !by_itself) return;
    if (producers.size() == 1) {
      exchange(member, field, *producers.begin());
      return;
    }
    // Determined from what several members change: the reader determines it from their waveforms; where its
    // own fields are among them, at the ends of its substeps.
    std::vector<std::size_t> others;
    for (const FieldId source : sources)
      if (const auto owner = owner_.find(source); owner != owner_.end() && owner->second != member)
        if (const auto index = exchange(member, source, owner->second)) others.push_back(*index);
    if (!by_itself) return;
    if (const auto index = exchange(member, field, member)) result_.fields[*index].others = others;
  }

  /// The fields that are not determined themselves and from which a field follows; itself where it is none.
  std::set<FieldId> advanced_sources(FieldId field) const {
    const auto determiner = determiner_.find(field);
    if (determiner == determiner_.end() || owner_.contains(field)) return {field};
    std::set<FieldId> sources;
    for (const FieldId from : determiner->second->determined_from()) sources.merge(advanced_sources(from));
    return sources;
  }

  /// The index among the exchanges; none for what is not real.
  std::optional<std::size_t> exchange(std::size_t member, FieldId field, std::size_t producer) {
    if ((*model_.fields)[field].type != FieldType::real) return std::nullopt;
    auto found = std::find_if(result_.fields.begin(), result_.fields.end(), [&](const Exchange& known) {
      return !known.taker && known.field == field && known.producer == producer;
    });
    if (found == result_.fields.end()) {
      const auto determiners = model_.determination.before([&](FieldId other) { return other == field; });
      found = result_.fields.insert(found, {field, producer, false, determiners, {}, {}, {}});
    }
    if (producer >= member) found->back = true;
    auto& reads = result_.read_by[member];
    const auto index = static_cast<std::size_t>(found - result_.fields.begin());
    if (std::find(reads.begin(), reads.end(), index) == reads.end()) reads.push_back(index);
    return index;
  }

  const Model& model_;
  const Window& window_;
  std::map<FieldId, std::size_t> owner_;
  std::map<FieldId, const Process*> determiner_;
  WindowExchange result_;
};

}  // namespace

bool WindowExchange::feeds_back() const {
  return std::any_of(fields.begin(), fields.end(), [](const Exchange& exchange) { return exchange.back; });
}

WindowExchange WindowExchange::of(const Model& model, const Window& window) {
  return Analysis(model, window).run();
}

}  // namespace holon

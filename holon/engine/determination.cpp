#include "holon/engine/determination.hpp"

#include "holon/base/error.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

namespace holon {

Determination::Determination(const std::vector<std::unique_ptr<Process>>& processes, const FieldTable& fields,
                             std::vector<ProcessId> solved)
    : solved_(std::move(solved)) {
  std::map<FieldId, ProcessId> determiner;
  for (ProcessId p = 0; p < processes.size(); ++p) {
    Determiner found{p, {}, {}};
    for (const Port& port : processes[p]->ports()) {
      if (port.role != Port::Role::determine) continue;
      const auto [other, first] = determiner.try_emplace(port.field, p);
      if (!first)
        throw InputError(fmt::format("field '{}' is determined by '{}' and by '{}'", fields[port.field].name,
                                     processes[other->second]->name(), processes[p]->name()));
      found.determines.push_back(port.field);
    }
    if (std::find(solved_.begin(), solved_.end(), p) != solved_.end()) {
      for (const FieldId field : found.determines) determiner.erase(field);
      continue;
    }
    if (!found.determines.empty()) determiners_.push_back(std::move(found));
  }

  enum class Visit { none, under_way, done };
  std::vector<Visit> visits(processes.size(), Visit::none);
  std::vector<ProcessId> path;
  const std::function<void(ProcessId)> visit = [&](ProcessId p) {
    if (visits[p] == Visit::done) return;
    if (visits[p] == Visit::under_way) {
      std::string circle;
      for (auto step = std::find(path.begin(), path.end(), p); step != path.end(); ++step)
        circle += processes[*step]->name() + " reads what is determined by ";
      throw InputError(fmt::format(
          "what process '{}' determines depends on itself: {}{}; `together: {{do: [...]}}` with "
          "all of them solves such a circle, and fields of processes of type 'map' may depend on each "
          "other in an 'iterate'",
          processes[p]->name(), circle, processes[p]->name()));
    }
    visits[p] = Visit::under_way;
    path.push_back(p);
    std::vector<ProcessId> needs;
    for (const FieldId field : processes[p]->determined_from()) {
      const auto other = determiner.find(field);
      // What a process begins its own search from (a field at rest) is no circle.
      if (other == determiner.end() || other->second == p) continue;
      visit(other->second);
      for (const ProcessId need : find(other->second)->needs)
        if (std::find(needs.begin(), needs.end(), need) == needs.end()) needs.push_back(need);
    }
    needs.push_back(p);
    std::find_if(determiners_.begin(), determiners_.end(), [&](const Determiner& d) {
      return d.process == p;
    })->needs = std::move(needs);
    visits[p] = Visit::done;
    path.pop_back();
    order_.push_back(p);
  };
  for (const Determiner& each : determiners_) visit(each.process);
}

const Determination::Determiner* Determination::find(ProcessId process) const {
  for (const Determiner& each : determiners_)
    if (each.process == process) return &each;
  return nullptr;
}

std::vector<ProcessId> Determination::before(const std::function<bool(FieldId)>& reads) const {
  std::vector<bool> needed(order_.empty() ? 0 : *std::max_element(order_.begin(), order_.end()) + 1, false);
  for (const Determiner& each : determiners_)
    if (std::any_of(each.determines.begin(), each.determines.end(), reads))
      for (const ProcessId need : each.needs) needed[need] = true;
  std::vector<ProcessId> list;
  for (const ProcessId process : order_)
    if (needed[process]) list.push_back(process);
  return list;
}

std::vector<ProcessId> Determination::before(const Process& process) const {
  const Ports ports = process.ports();
  return before([&](FieldId field) {
    return std::any_of(ports.begin(), ports.end(), [&](const Port& port) {
      return port.field == field && port.role == Port::Role::read;
    });
  });
}

}  // namespace holon

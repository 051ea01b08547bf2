#include "holon/engine/model_checks.hpp"

#include "holon/base/error.hpp"
#include "holon/engine/quasi_steady.hpp"
#include "holon/engine/restructure.hpp"
#include "holon/engine/together.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include <fmt/format.h>

namespace holon::checks {

void refuse(const ScheduleNode& node, std::string path, std::string message, std::string expected,
            std::string hint) {
  throw InputError(Diagnostic{.place = node.place,
                              .path = std::move(path),
                              .message = std::move(message),
                              .expected = std::move(expected),
                              .hint = std::move(hint)});
}

const ScheduleNode* find_advance(const ScheduleNode& node, ProcessId process) {
  if (node.kind == ScheduleNode::Kind::advance) return node.process == process ? &node : nullptr;
  for (const ScheduleNode& child : node.children)
    if (const ScheduleNode* found = find_advance(child, process)) return found;
  return nullptr;
}

namespace {

std::int64_t longest_every(const ScheduleNode& node, std::int64_t steps) {
  if (node.kind == ScheduleNode::Kind::every && steps % node.count != 0) return node.count;
  for (const ScheduleNode& child : node.children)
    if (const std::int64_t bad = longest_every(child, steps)) return bad;
  return 0;
}

bool has_events(const Process& process) {
  const Ports ports = process.ports();
  return std::any_of(ports.begin(), ports.end(), [](const Port& port) {
    return port.role == Port::Role::emit || port.role == Port::Role::receive;
  });
}

}  // namespace

void owners(const Model& model) {
  // Every process runs, and several owners of a field are a splitting that somebody wrote down.
  const std::vector<ProcessId> below = processes_below(model.schedule.root);
  const std::set<ProcessId> scheduled(below.begin(), below.end());
  std::map<FieldId, std::vector<std::string>> owners;
  const auto advances = [](const Process& process) {
    const Ports ports = process.ports();
    return std::any_of(ports.begin(), ports.end(), [](const Port& p) {
      return p.role != Port::Role::read && p.role != Port::Role::determine;
    });
  };
  for (std::size_t p = 0; p < model.processes.size(); ++p) {
    // What only determines fields is called when somebody looks.
    if (!scheduled.contains(static_cast<ProcessId>(p)) && advances(*model.processes[p]))
      refuse(model.schedule.root, "schedule",
             fmt::format("process '{}' is not in the schedule", model.processes[p]->name()),
             "every process to be advanced");
    for (const Port& port : model.processes[p]->ports())
      if (port.role == Port::Role::advance) owners[port.field].push_back(model.processes[p]->name());
  }
  const std::vector<ProcessId> members = solved_together(model);
  for (std::size_t p = 0; p < model.processes.size(); ++p)
    for (const Port& port : model.processes[p]->ports())
      if (const auto found = owners.find(port.field);
          port.role == Port::Role::determine && found != owners.end() &&
          std::find(members.begin(), members.end(), static_cast<ProcessId>(p)) == members.end())
        refuse(
            model.schedule.root, "schedule",
            fmt::format("'{}' says what field '{}' is at every moment, and '{}' advances it",
                        model.processes[p]->name(), (*model.fields)[port.field].name, found->second.front()),
            "one or the other", "what else changes it can be a source of the first");
  for (const auto& [field, names] : owners)
    if (names.size() > 1 && !model.schedule.order_stated)
      refuse(model.schedule.root, "schedule",
             fmt::format("field '{}' is advanced by '{}' and '{}', and no splitting says in which order",
                         (*model.fields)[field].name, names[0], names[1]),
             fmt::format("for example strang: [{}, {}]", names[0], names[1]));
  if (const std::int64_t every = longest_every(model.schedule.root, model.schedule.steps))
    refuse(model.schedule.root, "schedule",
           fmt::format("a process is advanced every {} steps, but the run has {} steps", every,
                       model.schedule.steps),
           fmt::format("a number of steps divisible by {}", every));
}

void circles(const Model& model) {
  const std::size_t count = model.processes.size();
  const auto together = [&](std::size_t a, std::size_t b) {
    const auto holds = [](const Window& window, std::size_t process) {
      return std::any_of(window.members.begin(), window.members.end(), [&](const Window::Member& member) {
        return std::find(member.processes.begin(), member.processes.end(), process) != member.processes.end();
      });
    };
    return std::any_of(model.program.windows.begin(), model.program.windows.end(),
                       [&](const Window& window) { return holds(window, a) && holds(window, b); });
  };
  std::map<FieldId, std::size_t> assigner;
  for (std::size_t p = 0; p < count; ++p)
    for (const FieldId field : model.processes[p]->assigned()) assigner[field] = p;
  std::vector<std::size_t> path;
  std::vector<bool> done(count);
  const std::function<void(std::size_t)> visit = [&](std::size_t p) {
    if (const auto again = std::find(path.begin(), path.end(), p); again != path.end()) {
      std::string circle, names;
      for (auto step = again; step != path.end(); ++step) {
        circle += model.processes[*step]->name() + " reads what is assigned by ";
        names += (names.empty() ? "" : ", ") + model.processes[*step]->name();
      }
      refuse(model.schedule.root, "schedule",
             "these depend on each other in a circle: " + circle + model.processes[p]->name(),
             "an order in which each finds what it reads",
             "{iterate: {do: [" + names + "]}} repeats them, {together: {do: [" + names + "]}} solves them");
    }
    if (done[p]) return;
    path.push_back(p);
    for (const Port& port : model.processes[p]->ports()) {
      const auto other = assigner.find(port.field);
      if (port.role == Port::Role::read && other != assigner.end() && !together(p, other->second))
        visit(other->second);
    }
    path.pop_back();
    done[p] = true;
  };
  for (std::size_t p = 0; p < count; ++p)
    if (!model.processes[p]->assigned().empty()) visit(p);
}

void initial_values(const Model& model, const State& state, ThreadPool& threads) {
  for (const auto& process : model.processes)
    for (const Port& port : process->ports()) {
      if (port.role != Port::Role::advance) continue;
      const Field& field = (*model.fields)[port.field];
      if (field.type != FieldType::real) continue;
      for (int c = 0; c < field.components; ++c)
        if (const auto site = first_not_finite(state.real(port.field, c), threads))
          throw InputError(
              Diagnostic{.path = "initial value of " + field.name,
                         .message = fmt::format("is {} at {}", number_text(state.real(port.field, c)[*site]),
                                                state.site_text(*field.space, *site)),
                         .expected = "a finite number everywhere"});
    }
}

void untimely_events(const Model& model) {
  const auto refuse_process = [&](const Process& process, const std::string& where, const std::string& hint) {
    refuse(model.schedule.root, "schedule", fmt::format("'{}' has events, and {}", process.name(), where),
           "a schedule that follows it in time", hint);
  };
  for (const auto& process : model.processes) {
    if (!has_events(*process)) continue;
    if (model.schedule.to_rest)
      refuse_process(*process, "the run is to rest, in steps that grow", "a finite 'until'");
    const ScheduleNode* node = find_advance(model.schedule.root, model.process_id(process->name()));
    if (node != nullptr && node->steady)
      refuse_process(*process, "is kept at rest", "advance it in time instead of 'steady'");
  }
  if (model.program.merged && has_events(*model.processes[model.program.closing.process]))
    refuse_process(*model.processes[model.program.closing.process], "its half steps are merged",
                   "leave 'merge' out, or put another process first");
}

void late_commits(Model& model) {
  std::vector<Instruction> body = model.program.body;
  if (model.program.merged) body.push_back(model.program.closing);
  for (std::size_t k = 0; k < body.size(); ++k) {
    if (body[k].window || body[k].average) continue;
    const Process& decides = *model.processes[body[k].process];
    const auto* fates = dynamic_cast<const FateProcess*>(&decides);
    if (fates == nullptr) continue;
    const auto commits = [&](const Instruction& later) {
      if (later.window || later.average || later.every > 1) return false;
      const auto* found = dynamic_cast<const Restructure*>(model.processes[later.process].get());
      return found != nullptr && &found->population() == &fates->population();
    };
    if (std::none_of(body.begin() + static_cast<std::ptrdiff_t>(k), body.end(), commits))
      model.warnings.push_back(
          {.severity = Diagnostic::Severity::warning,
           .place = model.schedule.root.place,
           .path = "schedule",
           .message =
               fmt::format("'{}' has a turn after the last {{restructure: {}}} of a step: who divides or "
                           "dies in it is counted a step later, and not at the end of the run",
                           decides.name(), fates->population().name()),
           .hint = "write the restructure after it, for every step"});
  }
}

namespace {

/// Processes of a strang that see fields to which they contribute themselves.
class StaleContributions {
 public:
  explicit StaleContributions(Model& model) : model_(model) {}

  /// `member`: of the innermost window, what of it advances a field is seen as it changes by all others.
  void look(const ScheduleNode& node, const ScheduleNode* member) {
    using Kind = ScheduleNode::Kind;
    if (node.kind == Kind::together || node.kind == Kind::average) return;
    if (node.kind == Kind::strang) look_below(node, node, member);
    for (const ScheduleNode& child : node.children)
      look(child, node.kind == Kind::iterate && !node.of_itself ? &child : member);
  }

 private:
  void look_below(const ScheduleNode& node, const ScheduleNode& strang, const ScheduleNode* member) {
    using Kind = ScheduleNode::Kind;
    if (node.kind == Kind::advance && !node.steady) look_at(node.process, strang, member);
    if (node.kind == Kind::together || node.kind == Kind::average) return;
    if (node.kind == Kind::iterate && !node.of_itself) return;
    for (const ScheduleNode& child : node.children) look_below(child, strang, member);
  }

  void look_at(ProcessId id, const ScheduleNode& strang, const ScheduleNode* member) {
    const Process& process = *model_.processes[id];
    const Ports ports = process.ports();
    std::set<FieldId> seen;
    for (const Port& port : ports)
      if (port.role == Port::Role::read) seen.insert(port.field);
    for (const ProcessId determiner : model_.determination.before(process))
      for (const FieldId from : model_.processes[determiner]->determined_from()) seen.insert(from);
    for (const Port& port : ports) {
      if (port.role != Port::Role::contribute || !seen.contains(port.field)) continue;
      if (member != nullptr && !advanced_below(*member, port.field)) continue;
      if (!said_.insert(id).second) return;
      model_.warnings.push_back(
          {.severity = Diagnostic::Severity::warning,
           .place = strang.place,
           .path = "schedule.strang",
           .message =
               fmt::format("'{0}' contributes to '{1}' and sees it, within its step as at the beginning: "
                           "what passes between them is of first order in the step",
                           process.name(), (*model_.fields)[port.field].name),
           .hint = "members of an `iterate` see each other's fields change (second order), and `together` "
                   "takes all at once"});
    }
  }

  bool advanced_below(const ScheduleNode& member, FieldId field) const {
    for (const ProcessId id : processes_below(member))
      for (const Port& port : model_.processes[id]->ports())
        if (port.role == Port::Role::advance && port.field == field) return true;
    return false;
  }

  Model& model_;
  std::set<ProcessId> said_;
};

}  // namespace

void stale_contributions(Model& model) { StaleContributions(model).look(model.schedule.root, nullptr); }

void long_steps(Model& model) {
  const auto look = [&](const Instruction& instruction, double length) {
    const Process& process = *model.processes[instruction.process];
    const double dt = (instruction.end - instruction.begin).value() * length;
    if (const auto doubt = process.doubt(dt))
      model.warnings.push_back(
          {.severity = Diagnostic::Severity::warning,
           .place = model.schedule.root.place,
           .path = "processes." + process.name(),
           .message = fmt::format("'{}' {}", process.name(), *doubt),
           .hint = "a shorter step, or a subcycle of it together with what spreads the field"});
  };
  const double step = model.schedule.step;
  std::set<ProcessId> seen;
  for (const Instruction& instruction : model.program.body) {
    if (instruction.average) continue;
    if (!instruction.window) {
      if (seen.insert(instruction.process).second) look(instruction, step);
      continue;
    }
    const double part = (instruction.end - instruction.begin).value() * step;
    for (const Window::Member& member : model.program.windows[*instruction.window].members)
      for (const Instruction& inner : member.part) look(inner, part / static_cast<double>(member.parts));
  }
}

void conserved_at_rest(Model& model) {
  for (const auto& process : model.processes) {
    const auto* steady = dynamic_cast<const QuasiSteady*>(process.get());
    if (steady == nullptr || steady->conserved().empty()) continue;
    const Field& field = (*model.fields)[steady->conserved().front()];
    const std::string message = fmt::format(
        "'{}' is kept at rest, and '{}' holds '{}', which is conserved: what it gains or loses as its rest "
        "state moves is taken from nowhere",
        process->name(), field.name, field.conserved.begin()->first);
    const std::string hint =
        "`together: {do: [...]}` with the process that it takes from follows both, however fast it is; or "
        "declare nothing conserved in what is at rest";
    if (model.ledger_rule != LedgerRule::report)
      refuse(model.schedule.root, "schedule.steady", message, "books that close (ledger: strict)", hint);
    model.warnings.push_back({.severity = Diagnostic::Severity::warning,
                              .place = model.schedule.root.place,
                              .path = "schedule.steady",
                              .message = message,
                              .hint = hint});
  }
}

void gaps(Model& model, const State& state, ThreadPool& threads) {
  constexpr double comfortable = 10.0;
  for (const auto& process : model.processes) {
    const auto* steady = dynamic_cast<const QuasiSteady*>(process.get());
    if (steady == nullptr) continue;
    const Schedule& schedule = model.schedule;
    const double gap =
        steady->gap(state, 0.0, schedule.step * static_cast<double>(schedule.steps), schedule.step, threads);
    if (gap < comfortable)
      model.warnings.push_back(
          {.severity = Diagnostic::Severity::warning,
           .place = schedule.root.place,
           .path = "schedule.steady",
           .message =
               fmt::format("'{}' is kept at rest, but its rate of relaxation is only {:.3g} times the rate "
                           "at which its rest state moves",
                           process->name(), gap),
           .hint = "look at its estimated error, or advance it in time"});
  }
}

}  // namespace holon::checks

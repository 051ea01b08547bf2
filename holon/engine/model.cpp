#include "holon/engine/model.hpp"

#include "holon/base/error.hpp"
#include "holon/engine/averaging.hpp"
#include "holon/engine/boundary_correction.hpp"
#include "holon/engine/conservation.hpp"
#include "holon/engine/delayed_transfer.hpp"
#include "holon/engine/delays.hpp"
#include "holon/engine/quasi_steady.hpp"
#include "holon/engine/together.hpp"
#include "holon/engine/transfer.hpp"
#include "holon/space/population.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <set>

#include <fmt/format.h>

namespace holon {

const Process& Model::process(std::string_view name) const { return *processes[process_id(name)]; }

ProcessId Model::process_id(std::string_view name) const {
  std::vector<std::string> names;
  for (std::size_t p = 0; p < processes.size(); ++p) {
    if (processes[p]->name() == name) return static_cast<ProcessId>(p);
    names.push_back(processes[p]->name());
  }
  throw InputError(fmt::format("there is no process '{}'; {}", name, suggestion(name, names)));
}

namespace {

/// The agents of the start: ids from 0 on, nobody's daughters, at their places.
void settle(const Population& population, State& state) {
  const PopulationFields fields = population_fields(state.fields(), population);
  const auto ids = state.integer(fields.id);
  std::iota(ids.begin(), ids.end(), std::int64_t{0});
  std::ranges::copy(ids, state.integer(fields.founder).begin());
  std::ranges::fill(state.integer(fields.parent), std::int64_t{-1});
  state.integer(fields.next_id)[0] = static_cast<std::int64_t>(population.sites());
  if (!fields.position) return;
  const std::vector<Position> places = population.positions_at_start(state.seed);
  for (int a = 0; a < population.dimensions(); ++a) {
    const auto column = state.real(*fields.position, a);
    for (std::size_t site = 0; site < places.size(); ++site)
      column[site] = places[site][static_cast<std::size_t>(a)];
  }
}

}  // namespace

State Model::initial_state(ThreadPool& threads, std::uint64_t seed) const {
  State state(fields, parameters, accounts.size());
  state.seed = seed;
  state.counter.windows.resize(program.windows.size());
  for (const auto& process : processes)
    if (dynamic_cast<const DelayedTransfer*>(process.get()) != nullptr) state.delay_lines.emplace_back();
  for (const auto& [name, space] : spaces)
    if (const auto* population = dynamic_cast<const Population*>(space.get())) settle(*population, state);
  for (const auto& [field, coefficient] : initial) {
    const Field& described = (*fields)[field];
    const CoefficientKernel kernel(described.name + " initial", coefficient, described.space, *fields,
                                   *parameters, kernels);
    const auto column = state.real(field);
    kernel.evaluate(state, 0.0, column, threads);
    const double scale = 1.0 / described.unit.factor();
    if (scale != 1.0)
      for (double& value : column) value *= scale;
  }
  for (const auto& process : processes) {
    Workspace work;
    work.threads = &threads;
    process->initialise(state, work);
  }
  const auto determine = [&] {
    for (const ProcessId p : determination.order()) {
      Workspace work;
      work.threads = &threads;
      processes[p]->determine(state, 0.0, work);
    }
  };
  determine();
  bool rests = false;
  for (const ProcessId p : processes_below(schedule.root))
    if (const auto* steady = dynamic_cast<const QuasiSteady*>(processes[p].get())) {
      steady->begin_at_rest(state, threads);
      rests = true;
    }
  if (rests) determine();
  return state;
}

namespace {

std::string time_text(double coherent, const Schedule& schedule) {
  const double value = coherent / schedule.time_unit.factor();
  return schedule.time_unit.dimension().dimensionless()
             ? fmt::format("{:.6g}", value)
             : fmt::format("{:.6g} {}", value, schedule.time_unit.text());
}

/// Where a process stands in the schedule.
const ScheduleNode* find_advance(const ScheduleNode& node, ProcessId process) {
  if (node.kind == ScheduleNode::Kind::advance) return node.process == process ? &node : nullptr;
  for (const ScheduleNode& child : node.children)
    if (const ScheduleNode* found = find_advance(child, process)) return found;
  return nullptr;
}

/// The subcycle whose substeps are a process's advances, if there is one.
const ScheduleNode* find_subcycle(const ScheduleNode& node, ProcessId process) {
  const bool here = node.kind == ScheduleNode::Kind::subcycle &&
                    node.children.front().kind == ScheduleNode::Kind::advance &&
                    node.children.front().process == process;
  if (here) return &node;
  for (const ScheduleNode& child : node.children)
    if (const ScheduleNode* found = find_subcycle(child, process)) return found;
  return nullptr;
}

[[noreturn]] void refuse(const ScheduleNode& node, std::string path, std::string message,
                         std::string expected, std::string hint = "") {
  throw InputError(Diagnostic{.place = node.place,
                              .path = std::move(path),
                              .message = std::move(message),
                              .expected = std::move(expected),
                              .hint = std::move(hint)});
}

/// The largest stable step of all processes below a node.
double stable_step(const ScheduleNode& node, const Model& model, const State& state) {
  if (node.kind == ScheduleNode::Kind::advance) return model.processes[node.process]->stable_step(state);
  double least = std::numeric_limits<double>::infinity();
  for (const ScheduleNode& child : node.children) least = std::min(least, stable_step(child, model, state));
  return least;
}

/// Sets the counts of automatic subcycles (count 0) below a node that is advanced over `dt`.
void choose_subcycles(ScheduleNode& node, double dt, const Model& model, const State& state) {
  using Kind = ScheduleNode::Kind;
  if (node.kind == Kind::subcycle && node.count == 0) {
    const double limit = stable_step(node.children.front(), model, state);
    // A step exactly at its limit is stable: round-off in dt / limit must not cost a substep.
    node.count =
        std::isfinite(limit)
            ? std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(dt / limit * (1.0 - 1e-9))))
            : 1;
  }
  for (std::size_t c = 0; c < node.children.size(); ++c) {
    double part = dt;
    if (node.kind == Kind::subcycle) part = dt / static_cast<double>(node.count);
    if (node.kind == Kind::every) part = dt * static_cast<double>(node.count);
    if (node.kind == Kind::strang && c + 1 < node.children.size()) part = 0.5 * dt;
    if (node.kind == Kind::average) part = node.average->period / static_cast<double>(node.average->steps);
    choose_subcycles(node.children[c], part, model, state);
  }
}

std::int64_t longest_every(const ScheduleNode& node, std::int64_t steps) {
  if (node.kind == ScheduleNode::Kind::every && steps % node.count != 0) return node.count;
  for (const ScheduleNode& child : node.children)
    if (const std::int64_t bad = longest_every(child, steps)) return bad;
  return 0;
}

/// Processes that assign what others of them read, in a circle that no order of advances can honour and no
/// window repeats.
void refuse_circles(const Model& model) {
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
             "an order in which each finds what it reads", "{iterate: {do: [" + names + "]}} repeats them");
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

/// A run that begins with something that is not finite never gets well.
void refuse_initial_failure(const Model& model, const State& state, ThreadPool& threads) {
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

/// Joins the processes that set fates with those that commit them.
void join_fates(Model& model) {
  for (const auto& [name, space] : model.spaces) {
    if (space->type() != Space::Type::population) continue;
    Restructure* commits = nullptr;
    std::vector<const FateProcess*> fates;
    const Process* sets_fates = nullptr;
    const FieldId fate = population_fields(*model.fields, *space).fate;
    for (const auto& process : model.processes) {
      if (auto* found = dynamic_cast<Restructure*>(process.get());
          found && &found->population() == space.get())
        commits = found;
      if (const auto* found = dynamic_cast<const FateProcess*>(process.get());
          found && &found->population() == space.get())
        fates.push_back(found);
      for (const Port& port : process->ports())
        if (port.role == Port::Role::advance && port.field == fate) sets_fates = process.get();
    }
    if (fates.size() > 1)
      refuse(
          model.schedule.root, "schedule",
          fmt::format("several processes decide by rates which agents of '{}' divide and die: whoever comes "
                      "first in a step would be favoured",
                      name),
          "birth and death of one population in one process");
    if (commits != nullptr)
      commits->set_fate_processes(std::move(fates));
    else if (sets_fates != nullptr)
      refuse(model.schedule.root, "schedule",
             fmt::format("'{}' decides which agents of '{}' divide and die, and nobody commits it",
                         sets_fates->name(), name),
             fmt::format("{{restructure: {}}} in the schedule, after '{}'", name, sets_fates->name()));
  }
}

/// Who divides or dies in a step after the last commit of it is counted later: also at the end.
void warn_of_late_commits(Model& model) {
  const std::vector<Instruction>& body = model.program.body;
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

/// Accounts of couplings that carry amounts into a conserved field while a process that advances it reads
/// them: what points give off as a source of the field.
void account_for_couplings(Model& model) {
  const FieldTable& fields = *model.fields;
  const Unit time = Unit::coherent(model.schedule.time_unit.dimension());
  model.carried.clear();
  for (ProcessId coupling = 0; coupling < model.processes.size(); ++coupling) {
    const auto* transfer = dynamic_cast<const Transfer*>(model.processes[coupling].get());
    if (transfer == nullptr || !transfer->carries_amounts()) continue;
    const Field& carried = fields[transfer->to()];
    for (ProcessId reader = 0; reader < model.processes.size(); ++reader) {
      const Ports ports = model.processes[reader]->ports();
      const auto reads = [&](const Port& port) {
        return port.role == Port::Role::read && port.field == transfer->to();
      };
      if (std::none_of(ports.begin(), ports.end(), reads)) continue;
      for (const Port& port : ports) {
        const Field& field = fields[port.field];
        if (port.role != Port::Role::advance || field.conserved.empty() || field.space != carried.space ||
            field.kind == FieldKind::amount || !(carried.unit * time).compatible(field.unit))
          continue;
        Carried entry{.reader = reader, .coupling = coupling};
        entry.factor = conversion_factor(carried.unit * time, field.unit);
        entry.first = static_cast<AccountId>(model.accounts.size());
        for (const auto role :
             {LedgerAccount::Role::left, LedgerAccount::Role::arrived, LedgerAccount::Role::moved})
          model.accounts.push_back({port.field, model.processes[reader]->name(), carried.name, role});
        model.carried.push_back(entry);
        break;
      }
    }
  }
}

bool has_events(const Process& process) {
  const Ports ports = process.ports();
  return std::any_of(ports.begin(), ports.end(), [](const Port& port) {
    return port.role == Port::Role::emit || port.role == Port::Role::receive;
  });
}

/// Events happen once, at their time: not where nothing is followed in time, or where a half step is taken
/// for somebody's look and again with the next step.
void refuse_untimely_events(const Model& model) {
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

/// Steps that are stable and yet too long for what a process does in them.
void warn_of_long_steps(Model& model) {
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

void keep_at_rest(Model& model, const ScheduleNode& node) {
  if (node.steady)
    model.processes[node.process] =
        std::make_unique<QuasiSteady>(std::move(model.processes[node.process]), *node.steady, model);
  for (const ScheduleNode& child : node.children) keep_at_rest(model, child);
}

/// Refuses what is not fast enough to be kept at rest, and warns of what is barely.
void look_for_gaps(Model& model, const State& state, ThreadPool& threads) {
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

}  // namespace

void Model::rewrite() {
  if (rewritten_) return;
  rewritten_ = true;
  correct_boundaries(*this);
  keep_at_rest(*this, schedule.root);
  make_together(*this);
}

void Model::finish() {
  rewrite();
  // Every process runs, and several owners of a field are a splitting that somebody wrote down.
  const std::vector<ProcessId> below = processes_below(schedule.root);
  const std::set<ProcessId> scheduled(below.begin(), below.end());
  std::map<FieldId, std::vector<std::string>> owners;
  const auto advances = [](const Process& process) {
    const Ports ports = process.ports();
    return std::any_of(ports.begin(), ports.end(), [](const Port& p) {
      return p.role != Port::Role::read && p.role != Port::Role::determine;
    });
  };
  for (std::size_t p = 0; p < processes.size(); ++p) {
    // What only determines fields is called when somebody looks.
    if (!scheduled.contains(static_cast<ProcessId>(p)) && advances(*processes[p]))
      refuse(schedule.root, "schedule",
             fmt::format("process '{}' is not in the schedule", processes[p]->name()),
             "every process to be advanced");
    for (const Port& port : processes[p]->ports())
      if (port.role == Port::Role::advance) owners[port.field].push_back(processes[p]->name());
  }
  const std::vector<ProcessId> members = solved_together(*this);
  for (std::size_t p = 0; p < processes.size(); ++p)
    for (const Port& port : processes[p]->ports())
      if (const auto found = owners.find(port.field);
          port.role == Port::Role::determine && found != owners.end() &&
          std::find(members.begin(), members.end(), static_cast<ProcessId>(p)) == members.end())
        refuse(schedule.root, "schedule",
               fmt::format("'{}' says what field '{}' is at every moment, and '{}' advances it",
                           processes[p]->name(), (*fields)[port.field].name, found->second.front()),
               "one or the other", "what else changes it can be a source of the first");
  for (const auto& [field, names] : owners)
    if (names.size() > 1 && !schedule.order_stated)
      refuse(schedule.root, "schedule",
             fmt::format("field '{}' is advanced by '{}' and '{}', and no splitting says in which order",
                         (*fields)[field].name, names[0], names[1]),
             fmt::format("for example strang: [{}, {}]", names[0], names[1]));
  if (const std::int64_t every = longest_every(schedule.root, schedule.steps))
    refuse(
        schedule.root, "schedule",
        fmt::format("a process is advanced every {} steps, but the run has {} steps", every, schedule.steps),
        fmt::format("a number of steps divisible by {}", every));

  join_fates(*this);
  determination = Determination(processes, *fields, solved_together(*this));

  look_at_conservation(*this);

  // The ledger's accounts: only fields that hold something conserved have any.
  accounts.clear();
  Ledger(*fields, {});  // whose units fit together
  for (const auto& process : processes) {
    std::vector<AccountId> ids;
    for (const LedgerAccount& account : process->ledger_accounts()) {
      require(!(*fields)[account.field].conserved.empty(), "accounts are kept for conserved fields only");
      ids.push_back(static_cast<AccountId>(accounts.size()));
      accounts.push_back(account);
    }
    process->set_accounts(std::move(ids));
  }
  account_for_couplings(*this);

  std::size_t line = 0;
  for (const auto& process : processes)
    if (auto* delayed = dynamic_cast<DelayedTransfer*>(process.get())) delayed->set_line(line++);

  // Steps below limits; automatic subcycles.
  ThreadPool threads(1);
  const State state = initial_state(threads, 0);
  refuse_initial_failure(*this, state, threads);
  divisions = divide_at_delays(*this, state, threads);
  choose_subcycles(schedule.root, schedule.step, *this, state);
  program = compile(schedule.root);
  refuse_untimely_events(*this);
  warn_of_late_commits(*this);
  check_averages(*this);
  if (program.merged && processes[program.closing.process]->traits().resizes)
    refuse(schedule.root, "schedule",
           fmt::format("'{}' stands at the outside of a merged strang",
                       processes[program.closing.process]->name()),
           "agents to appear and vanish inside the step", "put another process first");
  exchanges.clear();
  for (const Window& window : program.windows) exchanges.push_back(WindowExchange::of(*this, window));
  refuse_circles(*this);
  warn_of_uncorrected_boundaries(*this);
  look_for_gaps(*this, state, threads);
  check_steps(state);
  warn_of_long_steps(*this);
}

void Model::check_steps(const State& state) const {
  for (const Instruction& instruction : program.body) check_step(instruction, 1.0, state);
  if (program.merged) {
    Instruction joined = program.opening;
    joined.end = joined.begin + Fraction{1, 1};
    check_step(joined, 1.0, state);
  }
}

void Model::check_step(const Instruction& instruction, double length, const State& state) const {
  const double part = (instruction.end - instruction.begin).value() * length;
  if (instruction.average) {
    const Average& average = program.averages[*instruction.average];
    // The slow step is explicit, whatever the scheme of the process.
    for (const Instruction& inner : average.slow) check_step(inner, part, state);
    for (const Instruction& inner : average.fast)
      check_step(inner, average.options.period / schedule.step / static_cast<double>(average.options.steps),
                 state);
    return;
  }
  if (instruction.window) {
    for (const Window::Member& member : program.windows[*instruction.window].members)
      for (const Instruction& inner : member.part)
        check_step(inner, part / static_cast<double>(member.parts), state);
    return;
  }
  const Process& process = *processes[instruction.process];
  const double limit = process.stable_step(state);
  const double dt = part * schedule.step;
  if (dt > limit * (1.0 + 1e-9)) {
    const ScheduleNode* subcycle = find_subcycle(schedule.root, instruction.process);
    const double count = subcycle != nullptr ? static_cast<double>(subcycle->count) : 1.0;
    const auto substeps = static_cast<std::int64_t>(std::ceil(count * dt / limit * (1.0 - 1e-9)));
    const ScheduleNode* node = find_advance(schedule.root, instruction.process);
    refuse(node != nullptr ? *node : schedule.root, "schedule.step",
           fmt::format("'{}' is advanced by {}, above its stability limit of {}", process.name(),
                       time_text(dt, schedule), time_text(limit, schedule)),
           fmt::format("a step of at most {}", time_text(limit * schedule.step / dt, schedule)),
           fmt::format("or {{subcycle: {{do: {}, steps: {}}}}} in the schedule, or an implicit integrator",
                       process.name(), substeps));
  }
}

}  // namespace holon

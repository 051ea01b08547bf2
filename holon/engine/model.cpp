#include "holon/engine/model.hpp"

#include "holon/base/error.hpp"
#include "holon/engine/averaging.hpp"
#include "holon/engine/boundary_correction.hpp"
#include "holon/engine/capacities.hpp"
#include "holon/engine/conservation.hpp"
#include "holon/engine/delayed_transfer.hpp"
#include "holon/engine/delays.hpp"
#include "holon/engine/model_checks.hpp"
#include "holon/engine/own_views.hpp"
#include "holon/engine/quasi_steady.hpp"
#include "holon/engine/stale_views.hpp"
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

/// The subcycle whose substeps are a process's advances, if there is one.
const ScheduleNode* find_subcycle(const ScheduleNode& node, ProcessId process) {
  if (node.kind == ScheduleNode::Kind::subcycle) {
    const ScheduleNode& child = node.children.front();
    const ScheduleNode& inner = child.of_itself ? child.children.front() : child;
    if (inner.kind == ScheduleNode::Kind::advance && inner.process == process) return &node;
  }
  for (const ScheduleNode& child : node.children)
    if (const ScheduleNode* found = find_subcycle(child, process)) return found;
  return nullptr;
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
      checks::refuse(
          model.schedule.root, "schedule",
          fmt::format("several processes decide by rates which agents of '{}' divide and die: whoever comes "
                      "first in a step would be favoured",
                      name),
          "birth and death of one population in one process");
    if (commits != nullptr)
      commits->set_fate_processes(std::move(fates));
    else if (sets_fates != nullptr)
      checks::refuse(
          model.schedule.root, "schedule",
          fmt::format("'{}' decides which agents of '{}' divide and die, and nobody commits it",
                      sets_fates->name(), name),
          fmt::format("{{restructure: {}}} in the schedule, after '{}'", name, sets_fates->name()));
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

void keep_at_rest(Model& model, const ScheduleNode& node) {
  if (node.steady)
    model.processes[node.process] =
        std::make_unique<QuasiSteady>(std::move(model.processes[node.process]), *node.steady, model);
  for (const ScheduleNode& child : node.children) keep_at_rest(model, child);
}

}  // namespace

void Model::rewrite() {
  if (rewritten_) return;
  rewritten_ = true;
  correct_boundaries(*this);
  keep_at_rest(*this, schedule.root);
  make_together(*this);
  follow_own_views(*this);
}

void Model::finish() {
  rewrite();
  checks::owners(*this);
  join_fates(*this);
  determination = Determination(processes, *fields, solved_together(*this));

  gather_capacities(*this);
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
  checks::initial_values(*this, state, threads);
  divisions = divide_at_delays(*this, state, threads);
  choose_subcycles(schedule.root, schedule.step, *this, state);
  program = compile(schedule.root);
  checks::untimely_events(*this);
  checks::late_commits(*this);
  checks::stale_contributions(*this);
  check_averages(*this);
  if (program.merged && processes[program.closing.process]->traits().resizes)
    checks::refuse(schedule.root, "schedule",
                   fmt::format("'{}' stands at the outside of a merged strang",
                               processes[program.closing.process]->name()),
                   "agents to appear and vanish inside the step", "put another process first");
  exchanges.clear();
  for (const Window& window : program.windows) exchanges.push_back(WindowExchange::of(*this, window));
  checks::circles(*this);
  warn_of_uncorrected_boundaries(*this);
  checks::conserved_at_rest(*this);
  checks::gaps(*this, state, threads);
  check_steps(state);
  checks::long_steps(*this);
  checks::stale_views(*this, state, threads);
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
    const ScheduleNode* node = checks::find_advance(schedule.root, instruction.process);
    checks::refuse(
        node != nullptr ? *node : schedule.root, "schedule.step",
        fmt::format("'{}' is advanced by {}, above its stability limit of {}", process.name(),
                    time_text(dt, schedule), time_text(limit, schedule)),
        fmt::format("a step of at most {}", time_text(limit * schedule.step / dt, schedule)),
        fmt::format("or {{subcycle: {{do: {}, steps: {}}}}} in the schedule, or an implicit integrator",
                    process.name(), substeps));
  }
}

}  // namespace holon

#include "holon/engine/together.hpp"

#include "holon/base/error.hpp"
#include "holon/engine/delayed_transfer.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace holon {

namespace {

using Method = TogetherOptions::Method;

constexpr double smallest_part = 1e-4;    // of a step, where Newton's method fails with longer ones
constexpr double smallest_chosen = 1e-9;  // of a step of the schedule, where steps are chosen by their error
constexpr double safety = 0.85, least_growth = 0.2, most_growth = 2.0;  // of steps chosen by their error
constexpr double first_step = 0.05;  // of the time in which something changes by the tolerance's root
constexpr double whole = 1.0 - 1e-12;

std::string_view method_text(Method method) {
  switch (method) {
    case Method::bdf2:
      return "bdf2, order 2";
    case Method::bdf1:
      return "bdf1, order 1";
    case Method::implicit_midpoint:
      return "implicit midpoint, order 2";
    case Method::sdirk:
      break;
  }
  return "sdirk (Alexander 1977), order 2";
}

[[noreturn]] void refuse(const Place& place, const std::string& process, const std::string& why,
                         const std::string& way_out) {
  throw InputError(Diagnostic{.place = place,
                              .path = "schedule.together",
                              .message = fmt::format("'{}' can't be part of it: it {}", process, why),
                              .expected = "smooth deterministic processes on sites that stay",
                              .hint = way_out});
}

/// What happens to agents that a process acts on: who makes or removes them, or moves them; nothing where
/// they stay as they are, and for spaces that are no population.
std::optional<std::string> change_of_agents(const Model& model, const Space& space) {
  if (!space.varies()) return std::nullopt;
  const FieldTable& fields = *model.fields;
  for (const auto& process : model.processes)
    for (const Port& port : process->ports()) {
      const Field& field = fields[port.field];
      if (port.role != Port::Role::advance || field.space.get() != &space) continue;
      if (process->traits().resizes)
        return fmt::format("acts on agents of '{}', whose number changes ('{}')", space.name(),
                           process->name());
      if (field.name == space.name() + ".position")
        return fmt::format("acts on agents of '{}', which '{}' moves", space.name(), process->name());
    }
  return std::nullopt;
}

/// The field that a contribution reaches.
FieldId reached(const Model& model, FieldId field) {
  for (const WayBack& way : model.ways_back)
    if (way.field == field) return way.of;
  return field;
}

}  // namespace

struct Together::Work final : Scratch {
  Work(const Together& process, ThreadPool& threads)
      : system(std::shared_ptr<const Model>(std::shared_ptr<const Model>(), process.model_), threads,
               process.members_),
        equations(system, process.options_.newton, process.options_.solver),
        methods(equations, process.bookings_, process.options_.method) {}
  System system;
  ImplicitSystem equations;
  TogetherMethods methods;
};

Together::Together(std::string name, const ScheduleNode& node, Model& model)
    : Process(std::move(name)), options_(*node.together), model_(&model) {
  FieldTable& fields = *model.fields;
  for (const ScheduleNode& child : node.children) {
    const ProcessId member = child.process;
    members_.push_back(member);
    const Process& process = *model.processes[member];
    const Traits traits = process.traits();
    if (traits.stochastic || traits.resizes || !traits.smooth)
      refuse(child.place, process.name(),
             fmt::format("{}{}{}",
                         traits.stochastic ? "is stochastic"
                         : traits.resizes  ? "changes the number of sites"
                                           : "is not smooth",
                         traits.reason.empty() ? "" : ": ", traits.reason),
             "advance it beside the others, in a lie or a strang");
    for (const Port& port : process.ports()) {
      if (port.role != Port::Role::advance && port.role != Port::Role::contribute) continue;
      const FieldId field = reached(model, port.field);
      if (const auto change = change_of_agents(model, *fields[field].space))
        refuse(child.place, process.name(), *change, "advance it beside the others, in a lie or a strang");
      if (fields[field].conserved.empty()) continue;
      bookings_.lines.push_back({member, field});
      if (std::find(bookings_.fields.begin(), bookings_.fields.end(), field) == bookings_.fields.end())
        bookings_.fields.push_back(field);
    }
  }
  unknowns_ = System::unknowns_of(model, members_);
  for (const auto& process : model.processes) {
    const auto* delayed = dynamic_cast<const DelayedTransfer*>(process.get());
    if (delayed == nullptr || std::find(unknowns_.begin(), unknowns_.end(), delayed->to()) == unknowns_.end())
      continue;
    refuse(node.place, delayed->name(),
           "is a coupling with a delay: what it brings is of the past, which no step of the whole solves for",
           "advance those that hear it in an iterate, a strang or a lie");
  }
  const auto row = [&](std::size_t sites) {
    return std::make_shared<GridSpace>(
        this->name() + ":row", StructuredSpace::Sites::cells,
        std::vector<GridSpace::Axis>{{.intervals = std::max<std::size_t>(1, sites)}}, Dimension{});
  };
  const auto keep = [&](const std::string& what, std::shared_ptr<const Space> space, int components,
                        const std::string& description) {
    Field field;
    field.name = this->name() + ":" + what;
    field.space = std::move(space);
    field.components = components;
    field.description = description;
    return fields.add(std::move(field));
  };
  const auto unknowns = row(Layout(fields, unknowns_).size());
  left_ = keep("left", unknowns, 1, "the unknowns as they were left");
  former_ = keep("former", unknowns, 2, "the unknowns one and two steps before");
  clock_ = keep("steps", std::make_shared<PointSpace>(this->name() + ":point"), 4,
                "the last two steps and the next, in coherent time; the orientation of its equations");
  brought_ = keep("brought", row(bookings_.size()), 1, "what the last step brought in");
}

Ports Together::ports() const {
  // What couplings determine stays theirs: they do so whenever somebody looks.
  std::set<FieldId> determined;
  const auto& solved = model_->determination.solved();
  for (ProcessId p = 0; p < model_->processes.size(); ++p)
    if (std::find(solved.begin(), solved.end(), p) == solved.end() && model_->processes[p].get() != this &&
        dynamic_cast<const Together*>(model_->processes[p].get()) == nullptr)
      for (const Port& port : model_->processes[p]->ports())
        if (port.role == Port::Role::determine) determined.insert(port.field);
  const FieldTable& fields = *model_->fields;
  Ports ports;
  std::set<FieldId> seen;
  for (const FieldId id : unknowns_)
    if (!determined.contains(id) && seen.insert(id).second)
      ports.push_back({Port::Role::advance, id, fields[id].kind, fields[id].unit});
  for (const ProcessId member : members_)
    for (const Port& port : model_->processes[member]->ports())
      if (port.role == Port::Role::read && seen.insert(port.field).second) ports.push_back(port);
  return ports;
}

Traits Together::traits() const {
  Traits traits;
  traits.error_controlled = options_.tolerance.has_value();
  return traits;
}

std::vector<LedgerAccount> Together::ledger_accounts() const {
  std::vector<LedgerAccount> accounts;
  for (const Bookings::Line& line : bookings_.lines) {
    const Process& process = *model_->processes[line.process];
    accounts.push_back({line.field, process.name(), process.type() == "kinetics" ? "reaction" : "rate"});
  }
  for (const FieldId field : bookings_.fields) {
    accounts.push_back({field, name(), "residual of the solver"});
    accounts.push_back({field, name(), "given values"});
  }
  return accounts;
}

Together::Work& Together::scratch(Workspace& work) const {
  auto* scratch = dynamic_cast<Work*>(work.scratch.get());
  if (scratch == nullptr) {
    auto made = std::make_unique<Work>(*this, *work.threads);
    scratch = made.get();
    work.scratch = std::move(made);
  }
  return *scratch;
}

void Together::initialise(State& state, Workspace& work) const {
  Work& w = scratch(work);
  const auto& mass = w.system.mass();
  if (std::find(mass.begin(), mass.end(), 0.0) == mass.end()) return;
  // Laws are evaluated in whatever order they need each other: a few rounds give Newton's method a start.
  constexpr int rounds = 3;
  for (int round = 0; round < rounds; ++round) {
    w.system.determine(state, 0.0);
    for (const ProcessId member : members_) {
      Workspace own;
      own.threads = work.threads;
      if (!model_->processes[member]->solves_to_determine())
        model_->processes[member]->determine(state, 0.0, own);
    }
  }
  w.system.determine(state, 0.0);
  Vector x = w.system.unknowns(state);
  w.equations.forget_factors();
  w.equations.set_orientation(0);
  w.equations.set_sizes(x);
  const std::vector<double> start = x.values();
  if (const auto failure = w.equations.solve(state, x, start, 0.0, 0.0))
    throw NumericalFailure(
        fmt::format("process '{}': no values at the start were found that fit its equations without rates: "
                    "{}. 'initial' values of these fields that are nearer to them may help",
                    name(), failure->text));
}

StepHistory Together::history(State& state, double time, Work& work) const {
  const std::vector<double>& mass = work.system.mass();
  StepHistory history;
  history.now = work.system.unknowns(state).values();
  const auto left = state.real(left_), brought = state.real(brought_);
  const double h1 = state.real(clock_, 0)[0];
  // Where somebody else has changed what the members advance, a history is none.
  bool same = h1 > 0.0;
  for (std::size_t i = 0; same && i < mass.size(); ++i) same = mass[i] == 0.0 || history.now[i] == left[i];
  if (!same) {
    work.system.determine(state, time);
    history.now = work.system.unknowns(state).values();
    return history;
  }
  // What is determined may have been determined again since, from the same values: not to the last bit.
  history.now.assign(left.begin(), left.end());
  history.one.assign(state.real(former_, 0).begin(), state.real(former_, 0).end());
  history.two.assign(state.real(former_, 1).begin(), state.real(former_, 1).end());
  history.brought.assign(brought.begin(), brought.begin() + static_cast<std::ptrdiff_t>(bookings_.size()));
  history.h1 = h1;
  history.h2 = state.real(clock_, 1)[0];
  return history;
}

void Together::keep(State& state, const StepHistory& history, double next) const {
  std::copy(history.now.begin(), history.now.end(), state.real(left_).begin());
  std::copy(history.one.begin(), history.one.end(), state.real(former_, 0).begin());
  std::copy(history.two.begin(), history.two.end(), state.real(former_, 1).begin());
  std::copy(history.brought.begin(), history.brought.end(), state.real(brought_).begin());
  state.real(clock_, 0)[0] = history.h1;
  state.real(clock_, 1)[0] = history.two.empty() ? 0.0 : history.h2;
  state.real(clock_, 2)[0] = next;
}

void Together::orient(State& state, const std::vector<double>& now, double time, Work& work) const {
  double& known = state.real(clock_, 3)[0];
  work.equations.set_orientation(static_cast<int>(known));
  if (known != 0.0) return;
  Vector x(work.system.layout());
  x.values() = now;
  work.equations.set_sizes(x);
  work.equations.find_orientation(state, x, time);
  work.system.set_unknowns(state, x);
  known = work.equations.orientation();
}

double Together::beginning(State& state, double time, double dt, Work& work) const {
  if (!options_.tolerance) return dt / static_cast<double>(options_.steps);
  if (const double next = state.real(clock_, 2)[0]; next > 0.0 && state.real(clock_, 0)[0] > 0.0) return next;
  const Vector x = work.system.unknowns(state);
  Vector rate = work.system.residual(state, time);
  for (std::size_t i = 0; i < rate.values().size(); ++i) rate.values()[i] *= work.system.mass()[i];
  const double relative = scaled_norm(rate.values(), sizes_of(work.system, x));
  return relative > 0.0 && std::isfinite(relative)
             ? std::min(dt, first_step * std::sqrt(*options_.tolerance) / relative)
             : dt;
}

std::optional<Together::Fault> Together::fault(const std::optional<TogetherMethods::Taken>& taken,
                                               Work& work) const {
  if (!taken) return Fault{0.5, work.methods.failure()};
  if (options_.tolerance && taken->error && *taken->error > *options_.tolerance)
    return Fault{std::max(least_growth, safety * std::cbrt(*options_.tolerance / *taken->error)),
                 {"", "",
                  fmt::format("the error of a step is {:.3g}, above the tolerance, however short it is: "
                              "something jumps",
                              *taken->error)}};
  const Layout& layout = work.system.layout();
  for (const FieldId id : layout.fields()) {
    const Field& field = (*model_->fields)[id];
    if (!field.positive) continue;
    const std::size_t begin = layout.offset(id), sites = layout.sites(id);
    for (std::size_t site = 0; site < sites; ++site)
      if (taken->values[begin + site] < 0.0)
        return Fault{
            0.5,
            {field.name, field.space->site_text(site),
             fmt::format("it must stay positive, and becomes {}", number_text(taken->values[begin + site]))}};
  }
  return std::nullopt;
}

Outcome Together::advance(State& state, const Interval& interval, const Inputs&, Workspace& work) const {
  Work& w = scratch(work);
  w.equations.forget_factors();
  const double t0 = interval.t0(), dt = interval.dt();
  StepHistory history = this->history(state, t0, w);
  orient(state, history.now, t0, w);
  const auto leave = [&] {
    w.equations.count(work.counters);
    Vector x(w.system.layout());
    x.values() = history.now;
    w.system.set_unknowns(state, x);
  };
  std::vector<double> sum(bookings_.size(), 0.0);
  const bool chosen = options_.tolerance.has_value();
  const std::int64_t parts = chosen ? 1 : options_.steps;
  double h = beginning(state, t0, dt, w);
  const double longest = chosen ? dt : h, least = chosen ? smallest_chosen * dt : smallest_part * longest;
  double at = 0.0;  // since t0
  for (std::int64_t part = 1; part <= parts; ++part) {
    const double end = part == parts ? dt : dt * static_cast<double>(part) / static_cast<double>(parts);
    while (at < end * whole) {
      const double rest = end - at;
      // What is left is taken at once or in halves, so that no sliver remains.
      const bool last = h >= rest * whole;
      const double step = last ? rest : chosen && 2.0 * h >= rest ? 0.5 * rest : h;
      auto taken = w.methods.step(state, history, t0 + at, step);
      if (const auto why = fault(taken, w)) {
        ++work.counters.rejected;
        h = step * why->factor;
        if (h >= least) continue;
        leave();
        Outcome outcome;
        outcome.why = Outcome::Why::failed;
        outcome.reached = interval.begin;
        outcome.what = {
            name(), why->failure.field,
            fmt::format("{}. Steps down to {} were tried: a shorter step of the schedule, another "
                        "start, or an event that stops the run before may help",
                        why->failure.text, moment_text(step, model_->schedule)),
            why->failure.place, t0 + at};
        return outcome;
      }
      for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += taken->brought[k];
      double growth = chosen && !taken->error ? 1.0 : most_growth;
      if (chosen && taken->error && *taken->error > 0.0)
        growth =
            std::clamp(safety * std::cbrt(*options_.tolerance / *taken->error), least_growth, most_growth);
      history.push(std::move(taken->values), std::move(taken->brought), step);
      ++work.counters.steps;
      at = last ? end : at + step;
      // A step that was cut where the schedule's ends says little about the next.
      h = std::min(longest, std::max(step * growth, last && growth >= 1.0 ? h : 0.0));
    }
  }
  leave();
  keep(state, history, h);
  for (std::size_t k = 0; k < accounts().size(); ++k) state.account(accounts()[k]).add(sum[k]);
  Outcome outcome;
  outcome.reached = interval.end;
  return outcome;
}

std::vector<std::string> Together::description() const {
  std::vector<std::string> names;
  for (const ProcessId member : members_) names.push_back(model_->processes[member]->name());
  const Layout layout(*model_->fields, unknowns_);
  ThreadPool threads(1);
  State state = model_->initial_state(threads, 0);
  Work work(*this, threads);
  return {
      fmt::format("{} unknowns of {} as one system of equations", layout.size(), fmt::join(names, ", ")),
      fmt::format("time: {}, {}; Newton's method to {:g}", method_text(options_.method),
                  options_.tolerance ? fmt::format("steps chosen for an error of {:g}", *options_.tolerance)
                  : options_.steps == 1 ? std::string("one step")
                                        : fmt::format("{} steps in each of the schedule's", options_.steps),
                  options_.newton),
      fmt::format("linear equations{}: {}",
                  options_.solver == solve::SolverChoice::automatic ? ", chosen by size" : "",
                  work.equations.solver_at(state, model_->schedule.step, 0.0))};
}

namespace {

void collect(ScheduleNode& node, std::vector<ScheduleNode*>& found) {
  if (node.kind == ScheduleNode::Kind::together) found.push_back(&node);
  for (ScheduleNode& child : node.children) collect(child, found);
}

}  // namespace

void make_together(Model& model) {
  std::vector<ScheduleNode*> nodes;
  collect(model.schedule.root, nodes);
  if (nodes.empty()) return;
  std::vector<ProcessId> members;
  for (const ScheduleNode* node : nodes)
    for (const ScheduleNode& child : node->children) {
      if (child.kind != ScheduleNode::Kind::advance || child.steady)
        throw InputError(Diagnostic{.place = child.place,
                                    .path = "schedule.together",
                                    .message = "a node of the schedule stands among its processes",
                                    .expected = "processes by their names; fields at rest have a process "
                                                "with 'integrator: steady'"});
      members.push_back(child.process);
    }
  model.determination = Determination(model.processes, *model.fields, solved_by(model, members));
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    std::string name = "together";
    const auto taken = [&] {
      return std::any_of(model.processes.begin(), model.processes.end(),
                         [&](const auto& process) { return process->name() == name; });
    };
    for (std::size_t k = 2; taken(); ++k) name = fmt::format("together_{}", k);
    nodes[n]->process = static_cast<ProcessId>(model.processes.size());
    model.processes.push_back(std::make_unique<Together>(name, *nodes[n], model));
  }
}

std::vector<ProcessId> solved_by(const Model& model, const std::vector<ProcessId>& members) {
  std::vector<ProcessId> solved;
  for (const ProcessId member : members) {
    const Ports ports = model.processes[member]->ports();
    if (std::any_of(ports.begin(), ports.end(),
                    [](const Port& port) { return port.role == Port::Role::determine; }))
      solved.push_back(member);
  }
  return solved;
}

std::vector<ProcessId> solved_together(const Model& model) {
  std::vector<ProcessId> members;
  for (const auto& process : model.processes)
    if (const auto* together = dynamic_cast<const Together*>(process.get()))
      members.insert(members.end(), together->members().begin(), together->members().end());
  return solved_by(model, members);
}

}  // namespace holon

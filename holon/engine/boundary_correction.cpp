#include "holon/engine/boundary_correction.hpp"

#include "holon/base/error.hpp"
#include "holon/engine/model.hpp"
#include "holon/solve/conjugate_gradients.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace holon {

namespace {

constexpr solve::KrylovLimits limits{.tolerance = 1e-11, .absolute = 1e-300, .most_iterations = 20000};

bool advances(const Process& process, FieldId field) {
  const Ports ports = process.ports();
  return std::any_of(ports.begin(), ports.end(), [&](const Port& port) {
    return port.field == field && port.role == Port::Role::advance;
  });
}

}  // namespace

struct BoundaryCorrection::Memory : Scratch {
  explicit Memory(const FieldTable& fields, const Setup& setup)
      : own(fields, {setup.field}), in(own), out(own) {}
  Layout own;
  Vector in, out;
  Workspace diffusion;
  std::vector<Workspace> reactions;
  std::vector<std::unique_ptr<Layout>> layouts;  // of what each reaction advances
  std::vector<std::size_t> held;
  std::vector<bool> is_held;
  solve::ConjugateGradients solver;
};

BoundaryCorrection::BoundaryCorrection(std::string name, Setup setup, const Model& model)
    : Process(std::move(name)), setup_(std::move(setup)), model_(&model) {}

BoundaryCorrection::~BoundaryCorrection() = default;

Ports BoundaryCorrection::ports() const {
  const FieldTable& fields = *model_->fields;
  Ports ports{{Port::Role::advance, setup_.correction, FieldKind::value, fields[setup_.correction].unit},
              {Port::Role::read, setup_.field, fields[setup_.field].kind, fields[setup_.field].unit}};
  for (const auto& reaction : setup_.reactions)
    for (const Port& port : reaction->ports())
      if (port.role == Port::Role::read) ports.push_back(port);
  return ports;
}

void BoundaryCorrection::rate(const State& state, double, Workspace&, Vector& rates) const {
  if (!rates.layout().contains(setup_.correction)) return;
  const auto q = state.real(setup_.correction);
  const auto row = rates(setup_.correction);
  for (std::size_t site = 0; site < row.size(); ++site) row[site] -= q[site];
}

void BoundaryCorrection::jvp(const State&, double, const Vector& du, Workspace&, Vector& out) const {
  if (!out.layout().contains(setup_.correction)) return;
  const auto row = out(setup_.correction);
  for (std::size_t site = 0; site < row.size(); ++site) row[site] -= du(setup_.correction)[site];
}

void BoundaryCorrection::vjp(const State& state, double time, const Vector& w, Workspace& work,
                             Vector& out) const {
  jvp(state, time, w, work, out);
}

void BoundaryCorrection::jacobian(const State&, double, Workspace&, SparseBuilder& entries) const {
  const Layout& layout = entries.layout();
  if (!layout.contains(setup_.correction)) return;
  const std::size_t first = layout.offset(setup_.correction);
  for (std::size_t site = 0; site < layout.sites(setup_.correction); ++site)
    entries.add(first + site, first + site, -1.0);
}

BoundaryCorrection::Memory& BoundaryCorrection::memory(const State& state, Workspace& work) const {
  if (auto* known = dynamic_cast<Memory*>(work.scratch.get())) return *known;
  auto made = std::make_unique<Memory>(*model_->fields, setup_);
  made->diffusion.threads = work.threads;
  made->held = setup_.diffusion->held_sites(state);
  made->is_held.resize(state.real(setup_.field).size());
  for (const std::size_t site : made->held) made->is_held[site] = true;
  made->reactions.resize(setup_.reactions.size());
  for (std::size_t r = 0; r < setup_.reactions.size(); ++r) {
    made->reactions[r].threads = work.threads;
    std::vector<FieldId> advanced;
    for (const Port& port : setup_.reactions[r]->ports())
      if (port.role == Port::Role::advance && (*model_->fields)[port.field].type == FieldType::real)
        advanced.push_back(port.field);
    made->layouts.push_back(std::make_unique<Layout>(*model_->fields, advanced));
  }
  Memory& memory = *made;
  work.scratch = std::move(made);
  return memory;
}

/// Of the field, with the sides at their values of that time.
std::vector<double> BoundaryCorrection::reaction_rates(State& state, double time, Memory& memory) const {
  const auto u = state.real(setup_.field);
  const std::vector<double> before(u.begin(), u.end());
  setup_.diffusion->hold(state, time, memory.diffusion);
  std::vector<double> sum(u.size(), 0.0);
  for (std::size_t r = 0; r < setup_.reactions.size(); ++r) {
    Vector rates(*memory.layouts[r]);
    setup_.reactions[r]->rate(state, time, memory.reactions[r], rates);
    const auto column = std::as_const(rates)(setup_.field);
    for (std::size_t site = 0; site < sum.size(); ++site) sum[site] += column[site];
  }
  std::copy(before.begin(), before.end(), u.begin());
  return sum;
}

Outcome BoundaryCorrection::advance(State& state, const Interval& interval, const Inputs&,
                                    Workspace& work) const {
  Memory& memory = this->memory(state, work);
  const double time = 0.5 * (interval.t0() + interval.t1());
  const auto q = state.real(setup_.correction);
  const std::vector<double> rates = reaction_rates(state, time, memory);
  for (const std::size_t site : memory.held) q[site] = rates[site];

  // A q = -D q inside, for q that vanishes at the sides; the sides' part of D q is the right-hand side.
  const Space& space = *(*model_->fields)[setup_.field].space;
  const auto diffuse = [&](std::span<const double> from, std::span<double> to, double sign, bool at_sides) {
    const auto in = memory.in(setup_.field);
    for (std::size_t site = 0; site < from.size(); ++site)
      in[site] = memory.is_held[site] == at_sides ? from[site] : 0.0;
    auto& out = memory.out.values();
    std::fill(out.begin(), out.end(), 0.0);
    setup_.diffusion->jvp(state, time, memory.in, memory.diffusion, memory.out);
    const auto result = std::as_const(memory.out)(setup_.field);
    for (std::size_t site = 0; site < to.size(); ++site)
      to[site] = memory.is_held[site] ? 0.0 : sign * result[site];
  };
  std::vector<double> side(q.size()), inside(q.begin(), q.end());
  diffuse(q, side, 1.0, true);
  for (const std::size_t site : memory.held) inside[site] = 0.0;
  const auto report = memory.solver.solve(
      [&](std::span<const double> from, std::span<double> to) { diffuse(from, to, -1.0, false); },
      [](std::span<const double> from, std::span<double> to) {
        std::copy(from.begin(), from.end(), to.begin());
      },
      [&](std::span<const double> a, std::span<const double> b) {
        return work.threads->sum(a.size(), 4096, [&](std::size_t begin, std::size_t end) {
          double sum = 0.0;
          for (std::size_t site = begin; site < end; ++site) sum += space.measure(site) * a[site] * b[site];
          return sum;
        });
      },
      side, inside, limits, *work.threads);
  Outcome outcome;
  outcome.reached = interval.end;
  if (!report.converged) {
    outcome.why = Outcome::Why::failed;
    outcome.what = {name(), (*model_->fields)[setup_.correction].name,
                    fmt::format("its harmonic extension was not found in {} iterations (residual {:.3g})",
                                report.iterations, report.residual),
                    "", time};
    return outcome;
  }
  for (std::size_t site = 0; site < q.size(); ++site)
    if (!memory.is_held[site]) q[site] = inside[site];
  work.counters.linear_iterations += static_cast<std::uint64_t>(report.iterations);
  ++work.counters.steps;
  return outcome;
}

std::vector<std::string> BoundaryCorrection::description() const {
  return {
      fmt::format("keeps the splitting of '{}' at order 2 where its sides' values change (Einkemmer & "
                  "Ostermann 2015)",
                  (*model_->fields)[setup_.field].name)};
}

namespace {

/// What a strang splits, seen from its boundaries.
struct SplitField {
  FieldId field = 0;
  ProcessId diffusion = 0;
  std::vector<ProcessId> reactions;
};

/// One for each process below the node that `counts`, with others below it that advance the same field.
template <class Counts>
std::vector<SplitField> split_fields(const Model& model, const ScheduleNode& node, Counts counts) {
  std::vector<SplitField> found;
  const std::vector<ProcessId> below = processes_below(node);
  for (const ProcessId p : below) {
    const Process& process = *model.processes[p];
    if (!counts(process)) continue;
    for (const Port& port : process.ports()) {
      if (port.role != Port::Role::advance) continue;
      SplitField split{port.field, p, {}};
      for (const ProcessId other : below)
        if (other != p && advances(*model.processes[other], port.field)) split.reactions.push_back(other);
      if (!split.reactions.empty()) found.push_back(std::move(split));
    }
  }
  return found;
}

[[noreturn]] void refuse(const ScheduleNode& node, std::string message, std::string expected) {
  throw InputError(Diagnostic{.place = node.place,
                              .path = "schedule.boundary_correction",
                              .message = std::move(message),
                              .expected = std::move(expected)});
}

void correct(Model& model, ScheduleNode& node) {
  for (ScheduleNode& child : node.children) correct(model, child);
  if (!node.boundary_correction) return;
  const State state(model.fields, model.parameters, 0);
  const auto splits =
      split_fields(model, node, [&](const Process& process) { return !process.held_sites(state).empty(); });
  if (node.merge)
    refuse(node, "halves of two steps are merged, and each step has a correction of its own",
           "boundary_correction without merge");
  if (splits.size() != 1)
    refuse(node,
           splits.empty()
               ? "nothing in this strang spreads between sides of given value and reacts"
               : "more than one field in this strang spreads between sides of given value and reacts",
           "one diffusion with a dirichlet side on a grid of nodes, and what reacts with its field");
  const SplitField& split = splits.front();
  const Field& field = (*model.fields)[split.field];
  Field correction;
  correction.name = model.fields->contains("boundary_correction") ? field.name + "_boundary_correction"
                                                                  : "boundary_correction";
  correction.space = field.space;
  correction.unit = field.unit / Unit::coherent(model.schedule.time_dimension);
  correction.description = "moves the rate at the sides from the reaction to the diffusion";
  BoundaryCorrection::Setup setup;
  setup.field = split.field;
  setup.correction = model.fields->add(std::move(correction));
  const auto exchange = [&](ProcessId p, double factor) {
    auto made = model.processes[p]->with_added_rate(split.field, setup.correction, factor, model);
    if (!made)
      refuse(node, fmt::format("nothing can be added to the rate of '{}'", model.processes[p]->name()),
             "a diffusion that is not exact, of a field that is not declared positive, and kinetics");
    std::swap(model.processes[p], made);
    return made;
  };
  setup.diffusion = exchange(split.diffusion, 1.0);
  setup.reactions.push_back(exchange(split.reactions.front(), -1.0));
  for (std::size_t r = 1; r < split.reactions.size(); ++r)
    setup.reactions.push_back(exchange(split.reactions[r], 0.0));
  ScheduleNode first;
  first.place = node.place;
  first.process = static_cast<ProcessId>(model.processes.size());
  const std::string name = (*model.fields)[setup.correction].name;
  model.processes.push_back(std::make_unique<BoundaryCorrection>(name, std::move(setup), model));
  ScheduleNode strang = std::move(node);
  node = ScheduleNode{};
  node.kind = ScheduleNode::Kind::lie;
  node.place = strang.place;
  node.children = {std::move(first), std::move(strang)};
}

/// Whether the others that advance the field do so at each site for itself.
bool reacts(const Model& model, const SplitField& split) {
  return std::all_of(split.reactions.begin(), split.reactions.end(),
                     [&](ProcessId p) { return model.processes[p]->type() == "kinetics"; });
}

void warn(Model& model, const ScheduleNode& node) {
  const State state(model.fields, model.parameters, 0);
  if (node.kind == ScheduleNode::Kind::strang && !node.boundary_correction)
    for (const SplitField& split : split_fields(
             model, node, [](const Process& process) { return process.held_values_depend_on_time(); }))
      model.warnings.push_back(
          {.severity = Diagnostic::Severity::warning,
           .place = node.place,
           .path = "schedule.strang",
           .message =
               fmt::format("the splitting of '{}' is of order 1 only: its values at the sides depend on "
                           "time, and what reacts knows nothing of them",
                           (*model.fields)[split.field].name),
           .hint =
               !reacts(model, split)
                   ? "smaller steps; only what reacts at every site (kinetics) can be corrected"
               : model.processes[split.diffusion]->held_sites(state).empty()
                   ? "on a grid of nodes (sites: nodes), which has sites on its sides, boundary_correction: "
                     "true beside strang keeps order 2"
                   : "boundary_correction: true beside strang keeps order 2"});
  for (const ScheduleNode& child : node.children) warn(model, child);
}

}  // namespace

void correct_boundaries(Model& model) { correct(model, model.schedule.root); }

void warn_of_uncorrected_boundaries(Model& model) { warn(model, model.schedule.root); }

}  // namespace holon

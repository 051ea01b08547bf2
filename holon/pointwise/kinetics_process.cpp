#include "holon/pointwise/kinetics_process.hpp"

#include "holon/base/error.hpp"
#include "holon/engine/site_contents.hpp"
#include "holon/pointwise/own_linear.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace holon::pointwise {

namespace {

constexpr std::size_t ledger_block = 1024, sampled_sites = 16;

/// The sum of (after - before) measure: eight sums side by side over runs of 64 sites, which are added up
/// with compensation.
template <class Measure>
double gain(std::span<const double> after, std::span<const double> before, SiteRange sites, Measure measure) {
  constexpr std::size_t lanes = 8, run = 64;
  CompensatedSum sum;
  std::size_t s = sites.begin;
  for (; s + run <= sites.end; s += run) {
    std::array<double, lanes> lane{};
    for (std::size_t k = s; k < s + run; k += lanes)
      for (std::size_t l = 0; l < lanes; ++l) lane[l] += (after[k + l] - before[k + l]) * measure(k + l);
    sum.add(((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7])));
  }
  for (; s < sites.end; ++s) sum.add((after[s] - before[s]) * measure(s));
  return sum.value();
}

/// Pieces that end where waveforms go over from one polynomial to the next.
std::vector<Piece> divided_at_samples(const std::vector<Piece>& pieces, const Inputs& inputs,
                                      const std::vector<FieldId>& fields) {
  std::set<double> samples;
  for (const FieldId field : fields) {
    const Waveform& waveform = *inputs.find(field);
    if (waveform.degree > 0) samples.insert(waveform.times.begin(), waveform.times.end());
  }
  std::vector<Piece> divided;
  for (const Piece& piece : pieces) {
    Piece rest = piece;
    const double sliver = 1e-9 * piece.dt();
    for (const double time : samples) {
      if (time <= rest.begin + sliver || time >= rest.end - sliver) continue;
      divided.push_back({rest.begin, time});
      rest.begin = time;
    }
    divided.push_back(rest);
  }
  return divided;
}

std::string own_name(const std::string& field) { return field.substr(field.rfind('.') + 1); }

}  // namespace

Kinetics::Kinetics(Setup setup)
    : Process(setup.system.name),
      setup_(std::move(setup)),
      factory_(setup_.system),
      integrator_(find_integrator(setup_.step.integrator)),
      derivatives_(factory_, DerivativeKernels::Of::rates),
      output_derivatives_(factory_, DerivativeKernels::Of::outputs),
      switching_times_(factory_),
      outputs_([this](ParameterBinding binding) {
        return factory_.make("outputs", binding, {},
                             [](const KernelFactory::Equations& e) { return e.outputs; });
      }) {
  const KineticsSystem& system = setup_.system;
  const std::size_t n = system.states.size();
  if (system.space->varies() && integrator_ == nullptr)
    throw InputError(
        fmt::format("integrator '{}' is for a fixed number of sites, and '{}' is a population; use "
                    "rosenbrock or dormand_prince",
                    setup_.step.integrator, system.space->name()));
  if (system.space->varies() && !system.columns.empty())
    throw InputError(
        fmt::format("'{}' has one value for each site, and '{}' is a population, whose sites come "
                    "and go; make it a field of the population",
                    system.columns.front().name, system.space->name()));
  setup_.step.positive.resize(n, false);
  setup_.step.absolute_tolerance.resize(n, setup_.step.relative_tolerance);
  if (integrator_ == nullptr) {
    const SystemIntegratorType* type = find_system_integrator(setup_.step.integrator);
    if (type == nullptr) throw InputError(fmt::format("there is no integrator '{}'", setup_.step.integrator));
    whole_ = type->make(factory_, derivatives_, setup_.step);
  } else {
    stepper_ = make_stepper(factory_);
  }
  if (integrator_ != nullptr && integrator_->positivity != Integrator::Positivity::rejection) {
    const auto exact = stepper_->exponential_states();
    const bool for_own_linear = integrator_->positivity == Integrator::Positivity::own_linear;
    for (std::size_t i = 0; i < n; ++i) {
      if (!setup_.step.positive[i]) continue;
      if (for_own_linear && std::find(exact.begin(), exact.end(), i) != exact.end()) continue;
      throw InputError(
          fmt::format("field '{}' is declared positive, and integrator '{}' may make it negative; use "
                      "rush_larsen (for states "
                      "whose rate is linear in themselves), dormand_prince, rosenbrock or cvode",
                      (*system.fields)[system.states[i]].name, integrator_->name));
    }
  }
  for (std::size_t i = 0; i < setup_.initial.size(); ++i) {
    initial_.emplace_back(name() + " initial", setup_.initial[i], system.space, *system.fields,
                          *system.parameters, system.options);
  }
  if (has_jumps()) {
    if (integrator_ == nullptr || integrator_->control == Integrator::Control::iterated)
      throw InputError(
          fmt::format("integrator '{}' can't stop at single sites, which events ask for; use rush_larsen, "
                      "rk4, rosenbrock or another that takes its steps site by site",
                      setup_.step.integrator));
    if (system.space->varies())
      throw InputError(
          fmt::format("'{}' is a population, whose agents come and go: events are for spaces "
                      "that stay as they are",
                      system.space->name()));
    site_events_ = std::make_unique<SiteEvents>(factory_);
  }
  rate_reads_ = fields_in(*system.graph, system.rates, *system.fields);
  std::vector<expr::Node> output_values;
  for (const auto& output : system.outputs) output_values.push_back(output.value);
  output_reads_ = fields_in(*system.graph, output_values, *system.fields);
  for (std::size_t i = 0; i < n; ++i) {
    if (!(*system.fields)[system.target(i)].conserved.empty()) conserved_.push_back(i);
  }
  if (!conserved_.empty() && !system.space->varies()) {
    for (std::size_t s = 0; s < system.space->sites(); ++s) measure_.push_back(system.space->measure(s));
  }
}

std::unique_ptr<Stepper> Kinetics::make_stepper(const KernelFactory& factory) const {
  switch (integrator_->control) {
    case Integrator::Control::adaptive:
      return adaptive_stepper(factory, *integrator_, setup_.step);
    case Integrator::Control::iterated:
      return implicit_midpoint_stepper(factory, setup_.step);
    case Integrator::Control::fixed:
      break;
  }
  return fixed_stepper(factory, *integrator_, setup_.step);
}

const Kinetics::Driven& Kinetics::driven(const std::vector<FieldId>& fields) const {
  const std::scoped_lock lock(driven_mutex_);
  std::unique_ptr<Driven>& known = driven_[fields];
  if (!known) {
    known = std::make_unique<Driven>(setup_.system, fields);
    known->stepper = make_stepper(known->factory);
  }
  return *known;
}

Ports Kinetics::ports() const {
  const FieldTable& fields = *setup_.system.fields;
  Ports ports;
  const auto add = [&](Port::Role role, FieldId id) {
    ports.push_back({role, id, fields[id].kind, fields[id].unit});
  };
  const auto& states = setup_.system.states;
  for (std::size_t i = 0; i < setup_.system.own_states(); ++i) add(Port::Role::advance, states[i]);
  for (const FieldId id : setup_.system.contributed) add(Port::Role::contribute, id);
  for (const FieldId id : rate_reads_) {
    if (std::find(states.begin(), states.end(), id) == states.end()) add(Port::Role::read, id);
  }
  for (const auto& way : setup_.system.through)
    if (way)
      for (const FieldId id : way->geometry->reads()) add(Port::Role::read, id);
  for (const auto& output : setup_.system.outputs) add(Port::Role::determine, output.field);
  for (const auto& event : setup_.system.events) add(Port::Role::emit, event.channel);
  for (const auto& receiver : setup_.system.receivers) add(Port::Role::receive, receiver.channel);
  return ports;
}

std::unique_ptr<Process> Kinetics::with_added_rate(FieldId target, FieldId rate, double factor,
                                                   const Model&) const {
  Setup setup = setup_;
  KineticsSystem& system = setup.system;
  const auto found = std::find(system.states.begin(), system.states.end(), target);
  if (found == system.states.end()) return nullptr;
  system.graph = std::make_shared<Graph>(*system.graph);
  Graph& g = *system.graph;
  Node& sum = system.rates[static_cast<std::size_t>(found - system.states.begin())];
  const Node added = g.symbol("field:" + (*system.fields)[rate].name);
  sum = g.add(sum, g.multiply(g.constant(factor * system.time_unit), added));
  return std::make_unique<Kinetics>(std::move(setup));
}

Traits Kinetics::traits() const {
  Traits traits;
  if (has_jumps()) {
    traits.smooth = false;
    traits.reason = "its states jump at events";
  }
  traits.follows_inputs = true;
  traits.error_controlled = integrator_ == nullptr || integrator_->control == Integrator::Control::adaptive;
  return traits;
}

bool Kinetics::damps() const {
  // CVODE's BDF, and L-stable with control of its error; explicit schemes would take steps without number.
  return integrator_ == nullptr || integrator_->step == rosenbrock_4;
}

std::optional<Sharing> Kinetics::sharing() const {
  if (has_jumps()) return std::nullopt;  // events of all sites are sent from one queue
  if (stepper_ == nullptr) return std::nullopt;
  // What is contributed through couplings reaches sites of other ranks.
  const auto& through = setup_.system.through;
  if (std::any_of(through.begin(), through.end(), [](const auto& way) { return way.has_value(); }))
    return std::nullopt;
  return Sharing{.space = setup_.system.space.get(), .halo = stepper_->together() - 1};
}

std::vector<LedgerAccount> Kinetics::ledger_accounts() const {
  std::vector<LedgerAccount> list;
  const KineticsSystem& system = setup_.system;
  for (std::size_t i : conserved_)
    list.push_back({system.target(i), name(), i < system.own_states() ? "reaction" : "contribution"});
  for (const JumpAccount& account : jump_accounts()) {
    const std::size_t events = system.events.size();
    list.push_back({system.states[account.state], name(),
                    "event " + (account.jump < events ? system.events[account.jump].name
                                                      : system.receivers[account.jump - events].name)});
  }
  using Role = LedgerAccount::Role;
  for (const std::size_t i : conserved_)
    if (const WayBack* way = system.way_back(i))
      for (const Role role : {Role::left, Role::arrived, Role::moved})
        list.push_back({way->of, name(), (*system.fields)[way->field].name, role});
  for (const std::size_t i : conserved_)
    if (i >= system.own_states()) list.push_back({system.target(i), name(), "rounding"});
  return list;
}

std::optional<std::pair<std::string, std::string>> Kinetics::capacity_obstacle(FieldId field) const {
  const FieldTable& fields = *setup_.system.fields;
  const Unit& unit = fields[field].capacity->unit();
  if (unit.dimension().dimensionless()) return std::nullopt;
  for (const auto& way : setup_.system.through)
    if (way && way->of == field)
      return std::pair(
          fmt::format(
              "what is contributed to '{}' comes back as an amount per measure, without the {} of the "
              "capacity",
              fields[way->field].name, unit.text()),
          std::string("a contribution at the field's own sites, or a capacity that is a number"));
  return std::nullopt;
}

std::vector<Kinetics::JumpAccount> Kinetics::jump_accounts() const {
  std::vector<JumpAccount> list;
  const KineticsSystem& system = setup_.system;
  const auto add = [&](std::size_t jump, const std::vector<KineticsSystem::Assignment>& then) {
    for (const auto& assignment : then)
      if (std::find(conserved_.begin(), conserved_.end(), assignment.state) != conserved_.end())
        list.push_back({jump, assignment.state});
  };
  std::size_t jump = 0;
  for (const auto& event : system.events) add(jump++, event.then);
  for (const auto& receiver : system.receivers) add(jump++, receiver.then);
  return list;
}

/// What states gained in jumps is booked to the events, and taken off what reactions are said to have made.
void Kinetics::book_jumps(State& state, EventRun& run) const {
  const KineticsSystem& system = setup_.system;
  const std::vector<EventRun::Gain> gains = run.gains();
  const std::vector<JumpAccount> own = jump_accounts();
  for (std::size_t k = 0; k < own.size(); ++k) {
    CompensatedSum sum;
    const FieldId field = system.states[own[k].state];
    const bool per_site = (*system.fields)[field].kind == FieldKind::amount;
    const SiteContents contents(state, field);
    for (const EventRun::Gain& gain : gains)
      if (gain.jump == own[k].jump && gain.state == own[k].state)
        sum.add(gain.amount * contents.capacity(gain.site) *
                (per_site || measure_.empty() ? 1.0 : measure_[gain.site]));
    state.account(accounts()[conserved_.size() + k]).add(sum.value());
    const auto reaction = std::find(conserved_.begin(), conserved_.end(), own[k].state);
    state.account(accounts()[static_cast<std::size_t>(reaction - conserved_.begin())]).add(-sum.value());
  }
}

void Kinetics::initialise(State& state, Workspace& work) const {
  for (std::size_t i = 0; i < setup_.initialised.size(); ++i) {
    initial_[i].evaluate(state, 0.0, state.real(setup_.initialised[i]), *work.threads);
  }
}

Outcome Kinetics::advance(State& state, const Interval& interval, const Inputs& inputs,
                          Workspace& work) const {
  const KineticsSystem& system = setup_.system;
  const double t0 = interval.t0(), t1 = interval.t1();
  const SiteRange sites =
      work.share != nullptr ? work.share->own() : SiteRange{0, state.sites(*system.space)};
  AdvanceCall call{state,
                   switching_times_.pieces(state, t0, t1),
                   &inputs,
                   factory_.binding(state),
                   factory_.columns(),
                   work,
                   {},
                   sites};
  if (whole_) call.surroundings = switching_times_.surroundings(state, t0, t1);
  std::vector<FieldId> driving;
  for (const FieldId id : rate_reads_)
    if (inputs.find(id) != nullptr) driving.push_back(id);
  const Stepper* stepper = stepper_.get();
  if (stepper != nullptr && !driving.empty()) {
    stepper = driven(driving).stepper.get();
    if (integrator_->control == Integrator::Control::adaptive)
      call.pieces = divided_at_samples(call.pieces, inputs, driving);
  }

  // CVODE would begin anew after a change of its states: it goes on, and differences are taken.
  if (!whole_)
    for (std::size_t i = system.own_states(); i < system.states.size(); ++i)
      std::fill(state.real(system.states[i]).begin(), state.real(system.states[i]).end(), 0.0);
  std::vector<std::vector<double>> before(system.states.size());
  for (std::size_t i = 0; i < system.states.size(); ++i) {
    const bool booked = std::find(conserved_.begin(), conserved_.end(), i) != conserved_.end();
    if (!booked && i < system.own_states()) continue;
    const auto column = std::as_const(state).real(system.states[i]);
    before[i].assign(column.begin(), column.end());
  }
  std::optional<EventRun> events;
  if (site_events_) call.events = &events.emplace(*site_events_, state, t0, t1);
  const auto failure = whole_ ? whole_->advance(call, interval) : stepper->advance(call);
  if (failure) {
    Outcome outcome;
    outcome.why = Outcome::Why::failed;
    outcome.reached = interval.begin;
    outcome.what = {name(), failure->field, failure->message, state.site_text(*system.space, failure->site),
                    failure->time};
    return outcome;
  }
  // The change of a field by this process alone is the method's own integral of the rate over the step.
  for (std::size_t k = 0; k < conserved_.size(); ++k) {
    const std::size_t i = conserved_[k];
    const auto after = std::as_const(state).real(system.states[i]);
    const bool amounts = (*system.fields)[system.target(i)].kind == FieldKind::amount;
    // What comes back through a coupling is a content already.
    const bool comes_back = system.way_back(i) != nullptr;
    const bool per_site = measure_.empty() || (amounts && !comes_back);
    const SiteContents contents(state, system.target(i));
    const bool scaled = contents.has_capacity() && !comes_back;
    state.account(accounts()[k])
        .add(work.threads->sum(sites.size(), ledger_block, [&](std::size_t begin, std::size_t end) {
          const SiteRange block{sites.begin + begin, sites.begin + end};
          if (scaled)
            return gain(after, before[i], block,
                        [&](std::size_t s) { return (per_site ? 1.0 : measure_[s]) * contents.capacity(s); });
          if (per_site) return gain(after, before[i], block, [](std::size_t) { return 1.0; });
          return gain(after, before[i], block, [&](std::size_t s) { return measure_[s]; });
        }));
  }
  if (events) {
    book_jumps(state, *events);
    const std::vector<Event> happened = events->happened();
    state.events.happened.insert(state.events.happened.end(), happened.begin(), happened.end());
  }
  Outcome outcome;
  for (std::size_t i = system.own_states(); i < system.states.size(); ++i) {
    const auto gathered = std::as_const(state).real(system.states[i]);
    for (std::size_t s = sites.begin; s < sites.end; ++s) before[i][s] = gathered[s] - before[i][s];
  }
  hand_over(state, before, sites, work);
  for (const FieldId field : system.contributed)
    if (auto emptied = look_below_zero(state, field, sites, interval)) return *emptied;
  outcome.reached = interval.end;
  return outcome;
}

void Kinetics::hand_over(State& state, const std::vector<std::vector<double>>& gathered, SiteRange sites,
                         Workspace& work) const {
  const KineticsSystem& system = setup_.system;
  // The last accounts, one for each conserved field contributed to.
  const auto book_rounding = [&](std::size_t i, double amount) {
    const auto found = std::find(conserved_.begin(), conserved_.end(), i);
    if (found != conserved_.end())
      state.account(accounts()[accounts().size() - static_cast<std::size_t>(conserved_.end() - found)])
          .add(amount);
  };
  work.ways_back.resize(system.through.size());
  std::size_t account = conserved_.size() + jump_accounts().size();
  for (std::size_t i = system.own_states(); i < system.states.size(); ++i) {
    const WayBack* way = system.way_back(i);
    if (way == nullptr) {
      book_rounding(i, add_to_field(state, system.target(i), gathered[i], sites));
      continue;
    }
    const Crossing crossing =
        bring_back(state, *way, gathered[i], work.ways_back[i - system.own_states()], *work.threads);
    if ((*system.fields)[way->of].conserved.empty()) continue;
    book_rounding(i, crossing.rounding);
    for (const double amount : {crossing.left, crossing.arrived, crossing.moved})
      state.account(accounts()[account++]).add(amount);
  }
}

std::optional<Outcome> Kinetics::look_below_zero(const State& state, FieldId field, SiteRange sites,
                                                 const Interval& interval) const {
  const Field& described = (*setup_.system.fields)[field];
  if (!described.positive || state.collected.contains(field)) return std::nullopt;
  auto values = state.real(field);
  const bool own = described.space == setup_.system.space;  // those that this rank has changed
  if (own) values = values.subspan(sites.begin, sites.size());
  const auto below = std::find_if(values.begin(), values.end(), [](double value) { return value < 0.0; });
  if (below == values.end()) return std::nullopt;
  const auto site = static_cast<std::size_t>(below - values.begin()) + (own ? sites.begin : 0);
  Outcome outcome;
  outcome.why = Outcome::Why::failed;
  outcome.reached = interval.begin;
  outcome.what = {name(), described.name,
                  fmt::format("what is contributed makes it {} {}: contributions are taken explicitly, "
                              "however much is left; take shorter steps, or a process of type exchange, "
                              "which takes up implicitly",
                              number_text(*below), described.unit.text()),
                  state.site_text(*described.space, site), interval.t1()};
  return outcome;
}

void Kinetics::determine(State& state, double time, Workspace& work) const {
  const KineticsSystem& system = setup_.system;
  std::vector<double*> out;
  for (const auto& output : system.outputs) out.push_back(state.real(output.field).data());
  const std::vector<const double*> columns = factory_.columns();
  SiteKernel::Call call;
  call.time = time;
  call.columns = columns;
  outputs_.get(factory_.binding(state)).run(state, call, out, *work.threads);
}

bool Kinetics::holds_outputs(const Layout& layout) const {
  const auto& outputs = setup_.system.outputs;
  return std::any_of(outputs.begin(), outputs.end(),
                     [&](const auto& output) { return layout.contains(output.field); });
}

void Kinetics::rate(const State& state, double time, Workspace& work, Vector& rates) const {
  ++work.counters.rate_evaluations;
  derivatives_.value(state, time, *work.threads, rates);
  if (!holds_outputs(rates.layout())) return;
  output_derivatives_.value(state, time, *work.threads, rates);
  for (const auto& output : setup_.system.outputs) {
    if (!rates.layout().contains(output.field)) continue;
    const auto is = state.real(output.field);
    const auto row = rates(output.field);
    for (std::size_t s = 0; s < row.size(); ++s) row[s] -= is[s];
  }
}

void Kinetics::jvp(const State& state, double time, const Vector& du, Workspace& work, Vector& out) const {
  derivatives_.jvp(state, time, du, *work.threads, out);
  if (!holds_outputs(out.layout())) return;
  output_derivatives_.jvp(state, time, du, *work.threads, out);
  for (const auto& output : setup_.system.outputs) {
    if (!out.layout().contains(output.field)) continue;
    const auto own = du(output.field);
    const auto row = out(output.field);
    for (std::size_t s = 0; s < row.size(); ++s) row[s] -= own[s];
  }
}

void Kinetics::vjp(const State& state, double time, const Vector& w, Workspace& work, Vector& out) const {
  derivatives_.vjp(state, time, w, *work.threads, out);
  if (!holds_outputs(w.layout())) return;
  output_derivatives_.vjp(state, time, w, *work.threads, out);
  for (const auto& output : setup_.system.outputs) {
    if (!w.layout().contains(output.field)) continue;
    const auto row = w(output.field);
    const auto own = out(output.field);
    for (std::size_t s = 0; s < row.size(); ++s) own[s] -= row[s];
  }
}

void Kinetics::jacobian(const State& state, double time, Workspace& work, SparseBuilder& entries) const {
  ++work.counters.jacobian_evaluations;
  derivatives_.jacobian(state, time, *work.threads, entries);
  const Layout& layout = entries.layout();
  if (!holds_outputs(layout)) return;
  output_derivatives_.jacobian(state, time, *work.threads, entries);
  for (const auto& output : setup_.system.outputs) {
    if (!layout.contains(output.field)) continue;
    const std::size_t own = layout.offset(output.field);
    for (std::size_t s = 0; s < layout.sites(output.field); ++s) entries.add(own + s, own + s, -1.0);
  }
}

std::vector<SiteRates::Entry> Kinetics::jacobian_at(const State& state, double time, std::size_t site) const {
  std::vector<SiteRates::Entry> entries;
  for (const auto& entry : derivatives_.jacobian_at(state, time, site))
    if (setup_.system.way_back(entry.row) == nullptr)
      entries.push_back(
          {setup_.system.target(entry.row), entry.column, entry.value / setup_.system.time_unit});
  return entries;
}

// The largest growth of |J^k x| per k over the later half of a power iteration (Gelfand's formula), which is
// the spectral radius also where the dominant eigenvalues are a complex pair.
double Kinetics::spectral_radius(const State& state, std::size_t site) const {
  const std::size_t n = setup_.system.states.size();
  const auto entries = derivatives_.jacobian_at(state, 0.0, site);
  std::map<FieldId, std::size_t> index;
  for (std::size_t i = 0; i < n; ++i) index[setup_.system.states[i]] = i;
  std::vector<double> x(n), next(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = 1.0 + 0.1 * static_cast<double>(i % 7);
  constexpr int iterations = 200, skipped = 100;
  double logarithm = 0.0, growth_of_sign = 0.0;
  for (int k = 0; k < iterations; ++k) {
    std::fill(next.begin(), next.end(), 0.0);
    for (const auto& entry : entries) {
      const auto column = index.find(entry.column);
      if (column != index.end()) next[entry.row] += entry.value * x[column->second];
    }
    double size = 0.0, dot = 0.0, before = 0.0;
    for (std::size_t i = 0; i < n; ++i) {
      size += next[i] * next[i];
      dot += next[i] * x[i];
      before += x[i] * x[i];
    }
    const double factor = std::sqrt(size / before);
    if (!(factor > 0.0) || !std::isfinite(factor)) return 0.0;
    if (k >= skipped) logarithm += std::log(factor);
    growth_of_sign = dot / std::sqrt(size * before);
    for (std::size_t i = 0; i < n; ++i) x[i] = next[i] / std::sqrt(size);
  }
  if (growth_of_sign > 0.99) return 0.0;  // a growing mode limits accuracy, not stability
  return std::exp(logarithm / (iterations - skipped));
}

double Kinetics::stable_step(const State& state) const {
  constexpr double unlimited = std::numeric_limits<double>::infinity();
  if (integrator_ == nullptr || integrator_->stability_limit == 0.0) return unlimited;
  const std::size_t sites = state.sites(*setup_.system.space);
  const std::size_t samples = std::min(sites, sampled_sites);
  double largest = 0.0;
  for (std::size_t k = 0; k < samples; ++k) {
    largest =
        std::max(largest, spectral_radius(state, k * (sites - 1) / std::max<std::size_t>(1, samples - 1)));
  }
  if (largest == 0.0) return unlimited;
  const double limit = integrator_->stability_limit / largest * setup_.system.time_unit;
  // Internal steps are what has to be stable.
  return setup_.step.step > 0.0 && setup_.step.step <= limit ? unlimited : limit;
}

Scales Kinetics::scales(const State& state) const {
  Scales scales;
  const std::size_t sites = state.sites(*setup_.system.space);
  const double radius = sites > 0 ? spectral_radius(state, sites / 2) : 0.0;
  scales.time_resolution = setup_.step.step;
  if (radius > 0.0) scales.time_extent = setup_.system.time_unit / radius;
  return scales;
}

std::vector<std::string> Kinetics::description() const {
  const KineticsSystem& system = setup_.system;
  std::vector<std::string> lines;
  if (whole_) {
    lines.push_back(fmt::format("{} states, integrator {}", system.states.size(), setup_.step.integrator));
    for (const std::string& line : whole_->description()) lines.push_back(line);
  } else {
    lines.push_back(fmt::format("{} states, integrator {} of order {}", system.states.size(),
                                integrator_->name, integrator_->order));
    std::vector<std::string> names;
    for (std::size_t i : stepper_->exponential_states()) {
      names.push_back(own_name((*system.fields)[system.states[i]].name));
    }
    if (!names.empty())
      lines.push_back(fmt::format("integrated by exponentials: {}", fmt::join(names, ", ")));
    const expr::Kernel& kernel = stepper_->kernel().kernel();
    lines.push_back(fmt::format("{} operations per site and step, {} kernel with {} lanes",
                                kernel.operations(), expr::name(kernel.tier()), kernel.lanes()));
  }
  return lines;
}

}  // namespace holon::pointwise

#include "holon/engine/simulation.hpp"

#include "holon/base/error.hpp"
#include "holon/engine/model_difference.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <sstream>

#include <fmt/format.h>

namespace holon {

namespace {

/// Fractions of a step at which events are looked for.
constexpr std::int64_t event_denominator = std::int64_t{1} << 40;

}  // namespace

Simulation::Simulation(std::shared_ptr<const Model> model, Options options)
    : model_(std::move(model)),
      threads_(std::make_unique<ThreadPool>(options.threads)),
      execution_(model_, *threads_, options.ranks),
      frames_(options.frames),
      state_(model_->initial_state(*threads_, options.seed)) {
  for (const auto& recipe : model_->observers) observers_.push_back(recipe->start(*model_));
  std::size_t most_sites = 0;
  for (const EventRecipe& event : model_->events) {
    expr::Graph graph;
    SiteKernel::Source source;
    source.name = event.name;
    source.graph = &graph;
    source.outputs = {event.function.lower(graph)};
    event_kernels_.emplace_back(source, event.space, *model_->fields, *model_->parameters, model_->kernels);
    most_sites = std::max(most_sites, event.space->sites());
  }
  event_column_.resize(most_sites);
  const Determination& determination = model_->determination;
  for (const auto& recipe : model_->observers)
    before_observer_.push_back(determination.before([&](FieldId field) { return recipe->reads(field); }));
  for (const EventRecipe& event : model_->events)
    before_event_.push_back(determination.before(
        [&](FieldId field) { return event.function.depends_on("field:" + (*model_->fields)[field].name); }));
  if (model_->program.merged) {
    const Process& closing = *model_->processes[model_->program.closing.process];
    closed_fields_ = fields_changed_by(closing, *model_->fields);
  }
  if (!model_->events.empty()) {
    before_ = state_.clone();
    trial_ = state_.clone();
  }
  if (model_->schedule.to_rest) {
    way_.emplace(*model_);
    before_ = state_.clone();
  }
}

Simulation::~Simulation() = default;

double Simulation::time() const { return state_.time.value(model_->schedule.step); }

double Simulation::fraction_done() const {
  if (way_) return way_->fraction_done();
  return model_->schedule.steps == 0
             ? 1.0
             : state_.time.steps_since(Time{}) / static_cast<double>(model_->schedule.steps);
}

void Simulation::start() {
  started_ = true;
  const Ledger ledger(*model_->fields, model_->accounts);
  held_at_start_ = ledger.held(state_, *threads_);
  for (std::size_t e = 0; e < event_kernels_.size(); ++e) event_values_.push_back(event_value(e, state_));
  finished_ = model_->schedule.steps == 0;
  observe(0, finished_);
}

void Simulation::look_at(const State& state) {
  state_.assign(state);
  started_ = finished_ = true;
  std::vector<std::size_t> all;
  for (std::size_t o = 0; o < observers_.size(); ++o) {
    observers_[o] = model_->observers[o]->start(*model_);
    all.push_back(o);
  }
  show(state_, all, true, true);
}

State Simulation::complete_state() const {
  State copy = state_.clone();
  execution_.close_half_step(copy);
  execution_.distribution().complete(copy);
  execution_.determine(copy, model_->determination.order(), copy.time.value(model_->schedule.step));
  return copy;
}

/// While it lives, the state has no half step pending; afterwards it is what it was, bit by bit.
class Simulation::CompleteView {
 public:
  explicit CompleteView(Simulation& simulation) : simulation_(simulation) {
    State& state = simulation.state_;
    if (!state.counter.pending_half) return;
    pending_ = true;
    simulation.kept_.clear();
    simulation.kept_ghosts_.clear();
    for (const FieldId field : simulation.closed_fields_)
      simulation.kept_ghosts_.push_back(state.ghosts(field));
    for_each_column([&](std::span<double> column) {
      simulation.kept_.insert(simulation.kept_.end(), column.begin(), column.end());
    });
    for (AccountId a = 0; a < simulation.model_->accounts.size(); ++a) accounts_.push_back(state.account(a));
    try {
      simulation.execution_.close_half_step(state);
    } catch (...) {
      restore();
      throw;
    }
  }
  ~CompleteView() {
    if (pending_) restore();
  }
  CompleteView(const CompleteView&) = delete;
  CompleteView& operator=(const CompleteView&) = delete;

 private:
  /// Integer fields lie in the same columns.
  template <class Visit>
  void for_each_column(Visit visit) {
    for (const FieldId field : simulation_.closed_fields_)
      for (int c = 0; c < (*simulation_.model_->fields)[field].components; ++c)
        visit(simulation_.state_.real(field, c));
  }
  void restore() {
    auto from = simulation_.kept_.begin();
    for_each_column([&](std::span<double> column) {
      const auto end = from + static_cast<std::ptrdiff_t>(column.size());
      std::copy(from, end, column.begin());
      from = end;
    });
    for (std::size_t f = 0; f < simulation_.closed_fields_.size(); ++f)
      simulation_.state_.set_ghosts(simulation_.closed_fields_[f], simulation_.kept_ghosts_[f]);
    for (AccountId a = 0; a < accounts_.size(); ++a) simulation_.state_.account(a) = accounts_[a];
    simulation_.state_.counter.pending_half = true;
  }

  Simulation& simulation_;
  bool pending_ = false;
  std::vector<CompensatedSum> accounts_;
};

void Simulation::step_to_rest() {
  before_->assign(state_);
  const std::int64_t steps = way_->steps();
  if (steps == 1) observe_between(state_, {1, 1});
  execution_.macro_step(state_, {steps, 1});
  execution_.close_half_step(state_);
  execution_.distribution().complete(*before_);
  execution_.distribution().complete(state_);
  way_->look(*before_, state_);
  finished_ = way_->arrived();
  observe(state_.time.index, finished_);
  if (!finished_ && all_stops_complete()) {
    finished_ = true;
    observe(-1, true);
  }
}

void Simulation::step() {
  if (!started_) start();
  if (finished_) return;
  if (way_) return step_to_rest();
  if (before_) before_->assign(state_);
  // Time goes forward where it can: integrators with a memory then go on instead of beginning again.
  const bool may_stop = std::any_of(model_->events.begin(), model_->events.end(), [](const EventRecipe& e) {
    return e.action == EventRecipe::Action::stop;
  });
  if (!may_stop) observe_between(state_, {1, 1});
  bool stopped = false;
  try {
    execution_.macro_step(state_, {1, 1});
    stopped = locate_events(event_denominator);
  } catch (const NumericalFailure&) {
    stopped = may_stop && stop_before_failure();
    if (!stopped) throw;
  }
  if (may_stop)
    observe_between(*before_,
                    state_.time.index > before_->time.index ? Fraction{1, 1} : state_.time.fraction);
  finished_ = stopped || state_.time.index >= model_->schedule.steps;
  observe(state_.time.index, finished_);
  if (!finished_ && all_stops_complete()) {
    finished_ = true;
    observe(-1, true);
  }
}

void Simulation::run(const std::function<bool(const Simulation&)>& between) {
  if (!started_) start();
  while (!finished_) {
    step();
    if (between && !between(*this)) return;
  }
}

void Simulation::observe(std::int64_t index, bool last) {
  std::vector<std::size_t> asked;
  for (std::size_t o = 0; o < observers_.size(); ++o)
    if (last || observers_[o]->wants(index)) asked.push_back(o);
  if (asked.empty()) return;
  const CompleteView view(*this);
  show(state_, asked, index == 0, last);
}

void Simulation::observe_between(const State& from, Fraction end) {
  std::map<Fraction, std::vector<std::size_t>> moments;
  for (std::size_t o = 0; o < observers_.size(); ++o)
    for (const Fraction& moment : observers_[o]->between(from.time.index))
      if (moment < end) moments[moment].push_back(o);
  if (moments.empty()) return;
  if (!trial_) trial_ = from.clone();
  for (const auto& [moment, observers] : moments) {
    trial_->assign(from);
    execution_.macro_step(*trial_, moment);
    show(*trial_, observers, false, false);
  }
}

void Simulation::show(State& complete, const std::vector<std::size_t>& observers, bool first, bool last) {
  std::vector<bool> needed(model_->processes.size(), false);
  for (const std::size_t o : observers)
    for (const ProcessId process : before_observer_[o]) needed[process] = true;
  std::vector<ProcessId> determiners = model_->determination.order();
  std::erase_if(determiners, [&](ProcessId process) { return !needed[process]; });
  execution_.determine(complete, determiners, complete.time.value(model_->schedule.step));
  execution_.distribution().complete(complete, [&](FieldId field) {
    return std::any_of(observers.begin(), observers.end(),
                       [&](std::size_t o) { return model_->observers[o]->reads(field); });
  });
  const Observation observation{
      complete, complete.time.value(model_->schedule.step), model_->schedule.step, first, last, *threads_,
      frames_};
  for (const std::size_t o : observers) observers_[o]->observe(observation);
}

bool Simulation::all_stops_complete() const {
  for (const std::string& name : model_->schedule.stop_when)
    for (std::size_t o = 0; o < observers_.size(); ++o)
      if (model_->observers[o]->name() == name && observers_[o]->complete()) return true;
  return false;
}

double Simulation::event_value(std::size_t event, State& state) const {
  execution_.determine(state, before_event_[event], state.time.value(model_->schedule.step));
  const EventRecipe& recipe = model_->events[event];
  execution_.distribution().complete(state, [&](FieldId field) {
    return recipe.function.depends_on("field:" + (*model_->fields)[field].name);
  });
  SiteKernel::Call call;
  call.time = state.time.value(model_->schedule.step);
  const std::size_t sites = state.sites(*recipe.space);
  if (sites == 0) return std::numeric_limits<double>::quiet_NaN();  // nobody there: nothing crosses
  if (event_column_.size() < sites) event_column_.resize(sites);
  double* const column = event_column_.data();
  if (recipe.reduction == EventRecipe::Reduction::site) {
    event_kernels_[event].run(state, call, std::span(&column, 1), recipe.site, recipe.site + 1);
    return column[recipe.site];
  }
  event_kernels_[event].run(state, call, std::span(&column, 1), *threads_);
  const bool largest = (recipe.reduction == EventRecipe::Reduction::any) ==
                       (recipe.direction != EventRecipe::Direction::falling);
  double value = largest ? -HUGE_VAL : HUGE_VAL;
  for (std::size_t site = 0; site < sites; ++site)
    if (recipe.space->inside(site))
      value = largest ? std::max(value, column[site]) : std::min(value, column[site]);
  return value;
}

namespace {

bool crosses(EventRecipe::Direction direction, double before, double after) {
  const bool up = before < 0.0 && after >= 0.0, down = before > 0.0 && after <= 0.0;
  switch (direction) {
    case EventRecipe::Direction::rising:
      return up;
    case EventRecipe::Direction::falling:
      return down;
    case EventRecipe::Direction::either:
      return up || down;
  }
  return false;
}

}  // namespace

bool Simulation::locate_events(std::int64_t end) {
  if (event_kernels_.empty()) return false;
  const double macro_step = model_->schedule.step;
  struct Found {
    std::size_t event;
    std::int64_t numerator;  // of the fraction of this step
  };
  std::vector<Found> found;
  std::vector<double> values(event_kernels_.size());
  const auto value_at = [&](std::size_t event, std::int64_t numerator) {
    trial_->assign(*before_);
    execution_.macro_step(*trial_, Fraction::of(numerator, event_denominator));
    return event_value(event, *trial_);
  };
  {
    const CompleteView view(*this);
    for (std::size_t e = 0; e < values.size(); ++e) values[e] = event_value(e, state_);
  }
  for (std::size_t e = 0; e < values.size(); ++e) {
    if (!crosses(model_->events[e].direction, event_values_[e], values[e])) continue;
    // Illinois method on the fraction of the step, in whole units of 2^-40: the bracket always shrinks, and
    // its upper end has crossed.
    std::int64_t low = 0, high = end;
    double g_low = event_values_[e], g_high = values[e];
    int side = 0;
    while (high - low > 1 && g_high != 0.0) {
      const double weight = g_low / (g_low - g_high);
      auto next = low + static_cast<std::int64_t>(std::llround(weight * static_cast<double>(high - low)));
      next = std::clamp(next, low + 1, high - 1);
      const double g = value_at(e, next);
      if (!std::isfinite(g)) break;
      const bool crossed = g == 0.0 || (g > 0.0) == (values[e] > 0.0);
      if (crossed) {
        high = next;
        g_high = g;
        if (side == 1) g_low *= 0.5;
        side = 1;
      } else {
        low = next;
        g_low = g;
        if (side == -1) g_high *= 0.5;
        side = -1;
      }
    }
    found.push_back({e, high});
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const Found& a, const Found& b) { return a.numerator < b.numerator; });
  bool stopped = false;
  for (const Found& f : found) {
    const Time at = Time{before_->time.index, {}} + Fraction::of(f.numerator, event_denominator);
    events_.push_back({model_->events[f.event].name, at.value(macro_step)});
    if (model_->events[f.event].action == EventRecipe::Action::stop) {
      if (f.numerator < end) {
        state_.assign(*before_);
        execution_.macro_step(state_, Fraction::of(f.numerator, event_denominator));
      }
      stopped = true;
      break;
    }
  }
  event_values_ = values;
  return stopped;
}

bool Simulation::stop_before_failure() {
  constexpr std::int64_t shortest = event_denominator >> 20;
  // Whether a part of the step ends beyond an event that stops the run; nothing where it fails.
  const auto stops = [&](std::int64_t numerator) -> std::optional<bool> {
    try {
      state_.assign(*before_);
      execution_.macro_step(state_, Fraction::of(numerator, event_denominator));
      const CompleteView view(*this);
      for (std::size_t e = 0; e < model_->events.size(); ++e) {
        if (model_->events[e].action != EventRecipe::Action::stop) continue;
        const double value = event_value(e, state_);
        if (std::isnan(value)) return std::nullopt;
        if (crosses(model_->events[e].direction, event_values_[e], value)) return true;
      }
      return false;
    } catch (const NumericalFailure&) { return std::nullopt; }
  };
  std::int64_t low = 0, high = event_denominator;
  while (high - low > shortest) {
    const std::int64_t middle = low + (high - low) / 2;
    const auto stopped = stops(middle);
    if (stopped && *stopped) return locate_events(middle);
    (stopped ? low : high) = middle;
  }
  return false;
}

Archive Simulation::checkpoint() const {
  execution_.distribution().complete(state_);
  Archive archive;
  archive.put("model/hash", model_->hash);
  archive.put("model/resolved", model_->resolved);
  Archive state;
  state_.write(state);
  archive.put_group("state", state);
  for (std::size_t o = 0; o < observers_.size(); ++o) {
    Archive memory;
    observers_[o]->save(memory);
    archive.put_group("observers/" + model_->observers[o]->name(), memory);
  }
  std::string names;
  std::vector<double> times;
  for (const EventRecord& event : events_) {
    names += event.name + "\n";
    times.push_back(event.time);
  }
  archive.put("events/names", names);
  archive.put("events/times", std::span<const double>(times));
  archive.put("events/values", std::span<const double>(event_values_));
  std::string quantities;
  std::vector<double> held;
  for (const auto& [quantity, amount] : held_at_start_) {
    quantities += quantity + "\n";
    held.push_back(amount);
  }
  archive.put("ledger/quantities", quantities);
  archive.put("ledger/held_at_start", std::span<const double>(held));
  if (way_) {
    Archive way;
    way_->write(way);
    archive.put_group("way_to_rest", way);
  }
  archive.put("finished", std::int64_t{finished_ ? 1 : 0});
  archive.put("steps", model_->schedule.steps);
  return archive;
}

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace

void Simulation::resume(const Archive& archive) {
  const bool same = archive.text("model/hash") == model_->hash;
  if (!same) {
    const std::string difference = model_difference(archive.text("model/resolved"), model_->resolved);
    if (!difference.empty())
      throw InputError("the checkpoint is of another model; it differs in" + difference);
    if (way_) throw InputError("the checkpoint is of a run to a time, and this one ends at rest");
  }
  state_.read(archive.group("state"));
  for (std::size_t o = 0; o < observers_.size(); ++o)
    observers_[o]->load(archive.group("observers/" + model_->observers[o]->name()));
  events_.clear();
  const auto names = lines_of(archive.text("events/names"));
  const auto& times = archive.reals("events/times");
  for (std::size_t e = 0; e < names.size() && e < times.size(); ++e) events_.push_back({names[e], times[e]});
  event_values_ = archive.reals("events/values");
  held_at_start_.clear();
  const auto quantities = lines_of(archive.text("ledger/quantities"));
  const auto& held = archive.reals("ledger/held_at_start");
  for (std::size_t q = 0; q < quantities.size() && q < held.size(); ++q)
    held_at_start_[quantities[q]] = held[q];
  if (way_) way_->read(archive.group("way_to_rest"));
  finished_ = archive.integers("finished").at(0) != 0;
  started_ = true;
  if (same) return;
  // The end has moved. What ended the run before its end (an event) still does.
  const std::int64_t end = archive.integers("steps").at(0), now = state_.time.index;
  if (now > model_->schedule.steps)
    throw InputError(fmt::format("the checkpoint is {} steps into the run, beyond its end after {}", now,
                                 model_->schedule.steps));
  if (finished_ && now >= end) finished_ = now >= model_->schedule.steps;
}

std::vector<LedgerBalance> Simulation::ledger() const {
  const Ledger ledger(*model_->fields, model_->accounts);
  if (!started_) return ledger.balances(state_, ledger.held(state_, *threads_), *threads_);
  if (state_.counter.pending_half) return ledger.balances(complete_state(), held_at_start_, *threads_);
  execution_.distribution().complete(state_);
  return ledger.balances(state_, held_at_start_, *threads_);
}

std::map<std::string, Series> Simulation::series() const {
  std::map<std::string, Series> all;
  for (const auto& observer : observers_)
    for (auto& [name, series] : observer->series()) all[name] = std::move(series);
  return all;
}

std::map<std::string, ResultValue> Simulation::results() const {
  std::map<std::string, std::map<std::string, ResultValue>> outcomes;
  for (std::size_t o = 0; o < observers_.size(); ++o)
    outcomes[model_->observers[o]->name()] = observers_[o]->results();
  std::map<std::string, ResultValue> results;
  const auto in_unit = [](ResultValue result, const std::optional<Unit>& unit) {
    if (!unit || std::holds_alternative<ResultValue::Missing>(result.value) ||
        std::holds_alternative<std::string>(result.value)) {
      if (unit) result.unit = *unit;
      return result;
    }
    const double factor = conversion_factor(result.unit, *unit);
    if (auto* number = std::get_if<double>(&result.value)) *number *= factor;
    if (auto* array = std::get_if<std::vector<double>>(&result.value))
      for (double& value : *array) value *= factor;
    result.unit = *unit;
    return result;
  };
  const auto number = [&](const std::string& name) -> std::optional<double> {  // coherent
    const auto found = results.find(name);
    if (found == results.end()) return std::nullopt;
    const double* value = std::get_if<double>(&found->second.value);
    return value != nullptr ? std::optional(*value * found->second.unit.factor()) : std::nullopt;
  };
  for (const ResultRecipe& recipe : model_->results) {
    if (recipe.equation) continue;
    const auto& observer = outcomes[recipe.observer];
    const auto found = observer.find(recipe.outcome);
    if (found == observer.end())
      results[recipe.name] = {
          ResultValue::Missing{fmt::format("'{}' did not give '{}'", recipe.observer, recipe.outcome)}, {}};
    else
      results[recipe.name] = in_unit(found->second, recipe.unit);
  }
  // Equations over results, in as many rounds as they build on each other.
  for (std::size_t round = 0; round < model_->results.size(); ++round)
    for (const ResultRecipe& recipe : model_->results) {
      if (!recipe.equation || number(recipe.name)) continue;
      expr::Graph graph;
      const expr::Node root = recipe.equation->lower(graph);
      std::string missing, why;
      const auto symbol = [&](std::string_view name) -> long double {
        if (name.starts_with("parameter:")) {
          const ParameterId id = model_->parameters->id(name.substr(10));
          return state_.parameter(id);
        }
        const auto value = name.starts_with("result:") ? number(std::string(name.substr(7))) : std::nullopt;
        if (!value) {
          missing = name.substr(name.find(':') + 1);
          const auto found = results.find(missing);
          if (found != results.end())
            if (const auto* reason = std::get_if<ResultValue::Missing>(&found->second.value))
              why = ": " + reason->why;
        }
        return value.value_or(0.0);
      };
      const auto value = static_cast<double>(expr::evaluate(graph, std::span(&root, 1), symbol).at(0));
      if (!missing.empty())
        results[recipe.name] = {
            ResultValue::Missing{fmt::format("it needs '{}', which has no value{}", missing, why)},
            recipe.unit.value_or(Unit{})};
      else
        results[recipe.name] = in_unit({value, Unit::coherent(recipe.dimension)}, recipe.unit);
    }
  return results;
}

}  // namespace holon

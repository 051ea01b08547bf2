#include "holon/engine/quasi_steady.hpp"

#include "holon/base/error.hpp"
#include "holon/engine/fast_blocks.hpp"
#include "holon/engine/model.hpp"
#include "holon/engine/own_views.hpp"
#include "holon/engine/site_contents.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace holon {

namespace {

constexpr int most_iterations = 60;
constexpr double converged = 1e-13;          // Newton corrections, relative to the values
constexpr double difference_of_time = 1e-3;  // of the step, for derivatives along the slow flow
constexpr std::size_t most_that_see_themselves = 2000;
constexpr int looks = 16;  // times at which the gap is judged before a run

using Values = std::vector<double>;

double size(const Values& a) {
  double largest = 0.0;
  for (const double value : a) largest = std::max(largest, std::abs(value));
  return largest;
}

}  // namespace

/// What the processes that are asked for their rates keep between calls.
struct QuasiSteady::Work : Scratch {
  std::vector<Workspace> of_processes;
  Workspace own;
};

/// Rest states and their drift on one State, which is left as it was but for the fields of the process.
class QuasiSteady::Solver {
 public:
  Solver(const QuasiSteady& process, State& state, Work& work, ThreadPool& threads)
      : process_(process),
        model_(*process.model_),
        state_(state),
        own_(*model_.fields, process.own_),
        slow_ids_(process.slow_processes()),
        slow_(*model_.fields, slow_fields()),
        work_(work.of_processes),
        own_work_(work.own) {
    work_.resize(model_.processes.size());
    for (Workspace& each : work_) each.threads = &threads;
    own_work_.threads = &threads;
    before_ = model_.determination.before(*process.inner_);
    sees_itself_ = own_view(model_, *process.inner_, process.own_).has_value();
  }

  Values values() const {
    Values x;
    for (const FieldId field : own_.fields())
      for (int c = 0; c < (*model_.fields)[field].components; ++c) {
        const auto column = std::as_const(state_).real(field, c);
        x.insert(x.end(), column.begin(), column.end());
      }
    return x;
  }
  void put(const Values& x) { put(own_, x); }

  Values rate(double time) {
    determine(before_, time);
    Vector rates(own_);
    process_.inner_->rate(state_, time, own_work_, rates);
    return rates.values();
  }

  FastBlocks jacobian(double time) {
    determine(before_, time);
    if (sees_itself_ && own_.size() > most_that_see_themselves)
      throw Refused(
          fmt::format("'{}' can't be kept at rest: it sees what follows from its own fields, which joins all "
                      "of its {} unknowns, and up to {} can be solved for; advance it in time",
                      process_.name(), own_.size(), most_that_see_themselves));
    if (sees_itself_)
      return {own_.size(),
              own_jacobian(model_, *process_.inner_, own_, state_, time, *own_work_.threads).compressed()};
    SparseBuilder entries(own_);
    process_.inner_->jacobian(state_, time, own_work_, entries);
    return {own_.size(), entries.compressed()};
  }

  /// Newton's method from the present values; they are at rest afterwards.
  std::optional<std::string> rest(double time) {
    Values x = values(), f = rate(time);
    Values scale(x.size(), 1e-300);  // the largest value of each unknown so far
    double former = size(f), relative = 0.0;
    for (int n = 0; n < most_iterations; ++n) {
      const auto correction = jacobian(time).solve(f);
      if (!correction) return "the Jacobian of its rates is singular: there is no single rest state";
      double part = 1.0;
      relative = 0.0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        scale[i] = std::max({scale[i], std::abs(x[i]), std::abs(x[i] - (*correction)[i])});
        relative = std::max(relative, std::abs((*correction)[i]) / scale[i]);
      }
      for (int halving = 0;; ++halving) {
        Values next = x;
        for (std::size_t i = 0; i < x.size(); ++i) next[i] -= part * (*correction)[i];
        put(next);
        f = rate(time);
        const double now = size(f);
        if (std::isfinite(now) && (now <= former || relative <= 1e-8 || halving == 8)) {
          x = std::move(next);
          former = now;
          break;
        }
        if (halving == 30) return "Newton's method for its rest state left the numbers";
        part *= 0.5;
      }
      if (relative <= converged || former == 0.0) return std::nullopt;
      if (relative <= 1e-10 && n > 8) return std::nullopt;  // round-off of ill-conditioned equations
    }
    return fmt::format(
        "Newton's method for its rest state did not converge in {} iterations (the last one moved it by "
        "{:.1g} of "
        "its size): there may be no rest state any more (a fold), which `study: continuation` finds; "
        "otherwise "
        "a shorter step brings the next rest state nearer",
        most_iterations, relative);
  }

  /// Rates of what its equations read of others, with its own fields as they are.
  Values slow_rates(double time) {
    Vector rates(slow_);
    for (const ProcessId p : slow_ids_) {
      determine(model_.determination.before(*model_.processes[p]), time);
      model_.processes[p]->rate(state_, time, work_[p], rates);
    }
    return rates.values();
  }

  /// `what` at a moment a little later and earlier on the slow flow, divided by the time between.
  template <class What>
  std::optional<Values> along_slow_flow(double time, double delta, const Values& slow_rate, What what) {
    const Values x = values(), y = slow_values();
    std::array<std::optional<Values>, 2> at;
    for (const int sign : {1, -1}) {
      Values moved = y;
      for (std::size_t i = 0; i < y.size(); ++i) moved[i] += sign * delta * slow_rate[i];
      put(slow_, moved);
      at[sign > 0 ? 0 : 1] = what(time + sign * delta);
      put(x);
    }
    put(slow_, y);
    if (!at[0] || !at[1]) return std::nullopt;
    Values derivative(at[0]->size());
    for (std::size_t i = 0; i < derivative.size(); ++i)
      derivative[i] = ((*at[0])[i] - (*at[1])[i]) / (2.0 * delta);
    return derivative;
  }

  /// J^-1 dq/dt at a rest state, that is -J^-2 (df/dt + df/dy dy/dt); nothing where J is singular.
  std::optional<Values> lag(double time, double delta) {
    const auto drift =
        along_slow_flow(time, delta, slow_rates(time), [&](double t) { return std::optional(rate(t)); });
    const FastBlocks j = jacobian(time);
    const auto once = j.solve(*drift);
    auto twice = once ? j.solve(*once) : std::nullopt;
    if (twice)
      for (double& value : *twice) value = -value;
    return twice;
  }

  /// The rate of relaxation over that at which the slow fields move, each relative to its size: for rest
  /// states that pass zero, whose own size says nothing. 0 where the time itself moves the rest state.
  double gap_to_slow_fields(double time, double delta) {
    const auto rates_at = [&](double t) { return std::optional(rate(t)); };
    const Values slow = slow_rates(time), y = slow_values();
    const auto drift = along_slow_flow(time, delta, slow, rates_at);
    const auto by_time = along_slow_flow(time, delta, Values(slow.size(), 0.0), rates_at);
    if (size(*by_time) > 1e-6 * size(*drift)) return 0.0;
    const FastBlocks j = jacobian(time);
    const auto once = j.solve(*drift);
    const auto twice = once ? j.solve(*once) : std::nullopt;
    if (!twice || size(*twice) == 0.0) return 0.0;
    double speed = 0.0;
    std::size_t offset = 0;
    for (const FieldId field : slow_.fields()) {
      const std::size_t count =
          slow_.sites(field) * static_cast<std::size_t>((*model_.fields)[field].components);
      const double moved = size({slow.begin() + static_cast<std::ptrdiff_t>(offset),
                                 slow.begin() + static_cast<std::ptrdiff_t>(offset + count)});
      const double held = size({y.begin() + static_cast<std::ptrdiff_t>(offset),
                                y.begin() + static_cast<std::ptrdiff_t>(offset + count)});
      offset += count;
      if (moved > 0.0) speed = std::max(speed, held > 0.0 ? moved / held : HUGE_VAL);
    }
    return speed > 0.0 ? size(*once) / size(*twice) / speed : 0.0;
  }

  /// The slow manifold to first order, from the rest state on.
  std::optional<Values> first_order(double time, double delta) {
    if (rest(time)) return std::nullopt;
    auto x = values();
    const auto n1 = lag(time, delta);
    if (!n1) return std::nullopt;
    for (std::size_t i = 0; i < x.size(); ++i) x[i] += (*n1)[i];
    return x;
  }

  /// J^-1 (dx/dt - f(x)) for the present values, which are of first order.
  std::optional<Values> error_of_first_order(double time, double delta) {
    const auto moving =
        along_slow_flow(time, delta, slow_rates(time), [&](double t) { return first_order(t, delta); });
    if (!moving) return std::nullopt;
    Values defect = rate(time);
    for (std::size_t i = 0; i < defect.size(); ++i) defect[i] = (*moving)[i] - defect[i];
    return jacobian(time).solve(defect);
  }

  const Layout& own() const { return own_; }

 private:
  std::vector<FieldId> slow_fields() const {
    std::set<FieldId> fields;
    for (const ProcessId p : slow_ids_)
      for (const Port& port : model_.processes[p]->ports())
        if ((port.role == Port::Role::advance || port.role == Port::Role::contribute) &&
            (*model_.fields)[port.field].type == FieldType::real)
          fields.insert(port.field);
    return {fields.begin(), fields.end()};
  }
  Values slow_values() const {
    Values y;
    for (const FieldId field : slow_.fields())
      for (int c = 0; c < (*model_.fields)[field].components; ++c) {
        const auto column = std::as_const(state_).real(field, c);
        y.insert(y.end(), column.begin(), column.end());
      }
    return y;
  }
  void put(const Layout& layout, const Values& x) {
    auto from = x.begin();
    for (const FieldId field : layout.fields())
      for (int c = 0; c < (*model_.fields)[field].components; ++c) {
        const auto column = state_.real(field, c);
        std::copy_n(from, column.size(), column.begin());
        from += static_cast<std::ptrdiff_t>(column.size());
      }
  }
  void determine(const std::vector<ProcessId>& processes, double time) {
    for (const ProcessId p : processes) model_.processes[p]->determine(state_, time, work_[p]);
  }

  const QuasiSteady& process_;
  const Model& model_;
  State& state_;
  Layout own_;
  std::vector<ProcessId> slow_ids_;
  Layout slow_;
  std::vector<Workspace>& work_;
  Workspace& own_work_;
  std::vector<ProcessId> before_;
  bool sees_itself_ = false;
};

QuasiSteady::QuasiSteady(std::unique_ptr<Process> inner, SteadyOptions options, const Model& model)
    : Process(inner->name()), inner_(std::move(inner)), options_(std::move(options)), model_(&model) {
  const Traits traits = inner_->traits();
  if (!traits.smooth || traits.stochastic || traits.resizes)
    throw InputError(fmt::format("process '{}' can't be kept at rest: it {}{}{}", name(),
                                 traits.stochastic ? "is stochastic"
                                 : traits.resizes  ? "changes the number of sites"
                                                   : "is not smooth",
                                 traits.reason.empty() ? "" : ": ", traits.reason));
  for (const Port& port : inner_->ports()) {
    if (port.role == Port::Role::contribute)
      throw InputError(
          fmt::format("process '{}' can't be kept at rest: it contributes to '{}', which is an "
                      "integral over steps that it does not take",
                      name(), (*model.fields)[port.field].name));
    if (port.role != Port::Role::advance) continue;
    own_.push_back(port.field);
    if (!(*model.fields)[port.field].conserved.empty()) conserved_.push_back(port.field);
  }
}

Ports QuasiSteady::ports() const {
  Ports ports = inner_->ports();
  for (const auto& [field, estimate] : options_.estimates) {
    const Field& described = (*model_->fields)[estimate];
    ports.push_back({Port::Role::advance, estimate, described.kind, described.unit});
  }
  return ports;
}

Traits QuasiSteady::traits() const {
  Traits traits = inner_->traits();
  traits.follows_inputs = false;
  traits.error_controlled = true;
  return traits;
}

std::vector<LedgerAccount> QuasiSteady::ledger_accounts() const {
  std::vector<LedgerAccount> accounts;
  for (const FieldId field : conserved_) accounts.push_back({field, name(), "kept at rest"});
  return accounts;
}

/// Those that advance what the equations read, directly or through what others determine.
std::vector<ProcessId> QuasiSteady::slow_processes() const {
  std::set<FieldId> read;
  for (const Port& port : inner_->ports())
    if (port.role == Port::Role::read) read.insert(port.field);
  for (const ProcessId determiner : model_->determination.before(*inner_))
    for (const FieldId field : model_->processes[determiner]->determined_from()) read.insert(field);
  std::vector<ProcessId> slow;
  for (ProcessId p = 0; p < model_->processes.size(); ++p) {
    const Process& process = *model_->processes[p];
    if (&process == this || !process.traits().smooth) continue;
    const Ports ports = process.ports();
    if (std::any_of(ports.begin(), ports.end(), [&](const Port& port) {
          return (port.role == Port::Role::advance || port.role == Port::Role::contribute) &&
                 read.contains(port.field);
        }))
      slow.push_back(p);
  }
  return slow;
}

void QuasiSteady::begin_at_rest(State& state, ThreadPool& threads) const {
  Work work;
  Solver solver(*this, state, work, threads);
  const Values given = solver.values();
  const double delta = difference_of_time * model_->schedule.step;
  if (solver.rest(0.0) || !solver.jacobian(0.0).stable()) return solver.put(given);
  if (options_.order == 0) return;
  const auto lag = solver.lag(0.0, delta);
  if (!lag) return;
  Values x = solver.values();
  for (std::size_t i = 0; i < x.size(); ++i) x[i] += (*lag)[i];
  solver.put(x);
}

Outcome QuasiSteady::advance(State& state, const Interval& interval, const Inputs&, Workspace& work) const {
  if (!work.scratch) work.scratch = std::make_unique<Work>();
  Work& kept = dynamic_cast<Work&>(*work.scratch);
  Solver solver(*this, state, kept, *work.threads);
  const double time = interval.t1(), delta = difference_of_time * interval.dt();
  const auto failed = [&](const std::string& message) {
    Outcome outcome;
    outcome.why = Outcome::Why::failed;
    outcome.reached = interval.begin;
    outcome.what = {name(), "", message, "", time};
    return outcome;
  };
  const std::string singular = "the Jacobian of its rates became singular: the rest state is lost";
  const Values before = solver.values();
  if (const auto fault = solver.rest(time)) return failed(*fault);
  if (!solver.jacobian(time).stable())
    return failed("its rest state is not stable any more: what is kept at rest would run away");
  const Values q = solver.values();
  auto estimate = solver.lag(time, delta);
  if (!estimate) return failed(singular);
  if (options_.order == 1) {
    Values x = q;
    for (std::size_t i = 0; i < x.size(); ++i) x[i] += (*estimate)[i];
    solver.put(x);
    estimate = solver.error_of_first_order(time, delta);
    if (!estimate) return failed(singular);
  }
  std::size_t offset = 0;
  for (const FieldId field : own_) {
    const auto column = state.real(field);
    if (const auto where = options_.estimates.find(field); where != options_.estimates.end()) {
      const auto target = state.real(where->second);
      for (std::size_t s = 0; s < target.size(); ++s) target[s] = std::abs((*estimate)[offset + s]);
    }
    const auto account = std::find(conserved_.begin(), conserved_.end(), field);
    if (account != conserved_.end() && !accounts().empty()) {
      const SiteContents contents(state, field);
      CompensatedSum sum;
      for (std::size_t s = 0; s < column.size(); ++s) sum.add((column[s] - before[offset + s]) * contents(s));
      state.account(accounts()[static_cast<std::size_t>(account - conserved_.begin())]).add(sum.value());
    }
    offset += column.size() * static_cast<std::size_t>((*model_->fields)[field].components);
  }
  ++work.counters.steps;
  work.counters.rate_evaluations = kept.own.counters.rate_evaluations;
  work.counters.jacobian_evaluations = kept.own.counters.jacobian_evaluations;
  Outcome outcome;
  outcome.reached = interval.end;
  return outcome;
}

double QuasiSteady::gap(const State& start, double begin, double end, double step,
                        ThreadPool& threads) const {
  State state = start.clone();
  Work work;
  Solver solver(*this, state, work, threads);
  double least = std::numeric_limits<double>::infinity();
  for (int look = 0; look <= looks; ++look) {
    const double time = begin + (end - begin) * look / looks;
    if (const auto fault = solver.rest(time))
      throw Refused(fmt::format("'{}' can't be kept at rest: {}", name(), *fault));
    if (!solver.jacobian(time).stable())
      throw Refused(fmt::format("'{}' can't be kept at rest: its rest state at t = {} is not stable", name(),
                                moment_text(time, model_->schedule)));
    const auto lag = solver.lag(time, difference_of_time * step);
    if (!lag) throw Refused(fmt::format("'{}' can't be kept at rest: its Jacobian is singular", name()));
    const double moved = size(*lag);
    if (moved > 0.0)
      least = std::min(least, std::max(size(solver.values()) / moved,
                                       solver.gap_to_slow_fields(time, difference_of_time * step)));
  }
  if (!(least > 1.0))
    throw Refused(
        fmt::format("'{}' can't be kept at rest: there is no gap between its time scale and that of what "
                    "moves its rest state "
                    "(the rate of relaxation is only {:.3g} times the rate of change)",
                    name(), least));
  return least;
}

std::vector<std::string> QuasiSteady::description() const {
  return {fmt::format("kept at rest, to order {} in the ratio of time scales ({})", options_.order,
                      inner_->type())};
}

}  // namespace holon

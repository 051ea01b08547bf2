#include "holon/engine/window_iteration.hpp"

#include "holon/base/error.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace holon {

namespace {

constexpr double rounding = 1e-13;        // residuals this small beside the values are round-off
constexpr double hopeless_growth = 1e4;   // of the residual over the first, without acceleration
constexpr double hopeless_at_all = 1e12;  // with it: a first relaxed step may lead far away
constexpr std::size_t steady_growth = 8;  // evaluations after each of which it had grown
constexpr std::size_t watched = 18;       // evaluations after which it has to be below the first

double root_mean_square(std::span<const double> values) {
  double square = 0.0;
  for (const double value : values) square += value * value;
  return values.empty() ? 0.0 : std::sqrt(square / static_cast<double>(values.size()));
}

double norm(const std::vector<double>& a, const std::vector<double>& weights) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += weights[i] * weights[i] * a[i] * a[i];
  return std::sqrt(sum);
}

std::vector<double> difference(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> d(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) d[i] = a[i] - b[i];
  return d;
}

/// Of a field to which what is contributed is collected (a window inside of a window), what was collected.
template <class Visit>
void for_each_column(const std::vector<FieldId>& fields, State& state, Visit visit) {
  for (const FieldId field : fields) {
    visit(state.receiving(field));
    for (int c = 1; c < state.fields()[field].components; ++c) visit(state.real(field, c));
  }
}

/// While it lives, what a member contributes to fields of others is collected; what a window around this one
/// has collected waits meanwhile.
class Collection {
 public:
  Collection(State& state, const WindowExchange& exchange, std::size_t member) : state_(&state) {
    for (const Exchange& given : exchange.fields)
      if (given.taker && given.producer == member) {
        std::optional<std::vector<double>> around;
        if (const auto found = state.collected.find(given.field); found != state.collected.end())
          around = std::move(found->second);
        state.collected[given.field].assign(state.real(given.field).size(), 0.0);
        fields_.emplace_back(given.field, std::move(around));
      }
  }
  Collection(const Collection&) = delete;
  Collection& operator=(const Collection&) = delete;
  ~Collection() {
    for (auto& [field, around] : fields_)
      if (around)
        state_->collected[field] = std::move(*around);
      else
        state_->collected.erase(field);
  }

 private:
  State* state_;
  std::vector<std::pair<FieldId, std::optional<std::vector<double>>>> fields_;
};

void take(State& state, const Exchange& exchange, std::span<const double> amounts) {
  const double rounded = add_to_field(state, exchange.field, amounts, {0, amounts.size()});
  if (exchange.rounding) state.account(*exchange.rounding).add(rounded);
}

/// What another member contributes to a field of a member, in one of its substeps after the other.
class Receipt {
 public:
  Receipt(const Exchange& exchange, const Waveform& total)
      : exchange_(&exchange),
        total_(&total),
        before_(total.values.front()),
        after_(before_),
        half_(before_) {}
  /// Goes on to the substep that ends then.
  void reach(double end) {
    std::swap(before_, after_);
    total_->evaluate(end, 0, 0, after_.size(), after_);
    for (std::size_t s = 0; s < half_.size(); ++s) half_[s] = 0.5 * (after_[s] - before_[s]);
  }
  /// Half of what comes in the substep.
  void take_half(State& state) const { take(state, *exchange_, half_); }

 private:
  const Exchange* exchange_;
  const Waveform* total_;
  std::vector<double> before_, after_, half_;
};

}  // namespace

WindowIteration::WindowIteration(const Execution& execution, std::size_t window)
    : execution_(execution),
      model_(execution.model()),
      window_(model_.program.windows[window]),
      exchange_(model_.exchanges[window]),
      number_(window) {}

/// Integer fields lie in the same columns.
void WindowIteration::keep(State& state) {
  for_each_column(exchange_.changed, state,
                  [&](std::span<const double> column) { kept_.emplace_back(column.begin(), column.end()); });
  for (AccountId a = 0; a < model_.accounts.size(); ++a) accounts_.push_back(state.account(a));
  events_ = state.events;
  delay_lines_ = state.delay_lines;
}

void WindowIteration::restore(State& state) const {
  auto kept = kept_.begin();
  for_each_column(exchange_.changed, state, [&](std::span<double> column) {
    std::copy(kept->begin(), kept->end(), column.begin());
    ++kept;
  });
  for (AccountId a = 0; a < accounts_.size(); ++a) state.account(a) = accounts_[a];
  state.events = events_;
  state.delay_lines = delay_lines_;
}

void WindowIteration::start_waveforms(State& state, Time begin, Time end) {
  const double step = model_.schedule.step;
  std::size_t offset = 0;
  for (std::size_t e = 0; e < exchange_.fields.size(); ++e) {
    const Exchange& exchange = exchange_.fields[e];
    const std::int64_t parts = window_.members[exchange.producer].parts;
    const Fraction length = end.fraction_since(begin);
    auto waveform = std::make_shared<Waveform>();
    // The integral of a rate that is of one value throughout is straight.
    waveform->degree = exchange.taker ? std::max(1, window_.options.degree) : window_.options.degree;
    waveform->components = exchange.taker ? 1 : (*model_.fields)[exchange.field].components;
    for (std::int64_t n = 0; n <= parts; ++n)
      waveform->times.push_back((begin + length * Fraction::of(n, parts)).value(step));
    waveform->values.resize(waveform->times.size());
    if (exchange.taker)
      waveform->values.front().assign(state.real(exchange.field).size(), 0.0);
    else
      sample(state, exchange, *waveform, 0, begin.value(step));
    std::fill(waveform->values.begin() + 1, waveform->values.end(), waveform->values.front());
    if (exchange.back) {
      const std::size_t size = waveform->values.front().size() * static_cast<std::size_t>(parts);
      const double content =
          exchange.taker ? root_mean_square(std::as_const(state).real(exchange.field)) : 0.0;
      unknowns_.push_back({e, offset, size, content});
      offset += size;
    }
    waveforms_.push_back(std::move(waveform));
  }
}

void WindowIteration::sample(State& state, const Exchange& exchange, Waveform& waveform, std::size_t number,
                             double time) {
  std::vector<double>& values = waveform.values[number];
  if (exchange.taker) {
    values = waveform.values[number - 1];
    std::vector<double>& collected = state.collected.at(exchange.field);
    for (std::size_t s = 0; s < values.size(); ++s) values[s] += std::exchange(collected[s], 0.0);
    return;
  }
  // At the beginning the state has what the others have.
  std::vector<std::vector<double>> aside;
  const auto for_others = [&](auto visit) {
    if (number == 0) return;
    for (const std::size_t other : exchange.others)
      for (int c = 0; c < waveforms_[other]->components; ++c)
        visit(*waveforms_[other], c, state.real(exchange_.fields[other].field, c));
  };
  for_others([&](const Waveform& seen, int component, std::span<double> column) {
    aside.emplace_back(column.begin(), column.end());
    seen.evaluate(time, component, 0, column.size(), column);
  });
  execution_.determine(state, exchange.determiners, time);
  auto back = aside.begin();
  for_others([&](const Waveform&, int, std::span<double> column) {
    std::copy(back->begin(), back->end(), column.begin());
    ++back;
  });
  values.clear();
  for (int c = 0; c < waveform.components; ++c) {
    const auto column = std::as_const(state).real(exchange.field, c);
    values.insert(values.end(), column.begin(), column.end());
  }
}

void WindowIteration::evaluate(State& state, Time begin, Time end, const Inputs& outer) {
  const Fraction length = end.fraction_since(begin);
  for (std::size_t m = 0; m < window_.members.size(); ++m) {
    const Window::Member& member = window_.members[m];
    Inputs inputs = outer;
    // What a window around this one tells is advanced out there.
    for (const std::size_t e : exchange_.read_by[m])
      if (outer.find(exchange_.fields[e].field) == nullptr)
        inputs.set(exchange_.fields[e].field, waveforms_[e]);
    std::vector<Receipt> receipts;
    for (std::size_t e = 0; e < exchange_.fields.size(); ++e)
      if (exchange_.fields[e].taker == m) receipts.emplace_back(exchange_.fields[e], *waveforms_[e]);
    const Collection collection(state, exchange_, m);
    const Fraction part = length * Fraction::of(1, member.parts);
    for (std::int64_t n = 0; n < member.parts; ++n) {
      const Time from = begin + part * Fraction{n, 1};
      const double now = (from + part).value(model_.schedule.step);
      for (Receipt& receipt : receipts) {
        receipt.reach(now);
        receipt.take_half(state);
      }
      for (const Instruction& instruction : member.part)
        execution_.run(state, instruction, from + instruction.begin * part, from + instruction.end * part,
                       inputs);
      for (const Receipt& receipt : receipts) receipt.take_half(state);
      for (std::size_t e = 0; e < exchange_.fields.size(); ++e)
        if (exchange_.fields[e].producer == m)
          sample(state, exchange_.fields[e], *waveforms_[e], static_cast<std::size_t>(n) + 1, now);
    }
  }
}

std::vector<double> WindowIteration::gather() const {
  std::vector<double> g;
  for (const Unknown& unknown : unknowns_) {
    const auto& values = waveforms_[unknown.exchange]->values;
    for (std::size_t n = 1; n < values.size(); ++n) g.insert(g.end(), values[n].begin(), values[n].end());
  }
  return g;
}

void WindowIteration::scatter(const std::vector<double>& g) {
  auto from = g.begin();
  for (const Unknown& unknown : unknowns_) {
    auto& values = waveforms_[unknown.exchange]->values;
    for (std::size_t n = 1; n < values.size(); ++n) {
      const auto to = from + static_cast<std::ptrdiff_t>(values[n].size());
      std::copy(from, to, values[n].begin());
      from = to;
    }
  }
}

/// One over the size of each field: the root of the mean square of its first image.
WindowIteration::Weights WindowIteration::weights(const std::vector<double>& g,
                                                  const std::vector<double>& image) const {
  Weights weights{std::vector<double>(g.size(), 1.0), 0.0};
  double weighed = 0.0;
  for (const Unknown& unknown : unknowns_) {
    double square = 0.0;
    for (std::size_t i = unknown.offset; i < unknown.offset + unknown.size; ++i)
      square += std::max(image[i] * image[i], g[i] * g[i]);
    const double size = std::max(unknown.content, std::sqrt(square / static_cast<double>(unknown.size)));
    if (!(size > 0.0) || !std::isfinite(size)) continue;
    weighed += static_cast<double>(unknown.size);
    std::fill_n(weights.each.begin() + static_cast<std::ptrdiff_t>(unknown.offset), unknown.size, 1.0 / size);
  }
  weights.round_off = rounding * std::sqrt(weighed);
  return weights;
}

bool WindowIteration::diverges() const {
  const std::size_t n = residuals_.size();
  using Acceleration = solve::FixedPointOptions::Acceleration;
  const bool plain = window_.options.acceleration.acceleration == Acceleration::constant;
  if (residuals_.back() > (plain ? hopeless_growth : hopeless_at_all)) return true;
  if (n > watched && residuals_.back() > 1.0) return true;
  if (n <= steady_growth) return false;
  for (std::size_t k = n - steady_growth; k < n; ++k)
    if (residuals_[k] <= residuals_[k - 1]) return false;
  return true;
}

std::string WindowIteration::name() const {
  std::vector<std::string> names;
  for (const Window::Member& member : window_.members)
    for (const ProcessId process : member.processes) names.push_back(model_.processes[process]->name());
  return fmt::format("iterate: [{}]", fmt::join(names, ", "));
}

void WindowIteration::fail(const std::string& what, Time begin) const {
  std::vector<std::string> fields, residuals;
  for (const Unknown& unknown : unknowns_) {
    const Exchange& exchange = exchange_.fields[unknown.exchange];
    fields.push_back(fmt::format("{}'{}'", exchange.taker ? "contributions to " : "",
                                 (*model_.fields)[exchange.field].name));
  }
  constexpr std::size_t shown = 8;
  for (std::size_t n = 0; n < residuals_.size(); ++n) {
    if (n == shown / 2 && residuals_.size() > shown) {
      residuals.emplace_back("...");
      n = residuals_.size() - shown / 2;
    }
    residuals.push_back(fmt::format("{:.3g}", residuals_[n]));
  }
  throw NumericalFailure(fmt::format(
      "{} {} in the window that begins at t = {}: the residual of {}, relative to the first, was {} in {} "
      "evaluations; acceleration: aitken or anderson, a smaller relaxation or a smaller window may help{}",
      name(), what, moment_text(begin.value(model_.schedule.step), model_.schedule), fmt::join(fields, ", "),
      fmt::join(residuals, ", "), residuals_.size(),
      has_events() ? "; events of its members may come in one evaluation and not in the next: outside of the "
                     "iterate they are taken as they come"
                   : ""));
}

bool WindowIteration::has_events() const {
  for (const Window::Member& member : window_.members)
    for (const ProcessId process : member.processes)
      for (const Port& port : model_.processes[process]->ports())
        if (port.role == Port::Role::emit || port.role == Port::Role::receive) return true;
  return false;
}

/// `given`: what the last evaluation was told of later members.
void WindowIteration::settle(State& state, const std::vector<double>& given, Time begin) const {
  for (const Unknown& unknown : unknowns_) {
    const Exchange& exchange = exchange_.fields[unknown.exchange];
    if (!exchange.taker) continue;
    std::vector<double> rest = waveforms_[unknown.exchange]->values.back();
    const double* const taken = given.data() + unknown.offset + unknown.size - rest.size();
    for (std::size_t s = 0; s < rest.size(); ++s) rest[s] -= taken[s];
    take(state, exchange, rest);
  }
  for (const Exchange& exchange : exchange_.fields) {
    const Field& field = (*model_.fields)[exchange.field];
    if (!exchange.taker || !field.positive || state.collected.contains(exchange.field)) continue;
    const auto values = std::as_const(state).real(exchange.field);
    const auto below = std::find_if(values.begin(), values.end(), [](double value) { return value < 0.0; });
    if (below == values.end()) continue;
    const Window::Member& from = window_.members[exchange.producer];
    throw NumericalFailure(fmt::format(
        "{}: '{}' contributes more than there is: '{}' becomes {} {} at {} in the window that begins at t = "
        "{}; a smaller window may help, or a process of type exchange, which takes up implicitly",
        name(), model_.processes[from.processes.front()]->name(), field.name, number_text(*below),
        field.unit.text(), state.site_text(*field.space, static_cast<std::size_t>(below - values.begin())),
        moment_text(begin.value(model_.schedule.step), model_.schedule)));
  }
}

void WindowIteration::advance(State& state, Time begin, Time end, const Inputs& outer) {
  const IterateOptions& options = window_.options;
  keep(state);
  start_waveforms(state, begin, end);
  std::optional<solve::FixedPointAcceleration> acceleration;
  Weights weight;
  double first = 0.0;
  std::int64_t evaluations = 0;
  std::vector<double> g;
  for (;;) {
    g = gather();
    if (evaluations > 0) restore(state);
    try {
      evaluate(state, begin, end, outer);
    } catch (const NumericalFailure& failure) {
      if (evaluations == 0)
        throw NumericalFailure(
            fmt::format("{} broke off in its first evaluation, with what members read of later ones "
                        "held constant: {}; a smaller window may help",
                        name(), failure.what()));
      fail(fmt::format("broke off in evaluation {} ({})", evaluations + 1, failure.what()), begin);
    }
    ++evaluations;
    if (unknowns_.empty()) break;
    const std::vector<double> image = gather();
    const std::vector<double> residual = difference(image, g);
    if (evaluations == 1) {
      weight = weights(g, image);
      first = norm(residual, weight.each);
      acceleration.emplace(options.acceleration, weight.each);
    }
    const double size = norm(residual, weight.each);
    residuals_.push_back(first > 0.0 ? size / first : 0.0);
    if (!std::isfinite(size)) fail("diverges", begin);
    if (size <= std::max({options.tolerance * first, weight.round_off, rounding * norm(image, weight.each)}))
      break;
    if (diverges()) fail("diverges", begin);
    if (evaluations >= options.most) {
      if (options.unconverged == IterateOptions::Unconverged::accept) break;
      fail(fmt::format("did not converge to {:.3g}", options.tolerance), begin);
    }
    std::vector<double> next = g;
    acceleration->next(next, image);
    scatter(next);
  }
  settle(state, g, begin);
  WindowCount& count = state.counter.windows[number_];
  ++count.windows;
  count.evaluations += evaluations;
  count.last = evaluations;
  count.most = std::max(count.most, evaluations);
}

}  // namespace holon

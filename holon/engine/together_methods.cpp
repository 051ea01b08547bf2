#include "holon/engine/together_methods.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace holon {

namespace {

constexpr double most_growth = 2.2;  // of a step over the one before for bdf2; unstable from 1 + sqrt 2 on

std::vector<double> between(const std::vector<double>& a, const std::vector<double>& b, double share) {
  std::vector<double> values(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) values[i] = a[i] + share * (b[i] - a[i]);
  return values;
}

}  // namespace

std::vector<double> StepHistory::extrapolated(double after) const {
  std::vector<double> values = now;
  if (h1 == 0.0) return values;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double slope = (now[i] - one[i]) / h1;
    values[i] += after * slope;
    if (h2 > 0.0) values[i] += after * (after + h1) / (h1 + h2) * (slope - (one[i] - two[i]) / h2);
  }
  return values;
}

void StepHistory::push(std::vector<double> next, std::vector<double> brought_in, double h) {
  two = std::move(one);
  one = std::move(now);
  now = std::move(next);
  h2 = h1;
  h1 = h;
  brought = std::move(brought_in);
}

std::optional<TogetherMethods::Taken> TogetherMethods::step(State& state, const StepHistory& history,
                                                            double time, double h) {
  using Method = TogetherOptions::Method;
  const System& system = equations_.system();
  Vector x(system.layout());
  x.values() = history.now;
  equations_.set_sizes(x);
  look_at_contents(state);
  Taken taken;
  taken.brought.assign(bookings_.size(), 0.0);
  bool solved = false;
  if (method_ == Method::bdf1)
    solved = bdf1(state, history, time, h, x, taken);
  else if (method_ == Method::implicit_midpoint)
    solved = midpoint(state, history, time, h, x, taken);
  else if (method_ == Method::bdf2 && history.h1 > 0.0 && h <= most_growth * history.h1)
    solved = bdf2(state, history, time, h, x, taken);
  else
    solved = sdirk(state, history, time, h, x, taken);
  if (!solved) return std::nullopt;
  for (std::size_t f = 0; f < bookings_.fields.size(); ++f) {
    const FieldId field = bookings_.fields[f];
    const std::size_t begin = system.layout().offset(field), count = system.layout().sites(field);
    CompensatedSum sum;
    for (std::size_t i = begin; i < begin + count; ++i)
      if (system.mass()[i] == 0.0) sum.add(contents_[i] * (x.values()[i] - history.now[i]));
    taken.brought[bookings_.lines.size() + 2 * f + 1] = sum.value();
  }
  taken.values = std::move(x.values());
  return taken;
}

void TogetherMethods::look_at_contents(const State& state) {
  if (bookings_.fields.empty()) return;
  if (!contents_.empty() && std::ranges::equal(parameters_, state.parameters())) return;
  contents_ = equations_.system().contents(state).values();
  parameters_.assign(state.parameters().begin(), state.parameters().end());
}

bool TogetherMethods::solve(State& state, Vector& x, const std::vector<double>& guess,
                            const std::vector<double>& safe, const std::vector<double>& r, double g,
                            double time) {
  x.values() = guess;
  auto failure = equations_.solve_from(state, x, safe, r, g, time);
  if (!failure) return true;
  equations_.forget_factors();
  x.values() = safe;
  failure = equations_.solve_from(state, x, safe, r, g, time);
  if (!failure) return true;
  failure_ = *failure;
  return false;
}

void TogetherMethods::book(State& state, const Vector& x, double time, double factor,
                           const std::vector<double>& r, double g, std::vector<double>& brought) const {
  if (bookings_.lines.empty()) return;
  const System& system = equations_.system();
  const std::vector<double>& mass = system.mass();
  // What each brings in, and of the equations what is left over when all have.
  std::vector<CompensatedSum> left(bookings_.fields.size());
  const auto content = [&](FieldId field, auto&& value) {
    const std::size_t begin = system.layout().offset(field), count = system.layout().sites(field);
    CompensatedSum sum;
    for (std::size_t i = begin; i < begin + count; ++i)
      if (mass[i] != 0.0) sum.add(contents_[i] * value(i));
    return sum.value();
  };
  std::optional<ProcessId> asked;
  Vector rates(system.layout());
  for (std::size_t k = 0; k < bookings_.lines.size(); ++k) {
    const Bookings::Line& line = bookings_.lines[k];
    if (asked != line.process) {
      std::fill(rates.values().begin(), rates.values().end(), 0.0);
      system.add_rate(line.process, state, time, rates);
      asked = line.process;
    }
    const double rate = content(line.field, [&](std::size_t i) { return rates.values()[i]; });
    brought[k] += factor * rate;
    for (std::size_t f = 0; f < bookings_.fields.size(); ++f)
      if (bookings_.fields[f] == line.field) left[f].add(-factor * rate);
  }
  for (std::size_t f = 0; f < bookings_.fields.size(); ++f) {
    left[f].add(factor / g *
                content(bookings_.fields[f], [&](std::size_t i) { return x.values()[i] - r[i]; }));
    brought[bookings_.lines.size() + 2 * f] += left[f].value();
  }
}

bool TogetherMethods::bdf1(State& state, const StepHistory& history, double time, double h, Vector& x,
                           Taken& taken) {
  if (!solve(state, x, history.extrapolated(h), history.now, history.now, h, time + h)) return false;
  book(state, x, time + h, h, history.now, h, taken.brought);
  return true;
}

bool TogetherMethods::bdf2(State& state, const StepHistory& history, double time, double h, Vector& x,
                           Taken& taken) {
  const double w = h / history.h1, carried = w * w / (1.0 + 2.0 * w), g = h * (1.0 + w) / (1.0 + 2.0 * w);
  std::vector<double> r = history.now;
  for (std::size_t i = 0; i < r.size(); ++i) r[i] += carried * (history.now[i] - history.one[i]);
  const std::vector<double> guess = history.extrapolated(h);
  if (!solve(state, x, guess, history.now, r, g, time + h)) return false;
  // The change is `carried` of the last one plus what comes in now; given values have a line of their own.
  for (std::size_t k = 0; k < taken.brought.size(); ++k) taken.brought[k] = carried * history.brought[k];
  book(state, x, time + h, g, r, g, taken.brought);
  if (history.h2 == 0.0) return true;
  // y - x = -m y''' and y - guess = e y''', so that x - guess is (m + e) y''' (variable steps).
  const double m = h * h * (h + history.h1) * (h + history.h1) / (6.0 * (2.0 * h + history.h1)),
               e = h * (h + history.h1) * (h + history.h1 + history.h2) / 6.0;
  std::vector<double> difference(x.values().size(), 0.0);
  for (std::size_t i = 0; i < difference.size(); ++i)
    if (equations_.system().mass()[i] != 0.0) difference[i] = x.values()[i] - guess[i];
  taken.error = m / (m + e) * scaled_norm(difference, equations_.sizes());
  return true;
}

bool TogetherMethods::sdirk(State& state, const StepHistory& history, double time, double h, Vector& x,
                            Taken& taken) {
  const double gamma = 1.0 - std::sqrt(0.5), g = gamma * h;
  const std::vector<double> guess = history.extrapolated(h);
  std::vector<double> r = history.now;
  if (!solve(state, x, between(history.now, guess, gamma), history.now, r, g, time + g)) return false;
  book(state, x, time + g, (1.0 - gamma) * h, r, g, taken.brought);
  const std::vector<double> stage = x.values();
  for (std::size_t i = 0; i < r.size(); ++i)
    if (equations_.system().mass()[i] != 0.0) r[i] += (1.0 - gamma) / gamma * (stage[i] - history.now[i]);
  if (!solve(state, x, history.h1 > 0.0 ? guess : between(history.now, stage, 1.0 / gamma), stage, r, g,
             time + h))
    return false;
  book(state, x, time + h, g, r, g, taken.brought);
  return true;
}

bool TogetherMethods::midpoint(State& state, const StepHistory& history, double time, double h, Vector& x,
                               Taken& taken) {
  const std::vector<double> guess = history.extrapolated(h);
  if (!solve(state, x, between(history.now, guess, 0.5), history.now, history.now, 0.5 * h, time + 0.5 * h))
    return false;
  book(state, x, time + 0.5 * h, h, history.now, 0.5 * h, taken.brought);
  const std::vector<double>& mass = equations_.system().mass();
  std::vector<double> end = guess;
  for (std::size_t i = 0; i < end.size(); ++i)
    if (mass[i] != 0.0) end[i] = 2.0 * x.values()[i] - history.now[i];
  if (std::find(mass.begin(), mass.end(), 0.0) == mass.end()) {
    x.values() = std::move(end);
    equations_.system().set_unknowns(state, x);
    return true;
  }
  // Rows without M hold at the end again.
  const std::vector<double> middle = x.values();
  std::vector<double> safe = end;
  for (std::size_t i = 0; i < end.size(); ++i)
    if (mass[i] == 0.0) safe[i] = middle[i];
  return solve(state, x, end, safe, end, 0.0, time + h);
}

}  // namespace holon

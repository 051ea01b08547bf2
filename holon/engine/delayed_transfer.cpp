#include "holon/engine/delayed_transfer.hpp"

#include "holon/base/error.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

namespace holon {

namespace {

constexpr std::size_t sites_per_task = 4096;
constexpr double rounding = 1e-9;  // of the last interval of a delay line: times that are equal but for this

/// The value of a site at a past time: the polynomial through the values around it.
double value_at(const DelayLine& line, int degree, std::size_t site, double time) {
  const std::vector<double>& times = line.times;
  if (time <= times.front()) return line.values.front()[site];
  if (time >= times.back()) return line.values.back()[site];
  const auto next = static_cast<std::size_t>(std::upper_bound(times.begin(), times.end(), time) -
                                             times.begin());  // the interval is [next - 1, next]
  const std::size_t points = std::min(times.size(), static_cast<std::size_t>(degree) + 1);
  const std::size_t before = (points + 1) / 2;  // of the interval's end
  const std::size_t first = std::min(next > before ? next - before : 0, times.size() - points);
  double value = 0.0;
  for (std::size_t i = first; i < first + points; ++i) {
    double weight = 1.0;
    for (std::size_t j = first; j < first + points; ++j)
      if (j != i) weight *= (time - times[j]) / (times[i] - times[j]);
    value += weight * line.values[i][site];
  }
  return value;
}

}  // namespace

DelayedTransfer::DelayedTransfer(std::string name, std::shared_ptr<const FieldTable> fields,
                                 const ParameterTable& parameters, const expr::KernelOptions& options,
                                 Setup setup)
    : Process(std::move(name)),
      fields_(std::move(fields)),
      setup_(std::move(setup)),
      delay_(this->name() + " delay", setup_.delay, (*fields_)[setup_.to].space, *fields_, parameters,
             options) {
  require(setup_.site.size() == (*fields_)[setup_.to].space->sites(),
          "every site of a delayed coupling looks at one");
  require(setup_.degree >= 1 && setup_.degree <= 3, "delay lines are of degree 1 to 3");
}

Ports DelayedTransfer::ports() const {
  const auto port = [&](Port::Role role, FieldId id) {
    return Port{role, id, (*fields_)[id].kind, (*fields_)[id].unit};
  };
  return {port(Port::Role::determine, setup_.to), port(Port::Role::read, setup_.from)};
}

Traits DelayedTransfer::traits() const {
  Traits traits;
  traits.smooth = false;
  traits.reason = "it looks into the past: its rate does not follow from the present state";
  return traits;
}

void DelayedTransfer::initialise(State& state, Workspace&) const {
  const auto column = std::as_const(state).real(setup_.from);
  state.delay_lines[line_] = {{0.0}, {{column.begin(), column.end()}}};
}

Outcome DelayedTransfer::advance(State&, const Interval& interval, const Inputs&, Workspace&) const {
  return {Outcome::Why::done, interval.end, std::numeric_limits<double>::infinity(), {}};
}

std::vector<double> DelayedTransfer::delays(const State& state, double time, ThreadPool& threads) const {
  std::vector<double> delays(setup_.site.size());
  delay_.evaluate(state, time, delays, threads);
  return delays;
}

double DelayedTransfer::least_delay(const State& state, ThreadPool& threads) const {
  double least = std::numeric_limits<double>::infinity();
  const std::vector<double> delays = this->delays(state, 0.0, threads);
  for (std::size_t site = 0; site < delays.size(); ++site) {
    if (!(delays[site] > 0.0) || !std::isfinite(delays[site]))
      throw NumericalFailure(fmt::format("coupling '{}': the delay at {} is {}, and has to be above zero",
                                         name(), (*fields_)[setup_.to].space->site_text(site),
                                         number_text(delays[site])));
    least = std::min(least, delays[site]);
  }
  return least;
}

void DelayedTransfer::evaluate(const State& state, double time, std::span<double> to,
                               ThreadPool& threads) const {
  const DelayLine& line = state.delay_lines[line_];
  const std::vector<double> delays = this->delays(state, time, threads);
  const std::size_t known = line.times.size();
  const double last = line.times.back();
  const double slack = known > 1 ? rounding * (last - line.times[known - 2]) : 0.0;
  for (std::size_t site = 0; site < to.size(); ++site)
    if (!(time - delays[site] <= last + slack))
      throw NumericalFailure(
          fmt::format("coupling '{}': the delay at {} is {} now, shorter than the least delay at the start, "
                      "by which the steps were divided",
                      name(), (*fields_)[setup_.to].space->site_text(site), number_text(delays[site])));
  if (line.times.front() > 0.0)
    for (std::size_t site = 0; site < to.size(); ++site)
      if (time - delays[site] < line.times.front())
        throw NumericalFailure(fmt::format(
            "coupling '{}': the delay at {} has grown to {}, longer than what was kept of the past", name(),
            (*fields_)[setup_.to].space->site_text(site), number_text(delays[site])));
  threads.for_range(to.size(), sites_per_task, [&](std::size_t begin, std::size_t end) {
    for (std::size_t site = begin; site < end; ++site)
      to[site] = setup_.factor * value_at(line, setup_.degree, setup_.site[site], time - delays[site]);
  });
}

void DelayedTransfer::determine(State& state, double time, Workspace& work) const {
  evaluate(state, time, state.real(setup_.to), *work.threads);
}

void DelayedTransfer::record(State& state, double time, ThreadPool& threads) const {
  DelayLine& line = state.delay_lines[line_];
  const auto column = std::as_const(state).real(setup_.from);
  if (time <= line.times.back()) return;
  line.times.push_back(time);
  line.values.emplace_back(column.begin(), column.end());
  double longest = 0.0;
  for (const double delay : delays(state, time, threads)) longest = std::max(longest, delay);
  // The polynomial around the oldest time that is looked at has as many points before it.
  std::size_t needed = line.times.size();
  while (needed > 0 && line.times[needed - 1] > time - longest) --needed;
  const auto margin = static_cast<std::size_t>(setup_.degree) + 2;
  if (needed <= 2 * margin) return;
  const auto forgotten = static_cast<std::ptrdiff_t>(needed - margin);
  line.times.erase(line.times.begin(), line.times.begin() + forgotten);
  line.values.erase(line.values.begin(), line.values.begin() + forgotten);
}

Waveform DelayedTransfer::waveform(const State& state, double begin, double end, ThreadPool& threads) const {
  Waveform waveform;
  waveform.degree = setup_.degree;
  for (int k = 0; k <= setup_.degree; ++k) {
    const double time = k == setup_.degree ? end : begin + (end - begin) * k / setup_.degree;
    waveform.times.push_back(time);
    waveform.values.emplace_back(setup_.site.size());
    evaluate(state, time, waveform.values.back(), threads);
  }
  return waveform;
}

}  // namespace holon

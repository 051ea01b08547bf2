#include "holon/observe/action_potential_shape.hpp"

#include <algorithm>
#include <cmath>

namespace holon::observe {

namespace {

/// Where slopes jump (a stimulus begins or ends) a parabola through the neighbours overshoots. Of a resolved
/// peak it adds far less than this part to the highest sample.
constexpr double largest_refinement = 0.02;

/// Samples whose times differ by less than this part of their distance to the next are at the same time.
constexpr double same_time = 1e-9;

Sample sample(const PotentialSamples& samples, std::size_t i) {
  return {samples.times[i], samples.values[i], samples.slopes[i]};
}

std::optional<double> value_at(const PotentialSamples& samples, double time) {
  const auto& t = samples.times;
  for (std::size_t i = 0; i + 1 < t.size(); ++i) {
    const double slack = same_time * (t[i + 1] - t[i]);
    if (std::fabs(time - t[i]) <= slack) return samples.values[i];
    if (std::fabs(time - t[i + 1]) <= slack) return samples.values[i + 1];
    if (time > t[i] && time < t[i + 1]) return cubic_value(sample(samples, i), sample(samples, i + 1), time);
  }
  return std::nullopt;
}

std::optional<double> falls_through(const PotentialSamples& samples, std::size_t from, double level) {
  for (std::size_t i = from; i + 1 < samples.values.size(); ++i)
    if (samples.values[i] > level && samples.values[i + 1] <= level)
      return cubic_crossing(sample(samples, i), sample(samples, i + 1), level);
  return std::nullopt;
}

double steepest_rise(const PotentialSamples& samples, std::size_t begin, std::size_t end) {
  const auto first = samples.slopes.begin();
  const auto found = std::max_element(first + static_cast<std::ptrdiff_t>(begin),
                                      first + static_cast<std::ptrdiff_t>(end) + 1);
  const Peak refined = peak_around(samples.times, samples.slopes, static_cast<std::size_t>(found - first));
  return refined.value - *found <= largest_refinement * std::fabs(*found) ? refined.value : *found;
}

}  // namespace

std::vector<double> differences(std::span<const double> times, std::span<const double> values) {
  const std::size_t n = times.size();
  std::vector<double> slopes(n, 0.0);
  for (std::size_t i = 0; n > 1 && i < n; ++i) {
    const std::size_t a = i == 0 ? 0 : i - 1, b = i + 1 == n ? i : i + 1;
    slopes[i] = (values[b] - values[a]) / (times[b] - times[a]);
  }
  return slopes;
}

ActionPotential measure(const PotentialSamples& samples, double onset, double level) {
  ActionPotential out;
  const auto& t = samples.times;
  const auto& v = samples.values;
  out.resting = value_at(samples, onset);
  if (!out.resting) return out;
  std::size_t begin = 0;
  while (begin + 1 < t.size() && t[begin] < onset) ++begin;
  const auto highest = static_cast<std::size_t>(
      std::max_element(v.begin() + static_cast<std::ptrdiff_t>(begin), v.end()) - v.begin());
  out.peak = peak_around(t, v, highest);
  for (std::size_t i = begin == 0 ? 0 : begin - 1; i + 1 < v.size() && !out.rise_time; ++i)
    if (v[i] < level && v[i + 1] >= level)
      out.rise_time = cubic_crossing(sample(samples, i), sample(samples, i + 1), level);
  if (!out.rise_time) return out;
  out.steepest = steepest_rise(samples, begin, highest);
  const double height = out.peak->value - *out.resting;
  out.crossing_50 = falls_through(samples, highest, out.peak->value - 0.5 * height);
  out.crossing_90 = falls_through(samples, highest, out.peak->value - 0.9 * height);
  return out;
}

}  // namespace holon::observe

#include "holon/observe/crossing.hpp"

#include <cmath>
#include <cstddef>

namespace holon::observe {

namespace {

/// The root of f in [low, high], where it has different signs at both ends, to the last bits: Illinois
/// method, bisection where that would not shrink the bracket.
template <class Function>
double root(const Function& f, double low, double high, double f_low, double f_high) {
  if (f_low == 0.0) return low;
  if (f_high == 0.0) return high;
  int side = 0;
  for (int i = 0; i < 200; ++i) {
    double x = (low * f_high - high * f_low) / (f_high - f_low);
    if (!(x > low && x < high) || i % 8 == 7) x = low + 0.5 * (high - low);
    if (x <= low || x >= high) break;
    const double y = f(x);
    if (y == 0.0) return x;
    if ((y > 0.0) == (f_high > 0.0)) {
      high = x;
      f_high = y;
      if (side == 1) f_low *= 0.5;
      side = 1;
    } else {
      low = x;
      f_low = y;
      if (side == -1) f_high *= 0.5;
      side = -1;
    }
  }
  return low + 0.5 * (high - low);
}

}  // namespace

double linear_crossing(double t0, double v0, double t1, double v1, double level) {
  return t0 + (level - v0) / (v1 - v0) * (t1 - t0);
}

double cubic_value(const Sample& a, const Sample& b, double time) {
  const double h = b.time - a.time, s = (time - a.time) / h, r = 1.0 - s;
  return r * r * ((1.0 + 2.0 * s) * a.value + s * h * a.slope) +
         s * s * ((1.0 + 2.0 * r) * b.value - r * h * b.slope);
}

double cubic_crossing(const Sample& a, const Sample& b, double level) {
  return root([&](double t) { return cubic_value(a, b, t) - level; }, a.time, b.time, a.value - level,
              b.value - level);
}

double cubic_crossing(std::span<const double, 4> times, std::span<const double, 4> values, double level) {
  const auto polynomial = [&](double t) {  // Lagrange
    double sum = 0.0;
    for (std::size_t i = 0; i < 4; ++i) {
      double weight = 1.0;
      for (std::size_t j = 0; j < 4; ++j)
        if (j != i) weight *= (t - times[j]) / (times[i] - times[j]);
      sum += weight * (values[i] - level);
    }
    return sum;
  };
  return root(polynomial, times[1], times[2], values[1] - level, values[2] - level);
}

Peak parabola_peak(std::span<const double, 3> times, std::span<const double, 3> values) {
  const double rise = (values[1] - values[0]) / (times[1] - times[0]);
  const double fall = (values[2] - values[1]) / (times[2] - times[1]);
  const double curvature = (fall - rise) / (times[2] - times[0]);
  if (!(curvature < 0.0)) return {times[1], values[1]};
  // p(t) = v0 + rise (t - t0) + curvature (t - t0)(t - t1)
  const double time = 0.5 * (times[0] + times[1] - rise / curvature);
  return {time, values[0] + rise * (time - times[0]) + curvature * (time - times[0]) * (time - times[1])};
}

Peak peak_around(std::span<const double> times, std::span<const double> values, std::size_t highest) {
  if (highest == 0 || highest + 1 >= values.size()) return {times[highest], values[highest]};
  return parabola_peak(times.subspan(highest - 1).first<3>(), values.subspan(highest - 1).first<3>());
}

std::optional<double> fitted_slope(std::span<const double> x, std::span<const double> y) {
  const auto n = static_cast<double>(x.size());
  double mean_x = 0.0, mean_y = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    mean_x += x[i] / n;
    mean_y += y[i] / n;
  }
  double xx = 0.0, xy = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    xy += (x[i] - mean_x) * (y[i] - mean_y);
  }
  if (!(xx > 0.0)) return std::nullopt;
  return xy / xx;
}

}  // namespace holon::observe

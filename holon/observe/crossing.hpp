// Where sampled curves cross a level, and where they peak, between the samples.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <vector>

namespace holon::observe {

/// A sample of a curve with its slope.
struct Sample {
  double time = 0.0, value = 0.0, slope = 0.0;
};

/// Where the straight line from (t0, v0) to (t1, v1) has the level; v0 and v1 lie on different sides of it.
double linear_crossing(double t0, double v0, double t1, double v1, double level);

/// Where the cubic through both samples with both slopes has the level, within the interval. The samples lie
/// on different sides. Error O(h^4) for smooth curves with exact slopes.
double cubic_crossing(const Sample& a, const Sample& b, double level);

/// The cubic's value at a time between the samples.
double cubic_value(const Sample& a, const Sample& b, double time);

/// Where the cubic through four points has the level, between the two middle ones, which lie on different
/// sides of it. Times increase, spacings may differ. Error O(h^4).
double cubic_crossing(std::span<const double, 4> times, std::span<const double, 4> values, double level);

/// The highest point of the parabola through three points whose middle one is the highest; times increase.
struct Peak {
  double time = 0.0, value = 0.0;
};
Peak parabola_peak(std::span<const double, 3> times, std::span<const double, 3> values);

/// The peak of samples around the index of the highest; at an end of the samples, that sample.
Peak peak_around(std::span<const double> times, std::span<const double> values, std::size_t highest);

/// Slope of the line that fits the points best (least squares); nothing for fewer than two distinct
/// abscissas.
std::optional<double> fitted_slope(std::span<const double> x, std::span<const double> y);

}  // namespace holon::observe

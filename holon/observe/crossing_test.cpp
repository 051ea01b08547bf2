#include "holon/observe/crossing.hpp"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

namespace holon::observe {
namespace {

TEST(Crossing, OfALineIsExact) { EXPECT_DOUBLE_EQ(linear_crossing(1.0, -1.0, 3.0, 3.0, 0.0), 1.5); }

double sine_error(double h) {
  // sin t rises through 0.3 at asin 0.3; the interval is placed off-centre around it.
  const double exact = std::asin(0.3), t0 = exact - 0.3 * h, t1 = t0 + h;
  return std::fabs(
      cubic_crossing(Sample{t0, std::sin(t0), std::cos(t0)}, Sample{t1, std::sin(t1), std::cos(t1)}, 0.3) -
      exact);
}

TEST(Crossing, WithSlopesConvergesWithFourthOrder) {
  const double order = std::log2(sine_error(0.2) / sine_error(0.1));
  EXPECT_GT(order, 3.7);
  EXPECT_LT(sine_error(0.01), 1e-10);
}

double four_point_error(double h) {
  const double exact = std::asin(0.3);
  std::array<double, 4> t{}, v{};
  for (int i = 0; i < 4; ++i) {
    t[static_cast<std::size_t>(i)] = exact + (i - 1.3) * h * (i == 3 ? 1.2 : 1.0);  // unequal spacings
    v[static_cast<std::size_t>(i)] = std::sin(t[static_cast<std::size_t>(i)]);
  }
  return std::fabs(cubic_crossing(std::span<const double, 4>(t), std::span<const double, 4>(v), 0.3) - exact);
}

TEST(Crossing, ThroughFourPointsConvergesWithFourthOrder) {
  EXPECT_GT(std::log2(four_point_error(0.2) / four_point_error(0.1)), 3.7);
}

TEST(Crossing, IsFoundWhereASampleLiesOnTheLevel) {
  const std::array<double, 4> t{0, 1, 2, 3}, v{-1, -0.5, 0, 0.5};
  EXPECT_DOUBLE_EQ(cubic_crossing(std::span<const double, 4>(t), std::span<const double, 4>(v), 0.0), 2.0);
}

TEST(Peak, OfAParabolaIsExactWithUnequalSpacings) {
  const auto f = [](double t) { return 5.0 - 2.0 * (t - 1.3) * (t - 1.3); };
  const std::array<double, 3> t{0.5, 1.2, 2.4}, v{f(0.5), f(1.2), f(2.4)};
  const Peak peak = parabola_peak(t, v);
  EXPECT_NEAR(peak.time, 1.3, 1e-14);
  EXPECT_NEAR(peak.value, 5.0, 1e-14);
}

TEST(Peak, AtAnEndIsTheSample) {
  const std::array<double, 3> t{0, 1, 2}, v{1, 2, 3};
  EXPECT_EQ(peak_around(t, v, 2).value, 3.0);
}

TEST(FittedSlope, IgnoresNoiseThatAveragesOut) {
  const std::array<double, 4> x{0, 1, 2, 3}, y{1 + 0.1, 3 - 0.1, 5 - 0.1, 7 + 0.1};
  EXPECT_NEAR(*fitted_slope(x, y), 2.0, 1e-14);
  const std::array<double, 2> same{1, 1}, any{0, 1};
  EXPECT_FALSE(fitted_slope(same, any));
}

}  // namespace
}  // namespace holon::observe

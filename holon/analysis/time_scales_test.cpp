#include "holon/analysis/time_scales.hpp"

#include <cmath>

#include <gtest/gtest.h>

namespace holon::analysis {
namespace {

TimeScales look(double fastest, double slowest, FastStates gap) {
  TimeScales scales;
  scales.fastest = fastest;
  scales.slowest = slowest;
  scales.relaxes = true;
  scales.gaps = {std::move(gap)};
  return scales;
}

TEST(TimeScales, LooksTogetherSpanBothAndKeepTheNarrowestGap) {
  const FastStates wide{{"m"}, {"h"}, 1e-5, 1e-1, true}, narrow{{"m"}, {"h"}, 1e-3, 2e-2, true};
  const TimeScales both = joined(look(1e-5, 1e-1, wide), look(1e-6, 2e-2, narrow));
  EXPECT_EQ(both.fastest, 1e-6);
  EXPECT_EQ(both.slowest, 1e-1);
  ASSERT_EQ(both.gaps.size(), 1u);
  EXPECT_DOUBLE_EQ(both.gaps[0].ratio(), 1e-3 / 2e-2);
}

TEST(TimeScales, AGapThatOneLookLacksIsNone) {
  const FastStates first{{"m"}, {"h"}, 1e-5, 1e-1, true}, other{{"h"}, {"m"}, 1e-5, 1e-1, true};
  EXPECT_TRUE(joined(look(1.0, 2.0, first), look(1.0, 2.0, other)).gaps.empty());
}

// A similar matrix has the same eigenvalues, however far apart the units of its states are.
TEST(TimeScales, UnitsOfStatesCostNoDigits) {
  const double unit[] = {1.0, 1e9, 1e-9};
  std::vector<double> chain{-2.0, 1.0, 0.0, 1.0, -2.0, 1.0, 0.0, 1.0, -2.0};
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 3; ++j) chain[3 * i + j] *= unit[i] / unit[j];
  const auto values = eigenvalues(3, chain);
  ASSERT_EQ(values.size(), 3u);
  EXPECT_NEAR(values[0].real(), -2.0 + std::sqrt(2.0), 1e-13);
  EXPECT_NEAR(values[1].real(), -2.0, 1e-13);
  EXPECT_NEAR(values[2].real(), -2.0 - std::sqrt(2.0), 1e-13);
}

}  // namespace
}  // namespace holon::analysis

#include "holon/engine/time.hpp"

#include <cmath>

#include <gtest/gtest.h>

namespace holon {
namespace {

TEST(Time, FractionsAreExact) {
  EXPECT_EQ(Fraction::of(1, 3) + Fraction::of(1, 6), Fraction::of(1, 2));
  EXPECT_EQ(Fraction::of(2, -4), (Fraction{-1, 2}));
  EXPECT_LT(Fraction::of(1, 3), Fraction::of(1, 2));
}

TEST(Time, CarriesWholeSteps) {
  const Time t = Time{5, {1, 2}} + Fraction{3, 4};
  EXPECT_EQ(t, (Time{6, {1, 4}}));
  EXPECT_EQ((Time{0, {}} + Fraction{-1, 2}), (Time{-1, {1, 2}}));
}

TEST(Time, AMillionStepsLoseNothing) {
  Time t;
  for (int i = 0; i < 1000000; ++i) t = t + Fraction::of(1, 10);
  EXPECT_EQ(t, (Time{100000, {}}));
  EXPECT_DOUBLE_EQ(t.value(0.02), 2000.0);
}

TEST(Time, FineFractionsOfLateStepsDoNotOverflow) {
  const Time t{std::int64_t{1} << 40, Fraction::of(1, std::int64_t{1} << 40)};
  const Time u = t + Fraction::of(1, std::int64_t{1} << 41);
  EXPECT_GT(u, t);
  EXPECT_DOUBLE_EQ(u.steps_since(t), std::ldexp(1.0, -41));
}

TEST(Time, IntervalsKnowTheirLength) {
  const Interval interval{{10, {1, 2}}, {11, {}}, 0.02};
  EXPECT_DOUBLE_EQ(interval.dt(), 0.01);
  EXPECT_DOUBLE_EQ(interval.t0(), 0.21);
}

}  // namespace
}  // namespace holon

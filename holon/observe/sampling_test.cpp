// When observers look: rhythms that are no multiples of the macro step.
#include "holon/observe/sampling.hpp"

#include <gtest/gtest.h>

namespace holon::observe {
namespace {

/// All looks of the first `steps` macro steps, in macro steps.
std::vector<Fraction> looks(const Sampling& sampling, std::int64_t steps) {
  std::vector<Fraction> all;
  for (std::int64_t index = 0; index <= steps; ++index) {
    if (sampling.takes(index)) all.push_back({index, 1});
    if (index == steps) break;
    for (const Fraction& moment : sampling.between(index)) {
      EXPECT_GT(moment, (Fraction{0, 1}));
      EXPECT_LT(moment, (Fraction{1, 1}));
      all.push_back(Fraction{index, 1} + moment);
    }
  }
  return all;
}

TEST(Sampling, LooksAtEveryMultipleOfItsTimeAndAtNoOther) {
  struct Case {
    double steps;
    std::int64_t p, q;
  };
  for (const auto& [steps, p, q] :
       {Case{1.0, 1, 1}, Case{3.0, 3, 1}, Case{0.1 / 0.04, 5, 2}, Case{0.3, 3, 10}, Case{0.07 / 0.1, 7, 10},
        Case{1.0 / 3.0, 1, 3}, Case{2.0 / 3.0, 2, 3}, Case{0.003 / 0.01, 3, 10},
        Case{1e6 + 0.5, 2000001, 2}}) {
    const std::vector<Fraction> found = looks(Sampling::every(steps), 60);
    std::vector<Fraction> expected;
    for (std::int64_t k = 0; Fraction::of(k * p, q) <= Fraction{60, 1}; ++k)
      expected.push_back(Fraction::of(k * p, q));
    EXPECT_EQ(found, expected) << steps;
  }
}

TEST(Sampling, OfATimeThatIsNoSimpleFractionStaysTrueToIt) {
  for (const double steps : {0.7853981633974483, 3.141592653589793, 1.000000123456789}) {
    const std::vector<Fraction> found = looks(Sampling::every(steps), 1000);
    for (std::size_t k = 0; k < found.size(); ++k)
      EXPECT_NEAR(found[k].value(), static_cast<double>(k) * steps, 2e-12 * found[k].value());
    EXPECT_EQ(found.size(), static_cast<std::size_t>(1000.0 / steps) + 1);
  }
}

TEST(Sampling, AtLeastEveryKeepsTheStepsAndDividesThem) {
  EXPECT_EQ(looks(Sampling::at_least_every(1.0), 3).size(), 4U);
  EXPECT_EQ(looks(Sampling::at_least_every(7.0), 3).size(), 4U);
  EXPECT_EQ(looks(Sampling::at_least_every(0.01 / 0.02), 3).size(), 7U);
  EXPECT_EQ(looks(Sampling::at_least_every(0.4), 1), (std::vector<Fraction>{{0, 1}, {1, 3}, {2, 3}, {1, 1}}));
}

TEST(Sampling, NeverLooks) { EXPECT_TRUE(looks(Sampling::never(), 5).empty()); }

}  // namespace
}  // namespace holon::observe

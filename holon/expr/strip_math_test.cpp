// The interpreter's elementary functions: accuracy against long double, and what they give for special
// arguments.
#include "holon/expr/strip_loops.hpp"
#include "holon/expr/term_value.hpp"

#include <cmath>
#include <functional>
#include <limits>
#include <random>

#include <gtest/gtest.h>

namespace holon::expr {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double smallest_result = 4.5e-308;  // below, results may be 0

double unit_in_last_place(double v) {
  v = std::max(std::fabs(v), std::numeric_limits<double>::min());
  return std::nextafter(v, infinity) - v;
}

struct Range {
  Op op;
  double low, high;
  bool logarithmic;  // spread over magnitudes, both signs if low < 0
  double tolerance;  // [ulp], as strip_math.hpp promises
  friend void PrintTo(const Range& range, std::ostream* out) {
    *out << name(range.op) << " from " << range.low << " to " << range.high;
  }
};

class StripMathTest : public ::testing::TestWithParam<Range> {};

TEST_P(StripMathTest, IsAsAccurateAsPromised) {
  const Range& r = GetParam();
  std::mt19937_64 generator(1);
  std::uniform_real_distribution<double> uniform(r.low, r.high);
  std::uniform_real_distribution<double> magnitude(-600.0, std::log(r.high));
  double worst = 0.0, where = 0.0;
  for (int k = 0; k < 200'000; ++k) {
    double x = uniform(generator);
    if (r.logarithmic) {
      x = std::exp(magnitude(generator));
      if (r.low < 0.0 && k % 2 == 0) x = -x;
    }
    const long double exact = term_value<long double>(r.op, x, 0.0L, 0.0L);
    const double value = site_value(r.op, x, 0.0, 0.0);
    if (std::fabs(exact) > std::numeric_limits<double>::max()) {
      EXPECT_EQ(value, exact > 0 ? infinity : -infinity) << x;
      continue;
    }
    if (std::fabs(exact) < smallest_result) continue;
    const auto error =
        static_cast<double>(std::fabs(value - exact) / unit_in_last_place(static_cast<double>(exact)));
    if (!(error <= worst)) {
      worst = error;
      where = x;
    }
  }
  EXPECT_LE(worst, r.tolerance) << name(r.op) << " at " << where;
  EXPECT_GT(worst, 0.3) << "errors below half an ulp are not possible: is anything compared?";
}

INSTANTIATE_TEST_SUITE_P(
    Functions, StripMathTest,
    ::testing::Values(Range{Op::exp, -708.0, 710.0, false, 1.1}, Range{Op::exp, -2.0, 2.0, false, 1.1},
                      Range{Op::expm1, -60.0, 710.0, false, 2.0}, Range{Op::expm1, -2.0, 2.0, false, 2.0},
                      Range{Op::expm1, -1.0, 700.0, true, 2.0}, Range{Op::log, 0.0, 1e308, true, 1.1},
                      Range{Op::log, 0.5, 2.0, false, 1.1}, Range{Op::log1p, -1.0, 2.0, false, 1.5},
                      Range{Op::log1p, -1.0, 0.9, true, 1.5}, Range{Op::log1p, 0.0, 1e300, true, 1.5},
                      Range{Op::tanh, -1.0, 30.0, true, 3.0}, Range{Op::tanh, -5.0, 5.0, false, 3.0},
                      Range{Op::sinh, -1.0, 710.0, true, 3.0}, Range{Op::sinh, -31.0, 31.0, false, 3.0},
                      Range{Op::cosh, -711.0, 711.0, false, 1.5}, Range{Op::sin, -10.0, 10.0, false, 1.1},
                      Range{Op::sin, -1.0, 1e15, true, 1.1}, Range{Op::cos, -10.0, 10.0, false, 1.1},
                      Range{Op::cos, -1.0, 1e15, true, 1.1}, Range{Op::tan, -1.0, 1e15, true, 2.0}),
    [](const auto& parameter) {
      return std::string(name(parameter.param.op)) + "_" + std::to_string(parameter.index);
    });

TEST(StripMathPower, IsAccurateForLargeAndSmallResults) {
  std::mt19937_64 generator(2);
  std::uniform_real_distribution<double> exponent(-700.0, 700.0), near_one(0.5, 2.0), small(-5.0, 5.0);
  double worst = 0.0;
  for (int k = 0; k < 200'000; ++k) {
    const double x = k % 2 == 0 ? near_one(generator) : std::exp(exponent(generator));
    const double y = k % 3 == 0 ? small(generator) : exponent(generator) / std::log(x);
    const long double exact = std::pow(static_cast<long double>(x), static_cast<long double>(y));
    if (!(exact > 1e-300L && exact < 1e300L)) continue;
    const double value = site_value(Op::power, x, y, 0.0);
    worst = std::max(worst, static_cast<double>(std::fabs(value - exact) /
                                                unit_in_last_place(static_cast<double>(exact))));
  }
  EXPECT_LE(worst, 1.6);
}

TEST(StripMathSpecial, SpecialArgumentsGiveWhatTheCLibraryGives) {
  const double nan = std::nan("");
  const std::vector<double> arguments{0.0,     -0.0,  1.0,      -1.0,      0.5,    -0.5,   2.0,     -2.0,
                                      3.0,     -3.0,  infinity, -infinity, nan,    5e-324, -5e-324, 1e-310,
                                      -1e-310, 709.0, 710.5,    711.0,     -746.0, -750.0, 1e300,   -1e300,
                                      1e-300,  1e16,  -1e16,    25.0,      -30.0,  1e9 + 1};
  for (int o = static_cast<int>(Op::add); o <= static_cast<int>(Op::select); ++o) {
    const auto op = static_cast<Op>(o);
    for (const double a : arguments) {
      for (const double b : arguments) {
        const double expected = term_value<double>(op, a, b, 7.0), value = site_value(op, a, b, 7.0);
        if (std::isnan(expected)) {
          EXPECT_TRUE(std::isnan(value)) << name(op) << "(" << a << ", " << b << ") = " << value;
        } else if (std::isinf(expected)) {
          EXPECT_EQ(value, expected) << name(op) << "(" << a << ", " << b << ")";
        } else {
          EXPECT_NEAR(value, expected, 4 * unit_in_last_place(expected) + smallest_result)
              << name(op) << "(" << a << ", " << b << ")";
        }
      }
    }
  }
}

TEST(StripMathSpecial, LoopsGiveTheBitsOfSingleSitesForAllFormsOfArguments) {
  std::mt19937_64 generator(3);
  std::uniform_real_distribution<double> value(-3.0, 3.0);
  constexpr std::size_t n = 64;
  std::vector<double> a(n), b(n), c(n), result(n);
  for (std::size_t i = 0; i < n; ++i) {
    a[i] = i == 5 ? 1e12 : value(generator);
    b[i] = value(generator);
    c[i] = value(generator);
  }
  for (const StripLoops* loops : {&base_strip_loops(), &strip_loops()}) {
    for (int o = static_cast<int>(Op::add); o <= static_cast<int>(Op::select); ++o) {
      const auto op = static_cast<Op>(o);
      for (unsigned form = 0; form + 1 < (1U << arity(op)); ++form) {
        const StripLoop loop = (*loops)(op, form);
        ASSERT_NE(loop, nullptr) << name(op) << " " << form;
        loop(result.data(), a.data(), b.data(), c.data(), n);
        for (std::size_t i = 0; i < n; ++i) {
          const double expected = site_value(op, a[(form & 1U) != 0 ? 0 : i], b[(form & 2U) != 0 ? 0 : i],
                                             c[(form & 4U) != 0 ? 0 : i]);
          EXPECT_TRUE(std::isnan(expected) ? std::isnan(result[i]) : result[i] == expected)
              << name(op) << " " << form << " " << i;
        }
        std::vector<double> in_place = a;
        loop(in_place.data(), in_place.data(), b.data(), c.data(), n);
        if ((form & 1U) == 0) {
          for (std::size_t i = 0; i < n; ++i)
            EXPECT_TRUE(std::isnan(result[i]) || in_place[i] == result[i]) << name(op);
        }
      }
    }
  }
}

TEST(StripMathSpecial, PairsGiveTheBitsOfTheirTwoOperations) {
  std::mt19937_64 generator(4);
  std::uniform_real_distribution<double> value(-3.0, 3.0);
  constexpr std::size_t n = 24;
  std::vector<double> a(n), b(n), c(n), result(n);
  for (std::vector<double>* column : {&a, &b, &c}) {
    for (double& v : *column) v = value(generator);
  }
  std::size_t loops_tried = 0;
  for (const StripLoops* loops : {&base_strip_loops(), &strip_loops()}) {
    for (const Op inner : inner_operations) {
      for (OperationPair pair : outer_operations) {
        pair.inner = inner;
        for (unsigned form = 0; form < 8; ++form) {
          const StripLoop loop = (*loops)(pair, form);
          if (loop == nullptr) continue;
          ++loops_tried;
          loop(result.data(), a.data(), b.data(), c.data(), n);
          for (std::size_t i = 0; i < n; ++i) {
            const double x = site_value(inner, a[(form & 1U) != 0 ? 0 : i], b[(form & 2U) != 0 ? 0 : i], 0.0);
            const double other = c[(form & 4U) != 0 ? 0 : i];
            EXPECT_EQ(result[i], pair.position == 0 ? site_value(pair.outer, x, other, 0.0)
                                                    : site_value(pair.outer, other, x, 0.0));
          }
        }
      }
    }
  }
  EXPECT_EQ(loops_tried, 2U * 3U * (6U * 6U + 3U));
  EXPECT_EQ(base_strip_loops()(OperationPair{Op::divide, Op::add, 0}, 0), nullptr);
}

}  // namespace
}  // namespace holon::expr

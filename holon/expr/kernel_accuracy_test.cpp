// The inlined mathematics against the C library in extended precision (64 bits of mantissa), for every
// instruction set that this machine runs.
#include "holon/base/random.hpp"
#include "holon/expr/kernel_case.hpp"
#include "holon/expr/term_value.hpp"

#include <functional>

#include <gtest/gtest.h>

namespace holon::expr {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

struct Range {
  double low, high;
  bool logarithmic = false;  // magnitudes spread evenly over their exponents
};

std::vector<double> draw(const Range& range, std::size_t count, std::uint64_t seed) {
  std::vector<double> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    const double u = uniform({.seed = seed, .site = i}, 0);
    const double low = std::log(std::fabs(range.low)), high = std::log(std::fabs(range.high));
    values[i] = range.logarithmic ? std::copysign(std::exp(low + (high - low) * u), range.low)
                                  : range.low + (range.high - range.low) * u;
  }
  return values;
}

struct Function {
  Op op;
  std::vector<Range> ranges;
  double bound;  // [ULP], of normal results
};

std::ostream& operator<<(std::ostream& stream, const Function& f) { return stream << name(f.op); }

const std::vector<Function> functions{
    {Op::exp, {{-708, 709.7}, {-2, 2}, {1e-20, 1, true}}, 1.2},
    {Op::expm1, {{-50, 709.7}, {-1, 1}, {1e-300, 1, true}, {-1e-20, -1, true}}, 2.0},
    {Op::log, {{1e-307, 1e307, true}, {0.5, 2}, {0.999, 1.001}, {5e-324, 1e-307, true}}, 1.0},
    {Op::log1p, {{-0.999, 2}, {1e-300, 1e300, true}, {-1e-300, -0.5, true}}, 2.0},
    {Op::sqrt, {{1e-300, 1e300, true}}, 0.51},
    {Op::sin, {{-10, 10}, {-1e6, 1e6}, {1e-300, 1, true}}, 2.5},
    {Op::cos, {{-10, 10}, {-1e6, 1e6}, {1e-300, 1, true}}, 2.5},
    {Op::tan, {{-10, 10}, {-1e6, 1e6}, {1e-300, 1, true}}, 4.0},
    {Op::asin, {{-1, 1}, {1e-300, 1, true}}, 3.0},
    {Op::acos, {{-1, 1}, {0.999, 1}, {-1, -0.999}}, 3.0},
    {Op::atan, {{-3, 3}, {1e-300, 1e300, true}, {-1e300, -1e-300, true}}, 2.0},
    {Op::sinh, {{-710, 710}, {-1, 1}, {1e-300, 1, true}}, 3.0},
    {Op::cosh, {{-710, 710}, {-1, 1}}, 3.0},
    {Op::tanh, {{-30, 30}, {-1, 1}, {1e-300, 1, true}}, 4.0},
    {Op::erf, {{-7, 7}, {-1.1, 1.1}, {1e-290, 1, true}}, 2.0},
};

class Accuracy : public testing::TestWithParam<Function> {};

TEST_P(Accuracy, StaysWithinItsBoundOverWideRanges) {
  const Function& f = GetParam();
  for (const InstructionSet set : runnable_sets()) {
    KernelCase c;
    c.source.outputs = {c.graph.make(f.op, c.column("x"))};
    const Kernel kernel = Kernel::make(c.source, compiled_for(set));
    for (const Range& range : f.ranges) {
      const std::vector<double> x = draw(range, 20001, 7);
      const std::vector<double> y = c.run(kernel, {x}).front();
      double worst = 0.0, where = 0.0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        const auto exact = term_value<long double>(f.op, x[i], 0.0L, 0.0L);
        const double error = ulp_error(y[i], exact);
        if (error > worst) worst = error, where = x[i];
      }
      RecordProperty(std::string(name(set)) + "_worst_ulp", std::to_string(worst));
      EXPECT_LE(worst, f.bound) << name(set) << " " << name(f.op) << "(" << where << ")";
    }
  }
}

TEST_P(Accuracy, TreatsSpecialValuesAsTheCLibraryDoes) {
  const Function& f = GetParam();
  const std::vector<double> x{
      0.0,     -0.0,    1.0,   -1.0,   infinity, -infinity, nan_value, 1e308,  -1e308,
      5e-324,  -5e-324, 710.0, -746.0, 1000.0,   -1000.0,   1e5,       -1e5,   2.2e-308,
      -745.13, 709.78,  0.5,   -0.5,   2.0,      -2.0,      1e-17,     -1e-17, 4503599627370497.5};
  for (const InstructionSet set : runnable_sets()) {
    KernelCase c;
    c.source.outputs = {c.graph.make(f.op, c.column("x"))};
    const std::vector<double> y = c.run(Kernel::make(c.source, compiled_for(set)), {x}).front();
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double expected = term_value<double>(f.op, x[i], 0.0, 0.0);
      const bool close = ulp_error(y[i], expected) <= f.bound + 0.6;
      EXPECT_TRUE(close) << name(set) << " " << name(f.op) << "(" << x[i] << ") = " << y[i] << ", C library "
                         << expected;
      const bool same_sign = expected != 0.0 || std::signbit(y[i]) == std::signbit(expected);
      EXPECT_TRUE(same_sign) << name(set) << " " << name(f.op) << "(" << x[i] << ") = " << y[i];
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Functions, Accuracy, testing::ValuesIn(functions),
                         [](const auto& test) { return std::string(name(test.param.op)); });

TEST(AccuracyOfPower, StaysWithinTwoUnitsOverWideRanges) {
  struct Case {
    Range base, exponent;
  };
  const std::vector<Case> cases{{{1e-3, 1e3, true}, {-5, 5}},
                                {{1e-300, 1e300, true}, {-1, 1}},
                                {{0.99, 1.01}, {-60000, 60000}},
                                {{1e-20, 1e20, true}, {-15, 15}},
                                {{0.5, 2}, {-1000, 1000}}};
  for (const InstructionSet set : runnable_sets()) {
    KernelCase c;
    const Node base = c.column("x"), exponent = c.column("y");
    c.source.outputs = {c.graph.power(base, exponent)};
    const Kernel kernel = Kernel::make(c.source, compiled_for(set));
    for (const Case& range : cases) {
      const std::vector<double> x = draw(range.base, 20001, 3), y = draw(range.exponent, 20001, 5);
      const std::vector<double> z = c.run(kernel, {x, y}).front();
      double worst = 0.0;
      std::size_t where = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        const long double exact = std::pow(static_cast<long double>(x[i]), static_cast<long double>(y[i]));
        if (std::fabs(exact) < 1e-300L) continue;
        const double error = ulp_error(z[i], exact);
        if (error > worst) worst = error, where = i;
      }
      EXPECT_LE(worst, 2.0) << name(set) << " " << x[where] << "^" << y[where];
    }
  }
}

TEST(AccuracyOfPower, TreatsSpecialValuesAsTheCLibraryDoes) {
  const std::vector<double> values{0.0,       -0.0,  1.0,    -1.0,   2.0,  -2.0,     3.0,
                                   -3.0,      0.5,   -0.5,   2.5,    -2.5, infinity, -infinity,
                                   nan_value, 1e300, -1e300, 5e-324, 7.0,  1e-300};
  std::vector<double> x, y;
  for (const double a : values)
    for (const double b : values) x.push_back(a), y.push_back(b);
  for (const InstructionSet set : runnable_sets()) {
    KernelCase c;
    const Node base = c.column("x"), exponent = c.column("y");
    c.source.outputs = {c.graph.power(base, exponent)};
    const std::vector<double> z = c.run(Kernel::make(c.source, compiled_for(set)), {x, y}).front();
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double expected = std::pow(x[i], y[i]);
      EXPECT_LE(ulp_error(z[i], expected), 2.5) << name(set) << " " << x[i] << "^" << y[i] << " = " << z[i];
    }
  }
}

TEST(AccuracyOfAtan2, StaysWithinThreeUnitsInAllQuadrants) {
  for (const InstructionSet set : runnable_sets()) {
    KernelCase c;
    const Node first = c.column("y"), second = c.column("x");
    c.source.outputs = {c.graph.make(Op::atan2, first, second)};
    const Kernel kernel = Kernel::make(c.source, compiled_for(set));
    std::vector<double> y = draw({-3, 3}, 20001, 11), x = draw({-3, 3}, 20001, 13);
    for (const double a : {0.0, -0.0, 1.0, -1.0, infinity, -infinity, nan_value, 1e308, -1e308, 1e-308})
      for (const double b : {0.0, -0.0, 1.0, -1.0, infinity, -infinity, nan_value, 1e308, -1e308, 1e-308})
        y.push_back(a), x.push_back(b);
    const std::vector<double> z = c.run(kernel, {y, x}).front();
    for (std::size_t i = 0; i < x.size(); ++i)
      EXPECT_LE(ulp_error(z[i], std::atan2(static_cast<long double>(y[i]), static_cast<long double>(x[i]))),
                3.0)
          << name(set) << " atan2(" << y[i] << ", " << x[i] << ") = " << z[i];
  }
}

TEST(AccuracyOfRounding, MatchesTheCLibraryExactly) {
  const std::vector<double> x{0.0,
                              -0.0,
                              0.3,
                              -0.3,
                              0.5,
                              -0.5,
                              1.0,
                              -1.0,
                              1.5,
                              -1.5,
                              2.5,
                              -2.5,
                              1e15,
                              -1e15,
                              1e15 + 0.5,
                              -1e15 - 0.5,
                              4503599627370495.5,
                              1e300,
                              -1e300,
                              infinity,
                              -infinity,
                              nan_value,
                              0.99999999999999989,
                              -0.99999999999999989};
  for (const InstructionSet set : runnable_sets()) {
    for (const Op op : {Op::floor, Op::ceil, Op::abs, Op::sign}) {
      KernelCase c;
      c.source.outputs = {c.graph.make(op, c.column("x"))};
      const std::vector<double> y = c.run(Kernel::make(c.source, compiled_for(set)), {x}).front();
      for (std::size_t i = 0; i < x.size(); ++i)
        EXPECT_EQ(ulp_error(y[i], term_value<double>(op, x[i], 0, 0)), 0.0)
            << name(set) << " " << name(op) << " " << x[i];
    }
    for (const Op op : {Op::minimum, Op::maximum, Op::modulo}) {
      KernelCase c;
      const Node first = c.column("x"), second = c.column("y");
      c.source.outputs = {c.graph.make(op, first, second)};
      std::vector<double> a, b;
      for (const double p : x)
        for (const double q : x) a.push_back(p), b.push_back(q);
      const std::vector<double> y = c.run(Kernel::make(c.source, compiled_for(set)), {a, b}).front();
      for (std::size_t i = 0; i < a.size(); ++i)
        EXPECT_EQ(ulp_error(y[i], term_value<double>(op, a[i], b[i], 0)), 0.0)
            << name(set) << " " << name(op) << "(" << a[i] << ", " << b[i] << ")";
    }
  }
}

}  // namespace
}  // namespace holon::expr

#include "holon/expr/breakpoints.hpp"

#include "holon/expr/language.hpp"

#include <cmath>

#include <gtest/gtest.h>

namespace holon::expr {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

class BreakpointsTest : public ::testing::Test {
 protected:
  Graph g;
  Node time = g.symbol("time");
  Node root;

  Breakpoints of(const std::string& text, const BreakpointSearch& search = {}) {
    Diagnostics diagnostics;
    const SyntaxPtr syntax = parse_expression(text, {}, false, diagnostics);
    diagnostics.throw_if_errors();
    const auto value = lower(
        g, *syntax, [&](const std::string& name) { return Value::scalar(g.symbol(name)); }, {}, "",
        diagnostics);
    diagnostics.throw_if_errors();
    root = value->nodes.front();
    return Breakpoints(
        g, value->nodes, time,
        [](std::string_view name) -> std::optional<double> {
          if (name == "start") return 10.0;
          if (name == "period") return 0.1;
          return std::nullopt;
        },
        search);
  }

  double value(double t) const {
    return static_cast<double>(evaluate(g, std::span(&root, 1), [&](std::string_view s) -> long double {
                                 return s == "time" ? t : s == "start" ? 10.0 : s == "period" ? 0.1 : 1.0;
                               }).front());
  }
};

TEST_F(BreakpointsTest, ASinglePulseBeginsAndEnds) {
  const Breakpoints b = of("52*pulse(time, start, 1) + V");
  EXPECT_EQ(b.next_after(-infinity), 10.0);
  EXPECT_EQ(b.next_after(0.0), 10.0);
  EXPECT_EQ(b.next_after(10.0), 11.0);
  EXPECT_EQ(b.next_after(10.5), 11.0);
  EXPECT_EQ(b.next_after(11.0), infinity);
}

TEST_F(BreakpointsTest, APeriodicPulseGoesOnForEver) {
  const Breakpoints b = of("pulse(time, 10, 1, 1000)");
  EXPECT_EQ(b.next_after(0.0), 10.0);
  EXPECT_EQ(b.next_after(11.0), 1010.0);
  EXPECT_EQ(b.next_after(1010.0), 1011.0);
  EXPECT_EQ(b.next_after(5.0e8), 5.0e8 + 10.0);
}

TEST_F(BreakpointsTest, ACountedPulseStops) {
  const Breakpoints b = of("pulse(time, 10, 1, 100, 3)");
  std::vector<double> times;
  for (double t = b.next_after(-1e9); t < infinity; t = b.next_after(t)) {
    times.push_back(t);
    ASSERT_LT(times.size(), 20U);
  }
  EXPECT_EQ(times, (std::vector<double>{10, 11, 110, 111, 210, 211, 310}));
  EXPECT_EQ(of("pulse(time, 10, 1, 100, 2.5)").next_after(211.0), 260.0);
  EXPECT_EQ(of("pulse(time, 10, 1, 100, 2.5)").next_after(260.0), infinity);
  EXPECT_EQ(of("time < 260 && floor(time/100) > 1").next_after(250.0), 260.0);
  EXPECT_EQ(of("time < 260 && mod(time, 100) < 50").next_after(255.0), 260.0);
  EXPECT_EQ(of("(time < 260 && mod(time, 100) < 50) || time > 1000").next_after(260.0),
            std::nextafter(1000.0, 2000.0));
}

TEST_F(BreakpointsTest, TheNewValueHoldsAtTheBreakpointAndTheOldOneJustBefore) {
  // 0.1 has no exact double: the computed switches lie some units in the last place beside k times 0.1.
  const Breakpoints b = of("pulse(time, 0.3, 0.05, period)");
  double t = 0.0;
  for (int k = 0; k < 400; ++k) {
    t = b.next_after(t);
    // in double precision, as kernels compute it
    const double before = std::nextafter(t, -infinity);
    const auto on = [](double s) {
      const double phase = (s - 0.3) - 0.1 * std::floor((s - 0.3) / 0.1);
      return 0.3 <= s && phase < 0.05;
    };
    EXPECT_NE(on(t), on(before)) << k << " " << t;
    EXPECT_NEAR(t, 0.3 + 0.05 * k, 1e-12 * (1 + t));
  }
}

TEST_F(BreakpointsTest, FloorCeilSignAndSawtoothSwitch) {
  EXPECT_EQ(of("floor(time/4)").next_after(1.0), 4.0);
  EXPECT_EQ(of("floor(time/4)").next_after(4.0), 8.0);
  EXPECT_EQ(of("ceil(2*time)").next_after(0.1), std::nextafter(0.5, 1.0))
      << "ceil has its old value at the integer";
  EXPECT_EQ(of("sign(3 - time)").next_after(0.0), std::nextafter(3.0, 4.0)) << "sign(0) is neither";
  EXPECT_EQ(of("V*mod(time, 7)").next_after(0.0), 7.0);
  EXPECT_NEAR(of("if mod(-time, 10) < 4 then V else 1").next_after(1.0), 6.0, 1e-14);
}

TEST_F(BreakpointsTest, StatesAndSmoothFunctionsGiveNone) {
  EXPECT_TRUE(of("if V > -40 then 1 else 2").empty());
  EXPECT_TRUE(of("if V > time then 1 else 2").empty());
  EXPECT_TRUE(of("sin(time)*V").empty());
  EXPECT_EQ(of("if 3 > start then 1 else 2").next_after(0), infinity);
}

TEST_F(BreakpointsTest, OtherConditionsOnTimeAreFoundInTheWindow) {
  const Breakpoints b = of("if sin(time) > 0.5 then V else 0", {0.0, 20.0});
  EXPECT_NEAR(b.next_after(0.0), std::asin(0.5), 1e-14);
  EXPECT_NEAR(b.next_after(1.0), M_PI - std::asin(0.5), 1e-14);
  EXPECT_EQ(of("if sin(time) > 0.5 then V else 0").next_after(0.0), infinity) << "no window, no search";
  EXPECT_NEAR(of("if time^2 > 4 then V else 0", {0.0, 5.0}).next_after(0.0), 2.0, 1e-14);
}

}  // namespace
}  // namespace holon::expr

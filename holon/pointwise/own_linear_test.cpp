#include "holon/pointwise/own_linear.hpp"

#include "holon/pointwise/integrators/integrator.hpp"

#include <cmath>

#include <gtest/gtest.h>

namespace holon::pointwise {
namespace {

using expr::Op;

struct TwoStates : ::testing::Test {
  Graph g;
  Node v = g.symbol("v"), x = g.symbol("x"), one = g.constant(1.0);
  OdeSystem with(Node rate_of_v, Node rate_of_x) {
    return {&g, {v, x}, {rate_of_v, rate_of_x}, g.symbol("time"), g.symbol("dt"), 1.0};
  }
  double at(Node n, double value_v, double value_x, double dt) {
    const std::vector<Node> roots{n};
    return static_cast<double>(evaluate(g, roots, [&](std::string_view s) -> long double {
      return s == "v" ? value_v : s == "x" ? value_x : s == "dt" ? dt : 0.0;
    })[0]);
  }
};

TEST_F(TwoStates, GatesAreFoundInTheirUsualSpellings) {
  const Node alpha = g.make(Op::exp, v), beta = g.make(Op::exp, g.negate(v));
  const Node sum = g.add(alpha, beta), rest = g.divide(alpha, sum), tau = g.divide(one, sum);
  const std::vector<Node> spellings{
      g.subtract(g.multiply(alpha, g.subtract(one, x)), g.multiply(beta, x)),
      g.divide(g.subtract(rest, x), tau),
      g.multiply(sum, g.subtract(rest, x)),
      g.subtract(alpha, g.multiply(sum, x)),
  };
  for (Node rate : spellings) {
    const auto parts = own_linear_states(with(g.multiply(v, v), rate));
    EXPECT_FALSE(parts[0].has_value());
    ASSERT_TRUE(parts[1].has_value()) << g.text(rate);
    ASSERT_TRUE(parts[1]->rest.has_value()) << g.text(rate);
    const double a = std::exp(0.3), b = std::exp(-0.3);
    EXPECT_NEAR(at(parts[1]->slope, 0.3, 0.7, 0), -(a + b), 1e-15);
    EXPECT_NEAR(at(*parts[1]->rest, 0.3, 0.7, 0), a / (a + b), 1e-15);
  }
}

TEST_F(TwoStates, ARateThatIsNotAffineInItsStateIsRefused) {
  for (Node rate : {g.multiply(x, x), g.make(Op::exp, x), g.multiply(v, v), g.divide(x, g.add(one, x)),
                    g.select(g.make(Op::less, x, v), x, g.negate(x))}) {
    EXPECT_FALSE(own_linear_states(with(one, rate))[1].has_value()) << g.text(rate);
  }
}

TEST_F(TwoStates, TheStepIsExactWhileOtherStatesAreHeld) {
  const Node rate = g.subtract(one, g.multiply(g.make(Op::exp, v), x));
  const Step step = rush_larsen(with(g.constant(0.0), rate));
  const double k = std::exp(0.4);
  const double exact = 1.0 / k + (0.9 - 1.0 / k) * std::exp(-k * 3.0);
  EXPECT_NEAR(at(step.states[1], 0.4, 0.9, 3.0), exact, 1e-16);
}

TEST_F(TwoStates, AVanishingSlopeGivesAStraightLine) {
  // x' = 2 - v x with v of either sign: the rest 2/v does not exist at v = 0.
  const Step step = rush_larsen(with(g.constant(0.0), g.subtract(g.constant(2.0), g.multiply(v, x))));
  EXPECT_EQ(at(step.states[1], 0.0, 1.0, 0.5), 2.0);
  EXPECT_NEAR(at(step.states[1], 1e-9, 1.0, 0.5), 2.0, 1e-8);
  EXPECT_NEAR(at(step.states[1], -1.0, 1.0, 0.5), -2.0 + 3.0 * std::exp(0.5), 1e-15);
}

TEST_F(TwoStates, AnOwnLinearStateStaysBetweenItsValueAndItsRestForAnyStep) {
  const Node rate = g.divide(g.subtract(g.constant(0.25), x), g.make(Op::exp, v));
  const Step step = rush_larsen(with(g.constant(0.0), rate));
  for (double dt : {1e-6, 1.0, 50.0, 1e6}) {
    const double next = at(step.states[1], 0.0, 1.0, dt);
    EXPECT_LE(next, 1.0);
    EXPECT_GE(next, 0.25);
  }
}

TEST(Signs, AreFoundThroughSumsProductsSquaresAndChoices) {
  Graph g;
  const Node v = g.symbol("v"), one = g.constant(1.0), e = g.make(Op::exp, v), square = g.multiply(v, v);
  const Node choice = g.select(g.make(Op::less, v, one), e, g.constant(0.0));
  const std::vector<Node> nodes{g.add(one, square),
                                g.negate(g.divide(one, g.add(e, one))),
                                choice,
                                g.add(choice, e),
                                g.subtract(one, e),
                                g.subtract(g.negate(e), square),
                                g.make(Op::sqrt, square),
                                v};
  const std::vector<Sign> expected{Sign::positive, Sign::negative, Sign::not_negative, Sign::positive,
                                   Sign::unknown,  Sign::negative, Sign::not_negative, Sign::unknown};
  EXPECT_EQ(signs(g, nodes), expected);
}

}  // namespace
}  // namespace holon::pointwise

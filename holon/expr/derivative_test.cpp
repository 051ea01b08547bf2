#include "holon/expr/graph.hpp"
#include "holon/expr/random_expressions.hpp"

#include <cmath>

#include <gtest/gtest.h>

namespace holon::expr {
namespace {

using Values = std::map<std::string, long double, std::less<>>;

long double value(const Graph& g, Node n, const Values& at) {
  return evaluate(g, std::span(&n, 1), [&](std::string_view s) { return at.find(s)->second; }).front();
}

/// Fourth-order central difference in long double: error about h^4 f^(5)/30, rounding about 1e-19/h.
long double difference(const Graph& g, Node n, Values at, const std::string& symbol) {
  const long double h = 1e-4L, centre = at[symbol];
  const auto f = [&](int k) {
    at[symbol] = centre + k * h;
    return value(g, n, at);
  };
  return (8 * (f(1) - f(-1)) - (f(2) - f(-2))) / (12 * h);
}

class DerivativeTest : public ::testing::Test {
 protected:
  Graph g;
  Node x = g.symbol("x"), y = g.symbol("y"), z = g.symbol("z");
  Node c(double v) { return g.constant(v); }
  double d(Node n, double at) {
    return static_cast<double>(value(g, derivative(g, n, x), {{"x", at}, {"y", 1.0L}}));
  }
};

TEST_F(DerivativeTest, EveryOperationAgreesWithDifferences) {
  struct Case {
    Node f;
    long double x;
  };
  const std::vector<Case> cases{
      {g.add(x, g.make(Op::sin, x)), 0.3L},
      {g.subtract(y, g.multiply(x, x)), 0.3L},
      {g.divide(g.add(x, y), g.multiply(x, y)), 0.7L},
      {g.negate(g.make(Op::exp, x)), 0.3L},
      {g.power(x, c(2.1)), 0.7L},
      {g.power(c(2.5), x), 0.7L},
      {g.power(x, x), 0.7L},
      {g.power(x, c(-9)), 0.7L},
      {g.power(x, c(5)), -0.7L},
      {g.make(Op::exp, g.multiply(x, y)), 0.3L},
      {g.make(Op::expm1, x), -0.4L},
      {g.make(Op::log, x), 0.3L},
      {g.make(Op::log1p, x), 0.3L},
      {g.make(Op::sqrt, x), 0.3L},
      {g.make(Op::sin, x), 0.3L},
      {g.make(Op::cos, x), 0.3L},
      {g.make(Op::tan, x), 0.3L},
      {g.make(Op::asin, x), 0.3L},
      {g.make(Op::acos, x), 0.3L},
      {g.make(Op::atan, x), 0.3L},
      {g.make(Op::atan2, x, y), 0.3L},
      {g.make(Op::atan2, y, x), -0.3L},
      {g.make(Op::sinh, x), 0.3L},
      {g.make(Op::cosh, x), 0.3L},
      {g.make(Op::tanh, x), 0.3L},
      {g.make(Op::erf, x), 0.3L},
      {g.make(Op::abs, x), -0.3L},
      {g.multiply(x, g.make(Op::sign, x)), -0.3L},
      {g.multiply(x, g.make(Op::floor, x)), 2.4L},
      {g.multiply(x, g.make(Op::ceil, x)), 2.4L},
      {g.make(Op::modulo, x, c(0.4)), 1.3L},
      {g.make(Op::modulo, c(5.0), x), 0.3L},
      {g.make(Op::minimum, x, g.multiply(x, x)), 0.3L},
      {g.make(Op::maximum, x, g.multiply(x, x)), 0.3L},
      {g.make(Op::minimum, x, g.multiply(x, x)), 1.3L},
      {g.make(Op::maximum, x, g.multiply(x, x)), 1.3L},
      {g.multiply(x, g.make(Op::less, x, y)), 0.3L},
      {g.select(g.make(Op::less, x, c(0.5)), g.make(Op::sin, x), g.make(Op::log, x)), 0.3L},
      {g.select(g.make(Op::less, x, c(0.5)), g.make(Op::sin, x), g.make(Op::log, x)), 0.8L},
  };
  for (const Case& test : cases) {
    const Values at{{"x", test.x}, {"y", 0.6L}, {"z", 0.2L}};
    const long double expected = difference(g, test.f, at, "x");
    // 1e-10: the difference quotient with h = 1e-4
    EXPECT_NEAR(static_cast<double>(value(g, derivative(g, test.f, x), at)), static_cast<double>(expected),
                static_cast<double>(1e-10L * (1 + std::fabs(expected))))
        << g.text(test.f);
    const Node one = c(1);
    const Node adjoint =
        vector_jacobian(g, std::span(&test.f, 1), std::span(&one, 1), std::span(&x, 1)).front();
    EXPECT_NEAR(static_cast<double>(value(g, adjoint, at)), static_cast<double>(expected),
                static_cast<double>(1e-10L * (1 + std::fabs(expected))))
        << "reverse: " << g.text(test.f);
  }
}

TEST_F(DerivativeTest, RandomExpressionsAgreeWithDifferencesInAllThreeWays) {
  const std::vector<Op> smooth{Op::add,   Op::subtract, Op::multiply, Op::divide, Op::negate, Op::exp,
                               Op::expm1, Op::log1p,    Op::sqrt,     Op::sin,    Op::cos,    Op::atan,
                               Op::tanh,  Op::erf,      Op::cosh,     Op::sinh,   Op::select, Op::maximum};
  std::size_t compared = 0;
  for (unsigned seed = 1; seed <= 30; ++seed) {
    Graph graph;
    RandomExpressions expressions(graph, seed, 3, smooth);
    std::vector<Node> roots;
    for (int k = 0; k < 60; ++k) roots.push_back(expressions.next().node);
    const std::vector<Node> variables{graph.symbol("x"), graph.symbol("y"), graph.symbol("z")};
    const std::vector<JacobianEntry> entries = sparse_jacobian(graph, roots, variables);
    for (const JacobianEntry& entry : entries) {
      const std::string name = graph.symbol_name(variables[entry.column]);
      for (std::size_t p = 0; p < 3; ++p) {
        Values at;
        for (const char* s : {"x", "y", "z"}) at[s] = expressions.symbol_value(s, p);
        const long double slope = value(graph, entry.value, at),
                          expected = difference(graph, roots[entry.row], at, name);
        const long double coarse = [&] {
          Values shifted = at;
          shifted[name] += 5e-5L;
          return difference(graph, roots[entry.row], shifted, name);
        }();
        // Only where the function is smooth on the scale of the difference.
        if (!std::isfinite(slope) || !(std::fabs(expected - coarse) < 1e-3L * (1 + std::fabs(expected))))
          continue;
        const long double size = std::fabs(value(graph, roots[entry.row], at));
        const auto tolerance =
            static_cast<double>(1e-7L + 1e-15L * size);  // rounding of f over the step 1e-4
        EXPECT_NEAR(static_cast<double>(slope / (1 + std::fabs(expected))),
                    static_cast<double>(expected / (1 + std::fabs(expected))), tolerance)
            << graph.text(roots[entry.row]);
        ++compared;
      }
    }
    // w J v by the forward and by the reverse sweep
    std::vector<Node> weight, direction;
    for (std::size_t r = 0; r < roots.size(); ++r)
      weight.push_back(graph.constant(0.1 * static_cast<double>(r % 7) - 0.3));
    for (std::size_t v = 0; v < 3; ++v) direction.push_back(graph.constant(0.5 + static_cast<double>(v)));
    const std::vector<Node> forward = jacobian_vector(graph, roots, variables, direction);
    const std::vector<Node> reverse = vector_jacobian(graph, roots, weight, variables);
    Values at;
    for (const char* s : {"x", "y", "z"}) at[s] = expressions.symbol_value(s, 0);
    long double a = 0, b = 0, size = 0;
    for (std::size_t r = 0; r < roots.size(); ++r) {
      const long double part = value(graph, weight[r], at) * value(graph, forward[r], at);
      a += part;
      size += std::fabs(part);
    }
    for (std::size_t v = 0; v < 3; ++v) b += value(graph, reverse[v], at) * value(graph, direction[v], at);
    if (std::isfinite(a) && std::isfinite(b)) {
      EXPECT_NEAR(static_cast<double>(a / (1 + size)), static_cast<double>(b / (1 + size)), 1e-13);
    }
  }
  EXPECT_GT(compared, 1'500U);
}

TEST_F(DerivativeTest, PowersAtZeroHaveFiniteSlopes) {
  EXPECT_EQ(d(g.power(x, c(2.1)), 0.0), 0.0);
  EXPECT_EQ(d(g.power(x, c(12)), 0.0), 0.0);
  EXPECT_EQ(d(g.divide(c(1), g.add(c(1), g.power(x, c(2.1)))), 0.0), 0.0);
  // d x^n/dn = x^n log x tends to 0 as x tends to 0
  const Node n = g.symbol("y");
  EXPECT_EQ(static_cast<double>(value(g, derivative(g, g.power(x, n), n), {{"x", 0.0L}, {"y", 1.0L}})), 0.0);
}

TEST_F(DerivativeTest, ABranchThatIsNotChosenPassesNoNaN) {
  // sqrt(max(x, 0)) and log where x > 0 else 0: infinite slopes stand in the branch that is not taken
  const Node positive = g.make(Op::less, c(0), x);
  const Node one = c(1);
  for (const Node f :
       {g.select(positive, g.make(Op::sqrt, x), c(0)), g.select(positive, g.make(Op::log, x), c(2)),
        g.make(Op::sqrt, g.select(positive, x, c(0))), g.select(positive, g.divide(c(1), x), c(0)),
        g.make(Op::sin, g.select(positive, g.power(x, c(0.3)), c(0)))}) {
    EXPECT_EQ(d(f, 0.0), 0.0) << g.text(f);
    const Node reverse = vector_jacobian(g, std::span(&f, 1), std::span(&one, 1), std::span(&x, 1)).front();
    const bool inner_choice = g[f].op == Op::sqrt;  // there the chain passes through the square root first
    if (!inner_choice) { EXPECT_EQ(static_cast<double>(value(g, reverse, {{"x", 0.0L}})), 0.0) << g.text(f); }
  }
}

TEST_F(DerivativeTest, TheSparseJacobianHasOnlyWhatIsThere) {
  const std::vector<Node> roots{g.multiply(x, y), g.make(Op::sin, z), c(3), y};
  const std::vector<Node> variables{x, y, z};
  const std::vector<JacobianEntry> j = sparse_jacobian(g, roots, variables);
  ASSERT_EQ(j.size(), 4U);
  EXPECT_EQ(j[0].value, y);
  EXPECT_EQ(j[1].value, x);
  EXPECT_TRUE(j[2].row == 1 && j[2].column == 2 && j[2].value == g.make(Op::cos, z));
  EXPECT_TRUE(j[3].row == 3 && j[3].column == 1 && j[3].value == c(1));
}

TEST_F(DerivativeTest, ABandedSystemTakesTimeAndTermsInProportionToItsSize) {
  const auto terms = [](int n) {
    Graph graph;
    std::vector<Node> u, f;
    for (int k = 0; k < n; ++k) u.push_back(graph.symbol("u" + std::to_string(k)));
    for (std::size_t k = 1; k + 1 < u.size(); ++k)
      f.push_back(graph.multiply(u[k - 1], graph.make(Op::exp, graph.subtract(u[k + 1], u[k]))));
    EXPECT_EQ(sparse_jacobian(graph, f, u).size(), 3 * f.size());
    return static_cast<double>(graph.size());
  };
  EXPECT_NEAR(terms(20'000) / terms(2'000), 10.0, 0.2);
}

TEST_F(DerivativeTest, AnythingCanBeTheVariable) {
  const Node inner = g.multiply(x, y);
  const Node f = g.make(Op::exp, inner);
  EXPECT_EQ(derivative(g, f, inner), f);
  EXPECT_EQ(derivative(g, x, x), c(1));
  EXPECT_EQ(derivative(g, x, y), c(0));
}

}  // namespace
}  // namespace holon::expr

#include "holon/expr/interpreter.hpp"

#include "holon/base/error.hpp"
#include "holon/expr/random_expressions.hpp"

#include <bit>
#include <cmath>
#include <thread>

#include <gtest/gtest.h>

namespace holon::expr {
namespace {

using Source = Binding::Source;

struct Columns {
  explicit Columns(std::size_t count, std::size_t sites) : data(count, std::vector<double>(sites)) {
    for (std::vector<double>& c : data) pointers.push_back(c.data());
  }
  const double* const* in() const { return pointers.data(); }
  double* const* out() { return pointers.data(); }
  std::vector<std::vector<double>> data;
  std::vector<double*> pointers;
};

bool same(double a, double b) {
  return std::isnan(a) ? std::isnan(b) : std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

/// Random expressions of columns x, y and the uniform z, with different values at every site.
class InterpreterTest : public ::testing::Test {
 protected:
  static constexpr std::size_t sites = 1237;
  static constexpr double uniform = 0.7;
  Graph g;
  std::vector<Node> outputs;
  std::vector<Binding> bindings{
      {"x", Source::column, 0}, {"y", Source::column, 1}, {"z", Source::uniform, 0}};
  Columns in{2, sites};

  void SetUp() override {
    RandomExpressions expressions(g, 11, 4, all_operations());
    for (int k = 0; k < 700; ++k) outputs.push_back(expressions.next().node);
    std::mt19937 generator(5);
    std::uniform_real_distribution<double> value(-3.0, 3.0);
    for (std::vector<double>& column : in.data) {
      for (double& v : column) v = value(generator);
    }
    in.data[0][17] = 0.0;
    in.data[0][18] = -0.0;
    in.data[1][19] = std::nan("");
    in.data[1][20] = 1e300;
  }
};

TEST_F(InterpreterTest, AgreesWithTheReferenceAtEverySite) {
  const Interpreter interpreter(g, outputs, bindings);
  Columns out(outputs.size(), sites);
  interpreter.run(in.in(), out.out(), &uniform, 0, sites);
  std::size_t compared = 0;
  for (std::size_t i = 0; i < sites; i += 3) {
    const auto reference = evaluate(g, outputs, [&](std::string_view s) -> long double {
      return s == "x" ? in.data[0][i] : s == "y" ? in.data[1][i] : uniform;
    });
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      // The conditioning of a random expression is unknown; agreement to 1e-6 with the exact value shows that
      // the right operations act on the right operands. Their accuracy is tested one by one below.
      const auto expected = static_cast<double>(reference[k]);
      if (!std::isfinite(expected) || !std::isfinite(out.data[k][i]) || std::fabs(expected) > 1e6) continue;
      const bool close = std::fabs(expected - out.data[k][i]) <= 1e-6 * (1 + std::fabs(expected));
      compared += close ? 1 : 0;
      if (!close)
        ADD_FAILURE() << "site " << i << ": " << g.text(outputs[k]).substr(0, 200) << " is " << out.data[k][i]
                      << ", not " << expected;
    }
  }
  EXPECT_GT(compared, 100'000U);
}

TEST_F(InterpreterTest, ASiteHasTheSameBitsInEveryRangeAndInstructionSet) {
  Columns whole(outputs.size(), sites), parts(outputs.size(), sites), wide(outputs.size(), sites);
  const Interpreter interpreter(g, outputs, bindings, base_strip_loops());
  interpreter.run(in.in(), whole.out(), &uniform, 0, sites);
  for (std::size_t begin = 0, length = 1; begin < sites; begin += length, length = length % 37 + 1) {
    interpreter.run(in.in(), parts.out(), &uniform, begin, std::min(begin + length, sites));
  }
  if (&strip_loops() == &avx512_strip_loops()) {
    Interpreter(g, outputs, bindings, avx512_strip_loops()).run(in.in(), wide.out(), &uniform, 0, sites);
  } else {
    wide.data = whole.data;
  }
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    for (std::size_t i = 0; i < sites; ++i) {
      ASSERT_TRUE(same(whole.data[k][i], parts.data[k][i])) << i << ": " << g.text(outputs[k]).substr(0, 200);
      ASSERT_TRUE(same(whole.data[k][i], wide.data[k][i])) << i << ": " << g.text(outputs[k]).substr(0, 200);
    }
  }
}

TEST_F(InterpreterTest, ColumnsCanBeExchangedInPlaceAndNothingElseIsTouched) {
  const Node x = g.symbol("x"), y = g.symbol("y");
  const std::vector<Node> swap{y, g.add(x, y)};
  const Interpreter interpreter(g, swap, bindings);
  for (const std::size_t end : {std::size_t{4}, std::size_t{700}}) {
    Columns c(2, sites);
    for (std::size_t i = 0; i < sites; ++i) {
      c.data[0][i] = static_cast<double>(i);
      c.data[1][i] = 0.5;
    }
    interpreter.run(c.in(), c.out(), nullptr, 3, end);
    for (std::size_t i = 0; i < sites; ++i) {
      const bool inside = i >= 3 && i < end;
      EXPECT_EQ(c.data[0][i], inside ? 0.5 : static_cast<double>(i));
      EXPECT_EQ(c.data[1][i], inside ? static_cast<double>(i) + 0.5 : 0.5);
    }
  }
}

TEST_F(InterpreterTest, OutputsThatDoNotDependOnTheSiteAreFilledIn) {
  const std::vector<Node> constant{g.constant(4.0), g.multiply(g.symbol("z"), g.constant(3.0)),
                                   g.symbol("z")};
  const Interpreter interpreter(g, constant, bindings);
  EXPECT_EQ(interpreter.operations(), 0U);
  for (const std::size_t end : {std::size_t{1}, std::size_t{100}}) {
    Columns out(3, 100);
    interpreter.run(in.in(), out.out(), &uniform, 0, end);
    EXPECT_EQ(out.data[0][end - 1], 4.0);
    EXPECT_EQ(out.data[1][end - 1], uniform * 3.0);
    EXPECT_EQ(out.data[2][end - 1], uniform);
  }
}

TEST_F(InterpreterTest, AnUnboundSymbolIsNamed) {
  const std::vector<Node> roots{g.add(g.symbol("x"), g.symbol("yy"))};
  try {
    const Interpreter interpreter(g, roots, bindings);
    FAIL();
  } catch (const InputError& e) {
    EXPECT_NE(std::string(e.what()).find("'yy' has no value"), std::string::npos) << e.what();
    EXPECT_NE(std::string(e.what()).find("did you mean 'y'?"), std::string::npos) << e.what();
  }
}

TEST_F(InterpreterTest, ChoicesWithinChoicesKeepTheirArgumentsApart) {
  const Node x = g.symbol("x"), y = g.symbol("y"), less = g.make(Op::less, x, y);
  const Node inner = g.select(g.make(Op::less, x, g.symbol("z")), g.constant(2.0), y);
  const std::vector<Node> roots{g.select(less, g.constant(1.0), inner), g.add(inner, x)};
  for (const Node& root : roots) {
    const Interpreter interpreter(g, std::span(&root, 1), bindings);
    Columns out(1, sites);
    interpreter.run(in.in(), out.out(), &uniform, 0, sites);
    for (std::size_t i = 0; i < sites; ++i) {
      const double a = in.data[0][i], b = in.data[1][i], second = a < uniform ? 2.0 : b;
      const double expected = root.id == roots[0].id ? (a < b ? 1.0 : second) : second + a;
      EXPECT_TRUE(same(out.data[0][i], expected)) << i;
    }
  }
}

TEST_F(InterpreterTest, RegistersAreUsedAgain) {
  Node chain = g.symbol("x");
  for (int k = 0; k < 10'000; ++k) chain = g.make(Op::sin, g.add(chain, g.symbol("y")));
  const Interpreter interpreter(g, std::span(&chain, 1), bindings);
  EXPECT_EQ(interpreter.operations(), 20'000U);
  EXPECT_EQ(interpreter.registers(), 1U);
}

TEST(InterpreterThreads, OneInterpreterRunsInSeveralThreads) {
  Graph g;
  const std::vector<Node> outputs{g.make(Op::exp, g.multiply(g.symbol("x"), g.symbol("k"))),
                                  g.make(Op::tanh, g.symbol("x"))};
  const std::vector<Binding> bindings{{"x", Source::column, 0}, {"k", Source::uniform, 0}};
  const Interpreter interpreter(g, outputs, bindings);
  constexpr std::size_t sites = 4000;
  Columns in(1, sites), together(2, sites), alone(2, sites);
  for (std::size_t i = 0; i < sites; ++i) in.data[0][i] = static_cast<double>(i) / 1000.0;
  const double k = 1.5;
  interpreter.run(in.in(), alone.out(), &k, 0, sites);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = t * 1000; i < (t + 1) * 1000; i += 100)
        interpreter.run(in.in(), together.out(), &k, i, i + 100);
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(together.data, alone.data);
}

}  // namespace
}  // namespace holon::expr

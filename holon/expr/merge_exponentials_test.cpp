#include "holon/expr/merge_exponentials.hpp"

#include "holon/expr/kernel_case.hpp"
#include "holon/expr/merge_divisions.hpp"
#include "holon/expr/share_reciprocals.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace holon::expr {
namespace {

std::size_t count(const KernelProgram& program, Op op) {
  const auto nodes = reachable(program.graph, program.outputs);
  return static_cast<std::size_t>(
      std::count_if(nodes.begin(), nodes.end(), [&](Node n) { return program.graph[n].op == op; }));
}

struct Rates : KernelCase {
  Node v = column("V");
  Node e(double offset, double width) {
    return graph.make(Op::exp, graph.divide(graph.add(v, graph.constant(offset)), graph.constant(width)));
  }
  Node logistic(double offset, double width) {
    return graph.divide(graph.constant(1.0), graph.add(graph.constant(1.0), e(offset, width)));
  }
  long double exact(double at, const KernelProgram& program) const {
    return evaluate(program.graph, program.outputs, [&](std::string_view) -> long double { return at; })[0];
  }
};

TEST(MergedExponentials, AreOneForAllIntegerMultiples) {
  Rates r;
  r.source.outputs = {r.graph.add(r.graph.add(r.e(20, 20), r.e(-3, 10)), r.e(7, 5))};
  const KernelProgram plain = kernel_program(r.source), merged = merge_exponentials(plain);
  EXPECT_EQ(count(plain, Op::exp), 3u);
  EXPECT_EQ(count(merged, Op::exp), 1u);
  ASSERT_EQ(merged.guards.size(), 1u);
  for (const double v : {-150.0, -3.0, 0.0, 40.0, 99.0})
    EXPECT_NEAR(static_cast<double>(r.exact(v, merged) / r.exact(v, plain)), 1.0, 1e-14);
}

TEST(MergedExponentials, NeedNoGuardWhereTheBindingPromisesTheRange) {
  Rates r;
  r.source.outputs = {r.graph.add(r.e(20, 20), r.e(7, 5))};
  r.source.bindings.front().lower = -120;
  r.source.bindings.front().upper = 80;
  EXPECT_TRUE(merge_exponentials(kernel_program(r.source)).guards.empty());
  r.source.bindings.front().upper = 8000;
  EXPECT_EQ(merge_exponentials(kernel_program(r.source)).guards.size(), 1u);
}

TEST(MergedExponentials, StayApartWithoutAnIntegerRatio) {
  Rates r;
  r.source.outputs = {r.graph.add(r.graph.add(r.e(0, 7.43), r.e(0, 9.03)), r.e(0, 200))};
  const KernelProgram merged = merge_exponentials(kernel_program(r.source));
  EXPECT_EQ(count(merged, Op::exp), 3u);
  EXPECT_TRUE(merged.guards.empty());
}

TEST(MergedExponentials, OfOppositeSignsNeedNoSecondDivision) {
  Rates r;
  r.source.outputs = {r.graph.add(r.logistic(5, 10), r.logistic(-60, -10))};
  const KernelProgram merged = merge_divisions(merge_exponentials(kernel_program(r.source)));
  EXPECT_EQ(count(merged, Op::exp), 1u);
  EXPECT_EQ(count(merged, Op::divide), 1u);
  for (const double v : {-150.0, 0.0, 99.0})
    EXPECT_NEAR(static_cast<double>(r.exact(v, merged) / r.exact(v, kernel_program(r.source))), 1.0, 1e-14);
}

TEST(MergedDivisions, BringNestedQuotientsToOne) {
  Rates r;
  Graph& g = r.graph;
  const Node tau = g.add(g.multiply(r.logistic(35, -13), g.add(r.logistic(5, 5.5), g.constant(0.25))),
                         r.logistic(-50, 20));
  r.source.outputs = {g.make(Op::exp, g.negate(g.divide(g.constant(0.02), tau)))};
  const KernelProgram merged = merge_divisions(merge_exponentials(kernel_program(r.source)));
  EXPECT_EQ(count(merged, Op::divide), 1u);
}

TEST(MergedDivisions, LeaveDenominatorsOfUnknownSizeAlone) {
  KernelCase c;
  const Node a = c.column("a"), b = c.column("b");
  c.source.outputs = {
      c.graph.add(c.graph.divide(c.graph.constant(1), a), c.graph.divide(c.graph.constant(1), b))};
  EXPECT_EQ(count(share_reciprocals(merge_divisions(kernel_program(c.source))), Op::divide), 2u);
  c.source.bindings[0].lower = c.source.bindings[1].lower = 1e-3;
  c.source.bindings[0].upper = c.source.bindings[1].upper = 1e3;
  EXPECT_EQ(count(merge_divisions(kernel_program(c.source)), Op::divide), 1u);
}

TEST(SharedReciprocals, ServeEqualDivisorsAndUniforms) {
  KernelCase c;
  const Node a = c.column("a"), b = c.column("b"), u = c.uniform("u", 0);
  c.source.bindings[0].lower = 1.0;
  c.source.bindings[0].upper = 2.0;
  Graph& g = c.graph;
  c.source.outputs = {g.divide(b, a), g.divide(g.make(Op::sin, b), a), g.divide(b, u)};
  const KernelProgram shared = share_reciprocals(kernel_program(c.source));
  EXPECT_EQ(count(shared, Op::divide), 2u);  // 1/a at every site, 1/u once
}

}  // namespace
}  // namespace holon::expr

#include "holon/expr/value_range.hpp"

#include <algorithm>
#include <cmath>

namespace holon::expr {

namespace {

/// Of an unbounded but finite number: infinity times 0 is 0.
double product(double a, double b) { return a == 0.0 || b == 0.0 ? 0.0 : a * b; }

template <class Function>
ValueRange increasing(const ValueRange& a, Function f) {
  return {f(a.lower), f(a.upper)};
}

}  // namespace

ValueRange operator+(const ValueRange& a, const ValueRange& b) {
  return {a.lower + b.lower, a.upper + b.upper};
}
ValueRange operator-(const ValueRange& a, const ValueRange& b) {
  return {a.lower - b.upper, a.upper - b.lower};
}

ValueRange operator*(const ValueRange& a, const ValueRange& b) {
  const auto [low, high] = std::minmax({product(a.lower, b.lower), product(a.lower, b.upper),
                                        product(a.upper, b.lower), product(a.upper, b.upper)});
  return {low, high};
}

ValueRange operator/(const ValueRange& a, const ValueRange& b) {
  if (b.lower <= 0.0 && b.upper >= 0.0) return {};
  return a * ValueRange{1.0 / b.upper, 1.0 / b.lower};
}

ValueRange intersection(const ValueRange& a, const ValueRange& b) {
  return {std::max(a.lower, b.lower), std::min(a.upper, b.upper)};
}

ValueRange range_of_term(Op op, const ValueRange& a, const ValueRange& b, const ValueRange& c, bool same) {
  switch (op) {
    case Op::add:
      return a + b;
    case Op::subtract:
      return a - b;
    case Op::multiply: {
      const ValueRange p = a * b;
      return same ? ValueRange{std::max(p.lower, 0.0), p.upper} : p;
    }
    case Op::divide:
      return a / b;
    case Op::negate:
      return {-a.upper, -a.lower};
    case Op::exp:
      return increasing(a, [](double x) { return std::exp(x); });
    case Op::expm1:
      return increasing(a, [](double x) { return std::expm1(x); });
    case Op::sqrt:
      return increasing(a, [](double x) { return std::sqrt(std::max(x, 0.0)); });
    case Op::log:
      return {a.lower > 0.0 ? std::log(a.lower) : ValueRange{}.lower,
              a.upper > 0.0 ? std::log(a.upper) : ValueRange{}.upper};
    case Op::sin:
    case Op::cos:
    case Op::tanh:
    case Op::erf:
    case Op::sign:
      return {-1.0, 1.0};
    case Op::abs:
      return {a.lower > 0.0   ? a.lower
              : a.upper < 0.0 ? -a.upper
                              : 0.0,
              std::max(std::fabs(a.lower), std::fabs(a.upper))};
    case Op::minimum:
      return {std::min(a.lower, b.lower), std::min(a.upper, b.upper)};
    case Op::maximum:
      return {std::max(a.lower, b.lower), std::max(a.upper, b.upper)};
    case Op::less:
    case Op::less_equal:
    case Op::equal:
    case Op::logical_and:
    case Op::logical_or:
    case Op::logical_not:
      return {0.0, 1.0};
    case Op::select:
      return {std::min(b.lower, c.lower), std::max(b.upper, c.upper)};
    default:
      return {};
  }
}

std::vector<ValueRange> value_ranges(const KernelProgram& program) {
  const Graph& graph = program.graph;
  std::vector<ValueRange> known(graph.size());
  for (const RangeGuard& g : program.guards)
    known[g.node.id] = intersection(known[g.node.id], {g.lower, g.upper});
  for (const RangeGuard& g : program.implied)
    known[g.node.id] = intersection(known[g.node.id], {g.lower, g.upper});
  for (const Node n : reachable(graph, program.outputs)) {
    const Term& term = graph[n];
    ValueRange range;
    if (term.op == Op::constant) {
      range = {term.value, term.value};
    } else if (term.op == Op::symbol) {
      const Binding& b = program.bindings[term.symbol];
      if (b.lower > -1e300) range.lower = b.lower;
      if (b.upper < 1e300) range.upper = b.upper;
    } else {
      const auto argument = [&](std::size_t k) {
        return k < static_cast<std::size_t>(arity(term.op)) ? known[term.argument[k].id] : ValueRange{};
      };
      range =
          range_of_term(term.op, argument(0), argument(1), argument(2), term.argument[0] == term.argument[1]);
    }
    if (std::isnan(range.lower) || std::isnan(range.upper)) range = {};
    known[n.id] = intersection(known[n.id], range);
  }
  return known;
}

}  // namespace holon::expr

// For tests: random expressions, built as graph nodes and at the same time evaluated without the graph.
#pragma once

#include "holon/expr/graph.hpp"
#include "holon/expr/term_value.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

namespace holon::expr {

/// A random expression with its values at all test points, by the definition of each operation.
struct RandomExpression {
  Node node;
  std::vector<long double> exact;  // by point
  std::vector<double> in_double;   // the same in double precision: shows how much rounding matters
  std::vector<bool> sound;  // whether it and all that it is made of are finite (0 * inf is simplified to 0)
};

class RandomExpressions {
 public:
  RandomExpressions(Graph& graph, unsigned seed, std::size_t points, std::vector<Op> operations)
      : graph_(graph), generator_(seed), operations_(std::move(operations)) {
    std::uniform_real_distribution<double> value(-2.0, 2.0);
    for (const char* name : {"x", "y", "z"}) {
      RandomExpression e{graph.symbol(name), {}, {}, std::vector<bool>(points, true)};
      for (std::size_t p = 0; p < points; ++p) {
        e.in_double.push_back(value(generator_));
        e.exact.push_back(e.in_double.back());
      }
      pool_.push_back(std::move(e));
    }
    for (const double c : {0.0, 1.0, -1.0, 0.5, 2.0, -4.0, 0.25, 3.0}) {
      pool_.push_back({graph.constant(c), std::vector<long double>(points, c), std::vector<double>(points, c),
                       std::vector<bool>(points, true)});
    }
  }

  long double symbol_value(std::string_view name, std::size_t point) const {
    return pool_[name == "x" ? 0 : name == "y" ? 1 : 2].exact[point];
  }

  /// Adds one more; expressions that are nowhere sound are rare, so that errors don't bury what is to be
  /// compared.
  const RandomExpression& next() {
    RandomExpression e = attempt();
    for (int tries = 0; tries < 20 && std::count(e.sound.begin(), e.sound.end(), true) == 0; ++tries)
      e = attempt();
    pool_.push_back(std::move(e));
    return pool_.back();
  }

 private:
  RandomExpression attempt() {
    const Op op = operations_[generator_() % operations_.size()];
    const std::size_t a = pick(), b = pick(), c = pick();
    RandomExpression e{graph_.make(op, pool_[a].node, pool_[b].node, pool_[c].node), {}, {}, {}};
    for (std::size_t p = 0; p < pool_[a].exact.size(); ++p) {
      e.exact.push_back(term_value<long double>(op, pool_[a].exact[p], pool_[b].exact[p], pool_[c].exact[p]));
      e.in_double.push_back(
          term_value<double>(op, pool_[a].in_double[p], pool_[b].in_double[p], pool_[c].in_double[p]));
      e.sound.push_back(pool_[a].sound[p] && pool_[b].sound[p] && pool_[c].sound[p] &&
                        std::isfinite(e.exact.back()) && std::isfinite(e.in_double.back()));
    }
    return e;
  }

  std::size_t pick() {
    const std::size_t recent = std::min<std::size_t>(pool_.size(), 12);
    return generator_() % 2 == 0 ? generator_() % pool_.size() : pool_.size() - 1 - generator_() % recent;
  }

  Graph& graph_;
  std::mt19937 generator_;
  std::vector<Op> operations_;
  std::vector<RandomExpression> pool_;
};

/// Every operation with arguments.
inline std::vector<Op> all_operations() {
  std::vector<Op> result;
  for (int op = static_cast<int>(Op::add); op <= static_cast<int>(Op::select); ++op)
    result.push_back(static_cast<Op>(op));
  return result;
}

}  // namespace holon::expr

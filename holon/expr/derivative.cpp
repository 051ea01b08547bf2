// Symbolic derivatives by sweeps over the graph: forward (tangents) along columns, reverse (adjoints) along
// rows.
#include "holon/base/error.hpp"
#include "holon/expr/graph.hpp"

#include <algorithm>
#include <numbers>
#include <optional>

namespace holon::expr {

namespace {

/// Terms that choose one of two arguments: the derivative follows the chosen one.
struct Choice {
  Node condition, first, second;
};

std::optional<Choice> choice_of(Graph& g, const Term& t) {
  const auto [a, b, c] = t.argument;
  if (t.op == Op::select) return Choice{a, b, c};
  if (t.op == Op::minimum) return Choice{g.make(Op::less, a, b), a, b};
  if (t.op == Op::maximum) return Choice{g.make(Op::less, b, a), a, b};
  return std::nullopt;
}

/// d (term)/d (argument k), for every operation but the choices. Zero for piecewise constant functions.
Node partial(Graph& g, Node n, std::size_t k) {
  const Term t = g[n];
  const auto [a, b, c] = t.argument;
  const Node one = g.constant(1.0);
  const auto square = [&](Node x) { return g.multiply(x, x); };
  switch (t.op) {
    case Op::add:
      return one;
    case Op::subtract:
      return k == 0 ? one : g.constant(-1.0);
    case Op::multiply:
      return k == 0 ? b : a;
    case Op::divide:
      return k == 0 ? g.divide(one, b) : g.negate(g.divide(n, b));
    case Op::negate:
      return g.constant(-1.0);
    case Op::power: {
      if (k == 0) return g.multiply(b, g.power(a, g.subtract(b, one)));
      // The limit at a = 0 for b > 0, where 0 log 0 would be NaN.
      const Node at_zero = g.make(Op::logical_and, g.make(Op::equal, a, g.constant(0.0)),
                                  g.make(Op::less, g.constant(0.0), b));
      return g.select(at_zero, g.constant(0.0), g.multiply(n, g.make(Op::log, a)));
    }
    case Op::exp:
      return n;
    case Op::expm1:
      return g.add(n, one);
    case Op::log:
      return g.divide(one, a);
    case Op::log1p:
      return g.divide(one, g.add(one, a));
    case Op::sqrt:
      return g.divide(g.constant(0.5), n);
    case Op::sin:
      return g.make(Op::cos, a);
    case Op::cos:
      return g.negate(g.make(Op::sin, a));
    case Op::tan:
      return g.add(one, square(n));
    case Op::asin:
      return g.divide(one, g.make(Op::sqrt, g.subtract(one, square(a))));
    case Op::acos:
      return g.divide(g.constant(-1.0), g.make(Op::sqrt, g.subtract(one, square(a))));
    case Op::atan:
      return g.divide(one, g.add(one, square(a)));
    case Op::atan2: {
      const Node denominator = g.add(square(a), square(b));
      return k == 0 ? g.divide(b, denominator) : g.negate(g.divide(a, denominator));
    }
    case Op::sinh:
      return g.make(Op::cosh, a);
    case Op::cosh:
      return g.make(Op::sinh, a);
    case Op::tanh:
      return g.subtract(one, square(n));
    case Op::erf:
      return g.multiply(g.constant(2.0 * std::numbers::inv_sqrtpi), g.make(Op::exp, g.negate(square(a))));
    case Op::abs:
      return g.make(Op::sign, a);
    case Op::modulo:
      return k == 0 ? one : g.negate(g.make(Op::floor, g.divide(a, b)));
    default:
      return g.constant(0.0);
  }
}

/// Operations whose derivative is infinite somewhere in their domain.
bool has_infinite_slope(Op op) {
  return op == Op::sqrt || op == Op::power || op == Op::log || op == Op::log1p || op == Op::asin ||
         op == Op::acos || op == Op::divide;
}

/// slope * tangent. Where the tangent is 0 by a choice, so is the product, also if the slope is infinite
/// there.
Node chain(Graph& g, Op op, Node slope, Node tangent) {
  const Term t = g[tangent];
  if (has_infinite_slope(op) && t.op == Op::select) {
    const auto [condition, first, second] = t.argument;
    if (g.is_constant(first, 0.0)) return g.select(condition, first, g.multiply(slope, second));
    if (g.is_constant(second, 0.0)) return g.select(condition, g.multiply(slope, first), second);
  }
  return g.multiply(slope, tangent);
}

/// Forward sweeps over the terms that some roots need.
class ForwardSweep {
 public:
  ForwardSweep(Graph& graph, std::span<const Node> roots)
      : graph_(graph), order_(reachable(graph, roots)), zero_(graph.constant(0.0)) {
    for (std::uint32_t k = 0; k < order_.size(); ++k) place_[order_[k].id] = k;
    tangent_.assign(order_.size(), zero_);
    first_user_.assign(order_.size() + 1, 0);
    each_argument([&](std::uint32_t, std::uint32_t a) { ++first_user_[a + 1]; });
    for (std::size_t k = 0; k < order_.size(); ++k) first_user_[k + 1] += first_user_[k];
    users_.resize(first_user_.back());
    std::vector<std::uint32_t> next(first_user_.begin(), first_user_.end() - 1);
    each_argument([&](std::uint32_t k, std::uint32_t a) { users_[next[a]++] = k; });
    touched_.assign(order_.size(), false);
  }

  /// Tangents of all terms for the given tangents of some; calls `result` with each term that depends on
  /// those.
  template <class Result>
  void run(std::span<const Node> seeds, std::span<const Node> tangents, const Result& result) {
    std::vector<std::uint32_t> dependents;
    const auto touch = [&](std::uint32_t k) {
      if (!touched_[k]) dependents.push_back(k);
      touched_[k] = true;
    };
    std::unordered_map<std::uint32_t, Node> seeded;
    for (std::size_t i = 0; i < seeds.size(); ++i) {
      const auto found = place_.find(seeds[i].id);
      if (found == place_.end()) continue;
      touch(found->second);
      const auto [entry, is_new] = seeded.emplace(found->second, tangents[i]);
      if (!is_new) entry->second = graph_.add(entry->second, tangents[i]);
    }
    for (std::size_t i = 0; i < dependents.size(); ++i) {
      const std::uint32_t k = dependents[i];
      for (std::uint32_t u = first_user_[k]; u < first_user_[k + 1]; ++u) touch(users_[u]);
    }
    std::sort(dependents.begin(), dependents.end());
    for (const std::uint32_t k : dependents) {
      const auto seed = seeded.find(k);
      tangent_[k] = seed != seeded.end() ? seed->second : tangent(order_[k]);
    }
    for (const std::uint32_t k : dependents) result(order_[k], tangent_[k]);
    for (const std::uint32_t k : dependents) {
      tangent_[k] = zero_;
      touched_[k] = false;
    }
  }

 private:
  template <class Visit>
  void each_argument(const Visit& visit) const {
    for (std::uint32_t k = 0; k < order_.size(); ++k) {
      const Term& t = graph_[order_[k]];
      for (std::size_t j = 0; j < static_cast<std::size_t>(arity(t.op)); ++j)
        visit(k, place_.at(t.argument[j].id));
    }
  }

  Node tangent_of(Node n) const { return tangent_[place_.at(n.id)]; }

  Node tangent(Node n) {
    const Term t = graph_[n];
    if (const auto choice = choice_of(graph_, t)) {
      return graph_.select(choice->condition, tangent_of(choice->first), tangent_of(choice->second));
    }
    if (t.op == Op::divide && tangent_of(t.argument[1]) != zero_ && tangent_of(t.argument[0]) != zero_) {
      const Node change =
          graph_.subtract(tangent_of(t.argument[0]), graph_.multiply(n, tangent_of(t.argument[1])));
      return graph_.divide(change, t.argument[1]);  // d(a/b) = (da - (a/b) db)/b
    }
    Node sum = zero_;
    for (std::size_t k = 0; k < static_cast<std::size_t>(arity(t.op)); ++k) {
      const Node inner = tangent_of(t.argument[k]);
      if (inner == zero_) continue;
      sum = graph_.add(sum, chain(graph_, t.op, partial(graph_, n, k), inner));
    }
    return sum;
  }

  Graph& graph_;
  std::vector<Node> order_;
  Node zero_;
  std::unordered_map<std::uint32_t, std::uint32_t> place_;  // node id to place in order_
  std::vector<Node> tangent_;                               // by place; zero between runs
  std::vector<std::uint32_t> first_user_, users_;           // the terms that use a term, by place
  std::vector<bool> touched_;
};

/// What a term passes on in the reverse sweep. The value counts only where the guard (if there is one) is
/// true; elsewhere it may be NaN, because it belongs to a branch that was not chosen.
struct Adjoint {
  bool present = false;
  std::optional<Node> guard;
  Node value;
};

Node guarded_value(Graph& g, const Adjoint& a) {
  return a.guard ? g.select(*a.guard, a.value, g.constant(0.0)) : a.value;
}

void accumulate(Graph& g, Adjoint& sum, const Adjoint& part) {
  if (!sum.present) {
    sum = part;
    return;
  }
  if (sum.guard == part.guard) {
    sum.value = g.add(sum.value, part.value);
    return;
  }
  sum.value = g.add(guarded_value(g, sum), guarded_value(g, part));
  sum.guard =
      sum.guard && part.guard ? std::optional(g.make(Op::logical_or, *sum.guard, *part.guard)) : std::nullopt;
}

Adjoint behind(Graph& g, const Adjoint& a, Node condition) {
  return {true, a.guard ? g.make(Op::logical_and, *a.guard, condition) : condition, a.value};
}

}  // namespace

std::vector<Node> derivative(Graph& graph, std::span<const Node> roots, Node x) {
  const std::vector<Node> one{graph.constant(1.0)};
  return jacobian_vector(graph, roots, std::span(&x, 1), one);
}

Node derivative(Graph& graph, Node root, Node x) { return derivative(graph, std::span(&root, 1), x).front(); }

std::vector<Node> jacobian_vector(Graph& graph, std::span<const Node> roots, std::span<const Node> x,
                                  std::span<const Node> direction) {
  require(x.size() == direction.size(), "a Jacobian times a vector needs one direction for each variable");
  std::unordered_map<std::uint32_t, Node> tangents;
  for (const Node r : roots) tangents.emplace(r.id, graph.constant(0.0));
  ForwardSweep(graph, roots).run(x, direction, [&](Node n, Node tangent) {
    if (const auto found = tangents.find(n.id); found != tangents.end()) found->second = tangent;
  });
  std::vector<Node> result;
  for (const Node r : roots) result.push_back(tangents.at(r.id));
  return result;
}

std::vector<JacobianEntry> sparse_jacobian(Graph& graph, std::span<const Node> roots,
                                           std::span<const Node> x) {
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> rows;
  for (std::uint32_t r = 0; r < roots.size(); ++r) rows[roots[r].id].push_back(r);
  std::vector<JacobianEntry> entries;
  const Node one = graph.constant(1.0);
  ForwardSweep sweep(graph, roots);
  for (std::uint32_t column = 0; column < x.size(); ++column) {
    sweep.run(x.subspan(column, 1), std::span(&one, 1), [&](Node n, Node tangent) {
      const auto found = rows.find(n.id);
      if (found == rows.end() || graph.is_constant(tangent, 0.0)) return;
      for (const std::uint32_t row : found->second) entries.push_back({row, column, tangent});
    });
  }
  std::sort(entries.begin(), entries.end(), [](const JacobianEntry& a, const JacobianEntry& b) {
    return a.row != b.row ? a.row < b.row : a.column < b.column;
  });
  return entries;
}

std::vector<Node> vector_jacobian(Graph& graph, std::span<const Node> roots, std::span<const Node> weight,
                                  std::span<const Node> x) {
  require(roots.size() == weight.size(), "a vector times a Jacobian needs one weight for each root");
  const std::vector<Node> order = reachable(graph, roots);
  std::unordered_map<std::uint32_t, std::uint32_t> place;
  for (std::uint32_t k = 0; k < order.size(); ++k) place[order[k].id] = k;
  std::vector<bool> is_variable(order.size(), false), depends(order.size(), false);
  for (const Node v : x) {
    if (const auto found = place.find(v.id); found != place.end()) is_variable[found->second] = true;
  }
  for (std::size_t k = 0; k < order.size(); ++k) {
    const Term& t = graph[order[k]];
    depends[k] = is_variable[k];
    for (std::size_t j = 0; j < static_cast<std::size_t>(arity(t.op)); ++j) {
      depends[k] = depends[k] || depends[place.at(t.argument[j].id)];
    }
  }
  std::vector<Adjoint> adjoint(order.size());
  const auto pass = [&](Node to, const Adjoint& part) {
    const std::uint32_t k = place.at(to.id);
    if (depends[k] && !graph.is_constant(part.value, 0.0)) accumulate(graph, adjoint[k], part);
  };
  for (std::size_t r = 0; r < roots.size(); ++r) pass(roots[r], {true, std::nullopt, weight[r]});
  for (std::size_t k = order.size(); k-- > 0;) {
    const Adjoint own = adjoint[k];
    if (!own.present || is_variable[k]) continue;
    const Node n = order[k];
    const Term t = graph[n];
    if (const auto choice = choice_of(graph, t)) {
      pass(choice->first, behind(graph, own, choice->condition));
      pass(choice->second, behind(graph, own, graph.make(Op::logical_not, choice->condition)));
      continue;
    }
    for (std::size_t j = 0; j < static_cast<std::size_t>(arity(t.op)); ++j) {
      if (!depends[place.at(t.argument[j].id)]) continue;
      pass(t.argument[j], {true, own.guard, graph.multiply(own.value, partial(graph, n, j))});
    }
  }
  std::vector<Node> result;
  for (const Node v : x) {
    const auto found = place.find(v.id);
    const bool reached = found != place.end() && adjoint[found->second].present;
    result.push_back(reached ? guarded_value(graph, adjoint[found->second]) : graph.constant(0.0));
  }
  return result;
}

}  // namespace holon::expr

#include "holon/expr/share_reciprocals.hpp"

#include "holon/expr/value_range.hpp"

#include <algorithm>
#include <unordered_map>

namespace holon::expr {

namespace {

constexpr double largest_divisor = 1e60;
constexpr std::size_t largest_group = 4;  // the product of a group stays below 10^240

class Sharing {
 public:
  explicit Sharing(const KernelProgram& program) : from_(program), ranges_(value_ranges(program)) {
    to_.bindings = program.bindings;
    std::vector<Node> roots = program.outputs;
    for (const RangeGuard& g : program.guards) roots.push_back(g.node);
    nodes_ = reachable(program.graph, roots);
    find_levels();
  }

  KernelProgram rewritten() {
    for (const auto& level : levels_) {
      share(level);
      for (const Node n : level) rebuilt_[n.id] = rebuild(n);
    }
    for (const Node n : from_.outputs) to_.outputs.push_back(rebuilt_.at(n.id));
    for (const RangeGuard& g : from_.guards) to_.guards.push_back({rebuilt_.at(g.node.id), g.lower, g.upper});
    for (const RangeGuard& g : from_.implied) {
      const auto kept = rebuilt_.find(g.node.id);
      if (kept != rebuilt_.end()) to_.implied.push_back({kept->second, g.lower, g.upper});
    }
    return std::move(to_);
  }

 private:
  /// The level of a term is the largest number of sharing quotients on a path below it and including it:
  /// quotients of one level do not depend on each other.
  void find_levels() {
    varies_.assign(from_.graph.size(), false);
    std::vector<std::size_t> level(from_.graph.size(), 0);
    for (const Node n : nodes_) {
      const Term& term = from_.graph[n];
      if (term.op == Op::symbol)
        varies_[n.id] = from_.bindings[term.symbol].source == Binding::Source::column;
      std::size_t& own = level[n.id];
      for (int k = 0; k < arity(term.op); ++k) {
        const Node a = term.argument[static_cast<std::size_t>(k)];
        if (varies_[a.id]) varies_[n.id] = true;
        own = std::max(own, level[a.id]);
      }
      if (shares(n)) ++own;
      if (levels_.size() <= own) levels_.resize(own + 1);
      levels_[own].push_back(n);
    }
  }

  bool shares(Node n) const {
    const Term& term = from_.graph[n];
    if (term.op != Op::divide || !varies_[term.argument[1].id]) return false;
    const ValueRange& r = ranges_[term.argument[1].id];
    const double small = 1.0 / largest_divisor;
    return (r.lower >= small && r.upper <= largest_divisor) ||
           (r.upper <= -small && r.lower >= -largest_divisor);
  }

  /// Makes the reciprocals of all divisors of a level, in groups of neighbours.
  void share(const std::vector<Node>& level) {
    std::vector<Node> divisors;
    std::unordered_map<std::uint32_t, int> seen;
    for (const Node n : level) {
      if (!shares(n)) continue;
      const Node divisor = rebuilt_.at(from_.graph[n].argument[1].id);
      if (!reciprocal_.contains(divisor.id) && seen.emplace(divisor.id, 0).second)
        divisors.push_back(divisor);
    }
    for (std::size_t first = 0; first < divisors.size(); first += largest_group) {
      const auto begin = divisors.begin() + static_cast<std::ptrdiff_t>(first);
      const auto end =
          divisors.begin() + static_cast<std::ptrdiff_t>(std::min(first + largest_group, divisors.size()));
      make_reciprocals({begin, end});
    }
  }

  void make_reciprocals(const std::vector<Node>& group) {
    std::vector<Node> product{group.front()};
    for (std::size_t k = 1; k < group.size(); ++k) product.push_back(multiply(product.back(), group[k]));
    Node inverse = to_.graph.plain(Op::divide, to_.graph.constant(1.0), product.back());
    for (std::size_t k = group.size(); k-- > 1;) {
      reciprocal_[group[k].id] = multiply(inverse, product[k - 1]);
      inverse = multiply(inverse, group[k]);
    }
    reciprocal_[group.front().id] = inverse;
  }

  // Terms are made as they stand: simplification turns a product with a reciprocal back into a quotient.
  Node multiply(Node a, Node b) { return to_.graph.plain(Op::multiply, a, b); }

  Node rebuild(Node n) {
    const Term& term = from_.graph[n];
    if (term.op == Op::constant) return to_.graph.constant(term.value);
    if (term.op == Op::symbol) return to_.graph.symbol(from_.graph.symbol_name(n));
    Node argument[3]{};
    for (int k = 0; k < arity(term.op); ++k)
      argument[k] = rebuilt_.at(term.argument[static_cast<std::size_t>(k)].id);
    if (shares(n)) return scaled(argument[0], reciprocal_.at(argument[1].id));
    if (term.op == Op::divide && varies_[n.id] && !varies_[term.argument[1].id])
      return scaled(argument[0], to_.graph.plain(Op::divide, to_.graph.constant(1.0), argument[1]));
    return to_.graph.plain(term.op, argument[0], argument[1], argument[2]);
  }

  Node scaled(Node a, Node reciprocal) {
    return to_.graph.is_constant(a, 1.0) ? reciprocal : multiply(a, reciprocal);
  }

  const KernelProgram& from_;
  KernelProgram to_;
  std::vector<Node> nodes_;
  std::vector<ValueRange> ranges_;
  std::vector<bool> varies_;
  std::vector<std::vector<Node>> levels_;
  std::unordered_map<std::uint32_t, Node> rebuilt_, reciprocal_;
};

}  // namespace

KernelProgram share_reciprocals(const KernelProgram& program) { return Sharing(program).rewritten(); }

}  // namespace holon::expr

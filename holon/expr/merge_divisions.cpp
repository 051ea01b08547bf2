#include "holon/expr/merge_divisions.hpp"

#include "holon/expr/value_range.hpp"

#include <cmath>
#include <optional>
#include <unordered_map>

namespace holon::expr {

namespace {

constexpr double largest_denominator = 1e150;
constexpr std::uint32_t most_users = 3;  // of a fraction; more, and its value is shared

bool takes_fractions(Op op) {
  return op == Op::add || op == Op::subtract || op == Op::multiply || op == Op::divide || op == Op::negate;
}

class Merging {
 public:
  explicit Merging(const KernelProgram& program) : from_(program), ranges_(value_ranges(program)) {
    to_.bindings = program.bindings;
    std::vector<Node> roots = program.outputs;
    for (const RangeGuard& g : program.guards) roots.push_back(g.node);
    nodes_ = reachable(program.graph, roots);
    find_users();
  }

  KernelProgram rewritten() {
    for (const Node n : nodes_) rebuilt_[n.id] = rebuild(n);
    for (const Node n : from_.outputs) to_.outputs.push_back(value(n));
    for (const RangeGuard& g : from_.guards) to_.guards.push_back({value(g.node), g.lower, g.upper});
    for (const RangeGuard& g : from_.implied) {
      const auto kept = rebuilt_.find(g.node.id);
      if (kept != rebuilt_.end() && kept->second.value)
        to_.implied.push_back({*kept->second.value, g.lower, g.upper});
    }
    return std::move(to_);
  }

 private:
  struct Fraction {
    Node numerator;
    std::optional<Node> denominator;  // none: 1
    ValueRange top, bottom;           // ranges of numerator and denominator
  };
  struct Rebuilt {
    std::optional<Node> value;
    Fraction fraction;  // where there is no value yet
  };

  /// Whether all users of a term can take it as a fraction, and whether it varies from site to site.
  void find_users() {
    open_.assign(from_.graph.size(), true);
    varies_.assign(from_.graph.size(), false);
    std::vector<std::uint32_t> users(from_.graph.size(), 0);
    for (const Node n : nodes_) {
      const Term& term = from_.graph[n];
      if (term.op == Op::symbol)
        varies_[n.id] = from_.bindings[term.symbol].source == Binding::Source::column;
      for (int k = 0; k < arity(term.op); ++k) {
        const Node a = term.argument[static_cast<std::size_t>(k)];
        if (varies_[a.id]) varies_[n.id] = true;
        if (!takes_fractions(term.op) || ++users[a.id] > most_users) open_[a.id] = false;
      }
    }
    for (const Node n : from_.outputs) open_[n.id] = false;
  }

  static bool tame(const ValueRange& r) {
    const double small = 1.0 / largest_denominator;
    return (r.lower >= small && r.upper <= largest_denominator) ||
           (r.upper <= -small && r.lower >= -largest_denominator);
  }

  Node value(Node n) {
    Rebuilt& r = rebuilt_.at(n.id);
    if (!r.value) r.value = to_.graph.divide(r.fraction.numerator, *r.fraction.denominator);
    return *r.value;
  }

  Fraction whole(Node n) { return {value(n), std::nullopt, ranges_[n.id], {1.0, 1.0}}; }

  Fraction fraction(Node n) {
    const Rebuilt& r = rebuilt_.at(n.id);
    if (r.value) return whole(n);
    return r.fraction;
  }

  bool is_fraction(Node n) { return !rebuilt_.at(n.id).value; }

  Node times(Node a, const std::optional<Node>& b) { return b ? to_.graph.multiply(a, *b) : a; }

  std::optional<Node> times(const std::optional<Node>& a, const std::optional<Node>& b) {
    return a ? std::optional(times(*a, b)) : b;
  }

  /// Keeps a fraction where its users can take it, else divides.
  Rebuilt finish(Node n, const Fraction& f) {
    if (!f.denominator) return {f.numerator, {}};
    if (open_[n.id]) return {std::nullopt, f};
    return {to_.graph.divide(f.numerator, *f.denominator), {}};
  }

  Rebuilt plain(Node n) {
    const Term& term = from_.graph[n];
    if (term.op == Op::constant) return {to_.graph.constant(term.value), {}};
    if (term.op == Op::symbol) return {to_.graph.symbol(from_.graph.symbol_name(n)), {}};
    Node argument[3]{};
    for (int k = 0; k < arity(term.op); ++k) argument[k] = value(term.argument[static_cast<std::size_t>(k)]);
    return {to_.graph.make(term.op, argument[0], argument[1], argument[2]), {}};
  }

  Rebuilt rebuild(Node n) {
    const Term& term = from_.graph[n];
    if (!varies_[n.id] || !takes_fractions(term.op)) return plain(n);
    const Node a = term.argument[0], b = term.argument[1];
    if (term.op == Op::negate) {
      if (!is_fraction(a)) return plain(n);
      const Fraction f = fraction(a);
      return finish(n,
                    {to_.graph.negate(f.numerator), f.denominator, {-f.top.upper, -f.top.lower}, f.bottom});
    }
    if (term.op == Op::divide) return quotient(n, a, b);
    const bool both = is_fraction(a) && is_fraction(b);
    if (!both && !((is_fraction(a) || is_fraction(b)) && open_[n.id])) return plain(n);
    const Fraction p = fraction(a), q = fraction(b);
    const ValueRange bottom = p.bottom * q.bottom;
    const bool same = term.op != Op::multiply && p.denominator == q.denominator;
    if (!same && !tame(bottom)) return plain(n);
    if (term.op == Op::multiply)
      return finish(n, {to_.graph.multiply(p.numerator, q.numerator), times(p.denominator, q.denominator),
                        p.top * q.top, bottom});
    const Node left = same ? p.numerator : times(p.numerator, q.denominator);
    const Node right = same ? q.numerator : times(q.numerator, p.denominator);
    const ValueRange left_range = same ? p.top : p.top * q.bottom,
                     right_range = same ? q.top : q.top * p.bottom;
    const ValueRange top = term.op == Op::add ? left_range + right_range : left_range - right_range;
    return finish(
        n, {to_.graph.make(term.op, left, right), same ? p.denominator : times(p.denominator, q.denominator),
            top, same ? p.bottom : bottom});
  }

  Rebuilt quotient(Node n, Node a, Node b) {
    const Fraction divisor = fraction(b);
    Fraction dividend = fraction(a);
    if (!tame(dividend.bottom * divisor.top)) dividend = whole(a);
    const Fraction result{times(dividend.numerator, divisor.denominator),
                          times(divisor.numerator, dividend.denominator), dividend.top * divisor.bottom,
                          dividend.bottom * divisor.top};
    if (tame(result.bottom)) return finish(n, result);
    return {to_.graph.divide(result.numerator, *result.denominator), {}};
  }

  const KernelProgram& from_;
  KernelProgram to_;
  std::vector<Node> nodes_;
  std::vector<ValueRange> ranges_;
  std::vector<bool> open_, varies_;
  std::unordered_map<std::uint32_t, Rebuilt> rebuilt_;
};

}  // namespace

KernelProgram merge_divisions(const KernelProgram& program) { return Merging(program).rewritten(); }

}  // namespace holon::expr

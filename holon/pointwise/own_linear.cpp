#include "holon/pointwise/own_linear.hpp"

#include <array>
#include <unordered_map>

namespace holon::pointwise {

using expr::Op;
using expr::Term;

namespace {

// A sign as the set of {negative, zero, positive} that a value may be in.
constexpr unsigned below = 1, none = 2, above = 4;

Sign sign_of(unsigned set) {
  switch (set) {
    case below:
      return Sign::negative;
    case below | none:
      return Sign::not_positive;
    case none:
      return Sign::zero;
    case none | above:
      return Sign::not_negative;
    case above:
      return Sign::positive;
    default:
      return Sign::unknown;
  }
}

unsigned opposite(unsigned s) { return ((s & below) << 2) | (s & none) | ((s & above) >> 2); }

unsigned sum(unsigned a, unsigned b) {
  const unsigned either = a | b;
  if ((either & below) != 0 && (either & above) != 0) return below | none | above;
  const unsigned zero_left = a & b & none;  // a sum of one sign vanishes only if both terms do
  return (either & ~none) | zero_left;
}

unsigned product(unsigned a, unsigned b) {
  unsigned result = (a | b) & none;
  if (((a & below) != 0 && (b & above) != 0) || ((a & above) != 0 && (b & below) != 0)) result |= below;
  if (((a & above) != 0 && (b & above) != 0) || ((a & below) != 0 && (b & below) != 0)) result |= above;
  return result;
}

unsigned set_of(const Term& t, const std::array<unsigned, 3>& of) {
  constexpr unsigned anything = below | none | above;
  switch (t.op) {
    case Op::constant:
      return t.value > 0.0 ? above : t.value < 0.0 ? below : t.value == 0.0 ? none : anything;
    case Op::exp:
    case Op::cosh:
      return above;
    case Op::add:
      return sum(of[0], of[1]);
    case Op::subtract:
      return sum(of[0], opposite(of[1]));
    case Op::multiply:
      return t.argument[0] == t.argument[1] ? product(of[0], of[0]) & ~below : product(of[0], of[1]);
    case Op::divide:
      return product(of[0], of[1] & ~none);
    case Op::negate:
      return opposite(of[0]);
    case Op::sqrt:
      return of[0] & ~below;
    case Op::abs:
      return (of[0] | opposite(of[0])) & ~below;
    case Op::power:
      return of[0] == above ? above : (of[0] & below) == 0 ? none | above : anything;
    case Op::minimum:
    case Op::maximum:
    case Op::select:
      return t.op == Op::select ? of[1] | of[2] : of[0] | of[1];
    default:
      return anything;
  }
}

// Which terms contain x. Arguments have smaller ids than the terms that use them, so nothing below x's id
// can.
class Contains {
 public:
  Contains(const Graph& graph, Node x) : graph_(graph), x_(x) {}
  bool operator()(Node n) {
    if (n.id <= x_.id) return n == x_;
    std::vector<Node> open{n};  // depth first without recursion: expressions may be deep
    while (!open.empty()) {
      const Node top = open.back();
      if (known_.contains(top.id)) {
        open.pop_back();
        continue;
      }
      const Term& t = graph_[top];
      bool contains = false, complete = true;
      for (int k = 0; t.op != Op::constant && t.op != Op::symbol && k < expr::arity(t.op); ++k) {
        const Node argument = t.argument[static_cast<std::size_t>(k)];
        if (argument == x_) contains = true;
        if (argument.id <= x_.id) continue;
        const auto found = known_.find(argument.id);
        if (found == known_.end()) {
          complete = false;
          open.push_back(argument);
        } else {
          contains = contains || found->second;
        }
      }
      if (!complete && !contains) continue;
      known_[top.id] = contains;
    }
    return known_[n.id];
  }

 private:
  const Graph& graph_;
  Node x_;
  std::unordered_map<std::uint32_t, bool> known_;
};

// The value of x at which an affine rate vanishes. Factors without x don't move the root, which saves the
// division where a rate is written (x_inf - x)/tau.
Node root(Graph& g, Node rate, Node slope, Node x, Contains& has_x) {
  Node core = rate;
  for (bool peeled = true; peeled;) {
    const Term t = g[core];
    peeled = true;
    if (t.op == Op::negate) {
      core = t.argument[0];
    } else if (t.op == Op::divide && !has_x(t.argument[1])) {
      core = t.argument[0];
    } else if (t.op == Op::multiply && has_x(t.argument[0]) != has_x(t.argument[1])) {
      core = has_x(t.argument[0]) ? t.argument[0] : t.argument[1];
    } else {
      peeled = false;
    }
  }
  const Term t = g[core];
  if (t.op == Op::subtract && t.argument[1] == x && !has_x(t.argument[0])) return t.argument[0];
  if (t.op == Op::subtract && t.argument[0] == x && !has_x(t.argument[1])) return t.argument[1];
  const std::array<Node, 1> roots{core};
  const Node at_zero = substitute(g, roots, {{x.id, g.constant(0.0)}})[0];
  const Node core_slope = core == rate ? slope : derivative(g, core, x);
  return g.negate(g.divide(at_zero, core_slope));
}

}  // namespace

std::vector<Sign> signs(const Graph& graph, std::span<const Node> nodes) {
  std::unordered_map<std::uint32_t, unsigned> set;
  for (Node n : reachable(graph, nodes)) {
    const Term& t = graph[n];
    std::array<unsigned, 3> of{};
    if (t.op == Op::symbol) {
      set[n.id] = below | none | above;
      continue;
    }
    for (std::size_t k = 0; t.op != Op::constant && k < static_cast<std::size_t>(expr::arity(t.op)); ++k) {
      of[k] = set[t.argument[k].id];
    }
    set[n.id] = set_of(t, of);
  }
  std::vector<Sign> result;
  for (Node n : nodes) result.push_back(sign_of(set[n.id]));
  return result;
}

std::vector<std::optional<OwnLinear>> own_linear_states(const OdeSystem& system) {
  Graph& g = *system.graph;
  std::vector<std::optional<OwnLinear>> result(system.size());
  std::vector<std::size_t> found;
  std::vector<Node> slopes;
  for (std::size_t i = 0; i < system.size(); ++i) {
    const Node slope = derivative(g, system.rates[i], system.states[i]);
    if (g.is_constant(slope, 0.0) || Contains(g, system.states[i])(slope)) continue;
    result[i] = OwnLinear{slope, {}};
    found.push_back(i);
    slopes.push_back(slope);
  }
  const std::vector<Sign> sign = signs(g, slopes);
  for (std::size_t k = 0; k < found.size(); ++k) {
    if (sign[k] != Sign::negative && sign[k] != Sign::positive) continue;
    Contains has_state(g, system.states[found[k]]);
    result[found[k]]->rest = root(g, system.rates[found[k]], slopes[k], system.states[found[k]], has_state);
  }
  return result;
}

Node phi1(Graph& g, Node z) {
  const Node zero = g.constant(0.0), one = g.constant(1.0);
  const Node is_zero = g.make(Op::equal, z, zero);
  // The divisor is kept away from 0, so that no derivative of the unused branch is 0/0.
  return g.select(is_zero, one, g.divide(g.make(Op::expm1, z), g.select(is_zero, one, z)));
}

Node exponential_step(Graph& g, Node x, Node rate, Node slope, Node dt) {
  if (g.is_constant(slope, 0.0)) return g.add(x, g.multiply(dt, rate));
  return g.add(x, g.multiply(g.multiply(dt, rate), phi1(g, g.multiply(slope, dt))));
}

Node exact_step(Graph& g, Node x, Node rate, const OwnLinear& parts, Node dt) {
  if (!parts.rest) return exponential_step(g, x, rate, parts.slope, dt);
  const Node decay = g.make(Op::exp, g.multiply(parts.slope, dt));
  return g.add(*parts.rest, g.multiply(g.subtract(x, *parts.rest), decay));
}

}  // namespace holon::pointwise

#include "holon/pointwise/own_linear.hpp"

#include <array>
#include <unordered_map>

namespace holon::pointwise {

using expr::Op;
using expr::Term;

namespace {

Sign opposite(Sign s) {
  return s == Sign::positive ? Sign::negative : s == Sign::negative ? Sign::positive : Sign::unknown;
}

Sign product(Sign a, Sign b) {
  if (a == Sign::unknown || b == Sign::unknown) return Sign::unknown;
  return a == b ? Sign::positive : Sign::negative;
}

Sign sign_of(const Term& t, const std::array<Sign, 3>& of) {
  switch (t.op) {
    case Op::constant:
      return t.value > 0.0 ? Sign::positive : t.value < 0.0 ? Sign::negative : Sign::unknown;
    case Op::exp:
    case Op::cosh:
      return Sign::positive;
    case Op::add:
    case Op::minimum:
    case Op::maximum:
      return of[0] == of[1] ? of[0] : Sign::unknown;
    case Op::subtract:
      return of[0] == opposite(of[1]) ? of[0] : Sign::unknown;
    case Op::multiply:
    case Op::divide:
      return product(of[0], of[1]);
    case Op::negate:
      return opposite(of[0]);
    case Op::sqrt:
      return of[0] == Sign::positive ? Sign::positive : Sign::unknown;
    case Op::abs:
      return of[0] != Sign::unknown ? Sign::positive : Sign::unknown;
    case Op::power:
      return of[0] == Sign::positive ? Sign::positive : Sign::unknown;
    case Op::select:
      return of[1] == of[2] ? of[1] : Sign::unknown;
    default:
      return Sign::unknown;
  }
}

// The terms that depend on x among `terms` (in topological order).
std::vector<bool> depends_on(const Graph& g, std::span<const Node> terms, Node x) {
  std::vector<bool> result(g.size(), false);
  for (Node n : terms) {
    const Term& t = g[n];
    bool depends = n == x;
    if (t.op != Op::constant && t.op != Op::symbol) {
      for (int k = 0; k < expr::arity(t.op); ++k) {
        depends = depends || result[t.argument[static_cast<std::size_t>(k)].id];
      }
    }
    result[n.id] = depends;
  }
  return result;
}

// The value of x at which an affine rate vanishes. Factors without x don't move the root, which saves the
// division where a rate is written (x_inf - x)/tau. `depends` says which terms contain x.
Node root(Graph& g, Node rate, Node slope, Node x, const std::vector<bool>& depends) {
  const auto has_x = [&](Node n) { return n.id < depends.size() && depends[n.id]; };
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
  std::unordered_map<std::uint32_t, Sign> sign;
  for (Node n : reachable(graph, nodes)) {
    const Term& t = graph[n];
    std::array<Sign, 3> of{Sign::unknown, Sign::unknown, Sign::unknown};
    if (t.op != Op::constant && t.op != Op::symbol) {
      for (std::size_t k = 0; k < static_cast<std::size_t>(expr::arity(t.op)); ++k) {
        of[k] = sign[t.argument[k].id];
      }
    }
    sign[n.id] = sign_of(t, of);
  }
  std::vector<Sign> result;
  for (Node n : nodes) result.push_back(sign[n.id]);
  return result;
}

std::vector<std::optional<OwnLinear>> own_linear_states(const OdeSystem& system) {
  Graph& g = *system.graph;
  std::vector<std::optional<OwnLinear>> result(system.size());
  for (std::size_t i = 0; i < system.size(); ++i) {
    const Node x = system.states[i], rate = system.rates[i];
    const Node slope = derivative(g, rate, x);
    if (g.is_constant(slope, 0.0)) continue;
    const std::array<Node, 1> slope_only{slope};
    if (depends_on(g, reachable(g, slope_only), x)[slope.id]) continue;
    OwnLinear parts{slope, {}};
    if (signs(g, slope_only)[0] != Sign::unknown) {
      const std::array<Node, 1> rate_only{rate};
      parts.rest = root(g, rate, slope, x, depends_on(g, reachable(g, rate_only), x));
    }
    result[i] = parts;
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

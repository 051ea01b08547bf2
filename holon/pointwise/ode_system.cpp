#include "holon/pointwise/ode_system.hpp"

#include "holon/base/error.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <unordered_map>

namespace holon::pointwise {

using expr::Op;
using expr::Term;

namespace {

bool switches(Op op) {
  switch (op) {
    case Op::less:
    case Op::less_equal:
    case Op::equal:
    case Op::floor:
    case Op::ceil:
    case Op::sign:
      return true;
    default:
      return false;
  }
}

/// Symbols whose value is the same at all sites and at all times of a run's step: run-time parameters.
bool is_held(const std::string& symbol) {
  return symbol.starts_with("parameter:") || symbol.starts_with("uniform:");
}

// Stand-ins for time and dt inside switches: the stages of an integrator replace `time`, never these.
constexpr std::string_view switch_time = "time of switches", switch_dt = "dt of switches";

Node time_at(const OdeSystem& system, double fraction) {
  Graph& g = *system.graph;
  return g.add(system.time, g.multiply(g.constant(fraction * system.time_per_dt), system.dt));
}

}  // namespace

std::vector<Node> nodes_at(const OdeSystem& system, std::span<const Node> nodes, std::span<const Node> values,
                           double fraction) {
  require(values.size() == system.size(), "a stage needs a value for every state");
  std::unordered_map<std::uint32_t, Node> replacement;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] != system.states[i]) replacement[system.states[i].id] = values[i];
  }
  if (fraction != 0.0) replacement[system.time.id] = time_at(system, fraction);
  if (replacement.empty()) return {nodes.begin(), nodes.end()};
  return substitute(*system.graph, nodes, replacement);
}

std::vector<Node> rates_at(const OdeSystem& system, std::span<const Node> values, double fraction) {
  return nodes_at(system, system.rates, values, fraction);
}

std::vector<Node> explicit_time_derivative(const OdeSystem& system) {
  Graph& g = *system.graph;
  std::vector<Node> slopes = derivative(g, system.rates, system.time);
  for (Node& slope : slopes) slope = g.multiply(g.constant(system.time_per_dt), slope);
  return slopes;
}

std::vector<Node> combine(const OdeSystem& system, std::span<const Node> base,
                          std::span<const std::vector<Node>> stages, std::span<const double> weights) {
  Graph& g = *system.graph;
  std::vector<Node> result(base.begin(), base.end());
  for (std::size_t i = 0; i < result.size(); ++i) {
    Node sum = g.constant(0.0);
    for (std::size_t j = 0; j < stages.size(); ++j) {
      if (weights[j] != 0.0) sum = g.add(sum, g.multiply(g.constant(weights[j]), stages[j][i]));
    }
    result[i] = g.add(result[i], g.multiply(system.dt, sum));
  }
  return result;
}

OdeSystem with_switches_at_midpoint(const OdeSystem& system) {
  Graph& g = *system.graph;
  const std::vector<Node> terms = reachable(g, system.rates);
  // What a term may change with: time only, or something else as well.
  enum class Change { nothing, time_only, anything };
  std::unordered_map<std::uint32_t, Change> change;
  std::unordered_map<std::uint32_t, Node> middle;   // the term with time at the middle of the step
  std::unordered_map<std::uint32_t, Node> rebuilt;  // the term with its switches decided there
  const Node mid =
      g.add(g.symbol(switch_time), g.multiply(g.constant(0.5 * system.time_per_dt), g.symbol(switch_dt)));
  for (Node n : terms) {
    const Term term = g[n];
    if (term.op == Op::constant || term.op == Op::symbol) {
      const bool is_time = n == system.time;
      const bool held = term.op == Op::constant || is_held(g.symbol_name(n));
      change[n.id] = held ? Change::nothing : is_time ? Change::time_only : Change::anything;
      middle[n.id] = is_time ? mid : n;
      rebuilt[n.id] = n;
      continue;
    }
    const auto count = static_cast<std::size_t>(expr::arity(term.op));
    Change most = Change::nothing;
    std::array<Node, 3> mids{}, news{};
    for (std::size_t k = 0; k < count; ++k) {
      const auto id = term.argument[k].id;
      most = std::max(most, change[id]);
      mids[k] = middle[id];
      news[k] = rebuilt[id];
    }
    change[n.id] = most;
    middle[n.id] = g.make(term.op, mids[0], mids[1], mids[2]);
    if (most == Change::time_only && switches(term.op)) {
      rebuilt[n.id] = middle[n.id];
    } else if (most == Change::time_only && term.op == Op::modulo) {
      const Node wraps = g.make(Op::floor, g.divide(mids[0], mids[1]));
      rebuilt[n.id] = g.subtract(news[0], g.multiply(news[1], wraps));
    } else {
      rebuilt[n.id] = g.make(term.op, news[0], news[1], news[2]);
    }
  }
  OdeSystem result = system;
  for (Node& rate : result.rates) rate = rebuilt[rate.id];
  return result;
}

Step decide_switches(const OdeSystem& system, const Step& step) {
  Graph& g = *system.graph;
  std::vector<Node> nodes = step.states;
  nodes.insert(nodes.end(), step.errors.begin(), step.errors.end());
  if (step.pivot_growth) nodes.push_back(*step.pivot_growth);
  nodes =
      substitute(g, nodes, {{g.symbol(switch_time).id, system.time}, {g.symbol(switch_dt).id, system.dt}});
  Step result = step;
  const auto middle = nodes.begin() + static_cast<std::ptrdiff_t>(step.states.size());
  result.states.assign(nodes.begin(), middle);
  result.errors.assign(middle, middle + static_cast<std::ptrdiff_t>(step.errors.size()));
  if (step.pivot_growth) result.pivot_growth = nodes.back();
  return result;
}

std::vector<Node> decide_switches_at(const OdeSystem& system, std::span<const Node> nodes, Node time) {
  Graph& g = *system.graph;
  return substitute(g, nodes, {{g.symbol(switch_time).id, time}, {g.symbol(switch_dt).id, g.constant(0.0)}});
}

}  // namespace holon::pointwise

#include "holon/expr/kernel_plan.hpp"

#include <algorithm>

namespace holon::expr {

namespace {

bool is_leaf(Op op) { return op == Op::constant || op == Op::symbol; }

/// Registers needed to evaluate each term as if it were a tree (Ershov 1958).
std::vector<std::uint32_t> register_need(const Graph& graph, const std::vector<Node>& nodes) {
  std::vector<std::uint32_t> need(graph.size(), 0);
  for (const Node n : nodes) {
    const Term& term = graph[n];
    if (is_leaf(term.op)) continue;
    std::array<std::uint32_t, 3> of{};
    const auto count = static_cast<std::size_t>(arity(term.op));
    for (std::size_t k = 0; k < count; ++k) of[k] = need[term.argument[k].id];
    std::sort(of.begin(), of.begin() + static_cast<std::ptrdiff_t>(count), std::greater<>());
    std::uint32_t most = 1;
    for (std::uint32_t k = 0; k < count; ++k) most = std::max(most, of[k] + k);
    need[n.id] = most;
  }
  return need;
}

/// Terms below the roots that `wanted` accepts, arguments before their users.
std::vector<Node> depth_first(const Graph& graph, const std::vector<Node>& roots,
                              const std::vector<std::uint32_t>& need, const std::vector<bool>& wanted) {
  std::vector<Node> order;
  std::vector<std::uint8_t> state(graph.size(), 0);  // 0 new, 1 arguments pending, 2 done
  std::vector<Node> stack;
  for (const Node root : roots) {
    stack.push_back(root);
    while (!stack.empty()) {
      const Node n = stack.back();
      if (!wanted[n.id] || state[n.id] == 2) {
        stack.pop_back();
      } else if (state[n.id] == 1) {
        state[n.id] = 2;
        order.push_back(n);
        stack.pop_back();
      } else {
        state[n.id] = 1;
        const Term& term = graph[n];
        std::array<Node, 3> arguments = term.argument;
        const auto last = arguments.begin() + arity(term.op);
        std::stable_sort(arguments.begin(), last, [&](Node a, Node b) { return need[a.id] < need[b.id]; });
        stack.insert(stack.end(), arguments.begin(), last);
      }
    }
  }
  return order;
}

std::vector<std::vector<Node>> cut(const Graph& graph, const std::vector<Node>& order,
                                   std::size_t function_size) {
  std::size_t total = 0;
  for (const Node n : order) total += instruction_estimate(graph[n].op);
  const std::size_t parts = (total + function_size - 1) / function_size;
  std::vector<std::vector<Node>> functions;
  std::size_t used = 0;
  for (const Node n : order) {
    if (functions.empty() || used * parts >= total * functions.size()) functions.emplace_back();
    functions.back().push_back(n);
    used += instruction_estimate(graph[n].op);
  }
  return functions;
}

/// Gives a strip to every value that a later function uses, and to all outputs; strips are used again after
/// their last reader.
void assign_strips(const KernelProgram& program, KernelPlan& plan) {
  const Graph& graph = program.graph;
  const auto functions = static_cast<std::uint32_t>(plan.site_functions.size());
  std::vector<bool> computed(graph.size(), false);
  std::vector<std::uint32_t> last_use(graph.size(), 0);
  for (std::uint32_t f = 0; f < functions; ++f) {
    for (const Node n : plan.site_functions[f]) {
      computed[n.id] = true;
      const Term& term = graph[n];
      for (int k = 0; k < arity(term.op); ++k) last_use[term.argument[static_cast<std::size_t>(k)].id] = f;
    }
  }
  for (const Node n : program.outputs) last_use[n.id] = functions;
  std::vector<std::vector<std::uint32_t>> freed_after(functions + 1);
  std::vector<std::uint32_t> free_slots;
  plan.strip_slots = 1;
  const auto assign = [&](Node n, std::uint32_t until) {
    std::uint32_t slot = plan.strip_slots;
    if (free_slots.empty()) {
      ++plan.strip_slots;
    } else {
      slot = free_slots.back();
      free_slots.pop_back();
    }
    plan.strip_slot[n.id] = slot;
    freed_after[until].push_back(slot);
  };
  for (std::uint32_t f = 0; f < functions; ++f) {
    for (const Node n : plan.site_functions[f])
      if (last_use[n.id] > f) assign(n, last_use[n.id]);
    if (f + 1 < functions) free_slots.insert(free_slots.end(), freed_after[f].begin(), freed_after[f].end());
  }
  for (const Node n : program.outputs) {
    if (computed[n.id] || plan.strip_slot[n.id] != KernelPlan::none) continue;
    plan.copied_outputs.push_back(n);
    plan.strip_slot[n.id] = plan.strip_slots++;
  }
}

/// Gives a double to every uniform term that another function uses.
void assign_uniform_slots(const KernelProgram& program, KernelPlan& plan) {
  const Graph& graph = program.graph;
  std::vector<std::uint32_t> made_in(graph.size(), KernelPlan::none);
  for (std::uint32_t f = 0; f < plan.uniform_functions.size(); ++f)
    for (const Node n : plan.uniform_functions[f]) made_in[n.id] = f;
  const auto keep = [&](Node n, std::uint32_t user) {
    if (made_in[n.id] != KernelPlan::none && made_in[n.id] != user &&
        plan.uniform_slot[n.id] == KernelPlan::none)
      plan.uniform_slot[n.id] = plan.uniform_slots++;
  };
  const auto keep_arguments = [&](Node n, std::uint32_t user) {
    const Term& term = graph[n];
    for (int k = 0; k < arity(term.op); ++k) keep(term.argument[static_cast<std::size_t>(k)], user);
  };
  for (std::uint32_t f = 0; f < plan.uniform_functions.size(); ++f)
    for (const Node n : plan.uniform_functions[f]) keep_arguments(n, f);
  for (const auto& function : plan.site_functions)
    for (const Node n : function) keep_arguments(n, KernelPlan::none);
  for (const Node n : program.outputs) keep(n, KernelPlan::none);
}

/// Operations whose result is NaN if any argument is.
bool hands_on_nan(Op op) {
  switch (op) {
    case Op::power:  // NaN^0 = 1
    case Op::atan2:
    case Op::sign:
    case Op::less:
    case Op::less_equal:
    case Op::equal:
    case Op::logical_and:
    case Op::logical_or:
    case Op::logical_not:
    case Op::select:
      return false;
    default:
      return true;
  }
}

std::vector<bool> nodes_that_poison_outputs(const KernelProgram& program, const std::vector<Node>& nodes) {
  std::vector<bool> poisons(program.graph.size(), false);
  for (const Node n : program.outputs) poisons[n.id] = true;
  for (auto n = nodes.rbegin(); n != nodes.rend(); ++n) {
    const Term& term = program.graph[*n];
    if (!poisons[n->id] || !hands_on_nan(term.op)) continue;
    for (int k = 0; k < arity(term.op); ++k) poisons[term.argument[static_cast<std::size_t>(k)].id] = true;
  }
  return poisons;
}

}  // namespace

std::size_t instruction_estimate(Op op) {
  switch (op) {
    case Op::constant:
    case Op::symbol:
      return 0;
    case Op::exp:
      return 15;
    case Op::expm1:
      return 25;
    case Op::log:
    case Op::log1p:
      return 35;
    case Op::power:
      return 80;
    case Op::sin:
    case Op::cos:
    case Op::tan:
    case Op::asin:
    case Op::acos:
    case Op::atan:
    case Op::atan2:
    case Op::sinh:
    case Op::cosh:
    case Op::tanh:
    case Op::erf:
      return 45;
    default:
      return 1;
  }
}

KernelPlan plan_kernel(const KernelProgram& program, std::size_t function_size) {
  const Graph& graph = program.graph;
  std::vector<Node> roots;
  for (const RangeGuard& g : program.guards) roots.push_back(g.node);
  roots.insert(roots.end(), program.outputs.begin(), program.outputs.end());
  const std::vector<Node> nodes = reachable(graph, roots);

  KernelPlan plan;
  plan.varies.assign(graph.size(), false);
  plan.uniform_slot.assign(graph.size(), KernelPlan::none);
  plan.strip_slot.assign(graph.size(), KernelPlan::none);
  std::vector<bool> uniform_term(graph.size(), false), site_term(graph.size(), false);
  for (const Node n : nodes) {
    const Term& term = graph[n];
    if (term.op == Op::symbol)
      plan.varies[n.id] = program.bindings[term.symbol].source == Binding::Source::column;
    if (is_leaf(term.op)) continue;
    for (int k = 0; k < arity(term.op); ++k)
      if (plan.varies[term.argument[static_cast<std::size_t>(k)].id]) plan.varies[n.id] = true;
    (plan.varies[n.id] ? site_term : uniform_term)[n.id] = true;
  }
  plan.poisons_output = nodes_that_poison_outputs(program, nodes);
  const std::vector<std::uint32_t> need = register_need(graph, nodes);
  // Uniform terms hide below terms that vary: each is its own root, in order of its id.
  std::vector<Node> uniform_roots;
  for (const Node n : nodes)
    if (uniform_term[n.id]) uniform_roots.push_back(n);
  plan.uniform_functions = cut(graph, depth_first(graph, uniform_roots, need, uniform_term), function_size);
  plan.site_functions = cut(graph, depth_first(graph, roots, need, site_term), function_size);
  if (plan.site_functions.empty()) plan.site_functions.emplace_back();
  if (plan.site_functions.size() > 1) assign_strips(program, plan);
  assign_uniform_slots(program, plan);
  return plan;
}

}  // namespace holon::expr

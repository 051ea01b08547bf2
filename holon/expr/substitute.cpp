#include "holon/expr/graph.hpp"

namespace holon::expr {

std::vector<Node> substitute(Graph& graph, std::span<const Node> roots,
                             const std::unordered_map<std::uint32_t, Node>& replacement) {
  std::unordered_map<std::uint32_t, Node> rebuilt;
  for (const Node n : reachable(graph, roots)) {
    if (const auto found = replacement.find(n.id); found != replacement.end()) {
      rebuilt[n.id] = found->second;
      continue;
    }
    const Term t = graph[n];
    std::array<Node, 3> argument{};
    bool changed = false;
    for (std::size_t k = 0; k < static_cast<std::size_t>(arity(t.op)); ++k) {
      argument[k] = rebuilt.at(t.argument[k].id);
      changed = changed || argument[k] != t.argument[k];
    }
    rebuilt[n.id] = changed ? graph.make(t.op, argument[0], argument[1], argument[2]) : n;
  }
  std::vector<Node> result;
  result.reserve(roots.size());
  for (const Node r : roots) result.push_back(rebuilt.at(r.id));
  return result;
}

}  // namespace holon::expr

#include "holon/expr/truth_value.hpp"

#include <vector>

namespace holon::expr {

namespace {

bool gives_truth(Op op) {
  return op == Op::less || op == Op::less_equal || op == Op::equal || op == Op::logical_and ||
         op == Op::logical_or || op == Op::logical_not;
}

}  // namespace

bool is_truth_value(const Graph& g, Node n) {
  std::vector<Node> rest{n};
  for (std::size_t visits = 0; !rest.empty() && visits < 10'000; ++visits) {
    const Node m = rest.back();
    rest.pop_back();
    const Term& t = g[m];
    if (gives_truth(t.op) || g.is_constant(m, 0.0) || g.is_constant(m, 1.0)) continue;
    if (t.op != Op::select) return false;
    rest.push_back(t.argument[1]);
    rest.push_back(t.argument[2]);
  }
  return true;
}

}  // namespace holon::expr

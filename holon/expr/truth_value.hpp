// What in a graph is a condition.
#pragma once

#include "holon/expr/graph.hpp"

namespace holon::expr {

/// Whether a node is always 0 or 1 because it is made of comparisons (or is one of the two numbers).
bool is_truth_value(const Graph& graph, Node node);

}  // namespace holon::expr

// What the code generator compiles: the nodes of a kernel after rewriting, with where each symbol comes from
// and the ranges in which the rewritten form is valid.
#pragma once

#include "holon/expr/graph.hpp"
#include "holon/expr/kernel.hpp"

#include <string>
#include <vector>

namespace holon::expr {

/// Sites at which the node leaves [lower, upper] are not computed by the kernel but reported to its caller.
struct RangeGuard {
  Node node;
  double lower = 0.0, upper = 0.0;
};

struct KernelProgram {
  Graph graph;
  std::vector<Node> outputs;
  std::vector<RangeGuard> guards;
  std::vector<RangeGuard> implied;  ///< ranges that follow from the guards and promises; nothing is checked
  std::vector<Binding> bindings;    ///< by symbol, in order of Graph::symbol_name's index
};

/// Copies the nodes that the kernel needs into a graph of their own. Throws InputError when a symbol is not
/// bound.
KernelProgram kernel_program(const KernelSource& source);

/// The program in bytes: equal for equal programs. Part of the key of the kernel cache.
std::string serialise(const KernelSource& source);

}  // namespace holon::expr

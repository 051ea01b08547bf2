// Gaussian elimination of a sparse matrix of graph nodes, written out as nodes: the order of elimination and
// all fill are found when the graph is built, and a kernel only does the arithmetic.
#pragma once

#include "holon/expr/graph.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace holon::pointwise {

/// The factors L U of a square matrix with symmetric pivoting by lowest degree (Markowitz 1957, Tinney &
/// Walker 1967: the diagonal entry with the fewest products (r - 1)(c - 1) next; ties by index). There is no
/// numerical pivoting: I/(gamma dt) - J has a dominant diagonal for small dt; growth() tells where it fails.
class SparseElimination {
 public:
  /// Factors with more entries than this are not written out: compiling them would take minutes.
  static constexpr std::size_t most_entries = 20'000;

  /// Entries at one place must be given once; every diagonal entry must be there. Throws InputError where the
  /// factors become too large.
  SparseElimination(expr::Graph& graph, std::size_t size, std::span<const expr::JacobianEntry> entries);

  /// Nodes of the solution of A x = b.
  std::vector<expr::Node> solve(std::span<const expr::Node> right_hand_side) const;

  /// Largest |entry| that the elimination makes over the largest |entry| of A.
  expr::Node growth() const;

  const std::vector<std::uint32_t>& order() const { return order_; }
  std::size_t entries() const;  ///< of L and U together, with the diagonal

 private:
  struct Entry {
    std::uint32_t column;
    expr::Node value;
  };
  expr::Graph* graph_;
  std::vector<std::uint32_t> order_;
  std::vector<std::vector<Entry>> lower_, upper_;  // by row; upper without its diagonal
  std::vector<expr::Node> pivot_;                  // by row
  std::vector<expr::Node> original_, made_;        // entries of A; entries changed by the elimination
};

}  // namespace holon::pointwise

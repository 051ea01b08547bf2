// Terms as linear forms: sum_i coefficient_i base_i + offset.
#pragma once

#include "holon/expr/graph.hpp"

#include <unordered_map>
#include <utility>
#include <vector>

namespace holon::expr {

struct LinearForm {
  std::vector<std::pair<std::uint32_t, double>> terms;  ///< id of a node that is no sum, coefficient; by id
  double offset = 0.0;
};

/// Reads nodes of one graph as linear forms in nodes that are not sums, differences or constant multiples.
class LinearForms {
 public:
  explicit LinearForms(const Graph& graph) : graph_(graph) {}
  /// Forms with more than `most_terms` terms count as one node.
  const LinearForm& of(Node n);

 private:
  static constexpr std::size_t most_terms = 4;
  LinearForm read(Node n);
  const Graph& graph_;
  std::unordered_map<std::uint32_t, LinearForm> known_;
};

}  // namespace holon::expr

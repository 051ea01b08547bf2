#include "holon/pointwise/sparse_elimination.hpp"

#include "holon/base/error.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include <fmt/format.h>

namespace holon::pointwise {

using expr::Graph;
using expr::Node;
using expr::Op;

SparseElimination::SparseElimination(Graph& graph, std::size_t size,
                                     std::span<const expr::JacobianEntry> entries)
    : graph_(&graph), lower_(size), upper_(size), pivot_(size) {
  // The part of the matrix that is still to be eliminated: by row the values, by column the pattern.
  std::vector<std::map<std::uint32_t, Node>> row(size);
  std::vector<std::set<std::uint32_t>> column(size);
  for (const auto& entry : entries) {
    row[entry.row][entry.column] = entry.value;
    column[entry.column].insert(entry.row);
    original_.push_back(entry.value);
  }
  std::vector<bool> done(size, false);
  for (std::size_t step = 0; step < size; ++step) {
    std::uint32_t k = 0;
    std::size_t least = std::numeric_limits<std::size_t>::max();
    for (std::uint32_t i = 0; i < size; ++i) {
      if (done[i]) continue;
      require(row[i].contains(i), "elimination needs every diagonal entry");
      const std::size_t products = (row[i].size() - 1) * (column[i].size() - 1);
      if (products < least) {
        least = products;
        k = i;
      }
    }
    done[k] = true;
    order_.push_back(k);
    if (made_.size() + original_.size() > most_entries) {
      throw InputError(fmt::format(
          "the Jacobian of these {} equations has too many entries ({}) for an implicit method whose "
          "elimination is "
          "compiled into the step; use integrator cvode (one system) or an explicit or exponential one",
          size, original_.size()));
    }
    pivot_[k] = row[k][k];
    for (const auto& [j, value] : row[k]) {
      column[j].erase(k);
      if (j != k) upper_[k].push_back({j, value});
    }
    for (std::uint32_t i : column[k]) {
      const Node factor = graph.divide(row[i][k], pivot_[k]);
      lower_[i].push_back({k, factor});
      row[i].erase(k);
      for (const auto& [j, value] : upper_[k]) {
        const Node product = graph.multiply(factor, value);
        const auto [place, fresh] = row[i].try_emplace(j, graph.negate(product));
        if (!fresh) place->second = graph.subtract(place->second, product);
        column[j].insert(i);
        made_.push_back(place->second);
      }
    }
    column[k].clear();
  }
}

std::vector<Node> SparseElimination::solve(std::span<const Node> right_hand_side) const {
  Graph& g = *graph_;
  std::vector<Node> x(right_hand_side.begin(), right_hand_side.end());
  for (std::uint32_t i : order_) {
    for (const Entry& e : lower_[i]) x[i] = g.subtract(x[i], g.multiply(e.value, x[e.column]));
  }
  for (auto i = order_.rbegin(); i != order_.rend(); ++i) {
    for (const Entry& e : upper_[*i]) x[*i] = g.subtract(x[*i], g.multiply(e.value, x[e.column]));
    x[*i] = g.divide(x[*i], pivot_[*i]);
  }
  return x;
}

Node SparseElimination::growth() const {
  Graph& g = *graph_;
  const auto largest = [&](const std::vector<Node>& nodes) {
    Node most = g.constant(0.0);
    for (Node n : nodes) most = g.make(Op::maximum, most, g.make(Op::abs, n));
    return most;
  };
  return g.divide(largest(made_), largest(original_));
}

std::size_t SparseElimination::entries() const {
  std::size_t count = pivot_.size();
  for (const auto& r : lower_) count += r.size();
  for (const auto& r : upper_) count += r.size();
  return count;
}

}  // namespace holon::pointwise

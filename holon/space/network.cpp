#include "holon/space/network.hpp"

#include "holon/base/error.hpp"
#include "holon/base/random.hpp"

#include <cmath>

#include <fmt/format.h>

namespace holon {

NetworkSpace::NetworkSpace(std::string name, std::vector<std::string> names, std::vector<Edge> edges,
                           Dimension length)
    : Space(std::move(name), length),
      names_(std::move(names)),
      edges_(std::move(edges)),
      first_(names_.size() + 1, 0),
      leaving_(edges_.size()) {
  for (const Edge& edge : edges_) {
    require(edge.from < names_.size() && edge.to < names_.size(), "edges join nodes of their network");
    ++first_[edge.from + 1];
  }
  for (std::size_t node = 0; node < names_.size(); ++node) first_[node + 1] += first_[node];
  std::vector<std::size_t> next(first_.begin(), first_.end() - 1);
  for (std::size_t e = 0; e < edges_.size(); ++e)
    leaving_[next[edges_[e].from]++] = static_cast<std::uint32_t>(e);
}

std::string EdgeSpace::site_text(std::size_t site) const {
  const NetworkSpace::Edge& edge = network_->edges()[site];
  return fmt::format("edge {} from {} to {}", site, network_->names()[edge.from], network_->names()[edge.to]);
}

std::shared_ptr<const LinearMap> gather_map(const NetworkSpace& network, EdgeEnd end) {
  SparseMap::Rows rows;
  for (const NetworkSpace::Edge& edge : network.edges()) {
    rows.add(end == EdgeEnd::source ? edge.from : edge.to, 1.0);
    rows.end_row();
  }
  const auto ones = [](std::size_t count) { return std::make_shared<const std::vector<double>>(count, 1.0); };
  return std::make_shared<SparseMap>(std::move(rows), ones(network.sites()), ones(network.edges().size()));
}

std::vector<NetworkSpace::Edge> random_edges(std::size_t nodes, double probability, std::uint64_t seed) {
  std::vector<NetworkSpace::Edge> edges;
  if (!(probability > 0.0)) return edges;
  const double log_of_none = std::log1p(-probability);  // -inf where all edges are there
  const std::uint32_t stream = stream_of("edges");
  for (std::size_t from = 0; from < nodes; ++from) {
    // From one edge that is there to the next: geometric gaps, instead of a draw for every pair.
    std::size_t to = 0;
    for (std::uint32_t draw = 0;; ++draw) {
      const double gap = std::floor(std::log(uniform({seed, stream, from, 0}, draw)) / log_of_none);
      if (!(gap < static_cast<double>(nodes - to))) break;
      to += static_cast<std::size_t>(gap);
      if (to != from) edges.push_back({static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(to)});
      if (++to >= nodes) break;
    }
  }
  return edges;
}

}  // namespace holon

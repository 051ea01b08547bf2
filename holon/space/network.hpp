// Networks: nodes joined by directed edges, and both carry fields.
//
// A NetworkSpace has the nodes as its sites, its EdgeSpace (named NAME.edges) the edges. Neither has places;
// every site counts 1. The linear maps between them are sums over edges e from node s(e) to node t(e):
//   gather    (T f)_e = f_s(e)                       (nodes -> edges; adjoint: sum over edges that leave)
//   scatter   (T g)_n = sum of g_e with t(e) = n     (edges -> nodes; adjoint: value at the target end)
#pragma once

#include "holon/space/sparse_map.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace holon {

class NetworkSpace final : public Space {
 public:
  struct Edge {
    std::uint32_t from = 0, to = 0;
    bool operator==(const Edge&) const = default;
  };
  /// `names` of the nodes; edges keep their order. An edge may lead back to its own node, and several may
  /// lead from one node to another.
  NetworkSpace(std::string name, std::vector<std::string> names, std::vector<Edge> edges,
               Dimension length = Dimension::length());

  Type type() const override { return Type::network; }
  std::size_t sites() const override { return names_.size(); }
  int dimensions() const override { return 0; }
  Position position(std::size_t) const override { return {}; }
  double measure(std::size_t) const override { return 1.0; }
  std::optional<Stencil> interpolation(const Position&) const override { return std::nullopt; }
  std::optional<std::size_t> nearest(const Position&) const override { return std::nullopt; }
  std::string site_text(std::size_t site) const override { return "node " + names_[site]; }

  const std::vector<std::string>& names() const { return names_; }
  const std::vector<Edge>& edges() const { return edges_; }
  /// The edges that leave a node, in their order.
  std::span<const std::uint32_t> leaving(std::size_t node) const {
    return std::span(leaving_).subspan(first_[node], first_[node + 1] - first_[node]);
  }

 private:
  std::vector<std::string> names_;
  std::vector<Edge> edges_;
  std::vector<std::size_t> first_;
  std::vector<std::uint32_t> leaving_;
};

class EdgeSpace final : public Space {
 public:
  explicit EdgeSpace(std::shared_ptr<const NetworkSpace> network)
      : Space(network->name() + ".edges", network->length_dimension()), network_(std::move(network)) {}
  Type type() const override { return Type::edges; }
  std::size_t sites() const override { return network_->edges().size(); }
  int dimensions() const override { return 0; }
  Position position(std::size_t) const override { return {}; }
  double measure(std::size_t) const override { return 1.0; }
  std::optional<Stencil> interpolation(const Position&) const override { return std::nullopt; }
  std::optional<std::size_t> nearest(const Position&) const override { return std::nullopt; }
  std::string site_text(std::size_t site) const override;
  const std::shared_ptr<const NetworkSpace>& network() const { return network_; }

 private:
  std::shared_ptr<const NetworkSpace> network_;
};

/// Which end of an edge.
enum class EdgeEnd { source, target };

/// Nodes to edges: the value at one end. Its adjoint is a sum over the edges that end so.
std::shared_ptr<const LinearMap> gather_map(const NetworkSpace& network, EdgeEnd end);

/// All ordered pairs of different nodes, each with a probability of its own draw. The same for a seed, on any
/// machine.
std::vector<NetworkSpace::Edge> random_edges(std::size_t nodes, double probability, std::uint64_t seed);

}  // namespace holon

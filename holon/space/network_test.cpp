#include "holon/space/network.hpp"

#include <cmath>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon {
namespace {

std::vector<std::string> numbered(std::size_t nodes) {
  std::vector<std::string> names;
  for (std::size_t n = 0; n < nodes; ++n) names.push_back(std::to_string(n));
  return names;
}

NetworkSpace drawn(std::size_t nodes, double probability) {
  return NetworkSpace("net", numbered(nodes), random_edges(nodes, probability, 3));
}

double product(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

TEST(Network, GatherAndScatterAreLinearMapsWithTheirAdjoints) {
  const NetworkSpace net = drawn(60, 0.2);
  ThreadPool threads(1);
  std::mt19937_64 random(5);
  std::uniform_real_distribution<double> value(-1.0, 1.0);
  for (const EdgeEnd end : {EdgeEnd::source, EdgeEnd::target}) {
    const auto map = gather_map(net, end);
    std::vector<double> f(net.sites()), g(net.edges().size()), tf(g.size()), tg(f.size());
    for (double& x : f) x = value(random);
    for (double& x : g) x = value(random);
    map->apply(f, tf, threads);
    map->apply_adjoint(g, tg, threads);
    EXPECT_NEAR(product(tf, g), product(f, tg), 1e-13);
    for (std::size_t e = 0; e < g.size(); ++e)
      EXPECT_EQ(tf[e], f[end == EdgeEnd::source ? net.edges()[e].from : net.edges()[e].to]);
  }
  // Scatter: the sum over the edges that end at a node.
  std::vector<double> ones(net.edges().size(), 1.0), degree(net.sites()), counted(net.sites(), 0.0);
  gather_map(net, EdgeEnd::target)->apply_adjoint(ones, degree, threads);
  for (const auto& edge : net.edges()) counted[edge.to] += 1.0;
  EXPECT_EQ(degree, counted);
}

TEST(Network, EdgesThatLeaveANodeAreListedInTheirOrder) {
  const NetworkSpace net("net", {"a", "b", "c"}, {{1, 0}, {0, 2}, {1, 2}, {1, 1}});
  EXPECT_THAT(net.leaving(0), ::testing::ElementsAre(1u));
  EXPECT_THAT(net.leaving(1), ::testing::ElementsAre(0u, 2u, 3u));
  EXPECT_THAT(net.leaving(2), ::testing::IsEmpty());
}

TEST(Network, RandomEdgesAreAsManyAsTheirProbabilitySays) {
  const std::size_t nodes = 1000;
  const auto edges = random_edges(nodes, 0.1, 1);
  const double pairs = static_cast<double>(nodes * (nodes - 1));
  // Five standard deviations of a binomial distribution.
  EXPECT_NEAR(static_cast<double>(edges.size()), 0.1 * pairs, 5.0 * std::sqrt(pairs * 0.1 * 0.9));
  for (std::size_t e = 0; e < edges.size(); ++e) {
    EXPECT_NE(edges[e].from, edges[e].to);
    if (e == 0) continue;
    EXPECT_LT(edges[e - 1].from * nodes + edges[e - 1].to, edges[e].from * nodes + edges[e].to);
  }
  EXPECT_EQ(random_edges(nodes, 0.1, 1), edges);
  EXPECT_NE(random_edges(nodes, 0.1, 2), edges);
  EXPECT_EQ(random_edges(7, 1.0, 1).size(), 42u);
  EXPECT_TRUE(random_edges(7, 0.0, 1).empty());
}

}  // namespace
}  // namespace holon

#include "holon/observe/lead_field.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace holon::observe {

namespace {

double distance(const Position& a, const Position& b) {
  return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

}  // namespace

std::vector<double> lead_field(const GridSpace& grid, const std::array<double, 3>& ratio,
                               const Position& electrode) {
  const std::size_t sites = grid.sites();
  std::vector<double> reciprocal(sites), weights(sites, 0.0);
  for (std::size_t site = 0; site < sites; ++site)
    reciprocal[site] = 1.0 / distance(grid.position(site), electrode);
  std::size_t stride = 1;
  for (int a = 0; a < grid.dimensions(); ++a) {
    const std::size_t count = grid.count(a);
    const double spacing = grid.axis(a).spacing;
    for (std::size_t site = 0; site < sites; ++site) {
      const std::size_t along = site / stride % count;
      if (along + 1 == count) continue;
      const std::size_t next = site + stride;
      if (!grid.inside(site) || !grid.inside(next)) continue;
      // The measure holds a length along this axis too: half a spacing at a node on a side.
      const bool half = grid.arrangement() == GridSpace::Sites::nodes && along == 0;
      const double section = grid.measure(site) / (half ? 0.5 * spacing : spacing);
      const double weight = ratio[static_cast<std::size_t>(a)] * section / spacing *
                            (reciprocal[next] - reciprocal[site]) / (4.0 * std::numbers::pi);
      weights[next] -= weight;
      weights[site] += weight;
    }
    stride *= count;
  }
  return weights;
}

std::optional<std::size_t> too_near(const GridSpace& grid, const Position& place) {
  double spacing = grid.axis(0).spacing;
  for (int a = 1; a < grid.dimensions(); ++a) spacing = std::min(spacing, grid.axis(a).spacing);
  for (std::size_t site = 0; site < grid.sites(); ++site)
    if (grid.inside(site) && distance(grid.position(site), place) < spacing * (1.0 - 1e-9)) return site;
  return std::nullopt;
}

}  // namespace holon::observe

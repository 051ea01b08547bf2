#include "holon/space/point_tents.hpp"

#include "holon/base/error.hpp"
#include "holon/space/point_sampling.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <random>

#include <gtest/gtest.h>

namespace holon {
namespace {

struct Points {
  std::array<std::vector<double>, 3> x;
  PointCloud cloud() const { return {{x[0], x[1], x[2]}, {}, {}, 0.0}; }
};

Points points_in(const GridSpace& grid, std::size_t count) {
  std::mt19937_64 random(7);
  Points points;
  for (int a = 0; a < grid.dimensions(); ++a) {
    std::uniform_real_distribution<double> along(grid.axis(a).origin, grid.axis(a).origin + grid.extent(a));
    for (std::size_t i = 0; i < count; ++i) points.x[static_cast<std::size_t>(a)].push_back(along(random));
    // On both ends as well.
    points.x[static_cast<std::size_t>(a)][0] = grid.axis(a).origin;
    points.x[static_cast<std::size_t>(a)][1] = grid.axis(a).origin + grid.extent(a);
  }
  return points;
}

/// sum_k w_ik f_k, straight from the kernel.
double sensed(const PointWeights& kernel, const Position& place, const std::vector<double>& f) {
  const GridSpace& grid = kernel.grid();
  LatticeWeights found;
  kernel.find(place, 0.0, found);
  double sum = 0.0;
  std::size_t at = 0;
  for (std::int64_t z = 0; z < found.count[2]; ++z)
    for (std::int64_t y = 0; y < found.count[1]; ++y)
      for (std::int64_t x = 0; x < found.count[0]; ++x) {
        const std::array<std::int64_t, 3> index{found.low[0] + x, found.low[1] + y, found.low[2] + z};
        std::size_t site = 0;
        for (int a = grid.dimensions() - 1; a >= 0; --a)
          site = site * grid.count(a) + kernel.fold(a, index[static_cast<std::size_t>(a)]);
        sum += found.weight[at++] * f[site];
      }
  return sum;
}

TEST(PointTents, AreTheLinearKernelOnEveryGrid) {
  using Sites = GridSpace::Sites;
  using Axes = std::vector<GridSpace::Axis>;
  ThreadPool threads(2);
  for (const Sites sites : {Sites::cells, Sites::nodes})
    for (const bool ring : {false, true})
      for (const Axes& axes :
           {Axes{{700, 0.1, -3.0, ring}}, Axes{{50, 0.1, 0.0, ring}, {33, 0.2, 1.0, false}},
            Axes{{37, 0.1, 0.0, ring}, {17, 0.2, 1.0, false}, {9, 0.3, 0.0, ring}},
            Axes{{16, 0.1, 0.0, ring}, {1, 0.2, 0.0, ring}, {3, 0.3, 0.0, false}}}) {
        const GridSpace grid("grid", sites, axes);
        const Points points = points_in(grid, 400);
        const PointTents tents(grid, points.cloud(), {}, threads);
        const PointWeights kernel(grid, {});
        std::vector<double> f(grid.sites()), q(400);
        for (std::size_t k = 0; k < f.size(); ++k) f[k] = std::sin(1.0 + 3.0 * static_cast<double>(k));
        for (std::size_t i = 0; i < q.size(); ++i) q[i] = std::cos(static_cast<double>(i));
        double given = 0.0, amount = 0.0;
        ASSERT_EQ(tents.tents().size(), 400u);
        for (const PointTents::Tent& tent : tents.tents()) {
          const double expected = sensed(kernel, points.cloud().place(tent.point, grid.dimensions()), f);
          // A place among hundreds of sites has that many times the round-off of one.
          ASSERT_NEAR(tents.sense(tent, f.data()), expected, 1e-12);
          double by_entries = 0.0;
          const auto entries = tents.entries(tent);
          for (std::size_t e = 0; e < tents.entries_per_tent(); ++e)
            by_entries += entries[e].weight * f[entries[e].site];
          ASSERT_NEAR(by_entries, tents.sense(tent, f.data()), 1e-14);
          given += q[tent.point] * tents.sense(tent, f.data());
        }
        // Blocks cover every site once, and what they gather is the adjoint.
        std::vector<int> covered(grid.sites(), 0);
        for (std::size_t block = 0; block < tents.blocks(); ++block) {
          std::array<double, PointTents::largest_column> column{};
          ASSERT_LE(tents.column_size(), column.size());
          tents.gather(block, {q, 0.0}, column.data());
          double size = 0.0;
          tents.each_line(block, [&](std::size_t site, std::size_t at, std::size_t count) {
            for (std::size_t k = 0; k < count; ++k) {
              ++covered[site + k];
              amount += column[at + k] * f[site + k];
              size += std::abs(column[at + k]);
            }
          });
          EXPECT_TRUE(tents.reached(block) || size == 0.0);
        }
        EXPECT_NEAR(amount, given, 1e-12);
        for (const int times : covered) ASSERT_EQ(times, 1);
      }
}

TEST(PointTents, RefuseAPointThatIsNowhere) {
  const GridSpace grid("grid", GridSpace::Sites::cells, {{8, 1.0, 0.0, true}});
  ThreadPool threads(1);
  for (const double nowhere :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    const std::vector<double> x{1.0, nowhere, 2.0};
    EXPECT_THROW(PointTents(grid, {{x, {}, {}}, {}, {}, 0.0}, {}, threads), NumericalFailure);
  }
}

}  // namespace
}  // namespace holon

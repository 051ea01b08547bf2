#include "holon/space/region_space.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon {
namespace {

std::shared_ptr<const GridSpace> sheet() {
  return std::make_shared<GridSpace>(
      "sheet", GridSpace::Sites::nodes,
      std::vector<GridSpace::Axis>{{4, 0.5, 1.0, false}, {3, 0.25, 0.0, false}});
}

TEST(Region, HasPlacesAndMeasuresOfItsSites) {
  const auto grid = sheet();
  const RegionSpace region("corner", grid, {0, 1, 7, 19});
  EXPECT_EQ(region.sites(), 4u);
  EXPECT_EQ(region.dimensions(), 2);
  EXPECT_EQ(region.measure_power(), 2);
  EXPECT_DOUBLE_EQ(region.measure(0), 0.25 * 0.125);
  EXPECT_DOUBLE_EQ(region.measure(2), 0.5 * 0.25);
  EXPECT_DOUBLE_EQ(region.position(2)[0], 2.0);
  EXPECT_EQ(region.coordinates(1)[3], 0.75);
  EXPECT_EQ(region.site_text(3), grid->site_text(19));
}

TEST(Region, LooksWithinItselfAlone) {
  const RegionSpace region("row", sheet(), {0, 1, 2});
  const auto inside = region.interpolation({1.25, 0.0, 0.0});
  ASSERT_TRUE(inside);
  EXPECT_THAT(inside->sites, testing::UnorderedElementsAre(0u, 1u));
  const auto border = region.interpolation({1.25, 0.2, 0.0});  // half of its sites belong to the region
  ASSERT_TRUE(border);
  double weights = 0.0;
  for (const double weight : border->weights) weights += weight;
  EXPECT_NEAR(weights, 1.0, 1e-15);
  EXPECT_FALSE(region.interpolation({1.25, 0.6, 0.0}));
  EXPECT_EQ(region.nearest({1.6, 0.05, 0.0}), 1u);
  EXPECT_FALSE(region.nearest({1.6, 0.7, 0.0}));
}

TEST(Region, RestrictionAndExtensionAreAdjoint) {
  const auto grid = sheet();
  const RegionSpace region("some", grid, {0, 3, 4, 11, 12, 19});
  const Restriction restriction(region);
  ThreadPool threads(2);
  std::vector<double> f(grid->sites()), g(region.sites()), there(region.sites()), back(grid->sites());
  for (std::size_t s = 0; s < f.size(); ++s) f[s] = std::sin(1.1 * static_cast<double>(s) + 0.2);
  for (std::size_t s = 0; s < g.size(); ++s) g[s] = std::cos(0.7 * static_cast<double>(s));
  restriction.apply(f, there, threads);
  restriction.apply_adjoint(g, back, threads);
  double forward = 0.0, backward = 0.0;
  for (std::size_t s = 0; s < g.size(); ++s) forward += region.measure(s) * there[s] * g[s];
  for (std::size_t s = 0; s < f.size(); ++s) backward += grid->measure(s) * f[s] * back[s];
  EXPECT_NEAR(forward, backward, 1e-15);
  EXPECT_EQ(there[1], f[3]);
  EXPECT_EQ(back[11], g[3]);
  EXPECT_EQ(back[1], 0.0);
}

}  // namespace
}  // namespace holon

#include "holon/space/space.hpp"

#include "holon/base/error.hpp"

#include <numeric>

#include <gtest/gtest.h>

namespace holon {
namespace {

using Axis = GridSpace::Axis;

TEST(Grid, MeasuresAddUpToTheVolume) {
  for (const auto sites : {GridSpace::Sites::nodes, GridSpace::Sites::cells})
    for (const bool periodic : {false, true}) {
      const GridSpace grid("g", sites, {Axis{7, 0.2, 0.0, periodic}, Axis{5, 0.1}, Axis{3, 0.4}});
      double volume = 0.0;
      for (std::size_t s = 0; s < grid.sites(); ++s) volume += grid.measure(s);
      EXPECT_NEAR(volume, 7 * 0.2 * 5 * 0.1 * 3 * 0.4, 1e-14);
    }
}

TEST(Grid, NodesStandOnBothEndsAndCellsBetween) {
  const GridSpace nodes("n", GridSpace::Sites::nodes, {Axis{10, 0.1, 1.0}});
  const GridSpace cells("c", GridSpace::Sites::cells, {Axis{10, 0.1, 1.0}});
  const GridSpace ring("r", GridSpace::Sites::nodes, {Axis{10, 0.1, 0.0, true}});
  EXPECT_EQ(nodes.sites(), 11u);
  EXPECT_EQ(cells.sites(), 10u);
  EXPECT_EQ(ring.sites(), 10u);
  EXPECT_DOUBLE_EQ(nodes.position(10)[0], 2.0);
  EXPECT_DOUBLE_EQ(cells.position(0)[0], 1.05);
}

TEST(Grid, InterpolationIsExactForLinearFunctions) {
  const GridSpace grid("g", GridSpace::Sites::nodes, {Axis{4, 0.5}, Axis{6, 0.25, -1.0}});
  const auto f = [](const Position& p) { return 2.0 + 3.0 * p[0] - 5.0 * p[1]; };
  for (const Position place :
       {Position{0.3, -0.2, 0}, Position{2.0, 0.5, 0}, Position{0.0, -1.0, 0}, Position{1.99, 0.49, 0}}) {
    const auto stencil = grid.interpolation(place);
    ASSERT_TRUE(stencil);
    double value = 0.0;
    for (std::size_t k = 0; k < stencil->sites.size(); ++k)
      value += stencil->weights[k] * f(grid.position(stencil->sites[k]));
    EXPECT_NEAR(value, f(place), 1e-13);
  }
  EXPECT_FALSE(grid.interpolation({2.1, 0.0, 0.0}));
  EXPECT_FALSE(grid.interpolation({-0.1, 0.0, 0.0}));
}

TEST(Grid, OfAPartHasNoMeasureAndNoPlacesOutside) {
  const GridSpace whole("g", GridSpace::Sites::nodes, {Axis{2, 0.5}, Axis{1, 1.0}});
  EXPECT_FALSE(whole.masked());
  EXPECT_EQ(whole.sites_inside(), 6u);
  const GridSpace part(whole, {1, 1, 0, 1, 0, 0});  // three nodes at the corner
  EXPECT_TRUE(part.masked());
  EXPECT_EQ(part.sites(), 6u);
  EXPECT_EQ(part.sites_inside(), 3u);
  EXPECT_FALSE(part.inside(4));
  EXPECT_EQ(part.measure(1), whole.measure(1));
  EXPECT_EQ(part.measure(4), 0.0);
  // Between nodes inside and outside those inside count, with weights that add up to one.
  const auto stencil = part.interpolation({0.25, 0.5, 0.0});
  ASSERT_TRUE(stencil);
  EXPECT_EQ(stencil->sites, (std::vector<std::size_t>{0, 1, 3}));
  for (const double weight : stencil->weights) EXPECT_NEAR(weight, 1.0 / 3.0, 1e-15);
  EXPECT_FALSE(part.interpolation({1.0, 1.0, 0.0}));
  EXPECT_FALSE(part.nearest({1.0, 0.0, 0.0}));
}

TEST(Grid, PeriodicAxesWrap) {
  const GridSpace ring("r", GridSpace::Sites::nodes, {Axis{10, 0.1, 0.0, true}});
  const auto stencil = ring.interpolation({0.95, 0.0, 0.0});
  ASSERT_TRUE(stencil);
  EXPECT_EQ(stencil->sites, (std::vector<std::size_t>{9, 0}));
  EXPECT_EQ(*ring.nearest({1.32, 0, 0}), 3u);
}

TEST(Grid, IndicesAndNumbersAgree) {
  const GridSpace grid("g", GridSpace::Sites::cells, {Axis{3, 1.0}, Axis{4, 1.0}, Axis{5, 1.0}});
  for (std::size_t s = 0; s < grid.sites(); ++s) {
    const auto i = grid.indices(s);
    EXPECT_EQ(grid.index(i[0], i[1], i[2]), s);
  }
}

TEST(Grid, RefusesWhatIsNoGrid) {
  EXPECT_THROW(GridSpace("g", GridSpace::Sites::cells, {}), InputError);
  EXPECT_THROW(GridSpace("g", GridSpace::Sites::cells, {Axis{3, 0.0}}), InputError);
  EXPECT_THROW(GridSpace("g", GridSpace::Sites::cells, {Axis{0, 1.0}}), InputError);
}

TEST(Product, HasAMicroSpaceAtEveryMacroSite) {
  const auto macro =
      std::make_shared<GridSpace>("tissue", GridSpace::Sites::cells, std::vector<Axis>{Axis{4, 0.5}});
  const auto micro =
      std::make_shared<GridSpace>("fibre", GridSpace::Sites::cells, std::vector<Axis>{Axis{3, 0.1}});
  const ProductSpace product("both", macro, micro);
  EXPECT_EQ(product.sites(), 12u);
  EXPECT_EQ(product.macro_site(7), 2u);
  EXPECT_EQ(product.micro_site(7), 1u);
  EXPECT_DOUBLE_EQ(product.measure(7), 0.05);
  EXPECT_DOUBLE_EQ(product.position(7)[0], 1.25);
}

TEST(SpaceThreads, CoordinatesAreMadeOnce) {
  const GridSpace grid("g", GridSpace::Sites::cells, {Axis{100, 1.0}});
  const double* first = grid.coordinates(0).data();
  EXPECT_EQ(grid.coordinates(0).data(), first);
  EXPECT_DOUBLE_EQ(grid.coordinates(0)[99], 99.5);
}

TEST(NamedPoints, FindsTheNearest) {
  const NamedPoints points("electrodes", {"a", "b"}, {Position{0, 0, 0}, Position{1, 0, 0}}, 1);
  EXPECT_EQ(*points.nearest({0.7, 0, 0}), 1u);
  EXPECT_EQ(points.site_text(1), "b");
}

}  // namespace
}  // namespace holon

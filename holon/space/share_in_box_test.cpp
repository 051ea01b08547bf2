#include "holon/space/share_in_box.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace holon {
namespace {

using Sites = GridSpace::Sites;
constexpr double infinite = std::numeric_limits<double>::infinity();

double volume(const GridSpace& grid, const std::vector<double>& shares) {
  double sum = 0.0;
  for (std::size_t site = 0; site < shares.size(); ++site) sum += shares[site] * grid.measure(site);
  return sum;
}

TEST(ShareInBox, OfNodesIsTheWholeAtTheGridsSideAndHalfOnTheBoxesFace) {
  // Node 3 stands on the face at 1.5: half of what it stands for lies inside. Node 0 stands for half a
  // spacing, all of it inside.
  const GridSpace line("line", Sites::nodes, {{4, 0.5, 0.0, false}});
  EXPECT_EQ(share_in_box(line, {0.0}, {1.5}), (std::vector<double>{1.0, 1.0, 1.0, 0.5, 0.0}));
}

TEST(ShareInBox, IsNothingOutsideOfAMask) {
  const GridSpace whole("line", Sites::nodes, {{4, 0.5, 0.0, false}});
  EXPECT_EQ(share_in_box(GridSpace(whole, {0, 1, 1, 1, 1}), {0.0}, {1.5}),
            (std::vector<double>{0.0, 1.0, 1.0, 0.5, 0.0}));
}

TEST(ShareInBox, OfCellsIsThePartOfTheirLength) {
  const GridSpace line("line", Sites::cells, {{4, 0.5, -1.0, false}});
  const auto shares = share_in_box(line, {-0.9}, {0.25});
  EXPECT_NEAR(shares[0], 0.8, 1e-15);
  EXPECT_EQ(shares[1], 1.0);
  EXPECT_NEAR(shares[2], 0.5, 1e-15);
  EXPECT_EQ(shares[3], 0.0);
}

TEST(ShareInBox, SumsToTheVolumeOfTheBoxForAnySpacing) {
  for (const Sites sites : {Sites::nodes, Sites::cells})
    for (const std::size_t n : {3, 7, 10, 13}) {
      const double h = 2.0 / static_cast<double>(n);
      const GridSpace grid("grid", sites,
                           {{n, h, 0.0, false}, {2 * n, h, 1.0, false}, {n, h / 2, 0.0, true}});
      const double inside = volume(grid, share_in_box(grid, {0.1, 1.7, 0.3}, {1.3, 9.0, 0.9}));
      EXPECT_NEAR(inside, 1.2 * 3.3 * 0.6, 1e-12);
    }
}

TEST(ShareInBox, GoesRoundOnAPeriodicAxis) {
  const GridSpace ring("ring", Sites::nodes, {{4, 1.0, 0.0, true}});
  EXPECT_EQ(share_in_box(ring, {0.0}, {1.0}), (std::vector<double>{0.5, 0.5, 0.0, 0.0}));
  EXPECT_EQ(share_in_box(ring, {3.0}, {infinite}), (std::vector<double>{0.5, 0.0, 0.0, 0.5}));
}

TEST(ShareInBox, TakesCornersMeantToLieOnFacesAsLyingOnThem) {
  // 15 spacings of 0.1 are not 1.5 to the last bit.
  const GridSpace line("line", Sites::nodes, {{30, 3.0 / 30, 0.0, false}});
  EXPECT_EQ(share_in_box(line, {-infinite}, {1.5})[15], 0.5);
  EXPECT_EQ(share_in_box(line, {-infinite}, {1.55})[15], 1.0);
  EXPECT_EQ(share_in_box(line, {-infinite}, {1.55})[16], 0.0);
}

}  // namespace
}  // namespace holon

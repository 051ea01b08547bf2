#include "holon/engine/fast_blocks.hpp"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

namespace holon {
namespace {

using Entry = SparseBuilder::Entry;

/// u'' + growth u on `cells` cells of width 1 with fixed ends, once per block; eigenvalues
/// growth - 4 sin^2(k pi/(2 (cells + 1))).
std::vector<Entry> chains(std::size_t blocks, std::size_t cells, double growth) {
  std::vector<Entry> entries;
  for (std::size_t b = 0; b < blocks; ++b)
    for (std::size_t i = 0; i < cells; ++i) {
      const std::size_t row = b * cells + i;
      entries.push_back({row, row, growth - 2.0});
      if (i > 0) entries.push_back({row, row - 1, 1.0});
      if (i + 1 < cells) entries.push_back({row, row + 1, 1.0});
    }
  return entries;
}

double least_loss(std::size_t cells) {
  const double s = std::sin(std::numbers::pi / (2.0 * static_cast<double>(cells + 1)));
  return 4.0 * s * s;
}

// Gershgorin's discs say nothing where something grows: then powers have to tell on which side of the onset
// it is.
TEST(FastBlocks, TellStableFromUnstableOnBothSidesOfTheOnset) {
  for (const std::size_t cells : {3u, 8u, 40u}) {
    const double onset = least_loss(cells);
    EXPECT_TRUE(FastBlocks(2 * cells, chains(2, cells, 0.0)).stable()) << cells;
    EXPECT_TRUE(FastBlocks(2 * cells, chains(2, cells, 0.9 * onset)).stable()) << cells;
    EXPECT_FALSE(FastBlocks(2 * cells, chains(2, cells, 1.1 * onset)).stable()) << cells;
  }
}

TEST(FastBlocks, SolveSmallAndLargeBlocksSideBySide) {
  std::vector<Entry> entries = chains(3, 50, -0.1);
  entries.push_back({150, 150, -2.0});
  entries.push_back({150, 151, 1.0});
  entries.push_back({151, 150, 0.5});
  entries.push_back({151, 151, -3.0});
  const std::size_t n = 152;
  std::vector<double> x(n), b(n, 0.0);
  for (std::size_t i = 0; i < n; ++i) x[i] = std::sin(1.0 + 0.7 * static_cast<double>(i));
  for (const Entry& entry : entries) b[entry.row] += entry.value * x[entry.column];
  const auto solved = FastBlocks(n, entries).solve(b);
  ASSERT_TRUE(solved);
  for (std::size_t i = 0; i < n; ++i) EXPECT_NEAR((*solved)[i], x[i], 1e-12);
}

TEST(FastBlocks, SaySoWhereABlockIsSingular) {
  for (const std::size_t cells : {3u, 40u}) {
    std::vector<Entry> entries;  // closed at both ends: what is the same everywhere has no loss
    for (std::size_t i = 0; i < cells; ++i) {
      entries.push_back({i, i, (i > 0 ? -1.0 : 0.0) + (i + 1 < cells ? -1.0 : 0.0)});
      if (i > 0) entries.push_back({i, i - 1, 1.0});
      if (i + 1 < cells) entries.push_back({i, i + 1, 1.0});
    }
    EXPECT_FALSE(FastBlocks(cells, entries).solve(std::vector<double>(cells, 1.0))) << cells;
  }
}

}  // namespace
}  // namespace holon

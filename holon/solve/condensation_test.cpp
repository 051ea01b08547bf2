#include "holon/solve/condensation.hpp"

#include "holon/base/test_numbers.hpp"
#include "holon/solve/sparse_lu.hpp"

#include <cmath>

#include <gtest/gtest.h>

namespace holon::solve {
namespace {

using test::Numbers;

/// A line of `places`, with a particle of `shells` at each and a law between them: unknowns are the line's
/// values, then the laws', then those of the particles. Without symmetry.
struct Electrode {
  std::size_t places = 31, shells = 12;
  std::size_t size() const { return places * (2 + shells); }
  std::vector<std::size_t> groups() const {
    std::vector<std::size_t> groups;
    for (std::size_t u = 0; u < size(); ++u) groups.push_back(u < places ? 0 : u < 2 * places ? 1 : 2);
    return groups;
  }
  std::vector<MatrixEntry> entries(unsigned seed) const {
    Numbers numbers(seed);
    std::vector<MatrixEntry> entries;
    const auto add = [&](std::size_t row, std::size_t column, double value) {
      entries.push_back({row, column, value + 0.3 * numbers()});
    };
    for (std::size_t i = 0; i < places; ++i) {
      const std::size_t law = places + i, inside = 2 * places + i * shells;
      add(i, i, 3.0);
      if (i + 1 < places) add(i, i + 1, -1.0), add(i + 1, i, -1.0);
      add(i, law, 0.5);
      add(law, law, -1.0);
      add(law, i, 0.7);
      add(law, inside + shells - 1, -0.4);
      for (std::size_t s = 0; s < shells; ++s) {
        // The first shells want exchanges: their pivots are small.
        add(inside + s, inside + s, s < 2 ? 0.01 : 2.5);
        if (s + 1 < shells) add(inside + s, inside + s + 1, -1.0), add(inside + s + 1, inside + s, -1.2);
      }
      add(inside + shells - 1, law, 0.9);
    }
    return entries;
  }
};

std::vector<double> numbers_of(std::size_t n, unsigned seed) {
  Numbers numbers(seed);
  std::vector<double> values(n);
  for (double& value : values) value = numbers();
  return values;
}

TEST(Condensation, EliminatesParticlesAndLawsAndSolvesAsTheWholeDoes) {
  const Electrode electrode;
  Condensation condensed(electrode.groups(), std::make_unique<DirectSolver>());
  DirectSolver whole;
  const std::vector<double> sizes(electrode.size(), 1.0);
  for (const unsigned seed : {1u, 2u, 3u}) {
    const auto entries = electrode.entries(seed);
    ASSERT_TRUE(condensed.factor(entries, sizes));
    ASSERT_TRUE(whole.factor(entries, sizes));
    EXPECT_EQ(condensed.kept(), electrode.places);
    EXPECT_EQ(condensed.blocks(), electrode.places);
    EXPECT_EQ(condensed.determinant_sign(), whole.determinant_sign());
    std::vector<double> x = numbers_of(electrode.size(), 10 + seed), y = x;
    ASSERT_TRUE(condensed.solve(x));
    ASSERT_TRUE(whole.solve(y));
    for (std::size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(x[i], y[i], 1e-12) << i;
  }
}

TEST(Condensation, KeepsAGroupWhoseBlocksAreSingularByThemselves) {
  const Electrode electrode;
  auto entries = electrode.entries(4);
  // Nothing but the line says what the laws' values are: their own rows don't know them.
  for (MatrixEntry& entry : entries)
    if (entry.row == entry.column && entry.row >= electrode.places && entry.row < 2 * electrode.places)
      entry.value = 0.0;
  // And particles don't, either.
  std::erase_if(entries, [&](const MatrixEntry& entry) {
    return entry.row >= 2 * electrode.places && entry.column < 2 * electrode.places;
  });
  const std::vector<double> sizes(electrode.size(), 1.0);
  Condensation condensed(electrode.groups(), std::make_unique<DirectSolver>());
  ASSERT_TRUE(condensed.factor(entries, sizes));
  EXPECT_EQ(condensed.kept(), 2 * electrode.places);
  DirectSolver whole;
  ASSERT_TRUE(whole.factor(entries, sizes));
  std::vector<double> x = numbers_of(electrode.size(), 7), y = x;
  ASSERT_TRUE(condensed.solve(x));
  ASSERT_TRUE(whole.solve(y));
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(x[i], y[i], 1e-11) << i;
  EXPECT_EQ(condensed.determinant_sign(), whole.determinant_sign());
}

TEST(Condensation, SaysWhatIsSingularInTheNumbersOfTheWhole) {
  const Electrode electrode;
  auto entries = electrode.entries(5);
  const std::size_t lost = electrode.places - 1;
  std::erase_if(entries, [&](const MatrixEntry& entry) { return entry.column == lost; });
  const std::vector<double> sizes(electrode.size(), 1.0);
  Condensation condensed(electrode.groups(), std::make_unique<DirectSolver>());
  EXPECT_FALSE(condensed.factor(entries, sizes));
  EXPECT_EQ(condensed.singular_column(), lost);
}

TEST(Condensation, EliminatesEverythingWherePlacesKnowNothingOfEachOther) {
  std::vector<MatrixEntry> entries;
  std::vector<std::size_t> groups;
  const std::size_t sites = 50;
  for (std::size_t u = 0; u < 2 * sites; ++u) groups.push_back(u / sites);
  for (std::size_t s = 0; s < sites; ++s) {
    entries.push_back({s, s + sites, 2.0});
    entries.push_back({s + sites, s, 4.0});
  }
  Condensation condensed(groups, std::make_unique<DirectSolver>());
  ASSERT_TRUE(condensed.factor(entries, std::vector<double>(2 * sites, 1.0)));
  EXPECT_EQ(condensed.kept(), 0u);
  std::vector<double> b(2 * sites, 8.0);
  ASSERT_TRUE(condensed.solve(b));
  for (std::size_t u = 0; u < b.size(); ++u) EXPECT_EQ(b[u], u < sites ? 2.0 : 4.0);
}

TEST(Condensation, LeavesAPlaneOfManySitesWhole) {
  const std::size_t side = 40, n = side * side;
  std::vector<MatrixPlace> places;
  for (std::size_t i = 0; i < n; ++i) {
    places.push_back({i, i});
    if ((i + 1) % side != 0) places.push_back({i, i + 1});
    if (i + side < n) places.push_back({i + side, i});
  }
  const std::vector<std::size_t> groups(n, 0);
  const EliminationPlan plan = elimination_plan(Sparsity(n, places), groups, {false});
  EXPECT_TRUE(plan.blocks.empty());
  EXPECT_EQ(plan.kept.size(), n);
}

TEST(SparseLu, KnowsTheSignOfItsDeterminant) {
  SparseLu lu;
  const std::vector<MatrixEntry> exchanged{{0, 1, 2.0}, {1, 0, 3.0}, {2, 2, 1.0}};
  ASSERT_TRUE(lu.factor(3, exchanged));
  EXPECT_EQ(lu.determinant_sign(), -1);
  const std::vector<MatrixEntry> turned{{0, 1, 2.0}, {1, 2, 3.0}, {2, 0, 1.0}};
  ASSERT_TRUE(lu.factor(3, turned));
  EXPECT_EQ(lu.determinant_sign(), 1);
  const std::vector<MatrixEntry> negative{{0, 1, 2.0}, {1, 0, -3.0}, {2, 2, 1.0}, {0, 2, 5.0}};
  ASSERT_TRUE(lu.factor(3, negative));
  EXPECT_EQ(lu.determinant_sign(), 1);
}

}  // namespace
}  // namespace holon::solve

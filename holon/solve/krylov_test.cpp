#include "holon/solve/krylov.hpp"

#include "holon/base/test_numbers.hpp"
#include "holon/solve/sparse_lu.hpp"

#include <cmath>

#include <gtest/gtest.h>

namespace holon::solve {
namespace {

using test::Numbers;

/// An implicit step of two species that spread and react on a box, the second in units of its own: 1 +
/// strength * (minus Laplacian) with a local coupling.
std::vector<MatrixEntry> step_matrix(std::size_t side, double strength, double reaction, double unit = 1.0) {
  const std::size_t sites = side * side * side;
  std::vector<MatrixEntry> entries;
  Numbers numbers(3);
  for (int species = 0; species < 2; ++species) {
    const std::size_t offset = species == 0 ? 0 : sites;
    for (std::size_t site = 0; site < sites; ++site) {
      entries.push_back({offset + site, offset + site, 1.0 + reaction * numbers()});
      const std::size_t at[3] = {site % side, site / side % side, site / (side * side)};
      std::size_t stride = 1;
      for (const std::size_t place : at) {
        if (place + 1 < side) {
          const std::size_t i = offset + site, j = i + stride;
          entries.push_back({i, i, strength});
          entries.push_back({j, j, strength});
          entries.push_back({i, j, -strength});
          entries.push_back({j, i, -strength});
        }
        stride *= side;
      }
    }
  }
  for (std::size_t site = 0; site < sites; ++site) {
    entries.push_back({site, sites + site, 0.3 / unit});
    entries.push_back({sites + site, site, -0.4 * unit});
  }
  return entries;
}

TEST(Krylov, SolvesToItsToleranceInUnitsOfTheSizes) {
  const std::size_t side = 12, n = 2 * side * side * side;
  std::vector<double> sizes(n, 1.0);
  for (std::size_t i = n / 2; i < n; ++i) sizes[i] = 1e-6;
  DirectSolver direct;
  Krylov krylov({.tolerance = 1e-9});
  for (const double strength : {0.5, 50.0}) {
    const auto entries = step_matrix(side, strength, 0.2, 1e-6);
    ASSERT_TRUE(direct.factor(entries, sizes));
    ASSERT_TRUE(krylov.factor(entries, sizes));
    std::vector<double> x(n), y;
    Numbers numbers(8);
    for (std::size_t i = 0; i < n; ++i) x[i] = sizes[i] * numbers();
    y = x;
    ASSERT_TRUE(direct.solve(x));
    ASSERT_TRUE(krylov.solve(y)) << krylov.obstacle();
    for (std::size_t i = 0; i < n; ++i) EXPECT_NEAR(x[i] / sizes[i], y[i] / sizes[i], 3e-8);
    const std::size_t iterations = krylov.take_iterations();
    EXPECT_GT(iterations, 2u);
    EXPECT_LT(iterations, 60u);
    EXPECT_EQ(krylov.take_iterations(), 0u);
    EXPECT_EQ(krylov.determinant_sign(), direct.determinant_sign());
  }
}

TEST(Krylov, SeesADirectionThatHasTurned) {
  // One site whose reaction has passed the point where the step turns around.
  const std::size_t side = 8, n = 2 * side * side * side;
  auto entries = step_matrix(side, 0.5, 0.1);
  entries.push_back({100, 100, -7.0});
  const std::vector<double> sizes(n, 1.0);
  DirectSolver direct;
  Krylov krylov;
  ASSERT_TRUE(direct.factor(entries, sizes));
  ASSERT_TRUE(krylov.factor(entries, sizes));
  ASSERT_EQ(direct.determinant_sign(), -1);
  std::vector<double> b(n, 1.0);
  ASSERT_TRUE(krylov.solve(b));
  EXPECT_EQ(krylov.determinant_sign(), -1);
}

TEST(Krylov, GoesOnAfterRestartsAndSaysWhenItStagnates) {
  // A shift around a circle: nothing is gained before the last of n steps.
  const std::size_t n = 100;
  std::vector<MatrixEntry> entries;
  for (std::size_t i = 0; i < n; ++i) {
    entries.push_back({i, (i + 1) % n, 1.0});
    entries.push_back({i, i, 1e-9});
  }
  Krylov stuck({.restart = 20, .factors = {.drop = 10.0, .fill = 0}});
  const std::vector<double> sizes(n, 1.0);
  ASSERT_TRUE(stuck.factor(entries, sizes));
  std::vector<double> b(n, 0.0);
  b[0] = 1.0;
  EXPECT_FALSE(stuck.solve(b));
  EXPECT_NE(stuck.obstacle().find("GMRES stagnates"), std::string::npos);

  const std::size_t side = 10, m = 2 * side * side * side;
  const auto easy = step_matrix(side, 20.0, 0.2);
  Krylov restarted({.tolerance = 1e-9, .restart = 5, .factors = {.drop = 0.1, .fill = 0}});
  const std::vector<double> units(m, 1.0);
  ASSERT_TRUE(restarted.factor(easy, units));
  std::vector<double> x(m, 1.0), y = x;
  ASSERT_TRUE(restarted.solve(x)) << restarted.obstacle();
  DirectSolver direct;
  ASSERT_TRUE(direct.factor(easy, units));
  ASSERT_TRUE(direct.solve(y));
  EXPECT_GT(restarted.take_iterations(), 5u);
  for (std::size_t i = 0; i < m; ++i) EXPECT_NEAR(x[i] / y[i], 1.0, 1e-6);
}

TEST(IncompleteLu, IsCompleteWhereNothingIsLeftOut) {
  const std::size_t side = 4, n = 2 * side * side * side;
  const auto entries = step_matrix(side, 3.0, 0.3);
  SparseRows rows;
  const std::vector<double> sizes(n, 1.0);
  EXPECT_TRUE(rows.fill(entries, sizes));
  EXPECT_FALSE(rows.fill(entries, sizes));
  IncompleteLu lu;
  ASSERT_TRUE(lu.factor(rows, narrow_order(Sparsity(n, rows.places())), {.drop = 0.0, .fill = n}));
  std::vector<double> x(n, 1.0), b(n);
  rows.multiply(x, b);
  lu.solve(b);
  for (std::size_t i = 0; i < n; ++i) EXPECT_NEAR(b[i], 1.0, 1e-12);
  DirectSolver direct;
  ASSERT_TRUE(direct.factor(entries, sizes));
  EXPECT_EQ(lu.determinant_sign(), direct.determinant_sign());
}

}  // namespace
}  // namespace holon::solve

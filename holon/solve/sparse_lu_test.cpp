#include "holon/solve/sparse_lu.hpp"

#include "holon/base/test_numbers.hpp"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

namespace holon::solve {
namespace {

using test::Numbers;

/// A matrix without symmetry, every entry in two halves.
std::vector<MatrixEntry> matrix(std::size_t n, unsigned seed) {
  Numbers numbers(seed);
  std::vector<MatrixEntry> entries;
  for (std::size_t row = 0; row < n; ++row)
    for (const std::size_t step : {std::size_t{0}, std::size_t{1}, std::size_t{7}, std::size_t{31}}) {
      const double value = step == 0 ? 3.0 + numbers() : numbers();
      for (int half = 0; half < 2; ++half) entries.push_back({row, (row + step) % n, 0.5 * value});
    }
  return entries;
}

TEST(SparseLu, SolvesWithAMatrixAndItsTranspose) {
  const std::size_t n = 200;
  Numbers numbers(5);
  SparseLu lu;
  // The second time with the places of the first, the third with the same places in another order.
  for (const unsigned seed : {1u, 2u, 3u}) {
    auto entries = matrix(n, seed);
    if (seed == 3) std::reverse(entries.begin(), entries.end());
    ASSERT_TRUE(lu.factor(n, entries));
    EXPECT_GT(lu.reciprocal_condition(), 1e-4);
    std::vector<double> x(n), b(n, 0.0), c(n, 0.0);
    for (double& each : x) each = numbers();
    for (const MatrixEntry& e : entries) {
      b[e.row] += e.value * x[e.column];
      c[e.column] += e.value * x[e.row];
    }
    lu.solve(b);
    lu.solve_transposed(c);
    for (std::size_t i = 0; i < n; ++i) {
      EXPECT_NEAR(b[i], x[i], 1e-13);
      EXPECT_NEAR(c[i], x[i], 1e-13);
    }
  }
}

TEST(SparseLu, KeepsFullRowsForTheEndAndItsFactorsSparse) {
  // A ring of oscillators near resonance with a full row and a full column: once the row is a pivot, all is
  // full.
  const std::size_t n = 3000;
  Numbers numbers(7);
  std::vector<MatrixEntry> entries;
  for (std::size_t i = 0; i < n; ++i) {
    entries.push_back({i, i, 1e-3 * numbers()});
    entries.push_back({i, (i + 1) % n, -1.0});
    entries.push_back({i, (i + n - 1) % n, -1.0});
    entries.push_back({i, n, std::sin(1.0 + 1.3 * static_cast<double>(i))});
    entries.push_back({n, i, std::cos(2.0 + 0.7 * static_cast<double>(i))});
  }
  SparseLu lu;
  ASSERT_TRUE(lu.factor(n + 1, entries, 1));
  EXPECT_LT(lu.entries(), 20 * n);
  std::vector<double> x(n + 1), b(n + 1, 0.0), c(n + 1, 0.0);
  for (double& each : x) each = numbers();
  for (const MatrixEntry& e : entries) {
    b[e.row] += e.value * x[e.column];
    c[e.column] += e.value * x[e.row];
  }
  lu.solve(b);
  lu.solve_transposed(c);
  for (std::size_t i = 0; i <= n; ++i) {
    EXPECT_NEAR(b[i], x[i], 1e-8);
    EXPECT_NEAR(c[i], x[i], 1e-8);
  }
}

TEST(SparseLu, SaysThatAMatrixIsSingular) {
  SparseLu lu;
  // The second column is twice the first.
  EXPECT_FALSE(lu.factor(2, std::vector<MatrixEntry>{{0, 0, 1.0}, {0, 1, 2.0}, {1, 0, 2.0}, {1, 1, 4.0}}));
  // A column without entries.
  EXPECT_FALSE(lu.factor(3, std::vector<MatrixEntry>{{0, 0, 1.0}, {1, 0, 1.0}, {2, 2, 1.0}}));
  EXPECT_TRUE(lu.singular_column().has_value());
  EXPECT_EQ(lu.reciprocal_condition(), 0.0);
  // Afterwards it takes another one.
  EXPECT_TRUE(lu.factor(1, std::vector<MatrixEntry>{{0, 0, 4.0}}));
  std::vector<double> b{2.0};
  lu.solve(b);
  EXPECT_EQ(b[0], 0.5);
}

}  // namespace
}  // namespace holon::solve

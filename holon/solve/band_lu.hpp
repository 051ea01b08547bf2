// LU factors of a band matrix with row exchanges, in the storage of Golub & Van Loan, Matrix Computations
// (2013), 4.3.5: n columns of 2 lower + upper + 1 numbers, entry (i, j) at [lower + upper + i - j] of column
// j; the first `lower` numbers of each column take what exchanges fill.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace holon::solve {

struct BandShape {
  std::size_t rows = 0, lower = 0, upper = 0;
  std::size_t height() const { return 2 * lower + upper + 1; }
  std::size_t size() const { return rows * height(); }
  std::size_t at(std::size_t row, std::size_t column) const {
    return column * height() + lower + upper + row - column;
  }
};

struct BandFactors {
  std::size_t singular_at = 0;  ///< the column without a pivot
  bool regular = false;         ///< every pivot is above `least`
  int sign = 1;                 ///< of the determinant
  std::size_t reach = 0;        ///< how far U reaches beyond the diagonal: further where rows were exchanged
  std::vector<std::size_t> pivots;  ///< the row that each step took
};

/// Replaces the numbers of a matrix by its factors, with reciprocals on the diagonal. Pivots that are not
/// above `least` are none.
BandFactors factor_band(const BandShape& shape, std::span<double> band, double least);
/// b is replaced by A^-1 b.
void solve_band(const BandShape& shape, std::span<const double> band, const BandFactors& factors,
                std::span<double> b);

}  // namespace holon::solve

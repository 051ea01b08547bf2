// Incomplete LU factors with a threshold: ILUT(fill, drop) after Saad, Numerical Linear Algebra with
// Applications 1 (1994), 387, rows in the order of Cuthill and McKee. Of each row of L and of U, entries
// below `drop` of the row's mean entry are left out, and of the others the `fill` largest beyond as many as
// the matrix has are kept. A pivot that vanishes is replaced by a small one: what comes out is a
// preconditioner, not a solution.
#pragma once

#include "holon/solve/sparsity.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace holon::solve {

/// A square matrix by rows, columns ascending.
class SparseRows {
 public:
  /// Fills in a matrix times diag(sizes), of as many rows; places that are listed as before are sorted once.
  /// True where they were not.
  bool fill(std::span<const MatrixEntry> entries, std::span<const double> sizes);
  std::size_t size() const { return begin_.empty() ? 0 : begin_.size() - 1; }
  std::size_t begin(std::size_t row) const { return begin_[row]; }
  std::size_t column(std::size_t k) const { return column_[k]; }
  double value(std::size_t k) const { return value_[k]; }
  std::span<const MatrixPlace> places() const { return places_; }
  /// out = A x.
  void multiply(std::span<const double> x, std::span<double> out) const;

 private:
  std::vector<MatrixPlace> places_;
  std::vector<std::size_t> slot_, begin_, column_;
  std::vector<double> value_;
};

class IncompleteLu {
 public:
  struct Limits {
    double drop = 1e-3;
    std::size_t fill = 10;
  };
  /// `order`: position -> row. False where a row is empty or not finite.
  bool factor(const SparseRows& matrix, std::vector<std::size_t> order, const Limits& limits);
  /// b is replaced by (LU)^-1 b.
  void solve(std::span<double> b) const;
  std::size_t entries() const { return lower_.column.size() + upper_.column.size(); }
  int determinant_sign() const { return sign_; }

 private:
  struct Rows {
    std::vector<std::size_t> begin{0}, column;
    std::vector<double> value;
  };
  std::vector<std::size_t> order_;
  Rows lower_, upper_;              // L without its ones, U without its diagonal
  std::vector<double> reciprocal_;  // of U's diagonal
  int sign_ = 0;
  mutable std::vector<double> work_;
};

}  // namespace holon::solve

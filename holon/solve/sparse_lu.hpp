// Sparse LU factors of a square matrix (KLU: Davis & Palamadai Natarajan, ACM TOMS 37, 2010), for systems of
// hundreds to hundreds of thousands of unknowns whose factors stay sparse.
#pragma once

#include "holon/solve/matrix_solver.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace holon::solve {

/// What elimination of a matrix with these places would take: floating-point operations and entries of the
/// factors, as KLU's ordering (AMD) has them.
struct EliminationCost {
  double operations = 0.0, entries = 0.0;
};
EliminationCost elimination_cost(std::size_t n, std::span<const MatrixEntry> entries);

class SparseLu {
 public:
  SparseLu();
  ~SparseLu();
  SparseLu(SparseLu&&) noexcept;
  SparseLu& operator=(SparseLu&&) noexcept;

  /// Factors a matrix of n rows. Rows are scaled by their largest entries. The ordering of the last matrix is
  /// used again where the pattern is the same. False where the matrix is singular to working accuracy; then
  /// singular_column() is where elimination found no pivot, if it got stuck. The last `borders` rows are
  /// full: they are scaled so far down that none of them is a pivot before the others are done, which would
  /// fill everything.
  bool factor(std::size_t n, std::span<const MatrixEntry> entries, std::size_t borders = 0);
  std::optional<std::size_t> singular_column() const { return singular_column_; }
  /// Estimate of 1 / condition number (of the scaled matrix, from its pivots); 0 where it is singular.
  double reciprocal_condition() const;
  /// Of the determinant: 1 or -1; 0 where the matrix is near to singular.
  int determinant_sign() const;
  std::size_t size() const { return n_; }
  /// Entries of both factors.
  std::size_t entries() const;

  /// b is replaced by A^-1 b.
  void solve(std::span<double> b) const;
  /// b is replaced by A^-T b.
  void solve_transposed(std::span<double> b) const;

 private:
  void scale_rows(std::size_t borders);
  struct Factors;
  std::unique_ptr<Factors> factors_;
  std::size_t n_ = 0;
  std::vector<MatrixPlace> places_;  // of the entries, as they were listed
  std::vector<std::size_t> slot_;    // of each, in value_
  std::vector<int> begin_, row_;
  std::vector<double> value_;
  std::vector<double> row_scale_;  // of rows that are not scaled by KLU: where there are borders
  std::optional<std::size_t> singular_column_;
};

/// The whole matrix at once.
class DirectSolver final : public MatrixSolver {
 public:
  bool factor(std::span<const MatrixEntry> entries, std::span<const double> sizes) override {
    return lu_.factor(sizes.size(), entries);
  }
  std::optional<std::size_t> singular_column() const override { return lu_.singular_column(); }
  int determinant_sign() const override { return lu_.determinant_sign(); }
  bool solve(std::span<double> b) override;
  std::string description() const override { return "sparse LU"; }

 private:
  SparseLu lu_;
};

}  // namespace holon::solve

// Factors of I - c A along one axis, for directional implicit sweeps.
#pragma once

#include "holon/transport/axis_stencil.hpp"
#include "holon/transport/tridiagonal_sweeps.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace holon::transport {

/// The banded matrix I - c A of one axis (bandwidth `reach` on each side), factored once for all lines as L U
/// with a unit upper factor and no pivoting (A has its eigenvalues in the left half plane and its rows are
/// nearly diagonally dominant). Held sites have the row of the identity.
///
/// A periodic line is solved by bordering: its last `reach` sites are eliminated through their Schur
/// complement, so that what remains is banded (for reach 1 this is the Sherman-Morrison formula).
class LineFactors {
 public:
  LineFactors() = default;
  LineFactors(const AxisStencil& stencil, double c);

  int reach() const { return reach_; }
  std::size_t count() const { return count_; }

  /// The rows of lines that tridiagonal_sweeps.hpp solves: reach 1, not periodic. Empty for all others.
  std::span<const SweepRow> tridiagonal() const { return tridiagonal_; }

  /// Lines that are solved fastest together: their recurrences stay in registers.
  static constexpr std::size_t block = 16;

  /// Solves `lanes` lines of any kind at once. Site i of lane l is u[i * stride + l]; `work` holds
  /// count * lanes numbers.
  void solve(double* u, std::size_t stride, std::size_t lanes, double* work, LineUpdate update,
             double scale) const;

 private:
  template <int reach, LineUpdate update>
  void solve_as(double* u, std::size_t stride, std::size_t lanes, double* work, double scale) const;
  template <LineUpdate update>
  void solve_block(double* u, double* work, double scale) const;
  void factor_band(std::vector<std::array<double, 5>> band);
  void factor_border(const std::vector<std::vector<double>>& last_columns,
                     const std::vector<std::vector<double>>& last_rows);

  int reach_ = 1;
  std::size_t count_ = 0, inner_ = 0;  ///< sites; sites of the banded part
  struct Row {
    double inverse, lower1, lower2, upper1,
        upper2;  ///< of the diagonal; scaled by it; of the unit upper factor
  };
  std::vector<Row> rows_;
  std::vector<SweepRow> tridiagonal_;
  /// Periodic lines: T^-1 E by rows, the inverse Schur complement, and the last rows' entries in the banded
  /// part.
  std::vector<std::array<double, 2>> border_;
  std::array<std::array<double, 2>, 2> complement_{};
  struct BorderEntry {
    std::size_t row, column;
    double value;
  };
  std::vector<BorderEntry> border_rows_;
};

}  // namespace holon::transport

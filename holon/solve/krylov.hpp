// GMRES with restarts (Saad & Schultz, SIAM J. Sci. Stat. Comput. 7 (1986), 856) for large sparse matrices
// whose factors would fill, preconditioned from the left by incomplete factors (incomplete_lu.hpp). So norms
// are of what would be left of the solution, each entry in units of what it counts, and no row's scale
// matters.
#pragma once

#include "holon/solve/incomplete_lu.hpp"

#include <string>
#include <utility>
#include <vector>

namespace holon::solve {

class Krylov final : public MatrixSolver {
 public:
  struct Limits {
    double tolerance = 1e-5;  ///< of what is left, relative to the first
    std::size_t restart = 40, most = 800;
    double progress = 0.7;  ///< of what is left, at most, after each restart
    IncompleteLu::Limits factors = {};
  };
  Krylov() = default;
  explicit Krylov(Limits limits) : limits_(limits) {}
  bool factor(std::span<const MatrixEntry> entries, std::span<const double> sizes) override;
  std::optional<std::size_t> singular_column() const override { return std::nullopt; }
  /// What the incomplete factors and the last solution's Hessenberg matrix say of it: the preconditioned
  /// matrix is near to the identity but for a few directions, which the Krylov space has found.
  int determinant_sign() const override { return sign_; }
  bool solve(std::span<double> b) override;
  std::string obstacle() const override { return obstacle_; }
  std::size_t take_iterations() override { return std::exchange(iterations_, 0); }
  std::string description() const override;

 private:
  Limits limits_;
  SparseRows matrix_;  // of unknowns in units of their sizes
  std::vector<double> sizes_;
  std::vector<std::size_t> order_;
  IncompleteLu factors_;
  std::vector<std::vector<double>> basis_;  // kept between solves
  std::size_t iterations_ = 0;
  int sign_ = 0;
  std::string obstacle_;
};

}  // namespace holon::solve

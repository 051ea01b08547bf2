// Static condensation (Schur complement): unknowns that stand in small blocks beside the others
// (elimination_plan.hpp) are eliminated block by block, and the kept ones are solved for by another solver.
//
//   A = [B E; C D], B = diag(B_1, B_2, ...):   S = D - sum_b C_b B_b^-1 E_b
//   S x_D = f_D - C B^-1 f_B,    x_B = B^-1 f_B - B^-1 E x_D
//
// Each B_b is a band matrix with row exchanges of its own, rows scaled by their largest entries, so that the
// solution is that of the whole to round-off. A group in which a block is singular is kept. (Guyan 1965;
// Saad, Iterative Methods for Sparse Linear Systems (2003), 14.2.)
#pragma once

#include "holon/solve/band_lu.hpp"
#include "holon/solve/elimination_plan.hpp"

#include <memory>
#include <string>
#include <vector>

namespace holon::solve {

class Condensation final : public MatrixSolver {
 public:
  /// `groups`: of each unknown, from 0 on without gaps. `rest` solves for what is kept.
  Condensation(std::vector<std::size_t> groups, std::unique_ptr<MatrixSolver> rest);
  bool factor(std::span<const MatrixEntry> entries, std::span<const double> sizes) override;
  std::optional<std::size_t> singular_column() const override;
  int determinant_sign() const override;
  bool solve(std::span<double> b) override;
  std::string obstacle() const override { return rest_->obstacle(); }
  std::size_t take_iterations() override { return rest_->take_iterations(); }
  std::string description() const override;
  std::size_t kept() const { return kept_.size(); }
  std::size_t blocks() const { return blocks_.size(); }
  /// The matrix of the kept unknowns, as it was last factored.
  std::span<const MatrixEntry> complement() const { return complement_; }
  const MatrixSolver& rest() const { return *rest_; }

 private:
  struct Coupling {
    std::size_t kept, row;  ///< row of the kept unknowns, place inside of the block
    std::size_t value;      ///< in values_
  };
  struct Block {
    BandShape shape;
    std::vector<std::size_t> unknowns, columns;  ///< its own; the kept ones that it reads
    std::vector<std::size_t> rows;               ///< the kept ones that read it
    std::vector<Coupling> couplings;             ///< C
    std::size_t band = 0, reads = 0;             ///< in values_: B, and E column by column
    BandFactors factors;
    std::vector<double> scale;  ///< of its rows
  };
  void arrange(std::size_t n, std::span<const MatrixEntry> entries);
  /// B_b^-1 f in place.
  void apply(const Block& block, std::span<double> f) const;
  /// The unknown without a pivot, if there is one.
  std::optional<std::size_t> eliminate(Block& block);

  std::vector<std::size_t> groups_;
  std::vector<bool> never_;
  std::unique_ptr<MatrixSolver> rest_;
  std::vector<MatrixPlace> places_;
  std::vector<std::size_t> slot_;  ///< of each entry: in values_, or beyond them in the complement
  std::vector<Block> blocks_;
  std::vector<std::size_t> kept_;
  std::vector<double> values_;
  std::vector<MatrixEntry> complement_;
  std::size_t entries_kept_ = 0;  ///< of the complement: those of D come first
  int sign_ = 0;
  std::vector<double> right_;  // of the kept
};

}  // namespace holon::solve

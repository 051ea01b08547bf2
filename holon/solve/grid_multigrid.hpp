// Geometric multigrid on boxes of sites, as a preconditioner:
//   (A x)_i = shift_i x_i + sum over the faces of i of conductance_face (x_i - x_neighbour).
//
// Pairs of sites along the strongly coupled axes become one (weakly coupled axes wait until they are not, so
// that thin and anisotropic grids work); conductances of the coarse faces are those of the fine ones between
// the pairs' centres, in series along the axis and in parallel across it, so that layers and holes are seen
// on all levels. Residuals are added up and corrections copied. Two Jacobi steps with the weights of
// Chebyshev's polynomial of degree 2 for the upper part of the spectrum smooth before, the same in reverse
// order after, so that a cycle is symmetric. The coarsest level is solved by Cholesky's factors.
//
// With a partition each rank does its own slab on the fine levels and fetches a plane on both sides before
// each product. From the level on where slabs are no whole pairs of planes, or thin, every rank does all.
// What comes out is the same to the last bit. (Trottenberg, Oosterlee & Schueller, Multigrid (2001), chapters
// 5 and 8.)
#pragma once

#include "holon/base/parallel.hpp"
#include "holon/base/partition.hpp"

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace holon::solve {

/// A box of sites, the first axis fastest.
struct GridSystem {
  std::array<std::size_t, 3> count{1, 1, 1};
  std::array<bool, 3> periodic{};
  std::vector<double> shift;  ///< not negative
  /// Of the face to the next site along each axis (periodic: of the last to the first; else 0 there).
  std::array<std::vector<double>, 3> conductance;
};

class GridMultigrid {
 public:
  GridMultigrid() = default;
  /// With `partition`, ranks share the sites; it is asked for as long as this lives.
  explicit GridMultigrid(GridSystem system, const Partition* partition = nullptr);
  /// out is about A^-1 in: one V-cycle. Symmetric and positive in the plain inner product. With a partition:
  /// of this rank's own sites, from `in` on them.
  void apply(std::span<const double> in, std::span<double> out, ThreadPool& threads);
  std::size_t levels() const { return levels_.size(); }

 private:
  struct Level {
    GridSystem system;
    std::vector<double> inverse_diagonal, x, b, r;
    std::array<bool, 3> halved{};    ///< along which axes the next level has pairs
    std::optional<Partition> share;  ///< where ranks share the level
    SiteRange own() const { return share ? share->own() : SiteRange{0, x.size()}; }
    SiteRange own_rows() const { return {own().begin / system.count[0], own().end / system.count[0]}; }
  };
  void share(const Partition& partition);
  static void refresh(Level& level, std::vector<double>& column);
  void cycle(std::size_t level, ThreadPool& threads);
  void factor_coarsest();
  void solve_coarsest(Level& level) const;

  const Partition* partition_ = nullptr;
  std::vector<Level> levels_;
  std::vector<double> factor_;  ///< of the coarsest matrix: lower triangle, row by row
};

}  // namespace holon::solve

// What a source smaller than the grid can resolve adds to what is sensed at its own surface, beyond what the
// grid shows.
#pragma once

#include "holon/space/lattice_green_function.hpp"
#include "holon/space/point_kernel.hpp"

#include <cstdint>
#include <memory>
#include <span>

namespace holon {

/// A cell of radius a that gives off q (amount per time) evenly over its surface has the concentration
/// q/(4 pi D a) there. A grid that senses and deposits with weights w shows q sum_jk w_j w_k G_{j-k} instead,
/// which depends on the spacing and on where in its voxel the cell is. The difference
///   R = 1/(4 pi D a (1 + a/lambda)) - sum_jk w_j w_k G_{j-k}
/// is exact on an unbounded lattice at any position, so that T c + R q is what the cell senses. The same
/// between two cells near each other: R_ij = 1/(4 pi D d_ij) - sum_jk w_ij w_jk G.
class SelfResponse {
 public:
  /// `reach`: the farthest that two sites of kernels are apart along an axis, in spacings.
  SelfResponse(const DiffusiveMedium& medium, int reach) : green_(medium, reach) {}
  const LatticeGreenFunction& green() const { return green_; }

  /// sum_jk v_j w_k G_{j-k}: what the grid shows at weights v of a unit source with weights w.
  double on_grid(const LatticeWeights& v, const LatticeWeights& w) const;
  /// sum_j w_j G_{j-k}: what the grid shows at weights w of a unit source in site k.
  double from_site(const LatticeWeights& w, const std::array<std::int64_t, 3>& site) const;
  /// R of a cell [concentration time / amount]; negative where the kernel shows more than the cell's surface.
  double self(const LatticeWeights& weights, double radius) const {
    return green_.surface_field(radius) - on_grid(weights, weights);
  }
  /// In space: R between the surface of one cell and a source on that of another at a distance, the cells
  /// seen as spheres that let the field through.
  double mutual(const LatticeWeights& v, double v_radius, const LatticeWeights& w, double w_radius,
                double distance) const;

 private:
  LatticeGreenFunction green_;
};

/// The mean of 1/max(r, b) over a sphere of radius a whose centre is d away: what a spherical shell of radius
/// b shows on another.
double shell_to_shell(double a, double b, double d);

}  // namespace holon

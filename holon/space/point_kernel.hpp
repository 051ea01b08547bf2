// How a field on a grid is seen from a point, and how what a point gives is spread over the grid.
#pragma once

#include "holon/space/space.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holon {

/// Weights of sites around a point, w_k >= 0 with sum w_k = 1 everywhere, also at sides, edges and corners.
/// In an irregular domain sites outside have none, and those inside share it in proportion.
///   nearest  the one site next to the point
///   linear   product over axes of (1 - |x_k - x|/(m h))/m, a tent over `width` m spacings to each side:
///            reproduces linear fields
///   sphere   the mean of the linear kernel over the surface of a sphere (circle, pair of points) of the
///            point's own radius: for a cell that is not small against the spacing; reproduces linear fields,
///            and turns into the linear kernel where the radius is small. Finite-size regularisation in the
///            sense of Peskin (Acta Numerica 11, 479 (2002)).
struct PointKernel {
  enum class Shape { nearest, linear, sphere };
  Shape shape = Shape::linear;
  int width = 1;
  bool operator==(const PointKernel&) const = default;
};
std::string_view name(PointKernel::Shape shape);

/// The weights on an unbounded lattice: a box of site indices (which may lie outside of the grid), x fastest.
struct LatticeWeights {
  std::array<std::int64_t, 3> low{};
  std::array<std::int64_t, 3> count{1, 1, 1};
  std::vector<double> weight;
};

/// The weights of one kernel on one grid.
class PointWeights {
 public:
  PointWeights(const GridSpace& grid, PointKernel kernel);

  /// Throws NumericalFailure where the point is not inside the grid's domain. `radius` matters to a sphere
  /// alone.
  void find(const Position& point, double radius, LatticeWeights& weights) const;
  /// The same as if all of the grid belonged to its domain.
  void find_in_box(const Position& point, double radius, LatticeWeights& weights) const;
  /// The index along an axis of the site next to a coordinate, which may lie outside like a box's. Throws
  /// NumericalFailure where the coordinate is not inside the grid.
  std::int64_t nearest_index(int axis, double x) const;
  /// The grid's site of an index along an axis that may lie outside: periodic axes close in themselves,
  /// other sides mirror, as if nothing passed them.
  std::size_t fold(int axis, std::int64_t index) const;
  const GridSpace& grid() const { return *grid_; }

 private:
  void check_inside(int axis, double coordinate) const;
  /// Takes the weights of sites outside of the domain away.
  void keep_inside(const Position& point, LatticeWeights& weights) const;
  struct Tent {
    std::int64_t low;
    int count;
    std::array<double, 16> weight;
  };
  double site_coordinate(int axis, double x) const;  ///< in spacings, 0 at the first site
  Tent tent(double site_coordinate) const;
  void add_product(const std::array<Tent, 3>& tents, double factor, LatticeWeights& weights) const;
  void find_sphere(const std::array<double, 3>& centre, double radius, LatticeWeights& weights) const;

  const GridSpace* grid_;
  PointKernel kernel_;
  bool irregular_ = false;  ///< the domain is a part of the grid
};

/// Whether a place belongs to a grid's domain: the site whose cell it is in does.
bool in_domain(const GridSpace& grid, const Position& place);

/// Directions and weights (sum 1) of a rule for means over the unit sphere (circle, pair of points) that is
/// symmetric in all axes and exact up to degree 2 n - 1.
struct SphereRule {
  std::vector<std::array<double, 3>> direction;
  std::vector<double> weight;
};
SphereRule sphere_rule(int dimensions, int n);

}  // namespace holon

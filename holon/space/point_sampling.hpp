// Between a grid and points: T samples a field at the points, T* spreads what they give as a density.
#pragma once

#include "holon/space/point_tents.hpp"
#include "holon/space/sparse_map.hpp"

#include <array>
#include <cstdint>
#include <span>

namespace holon {

/// Where the points are. All spans have one entry per point; axes that the grid does not have are not read.
struct PointCloud {
  std::array<std::span<const double>, 3> coordinate;
  std::span<const double> radius;    ///< empty: `same_radius` of all
  std::span<const std::int64_t> id;  ///< the order in which they are added up; empty: the order given
  double same_radius = 0.0;
  std::size_t size() const { return coordinate[0].size(); }
  double radius_of(std::size_t point) const { return radius.empty() ? same_radius : radius[point]; }
  Position place(std::size_t point, int axes) const;
};

/// (T f)_i = sum_k w_ik f_k with the weights of a kernel; points have measure 1. The adjoint turns amounts
/// per point into a density, (T* q)_k = sum_i w_ik q_i / volume_k, and loses nothing: sum_k volume_k (T* q)_k
/// = sum_i q_i.
class PointSampling final : public SparseMap {
 public:
  /// What stays as it is when points move.
  struct Steady {
    Measures volumes;  ///< of the grid's sites
    Measures ones;     ///< one per point
    Order order;       ///< of their ids; null: as they stand
  };
  PointSampling(const GridSpace& grid, PointKernel kernel, const PointCloud& points, ThreadPool& threads,
                const Steady& known);
  PointSampling(const GridSpace& grid, PointKernel kernel, const PointCloud& points, ThreadPool& threads)
      : PointSampling(grid, kernel, points, threads,
                      steady(std::make_shared<const std::vector<double>>(measures_of(grid)), points)) {}
  static Steady steady(Measures volumes, const PointCloud& points);

  void apply(std::span<const double> from, std::span<double> to, ThreadPool& threads) const override;
  void apply_adjoint(std::span<const double> to, std::span<double> from, ThreadPool& threads) const override;
  /// Null for kernels other than the linear one over one spacing, and on grids with a mask.
  const PointTents* tents() const { return tents_.get(); }

 private:
  PointSampling(std::shared_ptr<const PointTents> tents, const GridSpace& grid, PointKernel kernel,
                const PointCloud& points, ThreadPool& threads, const Steady& known);
  std::shared_ptr<const PointTents> tents_;
};

}  // namespace holon

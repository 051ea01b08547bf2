// Between a grid and points: T samples a field at the points, T* spreads what they give as a density.
#pragma once

#include "holon/space/point_kernel.hpp"
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
  /// `volumes`: measures of the grid's sites, where they are known already.
  PointSampling(const GridSpace& grid, PointKernel kernel, const PointCloud& points, ThreadPool& threads,
                std::shared_ptr<const std::vector<double>> volumes = nullptr);
};

}  // namespace holon

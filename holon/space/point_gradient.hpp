// The slope of a grid's field along an axis, as points see it.
#pragma once

#include "holon/space/point_sampling.hpp"

namespace holon {

/// (T f)_i = sum_k w_ik (d f)_k, the weights being those of a sampling and d the difference quotient along an
/// axis at each site: central between two neighbours, (f_k+1 - f_k-1)/(2 h), around a periodic axis too;
/// one-sided and of order 2 at a side (of order 1 where only one more site follows); zero where there is no
/// neighbour. Linear fields have their slope exactly everywhere, quadratic ones at the sites.
/// The adjoint takes amounts per point to pairs of sources and sinks on the grid: T 1 = 0, so that all of it
/// adds up to nothing.
class PointGradient final : public SparseMap {
 public:
  /// `sampling` is of the same grid. Throws InputError where the grid has no second site along the axis.
  PointGradient(const GridSpace& grid, int axis, const PointSampling& sampling);
};

}  // namespace holon

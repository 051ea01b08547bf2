// Points with the linear kernel over one spacing, kept so that a field is passed once: sorted into blocks of
// sites, and by what each needs, where it lies between its two sites along each axis.
//
// What points give is added up block by block, in a column of the block's own that stays in the nearest
// cache: first by the points in the block, then by those in the blocks below whose upper sites lie in it.
// Within each of these groups points follow the order of their ids. The order of all sums is thus a matter of
// where the points are and of their ids, not of how they lie in memory or of threads.
#pragma once

#include "holon/base/parallel.hpp"
#include "holon/space/point_kernel.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace holon {

struct PointCloud;

/// One number per point, or the same of all.
struct PerPoint {
  std::span<const double> each;  ///< empty: `same`
  double same = 0.0;
  double operator()(std::size_t point) const { return each.empty() ? same : each[point]; }
};

class PointTents {
 public:
  struct Tent {
    std::uint32_t site;      ///< its lower site along all axes
    std::uint32_t point;     ///< whose it is
    std::uint32_t in_block;  ///< the lower site in the block's column
    std::uint32_t closes;    ///< bit a: the upper site along axis a is not next to the lower one in memory
    std::array<double, 3> toward;  ///< weight of the upper site along each axis, 0 to 1
  };
  /// `order`: the points by their ids; empty: as they stand. Throws NumericalFailure where a point is not
  /// inside the grid.
  PointTents(const GridSpace& grid, const PointCloud& points, std::span<const std::size_t> order,
             ThreadPool& threads);

  std::span<const Tent> tents() const { return {tents_.get(), count_}; }
  std::size_t blocks() const { return across_[0] * across_[1] * across_[2]; }

  /// Calls visit(first site in the grid, first in the block's column, number of sites) for the lines along x
  /// that a block is made of.
  template <class Visit>
  void each_line(std::size_t block, Visit visit) const {
    const Box box = this->box(block);
    for (std::size_t z = 0; z < box.count[2]; ++z)
      for (std::size_t y = 0; y < box.count[1]; ++y)
        visit(box.first + y * stride_[1] + z * stride_[2],
              column_first_ + y * column_stride_[1] + z * column_stride_[2], box.count[0]);
  }
  std::size_t column_size() const { return column_size_; }
  static constexpr std::size_t largest_column = 1800;

  /// Whether any point reaches a block.
  bool reached(std::size_t block) const;
  /// column[k] += sum_i w_ik q_i over all points that reach the block. What stands beside the block's own
  /// sites in the column means nothing.
  void gather(std::size_t block, const PerPoint& q, double* column) const;

  /// sum_k w_k f_k.
  double sense(const Tent& tent, const double* f) const {
    if (tent.closes != 0) return sense_by_entries(tent, f);
    const double x1 = tent.toward[0], x0 = 1.0 - x1;
    const double y1 = tent.toward[1], y0 = 1.0 - y1;
    const double z1 = tent.toward[2], z0 = 1.0 - z1;
    const double* const near = f + tent.site;
    const double* const far = near + stride_[2];
    const std::size_t next = stride_[1];
    const double lower = (near[0] * y0 + near[next] * y1) * z0 + (far[0] * y0 + far[next] * y1) * z1;
    const double upper = (near[1] * y0 + near[next + 1] * y1) * z0 + (far[1] * y0 + far[next + 1] * y1) * z1;
    return lower * x0 + upper * x1;
  }

  /// The 2^axes sites and weights of a tent, x fastest.
  struct Entry {
    std::uint32_t site = 0;
    double weight = 0.0;
  };
  std::array<Entry, 8> entries(const Tent& tent) const;
  std::size_t entries_per_tent() const { return std::size_t{1} << axes_; }

 private:
  /// The sites of a block.
  struct Box {
    std::size_t first = 0;
    std::array<std::size_t, 3> count{1, 1, 1};
  };
  Box box(std::size_t block) const;
  /// Places in spacings along an axis, 0 at the first site, of points begin ... ; whether all are inside.
  bool places(const PointCloud& points, std::size_t axis, std::size_t begin, std::span<double> u) const;
  double sense_by_entries(const Tent& tent, const double* f) const;
  std::size_t width(std::size_t axis, std::size_t block) const;
  /// Calls visit(groups' block, groups whose points reach on along these axes, step in the column).
  template <class Visit>
  void each_block_below(std::size_t block, Visit visit) const;
  std::span<const Tent> group(std::size_t block, std::size_t reaches) const {
    const std::uint32_t* const begin = begin_.data() + 8 * block + reaches;
    return {tents_.get() + begin[0], begin[1] - begin[0]};
  }

  std::size_t axes_ = 0, count_ = 0;
  std::array<GridSpace::Axis, 3> axis_{};
  std::array<std::size_t, 3> sites_{1, 1, 1}, stride_{}, across_{1, 1, 1}, column_stride_{};
  std::array<unsigned, 3> shift_{};  ///< blocks are 2^shift sites wide
  double first_site_ = 0.0;          ///< in spacings from a grid's origin
  std::size_t column_first_ = 0, column_size_ = 1;
  std::unique_ptr<Tent[]> tents_;
  std::vector<std::uint32_t> begin_;  ///< of groups: eight per block, by the axes along which they reach on
};

}  // namespace holon

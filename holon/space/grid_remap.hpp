// Conservative transfer between two grids over the same domain.
#pragma once

#include "holon/space/linear_map.hpp"

#include <array>

namespace holon {

/// Every site stands for its cell: an interval of the spacing around a cell centre or a node (half of one on
/// a side). (T f)_i = sum_k |cell_i and cell_k| f_k / |cell_i|: the mean of the piecewise constant field over
/// the receiving cell, so that sum measure f is kept to round-off where both grids cover the same domain, and
/// constants stay constants. First order; the adjoint is the same transfer in the other direction. Applied
/// axis by axis.
class GridRemap final : public LinearMap {
 public:
  /// Throws InputError where the grids have different axes or don't cover the same domain.
  GridRemap(const GridSpace& from, const GridSpace& to);
  void apply(std::span<const double> from, std::span<double> to, ThreadPool& threads) const override;
  void apply_adjoint(std::span<const double> to, std::span<double> from, ThreadPool& threads) const override;
  std::vector<Entry> entries() const override;

 private:
  /// What of each cell along one axis lies in cells of the other grid's axis.
  struct AxisOverlap {
    std::size_t from = 1, to = 1;
    std::vector<std::size_t> begin;  ///< by receiving cell
    std::vector<std::size_t> site;
    std::vector<double> share;  ///< overlap / receiving cell
  };
  static AxisOverlap overlap(const GridSpace& from, const GridSpace& to, int axis);
  static void carry(const std::array<AxisOverlap, 3>& axes, std::span<const double> from,
                    std::span<double> to, ThreadPool& threads);
  std::array<AxisOverlap, 3> forth_, back_;
};

}  // namespace holon

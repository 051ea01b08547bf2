// What points smaller than the grid can resolve add to what they sense: each to itself, and each to the
// others nearby.
#pragma once

#include "holon/space/point_sampling.hpp"
#include "holon/space/self_response.hpp"

namespace holon {

/// Sensed concentration = T c + R q, where q is what each point gives off [amount/time] (what it takes up is
/// negative). R_ii is exact on an unbounded lattice at any position, R_ij up to the cells' own shadows (see
/// SelfResponse). Points further apart than `range` see each other as the grid shows it: there its error is
/// below 1 % of the field between them.
class PointResponses {
 public:
  enum class Neighbours { none, near };
  /// `medium.dimensions` and `.spacing` are taken from the grid. Neighbours are looked at in space alone
  /// (three axes).
  PointResponses(const GridSpace& grid, PointKernel kernel, const PointCloud& points, DiffusiveMedium medium,
                 Neighbours neighbours, ThreadPool& threads);

  /// sensed_i += factor * sum_j R_ij q_j.
  void add(std::span<const double> given, double factor, std::span<double> sensed, ThreadPool& threads) const;
  std::span<const double> self() const { return self_; }  ///< R_ii [time/length^dimensions]
  /// Calls visit(i, j, R_ij) for all that is not zero, point by point.
  template <class Visit>
  void each(Visit visit) const {
    for (std::size_t i = 0; i < self_.size(); ++i) {
      visit(i, i, self_[i]);
      each_neighbour(i, [&](std::size_t other, double response) { visit(i, other, response); });
    }
  }
  /// Calls visit(j, R_ij) for the neighbours of a point.
  template <class Visit>
  void each_neighbour(std::size_t point, Visit visit) const {
    for (std::size_t k = begin_[point]; k < begin_[point + 1]; ++k) visit(other_[k], mutual_[k]);
  }
  /// R_ii of what a point takes from its sites k in proportion to w_ik c_k, not to w_ik alone: sites that are
  /// emptier give less. `map` is that of the points and kernel that the responses were made for.
  double self_of_uptake(std::size_t point, const SparseMap& map, std::span<const double> c) const;
  /// d self_of_uptake / d c at the sites of the point, in the order of the map's entries.
  void self_of_uptake_slopes(std::size_t point, const SparseMap& map, std::span<const double> c,
                             std::span<double> slopes) const;
  /// sum over others j of R_ij q_j.
  double from_neighbours(std::size_t point, std::span<const double> given) const;

  /// How far neighbours are corrected for, beyond the sum of the two radii [spacings].
  static constexpr double range = 4.0;

 private:
  std::vector<double> self_;
  std::vector<double> shown_;       ///< by entry of the map: what the point sees of a unit source in the site
  std::vector<std::size_t> begin_;  ///< of a point's neighbours
  std::vector<std::uint32_t> other_;
  std::vector<double> mutual_;
};

}  // namespace holon

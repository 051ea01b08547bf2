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
  /// emptier give less.
  double self_of_uptake(std::size_t point, std::span<const double> c) const;
  /// Calls visit(site, d self_of_uptake / d c there) for the sites of a point; sites may come twice.
  template <class Visit>
  void each_slope_of_uptake(std::size_t point, std::span<const double> c, Visit visit) const {
    const Uneven uneven = this->uneven(point, c);
    if (!(uneven.sensed > 0.0)) return;
    for (const Shown& shown : shown_of(point))
      visit(shown.site, -shown.weight * (shown.response - uneven.response / uneven.sensed) / uneven.sensed);
  }
  /// sum over others j of R_ij q_j.
  double from_neighbours(std::size_t point, std::span<const double> given) const;

  /// How far neighbours are corrected for, beyond the sum of the two radii [spacings].
  static constexpr double range = 4.0;

 private:
  std::vector<double> self_;
  /// What a point sees of a unit source in one of its sites.
  struct Shown {
    std::uint32_t site;
    double weight, response;
  };
  std::span<const Shown> shown_of(std::size_t point) const {
    return std::span(shown_).subspan(first_shown_[point], first_shown_[point + 1] - first_shown_[point]);
  }
  /// Sums over a point's sites: of w c, of w times the response, and of w c times it.
  struct Uneven {
    double sensed = 0.0, evenly = 0.0, response = 0.0;
  };
  Uneven uneven(std::size_t point, std::span<const double> c) const;

  std::vector<std::size_t> first_shown_{0};
  std::vector<Shown> shown_;
  std::vector<std::size_t> begin_;  ///< of a point's neighbours
  std::vector<std::uint32_t> other_;
  std::vector<double> mutual_;
};

}  // namespace holon

// A linear transport operator on a grid: the sum of its axes' stencils and a decay,
//   (L u)_site = sum over axes of (A_axis u)_site - decay_site u_site   (+ data of the sides, + source),
// with the kernels that explicit and implicit steps are made of.
//
// Nodes on sides of given value are held: their rows are empty, and whoever steps sets them. All kernels act
// on the free sites, a box. Every site's arithmetic is the same whichever thread does it, and sums are taken
// in a fixed order.
#pragma once

#include "holon/base/parallel.hpp"
#include "holon/space/space.hpp"
#include "holon/transport/axis_stencil.hpp"

#include <array>
#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace holon::transport {

/// The data g of all sides, one column per side over the sites of its plane (lower axis fastest); empty where
/// a side has none.
struct SideData {
  std::array<std::array<std::vector<double>, 2>, 3> side;
};

/// One neighbour of a site in the assembled operator.
struct Entry {
  std::size_t site;
  double value;
};

class GridOperator {
 public:
  GridOperator() = default;
  /// One stencil per axis of the grid; `decay` [1/time].
  GridOperator(const GridSpace& grid, std::vector<AxisStencil> axes, double decay);

  int dimensions() const { return static_cast<int>(axes_.size()); }
  const AxisStencil& axis(int a) const { return axes_[static_cast<std::size_t>(a)]; }
  std::size_t count(int a) const { return count_[static_cast<std::size_t>(a)]; }
  std::size_t sites() const { return count_[0] * count_[1] * count_[2]; }
  std::size_t stride(int a) const { return stride_[static_cast<std::size_t>(a)]; }
  double decay() const { return decay_; }
  /// A decay that varies from site to site [1/time], instead of the uniform one.
  void set_decay(std::vector<double> by_site);
  const std::vector<double>& decay_by_site() const { return decay_by_site_; }
  bool decays() const { return decay_ != 0.0 || !decay_by_site_.empty(); }
  bool has_held_sites() const;
  /// Nothing passes any side whatever the data: periodic, or a flux that is a datum.
  bool closed() const;

  /// Bound on |eigenvalues|, decay included.
  double spectral_bound() const;
  /// Largest diagonal entry in magnitude, decay included.
  double largest_diagonal() const;
  /// The site's row: neighbours and itself.
  std::vector<Entry> row(std::size_t site) const;

  struct StageWeights {
    double previous = 0.0;  ///< of what stands in `out`
    double value = 1.0;     ///< of u
    double rate = 0.0;      ///< of L u
  };
  /// out = previous out + value u + rate (L u) at the free sites, without data of sides.
  void stage(std::span<const double> u, StageWeights weights, std::span<double> out,
             ThreadPool& threads) const;
  /// out += factor A_axis u at the free sites (no decay, no data).
  void add_axis(int axis, std::span<const double> u, double factor, std::span<double> out,
                ThreadPool& threads) const;
  /// out += factor * data of the sides of an axis.
  void add_data(int axis, const SideData& data, double factor, std::span<double> out) const;
  /// Calls body(begin, end) for the free sites of each row along x, shared out over threads.
  void for_free_rows(ThreadPool& threads, const std::function<void(std::size_t, std::size_t)>& body) const;
  /// out += L^T w: the transpose, held sites' columns included.
  void add_transpose(std::span<const double> w, std::span<double> out) const;

  /// sum over free sites of measure * value (* weight, if not empty).
  double content(std::span<const double> u, std::span<const double> weight, ThreadPool& threads) const;
  /// Flux into the domain through one side, over the free sites of its plane.
  double influx(int axis, int side, std::span<const double> u, const SideData& data) const;
  /// Sets the nodes that a side holds to its datum; returns the content that this brought in. A node on
  /// several held sides belongs to the first of x_min, x_max, y_min, y_max, z_min, z_max.
  double impose(int axis, int side, const SideData& data, std::span<double> u) const;
  bool holds(int axis, int side) const {
    return axis < dimensions() && axes_[static_cast<std::size_t>(axis)].held[static_cast<std::size_t>(side)];
  }

  double measure(std::size_t i, std::size_t j, std::size_t k) const {
    return width_[0][i] * width_[1][j] * width_[2][k];
  }
  std::size_t first_free(int a) const { return a < dimensions() ? axis(a).first_free() : 0; }
  std::size_t end_free(int a) const { return a < dimensions() ? axis(a).end_free() : 1; }

  /// Visits the sites of a side's plane: body(position in the plane, site of layer 0, area), for the plane's
  /// free sites, or for the nodes that the side holds.
  enum class Plane { free, held };
  void visit_side(int axis, int side, Plane plane,
                  const std::function<void(std::size_t, std::size_t, double)>& body) const;

 private:
  template <int reach>
  void stage_row(std::span<const double> u, StageWeights weights, std::span<double> out, std::size_t row,
                 std::size_t begin, std::size_t end) const;

  std::vector<AxisStencil> axes_;
  std::array<std::size_t, 3> count_{1, 1, 1}, stride_{1, 1, 1};
  std::array<std::vector<double>, 3> width_;
  double decay_ = 0.0;
  std::vector<double> decay_by_site_;
};

}  // namespace holon::transport

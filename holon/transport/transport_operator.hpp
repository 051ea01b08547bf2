// A linear operator of transport on a grid, whatever it is made of,
//   (L u)_site = exchange with neighbours and sides - decay_site u_site   (+ data of the sides, + source),
// with what every scheme asks of it: kernels over all sites, contents and fluxes through the sides.
//
// Nodes on sides of given value are held: their rows are empty, and whoever steps sets them. All kernels act
// on the free sites, a box, or on those of whole planes of it (keep_to). Every site's arithmetic is the same
// whichever thread does it, and sums are taken in a fixed order.
#pragma once

#include "holon/base/parallel.hpp"
#include "holon/space/space.hpp"

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

class TransportOperator {
 public:
  virtual ~TransportOperator() = default;

  int dimensions() const { return dimensions_; }
  std::size_t count(int a) const { return count_[static_cast<std::size_t>(a)]; }
  std::size_t sites() const { return count_[0] * count_[1] * count_[2]; }
  std::size_t stride(int a) const { return stride_[static_cast<std::size_t>(a)]; }
  bool periodic(int a) const { return periodic_[static_cast<std::size_t>(a)]; }
  /// Width of a site's cell along an axis; on radial grids the volume of its shell.
  double width(int a, std::size_t i) const { return width_[static_cast<std::size_t>(a)][i]; }
  double measure(std::size_t site) const {
    const auto i = indices(site);
    return width_[0][i[0]] * width_[1][i[1]] * width_[2][i[2]];
  }
  std::array<std::size_t, 3> indices(std::size_t site) const {
    return {site % count_[0], site / count_[0] % count_[1], site / (count_[0] * count_[1])};
  }
  /// The number of a site's line across a side, in the plane of the side (lower axis fastest).
  std::size_t face_of(int axis, std::size_t site) const {
    const auto i = indices(site);
    const std::size_t low = axis == 0 ? 1 : 0, high = axis == 2 ? 1 : 2;
    return i[low] + i[high] * count_[low];
  }
  bool holds(int axis, int side) const {
    return held_[static_cast<std::size_t>(axis)][static_cast<std::size_t>(side)];
  }
  bool has_held_sites() const;
  std::size_t first_free(int a) const { return holds(a, 0) ? 1 : 0; }
  std::size_t end_free(int a) const { return count(a) - (holds(a, 1) ? 1 : 0); }

  double decay() const { return decay_; }
  /// A decay that varies from site to site [1/time], instead of the uniform one.
  void set_decay(std::vector<double> by_site);
  const std::vector<double>& decay_by_site() const { return decay_by_site_; }
  bool decays() const { return decay_ != 0.0 || !decay_by_site_.empty(); }
  double largest_decay() const;
  double least_decay() const;

  /// Bound on |eigenvalues|, decay included.
  virtual double spectral_bound() const = 0;
  /// Largest diagonal entry in magnitude, decay included.
  virtual double largest_diagonal() const = 0;
  /// The site's row: neighbours and itself.
  virtual std::vector<Entry> row(std::size_t site) const = 0;

  struct StageWeights {
    double previous = 0.0;  ///< of what stands in `out`
    double value = 1.0;     ///< of u
    double rate = 0.0;      ///< of L u
  };
  /// out = previous out + value u + rate (L u) at the free sites, without data of sides.
  virtual void stage(std::span<const double> u, StageWeights weights, std::span<double> out,
                     ThreadPool& threads) const = 0;
  /// out += factor * data of all sides.
  virtual void add_all_data(const SideData& data, double factor, std::span<double> out,
                            ThreadPool& threads) const = 0;
  /// out += L^T w: the transpose, held sites' columns included.
  virtual void add_transpose(std::span<const double> w, std::span<double> out, ThreadPool& threads) const = 0;
  /// Flux into the domain through one side, over the free sites of its plane.
  virtual double influx(int axis, int side, std::span<const double> u, const SideData& data) const = 0;

  /// From now on all kernels write the rows of these sites alone, sums go over them and sides are visited at
  /// them: whole planes across the last axis. What lies next to them is read.
  void keep_to(SiteRange sites);
  /// The sites that kernels write.
  SiteRange kept() const { return kept_; }

  /// Calls body(begin, end) for the free sites of each row along x, shared out over threads.
  void for_free_rows(ThreadPool& threads, const std::function<void(std::size_t, std::size_t)>& body) const;
  /// What sites hold per value and measure: 1 where it is empty.
  const std::vector<double>& capacity() const { return capacity_; }
  /// sum over free sites of capacity * measure * value (* weight, if not empty).
  double content(std::span<const double> u, std::span<const double> weight, ThreadPool& threads) const;
  /// Sets the nodes that a side holds to its datum; returns the content that this brought in. A node on
  /// several held sides belongs to the first of x_min, x_max, y_min, y_max, z_min, z_max.
  double impose(int axis, int side, const SideData& data, std::span<double> u) const;

  /// Visits the sites of a side's plane: body(position in the plane, site of layer 0, area), for the plane's
  /// free sites, or for the nodes that the side holds.
  enum class Plane { free, held };
  void visit_side(int axis, int side, Plane plane,
                  const std::function<void(std::size_t, std::size_t, double)>& body) const;

 protected:
  /// Rows along x of the sites that kernels write.
  void set_capacity(std::vector<double> by_site) { capacity_ = std::move(by_site); }
  SiteRange kept_rows() const { return {kept_.begin / count_[0], kept_.end / count_[0]}; }
  TransportOperator() = default;
  /// `held[axis][side]`: sides whose nodes are held at the datum; `decay` [1/time].
  TransportOperator(const StructuredSpace& grid, const std::array<std::array<bool, 2>, 3>& held,
                    double decay);

 private:
  /// Of a row's sites [begin, end).
  double row_content(std::size_t row, std::size_t begin, std::size_t end, std::span<const double> u,
                     std::span<const double> weight) const;
  int dimensions_ = 0;
  std::array<std::size_t, 3> count_{1, 1, 1}, stride_{1, 1, 1};
  std::array<bool, 3> periodic_{};
  std::array<std::array<bool, 2>, 3> held_{};
  std::array<std::vector<double>, 3> width_;
  double decay_ = 0.0;
  std::vector<double> decay_by_site_, capacity_;
  SiteRange kept_;
};

}  // namespace holon::transport

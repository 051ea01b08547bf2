// The operator of diffusion whose coefficients vary from place to place, along axes or along fibres,
//   capacity du/dt = div(D grad u) - decay u,
// on all sites of a grid or on those inside a mask. Order 2; every rate is a difference of face fluxes, so
// that contents are kept to round-off.
//
// Along one axis the flux through the face between two sites is that of their resistances in series: D_face
// is the harmonic mean of D at both, which is exact for layers that meet at the face. Off-axis tensors: with
// s_a = sqrt(D_aa at the face)/h_a, edge gradients e_a = s_a (difference of u along a) and their means at the
// sites, <e_a>, the energy is
//   E = 1/2 sum over faces of e_a^2 + sum over sites of sum_{a<b} r_ab <e_a> <e_b>,   r_ab = D_ab / sqrt(D_aa
//   D_bb),
// weighted with volumes. It is positive wherever D is (the mean over a site's corners of the form that D is
// there), and where D is diagonal it is the scheme of face fluxes above. The flux through a face is
//   F_a = s_a h_a (e_a + (c_a + c_a')/2),   c_a = sum_b r_ab <e_b>  at the sites on both sides,
// so the operator is symmetric in the product weighted with measure and capacity, and its stencil has the 9
// (19 in three dimensions) nearest sites. On cells the gradient across a wall that nothing (or a given flux)
// passes is an unknown of the cell beside it, which the energy's minimum determines; where a mask ends inside
// the grid the gradient across its border counts as zero instead.
#pragma once

#include "holon/base/column_memory.hpp"
#include "holon/space/pieces.hpp"
#include "holon/transport/axis_stencil.hpp"
#include "holon/transport/transport_operator.hpp"

#include <array>
#include <optional>
#include <span>
#include <vector>

namespace holon::transport {

/// Coefficients at the sites of a grid.
struct SiteCoefficients {
  std::array<std::vector<double>, 3> diagonal;  ///< D_xx, D_yy, D_zz [capacity length^2/time]
  /// D at the faces to the next site along an axis, where more is known than the values on both sides.
  std::array<std::vector<double>, 3> face;
  std::array<std::vector<double>, 3> cross;  ///< D_xy, D_xz, D_yz; all empty where D is diagonal everywhere
  std::vector<double> capacity;              ///< empty: 1 everywhere
  std::vector<char> inside;                  ///< empty: all sites
};

class FluxOperator final : public TransportOperator {
 public:
  using SideRules = std::array<std::array<SideRule, 2>, 3>;
  FluxOperator(const StructuredSpace& grid, const SiteCoefficients& coefficients, const SideRules& rules,
               double decay);

  /// Whether all inner intervals of an axis are the same.
  bool uniform() const { return uniform_; }
  bool has_cross_terms() const { return !correlation_[0].empty(); }
  /// Measure times capacity: the weight in which the operator is symmetric.
  double weight(std::size_t site) const {
    return measure(site) * (capacity().empty() ? 1.0 : capacity()[site]);
  }
  bool has_mask() const { return !inside_.empty(); }
  bool inside(std::size_t site) const { return inside_.empty() || inside_[site] != 0; }
  /// Flux through the face to the next site along an axis per difference of values and area, without cross
  /// terms.
  double conductance(int axis, std::size_t site) const;
  /// Flux through the site's walls across an axis per value and measure, without cross terms: of sides of
  /// given value or exchange.
  double wall_rate(int axis, std::size_t site) const;
  /// Whether the site has a row: inside, and not held.
  bool is_free(std::size_t site) const;
  double inverse_capacity(std::size_t site) const {
    return inverse_capacity_.empty() ? 1.0 : inverse_capacity_[site];
  }

  double spectral_bound() const override { return bound_ + largest_decay(); }
  double largest_diagonal() const override { return diagonal_ + largest_decay(); }
  std::vector<Entry> row(std::size_t site) const override;
  void stage(std::span<const double> u, StageWeights weights, std::span<double> out,
             ThreadPool& threads) const override;
  void add_all_data(const SideData& data, double factor, std::span<double> out,
                    ThreadPool& threads) const override;
  void add_transpose(std::span<const double> w, std::span<double> out, ThreadPool& threads) const override;
  double influx(int axis, int side, std::span<const double> u, const SideData& data) const override;
  /// The values on the faces of a side, from those of the sites behind them and what passes, of order 2; not
  /// for cells with cross terms. Sites outside the mask give their own values.
  void face_values(int axis, int side, std::span<const double> u, const SideData& data,
                   std::span<double> out) const;
  /// out += factor * data of the sides of an axis, without cross terms.
  void add_axis_data(int axis, const SideData& data, double factor, std::span<double> out) const;

 private:
  /// Which rows a kernel writes: the free ones, or all, as if no node were held.
  enum class Rows { free, all };
  struct Pass {
    std::span<const double> u;
    StageWeights weights;
    std::span<double> out;
    Rows rows;
    const SideData* data;  ///< null: all zero
  };
  void run(const Pass& pass, ThreadPool& threads) const;
  void run_rows(const Pass& pass, ThreadPool& threads) const;
  void run_slabs(const Pass& pass, ThreadPool& threads) const;
  void axis_row(const Pass& pass, std::size_t row, std::size_t begin, std::size_t end) const;
  void couple_slab(const Pass& pass, std::size_t slab, std::array<double*, 3> coupling) const;
  void flux_slab(const Pass& pass, std::size_t slab,
                 const std::array<std::array<const double*, 3>, 3>& coupling) const;
  double wall_rate(std::size_t site) const;
  /// Adds what passes the walls of a row's sites: `coupling` (of the row) only with cross terms.
  void add_walls(const Pass& pass, std::size_t row, std::size_t begin, std::size_t end,
                 const std::array<const double*, 3>& coupling) const;

  struct Wall {
    std::vector<double> conductance;  ///< per site of the plane [length/time]; of given values and exchanges
    std::vector<double> resistance;   ///< of cells: of the way to the face; a flux through it per difference
    std::vector<double> root;         ///< sqrt(D_aa) of the cells beside it, where cross terms need it
    SideRule::Kind kind = SideRule::Kind::flux;
    double area = 1.0;  ///< for each site of the plane
    bool open = false;  ///< something may pass
  };
  const Wall& wall(int axis, int side) const {
    return walls_[static_cast<std::size_t>(axis)][static_cast<std::size_t>(side)];
  }
  std::size_t plane_position(int axis, const std::array<std::size_t, 3>& index) const;
  std::optional<std::size_t> next(int axis, std::size_t site, const std::array<std::size_t, 3>& index) const;
  std::optional<std::size_t> previous(int axis, std::size_t site,
                                      const std::array<std::size_t, 3>& index) const;

  // One site at a time; `value(site)` gives u.
  template <class Value>
  std::array<double, 3> coupling_at(std::size_t site, const std::array<std::size_t, 3>& index, Value value,
                                    const SideData* data) const;
  template <class Value>
  double face_flux(int axis, std::size_t site, std::size_t other, Value value, const SideData* data) const;
  template <class Value>
  double wall_flux(int axis, int side, std::size_t site, Value value, const SideData* data) const;

  void set_faces(const StructuredSpace& grid, const SiteCoefficients& coefficients);
  void set_walls(const StructuredSpace& grid, const SiteCoefficients& coefficients, const SideRules& rules);
  void set_bounds();

  bool cells_ = false;
  bool uniform_ = true;  ///< all inner intervals of an axis are the same
  std::array<double, 3> spacing_{1.0, 1.0, 1.0};
  /// Of the face to the next site (periodic: of the last to the first; else zero there): the conductance D/h,
  /// or with cross terms s = sqrt(D)/h.
  std::array<Column<double>, 3> face_;
  std::array<Column<double>, 3> correlation_;  ///< half of r_xy, r_xz, r_yz; with cross terms
  std::array<std::array<Wall, 2>, 3> walls_;
  std::vector<double> inverse_capacity_;
  std::vector<char> inside_;
  std::vector<double> no_faces_;  ///< a row of zeros
  double bound_ = 0.0, diagonal_ = 0.0, largest_correlation_ = 1.0;
};

}  // namespace holon::transport

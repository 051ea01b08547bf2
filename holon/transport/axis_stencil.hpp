// One axis of a transport operator: how a site's rate follows from its neighbours along a line of a grid.
//
// A line has `count` sites (nodes or cells) at one spacing h. Every row is written in differences,
//   (A u)_i = sum_k coefficient_k (u_{i + offset_k} - u_i) - exchange_i u_i + sum_s data_{i,s} g_s,
// with g_s the datum of side s (0: the axis' low end, 1: its high end), so that a constant field gives
// exactly zero wherever nothing is exchanged. Rows are differences of face fluxes divided by the width of the
// site's cell (h; h/2 for a node on a side), so sum_i width_i (A u)_i is what enters through the sides, to
// round-off.
#pragma once

#include "holon/space/space.hpp"

#include <array>
#include <cstddef>
#include <vector>

namespace holon::transport {

/// A line of sites.
struct Line {
  std::size_t count = 1;
  double spacing = 1.0;
  StructuredSpace::Sites arrangement = StructuredSpace::Sites::cells;
  bool periodic = false;
  /// Width of a site's cell: the spacing; half of it for a node on a side.
  double width(std::size_t i) const;
};
Line line_along(const StructuredSpace& grid, int axis);

/// What holds at one side of a line.
struct SideRule {
  enum class Kind {
    flux,     ///< the flux into the domain is the side's datum (zero flux: datum 0)
    value,    ///< the value is the side's datum
    exchange  ///< flux into the domain = transfer (datum - u)
  };
  Kind kind = Kind::flux;
  double transfer = 0.0;  ///< [length/time], of an exchange
};

struct StencilRow {
  int count = 0;  ///< of neighbours
  std::array<std::ptrdiff_t, 4> offset{};
  std::array<double, 4> coefficient{};
  double exchange = 0.0;
  std::array<double, 2> data{};
};

/// Flux into the domain through a side, per area: sum_l site_l u_l + data g, with u_l the values at the
/// side's l-th layer of sites, counted from the side. For a held side it is the flux from the held layer into
/// the next.
struct SideFlux {
  std::array<double, 4> site{};
  double data = 0.0;
  bool none() const { return site == std::array<double, 4>{} && data == 0.0; }
};

struct AxisStencil {
  Line line;
  int reach = 1;  ///< how far off the neighbours are: 1 or 2
  std::vector<StencilRow> rows;
  /// Interior coefficients of the offsets -1, +1 (reach 1) or -2, -1, +1, +2 (reach 2).
  std::array<double, 4> interior{};
  std::array<SideFlux, 2> side;
  /// Sides whose nodes are held at the datum: their rows are empty.
  std::array<bool, 2> held{};
  double spectral_bound = 0.0;  ///< of |eigenvalues|
  std::size_t first_free() const { return held[0] ? 1 : 0; }
  std::size_t end_free() const { return line.count - (held[1] ? 1 : 0); }
  /// Largest diagonal entry in magnitude: a forward Euler step up to its reciprocal keeps values positive if
  /// no coefficient is negative.
  double largest_diagonal() const;
};

/// div(D grad u) along one axis.
///
/// Order 2: face fluxes D (u_{i+1} - u_i)/h; a cell at a side of given value or exchange sees it across half
/// a cell. Order 4: F_{i+1/2} = D (-u_{i+2} + 15 u_{i+1} - 15 u_i + u_{i-1})/(12 h); ghosts are mirrored at
/// zero-flux sides and, at sides of given value, cubic extrapolations through the value, which keep the
/// order: the truncation error is of second order at one or two sites next to the side, which costs two
/// orders less in the solution (Gustafsson 1975; Svärd & Nordström 2006). A flux other than zero and an
/// exchange need order 2: the caller refuses them. Least number of sites: 2 (order 2), 6 (order 4).
AxisStencil diffusion_stencil(const Line& line, double diffusivity, int order,
                              const std::array<SideRule, 2>& sides);

/// -d(v u)/dx by first-order upwind fluxes. A side through which the flow enters takes its datum as the value
/// carried in; elsewhere the flow leaves freely. The order in space is 1.
AxisStencil upwind_stencil(const Line& line, double velocity);

/// The least number of sites along an axis that a diffusion stencil of that order needs.
std::size_t least_sites(int order);

}  // namespace holon::transport

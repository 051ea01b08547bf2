#include "holon/transport/flux_operator.hpp"

#include "holon/base/error.hpp"
#include "holon/engine/state.hpp"
#include "holon/transport/flux_sites.hpp"

#include <algorithm>
#include <cmath>

namespace holon::transport {

namespace {

std::array<std::array<bool, 2>, 3> held_sides(const StructuredSpace& grid,
                                              const FluxOperator::SideRules& rules) {
  std::array<std::array<bool, 2>, 3> held{};
  if (grid.arrangement() == StructuredSpace::Sites::nodes)
    for (std::size_t a = 0; a < static_cast<std::size_t>(grid.dimensions()); ++a)
      for (std::size_t s = 0; s < 2; ++s)
        held[a][s] = !grid.periodic(static_cast<int>(a)) && rules[a][s].kind == SideRule::Kind::value;
  return held;
}

/// Of two stretches in series, `share` of the way in a and the rest in b.
double harmonic_mean(double a, double share, double b) {
  return a == 0.0 || b == 0.0 ? 0.0 : a * b / (share * b + (1.0 - share) * a);
}

/// Largest eigenvalue of the symmetric matrix with ones on its diagonal and r_xy, r_xz, r_yz beside it.
double largest_eigenvalue(double xy, double xz, double yz) {
  // 1 + m with m^3 - q m - 2 p = 0, three real roots.
  const double q = xy * xy + xz * xz + yz * yz, p = xy * xz * yz;
  if (q == 0.0) return 1.0;
  const double r = std::sqrt(q / 3.0);
  return 1.0 + 2.0 * r * std::cos(std::acos(std::clamp(p / (r * r * r), -1.0, 1.0)) / 3.0);
}

}  // namespace

FluxOperator::FluxOperator(const StructuredSpace& grid, const SiteCoefficients& coefficients,
                           const SideRules& rules, double decay)
    : TransportOperator(grid, held_sides(grid, rules), decay),
      cells_(grid.arrangement() == StructuredSpace::Sites::cells),
      uniform_(grid.uniform()),
      inside_(coefficients.inside),
      no_faces_(grid.count(0), 0.0) {
  for (int a = 0; a < dimensions(); ++a) {
    const auto n = static_cast<std::size_t>(a);
    spacing_[n] = grid.least_spacing(a);
    require(coefficients.diagonal[n].size() == sites(), "coefficients have one value per site");
    require(count(a) >= (periodic(a) ? 3U : 1U), "a periodic axis has at least three sites");
  }
  if (!coefficients.capacity.empty()) {
    inverse_capacity_.resize(sites());
    for (std::size_t site = 0; site < sites(); ++site)
      inverse_capacity_[site] = 1.0 / coefficients.capacity[site];
    set_capacity(coefficients.capacity);
  }
  require(uniform_ || (dimensions() == 1 && cells_), "axes that are not uniform stand alone");
  set_faces(grid, coefficients);
  set_walls(grid, coefficients, rules);
  set_bounds();
}

void FluxOperator::set_faces(const StructuredSpace& grid, const SiteCoefficients& coefficients) {
  const bool tensor = !coefficients.cross[0].empty();
  for (int a = 0; a < dimensions(); ++a) {
    const auto n = static_cast<std::size_t>(a);
    face_[n].assign(sites(), 0.0);
    const std::vector<double>&d = coefficients.diagonal[n], &known = coefficients.face[n];
    for (std::size_t site = 0; site < sites(); ++site) {
      const auto index = indices(site);
      const auto other = next(a, site, index);
      if (!other || !inside(site) || !inside(*other)) continue;
      const double h = grid.distance_to_next(a, index[n]);
      const double mean =
          known.empty() ? harmonic_mean(d[site], grid.share_to_next(a, index[n]), d[*other]) : known[site];
      face_[n][site] = tensor ? std::sqrt(mean) / h : mean / h;
    }
  }
  if (!tensor) return;
  for (std::size_t pair = 0; pair < 3; ++pair) correlation_[pair].assign(sites(), 0.0);
  const std::array<std::array<std::size_t, 2>, 3> axes{{{0, 1}, {0, 2}, {1, 2}}};
  for (std::size_t pair = 0; pair < 3; ++pair) {
    const auto [a, b] = axes[pair];
    if (coefficients.cross[pair].empty() || static_cast<int>(b) >= dimensions()) continue;
    for (std::size_t site = 0; site < sites(); ++site)
      if (inside(site))
        correlation_[pair][site] = 0.5 * coefficients.cross[pair][site] /
                                   std::sqrt(coefficients.diagonal[a][site] * coefficients.diagonal[b][site]);
  }
  for (std::size_t site = 0; site < sites(); ++site)
    largest_correlation_ = std::max(
        largest_correlation_, largest_eigenvalue(2.0 * correlation_[0][site], 2.0 * correlation_[1][site],
                                                 2.0 * correlation_[2][site]));
}

void FluxOperator::set_walls(const StructuredSpace& grid, const SiteCoefficients& coefficients,
                             const SideRules& rules) {
  for (int a = 0; a < dimensions(); ++a)
    for (int side = 0; side < 2; ++side) {
      const auto n = static_cast<std::size_t>(a), s = static_cast<std::size_t>(side);
      Wall& w = walls_[n][s];
      const SideRule& rule = rules[n][s];
      w.kind = rule.kind;
      if (!grid.has_side(a, side) || holds(a, side)) continue;
      w.area = grid.side_area(a, side);
      w.open = rule.kind != SideRule::Kind::flux;
      w.conductance.assign(sites() / count(a), 0.0);
      if (cells_) w.resistance.assign(sites() / count(a), 0.0);
      if (cells_ && has_cross_terms()) w.root.assign(sites() / count(a), 0.0);
      visit_side(a, side, Plane::held, [&](std::size_t position, std::size_t site, double) {
        // Plane::held visits what no lower axis holds; the rest has no row of its own.
        if (!inside(site)) return;
        const double d = coefficients.diagonal[n][site], half = grid.distance_to_side(a, side);
        if (!w.root.empty()) w.root[position] = std::sqrt(d);
        if (cells_ && d > 0.0) w.resistance[position] = half / d;
        if (rule.kind == SideRule::Kind::value) w.conductance[position] = d / half;
        // A cell sees the outside through the transfer and half a cell in series.
        if (rule.kind == SideRule::Kind::exchange)
          w.conductance[position] =
              w.area * (cells_ ? rule.transfer / (1.0 + half * w.area * rule.transfer / d) : rule.transfer);
      });
    }
}

double FluxOperator::conductance(int axis, std::size_t site) const {
  const auto n = static_cast<std::size_t>(axis);
  const double f = face_[n][site];
  return has_cross_terms() ? f * f * spacing_[n] : f;
}

double FluxOperator::wall_rate(int axis, std::size_t site) const {
  const auto index = indices(site);
  const std::size_t i = index[static_cast<std::size_t>(axis)];
  double rate = 0.0;
  for (int side = 0; side < 2; ++side)
    if (wall(axis, side).open && i == (side == 0 ? 0 : count(axis) - 1))
      rate += wall(axis, side).conductance[plane_position(axis, index)] / width(axis, i);
  return rate;
}

double FluxOperator::wall_rate(std::size_t site) const {
  double rate = 0.0;
  for (int a = 0; a < dimensions(); ++a) rate += wall_rate(a, site);
  return rate;
}

bool FluxOperator::is_free(std::size_t site) const {
  const auto index = indices(site);
  for (int a = 0; a < dimensions(); ++a)
    if (index[static_cast<std::size_t>(a)] < first_free(a) ||
        index[static_cast<std::size_t>(a)] >= end_free(a))
      return false;
  return inside(site);
}

void FluxOperator::set_bounds() {
  // Without cross terms: Gershgorin's theorem, row by row. With them: the energy is at most that of the faces
  // plus (lambda - 1) sum <e_a>^2, lambda the largest eigenvalue of the correlations; for lines of one D the
  // second part is at most a quarter of the first's bound; where a site on a side has one edge, or half an
  // edge to its wall, at most a half.
  double largest_row = 0.0;
  for (std::size_t site = 0; site < sites(); ++site) {
    const auto index = indices(site);
    double between = 0.0;
    for (int a = 0; a < dimensions(); ++a) {
      const auto before = previous(a, site, index);
      double sum = conductance(a, site);
      if (before) sum += conductance(a, *before);
      between += sum / width(a, index[static_cast<std::size_t>(a)]);
    }
    const double out = wall_rate(site), scale = inverse_capacity(site);
    largest_row = std::max(largest_row, (2.0 * between + out) * scale);
    diagonal_ = std::max(diagonal_, (between + out) * scale);
  }
  bound_ = largest_row;
  if (!has_cross_terms()) return;
  double fastest = 0.0;
  bool half_edges = false;
  for (int a = 0; a < dimensions(); ++a) {
    double most = 0.0;
    for (std::size_t site = 0; site < sites(); ++site) {
      const auto other = next(a, site, indices(site));
      if (other)
        most =
            std::max(most, conductance(a, site) * std::max(inverse_capacity(site), inverse_capacity(*other)));
    }
    fastest += 4.0 * most / spacing_[static_cast<std::size_t>(a)];
    for (int side = 0; side < 2; ++side)
      half_edges = half_edges || (!periodic(a) && (!cells_ || wall(a, side).open));
  }
  bound_ = std::max(bound_, fastest) * (1.0 + (half_edges ? 0.5 : 0.25) * (largest_correlation_ - 1.0));
}

std::vector<Entry> FluxOperator::row(std::size_t site) const {
  std::vector<Entry> entries;
  const auto index = indices(site);
  for (int a = 0; a < dimensions(); ++a)
    if (index[static_cast<std::size_t>(a)] < first_free(a) ||
        index[static_cast<std::size_t>(a)] >= end_free(a))
      return entries;
  // Along every axis the site before, itself and the next; all their combinations with cross terms.
  std::vector<std::size_t> near{site};
  for (int a = 0; a < dimensions(); ++a) {
    const std::vector<std::size_t> known = has_cross_terms() ? near : std::vector<std::size_t>{site};
    for (const std::size_t centre : known) {
      const auto place = indices(centre);
      if (const auto other = next(a, centre, place)) near.push_back(*other);
      if (const auto other = previous(a, centre, place)) near.push_back(*other);
    }
  }
  // Where the cell beside a wall finds its gradient there, also the site behind the next.
  for (int a = 0; a < dimensions() && cells_ && has_cross_terms(); ++a) {
    if (const auto other = next(a, site, index))
      if (const auto behind = next(a, *other, indices(*other))) near.push_back(*behind);
    if (const auto other = previous(a, site, index))
      if (const auto behind = previous(a, *other, indices(*other))) near.push_back(*behind);
  }
  std::sort(near.begin(), near.end());
  near.erase(std::unique(near.begin(), near.end()), near.end());
  for (const std::size_t column : near) {
    const auto unit = [column](std::size_t at) { return at == column ? 1.0 : 0.0; };
    double rate = 0.0;
    for (int a = 0; a < dimensions(); ++a) {
      const std::size_t i = index[static_cast<std::size_t>(a)];
      double inflow = 0.0;
      if (const auto other = next(a, site, index)) inflow += face_flux(a, site, *other, unit, nullptr);
      if (const auto other = previous(a, site, index)) inflow -= face_flux(a, *other, site, unit, nullptr);
      for (int side = 0; side < 2; ++side)
        if (wall(a, side).open && i == (side == 0 ? 0 : count(a) - 1))
          inflow += wall_flux(a, side, site, unit, nullptr);
      rate += inflow / width(a, i);
    }
    rate *= inverse_capacity(site);
    if (column == site) rate -= decay_by_site().empty() ? decay() : decay_by_site()[site];
    if (rate != 0.0) entries.push_back({column, rate});
  }
  return entries;
}

void FluxOperator::add_transpose(std::span<const double> w, std::span<double> out,
                                 ThreadPool& threads) const {
  // W L is symmetric as long as no node is held, with W the weights; held nodes have no rows, so that
  // L^T w = W L (W^-1 w at the free sites, zero at the held ones).
  std::vector<double> scaled(sites(), 0.0), rates(sites(), 0.0);
  for_free_rows(threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t site = begin; site < end; ++site) scaled[site] = w[site] / weight(site);
  });
  run({scaled, {.previous = 0.0, .value = 0.0, .rate = 1.0}, rates, Rows::all, nullptr}, threads);
  for (std::size_t site = 0; site < sites(); ++site) out[site] += weight(site) * rates[site];
}

void FluxOperator::add_all_data(const SideData& data, double factor, std::span<double> out,
                                ThreadPool& threads) const {
  const bool any = std::any_of(data.side.begin(), data.side.end(),
                               [](const auto& axis) { return !axis[0].empty() || !axis[1].empty(); });
  if (!any) return;
  if (cells_ && has_cross_terms()) {
    // A datum changes the gradients of the cells beside it, which their neighbours feel.
    const std::vector<double> nothing(sites(), 0.0);
    run({nothing, {.previous = 1.0, .value = 0.0, .rate = factor}, out, Rows::free, &data}, threads);
    return;
  }
  for (int a = 0; a < dimensions(); ++a) add_axis_data(a, data, factor, out);
}

void FluxOperator::add_axis_data(int axis, const SideData& data, double factor, std::span<double> out) const {
  for (int side = 0; side < 2; ++side) {
    const std::vector<double>& column =
        data.side[static_cast<std::size_t>(axis)][static_cast<std::size_t>(side)];
    if (column.empty() || periodic(axis) || holds(axis, side)) continue;
    const Wall& w = wall(axis, side);
    const double scale = factor / width(axis, side == 0 ? 0 : count(axis) - 1);
    visit_side(axis, side, Plane::free, [&](std::size_t position, std::size_t site, double) {
      if (!inside(site)) return;
      const double passing = w.open ? w.conductance[position] * column[position] : w.area * column[position];
      out[site] += scale * passing * inverse_capacity(site);
    });
  }
}

void FluxOperator::face_values(int axis, int side, std::span<const double> u, const SideData& data,
                               std::span<double> out) const {
  require(!cells_ || !has_cross_terms(), "cells with cross terms have no values on faces");
  const Wall& w = wall(axis, side);
  const std::vector<double>& column =
      data.side[static_cast<std::size_t>(axis)][static_cast<std::size_t>(side)];
  const std::size_t first = side == 0 ? 0 : (count(axis) - 1) * stride(axis);
  const std::size_t low = axis == 0 ? 1 : 0, high = axis == 2 ? 1 : 2;
  for (std::size_t face = 0; face < out.size(); ++face) {
    const std::size_t b = face % count(static_cast<int>(low)), c = face / count(static_cast<int>(low));
    const std::size_t site = first + b * stride(static_cast<int>(low)) + c * stride(static_cast<int>(high));
    const double datum = column.empty() ? 0.0 : column[face];
    out[face] = u[site];
    if (!cells_ || !inside(site)) continue;
    if (w.kind == SideRule::Kind::value)
      out[face] = datum;
    else
      out[face] += w.resistance[face] * (w.open ? w.conductance[face] * (datum - u[site]) : w.area * datum);
  }
}

double FluxOperator::influx(int axis, int side, std::span<const double> u, const SideData& data) const {
  if (axis >= dimensions() || periodic(axis)) return 0.0;
  const auto value = [u](std::size_t site) { return u[site]; };
  CompensatedSum sum;
  if (holds(axis, side)) {
    visit_side(axis, side, Plane::free, [&](std::size_t, std::size_t site, double area) {
      const auto index = indices(site);
      const std::size_t other = side == 0 ? *next(axis, site, index) : *previous(axis, site, index);
      sum.add(area * (side == 0 ? -face_flux(axis, site, other, value, &data)
                                : face_flux(axis, other, site, value, &data)));
    });
    return sum.value();
  }
  const std::vector<double>& column =
      data.side[static_cast<std::size_t>(axis)][static_cast<std::size_t>(side)];
  const Wall& w = wall(axis, side);
  if (!w.open && column.empty()) return 0.0;
  visit_side(axis, side, Plane::free, [&](std::size_t position, std::size_t site, double area) {
    if (inside(site))
      sum.add(area * (w.open ? wall_flux(axis, side, site, value, &data) : w.area * column[position]));
  });
  return sum.value();
}

}  // namespace holon::transport

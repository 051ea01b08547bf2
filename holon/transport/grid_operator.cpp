#include "holon/transport/grid_operator.hpp"

#include "holon/base/error.hpp"
#include "holon/engine/state.hpp"

#include <algorithm>
#include <cmath>

namespace holon::transport {

namespace {

std::array<std::array<bool, 2>, 3> held_sides(const std::vector<AxisStencil>& axes) {
  std::array<std::array<bool, 2>, 3> held{};
  for (std::size_t a = 0; a < axes.size(); ++a) held[a] = axes[a].held;
  return held;
}

}  // namespace

GridOperator::GridOperator(const StructuredSpace& grid, std::vector<AxisStencil> axes, double decay)
    : TransportOperator(grid, held_sides(axes), decay), axes_(std::move(axes)) {
  require(axes_.size() == static_cast<std::size_t>(grid.dimensions()),
          "an operator has one stencil per axis");
}

bool GridOperator::closed() const {
  for (const AxisStencil& a : axes_)
    for (const SideFlux& flux : a.side)
      if (flux.site != std::array<double, 4>{}) return false;
  return true;
}

double GridOperator::spectral_bound() const {
  double bound = largest_decay();
  for (const AxisStencil& a : axes_) bound += a.spectral_bound;
  return bound;
}

double GridOperator::largest_diagonal() const {
  double largest = largest_decay();
  for (const AxisStencil& a : axes_) largest += a.largest_diagonal();
  return largest;
}

namespace {

/// Calls body(site, i) for the free sites; i are the indices along the axes.
template <class Body>
void for_free(const GridOperator& op, Body body) {
  std::array<std::size_t, 3> i{};
  for (i[2] = op.first_free(2); i[2] < op.end_free(2); ++i[2])
    for (i[1] = op.first_free(1); i[1] < op.end_free(1); ++i[1])
      for (i[0] = op.first_free(0); i[0] < op.end_free(0); ++i[0])
        body(i[0] + op.count(0) * (i[1] + op.count(1) * i[2]), i);
}

/// Calls add(column, value) for a free site's row of L.
template <class Add>
void visit_row(const GridOperator& op, std::size_t site, const std::array<std::size_t, 3>& index, Add add) {
  double diagonal = -(op.decay_by_site().empty() ? op.decay() : op.decay_by_site()[site]);
  for (int a = 0; a < op.dimensions(); ++a) {
    const StencilRow& row = op.axis(a).rows[index[static_cast<std::size_t>(a)]];
    diagonal -= row.exchange;
    for (int k = 0; k < row.count; ++k) {
      const auto n = static_cast<std::size_t>(k);
      add(static_cast<std::size_t>(static_cast<std::ptrdiff_t>(site) +
                                   row.offset[n] * static_cast<std::ptrdiff_t>(op.stride(a))),
          row.coefficient[n]);
      diagonal -= row.coefficient[n];
    }
  }
  add(site, diagonal);
}

}  // namespace

std::vector<Entry> GridOperator::row(std::size_t site) const {
  std::vector<Entry> entries;
  const std::array<std::size_t, 3> index = indices(site);
  for (int a = 0; a < 3; ++a)
    if (index[static_cast<std::size_t>(a)] < first_free(a) ||
        index[static_cast<std::size_t>(a)] >= end_free(a))
      return entries;
  visit_row(*this, site, index,
            [&](std::size_t column, double value) { entries.push_back({column, value}); });
  return entries;
}

void GridOperator::add_transpose(std::span<const double> w, std::span<double> out, ThreadPool&) const {
  for_free(*this, [&](std::size_t site, const std::array<std::size_t, 3>& index) {
    visit_row(*this, site, index, [&](std::size_t column, double value) { out[column] += value * w[site]; });
  });
}

void GridOperator::add_all_data(const SideData& data, double factor, std::span<double> out,
                                ThreadPool&) const {
  for (int axis = 0; axis < dimensions(); ++axis) add_data(axis, data, factor, out);
}

void GridOperator::add_data(int axis, const SideData& data, double factor, std::span<double> out) const {
  const AxisStencil& stencil = axes_[static_cast<std::size_t>(axis)];
  const std::size_t last = stencil.line.count - 1;
  for (int side = 0; side < 2; ++side) {
    const auto s = static_cast<std::size_t>(side);
    const std::vector<double>& column = data.side[static_cast<std::size_t>(axis)][s];
    if (column.empty()) continue;
    for (std::size_t layer = 0; layer < std::min<std::size_t>(2, stencil.line.count); ++layer) {
      const double c = factor * stencil.rows[side == 0 ? layer : last - layer].data[s];
      if (c == 0.0) continue;
      const auto step = static_cast<std::ptrdiff_t>(layer * stride(axis)) * (side == 0 ? 1 : -1);
      visit_side(axis, side, Plane::free, [&](std::size_t position, std::size_t site, double) {
        out[static_cast<std::size_t>(static_cast<std::ptrdiff_t>(site) + step)] += c * column[position];
      });
    }
  }
}

double GridOperator::influx(int axis, int side, std::span<const double> u, const SideData& data) const {
  const auto n = static_cast<std::size_t>(axis);
  const auto s = static_cast<std::size_t>(side);
  const SideFlux& flux = axes_[n].side[s];
  if (flux.none()) return 0.0;
  const std::vector<double>& column = data.side[n][s];
  const auto step = static_cast<std::ptrdiff_t>(stride(axis)) * (side == 0 ? 1 : -1);
  CompensatedSum sum;
  visit_side(axis, side, Plane::free, [&](std::size_t position, std::size_t site, double area) {
    double rate = column.empty() ? 0.0 : flux.data * column[position];
    for (std::size_t l = 0; l < 4; ++l)
      if (flux.site[l] != 0.0)
        rate += flux.site[l] * u[static_cast<std::size_t>(static_cast<std::ptrdiff_t>(site) +
                                                          static_cast<std::ptrdiff_t>(l) * step)];
    sum.add(area * rate);
  });
  return sum.value();
}

}  // namespace holon::transport

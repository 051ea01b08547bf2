#include "holon/transport/grid_operator.hpp"

#include "holon/base/error.hpp"
#include "holon/engine/state.hpp"

#include <algorithm>
#include <cmath>

namespace holon::transport {

GridOperator::GridOperator(const GridSpace& grid, std::vector<AxisStencil> axes, double decay)
    : axes_(std::move(axes)), decay_(decay) {
  require(axes_.size() == static_cast<std::size_t>(grid.dimensions()),
          "an operator has one stencil per axis");
  for (int a = 0; a < 3; ++a) {
    const auto n = static_cast<std::size_t>(a);
    count_[n] = grid.count(a);
    width_[n].assign(count_[n], 1.0);
    if (a < dimensions())
      for (std::size_t i = 0; i < count_[n]; ++i) width_[n][i] = axes_[n].line.width(i);
  }
  stride_ = {1, count_[0], count_[0] * count_[1]};
}

void GridOperator::set_decay(std::vector<double> by_site) {
  require(by_site.size() == sites(), "a decay by site has one value per site");
  decay_by_site_ = std::move(by_site);
  decay_ = 0.0;
}

bool GridOperator::has_held_sites() const {
  return std::any_of(axes_.begin(), axes_.end(), [](const AxisStencil& a) { return a.held[0] || a.held[1]; });
}

bool GridOperator::closed() const {
  for (const AxisStencil& a : axes_)
    for (const SideFlux& flux : a.side)
      if (flux.site != std::array<double, 4>{}) return false;
  return true;
}

double GridOperator::spectral_bound() const {
  double bound = std::max(0.0, decay_);
  if (!decay_by_site_.empty())
    bound = std::max(0.0, *std::max_element(decay_by_site_.begin(), decay_by_site_.end()));
  for (const AxisStencil& a : axes_) bound += a.spectral_bound;
  return bound;
}

double GridOperator::largest_diagonal() const {
  double largest = std::max(0.0, decay_);
  if (!decay_by_site_.empty())
    largest = std::max(0.0, *std::max_element(decay_by_site_.begin(), decay_by_site_.end()));
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
  const std::array<std::size_t, 3> index{site % count_[0], (site / count_[0]) % count_[1],
                                         site / (count_[0] * count_[1])};
  for (int a = 0; a < 3; ++a)
    if (index[static_cast<std::size_t>(a)] < first_free(a) ||
        index[static_cast<std::size_t>(a)] >= end_free(a))
      return entries;
  visit_row(*this, site, index,
            [&](std::size_t column, double value) { entries.push_back({column, value}); });
  return entries;
}

void GridOperator::add_transpose(std::span<const double> w, std::span<double> out) const {
  for_free(*this, [&](std::size_t site, const std::array<std::size_t, 3>& index) {
    visit_row(*this, site, index, [&](std::size_t column, double value) { out[column] += value * w[site]; });
  });
}

void GridOperator::visit_side(int axis, int side, Plane plane,
                              const std::function<void(std::size_t, std::size_t, double)>& body) const {
  const auto n = static_cast<std::size_t>(axis);
  const std::size_t low = n == 0 ? 1 : 0, high = n == 2 ? 1 : 2;
  // Of the nodes that several sides hold, each belongs to one: to the lowest axis.
  const auto range = [&](std::size_t a) -> std::array<std::size_t, 2> {
    if (plane == Plane::held && a > n) return {0, count_[a]};
    return {first_free(static_cast<int>(a)), end_free(static_cast<int>(a))};
  };
  const std::size_t first = side == 0 ? 0 : (count_[n] - 1) * stride_[n];
  const auto [low_begin, low_end] = range(low);
  const auto [high_begin, high_end] = range(high);
  for (std::size_t c = high_begin; c < high_end; ++c)
    for (std::size_t b = low_begin; b < low_end; ++b)
      body(b + count_[low] * c, first + b * stride_[low] + c * stride_[high],
           width_[low][b] * width_[high][c]);
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

double GridOperator::impose(int axis, int side, const SideData& data, std::span<double> u) const {
  const auto n = static_cast<std::size_t>(axis);
  const std::vector<double>& column = data.side[n][static_cast<std::size_t>(side)];
  const double width = width_[n][side == 0 ? 0 : count_[n] - 1];
  CompensatedSum sum;
  visit_side(axis, side, Plane::held, [&](std::size_t position, std::size_t site, double area) {
    sum.add(width * area * (column[position] - u[site]));
    u[site] = column[position];
  });
  return sum.value();
}

double GridOperator::content(std::span<const double> u, std::span<const double> weight,
                             ThreadPool& threads) const {
  const std::size_t rows = count_[1] * count_[2];
  return threads.sum(rows, std::max<std::size_t>(1, 4096 / count_[0]),
                     [&](std::size_t begin, std::size_t end) {
                       CompensatedSum total;
                       for (std::size_t row = begin; row < end; ++row) {
                         const std::size_t j = row % count_[1], k = row / count_[1];
                         if (j < first_free(1) || j >= end_free(1) || k < first_free(2) || k >= end_free(2))
                           continue;
                         const double area = width_[1][j] * width_[2][k];
                         const double* values = u.data() + row * count_[0];
                         const double* weights = weight.empty() ? nullptr : weight.data() + row * count_[0];
                         // Four sums side by side, so that the loop is not one chain of additions.
                         std::array<double, 4> part{};
                         for (std::size_t i = first_free(0); i < end_free(0); ++i)
                           part[i % 4] += width_[0][i] * values[i] * (weights != nullptr ? weights[i] : 1.0);
                         total.add(area * ((part[0] + part[1]) + (part[2] + part[3])));
                       }
                       return total.value();
                     });
}

}  // namespace holon::transport

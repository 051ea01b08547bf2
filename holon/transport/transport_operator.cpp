#include "holon/transport/transport_operator.hpp"

#include "holon/base/error.hpp"
#include "holon/engine/state.hpp"

#include <algorithm>

namespace holon::transport {

namespace {

constexpr std::size_t sites_per_task = 2048;

}  // namespace

TransportOperator::TransportOperator(const StructuredSpace& grid,
                                     const std::array<std::array<bool, 2>, 3>& held, double decay)
    : dimensions_(grid.dimensions()), held_(held), decay_(decay) {
  for (int a = 0; a < 3; ++a) {
    const auto n = static_cast<std::size_t>(a);
    count_[n] = grid.count(a);
    width_[n].assign(count_[n], 1.0);
    if (a >= dimensions_) continue;
    periodic_[n] = grid.periodic(a);
    for (std::size_t i = 0; i < count_[n]; ++i) width_[n][i] = grid.width(a, i);
  }
  stride_ = {1, count_[0], count_[0] * count_[1]};
  kept_ = {0, sites()};
}

void TransportOperator::keep_to(SiteRange sites) {
  require(dimensions_ == 1 || (sites.begin % count_[0] == 0 && sites.end % count_[0] == 0),
          "an operator is kept to whole planes");
  kept_ = sites;
}

void TransportOperator::set_decay(std::vector<double> by_site) {
  require(by_site.size() == sites(), "a decay by site has one value per site");
  decay_by_site_ = std::move(by_site);
  decay_ = 0.0;
}

bool TransportOperator::has_held_sites() const {
  return std::any_of(held_.begin(), held_.end(), [](const auto& axis) { return axis[0] || axis[1]; });
}

double TransportOperator::largest_decay() const {
  const double largest =
      decay_by_site_.empty() ? decay_ : *std::max_element(decay_by_site_.begin(), decay_by_site_.end());
  return std::max(0.0, largest);
}

double TransportOperator::least_decay() const {
  const double least =
      decay_by_site_.empty() ? decay_ : *std::min_element(decay_by_site_.begin(), decay_by_site_.end());
  return std::max(0.0, least);
}

void TransportOperator::visit_side(int axis, int side, Plane plane,
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
    for (std::size_t b = low_begin; b < low_end; ++b) {
      const std::size_t site = first + b * stride_[low] + c * stride_[high];
      if (site >= kept_.begin && site < kept_.end)
        body(b + count_[low] * c, site, width_[low][b] * width_[high][c]);
    }
}

void TransportOperator::for_free_rows(ThreadPool& threads,
                                      const std::function<void(std::size_t, std::size_t)>& body) const {
  const std::size_t first = first_free(0), end = end_free(0);
  if (dimensions_ == 1) {
    threads.for_range(kept_, sites_per_task, [&](std::size_t begin, std::size_t stop) {
      const std::size_t i0 = std::max(begin, first), i1 = std::min(stop, end);
      if (i0 < i1) body(i0, i1);
    });
    return;
  }
  const std::size_t grain = std::max<std::size_t>(1, sites_per_task / count_[0]);
  threads.for_range(kept_rows(), grain, [&](std::size_t begin, std::size_t stop) {
    for (std::size_t row = begin; row < stop; ++row) {
      const std::size_t j = row % count_[1], k = row / count_[1];
      if (j >= first_free(1) && j < end_free(1) && k >= first_free(2) && k < end_free(2))
        body(row * count_[0] + first, row * count_[0] + end);
    }
  });
}

double TransportOperator::impose(int axis, int side, const SideData& data, std::span<double> u) const {
  const auto n = static_cast<std::size_t>(axis);
  const std::vector<double>& column = data.side[n][static_cast<std::size_t>(side)];
  const double width = width_[n][side == 0 ? 0 : count_[n] - 1];
  CompensatedSum sum;
  visit_side(axis, side, Plane::held, [&](std::size_t position, std::size_t site, double area) {
    const double held = capacity_.empty() ? 1.0 : capacity_[site];
    sum.add(held * width * area * (column[position] - u[site]));
    u[site] = column[position];
  });
  return sum.value();
}

double TransportOperator::content(std::span<const double> u, std::span<const double> weight,
                                  ThreadPool& threads) const {
  if (dimensions_ == 1)
    return threads.sum(kept_.size(), 4096, [&](std::size_t begin, std::size_t end) {
      const std::size_t from = std::max(kept_.begin + begin, first_free(0)),
                        to = std::min(kept_.begin + end, end_free(0));
      return row_content(0, from, std::max(from, to), u, weight);
    });
  const SiteRange rows = kept_rows();
  return threads.sum(rows.size(), std::max<std::size_t>(1, 4096 / count_[0]),
                     [&](std::size_t begin, std::size_t end) {
                       CompensatedSum total;
                       for (std::size_t row = rows.begin + begin; row < rows.begin + end; ++row) {
                         const std::size_t j = row % count_[1], k = row / count_[1];
                         if (j >= first_free(1) && j < end_free(1) && k >= first_free(2) && k < end_free(2))
                           total.add(row_content(row, first_free(0), end_free(0), u, weight));
                       }
                       return total.value();
                     });
}

double TransportOperator::row_content(std::size_t row, std::size_t begin, std::size_t end,
                                      std::span<const double> u, std::span<const double> weight) const {
  const double area = width_[1][row % count_[1]] * width_[2][row / count_[1]];
  const double* values = u.data() + row * count_[0];
  const double* weights = weight.empty() ? nullptr : weight.data() + row * count_[0];
  const double* held = capacity_.empty() ? nullptr : capacity_.data() + row * count_[0];
  // Four sums side by side, so that the loop is not one chain of additions.
  std::array<double, 4> part{};
  for (std::size_t i = begin; i < end; ++i)
    part[i % 4] += width_[0][i] * values[i] * (weights != nullptr ? weights[i] : 1.0) *
                   (held != nullptr ? held[i] : 1.0);
  return area * ((part[0] + part[1]) + (part[2] + part[3]));
}

}  // namespace holon::transport

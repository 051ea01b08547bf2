#include "holon/space/point_gradient.hpp"

#include "holon/base/error.hpp"

#include <algorithm>
#include <optional>

namespace holon {

namespace {

/// The sites whose values a difference quotient adds up, with their factors.
struct Quotient {
  std::array<std::uint32_t, 3> site{};
  std::array<double, 3> factor{};
  std::size_t count = 0;
  void add(std::size_t s, double f) {
    site[count] = static_cast<std::uint32_t>(s);
    factor[count++] = f;
  }
};

class Differences {
 public:
  Differences(const GridSpace& grid, int axis) : grid_(grid), axis_(axis) {
    for (int a = 0; a < axis; ++a) stride_ *= grid.count(a);
  }

  Quotient at(std::size_t site) const {
    const double h = grid_.axis(axis_).spacing;
    const auto next = step(site, 1), previous = step(site, -1);
    Quotient quotient;
    if (next && previous) {
      quotient.add(*previous, -0.5 / h);
      quotient.add(*next, 0.5 / h);
    } else if (next || previous) {
      const int way = next ? 1 : -1;
      const std::size_t first = next ? *next : *previous;
      if (const auto second = step(first, way)) {
        quotient.add(site, -1.5 * way / h);
        quotient.add(first, 2.0 * way / h);
        quotient.add(*second, -0.5 * way / h);
      } else {
        quotient.add(site, -way / h);
        quotient.add(first, way / h);
      }
    }
    return quotient;
  }

 private:
  /// The next site along the axis, if there is one.
  std::optional<std::size_t> step(std::size_t site, int way) const {
    const std::size_t count = grid_.count(axis_), index = site / stride_ % count;
    std::size_t to = site;
    if (way > 0 && index + 1 < count)
      to = site + stride_;
    else if (way < 0 && index > 0)
      to = site - stride_;
    else if (grid_.axis(axis_).periodic && count > 2)
      to = way > 0 ? site - (count - 1) * stride_ : site + (count - 1) * stride_;
    else
      return std::nullopt;
    return grid_.inside(to) ? std::optional(to) : std::nullopt;
  }

  const GridSpace& grid_;
  int axis_;
  std::size_t stride_ = 1;
};

SparseMap::Rows rows_of(const GridSpace& grid, int axis, const PointSampling& sampling) {
  if (grid.count(axis) < 2)
    throw InputError(std::string("grid '") + grid.name() + "' has one site along " + "xyz"[axis] +
                     ": nothing has a slope there");
  const Differences differences(grid, axis);
  const SparseMap::Rows& weights = sampling.rows();
  SparseMap::Rows rows;
  rows.begin.reserve(weights.begin.size());
  rows.site.reserve(2 * weights.site.size());
  rows.weight.reserve(2 * weights.site.size());
  for (std::size_t i = 0; i < weights.rows(); ++i) {
    const auto row = static_cast<std::ptrdiff_t>(rows.site.size());
    for (std::size_t e = weights.begin[i]; e < weights.begin[i + 1]; ++e) {
      const Quotient quotient = differences.at(weights.site[e]);
      for (std::size_t q = 0; q < quotient.count; ++q) {
        const double weight = weights.weight[e] * quotient.factor[q];
        // A site may stand in the quotients of several sites around a point.
        const auto known = std::find(rows.site.begin() + row, rows.site.end(), quotient.site[q]);
        if (known == rows.site.end())
          rows.add(quotient.site[q], weight);
        else
          rows.weight[static_cast<std::size_t>(known - rows.site.begin())] += weight;
      }
    }
    rows.end_row();
  }
  return rows;
}

}  // namespace

PointGradient::PointGradient(const GridSpace& grid, int axis, const PointSampling& sampling)
    : SparseMap(rows_of(grid, axis, sampling), std::make_shared<const std::vector<double>>(measures_of(grid)),
                std::make_shared<const std::vector<double>>(sampling.to_sites(), 1.0), sampling.order()) {}

}  // namespace holon

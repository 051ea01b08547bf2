#include "holon/space/point_kernel.hpp"

#include "holon/base/error.hpp"
#include "holon/space/gauss_legendre.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <numbers>

#include <fmt/format.h>

namespace holon {

std::string_view name(PointKernel::Shape shape) {
  switch (shape) {
    case PointKernel::Shape::nearest:
      return "nearest";
    case PointKernel::Shape::linear:
      return "linear";
    case PointKernel::Shape::sphere:
      return "sphere";
  }
  return "";
}

PointWeights::PointWeights(const GridSpace& grid, PointKernel kernel)
    : grid_(&grid), kernel_(kernel), irregular_(grid.masked()) {
  if (kernel.width < 1 || kernel.width > 8)
    throw InputError(fmt::format("a kernel over {} spacings; 1 to 8 are possible", kernel.width));
}

double PointWeights::site_coordinate(int axis, double x) const {
  const GridSpace::Axis& along = grid_->axis(axis);
  const double u = (x - along.origin) / along.spacing;
  return grid_->arrangement() == GridSpace::Sites::cells ? u - 0.5 : u;
}

std::int64_t PointWeights::nearest_index(int axis, double x) const {
  check_inside(axis, x);
  return static_cast<std::int64_t>(std::floor(site_coordinate(axis, x) + 0.5));
}

PointWeights::Tent PointWeights::tent(double u) const {
  const int m = kernel_.shape == PointKernel::Shape::linear ? kernel_.width : 1;
  Tent result{};
  const double floor = std::floor(u);
  result.low = static_cast<std::int64_t>(floor) - (m - 1);
  result.count = 2 * m;
  const double inverse = 1.0 / m;
  for (int k = 0; k < result.count; ++k) {
    const double distance = std::abs(u - (floor + (k - m + 1)));
    result.weight[static_cast<std::size_t>(k)] = (1.0 - distance * inverse) * inverse;
  }
  return result;
}

void PointWeights::add_product(const std::array<Tent, 3>& tents, double factor,
                               LatticeWeights& weights) const {
  const auto offset = [&](std::size_t a) { return tents[a].low - weights.low[a]; };
  for (int k = 0; k < tents[2].count; ++k)
    for (int j = 0; j < tents[1].count; ++j) {
      const double w = factor * tents[2].weight[static_cast<std::size_t>(k)] *
                       tents[1].weight[static_cast<std::size_t>(j)];
      const std::int64_t line =
          offset(0) + weights.count[0] * (offset(1) + j + weights.count[1] * (offset(2) + k));
      for (int i = 0; i < tents[0].count; ++i)
        weights.weight[static_cast<std::size_t>(line + i)] +=
            w * tents[0].weight[static_cast<std::size_t>(i)];
    }
}

void PointWeights::check_inside(int axis, double coordinate) const {
  const GridSpace::Axis& along = grid_->axis(axis);
  const double intervals = (coordinate - along.origin) / along.spacing;
  const double slack = 1e-9 * static_cast<double>(along.intervals);
  if (std::isfinite(intervals) &&
      (along.periodic || (intervals >= -slack && intervals <= static_cast<double>(along.intervals) + slack)))
    return;
  const double unit = grid_->length_dimension().dimensionless() ? 1.0 : 1e3;
  throw NumericalFailure(
      fmt::format("a point lies outside of grid '{}': its {} is {:g}{}, the grid reaches from {:g} to {:g}",
                  grid_->name(), "xyz"[axis], unit * coordinate, unit == 1.0 ? "" : " mm",
                  unit * along.origin, unit * (along.origin + grid_->extent(axis))));
}

void PointWeights::find(const Position& point, double radius, LatticeWeights& weights) const {
  find_in_box(point, radius, weights);
  if (irregular_) keep_inside(point, weights);
}

bool in_domain(const GridSpace& grid, const Position& place) {
  if (!grid.masked()) return true;
  const PointWeights weights(grid, {});
  std::array<std::size_t, 3> site{};
  for (int a = 0; a < grid.dimensions(); ++a)
    site[static_cast<std::size_t>(a)] =
        weights.fold(a, weights.nearest_index(a, place[static_cast<std::size_t>(a)]));
  return grid.inside(grid.index(site[0], site[1], site[2]));
}

void PointWeights::keep_inside(const Position& point, LatticeWeights& weights) const {
  double kept = 0.0;
  std::size_t at = 0;
  for (std::int64_t z = 0; z < weights.count[2]; ++z)
    for (std::int64_t y = 0; y < weights.count[1]; ++y)
      for (std::int64_t x = 0; x < weights.count[0]; ++x) {
        double& weight = weights.weight[at++];
        const std::size_t site = grid_->index(fold(0, weights.low[0] + x), fold(1, weights.low[1] + y),
                                              fold(2, weights.low[2] + z));
        if (!grid_->inside(site)) weight = 0.0;
        kept += weight;
      }
  if (!(kept > 0.0) || !in_domain(*grid_, point)) {
    const double unit = grid_->length_dimension().dimensionless() ? 1.0 : 1e3;
    std::string place;
    for (int a = 0; a < grid_->dimensions(); ++a)
      place += fmt::format("{}{:g}{}", a > 0 ? ", " : "", unit * point[static_cast<std::size_t>(a)],
                           unit == 1.0 ? "" : " mm");
    throw NumericalFailure(
        fmt::format("a point lies outside of the domain of grid '{}': at ({})", grid_->name(), place));
  }
  for (double& weight : weights.weight) weight /= kept;
}

void PointWeights::find_in_box(const Position& point, double radius, LatticeWeights& weights) const {
  const int axes = grid_->dimensions();
  std::array<double, 3> u{};
  for (int a = 0; a < axes; ++a) {
    const auto n = static_cast<std::size_t>(a);
    check_inside(a, point[n]);
    u[n] = site_coordinate(a, point[n]);
  }
  const Tent one{0, 1, {1.0}};
  switch (kernel_.shape) {
    case PointKernel::Shape::nearest:
      weights.low = {};
      for (int a = 0; a < axes; ++a) {
        const auto n = static_cast<std::size_t>(a);
        weights.low[n] = nearest_index(a, point[n]);
      }
      weights.count = {1, 1, 1};
      weights.weight.assign(1, 1.0);
      return;
    case PointKernel::Shape::linear: {
      std::array<Tent, 3> tents{one, one, one};
      for (int a = 0; a < axes; ++a)
        tents[static_cast<std::size_t>(a)] = tent(u[static_cast<std::size_t>(a)]);
      for (std::size_t a = 0; a < 3; ++a) {
        weights.low[a] = tents[a].low;
        weights.count[a] = tents[a].count;
      }
      weights.weight.assign(static_cast<std::size_t>(weights.count[0] * weights.count[1] * weights.count[2]),
                            0.0);
      add_product(tents, 1.0, weights);
      return;
    }
    case PointKernel::Shape::sphere:
      find_sphere(u, radius, weights);
      return;
  }
}

namespace {

/// Rules are made once: the number of points along a meridian grows with the radius in spacings.
const SphereRule& known_rule(int dimensions, int n) {
  constexpr std::size_t most = 64;
  struct Known {
    std::once_flag once;
    SphereRule rule;
  };
  static std::array<std::array<Known, most>, 3> rules;
  const auto d = static_cast<std::size_t>(dimensions - 1);
  Known& known = rules[d][std::min(static_cast<std::size_t>(n), most) - 1];
  std::call_once(known.once, [&] { known.rule = sphere_rule(dimensions, n); });
  return known.rule;
}

}  // namespace

void PointWeights::find_sphere(const std::array<double, 3>& centre, double radius,
                               LatticeWeights& weights) const {
  const int axes = grid_->dimensions();
  const Tent one{0, 1, {1.0}};
  std::array<double, 3> reach{};  // the radius in spacings
  double largest = 0.0;
  for (int a = 0; a < axes; ++a) {
    const auto n = static_cast<std::size_t>(a);
    reach[n] = radius / grid_->axis(a).spacing;
    largest = std::max(largest, reach[n]);
  }
  if (!(radius >= 0.0) || largest > 30.0)
    throw NumericalFailure(
        fmt::format("a sphere of radius {:g} on grid '{}', {:.3g} spacings: at most 30 are possible", radius,
                    grid_->name(), largest));
  std::int64_t sites = 1;
  for (std::size_t a = 0; a < 3; ++a) {
    weights.low[a] = 0;
    weights.count[a] = 1;
    if (static_cast<int>(a) >= axes) continue;
    weights.low[a] = static_cast<std::int64_t>(std::floor(centre[a] - reach[a]));
    weights.count[a] = static_cast<std::int64_t>(std::floor(centre[a] + reach[a])) + 2 - weights.low[a];
    sites *= weights.count[a];
  }
  weights.weight.assign(static_cast<std::size_t>(sites), 0.0);
  // Points on the sphere lie at most about half a spacing apart.
  const SphereRule& rule = known_rule(axes, 3 + static_cast<int>(std::ceil(2.0 * largest)));
  for (std::size_t p = 0; p < rule.weight.size(); ++p) {
    std::array<Tent, 3> tents{one, one, one};
    for (int a = 0; a < axes; ++a) {
      const auto n = static_cast<std::size_t>(a);
      tents[n] = tent(centre[n] + reach[n] * rule.direction[p][n]);
      // The outermost points may round to just outside of the box.
      const std::int64_t last = weights.low[n] + weights.count[n] - tents[n].count;
      if (tents[n].low > last || tents[n].low < weights.low[n]) {
        tents[n] = tent(tents[n].low > last ? std::nextafter(static_cast<double>(last + 1), 0.0)
                                            : static_cast<double>(weights.low[n]));
        tents[n].low = std::clamp(tents[n].low, weights.low[n], last);
      }
    }
    add_product(tents, rule.weight[p], weights);
  }
}

std::size_t PointWeights::fold(int axis, std::int64_t index) const {
  const auto n = static_cast<std::int64_t>(grid_->count(axis));
  if (index >= 0 && index < n) return static_cast<std::size_t>(index);
  if (axis >= grid_->dimensions()) return 0;
  if (grid_->axis(axis).periodic) return static_cast<std::size_t>(((index % n) + n) % n);
  const bool cells = grid_->arrangement() == GridSpace::Sites::cells;
  const std::int64_t period = cells ? 2 * n : std::max<std::int64_t>(2 * n - 2, 1);
  std::int64_t mirrored = ((index % period) + period) % period;
  if (mirrored >= n) mirrored = period - mirrored - (cells ? 1 : 0);
  return static_cast<std::size_t>(mirrored);
}

SphereRule sphere_rule(int dimensions, int n) {
  SphereRule rule;
  const auto add = [&](double x, double y, double z, double w) {
    rule.direction.push_back({x, y, z});
    rule.weight.push_back(w);
  };
  if (dimensions == 1) {
    add(-1.0, 0.0, 0.0, 0.5);
    add(1.0, 0.0, 0.0, 0.5);
    return rule;
  }
  // A multiple of four points around the axis, between the coordinate axes, maps onto itself in every mirror.
  const int around = 4 * ((2 * n + 3) / 4);
  const auto ring = [&](double z, double weight) {
    const double radius = std::sqrt(std::max(0.0, 1.0 - z * z));
    for (int k = 0; k < around; ++k) {
      const double angle = 2.0 * std::numbers::pi * (k + 0.5) / around;
      add(radius * std::cos(angle), radius * std::sin(angle), z, weight / around);
    }
  };
  if (dimensions == 2) {
    ring(0.0, 1.0);
    return rule;
  }
  const GaussLegendre heights(n);
  for (std::size_t k = 0; k < heights.node.size(); ++k) ring(heights.node[k], 0.5 * heights.weight[k]);
  return rule;
}

}  // namespace holon

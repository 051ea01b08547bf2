#include "holon/space/share_in_box.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace holon {

namespace {

double overlap(double lower, double upper, double from, double to) {
  return std::max(0.0, std::min(upper, to) - std::max(lower, from));
}

/// Shares along one axis, by site.
std::vector<double> shares(const GridSpace::Axis& axis, std::size_t count, GridSpace::Sites sites,
                           double from, double to) {
  const double shift = sites == GridSpace::Sites::cells ? 0.0 : -0.5;
  const double end = static_cast<double>(axis.intervals);
  // In spacings from the origin. Corners meant to lie on faces between sites lie on them.
  const auto place = [&](double x) {
    const double u = (x - axis.origin) / axis.spacing, nearest = 0.5 * std::round(2.0 * u);
    return std::abs(u - nearest) < 1e-9 * end ? nearest : u;
  };
  const double begin = place(from), finish = place(to);
  std::vector<double> all(count);
  for (std::size_t i = 0; i < count; ++i) {
    double lower = static_cast<double>(i) + shift, upper = lower + 1.0, inside = 0.0;
    if (axis.periodic) {
      for (const double round : {-end, 0.0, end})
        inside += overlap(std::max(lower + round, 0.0), std::min(upper + round, end), begin, finish);
    } else {
      lower = std::max(lower, 0.0);
      upper = std::min(upper, end);
      inside = overlap(lower, upper, begin, finish);
    }
    all[i] = inside / (upper - lower);
  }
  return all;
}

}  // namespace

std::vector<double> share_in_box(const GridSpace& grid, const Position& from, const Position& to) {
  std::array<std::vector<double>, 3> along{{{1.0}, {1.0}, {1.0}}};
  for (int a = 0; a < grid.dimensions(); ++a) {
    const auto at = static_cast<std::size_t>(a);
    along[at] = shares(grid.axis(a), grid.count(a), grid.arrangement(), from[at], to[at]);
  }
  std::vector<double> all;
  all.reserve(grid.sites());
  for (const double z : along[2])
    for (const double y : along[1])
      for (const double x : along[0]) all.push_back(grid.inside(all.size()) ? x * y * z : 0.0);
  return all;
}

}  // namespace holon

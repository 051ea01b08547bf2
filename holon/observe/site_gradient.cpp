#include "holon/observe/site_gradient.hpp"

namespace holon::observe {

namespace {

/// d/dx at site i of a line of n sites, in units of the spacing; `value(i)` gives the numbers.
template <class Value>
double slope(std::size_t i, std::size_t n, bool periodic, const Value& value) {
  if (n == 1) return 0.0;
  if (periodic) return 0.5 * (value((i + 1) % n) - value((i + n - 1) % n));
  if (n == 2) return value(1) - value(0);
  if (i == 0) return -1.5 * value(0) + 2.0 * value(1) - 0.5 * value(2);
  if (i == n - 1) return 1.5 * value(n - 1) - 2.0 * value(n - 2) + 0.5 * value(n - 3);
  return 0.5 * (value(i + 1) - value(i - 1));
}

}  // namespace

std::array<double, 3> site_gradient(const GridSpace& grid, std::span<const double> values, std::size_t site) {
  const auto at = grid.indices(site);
  std::array<double, 3> gradient{};
  for (std::size_t a = 0; a < static_cast<std::size_t>(grid.dimensions()); ++a) {
    const int axis = static_cast<int>(a);
    gradient[a] = slope(at[a], grid.count(axis), grid.axis(axis).periodic,
                        [&](std::size_t i) {
                          auto other = at;
                          other[a] = i;
                          return values[grid.index(other[0], other[1], other[2])];
                        }) /
                  grid.axis(axis).spacing;
  }
  return gradient;
}

}  // namespace holon::observe

#include "holon/observe/bilinear_root.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <initializer_list>

namespace holon::observe {

namespace {

/// f(s, t) = c + x s + y t + xy s t.
struct Bilinear {
  double c, x, y, xy;
  explicit Bilinear(const std::array<double, 4>& corner)
      : c(corner[0]),
        x(corner[1] - corner[0]),
        y(corner[2] - corner[0]),
        xy(corner[3] - corner[2] - corner[1] + corner[0]) {}
};

/// How far outside [0, 1]^2 a place is.
double outside(const std::array<double, 2>& place) {
  double distance = 0.0;
  for (const double x : place) distance = std::max({distance, -x, x - 1.0});
  return std::isnan(place[0] + place[1]) ? HUGE_VAL : distance;
}

/// The t at which f or g is zero for this s: of the two the better conditioned.
double other_coordinate(const Bilinear& f, const Bilinear& g, double s) {
  const double f_slope = f.y + f.xy * s, g_slope = g.y + g.xy * s;
  return std::abs(f_slope) * (std::abs(g.c) + std::abs(g.x)) >=
                 std::abs(g_slope) * (std::abs(f.c) + std::abs(f.x))
             ? -(f.c + f.x * s) / f_slope
             : -(g.c + g.x * s) / g_slope;
}

}  // namespace

int winding(const BilinearPair& pair) {
  // Crossings of the half line u > 0, v = 0 by the sides, counted with their direction. What lies exactly on
  // an axis counts as being on its positive side, in every square alike, so that a tip on a side belongs to
  // one square.
  static constexpr std::array<std::size_t, 5> round{0, 1, 3, 2, 0};
  int turns = 0;
  for (std::size_t k = 0; k < 4; ++k) {
    const std::size_t a = round[k], b = round[k + 1];
    const bool from_above = pair.v[a] >= 0.0, to_above = pair.v[b] >= 0.0;
    if (from_above == to_above) continue;
    // u where v is zero on the side has the sign of this, times that of v[b] - v[a].
    const double cross = pair.u[a] * pair.v[b] - pair.u[b] * pair.v[a];
    if (to_above && cross >= 0.0) ++turns;
    if (from_above && cross <= 0.0) --turns;
  }
  for (std::size_t k = 0; k < 4; ++k)
    if (std::isnan(pair.u[k] + pair.v[k])) return 0;
  return turns;
}

std::array<double, 2> bilinear_root(const BilinearPair& pair) {
  const Bilinear u(pair.u), v(pair.v);
  // Eliminating t leaves a quadratic in s: (c + x s)(v.y + v.xy s) = (v.c + v.x s)(u.y + u.xy s).
  const double a = u.x * v.xy - v.x * u.xy, b = u.c * v.xy - v.c * u.xy + u.x * v.y - v.x * u.y,
               c = u.c * v.y - v.c * u.y;
  const double root = std::sqrt(std::max(0.0, b * b - 4.0 * a * c));
  const double q = -0.5 * (b + std::copysign(root, b));
  std::array<double, 2> best{0.5, 0.5};
  double least = HUGE_VAL;
  for (const double s : {q / a, c / q}) {
    const std::array<double, 2> place{s, other_coordinate(u, v, s)};
    if (!(outside(place) < least)) continue;
    least = outside(place);
    best = place;
  }
  return {std::clamp(best[0], 0.0, 1.0), std::clamp(best[1], 0.0, 1.0)};
}

}  // namespace holon::observe

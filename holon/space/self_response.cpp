#include "holon/space/self_response.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace holon {

double SelfResponse::on_grid(const LatticeWeights& v, const LatticeWeights& w) const {
  // Sum over differences: the correlation of the two boxes of weights with the Green function.
  double sum = 0.0;
  std::size_t at = 0;
  for (std::int64_t z = 0; z < v.count[2]; ++z)
    for (std::int64_t y = 0; y < v.count[1]; ++y)
      for (std::int64_t x = 0; x < v.count[0]; ++x) {
        const double weight = v.weight[at++];
        if (weight != 0.0) sum += weight * from_site(w, {v.low[0] + x, v.low[1] + y, v.low[2] + z});
      }
  return sum;
}

double SelfResponse::from_site(const LatticeWeights& w, const std::array<std::int64_t, 3>& site) const {
  const std::array<std::int64_t, 3> shift{site[0] - w.low[0], site[1] - w.low[1], site[2] - w.low[2]};
  double seen = 0.0;
  std::size_t other = 0;
  for (std::int64_t c = 0; c < w.count[2]; ++c)
    for (std::int64_t b = 0; b < w.count[1]; ++b)
      for (std::int64_t a = 0; a < w.count[0]; ++a) {
        const double weight = w.weight[other++];
        if (weight != 0.0) seen += weight * green_(shift[0] - a, shift[1] - b, shift[2] - c);
      }
  return seen;
}

double shell_to_shell(double a, double b, double d) {
  if (b >= d + a) return 1.0 / b;
  if (a == 0.0) return 1.0 / std::max(d, b);
  if (d == 0.0) return 1.0 / std::max(a, b);
  // r^2 is spread evenly between (d - a)^2 and (d + a)^2.
  const double nearest = std::abs(d - a), farthest = d + a, evenly = 1.0 / (4.0 * a * d);
  if (b <= nearest) return evenly * 2.0 * (farthest - nearest);
  return evenly * ((b * b - nearest * nearest) / b + 2.0 * (farthest - b));
}

double SelfResponse::mutual(const LatticeWeights& v, double v_radius, const LatticeWeights& w,
                            double w_radius, double distance) const {
  const DiffusiveMedium& medium = green_.medium();
  const double d = std::cbrt(medium.diffusivity[0] * medium.diffusivity[1] * medium.diffusivity[2]);
  double field = shell_to_shell(v_radius, w_radius, distance) / (4.0 * std::numbers::pi * d);
  if (medium.decay > 0.0) {
    // A sphere that gives off a unit amount, and the mean over another of e^{-r/lambda}/r.
    const double inverse = std::sqrt(medium.decay / d), x = v_radius * inverse, y = w_radius * inverse;
    field *= std::exp(y - distance * inverse) / (1.0 + y) * (x > 0.0 ? std::sinh(x) / x : 1.0);
  }
  return field - on_grid(v, w);
}

}  // namespace holon

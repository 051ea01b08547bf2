// The classical Runge-Kutta method, for references of small systems.
#pragma once

#include <cstddef>

namespace holon::verification {

/// y at the end of `steps` steps of length h of y' = rate(y), for an array of numbers.
template <class Numbers, class Rate>
Numbers runge_kutta(Numbers y, Rate rate, int steps, double h) {
  const auto moved = [](Numbers u, const Numbers& k, double by) {
    for (std::size_t i = 0; i < u.size(); ++i) u[i] += by * k[i];
    return u;
  };
  for (int n = 0; n < steps; ++n) {
    const Numbers a = rate(y), b = rate(moved(y, a, h / 2)), c = rate(moved(y, b, h / 2)),
                  d = rate(moved(y, c, h));
    for (std::size_t i = 0; i < y.size(); ++i) y[i] += h / 6.0 * (a[i] + 2 * b[i] + 2 * c[i] + d[i]);
  }
  return y;
}

}  // namespace holon::verification

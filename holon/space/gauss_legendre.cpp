#include "holon/space/gauss_legendre.hpp"

#include <cmath>
#include <numbers>

namespace holon {

GaussLegendre::GaussLegendre(int n) : node(static_cast<std::size_t>(n)), weight(static_cast<std::size_t>(n)) {
  for (int k = 0; k < n; ++k) {
    // Newton's method on the Legendre polynomial P_n from Tricomi's approximation of its root.
    double x = -std::cos(std::numbers::pi * (k + 0.75) / (n + 0.5)), slope = 0.0;
    for (int iteration = 0; iteration < 20; ++iteration) {
      double p = 1.0, before = 0.0;
      for (int j = 0; j < n; ++j) {
        const double next = ((2 * j + 1) * x * p - j * before) / (j + 1);
        before = p;
        p = next;
      }
      slope = n * (x * p - before) / (x * x - 1.0);
      const double step = p / slope;
      x -= step;
      if (std::abs(step) < 1e-16) break;
    }
    const auto at = static_cast<std::size_t>(k);
    node[at] = x;
    weight[at] = 2.0 / ((1.0 - x * x) * slope * slope);
  }
}

}  // namespace holon

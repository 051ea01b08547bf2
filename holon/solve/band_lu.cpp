#include "holon/solve/band_lu.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace holon::solve {

BandFactors factor_band(const BandShape& shape, std::span<double> band, double least) {
  BandFactors factors;
  const std::size_t n = shape.rows;
  factors.pivots.resize(n);
  for (std::size_t k = 0; k < n; ++k) {
    const std::size_t below = std::min(n, k + shape.lower + 1),
                      right = std::min(n, k + shape.lower + shape.upper + 1);
    std::size_t pivot = k;
    for (std::size_t i = k + 1; i < below; ++i)
      if (std::abs(band[shape.at(i, k)]) > std::abs(band[shape.at(pivot, k)])) pivot = i;
    factors.pivots[k] = pivot;
    const double value = band[shape.at(pivot, k)];
    if (!(std::abs(value) > least)) {
      factors.singular_at = k;
      return factors;
    }
    if (value < 0.0) factors.sign = -factors.sign;
    if (pivot != k) {
      factors.sign = -factors.sign;
      for (std::size_t j = k; j < right; ++j) std::swap(band[shape.at(k, j)], band[shape.at(pivot, j)]);
    }
    for (std::size_t i = k + 1; i < below; ++i) band[shape.at(i, k)] /= value;
    for (std::size_t j = k + 1; j < right; ++j) {
      const double above = band[shape.at(k, j)];
      if (above == 0.0) continue;
      for (std::size_t i = k + 1; i < below; ++i) band[shape.at(i, j)] -= band[shape.at(i, k)] * above;
    }
  }
  factors.regular = true;
  return factors;
}

void solve_band(const BandShape& shape, std::span<const double> band, std::span<const std::size_t> pivots,
                std::span<double> b) {
  const std::size_t n = shape.rows;
  for (std::size_t k = 0; k < n; ++k) {
    std::swap(b[k], b[pivots[k]]);
    const std::size_t below = std::min(n, k + shape.lower + 1);
    for (std::size_t i = k + 1; i < below; ++i) b[i] -= band[shape.at(i, k)] * b[k];
  }
  for (std::size_t k = n; k-- > 0;) {
    b[k] /= band[shape.at(k, k)];
    const std::size_t above = k > shape.lower + shape.upper ? k - shape.lower - shape.upper : 0;
    for (std::size_t i = above; i < k; ++i) b[i] -= band[shape.at(i, k)] * b[k];
  }
}

}  // namespace holon::solve

#include "holon/solve/band_lu.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace holon::solve {

BandFactors factor_band(const BandShape& shape, std::span<double> band, double least) {
  BandFactors factors;
  const std::size_t n = shape.rows, height = shape.height(), diagonal = shape.lower + shape.upper;
  factors.pivots.resize(n);
  for (std::size_t k = 0; k < n; ++k) {
    const std::size_t below = std::min(n - k, shape.lower + 1), right = std::min(n, k + diagonal + 1);
    double* const column = band.data() + k * height + diagonal;
    std::size_t pivot = 0;
    for (std::size_t i = 1; i < below; ++i)
      if (std::abs(column[i]) > std::abs(column[pivot])) pivot = i;
    factors.pivots[k] = k + pivot;
    const double value = column[pivot];
    if (!(std::abs(value) > least)) {
      factors.singular_at = k;
      return factors;
    }
    if (value < 0.0) factors.sign = -factors.sign;
    if (pivot != 0) {
      factors.sign = -factors.sign;
      factors.reach = diagonal;
      for (std::size_t j = k; j < right; ++j) std::swap(band[shape.at(k, j)], band[shape.at(k + pivot, j)]);
    }
    column[0] = 1.0 / value;
    for (std::size_t i = 1; i < below; ++i) column[i] *= column[0];
    for (std::size_t j = k + 1; j < right; ++j) {
      double* const other = band.data() + shape.at(k, j);
      const double above = other[0];
      if (above == 0.0) continue;
      for (std::size_t i = 1; i < below; ++i) other[i] -= column[i] * above;
    }
  }
  factors.reach = std::max(factors.reach, shape.upper);
  factors.regular = true;
  return factors;
}

void solve_band(const BandShape& shape, std::span<const double> band, const BandFactors& factors,
                std::span<double> b) {
  const std::size_t n = shape.rows, height = shape.height(), diagonal = shape.lower + shape.upper;
  const bool exchanged = factors.reach > shape.upper;
  const double* column = band.data() + diagonal;
  for (std::size_t k = 0; k < n; ++k, column += height) {
    if (exchanged) std::swap(b[k], b[factors.pivots[k]]);
    const double value = b[k];
    const std::size_t below = std::min(n - k, shape.lower + 1);
    for (std::size_t i = 1; i < below; ++i) b[k + i] -= column[i] * value;
  }
  for (std::size_t k = n; k-- > 0;) {
    column -= height;
    const double value = b[k] * column[0];
    b[k] = value;
    const std::size_t above = std::min(k, factors.reach);
    for (std::size_t i = 1; i <= above; ++i) b[k - i] -= *(column - i) * value;
  }
}

}  // namespace holon::solve

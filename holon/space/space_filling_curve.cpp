#include "holon/space/space_filling_curve.hpp"

#include <algorithm>
#include <numeric>

namespace holon {

std::uint32_t morton_number(std::span<const double> place) {
  const std::size_t axes = place.size();
  const int bits = axes == 1 ? 30 : axes == 2 ? 15 : 10;
  std::uint32_t number = 0;
  for (std::size_t a = 0; a < axes; ++a) {
    const double scaled = std::clamp(place[a], 0.0, 1.0) * static_cast<double>(std::uint32_t{1} << bits);
    const std::uint32_t index = std::min(static_cast<std::uint32_t>(scaled), (std::uint32_t{1} << bits) - 1);
    for (int b = 0; b < bits; ++b) number |= (index >> b & 1U) << (static_cast<std::size_t>(b) * axes + a);
  }
  return number;
}

std::span<const std::size_t> CurveOrder::of(std::span<const std::uint32_t> keys) {
  order_.resize(keys.size());
  next_.resize(keys.size());
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  for (int shift = 0; shift < 30; shift += 10) {
    begin_.fill(0);
    const auto digit = [&](std::size_t k) { return keys[k] >> shift & 1023U; };
    for (const std::size_t k : order_) ++begin_[digit(k)];
    std::exclusive_scan(begin_.begin(), begin_.end(), begin_.begin(), std::size_t{0});
    for (const std::size_t k : order_) next_[begin_[digit(k)]++] = k;
    order_.swap(next_);
  }
  return order_;
}

}  // namespace holon

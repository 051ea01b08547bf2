// Orders points so that neighbours in space are near each other in memory: a Morton (Z-order) curve through
// the box (Morton 1966). Loops over neighbours then find what they need in cache.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace holon {

/// The number of a point of the unit cube on the curve: the bits of its 1 to 3 coordinates interleaved, 15
/// each for two axes, 10 for three, 30 for one. Coordinates outside [0, 1] count as those of the nearest
/// side.
std::uint32_t morton_number(std::span<const double> place);

/// The stable order of the keys, by radix sort: numbers[order[0]] is the smallest. Equal keys keep their
/// order.
class CurveOrder {
 public:
  std::span<const std::size_t> of(std::span<const std::uint32_t> keys);

 private:
  std::vector<std::size_t> order_, next_;
  std::array<std::size_t, 1 << 10> begin_{};
};

}  // namespace holon

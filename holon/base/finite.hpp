// Whether numbers are finite, at the speed of memory.
#pragma once

#include <bit>
#include <cstdint>
#include <span>

namespace holon {

/// False if one of them is infinite or not a number: x - x is +0, whose bits are all 0, for finite x only.
/// Without branches and without sums, which would have to be added up in order, the compiler makes vector
/// code of this.
inline bool all_finite(std::span<const double> values) {
  std::uint64_t found = 0;
  for (const double value : values) found |= std::bit_cast<std::uint64_t>(value - value);
  return found == 0;
}

}  // namespace holon

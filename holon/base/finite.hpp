// Whether numbers are finite, at the speed of memory.
#pragma once

#include <bit>
#include <cstdint>
#include <span>

namespace holon {

/// False if one of them is infinite or not a number: all bits of its exponent are set. Without branches and
/// without sums, which would have to be added up in order, the compiler makes vector code of this.
inline bool all_finite(std::span<const double> values) {
  constexpr std::uint64_t exponent = 0x7ff0'0000'0000'0000;
  std::uint64_t found = 0;
  for (const double value : values) {
    const auto bits = std::bit_cast<std::uint64_t>(value) & exponent;
    found |= static_cast<std::uint64_t>(bits == exponent);
  }
  return found == 0;
}

}  // namespace holon

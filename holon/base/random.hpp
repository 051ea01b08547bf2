// Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror & Shaw, SC 2011).
// A draw is a pure function of its key and counter, so results do not depend on threads, order or restarts.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace holon {

/// Four 32-bit words from a 128-bit counter and a 64-bit key.
std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key);

/// What a draw is keyed by: the run's seed, the process, the site's id, the interval (macro step) and the
/// draw's number.
struct RandomKey {
  std::uint64_t seed = 0;
  std::uint32_t process = 0;
  std::uint64_t site = 0;
  std::uint64_t interval = 0;
};

/// A number for RandomKey::process that tells the draws made under one name from those under others (FNV-1a).
std::uint32_t stream_of(std::string_view name);

double uniform(const RandomKey& key, std::uint32_t draw);  ///< in (0, 1), 53 bits
double normal(const RandomKey& key, std::uint32_t draw);   ///< mean 0, variance 1 (Box-Muller)

}  // namespace holon

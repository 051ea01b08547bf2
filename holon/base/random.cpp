#include "holon/base/random.hpp"

#include <cmath>
#include <numbers>

namespace holon {

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key) {
  // Multipliers and Weyl increments of the paper (table 2 and section 3.3).
  constexpr std::uint64_t multiplier0 = 0xD2511F53, multiplier1 = 0xCD9E8D57;
  constexpr std::uint32_t weyl0 = 0x9E3779B9, weyl1 = 0xBB67AE85;
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t product0 = multiplier0 * counter[0];
    const std::uint64_t product1 = multiplier1 * counter[2];
    counter = {static_cast<std::uint32_t>(product1 >> 32) ^ counter[1] ^ key[0],
               static_cast<std::uint32_t>(product1),
               static_cast<std::uint32_t>(product0 >> 32) ^ counter[3] ^ key[1],
               static_cast<std::uint32_t>(product0)};
    key[0] += weyl0;
    key[1] += weyl1;
  }
  return counter;
}

namespace {

/// Seed, process and the upper half of the interval make the 64-bit key of a stream (through one Philox
/// block, since together they have 128 bits); site, the lower half of the interval and the draw are its
/// counter, unmixed, so that no two draws of a stream can meet.
std::array<std::uint32_t, 4> words(const RandomKey& k, std::uint32_t draw) {
  const auto low = [](std::uint64_t x) { return static_cast<std::uint32_t>(x); };
  const auto high = [](std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); };
  const auto stream = philox4x32({low(k.seed), high(k.seed), k.process, high(k.interval)}, {0, 0});
  return philox4x32({low(k.site), high(k.site), low(k.interval), draw}, {stream[0], stream[1]});
}

/// An odd multiple of 2^-53: never 0, never 1.
double open_unit(std::uint32_t upper, std::uint32_t lower) {
  const std::uint64_t bits = (std::uint64_t{upper} << 32 | lower) >> 12;
  return (static_cast<double>(bits) + 0.5) * 0x1p-52;
}

}  // namespace

std::uint32_t stream_of(std::string_view name) {
  std::uint32_t hash = 2166136261U;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

double uniform(const RandomKey& key, std::uint32_t draw) {
  const auto w = words(key, draw);
  return open_unit(w[0], w[1]);
}

double normal(const RandomKey& key, std::uint32_t draw) {
  const auto w = words(key, draw);
  const double radius = std::sqrt(-2.0 * std::log(open_unit(w[0], w[1])));
  return radius * std::cos(2.0 * std::numbers::pi * open_unit(w[2], w[3]));
}

}  // namespace holon

// For tests: reproducible numbers in (-1, 1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace holon::test {

class Numbers {
 public:
  explicit Numbers(std::uint64_t seed) : state_(seed * 2862933555777941757ULL + 3037000493ULL) {}
  double operator()() {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<double>(static_cast<std::int64_t>(state_) >> 11) * 0x1.0p-52;
  }
  std::vector<double> column(std::size_t n) {
    std::vector<double> values(n);
    for (double& v : values) v = (*this)();
    return values;
  }

 private:
  std::uint64_t state_;
};

}  // namespace holon::test

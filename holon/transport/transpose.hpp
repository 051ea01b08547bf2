// Transposition of blocks of lines, four by four in registers.
#pragma once

#include "holon/transport/four_doubles.hpp"

#include <cstddef>

namespace holon::transport {

/// to[i * to_stride + l] = from[l * from_stride + i] for i < sites, l < lines.
inline void transpose(const double* from, std::size_t from_stride, std::size_t lines, std::size_t sites,
                      double* to, std::size_t to_stride) {
  std::size_t l = 0;
  for (; l + 4 <= lines; l += 4) {
    const double* row = from + l * from_stride;
    std::size_t i = 0;
    for (; i + 4 <= sites; i += 4) {
      const Four a = load(row + i), b = load(row + from_stride + i), c = load(row + 2 * from_stride + i),
                 d = load(row + 3 * from_stride + i);
      const Four ab0 = __builtin_shufflevector(a, b, 0, 4, 2, 6),
                 ab1 = __builtin_shufflevector(a, b, 1, 5, 3, 7),
                 cd0 = __builtin_shufflevector(c, d, 0, 4, 2, 6),
                 cd1 = __builtin_shufflevector(c, d, 1, 5, 3, 7);
      double* target = to + i * to_stride + l;
      store(target, __builtin_shufflevector(ab0, cd0, 0, 1, 4, 5));
      store(target + to_stride, __builtin_shufflevector(ab1, cd1, 0, 1, 4, 5));
      store(target + 2 * to_stride, __builtin_shufflevector(ab0, cd0, 2, 3, 6, 7));
      store(target + 3 * to_stride, __builtin_shufflevector(ab1, cd1, 2, 3, 6, 7));
    }
    for (; i < sites; ++i)
      for (std::size_t q = 0; q < 4; ++q) to[i * to_stride + l + q] = row[q * from_stride + i];
  }
  for (; l < lines; ++l)
    for (std::size_t i = 0; i < sites; ++i) to[i * to_stride + l] = from[l * from_stride + i];
}

}  // namespace holon::transport

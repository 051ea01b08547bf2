// The loops of tridiagonal_sweeps.hpp, compiled once for each instruction set: everything here is of the file
// that includes it.
#pragma once

#include "holon/transport/tridiagonal_sweeps.hpp"

#include <cmath>
#include <cstdint>
#include <utility>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace holon::transport {
namespace {

#if defined(__AVX512F__)
constexpr int widest = 8;
#else
constexpr int widest = 4;
#endif

template <int width>
struct Lanes {
  using Vector __attribute__((vector_size(8 * width))) = double;
  using Bits __attribute__((vector_size(8 * width))) = std::int64_t;
};
template <int width>
using Vector = typename Lanes<width>::Vector;

template <int width>
inline Vector<width> load(const double* from) {
  Vector<width> v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}

template <int width>
inline void store(double* to, const Vector<width>& v) {
  __builtin_memcpy(to, &v, sizeof v);
}

template <int width>
inline Vector<width> all(double value) {
  return Vector<width>{} + value;
}

/// a b + c with one rounding.
template <int width>
inline Vector<width> fused(const Vector<width>& a, const Vector<width>& b, const Vector<width>& c) {
#if defined(__AVX512F__)
  if constexpr (width == 8) return Vector<width>(_mm512_fmadd_pd(__m512d(a), __m512d(b), __m512d(c)));
#endif
#if defined(__FMA__)
  if constexpr (width == 4) return Vector<width>(_mm256_fmadd_pd(__m256d(a), __m256d(b), __m256d(c)));
#endif
  Vector<width> result;
  for (int l = 0; l < width; ++l) result[l] = std::fma(a[l], b[l], c[l]);
  return result;
}

/// Collects whether values were finite: x - x is +0, whose bits are all 0, for finite x only.
template <int width>
class Finite {
 public:
  void see(const Vector<width>& value) {
    const Vector<width> difference = value - value;
    typename Lanes<width>::Bits bits;
    __builtin_memcpy(&bits, &difference, sizeof bits);
    found_ |= bits;
  }
  bool all() const {
    std::int64_t found = 0;
    for (int l = 0; l < width; ++l) found |= found_[l];
    return found == 0;
  }

 private:
  typename Lanes<width>::Bits found_{};
};

/// Exchanges the off-diagonal squares of side `part` in every square of twice that side.
template <int width, int part, std::size_t... column>
inline void exchange(Vector<width>& above, Vector<width>& below, std::index_sequence<column...>) {
  const Vector<width> left = __builtin_shufflevector(
      above, below, ((column & part) == 0 ? int(column) : int(column) - part + width)...);
  below = __builtin_shufflevector(above, below,
                                  ((column & part) == 0 ? int(column) + part : int(column) + width)...);
  above = left;
}

/// Transposes a square of width * width numbers.
template <int width, int part = width / 2>
inline void transpose(std::array<Vector<width>, width>& square) {
  if constexpr (part > 0) {
    for (int row = 0; row < width; ++row)
      if ((row & part) == 0)
        exchange<width, part>(square[std::size_t(row)], square[std::size_t(row + part)],
                              std::make_index_sequence<width>{});
    transpose<width, part / 2>(square);
  }
}

/// Asks for memory that is needed soon. It may lie past the end of the column.
inline void prefetch(const double* base, std::size_t offset) {
  // NOLINTNEXTLINE(performance-no-int-to-ptr): no address is formed that does not exist
  __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(base) + 8 * offset), 1);
}

/// `groups` groups of `width` lines along x. Squares of sites and lines are transposed in registers, so that
/// the recurrences run in as many lanes as there are lines.
template <LineUpdate update, int width, int groups>
inline bool sweep_along(double* u, std::span<const SweepRow> rows, double scale, double* __restrict work) {
  using V = Vector<width>;
  constexpr std::size_t w = width, block = w * groups;
  const std::size_t n = rows.size(), squares = n / w * w;
  std::array<V, groups> near{};
  std::size_t i = 0;
  for (; i < squares; i += w) {
    for (std::size_t q = 0; q < block * w; q += 8) prefetch(u, block * (n + i) + q);
    for (std::size_t g = 0; g < groups; ++g) {
      std::array<V, w> square;
      for (std::size_t l = 0; l < w; ++l) square[l] = load<width>(u + (g * w + l) * n + i);
      transpose<width>(square);
      for (std::size_t s = 0; s < w; ++s) {
        const SweepRow& row = rows[i + s];
        near[g] = fused<width>(all<width>(row.lower), near[g], square[s] * row.inverse);
        store<width>(work + (i + s) * block + g * w, near[g]);
      }
    }
  }
  for (; i < n; ++i)
    for (std::size_t g = 0; g < groups; ++g) {
      V value;
      for (std::size_t l = 0; l < w; ++l) value[l] = u[(g * w + l) * n + i];
      near[g] = fused<width>(all<width>(rows[i].lower), near[g], value * rows[i].inverse);
      store<width>(work + i * block + g * w, near[g]);
    }
  near = {};
  Finite<width> finite;
  const auto updated = [&](const V& v, const V& before) {
    V result;
    if constexpr (update == LineUpdate::replace)
      result = scale * v;
    else
      result = scale * fused<width>(all<width>(2.0), v, -before);
    finite.see(result);
    return result;
  };
  while (i > squares) {
    --i;
    for (std::size_t g = 0; g < groups; ++g) {
      near[g] = fused<width>(all<width>(rows[i].upper), near[g], load<width>(work + i * block + g * w));
      V before;
      for (std::size_t l = 0; l < w; ++l) before[l] = u[(g * w + l) * n + i];
      const V result = updated(near[g], before);
      for (std::size_t l = 0; l < w; ++l) u[(g * w + l) * n + i] = result[l];
    }
  }
  while (i > 0) {
    i -= w;
    for (std::size_t g = 0; g < groups; ++g) {
      std::array<V, w> square;
      for (std::size_t s = w; s-- > 0;) {
        near[g] =
            fused<width>(all<width>(rows[i + s].upper), near[g], load<width>(work + (i + s) * block + g * w));
        square[s] = near[g];
      }
      transpose<width>(square);
      for (std::size_t l = 0; l < w; ++l) {
        double* target = u + (g * w + l) * n + i;
        store<width>(target, updated(square[l], load<width>(target)));
      }
    }
  }
  return finite.all();
}

template <LineUpdate update, int width = widest, int groups = 2>
bool lines_along(double* u, std::size_t lines, std::span<const SweepRow> rows, double scale, double* work) {
  constexpr std::size_t together = width * groups;
  static_assert(together <= most_lines_along);
  bool finite = true;
  std::size_t line = 0;
  for (; line + together <= lines; line += together)
    finite &= sweep_along<update, width, groups>(u + line * rows.size(), rows, scale, work);
  if constexpr (groups > 1)
    finite &= lines_along<update, width, 1>(u + line * rows.size(), lines - line, rows, scale, work);
  else if constexpr (width > 1)
    finite &= lines_along<update, width / 2, 1>(u + line * rows.size(), lines - line, rows, scale, work);
  return finite;
}

/// `groups` groups of `width` lanes beside each other, across x.
template <LineUpdate update, int width, int groups>
inline bool sweep_across(double* u, std::size_t stride, std::span<const SweepRow> rows) {
  using V = Vector<width>;
  constexpr std::size_t w = width;
  std::array<V, groups> d{}, near{};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const V lower = all<width>(rows[i].lower), inverse = all<width>(rows[i].inverse);
    double* site = u + i * stride;
    for (std::size_t g = 0; g < groups; ++g) {
      d[g] = fused<width>(lower, d[g], load<width>(site + g * w) * inverse);
      store<width>(site + g * w, d[g]);
    }
  }
  Finite<width> finite;
  for (std::size_t i = rows.size(); i-- > 0;) {
    const V lower = all<width>(-rows[i].lower), upper = all<width>(rows[i].upper),
            pivot = all<width>(-rows[i].pivot);
    double* site = u + i * stride;
    for (std::size_t g = 0; g < groups; ++g) {
      near[g] = fused<width>(upper, near[g], d[g]);
      V result = near[g], part = d[g];
      if (i > 0) {
        d[g] = load<width>(site - stride + g * w);
        part = fused<width>(lower, d[g], part);
      }
      if constexpr (update == LineUpdate::reflect) result = fused<width>(pivot, part, result + result);
      finite.see(result);
      store<width>(site + g * w, result);
    }
  }
  return finite.all();
}

template <LineUpdate update, int width = widest, int groups = widest>
bool lanes_across(double* u, std::size_t stride, std::size_t lanes, std::span<const SweepRow> rows) {
  constexpr std::size_t together = width * groups;
  static_assert(together <= most_lanes_across);
  bool finite = true;
  std::size_t lane = 0;
  for (; lane + together <= lanes; lane += together)
    finite &= sweep_across<update, width, groups>(u + lane, stride, rows);
  if constexpr (groups > 1)
    finite &= lanes_across<update, width, groups / 2>(u + lane, stride, lanes - lane, rows);
  else if constexpr (width > 1)
    finite &= lanes_across<update, width / 2, 1>(u + lane, stride, lanes - lane, rows);
  return finite;
}

constexpr TridiagonalSweeps sweeps_of_this_file{
    {lines_along<LineUpdate::replace>, lines_along<LineUpdate::reflect>},
    {lanes_across<LineUpdate::replace>, lanes_across<LineUpdate::reflect>}};

}  // namespace
}  // namespace holon::transport

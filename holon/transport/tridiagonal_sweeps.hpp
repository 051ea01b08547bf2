// Tridiagonal solves on many lines side by side, in place, with vectors as wide as the machine has.
//
// (I - c A) v = u is factored once as L U. The way up a line leaves d = L^-1 u where u was; the way down gets
// v = U^-1 d, and what stood there before from d once more,
//   d_i = u_i / p_i + lower_i d_{i-1},   v_i = d_i + upper_i v_{i+1},   u_i = p_i (d_i - lower_i d_{i-1}),
// so that no second column is needed, and a block of lines passes memory once where the processor's cache
// holds it. Every site's arithmetic is the same whatever the width of the vectors and the number of lines:
// products are added with one rounding (fma) everywhere.
#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace holon::transport {

/// Of one site: 1/p, what the site below adds, what the site above adds, p.
struct SweepRow {
  double inverse, lower, upper, pivot;
};

/// What becomes of the right-hand side u once v is known: u = scale v; u = scale (2 v - u).
enum class LineUpdate { replace, reflect };

struct TridiagonalSweeps {
  /// Lines along x, one after the other in memory, each as long as there are rows; `work` holds
  /// rows * most_lines_along numbers. Here and below: false if a result is not finite.
  using Along = bool (*)(double* u, std::size_t lines, std::span<const SweepRow> rows, double scale,
                         double* work);
  /// Lines across x: site i of lane l is u[i * stride + l]. The scale is 1.
  using Across = bool (*)(double* u, std::size_t stride, std::size_t lanes, std::span<const SweepRow> rows);

  std::array<Along, 2> along;  ///< by LineUpdate
  std::array<Across, 2> across;
};

/// Lines along x that are solved together, and lanes across x that are.
inline constexpr std::size_t most_lines_along = 16, most_lanes_across = 64;

/// For the instruction set that the program is built for, and for AVX-512 (the same bits, faster).
const TridiagonalSweeps& base_tridiagonal_sweeps();
const TridiagonalSweeps& avx512_tridiagonal_sweeps();
/// The fastest that this machine runs.
const TridiagonalSweeps& tridiagonal_sweeps();

}  // namespace holon::transport

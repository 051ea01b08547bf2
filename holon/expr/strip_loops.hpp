// Operations over strips of sites, for the interpreter: one plain loop per operation and kind of argument.
#pragma once

#include "holon/expr/graph.hpp"

#include <array>
#include <cstddef>

namespace holon::expr {

/// result[i] = operation(a[i], b[i], c[i]) for i < sites; `sites` is a multiple of strip_granularity.
/// `result` may be one of the arguments.
using StripLoop = void (*)(double* result, const double* a, const double* b, const double* c,
                           std::size_t sites);

inline constexpr std::size_t strip_granularity = 8;
inline constexpr std::size_t operation_count = static_cast<std::size_t>(Op::select) + 1;

/// Loops by operation and by form: bit k of the form is set where argument k is one number for all sites.
struct StripLoops {
  std::array<std::array<StripLoop, 8>, operation_count> of{};
  StripLoop copy = nullptr;  ///< result = a
  StripLoop operator()(Op op, unsigned form) const { return of[static_cast<std::size_t>(op)][form]; }
};

/// Loops for the instruction set that the program is built for, and for AVX-512 (the same bits, faster).
const StripLoops& base_strip_loops();
const StripLoops& avx512_strip_loops();
/// The fastest that this machine runs.
const StripLoops& strip_loops();

/// The value of an operation at one site: the same bits as a loop gives.
double site_value(Op op, double a, double b, double c);

}  // namespace holon::expr

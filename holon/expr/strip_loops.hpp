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

/// Two operations in one loop: outer(x, c) or outer(c, x) with x = inner(a, b); exp(x) for outer = exp.
struct OperationPair {
  Op inner = Op::constant, outer = Op::constant;
  int position = 0;  ///< of x among the arguments of the outer operation
};
inline constexpr std::array<Op, 3> inner_operations{Op::multiply, Op::add, Op::subtract};
/// Outer operations and positions; where arguments commute, the position is 0.
inline constexpr std::array<OperationPair, 7> outer_operations{{{Op::constant, Op::add, 0},
                                                                {Op::constant, Op::multiply, 0},
                                                                {Op::constant, Op::subtract, 0},
                                                                {Op::constant, Op::subtract, 1},
                                                                {Op::constant, Op::divide, 0},
                                                                {Op::constant, Op::divide, 1},
                                                                {Op::constant, Op::exp, 0}}};

/// Loops by operation and by form: bit k of the form is set where argument k is one number for all sites.
struct StripLoops {
  std::array<std::array<StripLoop, 8>, operation_count> of{};
  std::array<std::array<std::array<StripLoop, 8>, outer_operations.size()>, inner_operations.size()> pairs{};
  StripLoop copy = nullptr;  ///< result = a
  StripLoop operator()(Op op, unsigned form) const { return of[static_cast<std::size_t>(op)][form]; }
  /// Null where there is no loop for the pair; bits of the form: a, b, c.
  StripLoop operator()(const OperationPair& pair, unsigned form) const;
};

/// Loops for the instruction set that the program is built for, and for AVX-512 (the same bits, faster).
const StripLoops& base_strip_loops();
const StripLoops& avx512_strip_loops();
/// The fastest that this machine runs.
const StripLoops& strip_loops();

/// The value of an operation at one site: the same bits as a loop gives.
double site_value(Op op, double a, double b, double c);

}  // namespace holon::expr

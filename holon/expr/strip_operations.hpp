// The operations of strip_loops.hpp, for inclusion by the files that compile them for one instruction set
// each. Everything has internal linkage, so that no machine runs code that was compiled for another.
#pragma once

#include "holon/expr/strip_loops.hpp"
#include "holon/expr/strip_math.hpp"

#include <utility>

namespace holon::expr {
namespace {

#define HOLON_OPERATION_INLINE [[gnu::always_inline]] inline

/// Whether the straight-line formula of an operation holds for these arguments; elsewhere the C library is
/// asked.
template <Op op>
HOLON_OPERATION_INLINE bool is_plain(double a, double b) {
  if constexpr (op == Op::sin || op == Op::cos || op == Op::tan) {
    return strip_math::absolute(a) <= strip_math::largest_circle_argument;
  } else if constexpr (op == Op::power) {
    return strip_math::power_is_plain(a, b);
  }
  return true;
}

template <Op op>
HOLON_OPERATION_INLINE double library_value(double a, double b) {
  if constexpr (op == Op::sin) return __builtin_sin(a);
  if constexpr (op == Op::cos) return __builtin_cos(a);
  if constexpr (op == Op::tan) return __builtin_tan(a);
  if constexpr (op == Op::power) return __builtin_pow(a, b);
  return a;
}

template <Op op>
constexpr bool has_exceptions = op == Op::sin || op == Op::cos || op == Op::tan || op == Op::power;

template <Op op>
HOLON_OPERATION_INLINE double plain_value(double a, double b, double c) {
  if constexpr (op == Op::add) return a + b;
  if constexpr (op == Op::subtract) return a - b;
  if constexpr (op == Op::multiply) return a * b;
  if constexpr (op == Op::divide) return a / b;
  if constexpr (op == Op::negate) return -a;
  if constexpr (op == Op::power) return strip_math::power(a, b);
  if constexpr (op == Op::exp) return strip_math::exp(a);
  if constexpr (op == Op::expm1) return strip_math::expm1(a);
  if constexpr (op == Op::log) return strip_math::log(a);
  if constexpr (op == Op::log1p) return strip_math::log1p(a);
  if constexpr (op == Op::sqrt) return __builtin_sqrt(a);
  if constexpr (op == Op::sin) return strip_math::sine_cosine(a).sine;
  if constexpr (op == Op::cos) return strip_math::sine_cosine(a).cosine;
  if constexpr (op == Op::tan) {
    const strip_math::SineCosine t = strip_math::sine_cosine(a);
    return t.sine / t.cosine;
  }
  if constexpr (op == Op::asin) return __builtin_asin(a);
  if constexpr (op == Op::acos) return __builtin_acos(a);
  if constexpr (op == Op::atan) return __builtin_atan(a);
  if constexpr (op == Op::atan2) return __builtin_atan2(a, b);
  if constexpr (op == Op::sinh) return strip_math::sinh(a);
  if constexpr (op == Op::cosh) return strip_math::cosh(a);
  if constexpr (op == Op::tanh) return strip_math::tanh(a);
  if constexpr (op == Op::erf) return __builtin_erf(a);
  if constexpr (op == Op::abs) return strip_math::absolute(a);
  if constexpr (op == Op::sign) return a > 0.0 ? 1.0 : a < 0.0 ? -1.0 : a;
  if constexpr (op == Op::floor) return __builtin_floor(a);
  if constexpr (op == Op::ceil) return __builtin_ceil(a);
  if constexpr (op == Op::modulo) return a - b * __builtin_floor(a / b);
  if constexpr (op == Op::minimum) return a != a ? a : a < b ? a : b;
  if constexpr (op == Op::maximum) return a != a ? a : a > b ? a : b;
  if constexpr (op == Op::less) return a < b ? 1.0 : 0.0;
  if constexpr (op == Op::less_equal) return a <= b ? 1.0 : 0.0;
  if constexpr (op == Op::equal) return a == b ? 1.0 : 0.0;
  if constexpr (op == Op::logical_and) return (a != 0.0 ? 1.0 : 0.0) * (b != 0.0 ? 1.0 : 0.0);
  if constexpr (op == Op::logical_or) return a != 0.0 ? 1.0 : b != 0.0 ? 1.0 : 0.0;
  if constexpr (op == Op::logical_not) return a == 0.0 ? 1.0 : 0.0;
  if constexpr (op == Op::select) return a != 0.0 ? b : c;
  return a;
}

template <Op op>
HOLON_OPERATION_INLINE double value(double a, double b, double c) {
  if constexpr (has_exceptions<op>) {
    if (!is_plain<op>(a, b)) return library_value<op>(a, b);
  }
  return plain_value<op>(a, b, c);
}

template <Op op, unsigned form>
void loop(double* result, const double* a, const double* b, const double* c, std::size_t sites) {
  constexpr int arguments = op == Op::select ? 3 : 2;
  sites &= ~(strip_granularity - 1);
  const double a0 = *a, b0 = *b, c0 = *c;
  const auto first = [&](std::size_t i) { return (form & 1U) != 0 ? a0 : a[i]; };
  const auto second = [&](std::size_t i) { return (form & 2U) != 0 ? b0 : b[i]; };
  const auto third = [&](std::size_t i) { return arguments < 3 || (form & 4U) != 0 ? c0 : c[i]; };
  if constexpr (has_exceptions<op>) {
    std::size_t exceptions = 0;
    for (std::size_t i = 0; i < sites; ++i) exceptions += is_plain<op>(first(i), second(i)) ? 0 : 1;
    if (exceptions != 0) {
      for (std::size_t i = 0; i < sites; ++i) result[i] = value<op>(first(i), second(i), third(i));
      return;
    }
  }
#if !defined(__clang__)
#pragma GCC ivdep
#endif
  for (std::size_t i = 0; i < sites; ++i) result[i] = plain_value<op>(first(i), second(i), third(i));
}

template <Op inner, Op outer, int position, unsigned form>
void pair_loop(double* result, const double* a, const double* b, const double* c, std::size_t sites) {
  sites &= ~(strip_granularity - 1);
  const double a0 = *a, b0 = *b, c0 = *c;
#if !defined(__clang__)
#pragma GCC ivdep
#endif
  for (std::size_t i = 0; i < sites; ++i) {
    const double x = plain_value<inner>((form & 1U) != 0 ? a0 : a[i], (form & 2U) != 0 ? b0 : b[i], 0.0);
    const double other = (form & 4U) != 0 ? c0 : c[i];
    result[i] = position == 0 ? plain_value<outer>(x, other, 0.0) : plain_value<outer>(other, x, 0.0);
  }
}

void copy_loop(double* result, const double* a, const double*, const double*, std::size_t sites) {
  for (std::size_t i = 0; i < sites; ++i) result[i] = a[i];
}

/// Forms that occur: an operation whose arguments are all one number is done once, not in a loop.
template <Op op>
constexpr std::array<StripLoop, 8> unary_forms() {
  return {loop<op, 6>};
}
template <Op op>
constexpr std::array<StripLoop, 8> binary_forms() {
  return {loop<op, 4>, loop<op, 5>, loop<op, 6>};
}
template <Op op>
constexpr std::array<StripLoop, 8> ternary_forms() {
  return {loop<op, 0>, loop<op, 1>, loop<op, 2>, loop<op, 3>, loop<op, 4>, loop<op, 5>, loop<op, 6>};
}

template <Op op>
constexpr void put(StripLoops& loops, const std::array<StripLoop, 8>& forms) {
  for (unsigned form = 0; form < 8; ++form) loops.of[static_cast<std::size_t>(op)][form] = forms[form];
}

template <Op... ops>
constexpr void put_unary(StripLoops& loops) {
  (put<ops>(loops, unary_forms<ops>()), ...);
}
template <Op... ops>
constexpr void put_binary(StripLoops& loops) {
  (put<ops>(loops, binary_forms<ops>()), ...);
}

template <std::size_t inner, std::size_t outer>
constexpr void put_pair(StripLoops& loops) {
  constexpr Op in = inner_operations[inner];
  constexpr Op out = outer_operations[outer].outer;
  constexpr int position = outer_operations[outer].position;
  if constexpr (out == Op::exp) {
    loops.pairs[inner][outer] = {nullptr,
                                 nullptr,
                                 nullptr,
                                 nullptr,
                                 pair_loop<in, out, 0, 4>,
                                 pair_loop<in, out, 0, 5>,
                                 pair_loop<in, out, 0, 6>};
  } else {
    loops.pairs[inner][outer] = {pair_loop<in, out, position, 0>, pair_loop<in, out, position, 1>,
                                 pair_loop<in, out, position, 2>, nullptr,
                                 pair_loop<in, out, position, 4>, pair_loop<in, out, position, 5>,
                                 pair_loop<in, out, position, 6>};
  }
}
template <std::size_t inner, std::size_t... outer>
constexpr void put_pairs(StripLoops& loops, std::index_sequence<outer...>) {
  (put_pair<inner, outer>(loops), ...);
}
template <std::size_t... inner>
constexpr void put_all_pairs(StripLoops& loops, std::index_sequence<inner...>) {
  (put_pairs<inner>(loops, std::make_index_sequence<outer_operations.size()>()), ...);
}

constexpr StripLoops make_strip_loops() {
  StripLoops loops;
  put_all_pairs(loops, std::make_index_sequence<inner_operations.size()>());
  put_unary<Op::negate, Op::exp, Op::expm1, Op::log, Op::log1p, Op::sqrt, Op::sin, Op::cos, Op::tan, Op::asin,
            Op::acos, Op::atan, Op::sinh, Op::cosh, Op::tanh, Op::erf, Op::abs, Op::sign, Op::floor, Op::ceil,
            Op::logical_not>(loops);
  put_binary<Op::add, Op::subtract, Op::multiply, Op::divide, Op::power, Op::atan2, Op::modulo, Op::minimum,
             Op::maximum, Op::less, Op::less_equal, Op::equal, Op::logical_and, Op::logical_or>(loops);
  put<Op::select>(loops, ternary_forms<Op::select>());
  loops.copy = copy_loop;
  return loops;
}

constexpr StripLoops loops_of_this_file = make_strip_loops();

#undef HOLON_OPERATION_INLINE

}  // namespace
}  // namespace holon::expr

#include "holon/expr/strip_operations.hpp"

#include <algorithm>

namespace holon::expr {

const StripLoops& base_strip_loops() { return loops_of_this_file; }

const StripLoops& strip_loops() {
#if defined(__x86_64__)
  static const bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                           __builtin_cpu_supports("avx512cd");
  return wide ? avx512_strip_loops() : base_strip_loops();
#else
  return base_strip_loops();
#endif
}

StripLoop StripLoops::operator()(const OperationPair& pair, unsigned form) const {
  const auto inner = std::find(inner_operations.begin(), inner_operations.end(), pair.inner);
  const bool commutes = pair.outer == Op::add || pair.outer == Op::multiply;
  const auto outer =
      std::find_if(outer_operations.begin(), outer_operations.end(), [&](const OperationPair& o) {
        return o.outer == pair.outer && (commutes || o.position == pair.position);
      });
  if (inner == inner_operations.end() || outer == outer_operations.end()) return nullptr;
  const auto i = static_cast<std::size_t>(inner - inner_operations.begin());
  return pairs[i][static_cast<std::size_t>(outer - outer_operations.begin())][form];
}

double site_value(Op op, double a, double b, double c) {
  switch (op) {
    case Op::constant:
    case Op::symbol:
      return a;
#define HOLON_CASE(name) \
  case Op::name:         \
    return value<Op::name>(a, b, c)
      HOLON_CASE(add);
      HOLON_CASE(subtract);
      HOLON_CASE(multiply);
      HOLON_CASE(divide);
      HOLON_CASE(negate);
      HOLON_CASE(power);
      HOLON_CASE(exp);
      HOLON_CASE(expm1);
      HOLON_CASE(log);
      HOLON_CASE(log1p);
      HOLON_CASE(sqrt);
      HOLON_CASE(sin);
      HOLON_CASE(cos);
      HOLON_CASE(tan);
      HOLON_CASE(asin);
      HOLON_CASE(acos);
      HOLON_CASE(atan);
      HOLON_CASE(atan2);
      HOLON_CASE(sinh);
      HOLON_CASE(cosh);
      HOLON_CASE(tanh);
      HOLON_CASE(erf);
      HOLON_CASE(abs);
      HOLON_CASE(sign);
      HOLON_CASE(floor);
      HOLON_CASE(ceil);
      HOLON_CASE(modulo);
      HOLON_CASE(minimum);
      HOLON_CASE(maximum);
      HOLON_CASE(less);
      HOLON_CASE(less_equal);
      HOLON_CASE(equal);
      HOLON_CASE(logical_and);
      HOLON_CASE(logical_or);
      HOLON_CASE(logical_not);
      HOLON_CASE(select);
#undef HOLON_CASE
  }
  return a;
}

}  // namespace holon::expr

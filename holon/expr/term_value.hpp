// The value of one term from the values of its arguments, at any floating-point precision: the definition of
// every Op.
#pragma once

#include "holon/expr/graph.hpp"

#include <cmath>

namespace holon::expr {

/// Value of an operation. Symbols and constants have no arguments and are not evaluated here.
template <class Real>
Real term_value(Op op, Real a, Real b, Real c) {
  const auto truth = [](bool t) { return t ? Real(1) : Real(0); };
  switch (op) {
    case Op::constant:
    case Op::symbol:
      break;
    case Op::add:
      return a + b;
    case Op::subtract:
      return a - b;
    case Op::multiply:
      return a * b;
    case Op::divide:
      return a / b;
    case Op::negate:
      return -a;
    case Op::power:
      return std::pow(a, b);
    case Op::exp:
      return std::exp(a);
    case Op::expm1:
      return std::expm1(a);
    case Op::log:
      return std::log(a);
    case Op::log1p:
      return std::log1p(a);
    case Op::sqrt:
      return std::sqrt(a);
    case Op::sin:
      return std::sin(a);
    case Op::cos:
      return std::cos(a);
    case Op::tan:
      return std::tan(a);
    case Op::asin:
      return std::asin(a);
    case Op::acos:
      return std::acos(a);
    case Op::atan:
      return std::atan(a);
    case Op::atan2:
      return std::atan2(a, b);
    case Op::sinh:
      return std::sinh(a);
    case Op::cosh:
      return std::cosh(a);
    case Op::tanh:
      return std::tanh(a);
    case Op::erf:
      return std::erf(a);
    case Op::abs:
      return std::fabs(a);
    case Op::sign:
      return a > 0 ? Real(1) : a < 0 ? Real(-1) : a;
    case Op::floor:
      return std::floor(a);
    case Op::ceil:
      return std::ceil(a);
    case Op::modulo:
      return a - b * std::floor(a / b);
    case Op::minimum:
      return a != a ? a : a < b ? a : b;
    case Op::maximum:
      return a != a ? a : a > b ? a : b;
    case Op::less:
      return truth(a < b);
    case Op::less_equal:
      return truth(a <= b);
    case Op::equal:
      return truth(a == b);
    case Op::logical_and:
      return truth(a != 0 && b != 0);
    case Op::logical_or:
      return truth(a != 0 || b != 0);
    case Op::logical_not:
      return truth(a == 0);
    case Op::select:
      return a != 0 ? b : c;
  }
  return Real(0);
}

}  // namespace holon::expr

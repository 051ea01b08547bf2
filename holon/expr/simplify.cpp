// The rules by which Graph::make simplifies a term before it is stored. Every rule looks at most two terms
// deep, so making a term takes constant time and no recursion grows with the depth of an expression.
#include "holon/base/error.hpp"
#include "holon/expr/graph.hpp"
#include "holon/expr/term_value.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

namespace holon::expr {

namespace {

constexpr double largest_power_by_squaring = 8.0;

bool gives_truth_value(Op op) {
  switch (op) {
    case Op::less:
    case Op::less_equal:
    case Op::equal:
    case Op::logical_and:
    case Op::logical_or:
    case Op::logical_not:
      return true;
    default:
      return false;
  }
}

bool even(Op op) { return op == Op::cos || op == Op::cosh || op == Op::abs; }

}  // namespace

Node Graph::make(Op op, Node a, Node b, Node c) {
  const int n = arity(op);
  require(n > 0, "constants and symbols are made by Graph::constant and Graph::symbol");
  require(a.id < size() && (n < 2 || b.id < size()) && (n < 3 || c.id < size()),
          "an argument belongs to another graph");
  if (is_constant(a) && (n < 2 || is_constant(b)) && (n < 3 || is_constant(c))) return fold(op, a, b, c);
  switch (op) {
    case Op::add:
      return make_sum(a, b);
    case Op::subtract:
      return make_difference(a, b);
    case Op::multiply:
      return make_product(a, b);
    case Op::divide:
      return make_quotient(a, b);
    case Op::negate:
      return make_negative(a);
    case Op::power:
      return make_power(a, b);
    case Op::minimum:
    case Op::maximum:
      if (a == b) return a;
      return plain(op, std::min(a, b), std::max(a, b));
    case Op::equal:
      return plain(op, std::min(a, b), std::max(a, b));
    case Op::less:
      if (a == b) return constant(0.0);
      return plain(op, a, b);
    case Op::logical_and:
    case Op::logical_or:
    case Op::logical_not:
    case Op::select:
      return make_choice(op, a, b, c);
    default:
      return n == 1 ? make_function(op, a) : plain(op, a, b);
  }
}

Node Graph::fold(Op op, Node a, Node b, Node c) {
  const int n = arity(op);
  return constant(term_value<double>(op, value(a), n > 1 ? value(b) : 0.0, n > 2 ? value(c) : 0.0));
}

Node Graph::make_sum(Node a, Node b) {
  if (is_constant(b)) std::swap(a, b);  // a constant stands first
  if (is_constant(a, 0.0)) return b;
  const Term ta = terms_[a.id], tb = terms_[b.id];
  if (tb.op == Op::negate) return make(Op::subtract, a, tb.argument[0]);
  if (ta.op == Op::negate) return make(Op::subtract, b, ta.argument[0]);
  if (a == b) return make(Op::multiply, constant(2.0), a);
  if (is_constant(a)) return plain(Op::add, a, b);
  return plain(Op::add, std::min(a, b), std::max(a, b));
}

Node Graph::make_difference(Node a, Node b) {
  if (a == b) return constant(0.0);
  if (is_constant(a, 0.0)) return make_negative(b);
  if (is_constant(b)) return make_sum(constant(-value(b)), a);
  const Term ta = terms_[a.id], tb = terms_[b.id];
  if (tb.op == Op::negate) return make(Op::add, a, tb.argument[0]);
  if (ta.op == Op::negate) return make_negative(make(Op::add, ta.argument[0], b));
  return plain(Op::subtract, a, b);
}

Node Graph::make_negative(Node a) {
  const Term t = terms_[a.id];
  switch (t.op) {
    case Op::negate:
      return t.argument[0];
    case Op::subtract:
      return make(Op::subtract, t.argument[1], t.argument[0]);
    case Op::multiply:
    case Op::divide:  // the sign goes into a constant factor where there is one
      if (is_constant(t.argument[0])) return make(t.op, constant(-value(t.argument[0])), t.argument[1]);
      break;
    case Op::add:
      if (is_constant(t.argument[0]))
        return make(Op::subtract, constant(-value(t.argument[0])), t.argument[1]);
      break;
    default:
      break;
  }
  return plain(Op::negate, a);
}

Node Graph::make_product(Node a, Node b) {
  if (is_constant(b)) std::swap(a, b);
  const Term ta = terms_[a.id], tb = terms_[b.id];
  if (ta.op == Op::constant) {
    const double factor = ta.value;
    if (factor == 0.0) return constant(0.0);
    if (factor == 1.0) return b;
    if (factor == -1.0) return make_negative(b);
    if (tb.op == Op::negate) return make(Op::multiply, constant(-factor), tb.argument[0]);
    if ((tb.op == Op::multiply || tb.op == Op::divide) && is_constant(tb.argument[0])) {
      const double merged = factor * value(tb.argument[0]);
      if (std::isnormal(merged)) return make(tb.op, constant(merged), tb.argument[1]);
    }
    return plain(Op::multiply, a, b);
  }
  if (ta.op == Op::negate && tb.op == Op::negate) return make(Op::multiply, ta.argument[0], tb.argument[0]);
  if (ta.op == Op::negate) return make_negative(make(Op::multiply, ta.argument[0], b));
  if (tb.op == Op::negate) return make_negative(make(Op::multiply, a, tb.argument[0]));
  if (tb.op == Op::divide && is_constant(tb.argument[0], 1.0) && ta.op != Op::divide) {
    return make(Op::divide, a, tb.argument[1]);  // x (1/b) = x/b
  }
  if (ta.op == Op::divide && is_constant(ta.argument[0], 1.0) && tb.op != Op::divide) {
    return make(Op::divide, b, ta.argument[1]);
  }
  if (ta.op == Op::divide && tb.op == Op::divide && !grows(ta.argument[0]) && !grows(tb.argument[0])) {
    return make(Op::divide, make(Op::multiply, ta.argument[0], tb.argument[0]),
                make(Op::multiply, ta.argument[1], tb.argument[1]));
  }
  // Constant factors come to the front, so that they meet each other.
  if (tb.op == Op::multiply && is_constant(tb.argument[0])) {
    return make(Op::multiply, tb.argument[0], make(Op::multiply, a, tb.argument[1]));
  }
  if (ta.op == Op::multiply && is_constant(ta.argument[0])) {
    return make(Op::multiply, ta.argument[0], make(Op::multiply, ta.argument[1], b));
  }
  return plain(Op::multiply, std::min(a, b), std::max(a, b));
}

Node Graph::make_quotient(Node a, Node b) {
  const Term ta = terms_[a.id], tb = terms_[b.id];
  if (tb.op == Op::constant) {
    if (tb.value == 1.0) return a;
    const double reciprocal = 1.0 / tb.value;
    if (std::isnormal(reciprocal)) return make(Op::multiply, constant(reciprocal), a);
    return plain(Op::divide, a, b);
  }
  if (is_constant(a, 0.0)) return constant(0.0);
  if (tb.op == Op::negate) return make_negative(make(Op::divide, a, tb.argument[0]));
  if (ta.op == Op::negate) return make_negative(make(Op::divide, ta.argument[0], b));
  if (ta.op == Op::divide && !grows(ta.argument[0])) {
    return make(Op::divide, ta.argument[0], make(Op::multiply, ta.argument[1], b));
  }
  if (tb.op == Op::divide && !grows(a) && !grows(tb.argument[1])) {
    return make(Op::divide, make(Op::multiply, a, tb.argument[1]), tb.argument[0]);
  }
  return plain(Op::divide, a, b);
}

Node Graph::make_power(Node a, Node b) {
  if (is_constant(a, 1.0)) return a;
  if (!is_constant(b)) return plain(Op::power, a, b);
  const double exponent = value(b);
  if (exponent == 0.0) return constant(1.0);
  if (exponent == 0.5) return make(Op::sqrt, a);
  if (exponent == -0.5) return make(Op::divide, constant(1.0), make(Op::sqrt, a));
  if (std::fabs(exponent) > largest_power_by_squaring || exponent != std::floor(exponent)) {
    return plain(Op::power, a, b);
  }
  Node result{}, square = a;
  bool first = true;
  for (int n = static_cast<int>(std::fabs(exponent)); n != 0; n >>= 1) {
    if (n & 1) result = first ? square : make(Op::multiply, result, square);
    if (n & 1) first = false;
    if (n > 1) square = make(Op::multiply, square, square);
  }
  return exponent > 0.0 ? result : make(Op::divide, constant(1.0), result);
}

Node Graph::make_function(Op op, Node a) {
  const Term t = terms_[a.id];
  if (op == Op::log && t.op == Op::exp) return t.argument[0];
  if (even(op) && t.op == Op::negate) return make(op, t.argument[0]);
  if (op == Op::abs && (t.op == Op::abs || t.op == Op::exp || t.op == Op::sqrt)) return a;
  if ((op == Op::floor || op == Op::ceil) && (t.op == Op::floor || t.op == Op::ceil)) return a;
  return plain(op, a);
}

Node Graph::make_choice(Op op, Node a, Node b, Node c) {
  const Term ta = terms_[a.id];
  if (op == Op::select) {
    if (ta.op == Op::constant) return ta.value != 0.0 ? b : c;
    if (b == c) return b;
    if (ta.op == Op::logical_not) return make(Op::select, ta.argument[0], c, b);
    return plain(op, a, b, c);
  }
  if (op == Op::logical_not) {
    if (ta.op == Op::logical_not && gives_truth_value(terms_[ta.argument[0].id].op)) return ta.argument[0];
    return plain(op, a);
  }
  if (is_constant(b)) std::swap(a, b);
  const bool both_truth = gives_truth_value(terms_[b.id].op);
  if (is_constant(a)) {
    const bool decides = (value(a) != 0.0) == (op == Op::logical_or);
    if (decides) return constant(op == Op::logical_or ? 1.0 : 0.0);
    if (both_truth) return b;
  }
  if (a == b && both_truth) return a;
  return plain(op, std::min(a, b), std::max(a, b));
}

}  // namespace holon::expr

// Elementary functions of vectors of doubles, written as LLVM IR into the kernel that uses them.
//
// No call leaves the kernel: a call would spill every vector register. Each function is right for NaN,
// infinities, zeros, overflow and underflow in every lane, or reports the lanes in which it is not
// (`unresolved`): those sites are evaluated again by the interpreter. Error bounds are stated with each
// function in units in the last place (ULP); kernel_accuracy_test.cpp measures them.
#pragma once

#include "holon/expr/graph.hpp"
#include "holon/expr/kernel.hpp"

#include <map>
#include <span>
#include <utility>

namespace llvm {
class IRBuilderBase;
class Type;
class Value;
}  // namespace llvm

namespace holon::expr {

/// What an instruction set offers to the mathematics.
struct VectorTarget {
  InstructionSet set = InstructionSet::sse2;
  int lanes = 2;
  bool fused_multiply_add = false;  ///< a b + c with one rounding, in hardware
  bool rounds_to_integer = false;   ///< floor of a vector in hardware (SSE2 has none)
  bool wide_tables = false;         ///< AVX-512: 16-entry tables in two registers, scaling by powers of two
};
VectorTarget vector_target(InstructionSet set);

/// A value as the unevaluated sum of two doubles.
struct DoubleDouble {
  llvm::Value* high = nullptr;
  llvm::Value* low = nullptr;
};

/// (-0)^y differs from 0^y for odd integers y; true if y may be one.
bool sign_of_zero_matters(llvm::Value* exponent);

class VectorMath {
 public:
  VectorMath(llvm::IRBuilderBase& builder, const VectorTarget& target);

  llvm::Type* real_type() const { return real_type_; }
  llvm::Value* constant(double value);
  /// The value of an operation other than constant, symbol, select and the truth operations.
  llvm::Value* apply(Op op, llvm::Value* a, llvm::Value* b);

  /// a/b with AVX-512 from an estimate of 1/b and Newton's iteration, 1 ULP for |a| above 10^-290 (below, the
  /// remainder a - b q is no longer exact and up to half of the digits are lost): half the cost of the
  /// instruction that divides. NaN where a, b or a/b is not finite or b is 0, whatever the quotient should
  /// be: only for results that a NaN is noticed in.
  llvm::Value* quotient_by_newton(llvm::Value* a, llvm::Value* b);
  llvm::Value* exp(llvm::Value* x);    ///< 1.2 ULP
  llvm::Value* expm1(llvm::Value* x);  ///< 2 ULP
  llvm::Value* log(llvm::Value* x);    ///< 1 ULP
  llvm::Value* log1p(llvm::Value* x);  ///< 2 ULP
  /// 2 ULP. Lanes with a negative or subnormal base or a value that is not finite are reported as unresolved.
  llvm::Value* power(llvm::Value* x, llvm::Value* y);
  llvm::Value* sqrt(llvm::Value* x);                   ///< correctly rounded
  llvm::Value* sin(llvm::Value* x);                    ///< 2.5 ULP; |x| above 2^20 is unresolved
  llvm::Value* cos(llvm::Value* x);                    ///< 2.5 ULP; likewise
  llvm::Value* tan(llvm::Value* x);                    ///< 4 ULP; likewise
  llvm::Value* asin(llvm::Value* x);                   ///< 3 ULP
  llvm::Value* acos(llvm::Value* x);                   ///< 3 ULP
  llvm::Value* atan(llvm::Value* x);                   ///< 2 ULP
  llvm::Value* atan2(llvm::Value* y, llvm::Value* x);  ///< 3 ULP
  llvm::Value* sinh(llvm::Value* x);                   ///< 3 ULP
  llvm::Value* cosh(llvm::Value* x);                   ///< 3 ULP
  llvm::Value* tanh(llvm::Value* x);                   ///< 4 ULP
  llvm::Value* erf(llvm::Value* x);                    ///< 2 ULP
  llvm::Value* floor(llvm::Value* x);
  llvm::Value* ceil(llvm::Value* x);
  llvm::Value* abs(llvm::Value* x);
  llvm::Value* sign(llvm::Value* x);
  llvm::Value* minimum(llvm::Value* a, llvm::Value* b);  ///< NaN if either is
  llvm::Value* maximum(llvm::Value* a, llvm::Value* b);
  llvm::Value* modulo(llvm::Value* a, llvm::Value* b);

  llvm::Value* multiply_add(llvm::Value* a, llvm::Value* b,
                            llvm::Value* c);  ///< a b + c, fused where that is one instruction

  /// Marks lanes whose result this code can't vouch for.
  void report(llvm::Value* lanes);
  /// All lanes reported so far; null when no function that was used can report any.
  llvm::Value* unresolved() const { return unresolved_; }
  void forget_unresolved() { unresolved_ = nullptr; }

 private:
  enum class Quadrants { sine, cosine };
  struct Reduced {
    llvm::Value* remainder = nullptr;      // in [-pi/4, pi/4]
    llvm::Value* quadrant_bits = nullptr;  // integer; the two lowest bits count quarter turns
    llvm::Value* sine = nullptr;           // sine and cosine of the remainder
    llvm::Value* cosine = nullptr;
  };
  struct Rounded {
    llvm::Value* real = nullptr;  // nearest multiple of the quantum
    llvm::Value* bits = nullptr;  // integer whose low bits hold that multiple
  };
  struct Logarithm {
    llvm::Value* exponent = nullptr;  // as a real number
    llvm::Value* mantissa = nullptr;  // in [sqrt(1/2), sqrt(2)], or [3/4, 3/2] with AVX-512
  };

  llvm::Value* add(llvm::Value* a, llvm::Value* b);
  llvm::Value* subtract(llvm::Value* a, llvm::Value* b);
  llvm::Value* multiply(llvm::Value* a, llvm::Value* b);
  llvm::Value* divide(llvm::Value* a, llvm::Value* b);
  llvm::Value* negate(llvm::Value* a);
  llvm::Value* negated_multiply_add(llvm::Value* a, llvm::Value* b, llvm::Value* c);  // c - a b
  llvm::Value* less(llvm::Value* a, llvm::Value* b);                                  // false if unordered
  llvm::Value* less_equal(llvm::Value* a, llvm::Value* b);
  llvm::Value* equal(llvm::Value* a, llvm::Value* b);
  llvm::Value* choose(llvm::Value* condition, llvm::Value* a, llvm::Value* b);
  llvm::Value* at_least(llvm::Value* x, double bound);  // NaN stays NaN
  llvm::Value* at_most(llvm::Value* x, double bound);
  llvm::Value* with_sign_of(llvm::Value* magnitude, llvm::Value* sign);
  llvm::Value* integer(std::uint64_t value);
  llvm::Value* to_bits(llvm::Value* x);
  llvm::Value* from_bits(llvm::Value* x);
  /// sum c[i] x^i
  llvm::Value* polynomial(llvm::Value* x, std::span<const double> coefficients);
  /// a b exactly
  DoubleDouble product(llvm::Value* a, llvm::Value* b);
  /// a + b exactly, |a| >= |b| or a = 0
  DoubleDouble ordered_sum(llvm::Value* a, llvm::Value* b);
  /// x factor rounded to the nearest multiple of 2^-fraction_bits; |x factor| below 2^(50 - fraction_bits)
  Rounded nearest(llvm::Value* x, double factor, int fraction_bits);

  /// exp(x + x_low) 2^doublings, x_low may be null
  llvm::Value* scaled_exp(llvm::Value* x, llvm::Value* x_low, int doublings);
  llvm::Value* scaled_exp_by_table(llvm::Value* x, llvm::Value* x_low, int doublings);
  llvm::Value* scaled_exp_by_polynomial(llvm::Value* x, llvm::Value* x_low, int doublings);
  Logarithm split_exponent(llvm::Value* x);
  llvm::Value* log_of_special(llvm::Value* x, llvm::Value* result);
  DoubleDouble precise_log(llvm::Value* x);
  const Reduced& reduce(llvm::Value* x);
  llvm::Value* circular(llvm::Value* x, Quadrants function);
  /// base + arctan(numerator / denominator) for a ratio of any size, in [0, pi/2]
  llvm::Value* arctan_of_ratio(llvm::Value* numerator, llvm::Value* denominator);
  /// arcsin on [0, 1/2]: x + x^3 P(x^2) from x and x^2
  llvm::Value* arcsine_series(llvm::Value* x, llvm::Value* square);
  /// AVX-512: log by a table of 16 reciprocals, for `log` and, as a sum of two doubles, for `power`.
  struct TableReduction {
    llvm::Value* exponent = nullptr;
    llvm::Value* mantissa = nullptr;    // in [1, 2)
    llvm::Value* reciprocal = nullptr;  // c near 1/mantissa
    llvm::Value* high = nullptr;        // exponent ln 2 - log c
    llvm::Value* low = nullptr;
  };
  TableReduction reduce_by_table(llvm::Value* x, bool nan_if_negative);
  llvm::Value* log_by_table(llvm::Value* x);
  DoubleDouble precise_log_by_table(llvm::Value* x);
  llvm::Value* power_by_table(llvm::Value* x, llvm::Value* y);
  /// The entry of a table that the four lowest bits of each index choose.
  llvm::Value* look_up(std::span<const double, 16> table, llvm::Value* index);
  /// The smaller magnitude of x and the bound, with the sign of x; the bound where x is NaN.
  llvm::Value* clamp_magnitude(llvm::Value* x, double bound);
  llvm::Value* intrinsic(unsigned id, std::initializer_list<llvm::Value*> arguments);
  llvm::Value* lane_mask();  // all eight lanes
  llvm::Value* small_integer(int value);

  llvm::IRBuilderBase& builder_;
  VectorTarget target_;
  llvm::Type* real_type_;
  llvm::Type* integer_type_;
  llvm::Value* unresolved_ = nullptr;
  std::map<llvm::Value*, Reduced> reduced_;
};

}  // namespace holon::expr

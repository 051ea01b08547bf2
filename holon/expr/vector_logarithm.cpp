// log, log1p and powers as LLVM IR.
//
// log: x = 2^e m, f = m - 1, s = f/(2 + f), log(1 + f) = 2 artanh(s) = f - f^2/2 + s (f^2/2 + s^2 P(s^2))
// (the arrangement of Ng and others, 1993, in which the leading terms carry no rounding error). The exponent
// becomes a real number by writing it into the mantissa of 2^52: AVX2 and SSE2 convert no 64-bit integers and
// shift none with their sign. power: exp(y log x) with log x as a sum of two doubles.
#include "holon/expr/vector_math.hpp"

#include <array>
#include <cmath>
#include <limits>

#include <llvm/IR/Constants.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/IntrinsicsX86.h>

namespace holon::expr {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double quiet_nan = std::numeric_limits<double>::quiet_NaN();
constexpr double largest = std::numeric_limits<double>::max();
constexpr double smallest_normal = std::numeric_limits<double>::min();

constexpr double ln2_high =
    0.6931471803691238;  // 32 bits: its product with an exponent is exact, with bits to spare
constexpr double ln2_low = 1.9082149292705877e-10;

// (2 artanh(s) - 2 s) / s^3 in s^2, s^2 <= 0.0401; minimax.
constexpr std::array artanh_series{0.6666666666666666,  0.4000000000000624,  0.28571428569087354,
                                   0.2222222264657127,  0.18181775683808235, 0.153870899477483,
                                   0.13250136589178052, 0.13251159639458432};
// (2 artanh(s) - 2 s - 2 s^3 / 3) / s^5 in s^2; minimax.
constexpr std::array artanh_tail{0.4,
                                 0.28571428571428376,
                                 0.22222222222290577,
                                 0.1818181816925348,
                                 0.1538461675314966,
                                 0.133332404400395,
                                 0.11768673641422771,
                                 0.10422907150181715,
                                 0.11013287159855373};
constexpr double two_thirds_high = 0.6666666666666666;
constexpr double two_thirds_low = 3.700743415417188e-17;

}  // namespace

bool sign_of_zero_matters(llvm::Value* exponent) {
  const auto* vector = llvm::dyn_cast<llvm::Constant>(exponent);
  const auto* number = vector ? llvm::dyn_cast_or_null<llvm::ConstantFP>(vector->getSplatValue()) : nullptr;
  return !number || std::fabs(std::fmod(number->getValueAPF().convertToDouble(), 2.0)) == 1.0;
}

VectorMath::Logarithm VectorMath::split_exponent(llvm::Value* x) {
  // Bits of x minus bits of sqrt(1/2), plus bits of 1: the exponent of that number is e + 1023.
  constexpr std::uint64_t one = 0x3ff0000000000000u, root_half = 0x3fe6a09e667f3bcdu;
  constexpr std::uint64_t mantissa_bits = 0x000fffffffffffffu, two_to_52 = 0x4330000000000000u;
  llvm::Value* subnormal = less(x, constant(smallest_normal));
  llvm::Value* normal = choose(subnormal, multiply(x, constant(0x1p54)), x);
  llvm::Value* shifted = builder_.CreateAdd(to_bits(normal), integer(one - root_half));
  llvm::Value* exponent =
      from_bits(builder_.CreateOr(builder_.CreateLShr(shifted, integer(52)), integer(two_to_52)));
  exponent = subtract(exponent, choose(subnormal, constant(0x1p52 + 1023 + 54), constant(0x1p52 + 1023)));
  llvm::Value* mantissa =
      builder_.CreateAdd(builder_.CreateAnd(shifted, integer(mantissa_bits)), integer(root_half));
  return {exponent, from_bits(mantissa)};
}

llvm::Value* VectorMath::log_of_special(llvm::Value* x, llvm::Value* result) {
  result = choose(less(x, constant(infinity)), result, x);  // infinity and NaN are their own logarithm
  result = choose(equal(x, constant(0.0)), constant(-infinity), result);
  return choose(less(x, constant(0.0)), constant(quiet_nan), result);
}

llvm::Value* VectorMath::log(llvm::Value* x) {
  if (target_.wide_tables) return log_by_table(x);
  const Logarithm parts = split_exponent(x);
  llvm::Value* f = subtract(parts.mantissa, constant(1.0));
  llvm::Value* s = divide(f, add(f, constant(2.0)));
  llvm::Value* square = multiply(s, s);
  llvm::Value* tail = multiply(square, polynomial(square, artanh_series));
  llvm::Value* half_square = multiply(multiply(constant(0.5), f), f);
  llvm::Value* correction =
      multiply_add(s, add(half_square, tail), multiply(parts.exponent, constant(ln2_low)));
  llvm::Value* result = subtract(f, subtract(half_square, correction));
  result = multiply_add(parts.exponent, constant(ln2_high), result);
  return log_of_special(x, result);
}

llvm::Value* VectorMath::log1p(llvm::Value* x) {
  llvm::Value* u = add(x, constant(1.0));
  llvm::Value* lost = subtract(x, subtract(u, constant(1.0)));
  llvm::Value* matters = builder_.CreateAnd(less(constant(0.0), u), less(x, constant(0x1p60)));
  llvm::Value* sum = add(log(u), choose(matters, divide(lost, u), constant(0.0)));
  return choose(less(abs(x), constant(0x1p-54)), x, sum);
}

DoubleDouble VectorMath::precise_log(llvm::Value* x) {
  const Logarithm parts = split_exponent(x);
  llvm::Value* f = subtract(parts.mantissa, constant(1.0));
  const DoubleDouble denominator = ordered_sum(constant(2.0), f);
  llvm::Value* reciprocal = divide(constant(1.0), denominator.high);
  llvm::Value* s = multiply(f, reciprocal);
  // The part of f/(2 + f) that s leaves over.
  const DoubleDouble back = product(s, denominator.high);
  llvm::Value* s_low = subtract(subtract(f, back.high), back.low);
  s_low = multiply(negated_multiply_add(s, denominator.low, s_low), reciprocal);
  // 2 artanh(s) = 2 s + s^3 (2/3 + s^2 P(s^2)); all but P carry a low part.
  DoubleDouble square = product(s, s);
  square.low = multiply_add(add(s, s), s_low, square.low);
  llvm::Value* tail = multiply(square.high, polynomial(square.high, artanh_tail));
  DoubleDouble factor = ordered_sum(constant(two_thirds_high), tail);
  factor.low = add(factor.low, constant(two_thirds_low));
  DoubleDouble cube = product(square.high, factor.high);
  cube.low = add(cube.low, multiply_add(square.high, factor.low, multiply(square.low, factor.high)));
  DoubleDouble term = product(s, cube.high);
  term.low = add(term.low, multiply_add(s, cube.low, multiply(s_low, cube.high)));
  DoubleDouble sum = ordered_sum(add(s, s), term.high);
  sum.low = add(sum.low, add(term.low, add(s_low, s_low)));
  // e ln 2: the product with the high part is exact.
  const DoubleDouble total = ordered_sum(multiply(parts.exponent, constant(ln2_high)), sum.high);
  llvm::Value* low = add(total.low, multiply_add(parts.exponent, constant(ln2_low), sum.low));
  return ordered_sum(total.high, low);
}

llvm::Value* VectorMath::power(llvm::Value* x, llvm::Value* y) {
  if (target_.wide_tables) return power_by_table(x, y);
  llvm::Value* zero = constant(0.0);
  llvm::Value* usual =
      builder_.CreateAnd(less_equal(constant(smallest_normal), x), less_equal(x, constant(largest)));
  llvm::Value* is_zero = equal(x, zero);
  llvm::Value* covered = builder_.CreateOr(usual, is_zero);
  if (!llvm::isa<llvm::Constant>(y))
    covered = builder_.CreateAnd(covered, less_equal(abs(y), constant(largest)));
  if (sign_of_zero_matters(y)) {
    llvm::Value* negative = less(with_sign_of(constant(1.0), x), zero);
    covered = builder_.CreateAnd(covered, builder_.CreateNot(negative));
  }
  report(builder_.CreateNot(covered));
  const DoubleDouble logarithm = precise_log(choose(usual, x, constant(1.0)));
  const DoubleDouble exponent = product(logarithm.high, y);
  llvm::Value* low = multiply_add(logarithm.low, y, exponent.low);
  llvm::Value* result = scaled_exp(exponent.high, low, 0);
  llvm::Value* of_zero =
      choose(less(zero, y), zero, choose(less(y, zero), constant(infinity), constant(1.0)));
  return choose(is_zero, of_zero, result);
}

}  // namespace holon::expr

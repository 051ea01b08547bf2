#include "holon/expr/vector_math.hpp"

#include "holon/base/error.hpp"

#include <cmath>
#include <limits>

#include <llvm/IR/Constants.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Intrinsics.h>
#include <llvm/IR/IntrinsicsX86.h>

namespace holon::expr {

VectorTarget vector_target(InstructionSet set) {
  switch (set) {
    case InstructionSet::avx512:
      return {
          .set = set, .lanes = 8, .fused_multiply_add = true, .rounds_to_integer = true, .wide_tables = true};
    case InstructionSet::avx2:
      return {.set = set, .lanes = 4, .fused_multiply_add = true, .rounds_to_integer = true};
    case InstructionSet::neon:
      return {.set = set, .lanes = 2, .fused_multiply_add = true, .rounds_to_integer = true};
    case InstructionSet::sse2:
      return {.set = set, .lanes = 2};
    case InstructionSet::native:
      break;
  }
  return vector_target(host_instruction_set());
}

VectorMath::VectorMath(llvm::IRBuilderBase& builder, const VectorTarget& target)
    : builder_(builder),
      target_(target),
      real_type_(llvm::FixedVectorType::get(builder.getDoubleTy(), static_cast<unsigned>(target.lanes))),
      integer_type_(llvm::FixedVectorType::get(builder.getInt64Ty(), static_cast<unsigned>(target.lanes))) {}

llvm::Value* VectorMath::constant(double value) { return llvm::ConstantFP::get(real_type_, value); }

llvm::Value* VectorMath::apply(Op op, llvm::Value* a, llvm::Value* b) {
  switch (op) {
    case Op::divide:
      return divide(a, b);
    case Op::negate:
      return negate(a);
    case Op::power:
      return power(a, b);
    case Op::exp:
      return exp(a);
    case Op::expm1:
      return expm1(a);
    case Op::log:
      return log(a);
    case Op::log1p:
      return log1p(a);
    case Op::sqrt:
      return sqrt(a);
    case Op::sin:
      return sin(a);
    case Op::cos:
      return cos(a);
    case Op::tan:
      return tan(a);
    case Op::asin:
      return asin(a);
    case Op::acos:
      return acos(a);
    case Op::atan:
      return atan(a);
    case Op::atan2:
      return atan2(a, b);
    case Op::sinh:
      return sinh(a);
    case Op::cosh:
      return cosh(a);
    case Op::tanh:
      return tanh(a);
    case Op::erf:
      return erf(a);
    case Op::abs:
      return abs(a);
    case Op::sign:
      return sign(a);
    case Op::floor:
      return floor(a);
    case Op::ceil:
      return ceil(a);
    case Op::modulo:
      return modulo(a, b);
    case Op::minimum:
      return minimum(a, b);
    case Op::maximum:
      return maximum(a, b);
    default:
      require(false, "an operation reached the vector mathematics that the code generator writes itself");
      return nullptr;
  }
}

void VectorMath::report(llvm::Value* lanes) {
  unresolved_ = unresolved_ ? builder_.CreateOr(unresolved_, lanes) : lanes;
}

llvm::Value* VectorMath::add(llvm::Value* a, llvm::Value* b) { return builder_.CreateFAdd(a, b); }
llvm::Value* VectorMath::subtract(llvm::Value* a, llvm::Value* b) { return builder_.CreateFSub(a, b); }
llvm::Value* VectorMath::multiply(llvm::Value* a, llvm::Value* b) { return builder_.CreateFMul(a, b); }
llvm::Value* VectorMath::divide(llvm::Value* a, llvm::Value* b) { return builder_.CreateFDiv(a, b); }
llvm::Value* VectorMath::negate(llvm::Value* a) { return builder_.CreateFNeg(a); }

llvm::Value* VectorMath::multiply_add(llvm::Value* a, llvm::Value* b, llvm::Value* c) {
  if (!target_.fused_multiply_add) return add(multiply(a, b), c);
  return builder_.CreateIntrinsic(llvm::Intrinsic::fma, {real_type_}, {a, b, c});
}

llvm::Value* VectorMath::negated_multiply_add(llvm::Value* a, llvm::Value* b, llvm::Value* c) {
  if (!target_.fused_multiply_add) return subtract(c, multiply(a, b));
  return llvm::isa<llvm::Constant>(b) ? multiply_add(a, negate(b), c) : multiply_add(negate(a), b, c);
}

llvm::Value* VectorMath::less(llvm::Value* a, llvm::Value* b) { return builder_.CreateFCmpOLT(a, b); }
llvm::Value* VectorMath::less_equal(llvm::Value* a, llvm::Value* b) { return builder_.CreateFCmpOLE(a, b); }
llvm::Value* VectorMath::equal(llvm::Value* a, llvm::Value* b) { return builder_.CreateFCmpOEQ(a, b); }

llvm::Value* VectorMath::choose(llvm::Value* condition, llvm::Value* a, llvm::Value* b) {
  return builder_.CreateSelect(condition, a, b);
}

llvm::Value* VectorMath::at_least(llvm::Value* x, double bound) {
  llvm::Value* c = constant(bound);
  return choose(less(x, c), c, x);
}

llvm::Value* VectorMath::at_most(llvm::Value* x, double bound) {
  llvm::Value* c = constant(bound);
  return choose(less(c, x), c, x);
}

llvm::Value* VectorMath::with_sign_of(llvm::Value* magnitude, llvm::Value* sign) {
  llvm::Value* sign_bit = integer(0x8000000000000000u);
  return from_bits(builder_.CreateOr(builder_.CreateAnd(to_bits(sign), sign_bit), to_bits(abs(magnitude))));
}

llvm::Value* VectorMath::integer(std::uint64_t value) { return llvm::ConstantInt::get(integer_type_, value); }
llvm::Value* VectorMath::to_bits(llvm::Value* x) { return builder_.CreateBitCast(x, integer_type_); }
llvm::Value* VectorMath::from_bits(llvm::Value* x) { return builder_.CreateBitCast(x, real_type_); }

llvm::Value* VectorMath::polynomial(llvm::Value* x, std::span<const double> coefficients) {
  llvm::Value* sum = constant(coefficients.back());
  for (std::size_t i = coefficients.size() - 1; i-- > 0;)
    sum = multiply_add(sum, x, constant(coefficients[i]));
  return sum;
}

DoubleDouble VectorMath::product(llvm::Value* a, llvm::Value* b) {
  llvm::Value* high = multiply(a, b);
  if (target_.fused_multiply_add) return {high, multiply_add(a, b, negate(high))};
  // Veltkamp's splitting and Dekker's product (Numer. Math. 18 (1971) 224-242).
  const auto split = [&](llvm::Value* v) {
    llvm::Value* t = multiply(v, constant(134217729.0));
    llvm::Value* upper = subtract(t, subtract(t, v));
    return DoubleDouble{upper, subtract(v, upper)};
  };
  const DoubleDouble p = split(a), q = split(b);
  llvm::Value* error = subtract(multiply(p.high, q.high), high);
  error = add(error, multiply(p.high, q.low));
  error = add(error, multiply(p.low, q.high));
  return {high, add(error, multiply(p.low, q.low))};
}

llvm::Value* VectorMath::quotient_by_newton(llvm::Value* a, llvm::Value* b) {
  llvm::Value* estimate =
      intrinsic(llvm::Intrinsic::x86_avx512_rcp14_pd_512, {b, constant(0.0), lane_mask()});
  llvm::Value* reciprocal =
      multiply_add(estimate, negated_multiply_add(b, estimate, constant(1.0)), estimate);  // 28 bits
  llvm::Value* quotient = multiply(a, reciprocal);
  return multiply_add(negated_multiply_add(b, quotient, a), reciprocal, quotient);
}

DoubleDouble VectorMath::ordered_sum(llvm::Value* a, llvm::Value* b) {
  llvm::Value* high = add(a, b);
  return {high, subtract(b, subtract(high, a))};
}

VectorMath::Rounded VectorMath::nearest(llvm::Value* x, double factor, int fraction_bits) {
  // Adding 1.5 2^(52 - fraction_bits) pushes the fraction out of the mantissa and leaves the integer in its
  // low bits.
  llvm::Value* shift = constant(std::ldexp(1.5, 52 - fraction_bits));
  llvm::Value* shifted = multiply_add(x, constant(factor), shift);
  return {subtract(shifted, shift), to_bits(shifted)};
}

llvm::Value* VectorMath::sqrt(llvm::Value* x) {
  return builder_.CreateIntrinsic(llvm::Intrinsic::sqrt, {real_type_}, {x});
}

llvm::Value* VectorMath::abs(llvm::Value* x) {
  return builder_.CreateIntrinsic(llvm::Intrinsic::fabs, {real_type_}, {x});
}

llvm::Value* VectorMath::sign(llvm::Value* x) {
  llvm::Value* zero = constant(0.0);
  return choose(less(zero, x), constant(1.0), choose(less(x, zero), constant(-1.0), x));
}

llvm::Value* VectorMath::floor(llvm::Value* x) {
  if (target_.rounds_to_integer) return builder_.CreateIntrinsic(llvm::Intrinsic::floor, {real_type_}, {x});
  llvm::Value* shift = with_sign_of(constant(0x1p52), x);
  llvm::Value* rounded = subtract(add(x, shift), shift);
  rounded = choose(less(x, rounded), subtract(rounded, constant(1.0)), rounded);
  return choose(less(abs(x), constant(0x1p52)), rounded, x);
}

llvm::Value* VectorMath::ceil(llvm::Value* x) {
  if (target_.rounds_to_integer) return builder_.CreateIntrinsic(llvm::Intrinsic::ceil, {real_type_}, {x});
  return negate(floor(negate(x)));
}

llvm::Value* VectorMath::minimum(llvm::Value* a, llvm::Value* b) {
  llvm::Value* smaller = choose(less(a, b), a, b);  // b if unordered
  return llvm::isa<llvm::Constant>(a) ? smaller : choose(builder_.CreateFCmpUNO(a, a), a, smaller);
}

llvm::Value* VectorMath::maximum(llvm::Value* a, llvm::Value* b) {
  llvm::Value* larger = choose(less(b, a), a, b);
  return llvm::isa<llvm::Constant>(a) ? larger : choose(builder_.CreateFCmpUNO(a, a), a, larger);
}

llvm::Value* VectorMath::modulo(llvm::Value* a, llvm::Value* b) {
  return subtract(a, multiply(b, floor(divide(a, b))));
}

llvm::Value* VectorMath::intrinsic(unsigned id, std::initializer_list<llvm::Value*> arguments) {
  return builder_.CreateIntrinsic(static_cast<llvm::Intrinsic::ID>(id), {}, llvm::ArrayRef(arguments));
}

llvm::Value* VectorMath::look_up(std::span<const double, 16> table, llvm::Value* index) {
  const auto half = [&](std::size_t first) {
    return llvm::ConstantDataVector::get(builder_.getContext(), llvm::ArrayRef(table.data() + first, 8));
  };
  return intrinsic(llvm::Intrinsic::x86_avx512_vpermi2var_pd_512, {half(0), index, half(8)});
}

llvm::Value* VectorMath::clamp_magnitude(llvm::Value* x, double bound) {
  return intrinsic(llvm::Intrinsic::x86_avx512_mask_range_pd_512,
                   {x, constant(bound), small_integer(2), constant(0.0), lane_mask(), small_integer(4)});
}

llvm::Value* VectorMath::lane_mask() { return builder_.getInt8(0xff); }
llvm::Value* VectorMath::small_integer(int value) {
  return builder_.getInt32(static_cast<std::uint32_t>(value));
}

}  // namespace holon::expr

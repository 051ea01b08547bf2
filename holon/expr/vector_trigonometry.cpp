// Circular functions and their inverses as LLVM IR.
//
// x = k pi/2 + r with pi/2 in four parts of 33 bits (Cody and Waite 1980), so that for |k| < 2^20 the
// remainder keeps its relative accuracy next to every multiple of pi/2. Coefficients are minimax fits; the
// error of each is stated beside it.
#include "holon/expr/vector_math.hpp"

#include <array>
#include <numbers>

#include <llvm/IR/Constants.h>
#include <llvm/IR/IRBuilder.h>

namespace holon::expr {

namespace {

constexpr double largest_circular_argument = 0x1p20;
constexpr double two_over_pi = 0.6366197723675814;
constexpr std::array half_pi_parts{1.5707963267341256, 6.077100506303966e-11, 2.0222662487111665e-21,
                                   8.4784276603689e-32};
constexpr double half_pi_low = 6.123233995736766e-17;  // pi/2 minus its double
constexpr double quarter_pi_low = 3.061616997868383e-17;

// (sin x - x)/x^3 in x^2, |x| <= pi/4; relative error 2^-69.
constexpr std::array sine_series{-0.16666666666666666,  0.008333333333333323,    -0.00019841269841255134,
                                 2.755731921422629e-06, -2.5052104921125495e-08, 1.605836786642569e-10,
                                 -7.578760419416922e-13};
// (cos x - 1 + x^2/2)/x^4 in x^2; 2^-64.
constexpr std::array cosine_series{0.0416666666666666,     -0.0013888888888874138, 2.480158728949087e-05,
                                   -2.755731435495282e-07, 2.0875723643560285e-09, -1.135966767383816e-11};
// (arcsin x - x)/x^3 in x^2, |x| <= 1/2; 2^-60.
constexpr std::array arcsine_coefficients{0.16666666666666763,  0.07499999999970261,  0.044642857175121196,
                                          0.030381942683604026, 0.02237221566055705,  0.017351600088732173,
                                          0.013980961477450714, 0.011397775825391464, 0.010786529849909453,
                                          0.003683038956850184, 0.021763507186894418, -0.021077305026956955,
                                          0.032676898767844305};
// (arctan x - x)/x^3 in x^2, |x| <= tan(pi/8); 2^-60.
constexpr std::array arctangent_coefficients{
    -0.333333333333332,    0.19999999999954074,  -0.14285714280247747, 0.11111110786096673,
    -0.09090897835189951,  0.07692061613525944,  -0.0666312010356928,  0.058480067967251415,
    -0.050398356355022364, 0.038078062500343984, -0.01792198867398753};

}  // namespace

const VectorMath::Reduced& VectorMath::reduce(llvm::Value* x) {
  const auto known = reduced_.find(x);
  if (known != reduced_.end()) return known->second;
  report(less(constant(largest_circular_argument), abs(x)));
  const Rounded k = nearest(x, two_over_pi, 0);
  llvm::Value* r = x;
  for (const double part : half_pi_parts) r = negated_multiply_add(k.real, constant(part), r);
  llvm::Value* square = multiply(r, r);
  llvm::Value* sine = multiply_add(multiply(square, r), polynomial(square, sine_series), r);
  llvm::Value* leading = multiply_add(square, constant(-0.5), constant(1.0));
  llvm::Value* rounding = multiply_add(square, constant(-0.5), subtract(constant(1.0), leading));
  llvm::Value* cosine =
      add(leading, multiply_add(multiply(square, square), polynomial(square, cosine_series), rounding));
  return reduced_[x] = Reduced{r, k.bits, sine, cosine};
}

llvm::Value* VectorMath::circular(llvm::Value* x, Quadrants function) {
  const Reduced& r = reduce(x);
  llvm::Value* quadrant = r.quadrant_bits;
  if (function == Quadrants::cosine) quadrant = builder_.CreateAdd(quadrant, integer(1));
  // Bit 0 chooses the cosine of the remainder, bit 1 the sign. The choice goes through the sign bit of a real
  // number because SSE2 compares no 64-bit integers.
  llvm::Value* odd =
      from_bits(builder_.CreateOr(builder_.CreateShl(quadrant, integer(63)), to_bits(constant(1.0))));
  llvm::Value* value = choose(less(odd, constant(0.0)), r.cosine, r.sine);
  llvm::Value* sign =
      builder_.CreateAnd(builder_.CreateShl(quadrant, integer(62)), integer(0x8000000000000000u));
  return from_bits(builder_.CreateXor(to_bits(value), sign));
}

llvm::Value* VectorMath::sin(llvm::Value* x) {
  // -0 is the one small number that the reduction does not leave alone.
  return choose(equal(x, constant(0.0)), x, circular(x, Quadrants::sine));
}

llvm::Value* VectorMath::cos(llvm::Value* x) { return circular(x, Quadrants::cosine); }

llvm::Value* VectorMath::tan(llvm::Value* x) { return divide(sin(x), cos(x)); }

llvm::Value* VectorMath::arcsine_series(llvm::Value* x, llvm::Value* square) {
  return multiply_add(multiply(x, square), polynomial(square, arcsine_coefficients), x);
}

llvm::Value* VectorMath::asin(llvm::Value* x) {
  // Beyond 1/2: arcsin x = pi/2 - 2 arcsin sqrt((1 - x)/2). The root of a negative number makes the NaN
  // beyond 1.
  llvm::Value* magnitude = abs(x);
  llvm::Value* outer = less(constant(0.5), magnitude);
  llvm::Value* half_rest = multiply(constant(0.5), subtract(constant(1.0), magnitude));
  llvm::Value* square = choose(outer, half_rest, multiply(magnitude, magnitude));
  llvm::Value* value = arcsine_series(choose(outer, sqrt(half_rest), magnitude), square);
  llvm::Value* from_right =
      add(subtract(constant(std::numbers::pi / 2), add(value, value)), constant(half_pi_low));
  return with_sign_of(choose(outer, from_right, value), x);
}

llvm::Value* VectorMath::acos(llvm::Value* x) {
  llvm::Value* magnitude = abs(x);
  llvm::Value* outer = less(constant(0.5), magnitude);
  llvm::Value* half_rest = multiply(constant(0.5), subtract(constant(1.0), magnitude));
  llvm::Value* square = choose(outer, half_rest, multiply(magnitude, magnitude));
  llvm::Value* value = arcsine_series(choose(outer, sqrt(half_rest), x), square);
  llvm::Value* middle = subtract(constant(std::numbers::pi / 2), subtract(value, constant(half_pi_low)));
  llvm::Value* twice = add(value, value);
  llvm::Value* left = subtract(constant(std::numbers::pi), subtract(twice, constant(2 * half_pi_low)));
  return choose(outer, choose(less(x, constant(0.0)), left, twice), middle);
}

llvm::Value* VectorMath::arctan_of_ratio(llvm::Value* numerator, llvm::Value* denominator) {
  // Up to tan(pi/8) directly, around 1 through (a - b)/(a + b), beyond through -b/a.
  // Comparisons are such that infinity over a finite number is large and infinity over infinity neither.
  constexpr double tan_eighth = 0.41421356237309503;  // also 1/tan(3 pi/8)
  llvm::Value* half = constant(0.5);
  llvm::Value* small = builder_.CreateOr(less(numerator, multiply(constant(tan_eighth), denominator)),
                                         equal(numerator, constant(0.0)));
  llvm::Value* large = less(denominator, multiply(constant(tan_eighth), numerator));
  llvm::Value* a = multiply(half, numerator);
  llvm::Value* b = multiply(half, denominator);
  llvm::Value* difference = choose(equal(numerator, denominator), constant(0.0), subtract(a, b));
  llvm::Value* upper = choose(small, numerator, choose(large, negate(denominator), difference));
  llvm::Value* lower = choose(small, denominator, choose(large, numerator, add(a, b)));
  lower = choose(equal(upper, constant(0.0)), constant(1.0), lower);
  llvm::Value* t = divide(upper, lower);
  llvm::Value* square = multiply(t, t);
  llvm::Value* tail = multiply(multiply(t, square), polynomial(square, arctangent_coefficients));
  llvm::Value* base_low = choose(large, constant(half_pi_low), constant(quarter_pi_low));
  llvm::Value* base = choose(large, constant(std::numbers::pi / 2), constant(std::numbers::pi / 4));
  llvm::Value* raised = add(base, add(add(tail, base_low), t));
  return choose(small, add(tail, t), raised);
}

llvm::Value* VectorMath::atan(llvm::Value* x) {
  return with_sign_of(arctan_of_ratio(abs(x), constant(1.0)), x);
}

llvm::Value* VectorMath::atan2(llvm::Value* y, llvm::Value* x) {
  llvm::Value* angle = arctan_of_ratio(abs(y), abs(x));
  llvm::Value* left = subtract(constant(std::numbers::pi), subtract(angle, constant(2 * half_pi_low)));
  // The sign of x, also of -0, seen through a number that is never zero.
  llvm::Value* side = with_sign_of(constant(1.0), x);
  llvm::Value* result = with_sign_of(choose(less(side, constant(0.0)), left, angle), y);
  llvm::Value* undefined = builder_.CreateFCmpUNO(x, y);
  return choose(undefined, add(x, y), result);
}

}  // namespace holon::expr

// log and powers with AVX-512: 16-entry tables in registers instead of a division.
//
// x = 2^e z with z in [1, 2); the four leading bits of its fraction choose c near 1/z, r = z c - 1 lies in
// [-1/32, 1/16], and log x = e ln 2 - log c + log(1 + r). Next to 1 from both sides e ln 2 - log c is exactly
// 0, so nothing cancels. The instructions that split x treat zero, infinity, subnormal numbers and NaN so
// that no special cases are left. Table and coefficients: computed at 300 bits; minimax fits.
#include "holon/expr/vector_math.hpp"

#include <array>
#include <limits>

#include <llvm/IR/Constants.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/IntrinsicsX86.h>

namespace holon::expr {

namespace {

constexpr double ln2_high = 0.6931471803691238;  // 32 bits
constexpr double ln2_low = 1.9082149292705877e-10;

constexpr std::array<double, 16> reciprocals{1.0,
                                             0.9142857142857143,
                                             0.8648648648648649,
                                             0.8205128205128205,
                                             0.7804878048780488,
                                             0.7441860465116279,
                                             0.7111111111111111,
                                             0.6808510638297872,
                                             0.6530612244897959,
                                             0.6274509803921569,
                                             0.6037735849056604,
                                             0.5818181818181818,
                                             0.5614035087719298,
                                             0.5423728813559322,
                                             0.5245901639344263,
                                             0.5};
// -log of the reciprocals: multiples of 2^-42, and the rest.
constexpr std::array<double, 16> logarithms_high{0.0,
                                                 0.08961215868976069,
                                                 0.14518200984457508,
                                                 0.19782574332998593,
                                                 0.2478361639045943,
                                                 0.2954642128938758,
                                                 0.34092658697068146,
                                                 0.3844116989102986,
                                                 0.4260843953109088,
                                                 0.46608972992453346,
                                                 0.504556010752367,
                                                 0.5415972824328037,
                                                 0.5773153650347922,
                                                 0.6118015411059332,
                                                 0.6451379613736208,
                                                 ln2_high};
constexpr std::array<double, 16> logarithms_low{0.0,
                                                -7.35264771717827e-14,
                                                -7.723552451951224e-14,
                                                -6.60107543013043e-14,
                                                -1.30644916428282e-14,
                                                -3.9920286056070625e-14,
                                                -8.828342723772789e-14,
                                                3.34813888241045e-14,
                                                -8.66044523117802e-15,
                                                6.578047547360843e-14,
                                                2.8323962525539384e-14,
                                                -5.927482490011726e-14,
                                                3.146591915627622e-14,
                                                5.969607041233665e-14,
                                                -3.613335530850488e-14,
                                                ln2_low};

// (log(1 + r) - r)/r^2 on [-1/32, 1/16]; error relative to log(1 + r) 2^-57.
constexpr std::array second_order{-0.5000000000000002,  0.3333333333334756,   -0.24999999999860859,
                                  0.19999999927759343,  -0.16666666159866678, 0.14285819882084844,
                                  -0.12501870188826486, 0.11071423885301587,  -0.08744923799439064};
// (log(1 + r) - r + r^2/2)/r^3; 2^-68.
constexpr std::array third_order{0.3333333333333333,  -0.2500000000000041,  0.20000000000042847,
                                 -0.166666666651223,  0.1428571415564936,   -0.1250000095399422,
                                 0.11111266209238344, -0.10001412357759482, 0.09034789691553426,
                                 -0.07091180298048179};

}  // namespace

VectorMath::TableReduction VectorMath::reduce_by_table(llvm::Value* x, bool nan_if_negative) {
  const int sign_control = nan_if_negative ? 2 : 1;  // of the mantissa: NaN for negative x, or without sign
  TableReduction t;
  t.exponent = intrinsic(llvm::Intrinsic::x86_avx512_mask_getexp_pd_512,
                         {x, constant(0.0), lane_mask(), small_integer(4)});
  t.mantissa = intrinsic(llvm::Intrinsic::x86_avx512_mask_getmant_pd_512,
                         {x, small_integer(sign_control << 2), constant(0.0), lane_mask(), small_integer(4)});
  llvm::Value* index = builder_.CreateLShr(to_bits(t.mantissa), integer(48));
  t.reciprocal = look_up(reciprocals, index);
  t.high = multiply_add(t.exponent, constant(ln2_high), look_up(logarithms_high, index));
  t.low = multiply_add(t.exponent, constant(ln2_low), look_up(logarithms_low, index));
  return t;
}

llvm::Value* VectorMath::log_by_table(llvm::Value* x) {
  const TableReduction t = reduce_by_table(x, true);
  llvm::Value* r = multiply_add(t.mantissa, t.reciprocal, constant(-1.0));
  llvm::Value* rest = multiply_add(multiply(r, r), polynomial(r, second_order), t.low);
  // high is exact and at least as large as r unless it is 0: their sum loses nothing that `lost` does not
  // hold.
  llvm::Value* sum = add(t.high, r);
  llvm::Value* lost = subtract(r, subtract(sum, t.high));
  // Infinities (of 0 and of infinity) have no meaningful rest.
  return add(sum, clamp_magnitude(add(lost, rest), 1.0));
}

DoubleDouble VectorMath::precise_log_by_table(llvm::Value* x) {
  const TableReduction t = reduce_by_table(x, false);
  const DoubleDouble scaled = product(t.mantissa, t.reciprocal);
  llvm::Value* r = subtract(scaled.high, constant(1.0));  // exact; scaled.low completes it
  const DoubleDouble half_square = product(r, multiply(r, constant(0.5)));
  llvm::Value* cube_term = multiply(multiply(half_square.high, add(r, r)), polynomial(r, third_order));
  const DoubleDouble first = ordered_sum(t.high, r);
  const DoubleDouble second = ordered_sum(first.high, negate(half_square.high));
  llvm::Value* low = add(add(t.low, cube_term), add(first.low, second.low));
  // log(1 + r + d) = log(1 + r) + d/(1 + r), to first order in r, which is enough for d < 2^-53.
  low = add(low, subtract(negated_multiply_add(r, scaled.low, scaled.low), half_square.low));
  return {second.high, low};
}

llvm::Value* VectorMath::power_by_table(llvm::Value* x, llvm::Value* y) {
  llvm::Value* zero = constant(0.0);
  llvm::Value* outside =
      sign_of_zero_matters(y) ? builder_.CreateFCmpOLT(with_sign_of(constant(1.0), x), zero) : less(x, zero);
  const bool constant_exponent = llvm::isa<llvm::Constant>(y);
  if (!constant_exponent)
    outside = builder_.CreateOr(
        outside, builder_.CreateNot(less_equal(abs(y), constant(std::numeric_limits<double>::max()))));
  report(outside);
  const DoubleDouble logarithm = precise_log_by_table(x);
  const DoubleDouble exponent = product(logarithm.high, y);
  llvm::Value* result = scaled_exp(exponent.high, multiply_add(logarithm.low, y, exponent.low), 0);
  return constant_exponent ? result : choose(equal(y, zero), constant(1.0), result);
}

}  // namespace holon::expr

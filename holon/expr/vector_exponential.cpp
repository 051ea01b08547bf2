// exp, expm1, the hyperbolic functions and erf as LLVM IR.
//
// exp: x = k ln 2 + r, e^x = 2^k e^r. With AVX-512, k is a multiple of 1/16: 2^(fraction of k) comes from a
// table held in two registers, |r| <= ln 2 / 32 and a polynomial of degree 6 is enough. Elsewhere k is an
// integer, |r| <= ln 2 / 2, degree 11. Coefficients are minimax fits (Remez exchange at 200 bits) of (e^r - 1
// - r)/r^2 and the like; the error of each fit is stated beside it.
#include "holon/expr/vector_math.hpp"

#include <array>
#include <limits>
#include <numbers>

#include <llvm/IR/Constants.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/IntrinsicsX86.h>

namespace holon::expr {

namespace {

constexpr double ln2_high = 0.6931471805598903;  // 42 bits, so that its product with a small integer is exact
constexpr double ln2_low = 5.497923018708371e-14;

// (e^r - 1 - r) / r^2 for |r| <= ln 2 / 32; relative error of e^r 2^-56.
constexpr std::array narrow_exponential{0.49999999999999606, 0.16666666664417062, 0.04166666669326103,
                                        0.008333471948648079, 0.0013888593996919595};
// The same for |r| <= ln 2 / 2; 2^-58.
constexpr std::array wide_exponential{0.5000000000000011,    0.16666666666666413,    0.041666666666530155,
                                      0.008333333333494468,  0.001388888894363018,   0.0001984126950656628,
                                      2.480149309881969e-05, 2.7557586384852982e-06, 2.763024841316217e-07,
                                      2.5000058119238533e-08};
// The same, with the error relative to e^r - 1: 2^-61.
constexpr std::array exponential_minus_one{0.5,
                                           0.16666666666666677,
                                           0.0416666666666667,
                                           0.008333333333321615,
                                           0.0013888888888866837,
                                           0.000198412698861588,
                                           2.480158736055721e-05,
                                           2.7557244181647936e-06,
                                           2.7557242759445893e-07,
                                           2.510904498655576e-08,
                                           2.0924443241237916e-09};
// erf(x)/x - 1 in x^2, |x| <= 1; 2^-57.
constexpr std::array error_function_near_zero{
    0.12837916709551256,    -0.3761263890318355,     0.11283791670945252,    -0.02686617064327603,
    0.005223977607422272,   -0.0008548325989652552,  0.00012055295319503284, -1.4924744649672355e-05,
    1.6447517565541336e-06, -1.6209175418318708e-07, 1.372297548802783e-08,  -7.801189594634529e-10};
// e^(x^2) erfc(x) in (x - 2)/(x + 2), 1 <= x <= 6; error relative to erf(x) 2^-63.
constexpr std::array scaled_complement{
    0.25539567631050575,     -0.4271858474139583,    0.2416581942424577,     -0.07897858101587292,
    0.003732892405284699,    0.0069974617638936965,  -0.0008471432028053702, -0.0009819781694836542,
    4.3549437944016846e-05,  0.0001743705759086067,  2.7668163306186536e-05, -2.7319812034807357e-05,
    -1.4626527579264191e-05, -1.6466470727050852e-06};
constexpr double erf_is_one_from = 6.0;

}  // namespace

llvm::Value* VectorMath::exp(llvm::Value* x) { return scaled_exp(x, nullptr, 0); }

llvm::Value* VectorMath::scaled_exp(llvm::Value* x, llvm::Value* x_low, int doublings) {
  return target_.wide_tables ? scaled_exp_by_table(x, x_low, doublings)
                             : scaled_exp_by_polynomial(x, x_low, doublings);
}

llvm::Value* VectorMath::scaled_exp_by_table(llvm::Value* x, llvm::Value* x_low, int doublings) {
  static constexpr std::array<double, 16> roots{1.0,
                                                1.0442737824274138,
                                                1.0905077326652577,
                                                1.1387886347566916,
                                                1.189207115002721,
                                                1.241857812073484,
                                                1.2968395546510096,
                                                1.3542555469368927,
                                                std::numbers::sqrt2,
                                                1.4768261459394993,
                                                1.5422108254079407,
                                                1.6104903319492543,
                                                1.681792830507429,
                                                1.7562521603732995,
                                                1.8340080864093424,
                                                1.9152065613971474};
  // A low part is below 1 wherever the result is neither 0 nor infinite; there it may be anything, also NaN.
  if (x_low) x_low = clamp_magnitude(x_low, 1.0);
  const Rounded k = nearest(x_low ? add(x, x_low) : x, std::numbers::log2e, 4);
  llvm::Value* r = negated_multiply_add(k.real, constant(ln2_high), x);
  r = negated_multiply_add(k.real, constant(ln2_low), r);
  if (x_low) r = add(r, x_low);
  // The bound lies just above ln 2 / 32. Where x is infinite or so large that rounding failed, k alone
  // decides the result (0 or infinity).
  r = clamp_magnitude(r, 0.0225);
  llvm::Value* root = look_up(roots, k.bits);
  llvm::Value* p = polynomial(r, narrow_exponential);
  p = multiply_add(multiply(r, r), p, r);
  p = multiply_add(root, p, root);
  llvm::Value* power = doublings == 0 ? k.real : add(k.real, constant(doublings));
  // p 2^floor(power)
  return intrinsic(llvm::Intrinsic::x86_avx512_mask_scalef_pd_512,
                   {p, power, constant(0.0), lane_mask(), small_integer(4)});
}

llvm::Value* VectorMath::scaled_exp_by_polynomial(llvm::Value* x, llvm::Value* x_low, int doublings) {
  llvm::Value* bounded = at_most(at_least(x, -750.0 - doublings), 711.0 - doublings);
  const Rounded k = nearest(bounded, std::numbers::log2e, 0);
  llvm::Value* r = negated_multiply_add(k.real, constant(ln2_high), bounded);
  r = negated_multiply_add(k.real, constant(ln2_low), r);
  if (x_low) r = add(r, choose(equal(bounded, x), x_low, constant(0.0)));
  llvm::Value* p = polynomial(r, wide_exponential);
  p = multiply_add(multiply(r, r), p, r);
  // 2^k as a product of two powers, each of which is a normal number also where 2^k is not.
  llvm::Value* half = builder_.CreateLShr(k.bits, integer(1));
  llvm::Value* rest = builder_.CreateSub(k.bits, half);
  const auto power_of_two = [&](llvm::Value* exponent, int extra) {
    llvm::Value* biased = builder_.CreateAdd(exponent, integer(static_cast<std::uint64_t>(1023 + extra)));
    return from_bits(builder_.CreateShl(biased, integer(52)));
  };
  llvm::Value* first = power_of_two(half, doublings);
  return multiply(multiply_add(p, first, first), power_of_two(rest, 0));
}

llvm::Value* VectorMath::expm1(llvm::Value* x) {
  llvm::Value* bounded = at_most(at_least(x, -60.0), 709.79);  // e^709.79 overflows
  const Rounded k = nearest(bounded, std::numbers::log2e, 0);
  llvm::Value* r = negated_multiply_add(k.real, constant(ln2_high), bounded);
  r = negated_multiply_add(k.real, constant(ln2_low), r);
  llvm::Value* p = polynomial(r, exponential_minus_one);
  p = multiply_add(multiply(r, r), p, r);
  // 2 (2^(k-1) p + 2^(k-1) - 1/2): half the scale, so that 2^1024 is never formed.
  llvm::Value* biased = builder_.CreateAdd(k.bits, integer(1022));
  llvm::Value* scale = from_bits(builder_.CreateShl(biased, integer(52)));
  llvm::Value* half = multiply_add(p, scale, subtract(scale, constant(0.5)));
  // x itself where it is so small that the sum above would lose its sign or its last bits.
  return choose(less(abs(x), constant(0x1p-54)), x, add(half, half));
}

llvm::Value* VectorMath::sinh(llvm::Value* x) {
  llvm::Value* magnitude = abs(x);
  llvm::Value* e = expm1(magnitude);
  llvm::Value* near = multiply(constant(0.5), add(e, divide(e, add(e, constant(1.0)))));
  llvm::Value* far = scaled_exp(magnitude, nullptr, -1);
  return with_sign_of(choose(less(constant(22.0), magnitude), far, near), x);
}

llvm::Value* VectorMath::cosh(llvm::Value* x) {
  llvm::Value* half_exponential = scaled_exp(abs(x), nullptr, -1);
  return add(half_exponential, divide(constant(0.25), half_exponential));
}

llvm::Value* VectorMath::tanh(llvm::Value* x) {
  llvm::Value* magnitude = at_most(abs(x), 30.0);
  llvm::Value* e = expm1(add(magnitude, magnitude));
  return with_sign_of(divide(e, add(e, constant(2.0))), x);
}

llvm::Value* VectorMath::erf(llvm::Value* x) {
  llvm::Value* magnitude = at_most(abs(x), erf_is_one_from);
  llvm::Value* square = multiply(magnitude, magnitude);
  llvm::Value* near = multiply_add(magnitude, polynomial(square, error_function_near_zero), magnitude);
  llvm::Value* two = constant(2.0);
  llvm::Value* t = divide(subtract(magnitude, two), add(magnitude, two));
  llvm::Value* complement = multiply(exp(negate(square)), polynomial(t, scaled_complement));
  llvm::Value* far = subtract(constant(1.0), complement);
  return with_sign_of(choose(less_equal(magnitude, constant(1.0)), near, far), x);
}

}  // namespace holon::expr

// Elementary functions of one double as straight-line code without branches or calls, so that a loop over
// them becomes vector code, and so that one site gives the same bits alone, in a vector, and on every
// instruction set: all rounding is explicit (fused multiply-add where written, nowhere else;
// -ffp-contract=off).
//
// Accuracy, measured against long double in units in the last place (ulp): exp, log, sin and cos within 1.1;
// log1p, cosh and power within 1.6; expm1 and tan within 2; sinh and tanh within 3. NaN, infinities,
// overflow, zero and negative arguments give what the C library gives, except that results of exp
// below 4.5e-308 are 0 and that the sign of a zero result may differ.
//
// Methods: exp by x = n ln 2 + r and a polynomial in r; log by x = 2^k m and the series of 2
// artanh((m-1)/(m+1)); power as exp(y log x) with the logarithm in two doubles; sin and cos by subtracting n
// pi/2 in three parts. The polynomials are Chebyshev interpolants, computed with 60 digits and rounded.
//
// No function of the standard library is used, so that a file compiled for a wider instruction set leaves
// nothing behind that the linker could put into code for all machines.
#pragma once

#include <cstdint>

namespace holon::expr::strip_math {

#define HOLON_STRIP_INLINE [[gnu::always_inline]] static inline

HOLON_STRIP_INLINE double fma(double a, double b, double c) { return __builtin_fma(a, b, c); }
HOLON_STRIP_INLINE std::uint64_t bits(double x) { return __builtin_bit_cast(std::uint64_t, x); }
HOLON_STRIP_INLINE double number(std::uint64_t b) { return __builtin_bit_cast(double, b); }

inline constexpr double infinity = __builtin_inf();
inline constexpr double not_a_number = __builtin_nan("");
/// Adding it rounds to an integer, which then stands in the low bits.
inline constexpr double rounding_shift = 0x1.8p52;
inline constexpr double log2_e = 0x1.71547652b82fep+0;
inline constexpr double ln2 = 0x1.62e42fefa39efp-1, ln2_rest = 0x1.abc9e3b39803fp-56;
inline constexpr double ln2_short = 0x1.62e42fee00000p-1;  ///< 32 bits: k ln2_short is exact
inline constexpr double ln2_short_rest = 0x1.a39ef35793c76p-33;
inline constexpr double largest_exp_argument = 0x1.62e42fefa39efp+9;  ///< exp overflows above: 709.78
inline constexpr double smallest_exp_argument = -707.7;               ///< exp is set to 0 below
inline constexpr double largest_circle_argument = 1e9;  ///< sin, cos, tan: the caller handles larger ones

/// exp(x) = 2 half_power (1 + fraction)
struct ExpParts {
  double fraction, half_power;
};

/// From x = n ln 2 + r.
HOLON_STRIP_INLINE ExpParts exp_parts(double shifted, double r) {
  const double r2 = r * r;
  const double r4 = r2 * r2;
  const double q01 = fma(r, 0x1.5555555555557p-3, 0.5);
  const double q23 = fma(r, 0x1.11111111100bep-7, 0x1.5555555555556p-5);
  const double q45 = fma(r, 0x1.a01a01abf85abp-13, 0x1.6c16c16c162c3p-10);
  const double q67 = fma(r, 0x1.71de01fdbf9cap-19, 0x1.a01a01a6e1e2ap-16);
  const double q89 = fma(r, 0x1.af4e554377204p-26, 0x1.27e4db46cddd1p-22);
  const double high = fma(r2, fma(r2, 0x1.1f7340dbc337ep-29, q89), q67);
  const double q = fma(r4, fma(r2, high, q45), fma(r2, q23, q01));
  return {fma(r2, q, r), number((bits(shifted) + 1022) << 52)};
}

HOLON_STRIP_INLINE ExpParts exp_parts(double x) {
  const double shifted = fma(x, log2_e, rounding_shift);
  const double n = shifted - rounding_shift;
  return exp_parts(shifted, fma(-n, ln2_rest, fma(-n, ln2, x)));
}

HOLON_STRIP_INLINE double exp_within_limits(double x, const ExpParts& e) {
  double y = fma(e.half_power, e.fraction, e.half_power) * 2.0;
  y = x < smallest_exp_argument ? 0.0 : y;
  return x > largest_exp_argument ? infinity : y;
}

HOLON_STRIP_INLINE double exp(double x) {
  const ExpParts e = exp_parts(x);
  return exp_within_limits(x, e);
}

/// exp(x + rest)
HOLON_STRIP_INLINE double exp_sum(double x, double rest) {
  const double shifted = fma(x, log2_e, rounding_shift);
  const double n = shifted - rounding_shift;
  return exp_within_limits(x, exp_parts(shifted, fma(-n, ln2, x) + fma(-n, ln2_rest, rest)));
}

/// exp(x)/2 for x >= 0: finite a little further than exp.
HOLON_STRIP_INLINE double half_exp(double x) {
  const ExpParts e = exp_parts(x);
  const double y = fma(e.half_power, e.fraction, e.half_power);
  return x > largest_exp_argument + ln2 ? infinity : y;
}

HOLON_STRIP_INLINE double expm1(double x) {
  const double bounded = x < -50.0 ? -50.0 : x;  // exp(-50) is lost beside 1
  const ExpParts e = exp_parts(bounded);
  const double y = fma(e.half_power, e.fraction, e.half_power - 0.5) * 2.0;
  return x > largest_exp_argument ? infinity : y;
}

/// x = 2^exponent mantissa with the mantissa in [sqrt(1/2), sqrt(2)); for positive finite x.
struct LogParts {
  double exponent, mantissa;
};

HOLON_STRIP_INLINE LogParts log_parts(double x) {
  constexpr std::uint64_t root_half = 0x3fe6a09e667f3bcdULL, one = 0x3ff0000000000000ULL;
  const bool subnormal = x < 0x1p-1022;
  const double normal = subnormal ? x * 0x1p54 : x;
  const std::uint64_t b = bits(normal) + (one - root_half);
  const double biased = number((b >> 52) | 0x4330000000000000ULL) - 0x1p52;
  return {biased - (subnormal ? 1077.0 : 1023.0), number((b & 0x000fffffffffffffULL) + root_half)};
}

/// (2 artanh(s) - 2 s - 2/3 s^3)/s^5 as a function of z = s^2.
HOLON_STRIP_INLINE double artanh_tail(double z) {
  const double z2 = z * z;
  const double a = fma(z, 0x1.249249248e532p-2, 0x1.999999999999ep-2);
  const double b = fma(z, 0x1.745d09f06d811p-3, 0x1.c71c71d7e7fc3p-3);
  const double c = fma(z, 0x1.1018ae366a914p-3, 0x1.3b18b8ee7a308p-3);
  return fma(z2, fma(z2, fma(z2, 0x1.08788c3e01713p-3, c), b), a);
}

/// The results for arguments that have no ordinary logarithm, `y` for the others.
HOLON_STRIP_INLINE double log_limits(double x, double y) {
  y = x == infinity ? infinity : y;
  y = x == 0.0 ? -infinity : y;
  return x >= 0.0 ? y : not_a_number;
}

HOLON_STRIP_INLINE double log_positive(double x) {
  const LogParts p = log_parts(x);
  const double f = p.mantissa - 1.0;
  const double s = f / (2.0 + f);
  const double z = s * s;
  const double half_square = 0.5 * f * f;
  const double r = z * fma(z, artanh_tail(z), 0x1.5555555555555p-1);
  const double correction = fma(s, half_square + r, p.exponent * ln2_short_rest);
  return fma(p.exponent, ln2_short, f - (half_square - correction));
}

HOLON_STRIP_INLINE double log(double x) { return log_limits(x, log_positive(x)); }

HOLON_STRIP_INLINE double log1p(double x) {
  const double u = 1.0 + x;
  const double lost = x - (u - 1.0);
  const double y = log_positive(u) + lost / u;
  return log_limits(u, y);
}

/// x^y for positive normal x and |y| < 1e15 (the caller handles the rest, see power_is_plain), and 0^y for y
/// > 0.
HOLON_STRIP_INLINE double power(double x, double y) {
  const LogParts p = log_parts(x);
  const double f = p.mantissa - 1.0;
  const double d = p.mantissa + 1.0;
  const double d_rest = p.mantissa - (d - 1.0);
  const double reciprocal = 1.0 / d;
  // s = f/d, s^2, s^3 and 2/3 s^3, each as a sum of two doubles
  const double s = f * reciprocal;
  const double s_rest = (fma(-s, d, f) - s * d_rest) * reciprocal;
  const double z = s * s;
  const double z_rest = fma(s, s, -z) + 2.0 * s * s_rest;
  const double c = s * z;
  const double c_rest = fma(s, z, -c) + fma(s, z_rest, s_rest * z);
  const double u = 0x1.5555555555555p-1 * c;
  const double u_rest =
      fma(0x1.5555555555555p-1, c, -u) + fma(0x1.5555555555555p-1, c_rest, 0x1.5555555555555p-55 * c);
  const double tail = c * z * artanh_tail(z);
  // log x = k ln 2 + 2 s + 2/3 s^3 + tail
  const double m = 2.0 * s + u;
  const double m_rest = (u - (m - 2.0 * s)) + (2.0 * s_rest + u_rest + tail);
  const double k = p.exponent * ln2_short;
  const double h = k + m;
  const double h_part = h - k;
  const double h_rest = (k - (h - h_part)) + (m - h_part);
  const double l = h_rest + fma(p.exponent, ln2_short_rest, m_rest);
  const double logarithm = h + l;
  const double logarithm_rest = l - (logarithm - h);
  const double product = y * logarithm;
  const double product_rest = fma(y, logarithm, -product) + y * logarithm_rest;
  const double result = exp_sum(product, product_rest);
  return x == 0.0 ? 0.0 : result;
}

/// Whether `power` may be used; otherwise the C library's pow.
HOLON_STRIP_INLINE bool power_is_plain(double x, double y) {
  const bool ordinary = x >= 0x1p-1022 && x < infinity && y < 1e15 && y > -1e15;
  return ordinary || (x == 0.0 && y > 0.0 && y < infinity);
}

struct SineCosine {
  double sine, cosine;
};

/// For |x| <= largest_circle_argument.
HOLON_STRIP_INLINE SineCosine sine_cosine(double x) {
  const double shifted = fma(x, 0x1.45f306dc9c883p-1, rounding_shift);
  const double n = shifted - rounding_shift;
  const double whole = fma(-n, 0x1.921fb54442d18p+0, x);
  const double r = fma(-n, 0x1.1a62633145c07p-54, whole);
  const double rest = fma(-n, 0x1.1a62633145c07p-54, whole - r) + n * 0x1.f1976b7ed8fbcp-110;
  const double z = r * r;
  const double s =
      fma(z,
          fma(z,
              fma(z, fma(z, fma(z, 0x1.5e0a4fc16be59p-33, -0x1.ae6008d114485p-26), 0x1.71de37946ed6dp-19),
                  -0x1.a01a019e820aep-13),
              0x1.1111111110babp-7),
          -0x1.5555555555555p-3);
  const double c =
      fma(z,
          fma(z,
              fma(z, fma(z, fma(z, -0x1.907cd8ff5ede7p-37, 0x1.1eeb67d026ec6p-29), -0x1.27e4fa16cc2d1p-22),
                  0x1.a01a019f4ddfdp-16),
              -0x1.6c16c16c16963p-10),
          0x1.5555555555555p-5);
  const double half = 0.5 * z;
  const double sine = r + fma(r * z, s, fma(-half, rest, rest));
  const double one_less = 1.0 - half;
  const double cosine = one_less + (((1.0 - one_less) - half) + fma(z * z, c, -r * rest));
  const std::uint64_t quadrant = bits(shifted);
  const bool odd = (quadrant & 1) != 0;
  const std::uint64_t sine_sign = (quadrant & 2) << 62, cosine_sign = ((quadrant + 1) & 2) << 62;
  const double first = odd ? cosine : sine, second = odd ? sine : cosine;
  return {number(bits(first) ^ sine_sign), number(bits(second) ^ cosine_sign)};
}

HOLON_STRIP_INLINE double absolute(double x) { return number(bits(x) & 0x7fffffffffffffffULL); }
HOLON_STRIP_INLINE double with_sign_of(double magnitude, double x) {
  return number(bits(magnitude) | (bits(x) & 0x8000000000000000ULL));
}

HOLON_STRIP_INLINE double tanh(double x) {
  const double a = absolute(x);
  const double e = expm1(2.0 * (a > 25.0 ? 25.0 : a));
  return with_sign_of(e / (e + 2.0), x);
}

HOLON_STRIP_INLINE double cosh(double x) {
  const double h = half_exp(absolute(x));
  return h + 0.25 / h;
}

HOLON_STRIP_INLINE double sinh(double x) {
  const double a = absolute(x);
  const double e = expm1(a);
  const double small = 0.5 * (e + e / (e + 1.0));
  return with_sign_of(a < 30.0 ? small : half_exp(a), x);
}

#undef HOLON_STRIP_INLINE

}  // namespace holon::expr::strip_math

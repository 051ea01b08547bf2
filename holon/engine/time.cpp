#include "holon/engine/time.hpp"

#include "holon/base/error.hpp"

#include <limits>

namespace holon {

namespace {

Fraction reduced(__int128 numerator, __int128 denominator) {
  require(denominator != 0, "a fraction of time has a denominator");
  if (denominator < 0) {
    numerator = -numerator;
    denominator = -denominator;
  }
  __int128 a = numerator < 0 ? -numerator : numerator, b = denominator;
  while (b != 0) {
    const __int128 r = a % b;
    a = b;
    b = r;
  }
  if (a > 1) {
    numerator /= a;
    denominator /= a;
  }
  constexpr __int128 limit = std::numeric_limits<std::int64_t>::max();
  require(numerator <= limit && numerator >= -limit && denominator <= limit,
          "a fraction of time fits 64 bits");
  return {static_cast<std::int64_t>(numerator), static_cast<std::int64_t>(denominator)};
}

}  // namespace

Fraction Fraction::of(std::int64_t numerator, std::int64_t denominator) {
  return reduced(numerator, denominator);
}

Fraction Fraction::operator+(const Fraction& o) const {
  if (denominator == 1 && o.denominator == 1) return {numerator + o.numerator, 1};
  return reduced(
      static_cast<__int128>(numerator) * o.denominator + static_cast<__int128>(o.numerator) * denominator,
      static_cast<__int128>(denominator) * o.denominator);
}

Fraction Fraction::operator-(const Fraction& o) const {
  return *this + Fraction{-o.numerator, o.denominator};
}

Fraction Fraction::operator*(const Fraction& o) const {
  return reduced(static_cast<__int128>(numerator) * o.numerator,
                 static_cast<__int128>(denominator) * o.denominator);
}

std::strong_ordering Fraction::operator<=>(const Fraction& o) const {
  return static_cast<__int128>(numerator) * o.denominator <=>
         static_cast<__int128>(o.numerator) * denominator;
}

Time Time::operator+(const Fraction& f) const {
  Fraction sum = fraction + f;
  std::int64_t whole = sum.numerator / sum.denominator;
  if (sum.numerator < 0 && whole * sum.denominator != sum.numerator) --whole;
  return {index + whole, sum - Fraction{whole, 1}};
}

std::strong_ordering Time::operator<=>(const Time& o) const {
  return index != o.index ? index <=> o.index : fraction <=> o.fraction;
}

double Time::steps_since(const Time& earlier) const {
  return static_cast<double>(index - earlier.index) + (fraction - earlier.fraction).value();
}

Fraction Time::fraction_since(const Time& earlier) const {
  const Fraction within = fraction - earlier.fraction;
  return index == earlier.index ? within : Fraction{index - earlier.index, 1} + within;
}

double Time::value(double macro_step) const {
  // index * step is rounded once; the fraction adds at most one more rounding and is exact where it is 0.
  if (fraction.numerator == 0) return static_cast<double>(index) * macro_step;
  const long double steps =
      static_cast<long double>(index) +
      static_cast<long double>(fraction.numerator) / static_cast<long double>(fraction.denominator);
  return static_cast<double>(steps * static_cast<long double>(macro_step));
}

}  // namespace holon

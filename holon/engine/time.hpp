// Exact time: a macro index plus an exact fraction of the macro step. No floating-point time is ever
// accumulated.
#pragma once

#include <compare>
#include <cstdint>

namespace holon {

/// A rational number in lowest terms with a positive denominator.
struct Fraction {
  std::int64_t numerator = 0;
  std::int64_t denominator = 1;
  static Fraction of(std::int64_t numerator, std::int64_t denominator);
  Fraction operator+(const Fraction& o) const;
  Fraction operator-(const Fraction& o) const;
  Fraction operator*(const Fraction& o) const;
  bool operator==(const Fraction&) const = default;
  std::strong_ordering operator<=>(const Fraction& o) const;
  double value() const { return static_cast<double>(numerator) / static_cast<double>(denominator); }
};

/// A moment: (index + fraction) macro steps after the start; 0 <= fraction < 1.
struct Time {
  std::int64_t index = 0;
  Fraction fraction;
  Time operator+(const Fraction& f) const;
  bool operator==(const Time&) const = default;
  std::strong_ordering operator<=>(const Time& o) const;
  /// Macro steps from `earlier` to this time.
  double steps_since(const Time& earlier) const;
  Fraction fraction_since(const Time& earlier) const;  ///< the same, exactly
  /// In coherent time units, rounded once: t = steps * macro step.
  double value(double macro_step) const;
};

/// What a process is asked to advance over.
struct Interval {
  Time begin, end;
  double macro_step = 1.0;  ///< coherent time
  double t0() const { return begin.value(macro_step); }
  double t1() const { return end.value(macro_step); }
  double dt() const { return end.steps_since(begin) * macro_step; }
};

}  // namespace holon

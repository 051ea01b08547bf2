// Units, dimensions and quantities.
//
// UDUNITS-2 reads unit texts at the border, with Holon's own unit database (units.xml, embedded in the
// program; it holds M, uM, Da, cells, mmHg ... and leaves out look-alikes). Inside, a unit is a factor to the
// coherent SI unit and a dimension: nothing but numbers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holon {

/// Exponents of the base dimensions: length, mass, time, current, temperature, amount, luminous intensity.
/// Stored in sixtieths, so that square and cube roots are exact. Angles, cells and molecules are
/// dimensionless counts.
class Dimension {
 public:
  constexpr Dimension() = default;
  static Dimension length();
  static Dimension mass();
  static Dimension time();
  static Dimension current();
  static Dimension temperature();
  static Dimension amount();
  static Dimension luminosity();

  Dimension operator*(const Dimension& o) const;
  Dimension operator/(const Dimension& o) const;
  Dimension pow(double exponent) const;  ///< throws InputError if an exponent is no multiple of 1/60
  bool operator==(const Dimension&) const = default;
  bool dimensionless() const { return *this == Dimension{}; }
  std::string text() const;  ///< in SI base units, e.g. "kg m2 s-3 A-1"; "1" if dimensionless
  std::string name() const;  ///< a familiar name where there is one ("electric potential"), else text()

 private:
  friend class Unit;
  static Dimension base(std::size_t index);
  std::array<std::int16_t, 7> sixtieths_{};
};

/// A unit: text as written, factor to the coherent SI unit, offset (only degC) and dimension.
class Unit {
 public:
  Unit() = default;  ///< dimensionless, "1"
  /// Reads a unit text such as "mV", "mS/cm^2", "uA/uF", "1/(uM s)", "pA pF-1", "um^2 s^-1", "mV/ms^0.5".
  /// Quotients are read from the left: a/b/c is a/(b c) and a/b*c is (a/b) c. A space after a quotient ("a/b
  /// c") is refused, because readers disagree about it. In a product or quotient degC is a difference of
  /// temperatures. Throws InputError for an unknown unit, a look-alike (kT, a, R ...: with a hint) or bad
  /// syntax.
  static Unit parse(std::string_view text);
  /// The coherent SI unit of a dimension.
  static Unit coherent(const Dimension& dimension);

  const std::string& text() const { return text_; }
  double factor() const { return factor_; }  ///< SI value = factor * value + offset
  double offset() const { return offset_; }
  const Dimension& dimension() const { return dimension_; }
  bool compatible(const Unit& other) const { return dimension_ == other.dimension_; }
  /// Products and quotients, with readable text; offsets are refused (InputError).
  Unit operator*(const Unit& o) const;
  Unit operator/(const Unit& o) const;

 private:
  std::string text_ = "1";
  double factor_ = 1.0;
  double offset_ = 0.0;
  Dimension dimension_;
};

/// The factor by which a number in `from` is multiplied to be a number in `to`, rounded correctly for decimal
/// ratios (mV per V is exactly 1000). Throws InputError when the dimensions differ or a unit has an offset.
double conversion_factor(const Unit& from, const Unit& to);

/// A number with a unit.
struct Quantity {
  double value = 0.0;
  Unit unit;
  double si() const;
  double in(const Unit& target) const;  ///< offsets are honoured; throws InputError when dimensions differ
  std::string text() const;             ///< "0.2 mm"
};

/// A decimal number as written ("0.2", "-1e-3", "inf", "nan" refused), or nothing. No locale, no trailing
/// text.
std::optional<double> parse_number(std::string_view text);

/// Reads "0.2 mm", "10", "1e-3 1/mm", "100 %". A bare number is dimensionless. Throws InputError that says
/// what is wrong.
Quantity parse_quantity(std::string_view text);

/// The shortest text that reads back as the same double ("0.2", "1e-05"); "inf", "-inf", "nan".
std::string number_text(double value);

/// Names of all units that the database knows (for suggestions and `holon show units`).
std::vector<std::string> known_units();

}  // namespace holon

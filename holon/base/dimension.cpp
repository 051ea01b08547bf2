#include "holon/base/error.hpp"
#include "holon/base/unit.hpp"

#include <cmath>
#include <limits>

namespace holon {

namespace {

constexpr int sixtieths_per_unit = 60;
constexpr std::array<const char*, 7> base_symbols = {"m", "kg", "s", "A", "K", "mol", "cd"};

std::int16_t checked(int sixtieths) {
  if (std::abs(sixtieths) > std::numeric_limits<std::int16_t>::max())
    throw InputError("the exponent " + std::to_string(sixtieths / sixtieths_per_unit) +
                     " of a dimension is beyond +-546");
  return static_cast<std::int16_t>(sixtieths);
}

/// The exponent as it stands after a symbol: "" for 1, "-2", "^0.5", "^(1/3)".
std::string exponent_text(int sixtieths) {
  if (sixtieths == sixtieths_per_unit) return "";
  if (sixtieths % sixtieths_per_unit == 0) return std::to_string(sixtieths / sixtieths_per_unit);
  if (sixtieths * 10 % sixtieths_per_unit == 0)
    return "^" + number_text(static_cast<double>(sixtieths) / sixtieths_per_unit);
  return "^(" + std::to_string(sixtieths) + "/60)";
}

}  // namespace

Dimension Dimension::length() { return Dimension::base(0); }
Dimension Dimension::mass() { return Dimension::base(1); }
Dimension Dimension::time() { return Dimension::base(2); }
Dimension Dimension::current() { return Dimension::base(3); }
Dimension Dimension::temperature() { return Dimension::base(4); }
Dimension Dimension::amount() { return Dimension::base(5); }
Dimension Dimension::luminosity() { return Dimension::base(6); }

Dimension Dimension::base(std::size_t index) {
  Dimension d;
  d.sixtieths_[index] = sixtieths_per_unit;
  return d;
}

Dimension Dimension::operator*(const Dimension& o) const {
  Dimension d;
  for (std::size_t i = 0; i < 7; ++i) d.sixtieths_[i] = checked(sixtieths_[i] + o.sixtieths_[i]);
  return d;
}

Dimension Dimension::operator/(const Dimension& o) const {
  Dimension d;
  for (std::size_t i = 0; i < 7; ++i) d.sixtieths_[i] = checked(sixtieths_[i] - o.sixtieths_[i]);
  return d;
}

Dimension Dimension::pow(double exponent) const {
  Dimension d;
  for (std::size_t i = 0; i < 7; ++i) {
    const double exact = sixtieths_[i] * exponent;
    if (!(std::abs(exact) <= 1e6))
      throw InputError("a dimension cannot be raised to the power " + number_text(exponent));
    // An exponent such as 1/3 is given in double precision: 1e-6 of a sixtieth is far above its rounding
    // error.
    const double nearest = std::round(exact);
    if (std::abs(exact - nearest) > 1e-6)
      throw InputError("raising " + text() + " to the power " + number_text(exponent) +
                       " gives an exponent that is no multiple of 1/60");
    d.sixtieths_[i] = checked(static_cast<int>(nearest));
  }
  return d;
}

std::string Dimension::text() const {
  std::string out;
  for (std::size_t i = 0; i < 7; ++i) {
    if (sixtieths_[i] == 0) continue;
    out += (out.empty() ? "" : " ") + (base_symbols[i] + exponent_text(sixtieths_[i]));
  }
  return out.empty() ? "1" : out;
}

}  // namespace holon

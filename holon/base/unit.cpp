#include "holon/base/unit.hpp"

#include "holon/base/error.hpp"
#include "holon/base/unit_database.hpp"
#include "holon/base/unit_text.hpp"

#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <mutex>

namespace holon {

namespace {

[[noreturn]] void fail(const std::string& message, const std::string& hint = "") {
  Diagnostic d;
  d.message = message;
  d.hint = hint;
  throw InputError(d);
}

/// The decimal number that a factor stands for, to more digits than a double has: 1e-6 itself, not its
/// double.
long double written_value(double factor) {
  const std::string text = number_text(factor);
  long double value = 0.0L;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

long double power(long double base, int sixtieths) {
  if (sixtieths % 60 != 0) return std::pow(base, static_cast<long double>(sixtieths) / 60.0L);
  long double product = 1.0L;
  for (int i = 0; i < std::abs(sixtieths) / 60; ++i) product *= base;
  return sixtieths < 0 ? 1.0L / product : product;
}

bool within_four_ulp(double a, double b) {
  const double ulp = std::nextafter(std::abs(b), std::numeric_limits<double>::infinity()) - std::abs(b);
  return std::abs(a - b) <= 4 * ulp;
}

/// The nearest number of at most 12 decimal digits if it is within the rounding errors of the factors, else
/// nothing.
std::optional<double> short_decimal(double x) {
  char buffer[40];
  const auto [end, error] =
      std::to_chars(buffer, buffer + sizeof buffer, x, std::chars_format::scientific, 11);
  double decimal = 0.0;
  std::from_chars(buffer, end, decimal);
  if (within_four_ulp(decimal, x)) return decimal;
  return std::nullopt;
}

/// A number that a decimal, or the inverse of one, was meant to be: 1000, 0.001, 1/60.
double meant_value(long double x) {
  const double rounded = static_cast<double>(x);
  if (const auto decimal = short_decimal(rounded)) return *decimal;
  if (const auto inverse = short_decimal(static_cast<double>(1.0L / x)))
    return static_cast<double>(1.0L / *inverse);
  return rounded;
}

struct Meaning {
  double factor = 1.0;
  double offset = 0.0;
  Dimension dimension;
};

Meaning meaning_of(const std::vector<UnitPower>& powers, const std::string& text) {
  Meaning meaning;
  long double factor = 1.0L;
  for (const UnitPower& p : powers) {
    const NamedUnit named = UnitDatabase::instance().unit(p.word);
    factor *= power(written_value(named.factor), p.sixtieths);
    meaning.dimension = meaning.dimension * named.dimension.pow(p.sixtieths / 60.0);
    // In a product, quotient or power a unit with an offset stands for a difference.
    const bool alone =
        powers.size() == 1 && p.sixtieths == 60 && text.find_first_of(" */") == std::string::npos;
    if (alone) meaning.offset = named.offset;
  }
  meaning.factor = static_cast<double>(factor);
  if (!std::isnormal(meaning.factor))
    fail("unit '" + text + "': its factor to SI is beyond the range of numbers");
  meaning.factor = meant_value(factor);
  return meaning;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

void require_no_offset(const Unit& unit) {
  if (unit.offset() != 0)
    fail("unit '" + unit.text() + "' has an offset, so that it has no factor to other units",
         "use 'K' for differences of temperature");
}

/// The text of a product in which differences of temperature are kelvins: degC that is left over is no
/// temperature.
std::string product_text(const std::string& text) {
  std::vector<UnitPower> powers = read_unit_text(text);
  for (UnitPower& p : powers)
    if (UnitDatabase::instance().unit(p.word).offset != 0) p.word = "K";
  return write_unit_text(powers);
}

}  // namespace

Unit Unit::parse(std::string_view text) {
  static std::mutex mutex;
  static auto* const cache = new std::map<std::string, Unit, std::less<>>;
  const std::string_view key = trimmed(text);
  {
    const std::lock_guard lock(mutex);
    if (const auto known = cache->find(key); known != cache->end()) return known->second;
  }
  Unit unit;
  unit.text_ = key;
  const Meaning meaning = meaning_of(read_unit_text(key), unit.text_);
  unit.factor_ = meaning.factor;
  unit.offset_ = meaning.offset;
  unit.dimension_ = meaning.dimension;
  const std::lock_guard lock(mutex);
  return cache->emplace(unit.text_, unit).first->second;
}

Unit Unit::operator*(const Unit& o) const {
  require_no_offset(*this);
  require_no_offset(o);
  if (o.text_ == "1") return *this;
  if (text_ == "1") return o;
  return parse(product_text("(" + text_ + ")*(" + o.text_ + ")"));
}

Unit Unit::operator/(const Unit& o) const {
  require_no_offset(*this);
  require_no_offset(o);
  if (o.text_ == "1") return *this;
  return parse(product_text("(" + text_ + ")/(" + o.text_ + ")"));
}

double conversion_factor(const Unit& from, const Unit& to) {
  require_no_offset(from);
  require_no_offset(to);
  if (!from.compatible(to))
    fail("'" + from.text() + "' (" + from.dimension().name() + ") cannot be converted to '" + to.text() +
         "' (" + to.dimension().name() + ")");
  if (from.factor() == to.factor()) return 1.0;
  return meant_value(written_value(from.factor()) / written_value(to.factor()));
}

double Quantity::si() const { return in(Unit::coherent(unit.dimension())); }

double Quantity::in(const Unit& target) const {
  if (unit.offset() == target.offset() && unit.factor() == target.factor() && unit.compatible(target))
    return value;
  if (unit.offset() == 0 && target.offset() == 0) {
    const double factor = conversion_factor(unit, target);
    const double inverse = conversion_factor(target, unit);
    // Division by a whole number rounds once, multiplication by its inverse twice: 42 mV are 0.042 V.
    return inverse == std::floor(inverse) ? value / inverse : value * factor;
  }
  if (!unit.compatible(target))
    fail("'" + text() + "' (" + unit.dimension().name() + ") cannot be converted to '" + target.text() +
         "' (" + target.dimension().name() + ")");
  return (value * unit.factor() + unit.offset() - target.offset()) / target.factor();
}

std::string Quantity::text() const {
  return unit.text() == "1" ? number_text(value) : number_text(value) + " " + unit.text();
}

Quantity parse_quantity(std::string_view text) {
  const std::string_view whole = trimmed(text);
  if (whole.empty()) fail("a quantity is missing", "a number with a unit, as in '0.2 mm', or a plain number");
  std::string_view rest = whole;
  const bool plus = rest.starts_with('+');
  if (plus) rest.remove_prefix(1);
  Quantity quantity;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), quantity.value);
  const std::string shown(whole.substr(0, 100));
  if (error == std::errc::result_out_of_range)
    fail("quantity '" + shown + "': the number is beyond the range of double precision");
  if (error != std::errc{} || (plus && rest.starts_with('-')))
    fail("quantity '" + shown + "': it should begin with a number",
         whole.starts_with("\u2212") ? "write the minus sign as '-'" : "as in '0.2 mm'");
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  const bool word =
      !std::isfinite(quantity.value) && !rest.empty() && std::isalpha(static_cast<unsigned char>(rest[0]));
  if (std::isnan(quantity.value) || word) fail("quantity '" + shown + "': not a number", "as in '0.2 mm'");
  if (rest.empty()) return quantity;
  if (rest.front() == ',' || rest.front() == '_' || rest.front() == '\'')
    fail("quantity '" + shown + "': unexpected '" + std::string(1, rest.front()) + "' in the number",
         "write decimals with a point and no separators, as in '1500.5 mm'");
  const std::string_view unit = trimmed(rest);
  if (unit.front() == '/')
    fail("quantity '" + shown + "': a number and a unit should be set apart",
         "write '" + number_text(quantity.value) + " 1" + std::string(unit) + "'");
  if (unit.front() == '*')
    fail("quantity '" + shown + "': unexpected '*'",
         "write the unit right behind the number, as in '0.2 mm'");
  quantity.unit = Unit::parse(unit);
  return quantity;
}

std::vector<std::string> known_units() { return UnitDatabase::instance().names().all(); }

}  // namespace holon

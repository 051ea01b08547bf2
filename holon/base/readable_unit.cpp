#include "holon/base/readable_unit.hpp"

#include "holon/base/unit_database.hpp"
#include "holon/base/unit_text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace holon {

namespace {

constexpr int one = 60;  // sixtieths of an exponent

struct Prefix {
  const char* symbol;
  double factor;
};
constexpr std::array prefixes = {Prefix{"a", 1e-18}, Prefix{"f", 1e-15}, Prefix{"p", 1e-12},
                                 Prefix{"n", 1e-9},  Prefix{"u", 1e-6},  Prefix{"m", 1e-3},
                                 Prefix{"", 1.0},    Prefix{"k", 1e3}};

bool known(const std::string& word) { return UnitDatabase::instance().names().known(word); }
NamedUnit meaning(const std::string& word) { return UnitDatabase::instance().unit(word); }

/// The power of length that a word is (2 for an area), in sixtieths; 0 for all other words.
int length_power(const std::string& word) {
  const Dimension dimension = meaning(word).dimension;
  for (int power = 1; power <= 3; ++power)
    if (dimension == Dimension::length().pow(power)) return one * power;
  return 0;
}

/// "nmol" for "nM", "nanomole" for "nanomolar", or nothing for words that are no concentration.
std::string moles_of_molar(const std::string& word) {
  if (meaning(word).dimension != Dimension::amount() / Dimension::length().pow(3)) return "";
  for (const auto& [molar, mole] :
       {std::pair("M", "mol"), std::pair("molars", "mole"), std::pair("molar", "mole")}) {
    if (!word.ends_with(molar)) continue;
    std::string moles = word.substr(0, word.size() - std::string_view(molar).size()) + mole;
    if (known(moles)) return moles;
  }
  return "";
}

/// The word without its prefix ("mol" for "nmol"), or the word itself.
std::string without_prefix(const std::string& word) {
  for (const Prefix& prefix : prefixes) {
    const std::string_view symbol = prefix.symbol;
    if (symbol.empty() || !word.starts_with(symbol) || word.size() == symbol.size()) continue;
    const std::string rest = word.substr(symbol.size());
    if (!known(rest)) continue;
    // "ppm" is no prefixed "pm".
    const NamedUnit whole = meaning(word), plain = meaning(rest);
    const double ratio = whole.factor / (prefix.factor * plain.factor);
    if (whole.dimension == plain.dimension && std::abs(ratio - 1.0) < 1e-12) return rest;
  }
  return word;
}

/// All lengths in one power of the metre, behind the other words.
Unit with_one_length(const Unit& unit) {
  std::vector<UnitPower> powers;
  int length = 0;
  for (UnitPower power : read_unit_text(unit.text())) {
    if (const int own = length_power(power.word); own != 0) {
      length += own / one * power.sixtieths;
      continue;
    }
    if (const std::string moles = moles_of_molar(power.word); !moles.empty()) {
      power.word = moles;
      length -= 3 * power.sixtieths;
    }
    powers.push_back(std::move(power));
  }
  if (length != 0) powers.push_back({"m", length});
  return Unit::parse(write_unit_text(powers));
}

}  // namespace

ContentUnit content_unit(const Unit& density, const Dimension& length, int power) {
  const Dimension measure = length.pow(power);
  if (measure.dimensionless()) return {density};
  const Unit product = density * Unit::coherent(measure);
  const Unit unit = with_one_length(product);
  return {unit, conversion_factor(product, unit)};
}

Unit with_fitting_prefix(const Unit& unit, double magnitude) {
  magnitude = std::abs(magnitude);
  if (!std::isfinite(magnitude) || magnitude == 0.0 || unit.offset() != 0.0) return unit;
  std::vector<UnitPower> powers = read_unit_text(unit.text());
  if (powers.empty() || powers.front().sixtieths != one) return unit;
  const std::string base = without_prefix(powers.front().word);
  Unit fitting = unit;
  for (const Prefix& prefix : prefixes) {
    powers.front().word = prefix.symbol + base;
    if (!known(powers.front().word)) continue;
    const Unit candidate = Unit::parse(write_unit_text(powers));
    if (candidate.dimension() != unit.dimension()) continue;
    const double number = magnitude * conversion_factor(unit, candidate);
    fitting = candidate;
    constexpr double nearly_one = 1.0 - 1e-9;  // 1 and what round-off leaves of it get one prefix
    if (number < 1000.0 * nearly_one) break;
  }
  return fitting;
}

}  // namespace holon

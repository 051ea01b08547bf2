// The grammar of unit texts.
//
//   unit     = factor { ("*" | "." | "/" | space) factor }     read from the left
//   factor   = ( word | "1" | "(" unit ")" ) [ exponent ]
//   exponent = "^" number | "^(" number "/" number ")" | whole number right behind a word ("s-1", "m2")
//
// A space behind a quotient ("J/kg K") is refused. Typeset characters (micro sign, superscripts, middle dot,
// Ohm, degree, Angstrom) are read as their plain spellings.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace holon {

/// One word of the unit database with its exponent in sixtieths.
struct UnitPower {
  std::string word;
  int sixtieths = 60;
};

/// The powers in the order of the text, equal words joined, cancelled words left out.
/// Throws InputError for bad syntax and for words that are no units.
std::vector<UnitPower> read_unit_text(std::string_view text);

/// "mV mM/(ms um^2)": positive exponents, then the others below one line.
std::string write_unit_text(const std::vector<UnitPower>& powers);

}  // namespace holon

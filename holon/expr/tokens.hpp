// The words of the equation language, with their places.
#pragma once

#include "holon/base/error.hpp"
#include "holon/base/unit.hpp"
#include "holon/expr/language.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace holon::expr {

struct Token {
  enum class Kind { number, quantity, name, sign, separator, end, broken };  // separator: newline or ';'
  Kind kind = Kind::end;
  std::string_view text;  ///< as written; of a quantity, number and unit
  Place place;
  double number = 0.0;
  Unit unit;
  bool after_space = false;     ///< white space stands before it
  bool encloses_comma = false;  ///< an opening bracket with a comma directly inside it
  bool is(std::string_view sign_text) const { return kind == Kind::sign && text == sign_text; }
  bool is_word(std::string_view word) const { return kind == Kind::name && text == word; }
};

enum class Separators { ignored, kept };  ///< whether line ends and ';' separate statements
enum class Units { refused, read };

/// Splits a text into tokens; the last one is `end`. Characters, numbers, units and brackets that are wrong
/// are reported, and stand as broken tokens. With Separators::kept, a line end is a separator except inside
/// brackets and beside an operator that needs another operand; a line that begins like a statement ends
/// brackets left open before it.
std::vector<Token> tokenize(std::string_view text, const TextOrigin& origin, Separators separators,
                            Units units, Diagnostics& diagnostics);

/// The length of the longest unit text at the start of `text`, which directly follows a number; 0 if there is
/// none. A unit is a product of known unit names, written with white space, '*' or '/', with exponents (cm^2,
/// s-1) and brackets; it may begin with "1/". It ends before a name that is no unit.
std::size_t unit_extent(std::string_view text);

/// if then else and or not
bool is_keyword(std::string_view word);

}  // namespace holon::expr

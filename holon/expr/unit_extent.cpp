#include "holon/expr/tokens.hpp"

#include <algorithm>
#include <string>

namespace holon::expr {

namespace {

constexpr int deepest_unit_brackets = 20;
constexpr std::size_t longest_unit_text = 200;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) { return c == ' ' || c == '\t'; }

bool is_unit_name(std::string_view name) {
  if (is_keyword(name)) return false;
  try {
    Unit::parse(name);
    return true;
  } catch (const InputError&) { return false; }
}

/// Reads units from a text; every function gives the position behind what it read, or where it began if there
/// is none.
class UnitReader {
 public:
  explicit UnitReader(std::string_view text) : text_(text) {}

  std::size_t product(std::size_t at, int depth) const {
    std::size_t end = factor(at, depth);
    if (end == at) return at;
    for (;;) {
      std::size_t next = skip_space(end);
      const bool sign = next < text_.size() && (text_[next] == '*' || text_[next] == '/');
      if (sign) next = skip_space(next + 1);
      if (!sign && next == end) return end;  // "mV" directly followed by something else
      const std::size_t stop = factor(next, depth);
      if (stop == next) return end;
      // A bracket after white space is not part of the unit: 2 mm (x)
      if (!sign && text_[next] == '(') return end;
      end = stop;
    }
  }

  std::size_t start(std::size_t at) const {
    const std::size_t stroke = skip_space(at + 1);
    if (at < text_.size() && text_[at] == '1' && stroke < text_.size() && text_[stroke] == '/') {
      const std::size_t below = skip_space(stroke + 1);
      const std::size_t end = product(below, 0);
      return end == below ? at : end;
    }
    if (at < text_.size() && text_[at] == '(') return at;  // 2 (x + 1) is a missing operator, not a unit
    return product(at, 0);
  }

  std::size_t skip_space(std::size_t at) const {
    while (at < text_.size() && is_space(text_[at])) ++at;
    return at;
  }

 private:
  std::size_t factor(std::size_t at, int depth) const {
    if (at >= text_.size()) return at;
    if (text_[at] == '%') return at + 1;
    if (text_[at] == '(' && depth < deepest_unit_brackets) {
      const std::size_t inside = skip_space(at + 1);
      const std::size_t end = product(inside, depth + 1);
      const std::size_t close = skip_space(end);
      if (end == inside || close >= text_.size() || text_[close] != ')') return at;
      return exponent(close + 1);
    }
    if (!is_letter(text_[at])) return at;
    std::size_t end = at;
    while (end < text_.size() && (is_letter(text_[end]) || is_digit(text_[end]))) ++end;
    if (end < text_.size() && text_[end] == '(') return at;  // a function
    if (end < text_.size() && text_[end] == '.') return at;  // a dotted name
    if (!is_unit_name(text_.substr(at, end - at))) return at;
    return exponent(end);
  }

  /// "^2", "^-1", or a sign and digits that directly follow: "s-1".
  std::size_t exponent(std::size_t at) const {
    std::size_t p = at;
    if (p < text_.size() && text_[p] == '^') ++p;
    if (p < text_.size() && (text_[p] == '-' || text_[p] == '+')) ++p;
    const std::size_t digits = p;
    while (p < text_.size() && is_digit(text_[p])) ++p;
    const bool continues = p < text_.size() && (is_letter(text_[p]) || text_[p] == '.');
    return p == digits || continues ? at : p;
  }

  std::string_view text_;
};

}  // namespace

std::size_t unit_extent(std::string_view text) {
  const std::size_t line = text.find_first_of("\r\n#;,");
  const UnitReader reader(text.substr(0, std::min(line, longest_unit_text)));
  const std::size_t begin = reader.skip_space(0);
  const std::size_t end = reader.start(begin);
  return end == begin ? 0 : end;
}

}  // namespace holon::expr

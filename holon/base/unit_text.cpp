#include "holon/base/unit_text.hpp"

#include "holon/base/error.hpp"
#include "holon/base/unit.hpp"
#include "holon/base/unit_database.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <utility>

namespace holon {

namespace {

constexpr std::size_t longest_text =
    200;  // a longer one is a mistake, and nothing need be said about all of it
constexpr int deepest_parentheses = 20;

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }
bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool is_space(char c) { return c == ' ' || c == '\t'; }

/// Typeset characters as their plain spellings; runs of superscripts become one exponent.
std::string plain_spelling(std::string_view text) {
  static constexpr std::pair<std::string_view, std::string_view> spellings[] = {
      {"\u00b5", "u"}, {"\u03bc", "u"}, {"\u03a9", "ohm"},      {"\u2126", "ohm"},     {"\u00b0", "deg"},
      {"\u00b7", "*"}, {"\u22c5", "*"}, {"\u00d7", "*"},        {"\u2212", "-"},       {"\u00a0", " "},
      {"\u202f", " "}, {"\u2009", " "}, {"\u00c5", "angstrom"}, {"\u212b", "angstrom"}};
  static constexpr std::pair<std::string_view, char> superscripts[] = {
      {"\u2070", '0'}, {"\u00b9", '1'}, {"\u00b2", '2'}, {"\u00b3", '3'}, {"\u2074", '4'}, {"\u2075", '5'},
      {"\u2076", '6'}, {"\u2077", '7'}, {"\u2078", '8'}, {"\u2079", '9'}, {"\u207b", '-'}, {"\u207a", '+'}};
  std::string plain;
  bool raised = false;
  while (!text.empty()) {
    const auto begins = [text](const auto& entry) { return text.starts_with(entry.first); };
    const auto superscript = std::find_if(std::begin(superscripts), std::end(superscripts), begins);
    if (superscript != std::end(superscripts)) {
      if (!raised) plain += '^';
      raised = true;
      plain += superscript->second;
      text.remove_prefix(superscript->first.size());
      continue;
    }
    raised = false;
    const auto spelling = std::find_if(std::begin(spellings), std::end(spellings), begins);
    if (spelling != std::end(spellings)) {
      plain += spelling->second;
      text.remove_prefix(spelling->first.size());
    } else {
      plain += text.front();
      text.remove_prefix(1);
    }
  }
  return plain;
}

void multiply(std::vector<UnitPower>& product, const UnitPower& factor) {
  const auto same =
      std::find_if(product.begin(), product.end(), [&](const UnitPower& p) { return p.word == factor.word; });
  if (same == product.end())
    product.push_back(factor);
  else
    same->sixtieths += factor.sixtieths;
}

class UnitReader {
 public:
  explicit UnitReader(std::string_view text) : shown_(text.substr(0, longest_text)) {
    if (text.size() > longest_text)
      fail("the text is longer than " + std::to_string(longest_text) + " characters");
    text_ = plain_spelling(text);
  }

  std::vector<UnitPower> read() {
    skip_spaces();
    if (at_end()) fail("it is empty", "a plain number has the unit '1'");
    std::vector<UnitPower> product = unit();
    if (!at_end()) fail("unexpected '" + text_.substr(at_, 1) + "'", way_out());
    std::erase_if(product, [](const UnitPower& p) { return p.sixtieths == 0; });
    return product;
  }

 private:
  std::vector<UnitPower> unit() {
    std::vector<UnitPower> product = factor();
    bool after_quotient = false;
    while (true) {
      const bool space = skip_spaces();
      if (at_end() || peek() == ')') return product;
      bool divide = false;
      if (peek() == '*' || peek() == '.') {
        ++at_;
        if (!at_end() && peek() == '*') fail("'**' is not known here", "write a power with '^'");
      } else if (peek() == '/') {
        ++at_;
        divide = after_quotient = true;
      } else if (begins_factor()) {
        if (!space && text_[at_ - 1] != ')' && peek() != '(')
          fail("unexpected '" + text_.substr(at_, 1) + "'", way_out());
        if (after_quotient)
          fail("a product behind a quotient can be read in two ways",
               "write 'a/(b c)' for a quotient by both, or 'a/b*c'");
      } else {
        fail("unexpected '" + text_.substr(at_, 1) + "'", way_out());
      }
      skip_spaces();
      for (UnitPower power : factor()) {
        if (divide) power.sixtieths = -power.sixtieths;
        multiply(product, power);
      }
    }
  }

  std::vector<UnitPower> factor() {
    if (at_end()) fail("it ends where a unit should follow");
    std::vector<UnitPower> product;
    bool word = false;
    if (peek() == '(') {
      if (++depth_ > deepest_parentheses) fail("too many parentheses");
      ++at_;
      skip_spaces();
      product = unit();
      if (at_end()) fail("a ')' is missing");
      ++at_;
      --depth_;
    } else if (is_letter(peek()) || peek() == '%') {
      product = {{this->word(), 60}};
      word = true;
    } else if (is_digit(peek())) {
      one();
    } else {
      fail("a unit should stand where '" + text_.substr(at_, 1) + "' is", way_out());
    }
    const int sixtieths = exponent(word);
    for (UnitPower& power : product)
      power.sixtieths = checked(static_cast<double>(power.sixtieths) * sixtieths / 60);
    return product;
  }

  std::string word() {
    std::size_t end = at_ + 1;
    if (peek() != '%') {
      while (end < text_.size() && (is_letter(text_[end]) || is_digit(text_[end]))) ++end;
      while (is_digit(text_[end - 1])) --end;  // an exponent: "m2"
    }
    std::string found = text_.substr(at_, end - at_);
    at_ = end;
    if (const std::string reason = lookalike_reason(found); !reason.empty())
      fail("'" + found + "' is not a unit here", reason);
    const UnitNames& names = UnitDatabase::instance().names();
    if (!names.known(found)) fail("unknown unit '" + found + "'", names.hint(found));
    return found;
  }

  void one() {
    std::size_t end = at_;
    while (end < text_.size() && (is_digit(text_[end]) || text_[end] == '.')) ++end;
    if (text_.substr(at_, end - at_) != "1")
      fail("the number " + text_.substr(at_, end - at_) + " is no unit",
           "only 1 may stand in a unit, as in '1/mm'");
    at_ = end;
  }

  /// In sixtieths; 60 where none is written.
  int exponent(bool after_word) {
    if (!at_end() && peek() == '^') {
      ++at_;
      skip_spaces();
      if (!at_end() && peek() == '(') {
        ++at_;
        double value = number();
        skip_spaces();
        if (!at_end() && peek() == '/') {
          ++at_;
          value /= number();
          skip_spaces();
        }
        if (at_end() || peek() != ')') fail("a ')' is missing behind an exponent");
        ++at_;
        return checked(60 * value);
      }
      return checked(60 * number());
    }
    const bool digits = !at_end() && is_digit(peek());
    const bool sign =
        !at_end() && (peek() == '-' || peek() == '+') && at_ + 1 < text_.size() && is_digit(text_[at_ + 1]);
    if (after_word && (digits || sign)) return checked(60 * number());
    return 60;
  }

  double number() {
    skip_spaces();
    std::size_t end = at_;
    if (end < text_.size() && (text_[end] == '-' || text_[end] == '+')) ++end;
    while (end < text_.size() && is_digit(text_[end])) ++end;
    if (end + 1 < text_.size() && text_[end] == '.' && is_digit(text_[end + 1]))
      for (++end; end < text_.size() && is_digit(text_[end]);) ++end;
    const auto value = parse_number(std::string_view(text_).substr(at_, end - at_));
    if (!value) fail("an exponent should be a number");
    at_ = end;
    return *value;
  }

  int checked(double sixtieths) const {
    if (!(std::abs(sixtieths) <= 30000)) fail("an exponent is beyond +-500");
    const double nearest = std::round(sixtieths);
    if (std::abs(sixtieths - nearest) > 1e-6) fail("an exponent is no multiple of 1/60");
    return static_cast<int>(nearest);
  }

  bool skip_spaces() {
    const std::size_t before = at_;
    while (!at_end() && is_space(peek())) ++at_;
    return at_ > before;
  }

  bool at_end() const { return at_ >= text_.size(); }
  char peek() const { return text_[at_]; }
  bool begins_factor() const {
    return is_letter(peek()) || is_digit(peek()) || peek() == '(' || peek() == '%';
  }

  std::string way_out() const {
    switch (peek()) {
      case ',':
        return "write decimals with a point and products with a space or '*'";
      case '-':
        return "write an exponent right behind its unit, as in 's-1' or 's^-1'";
      case '/':
        return "write '1/...' for an inverse";
      case '^':
        return "one exponent belongs to one unit";
      default:
        return "units look like 'mV', 'uA/cm^2', '1/(uM s)'";
    }
  }

  [[noreturn]] void fail(const std::string& what, const std::string& hint = "") const {
    Diagnostic d;
    d.message = "unit '" + shown_ + "': " + what;
    d.hint = hint;
    throw InputError(d);
  }

  std::string shown_;
  std::string text_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

std::string power_text(const UnitPower& p, int sixtieths) {
  if (sixtieths == 60) return p.word;
  if (sixtieths % 6 == 0) return p.word + "^" + number_text(sixtieths / 60.0);
  return p.word + "^(" + std::to_string(sixtieths) + "/60)";
}

}  // namespace

std::vector<UnitPower> read_unit_text(std::string_view text) { return UnitReader(text).read(); }

std::string write_unit_text(const std::vector<UnitPower>& powers) {
  std::string above, below;
  int count_below = 0;
  for (const UnitPower& p : powers) {
    std::string& side = p.sixtieths > 0 ? above : below;
    side += (side.empty() ? "" : " ") + power_text(p, std::abs(p.sixtieths));
    count_below += p.sixtieths < 0 ? 1 : 0;
  }
  if (above.empty()) above = "1";
  if (count_below == 0) return above;
  return above + "/" + (count_below == 1 ? below : "(" + below + ")");
}

}  // namespace holon

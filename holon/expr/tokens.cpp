#include "holon/expr/tokens.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

namespace holon::expr {

namespace {

constexpr std::size_t most_mistakes = 50;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Signs of two characters come first. Those that are no signs of the language are here to be named in a
/// message.
constexpr std::array<std::string_view, 11> two_character_signs{"**", "==", "!=", "<=", ">=", "&&",
                                                               "||", "+=", "-=", "*=", "/="};
constexpr std::string_view one_character_signs = "+-*/^()[],=<>!?:.'";

struct Slip {
  std::string_view text, hint;
};
constexpr std::array<Slip, 16> slips{{{"**", "write x^2 for a power"},
                                      {"+=", "write x = x0 + ..."},
                                      {"-=", "write x = x0 - ..."},
                                      {"*=", "write x = x0 * ..."},
                                      {"/=", "write x = x0 / ..."},
                                      {"&", "write '&&' or 'and'"},
                                      {"|", "write '||' or 'or'"},
                                      {"%", "write mod(a, b) for the remainder"},
                                      {"\xe2\x88\x92", "write '-'"},
                                      {"\xc3\x97", "write '*'"},
                                      {"\xc2\xb7", "write '*'"},
                                      {"\xc3\xb7", "write '/'"},
                                      {"\xe2\x89\xa4", "write '<='"},
                                      {"\xe2\x89\xa5", "write '>='"},
                                      {"\xc2\xb2", "write ^2"},
                                      {"\xc2\xb3", "write ^3"}}};

std::string_view hint_for(std::string_view text) {
  for (const Slip& s : slips) {
    if (s.text == text) return s.hint;
  }
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead == 0xce || lead == 0xcf) return "spell Greek letters out: alpha, beta, tau";
  if (lead >= 0x80) return "names are made of A-Z, a-z, 0-9 and _";
  if (text == "\"") return "there are no texts in equations";
  return "";
}

/// Length of the UTF-8 character at the start of `text`, 1 where it is malformed.
std::size_t character_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 1;
  if (length > text.size()) return 1;
  for (std::size_t k = 1; k < length; ++k) {
    if ((static_cast<unsigned char>(text[k]) & 0xc0) != 0x80) return 1;
  }
  return length;
}

std::string character_name(std::string_view character) {
  const auto lead = static_cast<unsigned char>(character.front());
  if (character.size() > 1 || (lead > 0x20 && lead < 0x7f)) return "'" + std::string(character) + "'";
  std::array<char, 16> code{};
  std::snprintf(code.data(), code.size(), "0x%02x", static_cast<unsigned>(lead));
  return std::string("with code ") + code.data();
}

class Lexer {
 public:
  Lexer(std::string_view text, const TextOrigin& origin, Separators separators, Units units,
        Diagnostics& diagnostics)
      : text_(text), origin_(origin), separators_(separators), units_(units), diagnostics_(diagnostics) {
    line_ = origin.start.line > 0 ? origin.start.line : 1;
    column_ = origin.start.column > 0 ? origin.start.column : 1;
  }

  std::vector<Token> run() {
    while (skip_space()) {
      start_token();
      read_token();
      if (mistakes_ >= most_mistakes) {
        error("more than " + std::to_string(most_mistakes) + " mistakes; the rest of the text was not read");
        open_.clear();
        push(Token::Kind::broken, 0);
        break;
      }
    }
    if (!open_.empty()) report_open("the text ends");
    push(Token::Kind::end, 0);
    // What is missing at the end is missing right behind the last token, not below blank lines and comments.
    if (tokens_.size() > 1) tokens_.back().place = behind_last_;
    return std::move(tokens_);
  }

 private:
  char at(std::size_t ahead) const {
    return position_ + ahead < text_.size() ? text_[position_ + ahead] : '\0';
  }

  void advance(std::size_t bytes) {
    for (std::size_t k = 0; k < bytes; ++k) {
      const auto c = static_cast<unsigned char>(text_[position_++]);
      if (c == '\n') {
        ++line_;
        column_ = 1 + origin_.indent;
      } else if ((c & 0xc0) != 0x80) {
        ++column_;
      }
    }
  }

  Place here() const { return {origin_.start.file, line_, column_}; }

  /// Skips white space and comments; false at the end of the text.
  bool skip_space() {
    space_ = false;
    line_ended_ = false;
    while (position_ < text_.size()) {
      const char c = text_[position_];
      if (c == '#') {
        while (position_ < text_.size() && text_[position_] != '\n') advance(1);
      } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
        line_ended_ = line_ended_ || c == '\n';
        space_ = true;
        advance(1);
      } else {
        return true;
      }
    }
    return false;
  }

  void push(Token::Kind kind, std::size_t length) {
    Token t;
    t.kind = kind;
    t.text = text_.substr(position_, length);
    t.place = here();
    t.after_space = space_;
    tokens_.push_back(t);
    advance(length);
    if (length > 0) behind_last_ = here();
  }

  void error(std::string message, std::string expected = "", std::string hint = "") {
    ++mistakes_;
    diagnostics_.error(here(), origin_.path, std::move(message), std::move(expected), std::move(hint));
  }

  bool needs_operand(const Token& t) const {
    if (t.kind == Token::Kind::separator) return true;
    if (t.kind == Token::Kind::name) return is_keyword(t.text);
    return t.kind == Token::Kind::sign && !t.is(")") && !t.is("]") && !t.is("'");
  }

  /// Whether the coming token continues the line before.
  bool continues() const {
    const std::string_view rest = text_.substr(position_);
    for (const std::string_view word : {"then", "else", "and", "or"}) {
      if (rest.starts_with(word) && !is_letter(at(word.size())) && !is_digit(at(word.size()))) return true;
    }
    if (rest.starts_with("!=")) return true;
    return std::string_view("+-*/^<>=&|?:,)].").find(rest.front()) != std::string_view::npos;
  }

  /// Whether NAME = or NAME' = comes.
  bool begins_statement() const {
    std::size_t k = 0;
    if (!is_letter(at(0))) return false;
    while (is_letter(at(k)) || is_digit(at(k))) ++k;
    if (at(k) == '\'') ++k;
    while (at(k) == ' ' || at(k) == '\t') ++k;
    return at(k) == '=' && at(k + 1) != '=';
  }

  void start_token() {
    if (!line_ended_ || separators_ == Separators::ignored) return;
    if (!open_.empty() && begins_statement()) report_open("the next statement begins");
    if (!open_.empty() || tokens_.empty() || continues()) return;
    if (needs_operand(tokens_.back()) && !begins_statement()) return;
    push(Token::Kind::separator, 0);
  }

  void report_open(std::string_view event) {
    const Token& bracket = tokens_[open_.front()];
    ++mistakes_;
    const std::string close = bracket.text == "(" ? "')'" : "']'";
    diagnostics_.error(bracket.place, origin_.path, "'" + std::string(bracket.text) + "' is never closed",
                       close + " before " + std::string(event) + " at line " + std::to_string(line_));
    open_.clear();
    push(Token::Kind::broken, 0);
  }

  void read_token() {
    const char c = at(0);
    if (is_digit(c) || (c == '.' && is_digit(at(1)))) return read_number();
    if (is_letter(c)) return read_name();
    if (c == ';') {
      if (!open_.empty()) report_open("';'");
      if (separators_ == Separators::ignored) {
        error("unexpected ';'", "one expression");
        return push(Token::Kind::broken, 1);
      }
      return push(Token::Kind::separator, 1);
    }
    for (const std::string_view sign : two_character_signs) {
      if (!text_.substr(position_).starts_with(sign)) continue;
      return hint_for(sign).empty() ? push(Token::Kind::sign, 2) : read_slip(2);
    }
    if (one_character_signs.find(c) == std::string_view::npos)
      return read_slip(character_length(text_.substr(position_)));
    if (c == '(' || c == '[') {
      open_.push_back(tokens_.size());
    } else if (c == ')' || c == ']') {
      if (!close_bracket(c)) return push(Token::Kind::broken, 1);
    } else if (c == ',' && !open_.empty()) {
      tokens_[open_.back()].encloses_comma = true;
    }
    push(Token::Kind::sign, 1);
  }

  bool close_bracket(char c) {
    const char opening = c == ')' ? '(' : '[';
    if (open_.empty()) {
      error(std::string("unexpected '") + c + "': no '" + opening + "' is open");
      return false;
    }
    const Token& partner = tokens_[open_.back()];
    open_.pop_back();
    if (partner.text.front() == opening) return true;
    error(std::string("'") + c + "' does not close the '" + std::string(partner.text) + "' opened at " +
              partner.place.text(),
          partner.text == "(" ? "')'" : "']'");
    return false;
  }

  void read_slip(std::size_t length) {
    const std::string_view text = text_.substr(position_, length);
    const std::string hint(hint_for(text));
    if (length == 2 && static_cast<unsigned char>(text.front()) < 0x80) {
      error("'" + std::string(text) + "' is not an operator here", "", hint);
    } else {
      error("unexpected character " + character_name(text), "", hint);
    }
    push(Token::Kind::broken, length);
  }

  void read_name() {
    std::size_t k = 0;
    for (;;) {
      while (is_letter(at(k)) || is_digit(at(k))) ++k;
      if (at(k) != '.' || !is_letter(at(k + 1))) break;
      ++k;
    }
    push(Token::Kind::name, k);
  }

  void read_number() {
    std::size_t k = 0;
    while (is_digit(at(k))) ++k;
    if (at(k) == '.') ++k;
    while (is_digit(at(k))) ++k;
    if ((at(k) == 'e' || at(k) == 'E') &&
        (is_digit(at(k + 1)) || ((at(k + 1) == '+' || at(k + 1) == '-') && is_digit(at(k + 2))))) {
      k += 2;
      while (is_digit(at(k))) ++k;
    }
    if (at(k) == '.' && (is_digit(at(k + 1)) || at(k - 1) == '.')) {
      while (is_digit(at(k)) || at(k) == '.') ++k;
      error("'" + std::string(text_.substr(position_, std::min<std::size_t>(k, 40))) +
            "' is not a number: it has two decimal points");
      return push(Token::Kind::broken, k);
    }
    const std::optional<double> number = parse_number(without_outer_points(text_.substr(position_, k)));
    if (!number || !std::isfinite(*number)) {
      error("'" + std::string(text_.substr(position_, std::min<std::size_t>(k, 40))) +
            "' is not a number that a double can hold");
      return push(Token::Kind::broken, k);
    }
    if (units_ == Units::read) {
      const std::string_view rest = text_.substr(position_ + k);
      if (const std::size_t length = unit_extent(rest); length > 0) return read_quantity(*number, k, length);
    }
    push(Token::Kind::number, k);
    tokens_.back().number = *number;
  }

  /// "1." and ".5" as "1.0" and "0.5", which every reader of numbers accepts.
  static std::string without_outer_points(std::string_view number) {
    std::string result(number);
    if (result.front() == '.') result.insert(0, "0");
    const std::size_t point = result.find('.');
    if (point != std::string::npos && (point + 1 == result.size() || !is_digit(result[point + 1])))
      result.insert(point + 1, "0");
    return result;
  }

  void read_quantity(double number, std::size_t number_length, std::size_t unit_length) {
    std::string_view unit = text_.substr(position_ + number_length, unit_length);
    unit.remove_prefix(std::min(unit.find_first_not_of(" \t"), unit.size()));
    try {
      const Unit read = Unit::parse(unit);
      push(Token::Kind::quantity, number_length + unit_length);
      tokens_.back().number = number;
      tokens_.back().unit = read;
    } catch (const InputError& problem) {
      error("the unit '" + std::string(unit) + "' can't be read: " + problem.diagnostics().front().message,
            "", problem.diagnostics().front().hint);
      push(Token::Kind::broken, number_length + unit_length);
    }
  }

  std::string_view text_;
  const TextOrigin& origin_;
  Separators separators_;
  Units units_;
  Diagnostics& diagnostics_;
  std::size_t position_ = 0;
  int line_ = 1, column_ = 1;
  Place behind_last_;
  std::size_t mistakes_ = 0;
  bool space_ = false, line_ended_ = false;
  std::vector<Token> tokens_;
  std::vector<std::size_t> open_;  // tokens of the brackets that are open
};

}  // namespace

bool is_keyword(std::string_view word) {
  return word == "if" || word == "then" || word == "else" || word == "and" || word == "or" || word == "not";
}

std::vector<Token> tokenize(std::string_view text, const TextOrigin& origin, Separators separators,
                            Units units, Diagnostics& diagnostics) {
  return Lexer(text, origin, separators, units, diagnostics).run();
}

}  // namespace holon::expr

// Recursive descent over tokens. A mistake is reported once, at its place; a statement with a mistake is left
// out and reading goes on with the next one.
#include "holon/expr/language.hpp"
#include "holon/expr/tokens.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace holon::expr {

namespace {

constexpr int deepest_nesting = 200;
constexpr std::size_t largest_text = std::size_t{4} << 20;
constexpr std::size_t most_quoted = 40, most_mistakes = 50;
constexpr std::string_view operand_expected = "a number, a name or '('";

/// Binary operators by precedence, loosest first; "not" stands between "and" and the comparisons.
enum Level : std::size_t { disjunction, conjunction, comparison, sum, product };
constexpr std::array<std::array<std::string_view, 6>, 5> operators{
    {{"||"}, {"&&"}, {"<", "<=", ">", ">=", "==", "!="}, {"+", "-"}, {"*", "/"}}};

std::string quoted(std::string_view text) {
  if (text.size() <= most_quoted) return "'" + std::string(text) + "'";
  return "'" + std::string(text.substr(0, most_quoted)) + "...'";
}

std::string described(const Token& t) {
  if (t.kind == Token::Kind::end) return "end of the text";
  if (t.kind == Token::Kind::separator) return t.text.empty() ? "end of the line" : "';'";
  return quoted(t.text);
}

bool begins_operand(const Token& t) {
  if (t.kind == Token::Kind::name) return !is_keyword(t.text);
  return t.kind == Token::Kind::number || t.kind == Token::Kind::quantity || t.is("(") || t.is("[");
}

class Parser {
 public:
  Parser(std::string_view text, const TextOrigin& origin, Separators separators, Units units,
         Diagnostics& diagnostics)
      : tokens_(tokenize(text, origin, separators, units, diagnostics)),
        units_(units),
        origin_(origin),
        diagnostics_(diagnostics) {}

  SyntaxPtr whole_expression() {
    if (token().kind == Token::Kind::end) {
      return fail(token(), "an expression is missing", std::string(operand_expected));
    }
    SyntaxPtr result = expression();
    return result && at_end_of_statement() ? result : nullptr;
  }

  std::vector<Statement> block() {
    std::vector<Statement> result;
    while (token().kind != Token::Kind::end) {
      if (token().kind == Token::Kind::separator) {
        ++position_;
        continue;
      }
      if (mistakes_ >= most_mistakes) {
        fail(token(),
             "more than " + std::to_string(most_mistakes) + " mistakes; the rest of the text was not read");
        break;
      }
      Statement s;
      if (statement(s)) result.push_back(std::move(s));
      while (token().kind != Token::Kind::separator && token().kind != Token::Kind::end) ++position_;
    }
    return result;
  }

 private:
  const Token& token(std::size_t ahead = 0) const {
    return tokens_[std::min(position_ + ahead, tokens_.size() - 1)];
  }
  bool take(std::string_view sign) {
    if (!token().is(sign)) return false;
    ++position_;
    return true;
  }

  SyntaxPtr fail(const Token& where, std::string message, std::string expected = "", std::string hint = "") {
    // What is wrong with a broken token has been said already.
    ++mistakes_;
    if (where.kind != Token::Kind::broken) {
      diagnostics_.error(where.place, origin_.path, std::move(message), std::move(expected), std::move(hint));
    }
    return nullptr;
  }

  static SyntaxPtr make(Syntax::Kind kind, const Place& place, std::string text,
                        std::vector<SyntaxPtr> parts) {
    auto s = std::make_shared<Syntax>();
    s->kind = kind;
    s->place = place;
    s->text = std::move(text);
    s->parts = std::move(parts);
    return s;
  }

  /// Counts how deep the descent is.
  class Nesting {
   public:
    explicit Nesting(Parser& parser) : parser_(parser) { ++parser_.depth_; }
    ~Nesting() { --parser_.depth_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;
    bool too_deep() {
      if (parser_.depth_ <= deepest_nesting) return false;
      parser_.fail(parser_.token(),
                   "the expression is nested deeper than " + std::to_string(deepest_nesting) + " levels", "",
                   "name its parts in statements of their own");
      return true;
    }

   private:
    Parser& parser_;
  };

  // --- statements ---

  bool statement(Statement& s) {
    const Token& first = token();
    s.place = first.place;
    if (first.kind != Token::Kind::name || is_keyword(first.text)) {
      fail(first, "unexpected " + described(first) + " at the beginning of a statement", statement_forms());
      return false;
    }
    if (leibniz_rate()) return false;
    s.name = first.text;
    ++position_;
    if (take("'")) {
      s.kind = Statement::Kind::rate;
      if (token().is("'")) {
        fail(token(), "a second derivative can't be given directly", "",
             "make the first one a state: " + s.name + "' = v; v' = ...");
        return false;
      }
    } else if (token().is("(")) {
      if (!function_head(s)) return false;
    }
    if (!equals_sign(s)) return false;
    if (s.name.find('.') != std::string::npos) {
      fail(first, quoted(s.name) + " can't be defined here: a name with a dot belongs to another component",
           "a name without a dot");
      return false;
    }
    s.value = expression();
    return s.value && at_end_of_statement();
  }

  static std::string statement_forms() {
    return "name = expression, name' = expression or name(argument) = expression";
  }

  /// dV/dt = ... is how books write what V' = ... means here.
  bool leibniz_rate() {
    const std::string_view name = token().text;
    if (name.size() < 2 || name.front() != 'd' || !token(1).is("/") || !token(2).is_word("dt") ||
        !token(3).is("="))
      return false;
    fail(token(), "a rate is not written as " + std::string(name) + "/dt", "",
         "write " + std::string(name.substr(1)) + "' = ...");
    return true;
  }

  bool equals_sign(const Statement& s) {
    if (take("=")) return true;
    const Token& t = token();
    if (t.is("==")) {
      fail(t, "'==' compares, it does not define", "'='", "write " + s.name + " = ...");
    } else if (t.is("[")) {
      fail(t, "the components of " + quoted(s.name) + " can't be defined one by one", "",
           "write " + s.name + " = [a, b, c]");
    } else {
      fail(t, "unexpected " + described(t) + " after " + quoted(s.name), "'='",
           "a statement is " + statement_forms());
    }
    return false;
  }

  bool function_head(Statement& s) {
    s.kind = Statement::Kind::function;
    const Token& bracket = token();
    ++position_;
    std::set<std::string, std::less<>> known;
    for (;;) {
      const Token& t = token();
      if (t.kind != Token::Kind::name || is_keyword(t.text) || t.text.find('.') != std::string_view::npos ||
          is_reserved(t.text)) {
        fail(t.kind == Token::Kind::end ? bracket : t,
             "unexpected " + described(t) + " where the argument of a function is named", "a new name",
             "a statement is " + statement_forms());
        return false;
      }
      if (!known.emplace(t.text).second) {
        fail(t, "the function " + quoted(s.name) + " has two arguments " + quoted(t.text));
        return false;
      }
      s.arguments.emplace_back(t.text);
      ++position_;
      if (take(",")) continue;
      if (take(")")) return true;
      fail(token(), "unexpected " + described(token()) + " among the arguments of " + quoted(s.name),
           "',' or ')'");
      return false;
    }
  }

  bool at_end_of_statement() {
    const Token& t = token();
    if (t.kind == Token::Kind::end || t.kind == Token::Kind::separator) return true;
    report_unexpected(t);
    return false;
  }

  /// Reports a token that can't follow a complete operand.
  void report_unexpected(const Token& t) {
    if (begins_operand(t)) return report_missing_operator(t);
    if (t.is("=")) {
      fail(t, "'=' inside an expression defines nothing", "", "write '==' to compare");
    } else if (t.is("'")) {
      fail(t, "a rate can't be used inside an expression", "", "name it: rate = ...; state' = rate");
    } else if (t.is("!") || t.is_word("not")) {
      fail(t, described(t) + " stands before a condition", "an operator");
    } else if (t.is_word("then") || t.is_word("else")) {
      fail(t, described(t) + " without its 'if'", "an operator or the end of the statement",
           "write if c then a else b");
    } else if (t.is(":")) {
      fail(t, "':' without its '?'", "an operator or the end of the statement", "write c ? a : b");
    } else {
      fail(t, "unexpected " + described(t), "an operator or the end of the statement");
    }
  }

  void report_missing_operator(const Token& t) {
    const Token& before = tokens_[position_ - 1];
    const std::string left(before.text), right(t.text);
    const bool opens = t.is("(") || t.is("[");
    std::string hint = "for a product write " + left + "*" + right +
                       (t.is("(")   ? "...)"
                        : t.is("[") ? "...]"
                                    : "");
    if (before.kind == Token::Kind::number && t.kind == Token::Kind::name && !opens) {
      const std::string problem = unit_problem(t.text);
      if (units_ == Units::read && !problem.empty()) {
        fail(t, quoted(right) + " after a number is no unit: " + problem, "", hint);
        return;
      }
      if (units_ == Units::refused && problem.empty()) {
        hint += "; no units stand here: numbers are in the units that the component declares";
      }
    }
    fail(t, "an operator is missing between " + quoted(left) + " and " + quoted(right), "", hint);
  }

  /// Why a name is no unit, or "".
  static std::string unit_problem(std::string_view name) {
    try {
      Unit::parse(name);
      return "";
    } catch (const InputError& problem) {
      const Diagnostic& first = problem.diagnostics().front();
      return first.message + (first.hint.empty() ? "" : "; " + first.hint);
    }
  }

  // --- expressions ---

  SyntaxPtr expression() {
    Nesting nesting(*this);
    if (nesting.too_deep()) return nullptr;
    if (token().is_word("if") && !call_of_if()) return if_then_else();
    SyntaxPtr condition = binary(disjunction);
    if (!condition || !token().is("?")) return condition;
    const Place place = token().place;
    ++position_;
    SyntaxPtr first = expression();
    if (!first) return nullptr;
    if (!take(":"))
      return fail(token(), "unexpected " + described(token()), "':' of the '?' at " + place.text());
    SyntaxPtr second = expression();
    if (!second) return nullptr;
    return make(Syntax::Kind::conditional, place, "if", {condition, first, second});
  }

  bool call_of_if() const { return token(1).is("(") && token(1).encloses_comma; }

  SyntaxPtr if_then_else() {
    const Place place = token().place;
    ++position_;
    SyntaxPtr condition = expression();
    if (!condition) return nullptr;
    if (!token().is_word("then")) {
      return fail(token(), "unexpected " + described(token()), "'then' of the 'if' at " + place.text());
    }
    ++position_;
    SyntaxPtr first = expression();
    if (!first) return nullptr;
    if (!token().is_word("else")) {
      return fail(token(), "unexpected " + described(token()), "'else' of the 'if' at " + place.text(),
                  "an 'if' needs a value for both cases");
    }
    ++position_;
    SyntaxPtr second = expression();
    if (!second) return nullptr;
    return make(Syntax::Kind::conditional, place, "if", {condition, first, second});
  }

  /// The operator at this level that the token is, or "".
  std::string_view operator_at(std::size_t level) const {
    const Token& t = token();
    if (level == disjunction && t.is_word("or")) return "||";
    if (level == conjunction && t.is_word("and")) return "&&";
    if (t.kind != Token::Kind::sign) return "";
    for (const std::string_view o : operators[level]) {
      if (!o.empty() && t.text == o) return o;
    }
    return "";
  }

  SyntaxPtr operand_of(std::size_t level) {
    if (level == conjunction) return negation();
    return level == product ? signed_operand() : binary(level + 1);
  }

  /// A run of operators of one level. Two operands make a binary; more make a chain whose text lists the
  /// operators.
  SyntaxPtr binary(std::size_t level) {
    SyntaxPtr first = operand_of(level);
    if (!first) return nullptr;
    std::vector<SyntaxPtr> parts{first};
    std::string text;
    Place place = token().place;
    for (std::string_view o = operator_at(level); !o.empty(); o = operator_at(level)) {
      if (!text.empty()) text += ' ';
      text += o;
      ++position_;
      SyntaxPtr next = operand_of(level);
      if (!next) return nullptr;
      parts.push_back(std::move(next));
    }
    if (parts.size() == 1) return first;
    return make(parts.size() == 2 ? Syntax::Kind::binary : Syntax::Kind::chain, place, std::move(text),
                std::move(parts));
  }

  SyntaxPtr negation() {
    if (!token().is("!") && !token().is_word("not")) return binary(comparison);
    Nesting nesting(*this);
    if (nesting.too_deep()) return nullptr;
    const Place place = token().place;
    ++position_;
    SyntaxPtr operand = negation();
    return operand ? make(Syntax::Kind::unary, place, "!", {operand}) : nullptr;
  }

  SyntaxPtr signed_operand() {
    if (!token().is("-") && !token().is("+")) return power();
    Nesting nesting(*this);
    if (nesting.too_deep()) return nullptr;
    const Token& sign = token();
    ++position_;
    SyntaxPtr operand = signed_operand();
    return operand ? make(Syntax::Kind::unary, sign.place, std::string(sign.text), {operand}) : nullptr;
  }

  SyntaxPtr power() {
    SyntaxPtr base = postfix();
    if (!base || !token().is("^")) return base;
    Nesting nesting(*this);
    if (nesting.too_deep()) return nullptr;
    const Place place = token().place;
    ++position_;
    SyntaxPtr exponent =
        signed_operand();  // which reads a further power first: a^b^c = a^(b^c), 2^-x^2 = 2^(-(x^2))
    return exponent ? make(Syntax::Kind::binary, place, "^", {base, exponent}) : nullptr;
  }

  SyntaxPtr postfix() {
    SyntaxPtr operand = primary();
    const bool takes_index =
        operand && operand->kind != Syntax::Kind::number && operand->kind != Syntax::Kind::quantity;
    int steps = 0;
    while (operand && takes_index && (token().is("[") || token().is("."))) {
      const Place place = token().place;
      if (++steps > deepest_nesting)
        return fail(token(), "more than " + std::to_string(deepest_nesting) + " indices in a row");
      if (take(".")) {
        const Token& t = token();
        if (t.kind != Token::Kind::name || (t.text != "x" && t.text != "y" && t.text != "z")) {
          return fail(t, "unexpected " + described(t) + " after '.'", "x, y or z");
        }
        ++position_;
        operand = make(Syntax::Kind::member, place, std::string(t.text), {operand});
      } else {
        ++position_;
        std::vector<SyntaxPtr> parts{operand};
        if (!list("]", place, parts)) return nullptr;
        if (parts.size() == 1)
          return fail(tokens_[position_ - 1], "an index is missing", "a whole number, from 0");
        operand = make(Syntax::Kind::index, place, "", std::move(parts));
      }
    }
    return operand;
  }

  /// Expressions up to the closing bracket, which is read too. An empty list is allowed.
  bool list(std::string_view closing, const Place& opened, std::vector<SyntaxPtr>& parts) {
    if (take(closing)) return true;
    for (;;) {
      SyntaxPtr part = expression();
      if (!part) return false;
      parts.push_back(std::move(part));
      if (take(closing)) return true;
      if (take(",")) continue;
      if (begins_operand(token()) || token().is("=") || token().is("'")) {
        report_unexpected(token());
      } else {
        fail(token(), "unexpected " + described(token()),
             "',' or '" + std::string(closing) + "' of the bracket at " + opened.text());
      }
      return false;
    }
  }

  SyntaxPtr primary() {
    const Token& t = token();
    if (t.kind == Token::Kind::number || t.kind == Token::Kind::quantity) {
      ++position_;
      auto s = std::make_shared<Syntax>();
      s->kind = t.kind == Token::Kind::number ? Syntax::Kind::number : Syntax::Kind::quantity;
      s->place = t.place;
      s->text = t.text;
      s->number = t.number;
      s->unit = t.unit;
      return s;
    }
    if (t.kind == Token::Kind::name && (!is_keyword(t.text) || (t.text == "if" && call_of_if())))
      return name_or_call();
    if (t.is("(")) return bracketed();
    if (t.is("[")) {
      ++position_;
      std::vector<SyntaxPtr> parts;
      if (!list("]", t.place, parts)) return nullptr;
      if (parts.empty()) return fail(t, "an empty vector", "at least one component");
      return make(Syntax::Kind::array, t.place, "", std::move(parts));
    }
    if (t.is("!") || t.is_word("not") || t.is_word("if")) {
      return fail(t, described(t) + " needs brackets here", "", "write (" + std::string(t.text) + " ...)");
    }
    return fail(t, "unexpected " + described(t), std::string(operand_expected));
  }

  SyntaxPtr name_or_call() {
    const Token& t = token();
    ++position_;
    if (!token().is("(")) return make(Syntax::Kind::name, t.place, std::string(t.text), {});
    const Place opened = token().place;
    ++position_;
    std::vector<SyntaxPtr> arguments;
    if (!list(")", opened, arguments)) return nullptr;
    return make(Syntax::Kind::call, t.place, std::string(t.text), std::move(arguments));
  }

  SyntaxPtr bracketed() {
    const Place opened = token().place;
    ++position_;
    SyntaxPtr inside = expression();
    if (!inside) return nullptr;
    if (take(")")) return inside;
    const Token& t = token();
    if (t.is(",")) {
      return fail(t, "',' inside brackets", "')' of the '(' at " + opened.text(),
                  "write a vector as [a, b, c]");
    }
    if (begins_operand(t) || t.is("=") || t.is("'")) {
      report_unexpected(t);
      return nullptr;
    }
    return fail(t, "unexpected " + described(t), "an operator or the ')' of the '(' at " + opened.text());
  }

  std::vector<Token> tokens_;
  Units units_;
  const TextOrigin& origin_;
  Diagnostics& diagnostics_;
  std::size_t position_ = 0, mistakes_ = 0;
  int depth_ = 0;
};

bool small_enough(std::string_view text, const TextOrigin& origin, Diagnostics& diagnostics) {
  if (text.size() <= largest_text) return true;
  diagnostics.error(origin.start, origin.path,
                    "a text of " + std::to_string(text.size()) + " bytes is too large for equations",
                    "at most 4 MiB");
  return false;
}

void collect_names(const Syntax& syntax, std::set<std::string>& names) {
  if (syntax.kind == Syntax::Kind::name) names.insert(syntax.text);
  for (const SyntaxPtr& part : syntax.parts) collect_names(*part, names);
}

}  // namespace

SyntaxPtr parse_expression(std::string_view text, const TextOrigin& origin, bool units_allowed,
                           Diagnostics& diagnostics) {
  if (!small_enough(text, origin, diagnostics)) return nullptr;
  const Units units = units_allowed ? Units::read : Units::refused;
  return Parser(text, origin, Separators::ignored, units, diagnostics).whole_expression();
}

std::vector<Statement> parse_block(std::string_view text, const TextOrigin& origin,
                                   Diagnostics& diagnostics) {
  if (!small_enough(text, origin, diagnostics)) return {};
  return Parser(text, origin, Separators::kept, Units::refused, diagnostics).block();
}

std::vector<std::string> names_used(const Syntax& syntax) {
  std::set<std::string> names;
  collect_names(syntax, names);
  for (const char* constant : {"pi", "true", "false", "inf"}) names.erase(constant);
  return {names.begin(), names.end()};
}

}  // namespace holon::expr

// Graph::text: a node as an expression of the equation language, with as few brackets as precedence allows.
#include "holon/base/unit.hpp"
#include "holon/expr/graph.hpp"

#include <string>
#include <vector>

namespace holon::expr {

namespace {

// A shared sub-expression is written out each time it is used, so a text may be far longer than its graph.
constexpr std::size_t longest_text = 4000;

// Binding strength, weakest first.
enum Strength { any, disjunction, conjunction, negation, comparison, sum, product, sign, power, atom };

struct Spelling {
  std::string_view infix;  // empty for functions
  Strength strength = atom, left = any, right = any;
  std::string_view function;
};

Spelling spelling(Op op) {
  switch (op) {
    case Op::add:
      return {" + ", sum, sum, sum, ""};
    case Op::subtract:
      return {" - ", sum, sum, product, ""};
    case Op::multiply:
      return {"*", product, product, sign, ""};
    case Op::divide:
      return {"/", product, product, sign, ""};
    case Op::power:
      return {"^", power, atom, sign, ""};
    case Op::less:
      return {" < ", comparison, sum, sum, ""};
    case Op::less_equal:
      return {" <= ", comparison, sum, sum, ""};
    case Op::equal:
      return {" == ", comparison, sum, sum, ""};
    case Op::logical_and:
      return {" && ", conjunction, conjunction, negation, ""};
    case Op::logical_or:
      return {" || ", disjunction, disjunction, conjunction, ""};
    case Op::modulo:
      return {"", atom, any, any, "mod"};
    case Op::minimum:
      return {"", atom, any, any, "min"};
    case Op::maximum:
      return {"", atom, any, any, "max"};
    case Op::select:
      return {"", atom, any, any, "if"};
    default:
      return {"", atom, any, any, name(op)};
  }
}

struct Piece {
  std::string literal;
  bool is_node = false;
  Node node;
  Strength needed = any;
};

}  // namespace

std::string Graph::text(Node n) const {
  std::string result;
  std::vector<Piece> rest{{"", true, n, any}};
  while (!rest.empty()) {
    const Piece piece = rest.back();
    rest.pop_back();
    if (!piece.is_node) {
      result += piece.literal;
      continue;
    }
    if (result.size() > longest_text) return result + "...";
    const Term& t = terms_[piece.node.id];
    if (t.op == Op::constant) {
      const std::string number = number_text(t.value);
      const bool bracket = number.front() == '-' && piece.needed >= sign;
      result += bracket ? "(" + number + ")" : number;
      continue;
    }
    if (t.op == Op::symbol) {
      result += symbol_names_[t.symbol];
      continue;
    }
    std::vector<Piece> parts;
    const auto literal = [&](std::string_view s) { parts.push_back({std::string(s), false, {}, any}); };
    const auto node = [&](Node argument, Strength needed) { parts.push_back({"", true, argument, needed}); };
    if (t.op == Op::negate || t.op == Op::logical_not) {
      const Strength own = t.op == Op::negate ? sign : negation;
      const bool bracket = own < piece.needed;
      literal(bracket ? "(" : "");
      literal(t.op == Op::negate ? "-" : "!");
      node(t.argument[0], own);
      literal(bracket ? ")" : "");
    } else if (const Spelling s = spelling(t.op); !s.infix.empty()) {
      const bool bracket = s.strength < piece.needed;
      literal(bracket ? "(" : "");
      node(t.argument[0], s.left);
      literal(s.infix);
      node(t.argument[1], s.right);
      literal(bracket ? ")" : "");
    } else {
      literal(s.function);
      literal("(");
      for (int k = 0; k < arity(t.op); ++k) {
        if (k > 0) literal(", ");
        node(t.argument[static_cast<std::size_t>(k)], any);
      }
      literal(")");
    }
    for (auto p = parts.rbegin(); p != parts.rend(); ++p) rest.push_back(std::move(*p));
  }
  return result;
}

}  // namespace holon::expr

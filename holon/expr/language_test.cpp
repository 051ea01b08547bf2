#include "holon/expr/language.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon::expr {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

const TextOrigin origin{{"m.yaml", 1, 1}, "equations", 0};

/// Value of an expression of a = 2, b = 3, c = 5, x = 0.5 and the vector v = [1, 2, 4].
class ExpressionTest : public ::testing::Test {
 protected:
  Graph g;

  std::optional<Value> names(const std::string& name) {
    if (name == "v") return Value{{3}, {g.constant(1), g.constant(2), g.constant(4)}};
    if (name == "a" || name == "b" || name == "c" || name == "x" || name == "other.a")
      return Value::scalar(g.symbol(name));
    if (name == "p.x" || name == "p.y") return Value::scalar(g.symbol(name == "p.x" ? "a" : "b"));
    return std::nullopt;
  }

  std::vector<double> values(const std::string& text) {
    Diagnostics diagnostics;
    const SyntaxPtr syntax = parse_expression(text, origin, true, diagnostics);
    diagnostics.throw_if_errors();
    const auto value = lower(
        g, *syntax, [&](const std::string& n) { return names(n); }, {"a", "b", "c", "x", "v"}, "",
        diagnostics);
    diagnostics.throw_if_errors();
    std::vector<double> result;
    for (const long double n : evaluate(g, value->nodes, [](std::string_view s) {
           return s == "a" || s == "other.a" ? 2.0L : s == "b" ? 3.0L : s == "c" ? 5.0L : 0.5L;
         })) {
      result.push_back(static_cast<double>(n));
    }
    return result;
  }

  double value(const std::string& text) {
    const std::vector<double> v = values(text);
    EXPECT_EQ(v.size(), 1U) << text;
    return v.front();
  }
};

TEST_F(ExpressionTest, PrecedenceIsAsDocumented) {
  const std::vector<std::pair<std::string, double>> table{
      {"a + b * c", 17},
      {"(a + b) * c", 25},
      {"a - b - c", -6},
      {"a / b / c", 2.0 / 15},
      {"a / b * c", 10.0 / 3},
      {"-a^2", -4},
      {"(-a)^2", 4},
      {"2^-a", 0.25},
      {"2^-a^2", 0.0625},
      {"a^b^a", 512},
      {"(a^b)^a", 64},
      {"-a * -b", 6},
      {"a - -b", 5},
      {"--a", 2},
      {"+a", 2},
      {"a < b", 1},
      {"a < b < c", 1},
      {"c > b > a > 4", 0},
      {"a < b == true", 0},
      {"a + 1 == b", 1},
      {"a != b && b != c", 1},
      {"a > b || b < c", 1},
      {"true or false and false", 1},
      {"!a > b", 1},
      {"not a > b and b > a", 1},
      {"(a > b) + 1", 1},
      {"a > b ? 1 : b > c ? 2 : 3", 3},
      {"if a > b then 1 else if b < c then 2 else 3", 2},
      {"if (a < b) && (b < c) then a else b", 2},
      {"if(a > b, 1, 2) + 1", 3},
      {"a <= 2 && a >= 2", 1},
      {"2*a^0 + 1", 3},
      {"v[0] + v[2]^2", 17},
      {"v.y^2", 4},
      {"-v.z", -4},
  };
  for (const auto& [text, expected] : table) EXPECT_DOUBLE_EQ(value(text), expected) << text;
}

TEST_F(ExpressionTest, FunctionsHaveTheirMeaning) {
  const std::vector<std::pair<std::string, double>> table{
      {"exp(1)", std::exp(1.0)},
      {"log(a)", std::log(2.0)},
      {"ln(a)", std::log(2.0)},
      {"log10(1000)", 3},
      {"log2(8)", 3},
      {"log1p(x)", std::log1p(0.5)},
      {"expm1(x)", std::expm1(0.5)},
      {"sqrt(a)", std::sqrt(2.0)},
      {"cbrt(-8)", -2},
      {"sin(pi/6)", 0.5},
      {"cos(0)", 1},
      {"tan(pi/4)", 1},
      {"asin(1)", M_PI / 2},
      {"acos(0)", M_PI / 2},
      {"atan(1)", M_PI / 4},
      {"atan2(-1, -1)", -3 * M_PI / 4},
      {"sinh(x)", std::sinh(0.5)},
      {"cosh(x)", std::cosh(0.5)},
      {"tanh(x)", std::tanh(0.5)},
      {"erf(x)", std::erf(0.5)},
      {"abs(-3)", 3},
      {"sign(-3)", -1},
      {"floor(-0.5)", -1},
      {"ceil(0.5)", 1},
      {"mod(-1, 5)", 4},
      {"min(c, a, b)", 2},
      {"max(a, c, b)", 5},
      {"pow(a, 3)", 8},
      {"heaviside(0)", 1},
      {"heaviside(-x)", 0},
      {"piecewise(1, a > b, 2, b > c, 3)", 3},
      {"piecewise(1, a > b, 2, b < c, 3)", 2},
      {"exprel(0)", 1},
      {"exprel(x)", std::expm1(0.5) / 0.5},
      {"exprel(1e-9)", 1 + 0.5e-9},
      {"1/inf", 0},
      {"-inf < a", 1},
      {"pulse(a, 2, 1)", 1},
      {"pulse(b, 2, 1)", 0},
      {"pulse(1.9, 2, 1)", 0},
      {"pulse(12.5, 2, 1, 10)", 1},
      {"pulse(11, 2, 1, 10)", 0},
      {"pulse(22.5, 2, 1, 10, 2)", 0},
      {"pulse(12.5, 2, 1, 10, 2)", 1},
      {"pulse(-8, 2, 1, 10)", 0},
  };
  for (const auto& [text, expected] : table)
    EXPECT_NEAR(value(text), expected, 1e-15 * (1 + std::fabs(expected))) << text;
}

TEST_F(ExpressionTest, ExprelIsSmoothThroughZero) {
  Diagnostics diagnostics;
  const SyntaxPtr syntax = parse_expression("exprel(x)", origin, false, diagnostics);
  const Node f =
      lower(g, *syntax, [&](const std::string& n) { return names(n); }, {}, "", diagnostics)->nodes.front();
  const Node slope = derivative(g, f, g.symbol("x"));
  for (const long double x :
       {-0.02L, -0.01L, -0.0099L, -1e-6L, 0.0L, 1e-9L, 0.005L, 0.00999L, 0.01L, 0.5L, 20.0L}) {
    // d/dx (e^x - 1)/x = 1/2 + x/3 + x^2/8 + x^3/30 + x^4/144 + ...
    const long double exact = std::fabs(x) < 0.03L
                                  ? 0.5L + x / 3 + x * x / 8 + x * x * x / 30 + x * x * x * x / 144 +
                                        x * x * x * x * x / 840 + x * x * x * x * x * x / 5760
                                  : (std::exp(x) * (x - 1) + 1) / (x * x);
    const auto at = [&](std::string_view) { return x; };
    EXPECT_NEAR(static_cast<double>(evaluate(g, std::span(&slope, 1), at).front() / exact), 1.0, 2e-14)
        << static_cast<double>(x);
  }
}

TEST_F(ExpressionTest, TensorsAgreeWithHandResults) {
  EXPECT_THAT(values("[1, 2] + [a, b]"), ElementsAre(3, 5));
  EXPECT_THAT(values("2*v"), ElementsAre(2, 4, 8));
  EXPECT_THAT(values("v/a"), ElementsAre(0.5, 1, 2));
  EXPECT_THAT(values("-v"), ElementsAre(-1, -2, -4));
  EXPECT_DOUBLE_EQ(value("dot(v, [3, 2, 1])"), 11);
  EXPECT_THAT(values("cross([1, 0, 0], [0, 1, 0])"), ElementsAre(0, 0, 1));
  EXPECT_THAT(values("cross([1, 2, 3], [4, 5, 6])"), ElementsAre(-3, 6, -3));
  EXPECT_DOUBLE_EQ(value("norm([3, 4])"), 5);
  EXPECT_THAT(values("transpose([[1, 2, 3], [4, 5, 6]])"), ElementsAre(1, 4, 2, 5, 3, 6));
  EXPECT_THAT(values("[[1, 2], [3, 4]]*[5, 6]"), ElementsAre(17, 39));
  EXPECT_THAT(values("[[1, 2], [3, 4]]*[[5, 6], [7, 8]]"), ElementsAre(19, 22, 43, 50));
  EXPECT_DOUBLE_EQ(value("det([[1, 2], [3, 4]])"), -2);
  EXPECT_DOUBLE_EQ(value("det([[2, 0, 1], [1, 3, 2], [1, 1, 1]])"), 0.0 + 2 * (3 - 2) + 1 * (1 - 3));
  EXPECT_DOUBLE_EQ(value("det([[1,2,3,4],[5,6,7,9],[2,6,4,8],[3,1,1,2]])"), 46);  // sum over permutations
  EXPECT_THAT(values("inverse([[1, 2], [3, 4]])"), ElementsAre(-2, 1, 1.5, -0.5));
  EXPECT_THAT(values("inverse([[2, 0, 0], [0, 4, 0], [1, 0, 1]])"),
              ElementsAre(0.5, 0, 0, 0, 0.25, 0, -0.5, 0, 1));
  EXPECT_DOUBLE_EQ(value("trace([[1, 2], [3, 4]])"), 5);
  EXPECT_THAT(values("outer([1, 2], [3, 4, 5])"), ElementsAre(3, 4, 5, 6, 8, 10));
  EXPECT_THAT(values("identity(2)*3"), ElementsAre(3, 0, 0, 3));
  EXPECT_DOUBLE_EQ(value("[[1, 2], [3, 4]][1][0]"), 3);
  EXPECT_DOUBLE_EQ(value("[[1, 2], [3, 4]][1, 0]"), 3);
  EXPECT_DOUBLE_EQ(value("(v + v).z"), 8);
  EXPECT_THAT(values("if a > b then v else 2*v"), ElementsAre(2, 4, 8));
  EXPECT_THAT(values("p"), ElementsAre(2, 3)) << "components given one by one make a vector";
}

TEST_F(ExpressionTest, QuantitiesAreInSI) {
  EXPECT_DOUBLE_EQ(value("0.2 mm"), 2e-4);
  EXPECT_DOUBLE_EQ(value("0.2mm"), 2e-4);
  EXPECT_DOUBLE_EQ(value("2 1/(uM s)"), 2000);
  EXPECT_DOUBLE_EQ(value("3 mm/ms"), 3);
  EXPECT_DOUBLE_EQ(value("35.7 uA/uF + 1 V/s"), 36.7);
  EXPECT_DOUBLE_EQ(value("3 s-1"), 3);
  EXPECT_DOUBLE_EQ(value("3 km s^-1"), 3000);
  EXPECT_DOUBLE_EQ(value("3 m - 1 m"), 2);
  EXPECT_DOUBLE_EQ(value("5 %"), 0.05);
  EXPECT_DOUBLE_EQ(value("37 degC"), 310.15);
}

TEST_F(ExpressionTest, AUnitEndsBeforeANameThatIsNone) {
  EXPECT_DOUBLE_EQ(value("2 mm/x"), 4e-3);
  EXPECT_DOUBLE_EQ(value("2 mm*b"), 2e-3 * 3);
  EXPECT_DOUBLE_EQ(value("2 mm/other.a"), 1e-3);
  EXPECT_DOUBLE_EQ(value("6 mm/max(a, b)"), 2e-3);
  EXPECT_DOUBLE_EQ(value("if 2 mm > 1 mm and a < b then 1 s else 2 s"), 1);
}

TEST_F(ExpressionTest, NamesUsedAreThoseFromOutside) {
  Diagnostics diagnostics;
  const SyntaxPtr syntax =
      parse_expression("other.a*exp(b) + pi + true + sin(b) + v[0]", origin, false, diagnostics);
  EXPECT_THAT(names_used(*syntax), ElementsAre("b", "other.a", "v"));
}

// --- blocks ---

class BlockTest : public ::testing::Test {
 protected:
  Graph g;
  Diagnostics diagnostics;

  std::optional<Component> block(const std::string& text, const TextOrigin& where = origin) {
    diagnostics = {};
    return lower_block(g, parse_block(text, where, diagnostics),
                       {"time", "I", "k", "position.x", "position.y"}, "equations", diagnostics);
  }

  std::string text(const Component& c, const std::string& name) { return g.text(c.assignments.at(name)); }
};

TEST_F(BlockTest, OrderDoesNotMatterAndStatesKeepTheOrderOfTheirRates) {
  const auto c = block("V' = -(I_K + I)\nI_K = g_K*n^4*(V - E)\nn' = a*(1 - n)\ng_K = 36; E = -77\na = 0.1");
  ASSERT_TRUE(c) << diagnostics.list().front().text();
  EXPECT_THAT(c->states, ElementsAre("V", "n"));
  EXPECT_EQ(g.text(c->rates[0]), g.text(g.negate(g.add(g.symbol("I"), c->assignments.at("I_K")))));
  EXPECT_EQ(c->assignments.size(), 4U);
  EXPECT_EQ(text(*c, "g_K"), "36");
}

TEST_F(BlockTest, LinesGoOnWhereAnOperatorOrABracketSaysSo) {
  const auto c = block(
      "x = 1 +\n  2\n  - k # comment - still\n  \n  * 3\ny = f(1,\n  # in between\n  2)\nf(a, b) = a\n  + "
      "b\nz = if k > 1\n then 2\n else 3\nw=1;u=2\n");
  ASSERT_TRUE(c) << diagnostics.list().front().text();
  EXPECT_EQ(text(*c, "x"), g.text(g.subtract(g.constant(3), g.multiply(g.constant(3), g.symbol("k")))));
  EXPECT_EQ(text(*c, "y"), "3");
  EXPECT_EQ(text(*c, "w"), "1");
  EXPECT_EQ(text(*c, "u"), "2");
}

TEST_F(BlockTest, FunctionsAreInlinedAndMayUseOtherNames) {
  const auto c = block("f(x) = k*g(x) + c\ng(x) = x^2\nc = 3\ny = f(2) + f(k)\nw = f(2)");
  ASSERT_TRUE(c) << diagnostics.list().front().text();
  EXPECT_EQ(c->assignments.at("w"), g.add(g.multiply(g.constant(4), g.symbol("k")), g.constant(3)));
}

TEST_F(BlockTest, VectorsAreGivenByComponents) {
  const auto c =
      block("w = [1, k, 3]\nM = [[1, 2], [3, 4]]\ns = w.y + M[1][0] + position.x\nd = norm(position)");
  ASSERT_TRUE(c) << diagnostics.list().front().text();
  EXPECT_EQ(c->assignments.at("w.y"), g.symbol("k"));
  EXPECT_EQ(c->assignments.at("w[1]"), g.symbol("k"));
  EXPECT_EQ(text(*c, "M[1][0]"), "3");
  EXPECT_EQ(text(*c, "d"), "sqrt(position.x*position.x + position.y*position.y)");
}

TEST_F(BlockTest, ConditionsAreNumbersButNumbersAreNoConditions) {
  EXPECT_TRUE(
      block("on = k > 1\nx = 3*on + (k < 2)\ny = if on then 1 else 2\nz = if on && !(k == 3) then 1 else 2"));
  EXPECT_FALSE(block("x = if k then 1 else 2"));
  EXPECT_FALSE(block("x = k && true"));
  EXPECT_FALSE(block("x = if 1 then 1 else 2"));
}

struct Wrong {
  std::string text;
  int line, column;
  std::string words;  // that the message must contain
};

TEST_F(BlockTest, EveryMistakeHasItsPlaceAndItsWords) {
  const std::vector<Wrong> table{
      {"x = )", 1, 5, "unexpected ')': no '(' is open"},
      {"x = ()", 1, 6, "unexpected ')'; expected a number, a name or '('"},
      {"x = (1 + 2", 1, 5, "'(' is never closed"},
      {"x = (1 + 2\ny = 3", 1, 5,
       "'(' is never closed; expected ')' before the next statement begins at line 2"},
      {"x = (1 + 2]", 1, 11, "']' does not close the '(' opened at m.yaml:1:5"},
      {"x = [1, 2)", 1, 10, "')' does not close the '[' opened at m.yaml:1:5"},
      {"x = 2**3", 1, 6, "'**' is not an operator here; write x^2"},
      {"x += 3", 1, 3, "'+=' is not an operator here"},
      {"x = 5V", 1, 6, "for a product write 5*V"},
      {"x = 5 mV", 1, 7, "no units stand here"},
      {"x = 2 k", 1, 7, "an operator is missing between '2' and 'k'; for a product write 2*k"},
      {"x = 2(k+1)", 1, 6, "write 2*(...)"},
      {"x = k = 3", 1, 7, "write '==' to compare"},
      {"x == 3", 1, 3, "write x = ..."},
      {"x", 1, 2, "unexpected end of the text after 'x'; expected '='"},
      {"3 = x", 1, 1, "unexpected '3' at the beginning of a statement"},
      {"if = 3", 1, 1, "unexpected 'if' at the beginning of a statement"},
      {"x = if k > 1 then 2", 1, 20, "expected 'else' of the 'if' at m.yaml:1:5"},
      {"x = if k > 1, 2", 1, 13, "expected 'then' of the 'if' at m.yaml:1:5"},
      {"x = k > 1 ? 2", 1, 14, "expected ':' of the '?' at m.yaml:1:11"},
      {"x = 2 : 3", 1, 7, "':' without its '?'"},
      {"x = k then", 1, 7, "'then' without its 'if'"},
      {"x = 1 +", 1, 8, "unexpected end of the text; expected a number, a name or '('"},
      {"x = 1 +\ny = 2", 2, 1, "unexpected end of the line"},
      {"x = * 2", 1, 5, "unexpected '*'"},
      {"x = 3 * !k", 1, 9, "'!' needs brackets here"},
      {"x = V'", 1, 6, "a rate can't be used inside an expression"},
      {"V'' = 2", 1, 3, "make the first one a state: V' = v"},
      {"dV/dt = 2", 1, 1, "write V' = ..."},
      {"x[0] = 2", 1, 2, "write x = [a, b, c]"},
      {"x.y = 2", 1, 1, "'x.y' can't be defined here"},
      {"f(2) = 3", 1, 3, "unexpected '2' where the argument of a function is named"},
      {"f(a, a) = 3", 1, 6, "two arguments 'a'"},
      {"f(a b) = 3", 1, 5, "among the arguments of 'f'; expected ',' or ')'"},
      {"f(exp) = 3", 1, 3, "where the argument of a function is named"},
      {"x = \xce\xb1 + 1", 1, 5, "unexpected character '\xce\xb1'; spell Greek letters out"},
      {"x = 3 \xe2\x88\x92 2", 1, 7, "write '-'"},
      {"x = \"a\"", 1, 5, "there are no texts in equations"},
      {"x = 1 & 2", 1, 7, "write '&&' or 'and'"},
      {"x = k % 2", 1, 7, "write mod(a, b)"},
      {std::string("x = \x01", 5), 1, 5, "unexpected character with code 0x01"},
      {"x = 1.2.3", 1, 5, "two decimal points"},
      {"x = 1e999", 1, 5, "not a number that a double can hold"},
      {"x = []", 1, 5, "an empty vector"},
      {"x = (1, 2)", 1, 7, "write a vector as [a, b, c]"},
      {"x = [1, 2][]", 1, 12, "an index is missing"},
      {"x = sin(k", 1, 8, "'(' is never closed"},
      {"x = sin(k; y = 2", 1, 8, "'(' is never closed"},
      {"x = max(1 2)", 1, 11, "an operator is missing between '1' and '2'"},
      {"x = position.q", 1, 5, "unknown name 'position.q'"},
      {"x = kk", 1, 5, "unknown name 'kk'; did you mean 'k'?"},
      {"\n\n  x = 1 +   tme", 3, 13, "did you mean 'time'?"},
      {"x = sinn(k)", 1, 5, "unknown function 'sinn'; did you mean 'sin'?"},
      {"x = k(2)", 1, 5, "'k' is not a function; for a product write k*(...)"},
      {"x = exp + 1", 1, 5, "'exp' is a function; write exp(...)"},
      {"x = sin(1, 2)", 1, 5, "'sin' has 2 arguments here; expected 1 argument"},
      {"x = pulse(1, 2)", 1, 5, "expected 3 to 5 arguments"},
      {"x = min(1)", 1, 5, "expected at least 2 arguments"},
      {"x = piecewise(1, k > 1, 2, k > 2)", 1, 5, "pairs of value and condition"},
      {"f(a) = a\nx = f(1, 2)", 2, 5, "expected 1, as at m.yaml:1:1"},
      {"x = if k then 1 else 2", 1, 8, "a number stands where a condition is needed: k"},
      {"x = !k", 1, 6, "write k != 0"},
      {"x = [1, 2] + [1, 2, 3]", 1, 12, "a vector of 2 and a vector of 3 can't be added"},
      {"x = 1 - [1, 2]", 1, 7, "a number and a vector of 2 can't be subtracted"},
      {"x = [1, 2]*[1, 2]", 1, 11, "write dot(a, b), cross(a, b) or outer(a, b)"},
      {"x = [1, 2]*[[1, 2], [3, 4]]", 1, 11, "transpose(m)*v"},
      {"x = [[1, 2], [3, 4]]*[1, 2, 3]", 1, 21, "as many columns"},
      {"x = 1/[1, 2]", 1, 6, "nothing can be divided by a vector of 2"},
      {"x = [1, [2, 3]]", 1, 5, "unequal shapes"},
      {"x = [1, 2][5]", 1, 11, "indices run from 0 to 1"},
      {"x = [1, 2][k]", 1, 12, "an index or size must be known beforehand"},
      {"x = exp([1, 2])", 1, 9, "a vector of 2 stands where a number is needed"},
      {"x = inverse([1, 2])", 1, 5, "'inverse' takes a matrix"},
      {"x = det([[1, 2]])", 1, 5, "takes a square matrix"},
      {"x = [1, 2, 3, 4].x", 1, 17, "has no component '.x'"},
      {"x = (k*2).q", 1, 11, "expected x, y or z"},
      {"x = if k > 1 then [1, 2] else 3", 1, 5, "the two cases are a vector of 2 and a number"},
      {"V' = [1, 2]", 1, 1, "write one rate for each component"},
      {"x = 1\nx = 2", 2, 1, "'x' is defined twice: already at m.yaml:1:1"},
      {"x' = 1\nx = 2", 2, 1, "'x' is defined twice"},
      {"k = 2", 1, 1, "'k' is defined twice: it is already given"},
      {"pi = 3", 1, 1, "'pi' is reserved"},
      {"sin(x) = 3", 1, 1, "'sin' is reserved"},
      {"time' = 3", 1, 1, "'time' is reserved"},
      {"x = a\na = b + 1\nb = 2*x", 1, 1, "these equations need each other: x -> a -> b -> x"},
      {"x = x + 1", 1, 1, "x -> x"},
      {"f(x) = g(x)\ng(x) = f(x)\ny = f(1)", 1, 1, "functions can't call themselves: f -> g -> f"},
      {"a = f(1)\nf(x) = x*a", 1, 1, "these equations need each other: a -> a"},
      {"f(x) = x + qq", 1, 1, "unknown name 'qq' in the function 'f'"},
      {"f(x) = x + qq\ny = f(1)", 1, 12, "unknown name 'qq' (in the function 'f')"},
  };
  for (const Wrong& wrong : table) {
    EXPECT_FALSE(block(wrong.text) && !diagnostics.has_errors()) << wrong.text;
    ASSERT_FALSE(diagnostics.list().empty()) << wrong.text;
    const Diagnostic& d = diagnostics.list().front();
    EXPECT_THAT(d.text(), HasSubstr(wrong.words)) << wrong.text;
    EXPECT_EQ(d.place.line, wrong.line) << wrong.text << "\n" << d.text();
    EXPECT_EQ(d.place.column, wrong.column) << wrong.text << "\n" << d.text();
    EXPECT_EQ(d.place.file, "m.yaml");
    EXPECT_EQ(d.path, "equations");
  }
}

TEST_F(BlockTest, PlacesCountFromWhereTheTextStandsInItsFile) {
  block("a = 1\nb = = 2", {{"cell.yaml", 10, 7}, "membrane.equations", 4});
  ASSERT_THAT(diagnostics.list(), SizeIs(1));
  EXPECT_EQ(diagnostics.list().front().place.text(), "cell.yaml:11:9");
}

TEST_F(BlockTest, AllMistakesAreReportedAtOnce) {
  block("x = )\ny = 2 +* 3\nz = ok\nok = 1\nw = 2 3");
  EXPECT_THAT(diagnostics.list(), SizeIs(3));
  block("x = qq + rr\ny = ss\nz = x + y");
  EXPECT_THAT(diagnostics.list(), SizeIs(3)) << "z uses broken names but is not wrong itself";
}

TEST_F(BlockTest, HugeAndDeepTextsAreRefusedInWords) {
  const auto repeated = [](std::string_view s, int n) {
    std::string result;
    for (int k = 0; k < n; ++k) result += s;
    return result;
  };
  for (const auto& [open, close] : {std::pair<std::string, std::string>{"(", ")"},
                                    {"-", ""},
                                    {"!", ""},
                                    {"[", "]"},
                                    {"2^", ""},
                                    {"exp(", ")"},
                                    {"if k > 1 then 2 else ", ""},
                                    {"k > 1 ? 1 : ", ""}}) {
    block("x = " + repeated(open, 20'000) + "1" + repeated(close, 20'000));
    ASSERT_THAT(diagnostics.list(), SizeIs(1)) << open;
    EXPECT_THAT(diagnostics.list().front().message, HasSubstr("nested deeper than 200 levels")) << open;
    block("x = " + repeated(open, 60) + "k" + repeated(close, 60));
    for (const Diagnostic& d : diagnostics.list())
      EXPECT_THAT(d.message, ::testing::Not(HasSubstr("nested"))) << open;
  }
  block("x = 1" + repeated(" + k", 2'000'000));
  EXPECT_THAT(diagnostics.list().front().message, HasSubstr("too large"));
  EXPECT_TRUE(block("x = 1" + repeated(" + k*k", 30'000))) << "long sums are fine";
  block(repeated("= 3\n", 10'000));
  EXPECT_THAT(diagnostics.list(), SizeIs(::testing::Le(51)));
  block("x = " + repeated("\x01", 10'000));
  EXPECT_THAT(diagnostics.list(), SizeIs(::testing::Le(51)));
}

TEST_F(BlockTest, FunctionsThatExpandWithoutEndAreRefused) {
  std::string text = "f0(x) = x + 1\n";
  for (int k = 1; k < 60; ++k) {
    const std::string f = "f" + std::to_string(k - 1);
    text += "f" + std::to_string(k) + "(x) = " + f + "(x + 1) + " + f + "(2*x)\n";
  }
  EXPECT_FALSE(block(text + "y = f59(k)"));
  EXPECT_THAT(diagnostics.list().front().message, HasSubstr("expand to more than"));
  text = "f0(x) = x + 1\n";
  for (int k = 1; k < 3000; ++k)
    text += "f" + std::to_string(k) + "(x) = -(-(f" + std::to_string(k - 1) + "(x)))\n";
  EXPECT_FALSE(block(text + "y = f2999(k)"));
  EXPECT_THAT(diagnostics.list().front().message, HasSubstr("too deeply"));
  EXPECT_TRUE(block(text + "y = f90(k)"));
}

TEST_F(BlockTest, ManyEquationsTakeTimeInProportion) {
  std::string text;
  for (int k = 0; k < 20'000; ++k) {
    text += "u" + std::to_string(k) + "' = -u" + std::to_string(k) + " + a" + std::to_string(k) + "\n";
    text += "a" + std::to_string(k) + " = " +
            (k == 0 ? "k" : "a" + std::to_string(k - 1) + "*0.5 + u" + std::to_string(k)) + "\n";
  }
  const auto c = block(text);
  ASSERT_TRUE(c);
  EXPECT_EQ(c->states.size(), 20'000U);
}

TEST(Reserved, KeywordsConstantsAndFunctions) {
  for (const char* name : {"time", "position", "pi", "true", "if", "then", "exp", "pulse", "identity"})
    EXPECT_TRUE(is_reserved(name)) << name;
  for (const char* name : {"V", "t", "Time", "expo", "h", "L"}) EXPECT_FALSE(is_reserved(name)) << name;
  EXPECT_THAT(function_names(), ::testing::Contains("exprel"));
}

}  // namespace
}  // namespace holon::expr

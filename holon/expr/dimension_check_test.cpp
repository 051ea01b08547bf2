#include "holon/expr/language.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon::expr {
namespace {

using ::testing::HasSubstr;

class DimensionTest : public ::testing::Test {
 protected:
  Diagnostics diagnostics;

  std::optional<Dimension> of(const std::string& text) {
    diagnostics = {};
    const SyntaxPtr syntax = parse_expression(text, {{"m.yaml", 1, 1}, "", 0}, true, diagnostics);
    diagnostics.throw_if_errors();
    return dimension_of(
        *syntax,
        [](const std::string& name) -> std::optional<Dimension> {
          if (name == "length" || name == "position.x") return Dimension::length();
          if (name == "t") return Dimension::time();
          if (name == "n") return Dimension{};
          return std::nullopt;
        },
        "results.x", diagnostics);
  }
};

TEST_F(DimensionTest, DimensionsFollowTheOperations) {
  const Dimension length = Dimension::length(), time = Dimension::time(), none;
  const std::vector<std::pair<std::string, Dimension>> table{
      {"3", none},
      {"length", length},
      {"2*length + 1 mm", length},
      {"length/t", length / time},
      {"length/t/t*n", length / (time * time)},
      {"length^2", length * length},
      {"length^-1", none / length},
      {"length^(1/2)", length.pow(0.5)},
      {"sqrt(length*length)", length},
      {"cbrt(length^3)", length},
      {"exp(length/1 mm)", none},
      {"length > 1 mm", none},
      {"0 < length < 2 m", none},
      {"length + 0", length},
      {"0", none},
      {"max(length, 0, 1 um)", length},
      {"length < inf", none},
      {"if t > 1 s then length else 0", length},
      {"t > 0 ? 0 : length", length},
      {"if(t > 1 s, 2 mm, length)", length},
      {"piecewise(length, t > 1 s, 1 mm, t > 2 s, 0)", length},
      {"abs(-length)", length},
      {"sign(length)", none},
      {"mod(t, 1 ms)", time},
      {"atan2(length, 1 mm)", none},
      {"heaviside(t - 1 s)", none},
      {"pulse(t, 1 ms, 2 ms, 1 s, 3)", none},
      {"norm([length, 1 mm])", length},
      {"dot([length, length], [t, t])", length * time},
      {"det([[length, 0], [0, length]])", length * length},
      {"inverse([[length, 0], [0, length]])", none / length},
      {"[length, 1 m].x", length},
      {"[length, 1 m][1]", length},
      {"position", length},
      {"pi*length^2", length * length},
      {"n^n", none},
      {"pow(length, 2)", length * length},
  };
  for (const auto& [text, expected] : table) {
    const auto found = of(text);
    ASSERT_TRUE(found) << text << ": " << diagnostics.list().front().text();
    EXPECT_EQ(*found, expected) << text << " is " << found->text();
  }
}

TEST_F(DimensionTest, MistakesNameBothSidesAndTheirPlace) {
  struct Wrong {
    std::string text;
    int column;
    std::string words;
  };
  const std::vector<Wrong> table{
      {"length + t", 8, "the parts of a sum are length [m] and time [s]; expected equal dimensions"},
      {"length - 1", 8, "the parts of a difference are length [m] and a number"},
      {"length > 1", 8, "the sides of '>' are length [m] and a number"},
      {"exp(length)", 5, "'exp' of length [m]; expected a number without a dimension"},
      {"log10(t)", 7, "'log10' of time [s]"},
      {"length^t", 8, "an exponent is time [s]"},
      {"length^n", 7, "needs a known exponent"},
      {"2^length", 3, "an exponent is length [m]"},
      {"max(length, t)", 13, "the arguments of 'max' are length [m] and time [s]"},
      {"if t > 1 s then length else t", 1, "the two cases are length [m] and time [s]"},
      {"piecewise(length, t > 1 s, t)", 28, "the cases of 'piecewise' are"},
      {"[length, t]", 10, "the components of an array are"},
      {"pulse(t, length, 1 s)", 10, "the arguments of 'pulse' are"},
      {"pulse(t, 1 s, 1 s, 1 s, t)", 25, "the count of 'pulse' is time [s]"},
      {"unknown + 1", 1, "the dimension of 'unknown' is not known"},
      {"f(length)", 1, "the dimension of the function 'f' is not known"},
      {"floor(length)", 7, "'floor' of length [m]"},
  };
  for (const Wrong& wrong : table) {
    EXPECT_FALSE(of(wrong.text)) << wrong.text;
    ASSERT_EQ(diagnostics.list().size(), 1U) << wrong.text;
    const Diagnostic& d = diagnostics.list().front();
    EXPECT_THAT(d.text(), HasSubstr(wrong.words)) << wrong.text;
    EXPECT_EQ(d.place.column, wrong.column) << d.text();
    EXPECT_EQ(d.path, "results.x");
  }
}

}  // namespace
}  // namespace holon::expr

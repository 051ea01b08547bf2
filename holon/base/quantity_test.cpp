#include "holon/base/error.hpp"
#include "holon/base/unit.hpp"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon {
namespace {

using testing::HasSubstr;

constexpr double infinity = std::numeric_limits<double>::infinity();

std::string quantity_error(const std::string& text) {
  try {
    parse_quantity(text);
  } catch (const InputError& e) { return e.what(); }
  return "no InputError";
}

double factor(const char* from, const char* to) {
  return conversion_factor(Unit::parse(from), Unit::parse(to));
}

TEST(ConversionFactor, IsExactForDecimalRatios) {
  struct Pair {
    const char *from, *to;
    double expected;
  };
  for (const Pair& p : std::initializer_list<Pair>{{"V", "mV", 1000},
                                                   {"s", "ms", 1000},
                                                   {"mm", "um", 1000},
                                                   {"mM", "uM", 1000},
                                                   {"1/mm", "1/m", 1000},
                                                   {"1/um", "1/cm", 1e4},
                                                   {"mS/cm^2", "S/m^2", 10},
                                                   {"uF/cm^2", "F/m^2", 0.01},
                                                   {"uF/mm^2", "uF/cm^2", 100},
                                                   {"uA/cm^2", "A/m^2", 0.01},
                                                   {"uA/uF", "V/s", 1},
                                                   {"pA/pF", "mV/ms", 1},
                                                   {"um^3", "L", 1e-15},
                                                   {"um^3", "mm^3", 1e-9},
                                                   {"mm^3", "um^3", 1e9},
                                                   {"um^2/s", "mm^2/ms", 1e-9},
                                                   {"cm^2/s", "um^2/ms", 1e5},
                                                   {"nM", "mol/m^3", 1e-6},
                                                   {"1/(uM s)", "1/(M ms)", 1000},
                                                   {"h", "min", 60},
                                                   {"d", "ms", 86400000},
                                                   {"L/min", "m^3/h", 0.06},
                                                   {"km/h", "m/s", 1 / 3.6},
                                                   {"m/s", "km/h", 3.6},
                                                   {"min", "h", 1.0 / 60},
                                                   {"1/min", "1/ms", 1.0 / 60000},
                                                   {"uM/min", "mM/ms", 1.0 / 60000000},
                                                   {"kcal", "J", 4184},
                                                   {"J", "cal", 1 / 4.184},
                                                   {"mmHg", "Pa", 133.322387415},
                                                   {"kPa", "Pa", 1000},
                                                   {"dyn/cm^2", "Pa", 0.1},
                                                   {"kDa", "Da", 1000},
                                                   {"%", "1", 0.01},
                                                   {"1", "%", 100},
                                                   {"S/cm", "mS/mm", 100},
                                                   {"mAh", "C", 3.6},
                                                   {"inch", "mm", 25.4},
                                                   {"g/cm^3", "kg/m^3", 1000}})
    EXPECT_EQ(factor(p.from, p.to), p.expected) << p.from << " in " << p.to;
}

TEST(ConversionFactor, IsExactForEveryPairOfPrefixesAndSmallPowers) {
  const std::vector<std::pair<std::string, int>> prefixes = {{"T", 12}, {"G", 9},   {"M", 6},   {"k", 3},
                                                             {"", 0},   {"c", -2},  {"m", -3},  {"u", -6},
                                                             {"n", -9}, {"p", -12}, {"f", -15}, {"a", -18}};
  for (const auto& [a, power_a] : prefixes)
    for (const auto& [b, power_b] : prefixes)
      for (const int exponent : {-4, -3, -2, -1, 1, 2, 3, 4}) {
        const std::string text = "^" + std::to_string(exponent);
        // strtod-correct decimal as the reference
        const double expected = *parse_number("1e" + std::to_string((power_a - power_b) * exponent));
        EXPECT_EQ(factor((a + "V" + text).c_str(), (b + "V" + text).c_str()), expected)
            << a << " " << b << text;
      }
}

TEST(ConversionFactor, LeavesRatiosThatAreNoDecimalsAlone) {
  EXPECT_EQ(factor("deg", "rad"), std::acos(-1.0) / 180);
  EXPECT_EQ(factor("rad", "deg"), 180 / std::acos(-1.0));
  EXPECT_EQ(factor("Torr", "Pa"), 101325.0 / 760);
  EXPECT_EQ(factor("ms^0.5", "s^0.5"), std::sqrt(1e-3));
}

TEST(ConversionFactor, RefusesOtherDimensionsByName) {
  try {
    factor("mV", "ms");
    FAIL() << "no exception";
  } catch (const InputError& e) {
    EXPECT_THAT(e.what(), HasSubstr("'mV' (electric potential) cannot be converted to 'ms' (time)"));
  }
}

TEST(Quantity, ReadsNumberAndUnit) {
  const auto check = [](const char* text, double value, const char* unit) {
    const Quantity q = parse_quantity(text);
    EXPECT_EQ(q.value, value) << text;
    EXPECT_EQ(q.unit.text(), unit) << text;
  };
  check("0.2 mm", 0.2, "mm");
  check("0.2mm", 0.2, "mm");
  check("  0.2 mm\t", 0.2, "mm");
  check("10", 10, "1");
  check("1e-3 1/mm", 1e-3, "1/mm");
  check("-52 uA/uF", -52, "uA/uF");
  check("100 %", 100, "%");
  check("100%", 100, "%");
  check("+5 mV", 5, "mV");
  check("1 d", 1, "d");
  check(".5 s", 0.5, "s");
  check("inf", infinity, "1");
  check("inf s", infinity, "s");
  check("-inf s", -infinity, "s");
}

TEST(Quantity, SaysWhatIsWrong) {
  EXPECT_THAT(quantity_error("12 mvolts"), HasSubstr("unknown unit 'mvolts'; did you mean 'mV'?"));
  EXPECT_THAT(quantity_error(""), HasSubstr("a quantity is missing"));
  EXPECT_THAT(quantity_error("mm"), HasSubstr("should begin with a number"));
  EXPECT_THAT(quantity_error("+-5 mm"), HasSubstr("should begin with a number"));
  EXPECT_THAT(quantity_error("\u22125 mV"), HasSubstr("write the minus sign as '-'"));
  EXPECT_THAT(quantity_error("1,5 mm"), HasSubstr("decimals with a point"));
  EXPECT_THAT(quantity_error("1_000 mm"), HasSubstr("no separators"));
  EXPECT_THAT(quantity_error("1/mm"), HasSubstr("write '1 1/mm'"));
  EXPECT_THAT(quantity_error("2 * mm"), HasSubstr("right behind the number"));
  EXPECT_THAT(quantity_error("1e999 m"), HasSubstr("beyond the range"));
  EXPECT_THAT(quantity_error("nan"), HasSubstr("not a number"));
  EXPECT_THAT(quantity_error("nan mm"), HasSubstr("not a number"));
  EXPECT_THAT(quantity_error("info"), HasSubstr("not a number"));
  EXPECT_THAT(quantity_error("0x10"), HasSubstr("unknown unit 'x'"));
  EXPECT_THAT(quantity_error("5 mm mmm"), HasSubstr("unknown unit 'mmm'"));
}

TEST(Quantity, ConvertsWithOneRounding) {
  const auto in = [](const char* text, const char* unit) {
    return parse_quantity(text).in(Unit::parse(unit));
  };
  EXPECT_EQ(in("42 mV", "V"), 0.042);
  EXPECT_EQ(in("0.2 mm", "m"), 0.0002);
  EXPECT_EQ(in("0.02 ms", "s"), 0.00002);
  EXPECT_EQ(in("0.7 uM", "mM"), 0.0007);
  EXPECT_EQ(in("90 min", "h"), 1.5);
  EXPECT_EQ(in("140 1/mm", "1/m"), 140000);
  EXPECT_EQ(in("0.01 uF/mm^2", "F/m^2"), 0.01);
  EXPECT_EQ(in("inf ms", "s"), infinity);
  EXPECT_EQ(parse_quantity("100 %").si(), 1);
  EXPECT_EQ(parse_quantity("-52 uA/uF").si(), -52);
  EXPECT_THROW(in("1 mV", "ms"), InputError);
  EXPECT_THROW(in("37 degC", "s"), InputError);
}

TEST(Quantity, WritesTheTextThatItReads) {
  for (const char* text : {"0.2 mm", "10", "-52 uA/uF", "1e-05 1/(uM s)", "inf s"})
    EXPECT_EQ(parse_quantity(text).text(), text);
}

TEST(Number, IsADecimalNumberAndNothingElse) {
  EXPECT_EQ(parse_number("0.2"), 0.2);
  EXPECT_EQ(parse_number("-1e-3"), -1e-3);
  EXPECT_EQ(parse_number("+4"), 4.0);
  EXPECT_EQ(parse_number("1."), 1.0);
  EXPECT_EQ(parse_number("inf"), infinity);
  EXPECT_EQ(parse_number("-inf"), -infinity);
  for (const char* text : {"", " 1", "1 ", "1x", "0x10", "nan", "-nan", "1,5", "1e", "+-1", "++1", "--1",
                           "1e999", ".", "e5", "1 2", "infx"})
    EXPECT_EQ(parse_number(text), std::nullopt) << "'" << text << "'";
}

TEST(Number, TextIsTheShortestThatReadsBack) {
  EXPECT_EQ(number_text(0.2), "0.2");
  EXPECT_EQ(number_text(1e-5), "1e-05");
  EXPECT_EQ(number_text(1000), "1000");
  EXPECT_EQ(number_text(infinity), "inf");
  EXPECT_EQ(number_text(-infinity), "-inf");
  EXPECT_EQ(number_text(-std::nan("")), "nan");
  for (double x = 1e-300; x < 1e300; x *= 1.37e7) EXPECT_EQ(parse_number(number_text(x)), x);
}

}  // namespace
}  // namespace holon

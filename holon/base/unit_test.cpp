#include "holon/base/unit.hpp"

#include "holon/base/error.hpp"

#include <cmath>
#include <random>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon {
namespace {

using testing::HasSubstr;

std::string error_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const InputError& e) { return e.what(); }
  return "no InputError";
}

std::string unit_error(const std::string& text) {
  return error_of([&] { Unit::parse(text); });
}

TEST(Dimension, MultipliesDividesAndTakesExactRoots) {
  const Dimension force = Dimension::mass() * Dimension::length() / Dimension::time().pow(2);
  EXPECT_EQ(force.text(), "m kg s-2");
  EXPECT_EQ(force.name(), "force");
  EXPECT_EQ(force.pow(1.0 / 3).pow(3), force);
  EXPECT_EQ(force.pow(0.5).pow(0.2).pow(10), force);
  EXPECT_EQ(Dimension::time().pow(-0.5).text(), "s^-0.5");
  EXPECT_EQ(Dimension::length().pow(1.0 / 3).text(), "m^(20/60)");
  EXPECT_TRUE((force / force).dimensionless());
  EXPECT_EQ((force / force).text(), "1");
  EXPECT_FALSE(force.dimensionless());
}

TEST(Dimension, RefusesExponentsThatAreNoSixtieths) {
  EXPECT_THAT(error_of([] { Dimension::length().pow(1.0 / 7); }), HasSubstr("no multiple of 1/60"));
  EXPECT_THROW(Dimension::length().pow(1e9), InputError);
  EXPECT_THROW(Dimension::length().pow(std::nan("")), InputError);
  EXPECT_THROW(Dimension::length().pow(500).pow(2), InputError);
  EXPECT_THROW(Dimension::length().pow(500) * Dimension::length().pow(500), InputError);
}

TEST(Dimension, EachBaseDimensionIsItsOwn) {
  EXPECT_EQ(Dimension::length().text(), "m");
  EXPECT_EQ(Dimension::mass().text(), "kg");
  EXPECT_EQ(Dimension::time().text(), "s");
  EXPECT_EQ(Dimension::current().text(), "A");
  EXPECT_EQ(Dimension::temperature().text(), "K");
  EXPECT_EQ(Dimension::amount().text(), "mol");
  EXPECT_EQ(Dimension::luminosity().text(), "cd");
}

struct Expected {
  const char* text;
  double factor;
  const char* dimension;
  friend void PrintTo(const Expected& expected, std::ostream* out) { *out << expected.text; }
};

class UnitTexts : public testing::TestWithParam<Expected> {};

TEST_P(UnitTexts, AreReadWithTheirFactorAndDimension) {
  const Unit unit = Unit::parse(GetParam().text);
  EXPECT_EQ(unit.factor(), GetParam().factor);
  EXPECT_EQ(unit.dimension().text(), GetParam().dimension);
  EXPECT_EQ(unit.text(), GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(AsPeopleWriteThem, UnitTexts,
                         testing::Values(Expected{"mV", 1e-3, "m2 kg s-3 A-1"},      //
                                         Expected{"mS/cm^2", 10, "m-4 kg-1 s3 A2"},  //
                                         Expected{"uA/uF", 1, "m2 kg s-4 A-1"},      //
                                         Expected{"pA pF-1", 1, "m2 kg s-4 A-1"},    //
                                         Expected{"1/(uM s)", 1e3, "m3 s-1 mol-1"},  //
                                         Expected{"1/uM/s", 1e3, "m3 s-1 mol-1"},    //
                                         Expected{"\u00b5M\u207b\u00b9 s\u207b\u00b9", 1e3, "m3 s-1 mol-1"},
                                         Expected{"1/mm", 1e3, "m-1"},                    //
                                         Expected{"um^2 s^-1", 1e-12, "m2 s-1"},          //
                                         Expected{"um2.s-1", 1e-12, "m2 s-1"},            //
                                         Expected{"\u03bcm\u00b2/s", 1e-12, "m2 s-1"},    //
                                         Expected{"um\u00b3", 1e-18, "m3"},               //
                                         Expected{"m/s^2", 1, "m s-2"},                   //
                                         Expected{"1", 1, "1"},                           //
                                         Expected{"%", 1e-2, "1"},                        //
                                         Expected{"M", 1e3, "m-3 mol"},                   //
                                         Expected{"mM", 1, "m-3 mol"},                    //
                                         Expected{"uM", 1e-3, "m-3 mol"},                 //
                                         Expected{"nM", 1e-6, "m-3 mol"},                 //
                                         Expected{"pM", 1e-9, "m-3 mol"},                 //
                                         Expected{"mmol/L", 1, "m-3 mol"},                //
                                         Expected{"kDa", 1.66053906660e-24, "kg"},        //
                                         Expected{"cells", 1, "1"},                       //
                                         Expected{"cell/um^2", 1e12, "m-2"},              //
                                         Expected{"molecules/um^3", 1e18, "m-3"},         //
                                         Expected{"cP", 1e-3, "m-1 kg s-1"},              //
                                         Expected{"mmHg", 133.322387415, "m-1 kg s-2"},   //
                                         Expected{"kPa", 1e3, "m-1 kg s-2"},              //
                                         Expected{"atm", 101325, "m-1 kg s-2"},           //
                                         Expected{"bar", 1e5, "m-1 kg s-2"},              //
                                         Expected{"Torr", 101325.0 / 760, "m-1 kg s-2"},  //
                                         Expected{"uF/cm^2", 1e-2, "m-4 kg-1 s4 A2"},     //
                                         Expected{"nS", 1e-9, "m-2 kg-1 s3 A2"},          //
                                         Expected{"pF", 1e-12, "m-2 kg-1 s4 A2"},         //
                                         Expected{"M\u03a9", 1e6, "m2 kg s-3 A-2"},       //
                                         Expected{"kOhm cm", 10, "m3 kg s-3 A-2"},        //
                                         Expected{"uL/min", 1e-9 / 60, "m3 s-1"},         //
                                         Expected{"h", 3600, "s"},                        //
                                         Expected{"d", 86400, "s"},                       //
                                         Expected{"yr", 31557600, "s"},                   //
                                         Expected{"days", 86400, "s"},                    //
                                         Expected{"milliseconds", 1e-3, "s"},             //
                                         Expected{"Hz", 1, "s-1"},                        //
                                         Expected{"deg", 0.017453292519943295, "1"},      //
                                         Expected{"rad", 1, "1"},                         //
                                         Expected{"eV", 1.602176634e-19, "m2 kg s-2"},    //
                                         Expected{"kcal/mol", 4184, "m2 kg s-2 mol-1"},   //
                                         Expected{"mAh", 3.6, "s A"},                     //
                                         Expected{"C", 1, "s A"},                         //
                                         Expected{"mV/ms^0.5", 0.03162277660168379333, "m2 kg s^-3.5 A-1"},
                                         Expected{"m^(1/3)", 1, "m^(20/60)"},  //
                                         Expected{"J/(kg K)", 1, "m2 s-2 K-1"}));

TEST(Unit, ReadsQuotientsFromTheLeft) {
  EXPECT_EQ(Unit::parse("mol/L/s").dimension(), Unit::parse("mol/(L s)").dimension());
  EXPECT_EQ(Unit::parse("m/s*kg").dimension(), Unit::parse("m kg/s").dimension());
  EXPECT_EQ(Unit::parse("1/(1/(m s))").dimension(), Unit::parse("m s").dimension());
}

TEST(Unit, RefusesAProductBehindAQuotientBecauseReadersDisagree) {
  EXPECT_THAT(unit_error("J/kg K"), HasSubstr("two ways; write 'a/(b c)'"));
  EXPECT_THAT(unit_error("1/uM s"), HasSubstr("two ways"));
  EXPECT_NO_THROW(Unit::parse("(1/uM) s"));
}

TEST(Unit, RefusesBadSyntaxWithAWayOut) {
  EXPECT_THAT(unit_error(""), HasSubstr("empty; a plain number has the unit '1'"));
  EXPECT_THAT(unit_error("um**2/s"), HasSubstr("write a power with '^'"));
  EXPECT_THAT(unit_error("/s"), HasSubstr("write '1/...'"));
  EXPECT_THAT(unit_error("m,s"), HasSubstr("unexpected ','"));
  EXPECT_THAT(unit_error("s -1"), HasSubstr("right behind its unit"));
  EXPECT_THAT(unit_error("m^2^2"), HasSubstr("one exponent"));
  EXPECT_THAT(unit_error("m/"), HasSubstr("ends where a unit should follow"));
  EXPECT_THAT(unit_error("(m"), HasSubstr("')' is missing"));
  EXPECT_THAT(unit_error("m)"), HasSubstr("unexpected ')'"));
  EXPECT_THAT(unit_error("m^"), HasSubstr("exponent should be a number"));
  EXPECT_THAT(unit_error("m^(1/0)"), HasSubstr("beyond"));
  EXPECT_THAT(unit_error("m^(1/3"), HasSubstr("')' is missing"));
  EXPECT_THAT(unit_error("m^0.123"), HasSubstr("no multiple of 1/60"));
  EXPECT_THAT(unit_error("m^1000"), HasSubstr("beyond"));
  EXPECT_THAT(unit_error("um^400"), HasSubstr("beyond the range"));
  EXPECT_THAT(unit_error("10 mV"), HasSubstr("the number 10 is no unit"));
  EXPECT_THAT(unit_error("%m"), HasSubstr("unexpected 'm'"));
  EXPECT_THAT(unit_error(std::string(1000, '(')), HasSubstr("longer than 200"));
  EXPECT_THAT(unit_error(std::string(50, '(') + "m"), HasSubstr("too many parentheses"));
}

TEST(Unit, SuggestsTheUnitThatWasMeant) {
  EXPECT_THAT(unit_error("mvolts"), HasSubstr("unknown unit 'mvolts'; did you mean 'mV'?"));
  EXPECT_THAT(unit_error("Volts"), HasSubstr("did you mean 'V'?"));
  EXPECT_THAT(unit_error("milliV"), HasSubstr("did you mean 'mV'?"));
  EXPECT_THAT(unit_error("PA"), HasSubstr("did you mean 'Pa' or 'pA'?"));
  EXPECT_THAT(unit_error("Pas"), HasSubstr("did you mean 'Pa s'?"));
  EXPECT_THAT(unit_error("Kg"), HasSubstr("'kg'"));
  EXPECT_THAT(unit_error("celllls"), HasSubstr("did you mean 'cells'?"));
  EXPECT_THAT(unit_error("xyzzy"), HasSubstr("units are written as in"));
}

// Each of these is a unit or a prefixed unit to UDUNITS or to some reader, and something else to another.
TEST(Unit, RejectsLookalikesWithAHint) {
  EXPECT_THAT(unit_error("kT"), HasSubstr("parameter in J"));
  EXPECT_THAT(unit_error("kT/um^2"), HasSubstr("parameter in J"));
  EXPECT_THAT(unit_error("a"), HasSubstr("a year is 'yr'"));
  EXPECT_THAT(unit_error("R"), HasSubstr("gas constant"));
  EXPECT_THAT(unit_error("mins"), HasSubstr("'min'"));
  EXPECT_THAT(unit_error("sec"), HasSubstr("'s'"));
  EXPECT_THAT(unit_error("hr"), HasSubstr("'h'"));
  EXPECT_THAT(unit_error("MM"), HasSubstr("'mM'"));
  EXPECT_THAT(unit_error("G"), HasSubstr("'GPa'"));
  EXPECT_THAT(unit_error("pH"), HasSubstr("concentration"));
  EXPECT_THAT(unit_error("dB"), HasSubstr("ratio"));
  EXPECT_THAT(unit_error("per"), HasSubstr("'/'"));
  for (const char* absent :
       {"B",   "P",      "U",    "u",     "c",  "e",     "Em",     "PM",    "mmin", "mh", "kkg",
        "mmm", "umolar", "MV2m", "METER", "lg", "since", "mmolar", "K @ 2", "m:s",  "pi"})
    EXPECT_THROW(Unit::parse(absent), InputError) << absent;
}

TEST(Unit, TakesTheOffsetOfDegreesCelsiusAloneAndDifferencesInProducts) {
  EXPECT_EQ(Unit::parse("degC").offset(), 273.15);
  EXPECT_EQ((Quantity{37, Unit::parse("degC")}).si(), 310.15);
  EXPECT_EQ((Quantity{310.15, Unit::parse("K")}).in(Unit::parse("\u00b0C")), 37);
  EXPECT_EQ((Quantity{37, Unit::parse("degC")}).in(Unit::parse("celsius")), 37);
  EXPECT_EQ(Unit::parse("degC/min").offset(), 0);
  EXPECT_EQ(Unit::parse("degC^2/degC").offset(), 0);
  EXPECT_EQ(Unit::parse("\u00b0C\u00b2").offset(), 0);
  EXPECT_EQ((Unit::parse("degC/min") * Unit::parse("min")).text(), "K");
  EXPECT_EQ(conversion_factor(Unit::parse("degC/s"), Unit::parse("K/s")), 1);
  EXPECT_THAT(error_of([] { conversion_factor(Unit::parse("degC"), Unit::parse("K")); }),
              HasSubstr("has an offset"));
  EXPECT_THAT(error_of([] { Unit::parse("degC") * Unit::parse("s"); }), HasSubstr("has an offset"));
  EXPECT_THAT(error_of([] { Unit::parse("s") / Unit::parse("degC"); }), HasSubstr("has an offset"));
}

TEST(Unit, WritesReadableProductsAndQuotients) {
  const auto u = [](const char* text) { return Unit::parse(text); };
  EXPECT_EQ((u("mV") * u("ms")).text(), "mV ms");
  EXPECT_EQ((u("mV") / u("ms")).text(), "mV/ms");
  EXPECT_EQ((u("mV/ms") * u("mM")).text(), "mV mM/ms");
  EXPECT_EQ((u("mV/ms") / u("mM")).text(), "mV/(ms mM)");
  EXPECT_EQ((u("uA/cm^2") / u("mS/cm^2")).text(), "uA/mS");
  EXPECT_EQ((u("um^2") * u("um")).text(), "um^3");
  EXPECT_EQ((u("m") / u("m")).text(), "1");
  EXPECT_EQ((Unit() / u("ms")).text(), "1/ms");
  EXPECT_EQ((u("ms") / Unit()).text(), "ms");
  EXPECT_EQ((u("\u00b5m") * u("um")).text(), "um^2");
  EXPECT_EQ((u("mV^0.5") * u("mV^0.5")).text(), "mV");
  EXPECT_EQ((u("m^(1/3)") * Unit()).text(), "m^(1/3)");
  EXPECT_EQ((u("m^(1/3)") / u("s")).text(), "m^(20/60)/s");
}

TEST(Unit, CoherentUnitsHaveFamiliarTextsThatReadBackAsThemselves) {
  for (const char* text :
       {"mV", "kPa", "mM", "um^2/s", "S/cm", "pA/pF", "kOhm cm", "1/(uM s)", "mmol/(m^2 s)", "%", "mV/ms^0.5",
        "W/(m K)", "lx", "m^(1/3)", "K/m", "Gy", "J/(mol K)", "g/mol"}) {
    const Dimension dimension = Unit::parse(text).dimension();
    const Unit coherent = Unit::coherent(dimension);
    EXPECT_EQ(coherent.dimension(), dimension) << text;
    EXPECT_EQ(Unit::parse(coherent.text()).dimension(), dimension) << text << " as " << coherent.text();
    EXPECT_EQ(Unit::parse(coherent.text()).factor(), 1.0) << coherent.text();
  }
  EXPECT_EQ(Unit::coherent(Unit::parse("mV").dimension()).text(), "V");
}

TEST(Unit, RandomProductsReadBackAsTheSameUnit) {
  // Words from all parts of the database, with integer and fractional exponents.
  const std::vector<std::string> words = {"mV", "ms", "um",   "uM",   "pA", "kDa", "mmHg", "cells", "min",
                                          "L",  "%",  "degC", "kcal", "nS", "h",   "mol",  "K",     "MOhm"};
  const std::vector<std::string> exponents = {"", "2", "-1", "^3", "^-2", "^0.5", "^(1/3)", "^-1.5"};
  std::mt19937 random(20240611);
  const auto pick = [&](const auto& from) { return from[random() % from.size()]; };
  for (int repeat = 0; repeat < 2000; ++repeat) {
    Unit product;
    long double factor = 1;
    Dimension dimension;
    const std::size_t count = 1 + random() % 4;
    for (std::size_t i = 0; i < count; ++i) {
      const Unit unit = Unit::parse(pick(words) + pick(exponents));
      const Unit one = unit.offset() != 0 ? Unit::parse("K") : unit;
      const bool divide = random() % 2 == 0;
      product = divide ? product / one : product * one;
      factor = divide ? factor / one.factor() : factor * one.factor();
      dimension = divide ? dimension / one.dimension() : dimension * one.dimension();
    }
    const Unit read = Unit::parse(product.text());
    ASSERT_EQ(read.dimension(), dimension) << product.text();
    ASSERT_EQ(product.dimension(), dimension) << product.text();
    ASSERT_EQ(read.factor(), product.factor()) << product.text();
    // Each factor carries half an ulp, and the division by 'one' another.
    ASSERT_NEAR(static_cast<double>(product.factor() / factor), 1.0, 2e-15) << product.text();
  }
}

TEST(Unit, KnownUnitsCanAllBeReadAndAreNoLookalikes) {
  const auto names = known_units();
  EXPECT_GT(names.size(), 80u);
  for (const std::string& name : names) EXPECT_NO_THROW(Unit::parse(name)) << name;
}

TEST(UnitThreads, ReadTheDatabaseFromManyThreadsAtOnce) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([t] {
      for (int i = 1; i < 200; ++i) {
        const Unit unit = Unit::parse("mV^" + std::to_string(i % 40) + " um^" + std::to_string(t));
        EXPECT_EQ(unit.dimension(),
                  Unit::parse("V").dimension().pow(i % 40) * Unit::parse("m").dimension().pow(t));
      }
    });
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace holon

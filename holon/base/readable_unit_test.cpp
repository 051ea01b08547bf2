#include "holon/base/readable_unit.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace holon {
namespace {

struct Content {
  const char* density;
  int power;
  const char* unit;
  double factor;  ///< of (density's unit) (m^power) in the content's unit
  friend void PrintTo(const Content& content, std::ostream* out) {
    *out << content.density << " times m^" << content.power;
  }
};

class ContentUnits : public testing::TestWithParam<Content> {};

TEST_P(ContentUnits, AreWhatABiologistWrites) {
  const auto& [density, power, unit, factor] = GetParam();
  const ContentUnit content = content_unit(Unit::parse(density), Dimension::length(), power);
  EXPECT_EQ(content.unit.text(), unit);
  EXPECT_EQ(content.factor, factor);
}

// Factors by hand: 1 m^3 is 1000 L, 1e18 um^3, 1e6 mL; 1 m^2 is 1e12 um^2, 1e4 cm^2.
INSTANTIATE_TEST_SUITE_P(
    Densities, ContentUnits,
    testing::Values(Content{"nM", 3, "nmol", 1e3}, Content{"mM", 3, "mmol", 1e3},
                    Content{"uM", 2, "umol/m", 1e3}, Content{"nanomolar", 3, "nanomole", 1e3},
                    Content{"mol/m^3", 3, "mol", 1.0}, Content{"fmol/um^2", 2, "fmol", 1e12},
                    Content{"fmol/um^2", 1, "fmol/m", 1e12}, Content{"mmol/L", 3, "mmol", 1e3},
                    Content{"uM/ms", 3, "umol/ms", 1e3}, Content{"pg/um^3", 3, "pg", 1e18},
                    Content{"kg/m^3", 3, "kg", 1.0}, Content{"cells/mL", 3, "cells", 1e6},
                    Content{"1/um^3", 3, "1", 1e18}, Content{"1", 3, "m^3", 1.0}, Content{"1", 2, "m^2", 1.0},
                    Content{"um", 2, "m^3", 1e-6}, Content{"uA/cm^2", 2, "uA", 1e4},
                    Content{"uF/cm^2", 2, "uF", 1e4}, Content{"mV", 3, "mV m^3", 1.0},
                    Content{"nM", 0, "nM", 1.0}));

TEST(ContentUnit, OfADimensionlessModelIsThatOfTheDensity) {
  const ContentUnit content = content_unit(Unit::parse("nM"), Dimension(), 3);
  EXPECT_EQ(content.unit.text(), "nM");
  EXPECT_EQ(content.factor, 1.0);
}

TEST(FittingPrefix, MakesNumbersBetweenOneAndAThousand) {
  const auto fitted = [](const char* unit, double magnitude) {
    return with_fitting_prefix(Unit::parse(unit), magnitude).text();
  };
  EXPECT_EQ(fitted("mol", 2e-10), "pmol");
  EXPECT_EQ(fitted("nmol", 2e-4), "fmol");
  EXPECT_EQ(fitted("nmol", 5e6), "mmol");
  EXPECT_EQ(fitted("nmol", -999.0), "nmol");
  EXPECT_EQ(fitted("nmol", 1000.0), "umol");
  EXPECT_EQ(fitted("kg", 3e-7), "ug");
  EXPECT_EQ(fitted("umol/m", 0.02), "nmol/m");
  EXPECT_EQ(fitted("mol", 1e-23), "amol");  // there is no smaller prefix
  EXPECT_EQ(fitted("mol", 1e9), "kmol");
  // No prefix goes with these.
  EXPECT_EQ(fitted("m^3", 1e-15), "m^3");
  EXPECT_EQ(fitted("1/s", 1e-15), "1/s");
  EXPECT_EQ(fitted("1", 1e9), "1");
  EXPECT_EQ(fitted("cells", 1e9), "cells");
  EXPECT_EQ(fitted("min", 1e9), "min");
  EXPECT_EQ(fitted("ppm", 1e9), "ppm");
  // Nothing fits these.
  EXPECT_EQ(fitted("nmol", 0.0), "nmol");
  EXPECT_EQ(fitted("nmol", std::numeric_limits<double>::infinity()), "nmol");
}

}  // namespace
}  // namespace holon

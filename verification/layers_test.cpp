// Layers in series conduct by their harmonic mean (case: continuum V18).
#include "verification/model_run.hpp"
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

double effective(const std::vector<std::string>& settings) {
  return ModelRun("models/tissue/layers.yaml", settings).to_the_end().result("D_effective");
}

/// Relative: the case asks for 1e-8 of finite volumes; what is left here is the solver's residual.
constexpr double tolerance = 1e-9;

TEST(Layers, ConductByTheirHarmonicMean) {
  const double exact = 155.0 / (50.0 / 1e-9 + 5.0 / 1e-11 + 100.0 / 5e-10);
  EXPECT_NEAR(exact, 2.06667e-10, 1e-15);
  EXPECT_NEAR(effective({}), exact, tolerance * exact);
}

TEST(Layers, DoSoWhereverTheyMeetOnTheGrid) {
  const double exact = 83.3 / (11.7 / 3e-9 + 1.3 / 2e-12 + 70.3 / 5e-10);
  for (const std::string spacing : {"8.33 um", "83.3 um", "0.833 um"})
    EXPECT_NEAR(
        effective({"parameters.L1=11.7 um", "parameters.L2=1.3 um", "parameters.L3=70.3 um",
                   "parameters.D1=3e-9 m^2/s", "parameters.D2=2e-12 m^2/s", "parameters.spacing=" + spacing}),
        exact, tolerance * exact)
        << spacing;
}

TEST(Layers, EqualLayersAreOne) {
  EXPECT_NEAR(effective({"parameters.D2=1e-9 m^2/s", "parameters.D3=1e-9 m^2/s"}), 1e-9, tolerance * 1e-9);
}

}  // namespace
}  // namespace holon::verification

// Diffusion with decay of a cosine in a box (case: tissue-agents V1).
#include <cmath>

#include "verification/model_run.hpp"
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

double error_max(const std::vector<std::string>& settings) {
  return ModelRun("models/principles/decaying_cosine.yaml", settings).to_the_end().result("error_max");
}

std::vector<std::string> cubes(const std::string& spacing, const std::string& step) {
  return {"parameters.spacing_x=" + spacing, "parameters.spacing_y=" + spacing,
          "parameters.spacing_z=" + spacing, "parameters.step=" + step};
}

TEST(DecayingCosine, ConvergesWithSecondOrderInSpace) {
  // At a step whose error is a hundredth of the grid's.
  const double coarse = error_max(cubes("200 um", "0.005 min"));
  const double fine = error_max(cubes("100 um", "0.005 min"));
  EXPECT_GT(order(coarse, fine), 1.9);
}

TEST(DecayingCosine, ConvergesWithSecondOrderInTime) {
  // The grid's error is the same at every step, so differences between steps show the order.
  const double s4 = error_max(cubes("100 um", "0.06 min")), s2 = error_max(cubes("100 um", "0.03 min")),
               s1 = error_max(cubes("100 um", "0.015 min"));
  EXPECT_GT(order(std::abs(s4 - s2), std::abs(s2 - s1)), 1.9);
}

TEST(DecayingCosine, ConvergesOnUnequalSpacings) {
  // 20, 10 and 40 um is the case's ratio; four times as coarse here, and twice as coarse again.
  const double coarse = error_max({"parameters.spacing_x=200 um", "parameters.spacing_y=100 um",
                                   "parameters.spacing_z=400 um", "parameters.step=0.01 min"});
  const double fine = error_max({"parameters.spacing_x=100 um", "parameters.spacing_y=50 um",
                                 "parameters.spacing_z=200 um", "parameters.step=0.005 min"});
  EXPECT_GT(order(coarse, fine), 1.9);
}

TEST(DecayingCosine, ErrorAtTheCaseStepIsAnOrderBelowTheFirstOrderScheme) {
  // The first-order scheme of the case errs by 1.36e-4 at 20 um and 0.01 min, nearly all of it in time.
  EXPECT_LT(error_max(cubes("40 um", "0.01 min")), 1.0e-4);
}

TEST(DecayingCosine, ContentOfTheBoxFollowsTheDecayExactly) {
  ModelRun run("models/principles/decaying_cosine.yaml", cubes("200 um", "0.01 min"));
  EXPECT_LT(run.to_the_end().result("total_error"), 1e-12);
  EXPECT_EQ(run.unit("total_error"), "1");
}

}  // namespace
}  // namespace holon::verification

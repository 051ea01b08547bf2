// Calcium binding to troponin has an exact solution (case: cardiac V1).
#include <algorithm>
#include <cmath>

#include "verification/model_run.hpp"
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

const double published = 0.517913226594;  // at 10 ms, to about ten digits
const double exact = 2.0 / 3.0 * -std::expm1(-1.5);

TEST(Troponin, AdaptiveSolutionIsExactToTheDemandedTolerance) {
  ModelRun run("models/heart/troponin.yaml");
  EXPECT_NEAR(run.to_the_end().result("n_final"), published, 1e-8);
  EXPECT_EQ(run.unit("n_final"), "1");
}

TEST(Troponin, SteadyFractionIsThatOfMassAction) {
  ModelRun run("models/heart/troponin.yaml", {"parameters.until=200 ms"});
  EXPECT_NEAR(run.to_the_end().result("n_final"), 2.0 / 3.0, 1e-8);
}

double error_with(const std::string& integrator, const std::string& step) {
  ModelRun run("models/heart/troponin.yaml",
               {"parameters.integrator=" + integrator, "parameters.step=" + step});
  return std::abs(run.to_the_end().result("n_final") - exact);
}

TEST(Troponin, FixedStepsConvergeWithTheirOrder) {
  EXPECT_NEAR(order(error_with("forward_euler", "0.5 ms"), error_with("forward_euler", "0.25 ms")), 1.0, 0.1);
  EXPECT_NEAR(order(error_with("heun", "0.5 ms"), error_with("heun", "0.25 ms")), 2.0, 0.1);
  EXPECT_NEAR(order(error_with("rk4", "1 ms"), error_with("rk4", "0.5 ms")), 4.0, 0.2);
  EXPECT_LT(error_with("rush_larsen", "2.5 ms"), 1e-12);  // exact for an own-linear state
}

TEST(Troponin, ExponentialUpdateStaysAFractionForAnyStepAndEulerLeavesIt) {
  const auto extremes = [](const std::string& integrator, const std::string& step) {
    ModelRun run("models/heart/troponin.yaml", {"parameters.integrator=" + integrator,
                                                "parameters.step=" + step, "parameters.until=240 ms"});
    run.to_the_end();
    const std::vector<double> n = run.column("binding", "n");
    const auto [least, most] = std::minmax_element(n.begin(), n.end());
    return std::pair(*least, *most);
  };
  for (const char* step : {"12 ms", "40 ms"}) {
    const auto [least, most] = extremes("rush_larsen", step);
    EXPECT_GE(least, 0.0);
    EXPECT_LE(most, 1.0);
  }
  // 12 ms is stable (the limit is 2/(k_on c + k_off) = 13.3 ms), but above 1/(k_on c) = 10 ms: the first step
  // binds 1.2 calcium per site.
  EXPECT_NEAR(extremes("forward_euler", "12 ms").second, 1.2, 1e-12);
}

}  // namespace
}  // namespace holon::verification

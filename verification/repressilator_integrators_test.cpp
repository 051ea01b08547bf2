// Integrators on the repressilator (case: equation-compiler, verification 2): fourth order of RK4, second
// order of ROS2 and of the implicit midpoint rule, and steep powers of proteins that start at 0.
#include <algorithm>
#include <cmath>

#include "verification/model_run.hpp"
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

std::vector<double> end(const std::string& integrator, const std::string& step, const std::string& until,
                        const std::vector<std::string>& settings = {}) {
  std::vector<std::string> all{"parameters.integrator=" + integrator, "parameters.step=" + step,
                               "parameters.until=" + until, "parameters.transient=0",
                               "parameters.sample=" + until};
  all.insert(all.end(), settings.begin(), settings.end());
  ModelRun run("models/circuits/repressilator.yaml", all);
  run.to_the_end();
  const State state = run.simulation().complete_state();
  std::vector<double> values;
  for (const char* name : {"m1", "m2", "m3", "p1", "p2", "p3"}) {
    values.push_back(state.real(state.fields().id(std::string("cell.") + name))[0]);
  }
  return values;
}

double error(const std::vector<double>& values, const std::vector<double>& reference) {
  double worst = 0.0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    worst = std::max(worst, std::fabs(values[i] - reference[i]) / std::fabs(reference[i]));
  }
  return worst;
}

// The reference is the adaptive integrator at a tolerance near round-off; at t = 100 it has the published
// digits.
std::vector<double> reference(const std::string& until) {
  return end("rosenbrock", "0.5", until,
             {"processes.cell.tolerance.relative=1e-13", "processes.cell.tolerance.absolute=1e-13"});
}

TEST(RepressilatorIntegrators, AdaptiveRosenbrockHasThePublishedDigits) {
  const std::vector<double> published{0.299041236823, 34.9803895705, 3.07327182420,
                                      1.88161765889,  13.1668709357, 36.4359802335};
  EXPECT_LT(error(reference("100"), published), 1e-11);  // twelve digits are published
}

TEST(RepressilatorIntegrators, RungeKuttaWithAHundredthIsExactToEightDigitsAtTwoHundred) {
  EXPECT_LT(error(end("rk4", "0.01", "200"), reference("200")), 1e-8);
}

TEST(RepressilatorIntegrators, RosenbrockAndImplicitMidpointAreOfOrderTwo) {
  const std::vector<double> exact = reference("50");
  for (const char* integrator :
       {"rosenbrock_2", "implicit_midpoint", "rush_larsen_2", "generalised_rush_larsen_2"}) {
    const double coarse = error(end(integrator, "0.02", "50"), exact),
                 fine = error(end(integrator, "0.01", "50"), exact);
    EXPECT_NEAR(order(coarse, fine), 2.0, 0.05) << integrator << " " << coarse << " " << fine;
  }
}

}  // namespace
}  // namespace holon::verification

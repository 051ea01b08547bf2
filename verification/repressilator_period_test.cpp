// The repressilator's clock (case: equation-compiler verification 2, and the period of the same form).
#include "verification/model_run.hpp"
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

TEST(Repressilator, PeriodIsThePublishedOne) {
  ModelRun run("models/circuits/repressilator.yaml");
  EXPECT_NEAR(run.to_the_end().result("period"), 47.0065,
              5e-4);  // half the last published digit and the interpolation
}

TEST(Repressilator, StateAtHundredIsThePublishedOne) {
  ModelRun run("models/circuits/repressilator.yaml",
               {"parameters.until=100", "parameters.transient=50", "parameters.step=0.005"});
  run.to_the_end();
  const State state = run.simulation().complete_state();
  const std::pair<const char*, double> published[] = {{"m1", 0.299041236823}, {"m2", 34.9803895705},
                                                      {"m3", 3.07327182420},  {"p1", 1.88161765889},
                                                      {"p2", 13.1668709357},  {"p3", 36.4359802335}};
  for (const auto& [name, value] : published)
    // RK4 at 0.005 errs by about 1e-9.
    EXPECT_NEAR(state.real(state.fields().id(std::string("cell.") + name))[0], value, 1e-8 * value) << name;
}

}  // namespace
}  // namespace holon::verification

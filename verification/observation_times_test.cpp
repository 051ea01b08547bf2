// Observation times need not lie on the schedule's steps: what is seen there is of the integrator's accuracy,
// and the run goes on as if nobody had looked.
#include <cmath>

#include "verification/model_run.hpp"
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

std::vector<double> states_at_the_end(ModelRun& run) {
  const State state = run.simulation().complete_state();
  std::vector<double> all;
  for (FieldId id = 0; id < state.fields().size(); ++id)
    for (int c = 0; c < state.fields()[id].components; ++c) {
      const auto column = state.real(id, c);
      all.insert(all.end(), column.begin(), column.end());
    }
  return all;
}

struct Looked {
  std::string file;
  std::vector<std::string> settings;
};

TEST(ObservationTimes, BetweenStepsLeaveTheTrajectoryAsItIs) {
  const std::vector<Looked> runs = {
      {"models/heart/cell.yaml", {"parameters.until=30 ms", "parameters.step=0.3 ms"}},
      {"models/heart/cell.yaml",
       {"parameters.until=30 ms", "parameters.step=0.02 ms", "parameters.integrator=rush_larsen"}},
      {"models/heart/cell.yaml",
       {"parameters.until=30 ms", "parameters.step=0.5 ms", "parameters.integrator=rosenbrock"}},
      {"models/heart/cell.yaml",
       {"parameters.until=30 ms", "parameters.step=0.5 ms", "parameters.integrator=dormand_prince"}},
      {"models/heart/cable.yaml", {"parameters.until=2 ms", "parameters.spacing=0.5 mm"}}};
  for (const Looked& looked : runs) {
    std::vector<std::string> settings = looked.settings;
    settings.emplace_back("parameters.sample=1 ms");
    ModelRun seldom(looked.file, settings);
    settings.back() = "parameters.sample=0.0077 ms";
    ModelRun often(looked.file, settings);
    seldom.to_the_end();
    often.to_the_end();
    EXPECT_EQ(states_at_the_end(often), states_at_the_end(seldom)) << looked.file << ' ' << settings[1];
  }
}

TEST(ObservationTimes, BetweenStepsCostCvodeStepsOnlyWhereItBeginsAgain) {
  const auto steps = [](const char* sample) {
    ModelRun run("models/heart/cell.yaml",
                 {"parameters.until=9.5 ms", "parameters.step=0.5 ms", "parameters.stimulus_start=0.5 ms",
                  "observe.action_potential.resolution=1 ms", sample});
    run.to_the_end();
    return static_cast<double>(run.simulation().timings()[0].counters.steps);
  };
  // CVODE begins again at 0, 0.5 and 1.5 ms: in three macro steps each of 65 looks is a run of its own. In
  // the other sixteen it goes on: made again for each look they would be 1000 runs of up to 8 ms.
  const double seldom = steps("parameters.sample=0.5 ms"), often = steps("parameters.sample=0.0077 ms");
  EXPECT_LT(often - seldom, 3 * 65 * 200) << often << " and " << seldom;
}

TEST(ObservationTimes, BetweenStepsAreAsAccurateAsTheIntegrator) {
  // n(t) = n_inf (1 - exp(-t/tau)) with n_inf = 2/3, tau = 1/150 s; five looks in a step of 1 ms, and a
  // rhythm that meets no step but every seventh.
  for (const char* integrator : {"dormand_prince", "cvode", "rosenbrock"})
    for (const char* sample : {"0.2 ms", "0.7 ms"}) {
      ModelRun run("models/heart/troponin.yaml",
                   {std::string("parameters.integrator=") + integrator, "parameters.step=1 ms",
                    std::string("parameters.sample=") + sample});
      run.to_the_end();
      const std::vector<double> time = run.column("binding", "time"), n = run.column("binding", "n");
      ASSERT_GE(n.size(), 15u);
      for (std::size_t k = 0; k < n.size(); ++k)
        EXPECT_NEAR(n[k], 2.0 / 3.0 * -std::expm1(-0.15 * time[k]), 2e-8) << integrator << ' ' << time[k];
    }
}

// The figures of a beat are those of the solution, whatever the schedule's step: CVODE chooses its own.
TEST(ObservationTimes, FiguresOfABeatDoNotDependOnTheStepOfTheSchedule) {
  for (const char* step : {"0.02 ms", "0.1 ms", "0.25 ms", "1 ms"}) {
    ModelRun run("models/heart/cell.yaml", {std::string("parameters.step=") + step, "parameters.sample=1 ms",
                                            "parameters.until=400 ms"});
    run.to_the_end();
    EXPECT_NEAR(run.result("dvdt_max"), 370.99, 0.02) << step;
    EXPECT_NEAR(run.result("v_max"), 37.37718, 5e-5) << step;
    EXPECT_NEAR(run.result("apd50"), 262.8621, 1e-4) << step;
    EXPECT_NEAR(run.result("apd90"), 291.4700, 1e-4) << step;
    EXPECT_NEAR(run.result("cai_peak_time"), 25.13, 0.005) << step;
  }
}

}  // namespace
}  // namespace holon::verification

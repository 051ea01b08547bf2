// From excitation to tension, and the early beat: models without published numbers, held against what follows
// from their parts.
#include <cmath>

#include "verification/model_run.hpp"
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

TEST(TissueTension, FollowsItsCalciumByMassAction) {
  // The equation of troponin, integrated here with the calcium that the run recorded in the middle of the
  // slab: its exact solution over each interval of the samples at the interval's mean calcium, second order.
  ModelRun run("models/heart/tissue_tension.yaml",
               {"parameters.sample=0.5 ms", "parameters.length=6 mm", "parameters.width=3 mm"});
  run.to_the_end();
  const auto time = run.column("middle", "time"), calcium = run.column("middle", "Cai"),
             tension = run.column("middle", "tension");
  const double on = 0.1 * 1e3, off = 0.05;  // 1/(mM ms), 1/ms
  double n = on * 0.126e-3 / (on * 0.126e-3 + off), largest = 0.0;
  for (std::size_t k = 1; k < time.size(); ++k) {
    const double c = 0.5 * (calcium[k - 1] + calcium[k]), rate = on * c + off;
    n = on * c / rate + (n - on * c / rate) * std::exp(-rate * (time[k] - time[k - 1]));
    ASSERT_NEAR(tension[k], 60.0 * n, 0.02) << "at " << time[k] << " ms";
    largest = std::max(largest, tension[k]);
  }
  EXPECT_GT(largest,
            30.0);  // 60 kPa 0.96 uM/(0.96 uM + 0.5 uM) would be 39.5 kPa in equilibrium with the peak
  EXPECT_LT(largest, 39.5);
}

TEST(TissueTension, PeaksLongAfterTheWaveAndScalesWithItsLargestValue) {
  const std::vector<std::string> coarse{"parameters.length=6 mm", "parameters.width=3 mm",
                                        "parameters.until=250 ms"};
  ModelRun run("models/heart/tissue_tension.yaml", coarse);
  run.to_the_end();
  auto settings = coarse;
  settings.emplace_back("parameters.tension_max=30 kPa");
  ModelRun half("models/heart/tissue_tension.yaml", settings);
  half.to_the_end();
  EXPECT_NEAR(half.result("peak_tension"), 0.5 * run.result("peak_tension"), 1e-9);
  EXPECT_NEAR(half.result("time_to_peak"), run.result("time_to_peak"), 1e-6);
  EXPECT_GT(run.result("peak_tension"), 30.0);
  EXPECT_GT(run.result("time_to_peak"), 60.0);
}

TEST(Restitution, AnEarlierBeatIsShorterAndSlower) {
  double apd = 0.0, cv = 0.0;
  for (const char* interval : {"340 ms", "370 ms", "420 ms", "600 ms"}) {
    ModelRun run("models/heart/restitution.yaml",
                 {"parameters.s1_beats=2", std::string("parameters.interval=") + interval});
    run.to_the_end();
    EXPECT_GT(run.result("apd"), apd) << interval;
    EXPECT_GT(run.result("cv"), cv) << interval;
    apd = run.result("apd");
    cv = run.result("cv");
  }
  // Late enough, it travels like a first wave (V11: 0.6135 mm/ms; recovery is not complete after 600 ms).
  EXPECT_NEAR(cv, 0.6135, 0.02 * 0.6135);
}

TEST(Restitution, TooEarlyABeatHasNoResultsButTheReason) {
  ModelRun run("models/heart/restitution.yaml", {"parameters.s1_beats=1", "parameters.interval=250 ms"});
  run.to_the_end();
  EXPECT_ANY_THROW(run.result("apd"));
  EXPECT_ANY_THROW(run.result("cv"));
}

}  // namespace
}  // namespace holon::verification

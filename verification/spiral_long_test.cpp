// The spiral of Aliev and Panfilov (case: cardiac V14) on its finer grids: minutes of processor time.
#include <cmath>
#include <utility>

#include "verification/model_run.hpp"
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

ModelRun finished(const std::string& spacing) {
  ModelRun run("models/heart/spiral.yaml",
               {"parameters.spacing=" + spacing, "parameters.step=0.01", "parameters.sample=0.5"});
  run.to_the_end();
  return run;
}

/// Mean place of the tip between two times.
std::pair<double, double> centre(const ModelRun& run, double begin, double end) {
  const auto time = run.column("tip", "time"), x = run.column("tip", "x"), y = run.column("tip", "y");
  double count = 0.0, sum_x = 0.0, sum_y = 0.0;
  for (std::size_t k = 0; k < time.size(); ++k) {
    if (time[k] < begin || time[k] >= end) continue;
    count += 1.0;
    sum_x += x[k];
    sum_y += y[k];
  }
  return {sum_x / count, sum_y / count};
}

TEST(Spiral, PeriodAtAMiddleSpacingIsThePublishedOne) {
  EXPECT_NEAR(finished("0.4").result("period"), 33.394, 0.01 * 33.394);
}

TEST(Spiral, OnAFineGridHasThePublishedPeriodOneTipAndNoDrift) {
  const ModelRun run = finished("0.3");
  const double period = run.result("period");
  EXPECT_NEAR(period, 33.271, 0.01 * 33.271);
  for (const double count : run.column("tip_count", "count")) ASSERT_EQ(count, 1.0);
  // The centre of the tip's circle, whose radius is about 4, over two turns three turns apart. One spacing in
  // that time would be a drift.
  const auto early = centre(run, 500.0 - 5.0 * period, 500.0 - 3.0 * period),
             late = centre(run, 500.0 - 2.0 * period, 500.0);
  EXPECT_LT(std::hypot(late.first - early.first, late.second - early.second), 0.3);
}

}  // namespace
}  // namespace holon::verification

// The spiral of Aliev and Panfilov (case: cardiac V14) on its coarsest grid; the finer ones are in
// spiral_long_test.
#include <algorithm>

#include "verification/model_run.hpp"
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

TEST(Spiral, TurnsWithThePublishedPeriodAroundOneTip) {
  ModelRun run("models/heart/spiral.yaml");
  run.to_the_end();
  EXPECT_NEAR(run.result("period"), 33.744, 0.01 * 33.744);
  EXPECT_EQ(run.result("tips"), 1.0);
  const auto counts = run.column("tip_count", "count");
  EXPECT_EQ(std::count(counts.begin(), counts.end(), 1.0), static_cast<std::ptrdiff_t>(counts.size()));
}

}  // namespace
}  // namespace holon::verification

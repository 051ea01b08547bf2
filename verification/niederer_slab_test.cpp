// The slab of ventricle (case: cardiac V12) on its coarsest grid, and the speed of the wave along and across
// the fibres through the three-dimensional code (V11). The finer grids are in niederer_slab_long_test.
#include "verification/niederer_slab.hpp"

#include "verification/model_run.hpp"
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

/// Second order in space on half a millimetre; the finest step once, whoever needs it.
const SlabTimes& at_the_finest_step() {
  static const SlabTimes times = slab_times("0.5", "2", "0.01");
  return times;
}

TEST(NiedererSlab, SecondOrderOnHalfAMillimetreIsWithinTheElevenCodes) {
  expect_within_the_eleven_codes(at_the_finest_step().far, {117.86, 36.1}, "far corner");
  expect_within_the_eleven_codes(at_the_finest_step().x, {47.73, 8.33}, "x corner");
}

TEST(NiedererSlab, TimesConvergeWithTheSquareOfTheStep) {
  const SlabTimes coarse = slab_times("0.5", "2", "0.04"), middle = slab_times("0.5", "2", "0.02");
  const SlabTimes& fine = at_the_finest_step();
  EXPECT_NEAR(order(coarse.far - middle.far, middle.far - fine.far), 2.0, 0.3);
  EXPECT_NEAR(order(coarse.x - middle.x, middle.x - fine.x), 2.0, 0.3);
}

TEST(NiedererSlab, FourthOrderLosesLessSpeedOnACoarseGrid) {
  // Both are late, since a grid that does not resolve the front slows it down; the limit is 41.4 ms.
  const double fourth = slab_times("0.5", "4", "0.04").far;
  EXPECT_LT(fourth, at_the_finest_step().far - 20.0);
  EXPECT_GT(fourth, 41.4);
}

TEST(NiedererSlab, ObliqueFibresRunByThemselvesAndMirrorTheWave) {
  // Along the diagonal of a square the two neighbouring corners are alike; the far one lies along the fibres.
  const auto times = [](const std::string& fibre) {
    ModelRun run("models/heart/niederer_slab.yaml",
                 {"parameters.fibre=" + fibre, "parameters.length=5 mm", "parameters.width=5 mm",
                  "parameters.height=1 mm", "parameters.spacing=0.25 mm", "parameters.step=0.04 ms"});
    run.to_the_end();
    return SlabTimes{.far = run.result("activation_corner_far"),
                     .x = run.result("activation_corner_x"),
                     .y = run.result("activation_corner_y")};
  };
  const SlabTimes up = times("[0.7071067811865476, 0.7071067811865476, 0]");
  EXPECT_NEAR(up.x, up.y, 1e-9);
  const SlabTimes down = times("[0.7071067811865476, -0.7071067811865476, 0]");
  EXPECT_NEAR(down.x, down.y, 1e-9);
  EXPECT_LT(up.far, down.far - 5.0);
}

}  // namespace
}  // namespace holon::verification

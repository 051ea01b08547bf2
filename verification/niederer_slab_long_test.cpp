// The slab of ventricle on its finer grids (case: cardiac V12), and the speed of the wave along and across
// the fibres through the three-dimensional code (V11): minutes of processor time.
#include "verification/model_run.hpp"
#include "verification/niederer_slab.hpp"
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

TEST(NiedererSlab, SecondOrderIsWithinTheElevenCodesAndItsLimitIsThatOfTheIndependentRuns) {
  const SlabTimes fifth = slab_times("0.2", "2", "0.01"), tenth = slab_times("0.1", "2", "0.01");
  expect_within_the_eleven_codes(fifth.far, {53.81, 8.17}, "far corner at 0.2 mm");
  expect_within_the_eleven_codes(fifth.x, {34.43, 1.48}, "x corner at 0.2 mm");
  expect_within_the_eleven_codes(tenth.far, {44.93, 3.22}, "far corner at 0.1 mm");
  expect_within_the_eleven_codes(tenth.x, {32.23, 0.56}, "x corner at 0.1 mm");
  expect_within_the_eleven_codes(tenth.y, {29.76, 1.65}, "y corner at 0.1 mm");
  expect_within_the_eleven_codes(tenth.z, {8.95, 0.56}, "z corner at 0.1 mm");
  expect_within_the_eleven_codes(tenth.center, {20.50, 1.30}, "centre at 0.1 mm");
  // Richardson on h^2; what the step of 0.01 ms costs is hundredths of a millisecond (below). The values are
  // the means of two independent extrapolations, which differ by up to 0.3 ms; across the fibres 0.1 mm is
  // still coarse, and terms of h^4 add half a millisecond.
  const auto limit = [](double at_0_2, double at_0_1) { return at_0_1 - (at_0_2 - at_0_1) / 3.0; };
  EXPECT_NEAR(limit(fifth.far, tenth.far), 41.4, 0.6);
  EXPECT_NEAR(limit(fifth.x, tenth.x), 31.6, 0.4);
  EXPECT_NEAR(limit(fifth.y, tenth.y), 26.8, 0.8);
  EXPECT_NEAR(limit(fifth.z, tenth.z), 8.2, 0.4);
  EXPECT_NEAR(limit(fifth.center, tenth.center), 19.0, 0.4);
}

TEST(NiedererSlab, FourthOrderReachesTheFarCornerAfter50And43Milliseconds) {
  EXPECT_NEAR(slab_times("0.2", "4", "0.01").far, 50.0, 1.0);
  EXPECT_NEAR(slab_times("0.1", "4", "0.01").far, 43.0, 1.0);
}

TEST(NiedererSlab, StepsOfThreeSizesAgree) {
  // Second order in time: at 0.2 mm the error of the step of 0.05 ms is tenths of a millisecond, at 0.01 ms
  // hundredths.
  const double fine = slab_times("0.2", "2", "0.005").far;
  EXPECT_NEAR(slab_times("0.2", "2", "0.05").far, fine, 0.5);
  EXPECT_NEAR(slab_times("0.2", "2", "0.01").far, fine, 0.03);
}

/// A bar of five by five intervals across, stimulated over the first 1.5 mm of its length along x; speed from
/// 5 to 15 mm [mm/ms].
double bar_speed(const std::string& fibre, const std::string& spacing, const std::string& step) {
  const std::string cells = HOLON_SOURCE_DIR "/models/heart/cells/ten_tusscher_2006_epi.yaml";
  ModelRun run = ModelRun::of_text(R"yaml(holon: 1
title: A bar of ventricle
parameters: {h: )yaml" + spacing + R"yaml( mm}
spaces: {bar: {type: grid, sites: nodes, size: [20 mm, =5*h, =5*h], spacing: =h}}
fields:
  stimulated: {space: bar, initial: {share_in_box: {space: bar, from: [0 mm, 0 mm, 0 mm], to: [1.5 mm, inf, inf]}}}
processes:
  membrane:
    type: kinetics
    space: bar
    equations: )yaml" + cells + R"yaml(
    integrator: rush_larsen_2
    inputs: {stimulus: "=-35.714 uA/uF*stimulated*pulse(time, 0 ms, 2 ms)"}
  conduction:
    type: diffusion
    field: membrane.V
    order: 4
    integrator: explicit
    diffusivity: {along: 0.0952983726 mm^2/ms, across: 0.0125758411 mm^2/ms, fibre: )yaml" +
                                   fibre + R"yaml(}
schedule: {step: )yaml" + step + R"yaml( ms, until: 100 ms, stop_when: speed, strang: [conduction, membrane]}
observe:
  speed: {type: conduction_velocity, of: membrane.V, threshold: 0 mV, from: [5 mm, 0 mm, 0 mm], to: [15 mm, 0 mm, 0 mm]}
results: {speed: {of: speed, unit: mm/ms}}
)yaml");
  return run.to_the_end().result("speed");
}

TEST(BarOfVentricle, SpeedsAlongAndAcrossTheFibresAreTheExtrapolatedOnes) {
  EXPECT_NEAR(bar_speed("[1, 0, 0]", "0.05", "0.005"), 0.6135, 0.005 * 0.6135);
  // The wave is narrower by sqrt(D_along/D_across) = 2.7528.
  EXPECT_NEAR(bar_speed("[0, 0, 1]", "0.025", "0.0025"), 0.2229, 0.005 * 0.2229);
}

}  // namespace
}  // namespace holon::verification

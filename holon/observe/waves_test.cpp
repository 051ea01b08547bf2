// Observers of waves on exact travelling profiles.
#include "holon/observe/prescribed.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon::observe {
namespace {

using test::number;
using test::why;
using ::testing::HasSubstr;

/// u rises through 0 at x when t = x/c, with c = 0.6 mm/ms: straight in time and place.
std::string ramp(const std::string& rest, const std::string& schedule = "step: 0.25 ms, until: 20 ms") {
  return R"(
holon: 1
parameters: {c: 0.6 mm/ms}
spaces: {cable: {type: grid, sites: nodes, size: [10 mm], spacing: 0.5 mm}}
processes: {wave: {type: prescribed, space: cable, unit: mV, value: '=(time - position.x/c)*1 mV/(1 ms)'}
}
schedule : {)" +
         schedule + "}\n" + rest;
}

TEST(ActivationTime, OfARampIsExactBetweenStepsAndSites) {
  const auto run = test::run(ramp(R"(
observe: {activation: {type: activation_time, of: wave.u, threshold: 0.3 mV}}
results:
  site: {of: activation, at: [3 mm]}
  between: {of: activation, at: [3.1 mm], unit: us}
  first: {of: activation.first}
  last: {of: activation.last}
)"));
  EXPECT_NEAR(number(*run, "site"), 5.3, 1e-9);
  EXPECT_NEAR(number(*run, "between"), 1e3 * (3.1 / 0.6 + 0.3), 1e-6);
  EXPECT_NEAR(number(*run, "first"), 0.3, 1e-9);
  EXPECT_NEAR(number(*run, "last"), 10 / 0.6 + 0.3, 1e-9);
}

TEST(ActivationTime, EndsARunWhenEverySiteIsActivated) {
  const auto run =
      test::run(ramp("observe: {activation: {type: activation_time, of: wave.u, threshold: 0 mV}}\n",
                     "step: 0.25 ms, until: 50 ms, stop_when: activation"));
  EXPECT_NEAR(run->time(), 16.75e-3, 1e-12);  // the first step after 10 mm / (0.6 mm/ms)
}

TEST(ActivationTime, OfWhatIsNotReachedIsNullWithAReason) {
  const auto run = test::run(ramp(R"(
observe: {activation: {type: activation_time, of: wave.u, threshold: 0 mV}}
results: {far: {of: activation, at: [10 mm]}, last: {of: activation.last}}
)",
                                  "step: 0.25 ms, until: 10 ms"));
  EXPECT_THAT(why(*run, "far"), HasSubstr("not activated"));
  EXPECT_THAT(why(*run, "last"), HasSubstr("8 of 21 sites"));
}

TEST(ActivationTime, IsWrittenAsAMapOnAGrid) {
  test::Frames frames;
  test::run(ramp("observe: {activation: {type: activation_time, of: wave.u, threshold: 0 mV}}\n"), &frames);
  ASSERT_EQ(frames.list.size(), 1U);
  EXPECT_EQ(frames.list[0].columns[0].unit.text(), "ms");
  EXPECT_NEAR(frames.list[0].columns[0].values[20], 10 / 0.6, 1e-9);
}

TEST(ActivationTime, AtAPlaceOutsideTheSpaceIsAnError) {
  const auto attempt = test::attempt(ramp(R"(
observe: {activation: {type: activation_time, of: wave.u, threshold: 0 mV}}
results: {far: {of: activation, at: [11 mm]}}
)"));
  EXPECT_THAT(attempt.errors, HasSubstr("results.far.at"));
  EXPECT_THAT(attempt.errors, HasSubstr("outside the space 'cable'"));
}

TEST(ConductionVelocity, OfARampIsExactAlsoBetweenSites) {
  const auto run = test::run(ramp(R"(
observe: {speed: {type: conduction_velocity, of: wave.u, threshold: 0.1 mV, from: [2.2 mm], to: [7.9 mm]}}
results: {speed: {of: speed, unit: mm/ms}}
)"));
  EXPECT_NEAR(number(*run, "speed"), 0.6, 1e-12);
}

TEST(ConductionVelocity, IsThatOfTheFirstWaveAfterATime) {
  // A wave of 0.6 mm/ms at once and one of 0.5 mm/ms 40 ms later, each 10 ms long.
  const auto run = test::run(R"(
holon: 1
spaces: {cable: {type: grid, sites: nodes, size: [10 mm], spacing: 0.5 mm}}
processes:
  wave:
    type: prescribed
    space: cable
    unit: mV
    value: >-
      =1 mV*max(1 - abs(time - 5 ms - position.x/(0.6 mm/ms))/(5 ms),
      1 - abs(time - 45 ms - position.x/(0.5 mm/ms))/(5 ms))
schedule: {step: 0.25 ms, until: 80 ms}
observe:
  first: {type: conduction_velocity, of: wave.u, threshold: 0.1 mV, from: [2.2 mm], to: [7.9 mm]}
  second: {type: conduction_velocity, of: wave.u, threshold: 0.1 mV, from: [2.2 mm], to: [7.9 mm], after: 30 ms}
results: {first: {of: first, unit: mm/ms}, second: {of: second, unit: mm/ms}}
)");
  EXPECT_NEAR(number(*run, "first"), 0.6, 1e-12);
  EXPECT_NEAR(number(*run, "second"), 0.5, 1e-12);
}

TEST(ConductionVelocity, OfAWaveThatDoesNotArriveIsNullWithAReason) {
  const auto run = test::run(ramp(R"(
observe: {speed: {type: conduction_velocity, of: wave.u, threshold: 0 mV, from: [2 mm], to: [9 mm]}}
results: {speed: {of: speed, unit: mm/ms}}
)",
                                  "step: 0.25 ms, until: 5 ms"));
  EXPECT_THAT(why(*run, "speed"), HasSubstr("did not reach the second place"));
}

TEST(ConductionVelocity, NeedsTwoPlaces) {
  EXPECT_THAT(test::attempt(
                  ramp("observe: {s: {type: conduction_velocity, of: wave.u, threshold: 0 mV, from: [2 mm], "
                       "to: [2 mm]}}\n"))
                  .errors,
              HasSubstr("is the same place as 'from'"));
}

std::string front(const std::string& value, const std::string& options) {
  return R"(
holon: 1
parameters: {c: 0.5656854}
spaces: {line: {type: grid, sites: nodes, size: [60], spacing: 0.25}}
processes: {wave: {type: prescribed, space: line, value: ")" +
         value + R"("}}
schedule: {step: 0.1, until: 40}
observe: {front: {type: front_speed, of: wave.u, level: 0.5)" +
         options + R"(}}
results: {front_speed: {of: front}}
)";
}

TEST(FrontSpeed, OfATravellingProfileIsItsSpeed) {
  const auto run = test::run(front("=1/(1 + exp((position.x - 20 - c*time)/sqrt(2)))", ""));
  EXPECT_NEAR(number(*run, "front_speed"), 0.5656854, 1e-6);
}

TEST(FrontSpeed, IsTheSameForAFrontThatRunsToTheLeft) {
  const auto run = test::run(front("=1/(1 + exp((40 - c*time - position.x)/sqrt(2)))", ""));
  EXPECT_NEAR(number(*run, "front_speed"), 0.5656854, 1e-6);
}

TEST(FrontSpeed, UsesTheWindowOfTimeAndPlace) {
  // The front moves twice as fast after t = 20.
  const std::string bent = "=1/(1 + exp((position.x - 10 - c*time - c*max(time - 20, 0))/sqrt(2)))";
  EXPECT_NEAR(number(*test::run(front(bent, ", after: 21")), "front_speed"), 2 * 0.5656854, 1e-6);
  EXPECT_NEAR(number(*test::run(front(bent, ", after: 0, to: 20")), "front_speed"), 0.5656854, 1e-6);
}

TEST(FrontSpeed, WithoutAFrontIsNullWithAReason) {
  EXPECT_THAT(why(*test::run(front("=0.2 + 0*position.x", "")), "front_speed"), HasSubstr("0 times"));
}

TEST(FrontSpeed, IsRefusedInThePlaneWithAWayOut) {
  EXPECT_THAT(test::attempt(R"(
holon: 1
spaces: {plane: {type: grid, sites: nodes, size: [6, 6], spacing: 1}}
processes: {wave: {type: prescribed, space: plane, value: 0}}
schedule: {step: 1, until: 4}
observe: {front: {type: front_speed, of: wave.u, level: 0.5}}
)")
                  .errors,
              HasSubstr("conduction_velocity"));
}

}  // namespace
}  // namespace holon::observe

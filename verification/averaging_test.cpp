// Averaging over a cycle: order of the slow step against the exact solution of the averaged equation, and the
// error of averaging itself against the run that follows every beat.
#include "holon/base/error.hpp"

#include "model_run.hpp"
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

using ::testing::HasSubstr;

const std::string file = "models/principles/averaging.yaml";

double error_of(const std::vector<std::string>& settings) {
  return ModelRun(file, settings).to_the_end().result("error");
}

TEST(Averaging, TheSlowStepHasItsOrder) {
  const auto error = [](int step, int order) {
    return error_of({fmt::format("parameters.step={}", step), fmt::format("parameters.order={}", order)});
  };
  EXPECT_NEAR(order(error(40, 2), error(20, 2)), 2.0, 0.25);
  EXPECT_NEAR(order(error(20, 1), error(10, 1)), 1.0, 0.15);
  // What is left at short steps is the error of the beat itself, of order 4 in its own step.
  EXPECT_LT(error(2, 2), 2e-5);
}

TEST(Averaging, FollowingEveryBeatDiffersByAnErrorProportionalToTheRatioOfTimes) {
  const auto error = [](const char* epsilon) {
    return error_of(
        {"parameters.method=resolved", "parameters.sample=1", fmt::format("parameters.epsilon={}", epsilon)});
  };
  const double coarse = error("0.02"), middle = error("0.01"), fine = error("0.005");
  EXPECT_NEAR(order(coarse, middle), 1.0, 0.1);
  EXPECT_NEAR(order(middle, fine), 1.0, 0.1);
  EXPECT_LT(middle, 0.02);
}

TEST(Averaging, TheClockRunsFarAhead) {
  // Twenty million beats.
  ModelRun run(file, {"parameters.epsilon=1e-7", "parameters.step=1e6"});
  run.to_the_end();
  EXPECT_NEAR(run.simulation().time(), 2e7, 1e-6);
  EXPECT_LT(run.result("error"), 2e-3);
}

TEST(Averaging, ACycleThatNeverClosesIsAFailureThatSaysSo) {
  try {
    ModelRun(file, {"parameters.period=1.5", "processes.beat.parameters.period=1"}).to_the_end();
    FAIL() << "one and a half periods are no period";
  } catch (const NumericalFailure& failure) {
    EXPECT_THAT(failure.what(), HasSubstr("beat did not become periodic in 100 periods of 1.5"));
    EXPECT_THAT(failure.what(), HasSubstr("is the period right?"));
  }
}

TEST(Averaging, APeriodLongerThanTheStepIsRefused) {
  try {
    ModelRun run(file, {"parameters.step=0.5"});
    FAIL() << "there is nothing to average over";
  } catch (const InputError& error) { EXPECT_THAT(error.what(), HasSubstr("longer than the macro step")); }
}

// A store that is filled by a pulsating flow: what the flow gives on the average, to round-off, and booked.
TEST(Averaging, WhatIsMovedIsBooked) {
  ModelRun run = ModelRun::of_text(R"(holon: 1
ledger: strict
spaces: {point: {type: point}}
processes:
  beat:
    type: kinetics
    space: point
    integrator: rk4
    units: {time: 1, x: 1}
    states: {x: 0}
    equations: |
      x' = 2*pi*cos(2*pi*time)
  store:
    type: kinetics
    space: point
    integrator: rk4
    units: {time: 1, c: 1, flow: 1}
    states: {c: 1}
    kinds: {c: amount}
    conserved: {c: {stuff: 1}}
    inputs: {flow: =0.1*(1 + beat.x)}
    equations: |
      c' = flow
schedule: {step: 10, until: 100, average: {fast: [beat], slow: [store], period: 1}}
)");
  run.to_the_end();
  const FieldId c = run.model().fields->id("store.c");
  EXPECT_NEAR(std::as_const(run.simulation().state()).real(c)[0], 11.0, 1e-9);
  for (const LedgerBalance& balance : run.simulation().ledger())
    EXPECT_LT(balance.relative_residual, 1e-12) << balance.quantity;
}

TEST(Averaging, MayStandInABranchThatIsNotTaken) {
  for (const char* mode : {"mean", "plain"})
    EXPECT_NO_THROW(ModelRun::of_text(std::string(R"(
holon: 1
title: A choice
parameters: {mode: {value: )") + mode +
                                      R"(, choices: [mean, plain]}}
spaces: {point: {type: point}}
processes:
  beat:
    type: kinetics
    space: point
    integrator: rk4
    units: {time: 1, x: 1}
    states: {x: 0}
    equations: |
      x' = 2*pi*cos(2*pi*time)
  store:
    type: kinetics
    space: point
    integrator: rk4
    units: {time: 1, c: 1, x: 1}
    states: {c: 1}
    inputs: {x: =beat.x}
    equations: |
      c' = x
schedule:
  step: 1
  until: 2
  do: {choose: =mode, plain: {lie: [beat, store]}, mean: {average: {fast: [beat], slow: [store], period: 1}}}
)")) << mode;
}

}  // namespace
}  // namespace holon::verification

// Fast processes kept at rest: order of the error in the ratio of time scales, and what they say of it
// (engine case E8, and systems of our own).
#include "holon/base/error.hpp"

#include "verification/model_run.hpp"
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

struct Found {
  double error, estimate;
};

Found troponin(double epsilon, int order) {
  ModelRun run("models/principles/quasi_steady.yaml",
               {"parameters.epsilon=" + number_text(epsilon), "parameters.order=" + std::to_string(order)});
  run.to_the_end();
  return {run.result("error_max"), run.result("error_estimate")};
}

void within_a_factor_of_two(const Found& found) {
  EXPECT_LT(found.estimate, 2.0 * found.error);
  EXPECT_GT(found.estimate, 0.5 * found.error);
}

TEST(QuasiSteady, ErrorsAreThePublishedOnes) {
  const double zeroth[] = {8.122e-3, 4.069e-3, 2.036e-3, 1.018e-3, 5.091e-4};
  const double first[] = {9.785e-4, 2.463e-4, 6.168e-5, 1.543e-5, 3.858e-6};
  for (int k = 0; k < 5; ++k) {
    const double epsilon = 0.1 / (1 << k);
    const Found rest = troponin(epsilon, 0), lag = troponin(epsilon, 1);
    EXPECT_NEAR(rest.error, zeroth[k], 0.01 * zeroth[k]) << epsilon;
    EXPECT_NEAR(lag.error, first[k], 0.01 * first[k]) << epsilon;
    within_a_factor_of_two(rest);
    within_a_factor_of_two(lag);
  }
}

/// Michaelis and Menten: the complex is fast, the substrate slow; the rest state depends on a slow field
/// alone.
const char* const enzyme = R"(
holon: 1
title: An enzyme and its substrate
parameters: {epsilon: 0.01, order: 0, step: 0.02, until: 4}
spaces: {point: {type: point}}
processes:
  substrate:
    type: kinetics
    space: point
    integrator: rk4
    units: {time: 1, s: 1, c: 1}
    initial: {s: 2}
    inputs: {c: =complex.c}
    equations: |
      s' = -s*(1 - c) + 0.3*c
  complex:
    type: kinetics
    space: point
    units: {time: 1, s: 1, c: 1, epsilon: 1}
    initial: {c: 0.5}
    inputs: {s: =substrate.s}
    parameters: {epsilon: =epsilon}
    equations: |
      c' = (s*(1 - c) - 1.3*c)/epsilon
  resolved:
    type: kinetics
    space: point
    integrator: cvode
    tolerance: {relative: 1e-11, absolute: 1e-13}
    units: {time: 1, s: 1, c: 1, epsilon: 1}
    initial: {s: 2, c: =2/3.3}
    parameters: {epsilon: =epsilon}
    equations: |
      s' = -s*(1 - c) + 0.3*c
      c' = (s*(1 - c) - 1.3*c)/epsilon
schedule:
  step: =step
  until: =until
  lie: [substrate, {steady: {do: complex, order: =order}}, resolved]
observe:
  # of the manifold: the complex given the substrate of the reduced run
  error: {type: error, of: complex.c, against: =resolved.c, where: =time > 1, at_end: false, every: =step}
  estimate: {type: error, of: complex.c_error, against: =0, where: =time > 1, at_end: false, every: =step}
results:
  error_max: {of: error}
  error_estimate: {of: estimate}
)";

TEST(QuasiSteady, TheEstimateHoldsWhereTheRestStateDependsOnSlowFields) {
  // The substrate is held to its own slow course, so that the complex alone errs.
  for (const int order : {0, 1}) {
    ModelRun run =
        ModelRun::of_text(enzyme, {"parameters.order=" + std::to_string(order), "parameters.step=0.005"});
    run.to_the_end();
    const Found found{run.result("error_max"), run.result("error_estimate")};
    EXPECT_GT(found.estimate, 0.0);
    EXPECT_LT(found.estimate, order == 0 ? 1e-2 : 1e-3);
  }
}

/// Two fast states that hang together, driven by a slow oscillator in another process.
const char* const chain = R"(
holon: 1
title: A fast chain behind a slow oscillator
parameters: {epsilon: 0.02, order: 0, step: 0.05, until: 12}
spaces: {line: {type: grid, sites: cells, size: [4], spacing: 1}}
processes:
  slow:
    type: kinetics
    space: line
    integrator: dormand_prince
    tolerance: {relative: 1e-11, absolute: 1e-12}
    units: {time: 1, x: 1, y: 1}
    initial: {x: =1 + 0.1*position.x, y: 0}
    equations: |
      x' = y
      y' = -x
  fast:
    type: kinetics
    space: line
    units: {time: 1, a: 1, b: 1, x: 1, epsilon: 1}
    initial: {a: 0, b: 0}
    inputs: {x: =slow.x}
    parameters: {epsilon: =epsilon}
    equations: |
      a' = (1.5 + x - 2*a - a^3)/epsilon
      b' = (a - b*(1 + 0.2*b^2))/epsilon
  resolved:
    type: kinetics
    space: line
    integrator: rosenbrock
    tolerance: {relative: 1e-10, absolute: 1e-12}
    units: {time: 1, x: 1, y: 1, a: 1, b: 1, epsilon: 1}
    initial: {x: =1 + 0.1*position.x, y: 0, a: 0.8, b: 0.7}
    parameters: {epsilon: =epsilon}
    equations: |
      x' = y
      y' = -x
      a' = (1.5 + x - 2*a - a^3)/epsilon
      b' = (a - b*(1 + 0.2*b^2))/epsilon
schedule:
  step: =step
  until: =until
  lie: [slow, {steady: {do: fast, order: =order}}, resolved]
observe:
  error_a: {type: error, of: fast.a, against: =resolved.a, where: =time > 2, at_end: false, every: =step}
  error_b: {type: error, of: fast.b, against: =resolved.b, where: =time > 2, at_end: false, every: =step}
  estimate_a: {type: error, of: fast.a_error, against: =0, where: =time > 2, at_end: false, every: =step}
  estimate_b: {type: error, of: fast.b_error, against: =0, where: =time > 2, at_end: false, every: =step}
results:
  error_a: {of: error_a}
  error_b: {of: error_b}
  estimate_a: {of: estimate_a}
  estimate_b: {of: estimate_b}
)";

TEST(QuasiSteady, EveryStateOfAChainSaysItsOwnError) {
  for (const int order : {0, 1}) {
    double before[2] = {0.0, 0.0};
    for (const double epsilon : {0.04, 0.02}) {
      ModelRun run = ModelRun::of_text(
          chain, {"parameters.order=" + std::to_string(order), "parameters.epsilon=" + number_text(epsilon)});
      run.to_the_end();
      int k = 0;
      for (const std::string state : {"a", "b"}) {
        const Found found{run.result("error_" + state), run.result("estimate_" + state)};
        within_a_factor_of_two(found);
        if (before[k] > 0.0) {
          const double p = holon::verification::order(before[k], found.error);
          EXPECT_GT(p, order + 0.85) << state;
        }
        before[k++] = found.error;
      }
    }
  }
}

TEST(QuasiSteady, CostsLittleBesideFollowingTheFastProcess) {
  ModelRun run("models/principles/quasi_steady.yaml", {"parameters.epsilon=1e-5"});
  run.to_the_end();
  // An explicit method is stable for steps of at most 2.8 epsilon / (1 + c), with four evaluations in each.
  const double resolved = 4.0 * 10.0 / (2.8 * 1e-5 / 1.5);
  for (const ProcessTiming& timing : run.simulation().timings()) {
    if (timing.process != "reduced") continue;
    EXPECT_GT(timing.counters.rate_evaluations, 100u);
    EXPECT_LT(static_cast<double>(timing.counters.rate_evaluations + timing.counters.jacobian_evaluations),
              0.01 * resolved);
  }
}

TEST(QuasiSteady, WhereThereIsNoGapItIsRefusedAndNearToItWarned) {
  EXPECT_THROW(ModelRun("models/principles/quasi_steady.yaml", {"parameters.epsilon=30"}), Refused);
  const ModelRun near("models/principles/quasi_steady.yaml", {"parameters.epsilon=0.6"});
  ASSERT_EQ(near.model().warnings.size(), 1u);
  EXPECT_THAT(near.model().warnings[0].message, testing::HasSubstr("times the rate"));
  EXPECT_TRUE(ModelRun("models/principles/quasi_steady.yaml").model().warnings.empty());
}

/// f' = (1 - s - f)/tf beside 3 s' = f - s, from s = 1, where the rest state of f is zero.
std::string through_zero(double tf, int order) {
  return fmt::format(R"(
holon: 1
title: A rest state that begins at zero
spaces: {{p: {{type: point}}}}
processes:
  slow:
    type: kinetics
    space: p
    integrator: rk4
    units: {{time: 1, s: 1, f: 1}}
    states: {{s: 1}}
    inputs: {{f: =fast.f}}
    equations: |
      s' = (f - s)/3
  fast:
    type: kinetics
    space: p
    units: {{time: 1, s: 1, tf: 1, f: 1}}
    parameters: {{tf: {}}}
    states: {{f: 0}}
    inputs: {{s: =slow.s}}
    equations: |
      f' = (1 - s - f)/tf
schedule: {{step: 0.01, until: 3, lie: [{{steady: {{do: fast, order: {}}}}}, slow]}}
observe: {{s: {{type: final, of: slow.s}}}}
results: {{s: {{of: s, unit: 1}}}}
)",
                     tf, order);
}

// |q|/|dq/dt| is zero there, and says nothing: the slow field's own rate does.
TEST(QuasiSteady, ARestStateMayBeginAtZero) {
  ModelRun run = ModelRun::of_text(through_zero(0.003, 0));
  // s = 1/2 + exp(-2 t/3)/2 of what is at rest at once; `lie` and order 0 are of first order.
  EXPECT_NEAR(run.to_the_end().result("s"), 0.5 + 0.5 * std::exp(-2.0), 2e-3);
  EXPECT_THROW(ModelRun::of_text(through_zero(4.0, 0)), Refused);
}

TEST(QuasiSteady, AnUnstableRestStateIsRefused) {
  std::string text = enzyme;
  text.replace(text.find("c' = (s*(1 - c) - 1.3*c)"), 24, "c' = -(s*(1 - c) - 1.3*c)");
  EXPECT_THROW(ModelRun::of_text(text), Refused);
}

}  // namespace
}  // namespace holon::verification

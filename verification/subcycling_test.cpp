// Substeps that the engine chooses (engine case E4), and what passes between mechanisms with different steps
// (E5).
#include "holon/base/error.hpp"

#include <cmath>

#include "verification/model_run.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

TEST(Subcycling, TheEngineChoosesSubstepsFromStabilityLimits) {
  ModelRun coarse("models/principles/subcycling.yaml"),
      fine("models/principles/subcycling.yaml", {"parameters.spacing=0.005"});
  coarse.to_the_end();
  fine.to_the_end();
  EXPECT_EQ(coarse.result("substeps_diffusion"), 100);
  EXPECT_EQ(coarse.result("substeps_advection"), 10);
  EXPECT_EQ(fine.result("substeps_diffusion"), 400);
  EXPECT_EQ(fine.result("substeps_advection"), 20);
}

const char* const stated = R"(
holon: 1
title: Substeps that are stated
parameters: {steps: 95}
spaces: {line: {type: grid, sites: cells, size: [1], spacing: 0.01, periodic: [x]}}
fields: {v: {space: line, initial: =sin(2*pi*position.x)}}
processes: {diffusion: {type: diffusion, field: v, diffusivity: 0.05, integrator: forward_euler}}
schedule: {step: 0.1, until: 0.1, subcycle: {do: diffusion, steps: =steps}}
)";

TEST(Subcycling, TooFewSubstepsAreRefusedWithTheLimit) {
  EXPECT_NO_THROW(ModelRun::of_text(stated, {"parameters.steps=100"}));
  try {
    ModelRun::of_text(stated);
    FAIL();
  } catch (const InputError& problem) {
    EXPECT_THAT(problem.what(), testing::AllOf(testing::HasSubstr("stability limit of 0.001"),
                                               testing::HasSubstr("steps: 100")));
  }
}

/// Largest |eigenvalue| of the only process's rate, by power iteration on its derivative action.
double spectral_radius(const ModelRun& run) {
  const Process& process = *run.model().processes.front();
  const FieldId field = process.ports().front().field;
  const Layout layout(*run.model().fields, {field});
  ThreadPool threads(1);
  const State state = run.model().initial_state(threads, 0);
  Workspace work;
  work.threads = &threads;
  Vector x(layout);
  for (std::size_t i = 0; i < layout.size(); ++i)
    x.values()[i] = std::sin(1.7 * static_cast<double>(i * i) + 0.3);
  double radius = 0.0;
  for (int k = 0; k < 3000; ++k) {
    Vector next(layout);
    process.jvp(state, 0.0, x, work, next);
    double size = 0.0;
    for (const double value : next.values()) size += value * value;
    radius = std::sqrt(size);
    for (std::size_t i = 0; i < layout.size(); ++i) x.values()[i] = next.values()[i] / radius;
  }
  return radius;
}

TEST(Subcycling, LimitsAreThoseOfThePowerIteration) {
  // Unequal spacings, equal and anisotropic diffusivities.
  for (const std::string diffusivity : {"[0.05, 0.2]", "0.05", "[0.2, 0.01]"}) {
    const ModelRun run = ModelRun::of_text(R"(
holon: 1
title: Anisotropic diffusion
spaces: {sheet: {type: grid, sites: nodes, size: [1, 2], spacing: [0.05, 0.08]}}
fields: {v: {space: sheet, initial: 1}}
processes: {diffusion: {type: diffusion, field: v, diffusivity: )" +
                                           diffusivity +
                                           R"(, integrator: forward_euler}}
schedule: {step: 0.1, until: 0.1, subcycle: {do: diffusion, steps: auto}}
)");
    ThreadPool threads(1);
    const State state = run.model().initial_state(threads, 0);
    const double limit = run.model().processes.front()->stable_step(state);
    EXPECT_NEAR(limit * spectral_radius(run) / 2.0, 1.0, 0.01) << diffusivity;
  }
}

/// Two pools of very different size, the small one with ten steps in each of the large one's, which stands
/// still meanwhile. The large one may take the flux as it was at the beginning of its step.
std::string pools(const std::string& large, const std::string& contribute, int steps) {
  return R"(
holon: 1
title: Two pools
parameters: {V1: 1, V2: 0.01}
spaces: {point: {type: point}}
fields: {flux: {space: point, initial: 0}, held: {space: point, initial: 0}}
processes:
  sample: {type: map, assign: {flux: =0.5*(large.c - small.c), held: =large.c}}
  large:
    type: kinetics
    space: point
    integrator: forward_euler
    units: {time: 1, c: 1, flux: 1, V1: 1}
    conserved: {c: {content: =V1}}
    kinds: {c: amount}
    initial: {c: 1}
    inputs: {flux: =flux}
    parameters: {V1: =V1}
    equations: |
      c' = )" +
         large + R"(
  small:
    type: kinetics
    space: point
    integrator: forward_euler
    step: =0.01/10
    units: {time: 1, c: 1, other: 1, V2: 1}
    conserved: {c: {content: =V2}}
    kinds: {c: amount}
    initial: {c: 0}
    inputs: {other: =held}
    parameters: {V2: =V2}
    )" + contribute +
         R"(
    equations: |
      c' = 0.5*(other - c)/V2
schedule: {step: 0.01, steps: )" +
         std::to_string(steps) + R"(, lie: [sample, large, small]}
)";
}

double drift(const std::string& text) {
  ModelRun run = ModelRun::of_text(text);
  run.to_the_end();
  const State state = run.simulation().complete_state();
  const auto value = [&](const char* name) { return state.real(state.fields().id(name))[0]; };
  return value("large.c") + 0.01 * value("small.c") - 1.0;
}

const std::string integral = "contribute: {large.c: =-0.5*(held - small.c)/V1}";

TEST(Pools, ASampledFluxLeaks) { EXPECT_NEAR(drift(pools("-flux/V1", "", 100)), -2.430e-3, 5e-7); }

TEST(Pools, AnIntegratedFluxDoesNot) {
  EXPECT_LT(std::abs(drift(pools("0*flux", integral, 100))), 1e-15);
  EXPECT_LT(std::abs(drift(pools("0*flux", integral, 100000))), 1e-12);
}

TEST(Pools, TheLedgerSeesTheContribution) {
  ModelRun run = ModelRun::of_text(pools("0*flux", integral, 100));
  run.to_the_end();
  const auto books = run.simulation().ledger();
  ASSERT_EQ(books.size(), 1u);
  EXPECT_LT(books[0].relative_residual, 1e-14);
  bool seen = false;
  for (const LedgerLine& line : books[0].lines)
    if (line.process == "small" && line.channel == "contribution") {
      seen = true;
      EXPECT_LT(line.amount, -0.001);
    }
  EXPECT_TRUE(seen);
  ModelRun leak = ModelRun::of_text(pools("-flux/V1", "", 100));
  leak.to_the_end();
  double inflow = 0.0;
  for (const LedgerLine& line : leak.simulation().ledger()[0].lines) inflow += line.amount;
  EXPECT_NEAR(inflow, -2.430e-3, 5e-7);
}

}  // namespace
}  // namespace holon::verification

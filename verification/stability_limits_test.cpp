// Explicit steps have limits: the engine finds the subcycles that keep them, and refuses steps above them
// (case: engine E4).
#include "holon/base/error.hpp"

#include <algorithm>
#include <cmath>

#include "verification/model_run.hpp"
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

/// v_t = D v_xx beside u_t + c u_x = 0 on a ring of 100 or 200 cells.
std::string model(const std::string& diffusion_steps, const std::string& flow_steps,
                  const std::string& spacing) {
  return R"(
holon: 1
title: Diffusion beside advection, 100 to 10 to 1
parameters: {spacing: )" +
         spacing + R"(}
spaces:
  ring: {type: grid, sites: cells, size: [1], spacing: =spacing, periodic: [x]}
fields:
  u: {space: ring, unit: 1, initial: =sin(2*pi*position.x)}
  v: {space: ring, unit: 1, initial: =cos(pi*(position.x/spacing - 0.5))}
processes:
  diffusion: {type: diffusion, field: v, diffusivity: 0.05, integrator: explicit}
  flow: {type: advection, field: u, velocity: [1]}
schedule:
  step: 0.1
  until: 1
  lie: [{subcycle: {do: diffusion, steps: )" +
         diffusion_steps + "}}, {subcycle: {do: flow, steps: " + flow_steps + "}}]\n";
}

std::ptrdiff_t advances(const Model& model, const std::string& process) {
  const ProcessId id = model.process_id(process);
  return std::count_if(model.program.body.begin(), model.program.body.end(),
                       [&](const Instruction& instruction) { return instruction.process == id; });
}

TEST(StabilityLimits, SubcyclesAreDerivedFromTheGrid) {
  ModelRun run = ModelRun::of_text(model("auto", "auto", "0.01"));
  EXPECT_EQ(advances(run.model(), "diffusion"), 100);
  EXPECT_EQ(advances(run.model(), "flow"), 10);
  ModelRun fine = ModelRun::of_text(model("auto", "auto", "0.005"));
  EXPECT_EQ(advances(fine.model(), "diffusion"), 400);
  EXPECT_EQ(advances(fine.model(), "flow"), 20);
}

TEST(StabilityLimits, StepsAboveTheLimitAreRefusedWithTheLimit) {
  for (const char* steps : {"99", "95"}) {
    try {
      ModelRun::of_text(model(steps, "auto", "0.01"));
      FAIL() << steps << " subcycles were accepted";
    } catch (const InputError& error) {
      ASSERT_EQ(error.diagnostics().size(), 1u);
      const std::string text = error.diagnostics()[0].text();
      EXPECT_NE(text.find("diffusion"), std::string::npos) << text;
      EXPECT_NE(text.find("0.001"), std::string::npos) << text;
    }
  }
  EXPECT_THROW(ModelRun::of_text(model("auto", "9", "0.01")), InputError);
}

// x' = -k (x - cos t) with a k that grows: below the limit of rk4, 2.785/k, at the start, above it later.
TEST(StabilityLimits, StepsThatPassTheLimitLaterAreSaidToDoSo) {
  ModelRun run = ModelRun::of_text(R"(
holon: 1
title: Stiffness that grows
spaces: {p: {type: point}}
processes:
  a:
    type: kinetics
    space: p
    integrator: rk4
    units: {time: 1, x: 1, k: 1}
    states: {x: 1, k: 1}
    equations: |
      x' = -k*(x - cos(time))
      k' = 3
schedule: {step: 0.1, until: 20}
)");
  run.model().check_steps(run.simulation().state());
  for (int n = 0; n < 80; ++n) run.simulation().step();  // k = 25
  run.model().check_steps(run.simulation().state());
  for (int n = 0; n < 20; ++n) run.simulation().step();  // k = 31
  try {
    run.model().check_steps(run.simulation().state());
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("'a'"), std::string::npos) << error.what();
  }
}

/// By how much the grid's fastest mode, which alternates from cell to cell, grows in a macro step.
double gain(const std::string& steps) {
  ModelRun run = ModelRun::of_text(model(steps, "auto", "0.01"));
  run.simulation().step();
  const State state = run.simulation().complete_state();
  double largest = 0.0;
  for (const double v : state.real(state.fields().id("v"))) largest = std::max(largest, std::abs(v));
  return largest;
}

TEST(StabilityLimits, FastestModeIsNeutralAtTheLimitAndDampedBelowIt) {
  EXPECT_NEAR(gain("100"), 1.0, 1e-9);
  EXPECT_LT(gain("105"), 1e-4);
}

}  // namespace
}  // namespace holon::verification

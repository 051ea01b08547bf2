// How the linear equations of a `together` are solved makes no difference to what comes out: sparse LU of the
// whole, condensation of what stands at single places, GMRES; and of several solutions of a step that is
// taken to which shorter steps lead.
#include "holon/base/error.hpp"

#include <cmath>

#include "verification/model_run.hpp"
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

constexpr const char* solvers[] = {"condensation", "krylov", "auto"};

Counters together_counters(ModelRun& run) {
  for (const ProcessTiming& timing : run.simulation().timings())
    if (timing.process == "together") return timing.counters;
  ADD_FAILURE() << "there is no together";
  return {};
}

/// The largest difference of a field between two runs, relative to its largest value.
double difference(ModelRun& a, ModelRun& b, const char* field) {
  const auto x = a.simulation().state().real(a.model().fields->id(field)),
             y = b.simulation().state().real(b.model().fields->id(field));
  double most = 0.0, size = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    most = std::max(most, std::abs(x[i] - y[i]));
    size = std::max(size, std::abs(x[i]));
  }
  return most / size;
}

/// Two species in a box of 12 x 12 x 12 cells, and a third that stays where it is.
ModelRun box(const std::string& solver) {
  return ModelRun::of_text(fmt::format(R"yaml(
holon: 1
spaces: {{box: {{type: grid, sites: cells, size: [1.2, 1.2, 1.2], spacing: 0.1}}}}
fields:
  u: {{space: box, kind: density, conserved: {{u: 1}}, initial: "=1 + 0.3*cos(pi*position.x/1.2)*cos(pi*position.y/1.2)"}}
  v: {{space: box, kind: density, initial: "=0.9 - 0.1*cos(2*pi*position.z/1.2)"}}
processes:
  reaction:
    type: kinetics
    space: box
    units: {{time: 1, u: 1, v: 1, bound: 1}}
    fields: {{u: u, v: v}}
    states: {{bound: 0.2}}
    equations: |
      u' = 0.1 - u + u^2*v - 5*(u*(1 - bound) - bound)
      v' = 0.9 - u^2*v
      bound' = 5*(u*(1 - bound) - bound)
  spread_u: {{type: diffusion, field: u, diffusivity: 0.05, integrator: implicit}}
  spread_v: {{type: diffusion, field: v, diffusivity: 1, integrator: implicit}}
schedule: {{step: 0.1, until: 0.5, together: {{do: [reaction, spread_u, spread_v], solver: {}, newton: 1e-12}}}}
ledger: strict
observe: {{end: {{type: final, of: u, at: [0.2, 0.2, 0.2]}}}}
results: {{end: {{of: end}}}}
)yaml",
                                       solver));
}

TEST(TogetherSolvers, AgreeInABoxWhereThingsSpreadAndReact) {
  ModelRun direct = box("direct");
  direct.to_the_end();
  for (const char* solver : solvers) {
    ModelRun run = box(solver);
    run.to_the_end();
    for (const char* field : {"u", "v", "reaction.bound"})
      EXPECT_LT(difference(direct, run, field), 1e-10) << solver << ' ' << field;
    // Complete factors would fill so much that GMRES is chosen.
    const std::uint64_t iterations = together_counters(run).linear_iterations;
    if (std::string(solver) == "condensation")
      EXPECT_EQ(iterations, 0u);
    else
      EXPECT_GT(iterations, 20u) << solver;
  }
}

/// Particles at ten places of a line that take up what spreads along it, by a law at their surfaces.
ModelRun particles(const std::string& solver) {
  return ModelRun::of_text(fmt::format(R"yaml(
holon: 1
spaces:
  line: {{type: grid, sites: cells, size: [1], spacing: 0.1}}
  particle: {{type: radial, symmetry: sphere, outer: 1, spacing: 0.05}}
  particles: {{type: product, macro: line, micro: particle}}
fields:
  c: {{space: line, kind: density, initial: =1 + position.x}}
  inside: {{space: particles, kind: density, initial: 0.1}}
couplings:
  surface: {{from: inside, to: line, type: trace, side: r_max}}
processes:
  spread: {{type: diffusion, field: c, diffusivity: 0.3, integrator: implicit, source: =-3*uptake.flux}}
  within: {{type: diffusion, field: inside, diffusivity: 0.2, boundary: {{r_max: {{neumann: =uptake.flux}}}}}}
  uptake:
    type: kinetics
    space: line
    units: {{time: 1, c: 1, surface: 1, flux: 1}}
    inputs: {{c: =c, surface: =surface}}
    outputs: [flux]
    equations: |
      flux = 2*c^2/(1 + c) - surface
schedule: {{step: 0.05, until: 0.5, together: {{do: [spread, within, uptake], solver: {}, newton: 1e-12}}}}
observe: {{end: {{type: final, of: c, at: [0.55]}}}}
results: {{end: {{of: end}}}}
)yaml",
                                       solver));
}

TEST(TogetherSolvers, AgreeOnParticlesAlongALine) {
  ModelRun direct = particles("direct");
  direct.to_the_end();
  for (const char* solver : solvers) {
    ModelRun run = particles(solver);
    run.to_the_end();
    for (const char* field : {"c", "inside", "uptake.flux"})
      EXPECT_LT(difference(direct, run, field), 1e-10) << solver << ' ' << field;
    // Condensation is exact: Newton's method goes the same way.
    if (std::string(solver) == "condensation") {
      EXPECT_EQ(together_counters(run).nonlinear_iterations, together_counters(direct).nonlinear_iterations);
    }
  }
}

std::vector<std::string> description(const ModelRun& run) {
  for (const auto& process : run.model().processes)
    if (process->name() == "together") return process->description();
  return {};
}

TEST(TogetherSolvers, SayWhatTheyAreAndWhatIsEliminated) {
  EXPECT_THAT(description(particles("condensation")),
              testing::Contains(testing::HasSubstr(
                  "linear equations: condensation of 220 unknowns in 10 blocks, then sparse LU for 10")));
  EXPECT_THAT(description(particles("auto")),
              testing::Contains(testing::HasSubstr("linear equations, chosen by size: sparse LU")));
  EXPECT_THAT(description(box("auto")),
              testing::Contains(testing::HasSubstr("then GMRES with incomplete LU")));
}

TEST(TogetherSolvers, AStagnationSaysWhichEquationsAreLeft) {
  // A potential of which only differences matter, and more current than leaves.
  const std::string text = R"yaml(
holon: 1
spaces: {plane: {type: grid, sites: cells, size: [1, 1], spacing: 0.1}}
fields:
  c: {space: plane, initial: 1}
  phi: {space: plane, initial: 0}
processes:
  spread: {type: diffusion, field: c, diffusivity: 1, integrator: implicit, source: =phi}
  potential: {type: diffusion, field: phi, diffusivity: 1, integrator: steady, source: "=c - 0.5"}
schedule: {step: 0.1, until: 1, together: {do: [spread, potential], solver: krylov}}
observe: {end: {type: final, of: c, at: [0.5, 0.5]}}
results: {end: {of: end}}
)yaml";
  try {
    ModelRun::of_text(text);
    FAIL() << "a potential without a level was found";
  } catch (const InputError& failure) {
    EXPECT_THAT(failure.what(), testing::HasSubstr("GMRES stagnates"));
    EXPECT_THAT(failure.what(), testing::HasSubstr("phi at cell (0, 0)"));
    EXPECT_THAT(failure.what(), testing::HasSubstr("(of 'potential')"));
    EXPECT_THAT(failure.what(), testing::HasSubstr("'solver: direct'"));
  }
}

/// The cell of models/battery with a solver of its own.
ModelRun cell(const std::string& solver) {
  return ModelRun("models/battery/dfn.yaml", {"schedule.together.solver=" + solver,
                                              "schedule.together.newton=1e-11", "parameters.until=600 s"});
}

TEST(TogetherSolvers, AgreeOnACellWithPorousElectrodes) {
  ModelRun direct = cell("direct");
  direct.to_the_end();
  for (const char* solver : solvers) {
    ModelRun run = cell(solver);
    run.to_the_end();
    for (const char* field : {"c_n", "c_p", "c_e", "psi", "phi_p"})
      EXPECT_LT(difference(direct, run, field), 1e-8) << solver << ' ' << field;
    EXPECT_EQ(together_counters(run).steps, together_counters(direct).steps) << solver;
  }
}

/// a + b -> ab, with both given up again: (2 - b) (4 - b) has a second root that no concentration reaches.
std::string binding(const std::string& method, double step) {
  return fmt::format(R"yaml(
holon: 1
spaces: {{p: {{type: point}}}}
processes:
  bind:
    type: kinetics
    space: p
    units: {{time: 1, b: 1}}
    states: {{b: 0}}
    equations: |
      b' = 1000*(2 - b)*(4 - b) - 500*b
schedule: {{step: {:.17g}, until: 0.1, together: {{do: [bind], method: {}}}}}
observe: {{all: {{type: probe, values: {{b: bind.b}}}}}}
)yaml",
                     step, method);
}

TEST(TogetherRoots, TheOneThatSmallStepsLeadToIsTakenFarAboveTheTimeOfRelaxation) {
  const double rest = 3.25 - std::sqrt(3.25 * 3.25 - 8.0);
  for (const char* method : {"bdf1", "bdf2", "sdirk"})
    for (const double step : {0.1, 0.02, 0.01, 0.005, 0.0025}) {
      const ModelRun run = std::move(ModelRun::of_text(binding(method, step)).to_the_end());
      for (const double b : run.column("all", "b")) {
        EXPECT_LT(b, 3.0) << method << ' ' << step;
        EXPECT_GE(b, 0.0) << method << ' ' << step;
      }
      EXPECT_NEAR(run.column("all", "b").back(), rest, step < 0.05 ? 1e-4 : 0.05) << method << ' ' << step;
    }
}

TEST(TogetherRoots, SoIsItWhereAnEvenNumberOfSitesWouldGoAstray) {
  // A fast buffer beside a diffusing ion, from nothing bound, at 20 cells: the sign of the determinant alone
  // does not tell when two of them are on the wrong side.
  ModelRun run = ModelRun::of_text(R"yaml(
holon: 1
spaces: {L: {type: grid, sites: cells, size: [10 um], spacing: 0.5 um}}
fields:
  c: {space: L, unit: uM, kind: density, initial: =(2 uM)*exp(-(position.x/(3 um))^2), conserved: {ca: 1}}
  b: {space: L, unit: uM, kind: density, initial: 0 uM, conserved: {ca: 1}}
processes:
  spread: {type: diffusion, field: c, diffusivity: 20 um^2/s, integrator: implicit}
  bind:
    type: kinetics
    space: L
    units: {time: s, b: uM, c: uM, kon: 1/(uM s), koff: 1/s, B: uM}
    parameters: {kon: 1000 1/(uM s), koff: 500 1/s, B: 4 uM}
    fields: {b: b}
    inputs: {c: =c}
    contribute: {c: "=-(c*(4 uM - b)*(1000 1/(uM s)) - (500 1/s)*b)"}
    equations: |
      b' = kon*c*(B - b) - koff*b
schedule: {step: 0.02 s, until: 1 s, together: {do: [spread, bind], method: bdf2}}
ledger: strict
observe: {c: {type: final, of: c}, b: {type: final, of: b}}
results: {c: {of: c}, b: {of: b}}
)yaml");
  for (int k = 0; k < 50; ++k) {
    run.simulation().step();
    for (const char* field : {"c", "b"})
      for (const double value : run.simulation().state().real(run.model().fields->id(field)))
        ASSERT_GT(value, -1e-3) << field << " after " << k + 1;
  }
}

TEST(TogetherRoots, AStepOverTheTimeOfAGrowthIsCut) {
  // x' = 2 x over a step of 1: (1 - 2) x = x_n has one solution, with the other sign. No step up to there
  // grows to it.
  for (const char* solver : {"direct", "condensation"}) {
    ModelRun run = ModelRun::of_text(fmt::format(R"yaml(
holon: 1
spaces: {{p: {{type: point}}}}
processes:
  growth:
    type: kinetics
    space: p
    units: {{time: 1, x: 1, y: 1}}
    states: {{x: 1, y: 1}}
    equations: |
      x' = 2*x
      y' = x - y
schedule: {{step: 1, until: 3, together: {{do: [growth], method: bdf1, solver: {}}}}}
observe: {{all: {{type: probe, values: {{x: growth.x}}}}}}
)yaml",
                                                 solver));
    run.to_the_end();
    const auto x = run.column("all", "x");
    for (std::size_t k = 1; k < x.size(); ++k) EXPECT_GT(x[k], 2.0 * x[k - 1]) << solver;
  }
}

TEST(TogetherRoots, WhereTheWayTurnsBackTheStepIsCutOrFailsWithTheReason) {
  // x' = x^2 runs away at time 1: an implicit step over that time has solutions, but none that belong to it.
  ModelRun run = ModelRun::of_text(R"yaml(
holon: 1
spaces: {p: {type: point}}
processes:
  away:
    type: kinetics
    space: p
    units: {time: 1, x: 1}
    states: {x: 1}
    equations: |
      x' = x^2
schedule: {step: 0.25, until: 3, together: {do: [away], method: bdf1}}
observe: {end: {type: final, of: away.x}}
results: {end: {of: end}}
)yaml");
  try {
    run.to_the_end();
    FAIL() << "the solution went on after it had run away: " << run.result("end");
  } catch (const NumericalFailure& failure) {
    EXPECT_THAT(failure.what(), testing::HasSubstr("a shorter step"));
    EXPECT_THAT(failure.what(), testing::HasSubstr("'away'"));
  }
  EXPECT_LT(run.simulation().time(), 1.5);
}

// x' = 100 x (1 - x)(x - 0.4): whatever the step, a start above 0.4 leads to 1 and one below it to 0.
TEST(SeveralSolutions, NoStepLeavesTheBasinItBeganIn) {
  for (const char* method : {"bdf1", "bdf2", "sdirk"})
    for (const double step : {0.1, 5.0, 50.0})
      for (const double start : {0.39, 0.401, 0.41, 0.7}) {
        ModelRun run = ModelRun::of_text(fmt::format(R"(
holon: 1
title: Two rest states
spaces: {{p: {{type: point}}}}
processes:
  one:
    type: kinetics
    space: p
    units: {{time: 1, x: 1}}
    states: {{x: {0}}}
    equations: |
      x' = 100*x*(1 - x)*(x - 0.4)
schedule: {{step: {1}, steps: 20, together: {{do: [one], method: {2}}}}}
)",
                                                     start, step, method));
        run.to_the_end();
        EXPECT_NEAR(run.simulation().state().real(run.model().fields->id("one.x"))[0],
                    start > 0.4 ? 1.0 : 0.0, 1e-3)
            << method << ", step " << step << ", from " << start;
      }
}

// What is determined for reports alone is no equation to be held against a path of solutions.
TEST(SeveralSolutions, WhatOnlyReportsReadMayJump) {
  ModelRun run = ModelRun::of_text(R"(
holon: 1
title: A threshold
spaces: {p: {type: point}}
processes:
  decay:
    type: kinetics
    space: p
    integrator: rk4
    units: {time: 1, x: 1, fallen: 1}
    states: {x: 1}
    outputs: [fallen]
    equations: |
      x' = -x
      fallen = if x < 0.52 then 1 else 0
schedule: {step: 0.1, until: 2, together: {do: [decay]}}
observe: {fallen: {type: final, of: decay.fallen}, x: {type: final, of: decay.x}}
results: {fallen: {of: fallen}, x: {of: x}}
)");
  run.to_the_end();
  EXPECT_EQ(run.result("fallen"), 1.0);
  EXPECT_NEAR(run.result("x"), std::exp(-2.0), 1e-3);
}

}  // namespace
}  // namespace holon::verification

// `holon scales`: boxes from the discretisation and from eigenvalues, and what follows from them (case:
// engine E11).
#include "holon/analysis/scale_map.hpp"

#include <algorithm>
#include <cmath>

#include "verification/model_run.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace holon::verification {
namespace {

using analysis::Pattern;
using analysis::Relation;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

analysis::ScaleMap map_of(const std::string& text) {
  ModelRun run = ModelRun::of_text(text);
  ThreadPool threads(1);
  return analysis::scale_map(run.model(), analysis::looks_along(run.shared_model(), 1), threads);
}

const analysis::ProcessScales& process(const analysis::ScaleMap& map, const std::string& name) {
  for (const auto& scales : map.processes)
    if (scales.name == name) return scales;
  throw std::runtime_error("no process " + name);
}

const std::string declared = R"(
holon: 1
spaces: {p: {type: point}}
processes:
  atmosphere:
    type: kinetics
    space: p
    units: {time: s, a: 1}
    states: {a: 1}
    equations: |
      a' = -a
  surface:
    type: kinetics
    space: p
    units: {time: s, b: 1}
    states: {b: 1}
    equations: |
      b' = -b
  binding:
    type: kinetics
    space: p
    units: {time: s, n: 1}
    states: {n: 1}
    equations: |
      n' = -n
  growth:
    type: kinetics
    space: p
    units: {time: s, g: 1}
    states: {g: 1}
    equations: |
      g' = -g
schedule: {step: 0.1 s, steps: 1}
scales:
  boxes:
    atmosphere: {time: [1 s, 1 d], space: [0.1 m, 100 m]}
    surface: {time: [10 min, 1 d], space: [1 m, 100 m]}
    binding: {time: [1 us, 10 ms], space: [10 nm, 1 um]}
    growth: {time: [1 h, 100 d], space: [1 mm, 10 cm]}
  patterns:
  - {between: [atmosphere, surface], pattern: call_release}
  - {between: [binding, growth], pattern: call_release}
)";

const analysis::PairScales& pair(const analysis::ScaleMap& map, const std::string& a, const std::string& b) {
  for (const auto& scales : map.pairs) {
    const std::string &fast = map.processes[scales.fast].name, &slow = map.processes[scales.slow].name;
    if ((fast == a && slow == b) || (fast == b && slow == a)) return scales;
  }
  throw std::runtime_error("no pair " + a + " " + b);
}

TEST(ScaleMap, LessonCasesGiveTheirRegionsAndPatterns) {
  const auto map = map_of(declared);
  const auto& air = pair(map, "atmosphere", "surface");
  EXPECT_EQ(air.time, Relation::overlap);
  EXPECT_EQ(air.space, Relation::overlap);
  EXPECT_EQ(air.pattern, Pattern::interact);
  const auto& calcium = pair(map, "binding", "growth");
  EXPECT_EQ(calcium.time, Relation::separated);
  EXPECT_EQ(calcium.space, Relation::separated);
  EXPECT_TRUE(calcium.many_instances);
  EXPECT_EQ(calcium.pattern, Pattern::call_release);
  EXPECT_NEAR(calcium.epsilon_time, 2.7777777777777778e-6, 1e-17);
  EXPECT_NEAR(calcium.epsilon, 1e-5, 1e-17);
}

TEST(ScaleMap, AWrongDeclaredPatternIsAWarningWithTheNumbers) {
  const auto map = map_of(declared);
  ASSERT_EQ(map.warnings.size(), 1u);
  EXPECT_THAT(map.warnings[0], HasSubstr("'atmosphere' and 'surface' are joined by 'call_release'"));
  EXPECT_THAT(map.warnings[0], HasSubstr("1 s to 1 d"));
  EXPECT_THAT(map.warnings[0], HasSubstr("'interact' fits"));
}

TEST(ScaleMap, SeparatedBindingIsProposedAsQuasiSteady) {
  const auto map = map_of(declared);
  bool found = false;
  for (const auto& quasi : map.quasi_steady)
    found = found || (quasi.process == "binding" && quasi.relative_to == "growth" &&
                      std::abs(quasi.error_order_0 - 2.7777777777777778e-6) < 1e-17);
  EXPECT_TRUE(found);
}

// Times of linear systems are known exactly: x' = -x/tau.
TEST(ScaleMap, TimesAreThoseOfTheJacobian) {
  const auto map = map_of(R"(
holon: 1
spaces: {p: {type: point}}
processes:
  enzyme:
    type: kinetics
    space: p
    units: {time: ms, s: mM, c: uM, total: uM}
    states: {s: 1, c: 3, total: 5}
    equations: |
      c' = 1000*s - 500*c
      s' = -0.002*s
      total' = 0
schedule: {step: 1 us, steps: 1}
)");
  const auto& enzyme = process(map, "enzyme");
  EXPECT_NEAR(enzyme.fastest, 1e-3 / 500.0, 1e-15);
  EXPECT_NEAR(enzyme.slowest, 1e-3 / 0.002, 1e-9);
  EXPECT_EQ(enzyme.spectrum.neutral, 1);
  EXPECT_FALSE(enzyme.space.known());
  ASSERT_EQ(map.quasi_steady.size(), 1u);
  EXPECT_THAT(map.quasi_steady[0].states, ElementsAre("enzyme.c"));
  EXPECT_NEAR(map.quasi_steady[0].error_order_0, 0.002 / 500.0, 1e-12);
}

TEST(ScaleMap, NothingThatSwingsOrGrowsIsQuasiSteady) {
  const auto map = map_of(R"(
holon: 1
spaces: {p: {type: point}}
processes:
  swing:
    type: kinetics
    space: p
    units: {time: ms, x: 1, v: 1}
    states: {x: 1, v: 0}
    equations: |
      x' = 1000*v
      v' = -1000*x
  slow:
    type: kinetics
    space: p
    units: {time: ms, y: 1}
    states: {y: 1}
    inputs: {}
    equations: |
      y' = -0.001*y
  bloom:
    type: kinetics
    space: p
    units: {time: ms, z: 1}
    states: {z: 1}
    equations: |
      z' = 300*z
schedule: {step: 1 us, steps: 1}
)");
  EXPECT_TRUE(map.quasi_steady.empty());
  EXPECT_NEAR(process(map, "swing").slowest, 1e-6, 1e-15);
  EXPECT_TRUE(process(map, "bloom").spectrum.grows);
}

TEST(ScaleMap, GridsGiveResolutionExtentAndTimesAcrossThem) {
  const auto map = map_of(R"(
holon: 1
spaces:
  cell: {type: grid, sites: cells, size: [20 um], spacing: 2 um}
  tissue: {type: grid, sites: cells, size: [2 cm], spacing: 0.2 mm}
fields:
  calcium: {space: cell, unit: uM, kind: density, initial: 1 uM}
  drug: {space: tissue, unit: uM, kind: density, initial: 1 uM}
processes:
  inside: {type: diffusion, field: calcium, diffusivity: 300 um^2/s, integrator: implicit}
  across: {type: diffusion, field: drug, diffusivity: 300 um^2/s, integrator: implicit}
schedule: {step: 1 ms, steps: 1}
)");
  const auto& joint = pair(map, "inside", "across");
  EXPECT_NEAR(joint.epsilon, 1e-3, 1e-15);
  EXPECT_NEAR(joint.tau_ratio_diffusion, 1e-6, 1e-18);
  EXPECT_NEAR(joint.tau_ratio_advection, 1e-3, 1e-15);
  EXPECT_EQ(joint.space, Relation::separated);
  const auto &inside = process(map, "inside"), &across = process(map, "across");
  EXPECT_NEAR(inside.space.resolution, 2e-6, 1e-18);
  EXPECT_NEAR(inside.slowest / across.slowest, 1e-6, 1e-15);  // l^2/D
  EXPECT_NEAR(inside.slowest, 4e-10 / 3e-10, 1e-9);
}

// A slow process that is advanced with the fast one's step is not thereby fast.
TEST(ScaleMap, ASharedStepIsThatOfTheFastest) {
  const std::string text = R"(
holon: 1
spaces: {p: {type: point}}
processes:
  binding:
    type: kinetics
    space: p
    units: {time: ms, n: 1}
    states: {n: 0}
    equations: |
      n' = 1 - 2*n
  growth:
    type: kinetics
    space: p
    units: {time: h, g: 1, n: 1}
    states: {g: 1}
    inputs: {n: =binding.n}
    equations: |
      g' = -0.01*g*n
schedule: {step: 0.1 ms, steps: 80}
)";
  const auto map = map_of(text);
  const auto& joint = pair(map, "binding", "growth");
  EXPECT_EQ(joint.time, Relation::separated);
  EXPECT_THAT(joint.fields, ElementsAre("binding.n"));
  EXPECT_THAT(map.schedule.yaml, HasSubstr("binding"));
  EXPECT_THAT(map.schedule.yaml, HasSubstr("growth"));
  EXPECT_THAT(map.quasi_steady.empty(), false);
}

analysis::ScaleMap map_of_model(const std::string& file, const std::vector<std::string>& settings = {}) {
  ModelRun run(file, settings);
  ThreadPool threads(1);
  return analysis::scale_map(run.model(), analysis::looks_along(run.shared_model(), 1, 2), threads);
}

// What the model resolves by substeps is not lost in what is recommended, and what a schedule asks for
// beyond taking turns is not taken apart.
TEST(ScaleMap, RecommendsWhatCanStandInTheModel) {
  const auto symphony = map_of_model("models/principles/symphony.yaml", {"parameters.until=1 s"});
  EXPECT_THAT(symphony.schedule.yaml,
              HasSubstr("strang: [{subcycle: {do: {strang: [binding, spreading]}, steps: 20}}, flow]"));
  for (const std::string name :
       {"principles/averaging", "principles/interface", "principles/dirichlet_splitting",
        "principles/oscillators", "circuits/burden_in_a_colony"}) {
    const auto map = map_of_model("models/" + name + ".yaml");
    EXPECT_TRUE(map.schedule.yaml.empty()) << name << ": " << map.schedule.yaml;
    EXPECT_EQ(map.schedule.reasons.size(), 1u) << name;
  }
}

TEST(ScaleMap, DecayEndsTheSlowestTimeOfWhatSpreads) {
  const std::string text = R"(
holon: 1
spaces: {line: {type: grid, sites: cells, size: [1 mm], spacing: 0.05 mm}}
fields: {c: {space: line, unit: uM, kind: density, initial: 1 uM}}
processes:
  spreading: {type: diffusion, field: c, diffusivity: 1e-3 mm^2/s, decay: 0.5 1/s, integrator: implicit}
schedule: {step: 0.1 s, steps: 1}
)";
  const auto map = map_of(text);
  // The slowest mode of all, the even one, relaxes by decay alone; the bound of the next adds to it.
  EXPECT_NEAR(process(map, "spreading").slowest, 1.0 / (0.5 + 1e-3), 1e-9);
}

TEST(ScaleMap, BirthAndDeathHaveTheTimesOfTheirRates) {
  const auto map =
      map_of_model("models/tissue/birth_death.yaml",
                   {"parameters.birth=0.5 1/h", "parameters.death=0.02 1/h", "parameters.lineages=10"});
  EXPECT_NEAR(process(map, "life").fastest, 2.0 * 3600.0, 1e-6);
  EXPECT_NEAR(process(map, "life").slowest, 50.0 * 3600.0, 1e-6);
}

// Sizes in the proportion 1 : 1000 (engine case E8: exact).
TEST(ScaleMap, MotionGoesFromAnAgentsDiameterToItsDish) {
  const auto map = map_of(R"(
holon: 1
spaces:
  dish: {type: grid, sites: cells, size: [100 um, 50 um], spacing: 10 um}
  cells: {type: population, in: dish, count: 5, radius: 2 um}
processes:
  drift: {type: motion, space: cells, velocity: [3 um/s, 4 um/s]}
  walk: {type: motion, space: cells, diffusivity: 16 um^2/s}
schedule: {step: 0.1 s, until: 1 s, lie: [drift, walk]}
)");
  EXPECT_NEAR(process(map, "drift").space.resolution, 4e-6, 1e-18);
  EXPECT_NEAR(process(map, "drift").space.extent, 1e-4, 1e-18);
  EXPECT_NEAR(process(map, "drift").fastest, 4.0 / 5.0, 1e-12);
  EXPECT_NEAR(process(map, "drift").slowest, 100.0 / 5.0, 1e-12);
  EXPECT_NEAR(process(map, "walk").fastest, 1.0, 1e-12);
  EXPECT_NEAR(process(map, "walk").slowest, 1e4 / 16.0, 1e-9);
}

TEST(Symphony, RatiosAreThoseOfTheSizes) {
  ModelRun run("models/principles/symphony.yaml", {"parameters.until=1 s"});
  run.to_the_end();
  EXPECT_NEAR(run.result("epsilon"), 1e-3, 1e-15);
  EXPECT_NEAR(run.result("tau_ratio_diffusion"), 1e-6, 1e-18);
  EXPECT_NEAR(run.result("tau_ratio_advection"), 1e-3, 1e-15);
  ModelRun other("models/principles/symphony.yaml",
                 {"parameters.until=1 s", "parameters.cell_size=10 um", "parameters.tissue_size=4 cm"});
  other.to_the_end();
  EXPECT_NEAR(other.result("epsilon"), 2.5e-4, 1e-15);
}

// The free calcium of the cell follows what flows past it, and the books close.
TEST(Symphony, TheCellHearsTheFlow) {
  ModelRun run("models/principles/symphony.yaml");
  run.to_the_end();
  const std::vector<double> around = run.column("around", "outside"),
                            middle = run.column("calcium", "calcium at middle");
  EXPECT_GT(*std::max_element(around.begin(), around.end()), 0.7);
  EXPECT_GT(*std::max_element(middle.begin(), middle.end()), 0.3);
  EXPECT_LT(run.simulation().ledger().front().relative_residual, 1e-12);
}

TEST(ScaleMap, CouplingsJoinProcesses) {
  ModelRun run("models/principles/symphony.yaml");
  ThreadPool threads(1);
  const State state = run.model().initial_state(threads, 0);
  const auto map = analysis::scale_map(run.model(), {&state}, {0.0}, threads);
  EXPECT_THAT(pair(map, "spreading", "flow").fields, ElementsAre("outside"));
  EXPECT_TRUE(pair(map, "binding", "flow").fields.empty());
}

TEST(ScaleMap, JsonHoldsAllNumbers) {
  const auto map = map_of(declared);
  const auto json = nlohmann::json::parse(analysis::json(map));
  EXPECT_EQ(json["processes"].size(), 4u);
  EXPECT_EQ(json["pairs"].size(), 6u);
  EXPECT_EQ(json["processes"][0]["time"]["unit"], "s");
  EXPECT_EQ(json["warnings"].size(), 1u);
}

// A process on more sites than eigenvalues are computed for: uptake of 4 um^3/s in each voxel of 8 um^3, and
// twice that in one.
TEST(ScaleMap, UptakeOnALargeGridHasTheTimesOfItsVoxels) {
  ModelRun run = ModelRun::of_text(R"(
holon: 1
title: Uptake
spaces:
  medium: {type: grid, sites: cells, size: [24 um, 24 um, 24 um], spacing: 2 um}
  cells: {type: population, in: medium, place: {positions: [[11 um, 13 um, 13 um], [3 um, 5 um, 7 um], [3 um, 5 um, 7 um]]}}
fields: {c: {space: medium, unit: uM, kind: density, initial: 1 uM}}
processes:
  eat: {type: exchange, field: c, members: {cells: {space: cells, uptake: 4 um^3/s, kernel: nearest}}}
schedule: {step: 0.1 s, until: 1 s, lie: [eat]}
)");
  ThreadPool threads(1);
  const State& state = run.simulation().state();
  const auto times = analysis::time_scales(run.model(), *run.model().processes[0], state, 0.0, threads);
  EXPECT_TRUE(times.diagonal);
  EXPECT_NEAR(times.fastest, 1.0, 1e-12);
  EXPECT_NEAR(times.slowest, 24.0 * 24.0 * 24.0 / 12.0, 1e-9);  // all of it mixed
  EXPECT_TRUE(times.relaxes);
}

// What only adds up what others give has the time in which that changes it.
TEST(ScaleMap, KnowsHowFastWhatIsDrivenMoves) {
  const auto map = map_of(R"(
holon: 1
title: A store that is filled
spaces: {p: {type: point}}
processes:
  store:
    type: kinetics
    space: p
    integrator: rk4
    units: {time: s, b: 1, a: 1}
    states: {b: 4}
    inputs: {a: =source.a}
    equations: |
      b' = 2*a
  source:
    type: kinetics
    space: p
    integrator: rk4
    units: {time: s, a: 1}
    states: {a: 1}
    equations: |
      a' = -0.001*a
schedule: {step: 0.1 s, until: 2 s, lie: [source, store]}
)");
  const auto& store = process(map, "store");
  EXPECT_NEAR(store.fastest, 2.0, 1e-3);
  EXPECT_NEAR(store.slowest, 7.2 / 2.0, 0.02);  // at the last look, t = 1.6 s
  EXPECT_THAT(store.time_source, HasSubstr("values over their rates"));
}

// A quasi-steady process has the times of what it would do otherwise, members of a `together` their own, and
// what the schedule is made of stands for nothing.
TEST(ScaleMap, KnowsProcessesThatTheScheduleKeepsInParticularWays) {
  const std::string text = R"(
holon: 1
title: A fast and a slow one
spaces: {p: {type: point}}
processes:
  fast:
    type: kinetics
    space: p
    integrator: rosenbrock
    units: {time: s, a: 1, b: 1}
    states: {a: 1}
    inputs: {b: =slow.b}
    equations: |
      a' = 50*(b - a)
  slow:
    type: kinetics
    space: p
    integrator: rk4
    units: {time: s, b: 1}
    states: {b: 1}
    equations: |
      b' = -b
schedule: {step: 0.1 s, until: 2 s, )";
  for (const char* schedule : {"lie: [slow, {steady: {do: fast}}]", "together: {do: [fast, slow]}",
                               "lie: [slow, {subcycle: {do: fast, steps: 10}}]"}) {
    const auto map = map_of(text + schedule + "}\n");
    ASSERT_EQ(map.processes.size(), 2u) << schedule;
    EXPECT_NEAR(process(map, "fast").fastest, 0.02, 1e-9) << schedule;
    EXPECT_NEAR(process(map, "slow").fastest, 1.0, 1e-9) << schedule;
    EXPECT_GT(process(map, "fast").step, 0.0) << schedule;
    ASSERT_EQ(map.pairs.size(), 1u) << schedule;
    EXPECT_NEAR(map.pairs[0].time_ratio, 0.02, 1e-9) << schedule;
  }
  const ModelRun run("models/principles/dirichlet_splitting.yaml", {"parameters.boundary_correction=true"});
  ThreadPool threads(1);
  const auto map = analysis::scale_map(run.model(), analysis::looks_along(run.shared_model(), 1), threads);
  for (const auto& each : map.processes) EXPECT_NE(each.type, "boundary correction");
}

}  // namespace
}  // namespace holon::verification

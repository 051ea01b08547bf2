// Cells that divide and die by rules of their own, against what a person would count.
#include <cmath>
#include <map>

#include "verification/model_run.hpp"
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

/// Cells grow exponentially from a size of their own, divide at twice a size, and hand on a plasmid by
/// halves.
const char* const sizers = R"yaml(holon: 1
parameters: {step: 0.1 h, growth: 0.5 1/h, cells: 40}
spaces:
  dish: {type: grid, sites: cells, size: [100 um, 100 um], spacing: 10 um}
  cells: {type: population, in: dish, count: =cells, radius: 2 um}
fields:
  plasmid: {space: cells, unit: fmol, kind: amount, initial: =(1 + cells.id)*1 fmol, on_division: share,
            conserved: {plasmid: 1}}
processes:
  grow:
    type: kinetics
    space: cells
    units: {time: h, m: pg, k: 1/h}
    kinds: {m: amount}
    states: {m: 1}
    parameters: {k: =growth}
    initial: {m: =(1 pg)*(1 + 0.02*cells.id)}
    on_division: {m: share}
    integrator: rush_larsen
    equations: |
      m' = k*m
  life: {type: birth_death, space: cells, divide_when: =grow.m > 2 pg}
schedule: {step: =step, until: 6 h, lie: [grow, life, {restructure: cells}]}
observe:
  m: {type: final, of: grow.m}
  founder: {type: final, of: cells.founder}
  generation: {type: final, of: cells.generation}
  plasmid: {type: total, of: plasmid}
results: {m: {of: m}, founder: {of: founder}, generation: {of: generation}, plasmid: {of: plasmid}}
)yaml";

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), by);
}

TEST(DivisionRules, CellsDivideAtTheEndOfTheStepInWhichTheyReachTheirSize) {
  ModelRun run = ModelRun::of_text(sizers);
  run.to_the_end();
  const auto mass = run.array("m"), founder = run.array("founder"), generation = run.array("generation");
  // All descendants of a founder are alike: how many steps each of its generations takes is counted here.
  std::map<int, int> descendants;
  const double factor = std::exp(0.5 * 0.1);
  for (std::size_t cell = 0; cell < mass.size(); ++cell) {
    const int id = static_cast<int>(founder[cell]);
    double expected = 1.0 + 0.02 * id;
    int divisions = 0;
    for (int step = 0; step < 60; ++step) {
      expected *= factor;
      if (expected <= 2.0) continue;
      expected *= 0.5;
      ++divisions;
    }
    EXPECT_NEAR(mass[cell], expected, 1e-12) << "of founder " << id;
    EXPECT_EQ(generation[cell], divisions) << "of founder " << id;
    descendants[id] += 1;
    EXPECT_LE(descendants[id], 1 << divisions);
  }
  ASSERT_EQ(descendants.size(), 40U);
  for (const auto& [id, count] : descendants) EXPECT_GE(count, 16) << "ln 2/growth is 1.39 h";
}

TEST(DivisionRules, WhatMothersHoldTheirDaughtersShare) {
  ModelRun run = ModelRun::of_text(sizers);
  run.to_the_end();
  EXPECT_NEAR(run.result("plasmid"), 40 * 41 / 2.0, 1e-11);
  for (const LedgerBalance& balance : run.simulation().ledger()) EXPECT_LT(balance.relative_residual, 1e-12);
}

TEST(DivisionRules, WhatDivisionsMoveIsNotCalledAtRest) {
  const ModelRun run = ModelRun::of_text(sizers);
  for (const Diagnostic& warning : run.warnings()) ADD_FAILURE() << warning.text();
  // Without divisions it is.
  std::string text = replaced(sizers, ", life, {restructure: cells}", "");
  const std::size_t life = text.find("  life:");
  text.erase(life, text.find('\n', life) + 1 - life);
  EXPECT_EQ(ModelRun::of_text(text).warnings().size(), 1U);
}

TEST(DivisionRules, TheHungryDieAndDeathComesFirst) {
  // Half of the cells are above both bounds at once.
  ModelRun run = ModelRun::of_text(
      replaced(sizers, "=grow.m > 2 pg", "=grow.m > 1.51 pg, die_when: =time > 0.15 h && grow.m > 1.61 pg"),
      {"parameters.growth=0 1/h"});
  run.simulation().step();
  const Space& cells = *run.model().spaces.at("cells");
  EXPECT_EQ(run.simulation().state().sites(cells), 40U + 14U);  // ids 26 to 39 are above 1.51 pg
  run.simulation().step();  // and none is above it any more, so that none above 1.61 pg is left to die
  EXPECT_EQ(run.simulation().state().sites(cells), 54U);
  ModelRun both =
      ModelRun::of_text(replaced(sizers, "=grow.m > 2 pg", "=grow.m > 1.51 pg, die_when: =grow.m > 1.61 pg"),
                        {"parameters.growth=0 1/h"});
  both.simulation().step();
  EXPECT_EQ(both.simulation().state().sites(*both.model().spaces.at("cells")),
            40U - 9U + 5U);  // ids 31 to 39 die, 26 to 30 divide
}

TEST(DivisionRules, RulesStandBesideRates) {
  // Nobody is above the size, so that the random divisions are those of a run without the rule.
  const auto run_with = [&](const std::string& options) {
    ModelRun run = ModelRun::of_text(replaced(sizers, "divide_when: =grow.m > 2 pg", options),
                                     {"parameters.growth=0 1/h"});
    run.to_the_end();
    return run.array("founder");
  };
  const auto alone = run_with("birth: 0.3 1/h");
  EXPECT_GT(alone.size(), 40U);
  EXPECT_EQ(run_with("birth: 0.3 1/h, divide_when: =grow.m > 2 pg"), alone);
  EXPECT_GT(run_with("birth: 0.3 1/h, divide_when: =grow.m > 1.71 pg").size(), alone.size());
}

TEST(DivisionRules, ThreadsDoNotMatterToTheLastBit) {
  ModelRun made = ModelRun::of_text(sizers, {"parameters.cells=5000"});
  const auto state_with = [&](int threads) {
    Simulation simulation(made.shared_model(), {.threads = threads, .seed = 3});
    for (int step = 0; step < 15; ++step) simulation.step();
    Archive archive;
    simulation.state().write(archive);
    return archive.entries();
  };
  const auto one = state_with(1);
  EXPECT_EQ(state_with(2), one);
  EXPECT_EQ(state_with(4), one);
}

}  // namespace
}  // namespace holon::verification

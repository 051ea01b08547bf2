// Birth and death against the exact distribution of the number of descendants (case: tissue-agents V10).
#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <iterator>

#include "verification/model_run.hpp"
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

/// N descendants of one cell after a time t: P(0) = extinct, P(n) = (1 - extinct) (1 - q) q^(n-1) (Kendall,
/// Ann. Math. Statist. 19, 1 (1948)).
struct Exact {
  double mean = 0.0, variance = 0.0, fourth = 0.0, extinct = 0.0;  // fourth: the central moment

  Exact(double birth, double death, double time) {
    const double growth = std::exp((birth - death) * time);
    extinct = death * (growth - 1.0) / (birth * growth - death);
    const double q = birth * (growth - 1.0) / (birth * growth - death);
    mean = growth;
    variance = (birth + death) / (birth - death) * growth * (growth - 1.0);
    fourth = extinct * std::pow(mean, 4);
    double weight = (1.0 - extinct) * (1.0 - q);
    for (int n = 1; weight > 1e-30; ++n, weight *= q) fourth += weight * std::pow(n - mean, 4);
  }
  // Standard errors over so many lineages.
  double error_of_mean(double lineages) const { return std::sqrt(variance / lineages); }
  double error_of_variance(double lineages) const {
    return std::sqrt((fourth - variance * variance) / lineages);
  }
  double error_of_extinct(double lineages) const { return std::sqrt(extinct * (1.0 - extinct) / lineages); }
};

constexpr double birth = 7.2e-4, death = 5.31667e-5;  // [1/min]

void expect_statistics(ModelRun& run, const Exact& exact, double lineages) {
  run.to_the_end();
  EXPECT_NEAR(run.result("mean"), exact.mean, 3.0 * exact.error_of_mean(lineages));
  EXPECT_NEAR(run.result("variance"), exact.variance, 3.0 * exact.error_of_variance(lineages));
  EXPECT_NEAR(run.result("extinct"), exact.extinct, 3.0 * exact.error_of_extinct(lineages));
}

TEST(BirthDeath, ExactFormulasGiveThePublishedNumbers) {
  const std::array published{std::array{24.0, 2.612323, 4.8835}, std::array{48.0, 6.824233, 46.084},
                             std::array{72.0, 17.827102, 347.81}};
  for (const auto& [hours, mean, variance] : published) {
    const Exact exact(birth, death, 60.0 * hours);
    EXPECT_NEAR(exact.mean, mean, 5e-7 * mean);
    EXPECT_NEAR(exact.variance, variance, 2e-5 * variance);
  }
  EXPECT_NEAR(Exact(birth, death, 1e5).extinct, 0.07384, 5e-6);
}

TEST(BirthDeath, MeanVarianceAndExtinctionAreExactAfterOneTwoAndThreeDays) {
  for (const int hours : {24, 48, 72}) {
    ModelRun run("models/tissue/birth_death.yaml",
                 {"parameters.lineages=30000", "parameters.until=" + std::to_string(hours) + " h"});
    expect_statistics(run, Exact(birth, death, 60.0 * hours), 30000);
  }
}

TEST(BirthDeath, OneStepForManyGenerationsHasTheSameStatistics) {
  ModelRun run("models/tissue/birth_death.yaml",
               {"parameters.lineages=30000", "parameters.until=72 h", "parameters.step=72 h"});
  expect_statistics(run, Exact(birth, death, 60.0 * 72.0), 30000);
}

// Who divides in one part of a step may be committed after others: what is born then has lived that long.
TEST(BirthDeath, StatisticsAreTheSameHoweverPartsAndCommitsTakeTurns) {
  ModelRun run("models/tissue/birth_death.yaml",
               {"parameters.lineages=30000", "parameters.until=72 h", "parameters.step=12 h",
                "schedule.lie=[{subcycle: {do: life, steps: 3}}, {restructure: cells}]"});
  expect_statistics(run, Exact(birth, death, 60.0 * 72.0), 30000);
}

TEST(BirthDeath, WhatIsCommittedTooLateIsWarnedOf) {
  const std::string model = "models/tissue/birth_death.yaml";
  EXPECT_TRUE(ModelRun(model).warnings().empty());
  for (const char* turns :
       {"[{restructure: cells}, life]", "[life, {every: {do: {restructure: cells}, steps: 2}}]"})
    EXPECT_EQ(ModelRun(model, {std::string("schedule.lie=") + turns}).warnings().size(), 1u) << turns;
  for (const char* merge : {"false", "true"}) {
    std::ifstream file(std::string(HOLON_SOURCE_DIR) + "/" + model);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    const std::string lie = "lie: [";
    text.replace(text.find(lie), lie.size(), std::string("merge: ") + merge + "\n  strang: [");
    EXPECT_EQ(ModelRun::of_text(text).warnings().size(), 1u) << merge;
  }
}

TEST(BirthDeath, LineagesThatDecayDieOutAsOftenAsTheyShould) {
  // The rates change places: nearly all lineages die out.
  ModelRun run("models/tissue/birth_death.yaml",
               {"parameters.lineages=30000", "parameters.until=48 h", "parameters.birth=5.31667e-5 1/min",
                "parameters.death=7.2e-4 1/min"});
  expect_statistics(run, Exact(death, birth, 60.0 * 48.0), 30000);
}

/// Two cells on a line, with a content that is made and decays, divide once each at 0.5 s, with everything
/// looking on.
const char* const two_cells = R"yaml(holon: 1
spaces:
  line: {type: grid, sites: cells, size: [100 um], spacing: 10 um}
  cells: {type: population, in: line, place: {positions: [[20 um], [70 um]]}, radius: 5 um}
fields:
  mass: {space: cells, unit: pg, kind: amount, initial: =(1 + cells.id)*1 pg, conserved: {mass: 1}}
processes:
  content:
    type: kinetics
    space: cells
    units: {time: s, a: pg, V: mV}
    states: {a: 8, V: -80}
    kinds: {a: amount}
    on_division: {V: reset}
    integrator: INTEGRATOR
    equations: |
      a' = -a
      V' = 10
  life:
    type: birth_death
    space: cells
    birth: =if time > 0.5 s then max(0, 1 - cells.generation)*1e9/(1 s) else 0/(1 s)
schedule:
  step: 0.25 s
  until: 1 s
  lie: [content, life, {restructure: cells}]
observe:
  each: {type: probe, of: content.a, at: [0, 1, 2, 3], every: 0.25 s}
  place: {type: final, of: cells.position}
  a: {type: final, of: content.a}
  V: {type: final, of: content.V}
  mass: {type: total, of: mass}
  largest: {type: extremum, of: mass}
  mean: {type: mean, of: mass, every: 0.25 s}
results:
  place: {of: place, unit: um}
  a: {of: a}
  V: {of: V}
  mass: {of: mass}
  mean: {of: mean}
  largest: {of: largest}
)yaml";

std::string with_integrator(std::string integrator) {
  std::string text = two_cells;
  return text.replace(text.find("INTEGRATOR"), 10, integrator);
}

TEST(BirthDeath, TwoCellsDivideWhileFieldsObserversAndKernelsHoldThem) {
  for (const char* integrator : {"rush_larsen", "rosenbrock", "implicit_midpoint"}) {
    ModelRun run = ModelRun::of_text(with_integrator(integrator));
    run.to_the_end();
    const State state = run.simulation().complete_state();
    ASSERT_EQ(state.sites(*run.model().spaces.at("cells")), 4U) << integrator;
    EXPECT_EQ(state.fields()[state.fields().id("content.a")].on_division, OnDivision::share);
    // The step that ends at 0.75 s divides; a then decays for another 0.25 s. The midpoint rule errs by
    // dt^2/12.
    for (const double a : run.array("a")) EXPECT_NEAR(a, 4.0 * std::exp(-1.0), 0.01) << integrator;
    for (const double V : run.array("V")) EXPECT_NEAR(V, -77.5, 1e-9) << integrator;
    EXPECT_DOUBLE_EQ(run.result("mass"), 3.0);
    EXPECT_DOUBLE_EQ(run.result("mean"), 0.75);
    EXPECT_DOUBLE_EQ(run.result("largest"), 2.0);
    const auto place = run.array("place");  // in order of the ids: mothers 0 and 1, daughters 2 and 3
    EXPECT_NEAR(place[0] + place[2], 40.0, 1e-9);
    EXPECT_NEAR(std::abs(place[0] - place[2]), 10.0, 1e-9);
    EXPECT_NEAR(place[1] + place[3], 140.0, 1e-9);
    const auto daughter = run.column("each", "a at 2"), mother = run.column("each", "a at 0");
    ASSERT_EQ(daughter.size(), 5U);
    EXPECT_TRUE(std::isnan(daughter[2]));
    EXPECT_EQ(daughter[3], mother[3]);
    for (const LedgerBalance& balance : run.simulation().ledger())
      EXPECT_LT(balance.relative_residual, 1e-12);
  }
}

TEST(BirthDeath, WhatOnlyDivisionsShareOutIsNotTakenForForgotten) {
  // No process advances `mass`, but it goes from mothers to daughters.
  const auto forgotten = [](const ModelRun& run) {
    return std::count_if(run.warnings().begin(), run.warnings().end(), [](const Diagnostic& warning) {
      return warning.message.find("no process advances it") != std::string::npos;
    });
  };
  EXPECT_EQ(forgotten(ModelRun::of_text(with_integrator("rush_larsen"))), 0);
  // Where nothing ever divides or dies, nobody changes it.
  std::string still = with_integrator("rush_larsen");
  const auto cut = [&](std::size_t begin, std::size_t end) { still.erase(begin, end - begin); };
  cut(still.find("  life:"), still.find("schedule:"));
  const std::string order = ", life, {restructure: cells}";
  cut(still.find(order), still.find(order) + order.size());
  EXPECT_EQ(forgotten(ModelRun::of_text(still)), 1);
}

TEST(BirthDeath, ACheckpointAmongDivisionsGoesOnBitByBit) {
  const auto run_of = [] { return ModelRun("models/tissue/birth_death.yaml", {"parameters.lineages=500"}); };
  ModelRun whole = run_of(), first = run_of(), second = run_of();
  whole.to_the_end();
  for (int step = 0; step < 11; ++step) first.simulation().step();
  second.simulation().resume(first.simulation().checkpoint());
  second.to_the_end();
  Archive a, b;
  whole.simulation().state().write(a);
  second.simulation().state().write(b);
  EXPECT_EQ(a.entries(), b.entries());
  EXPECT_EQ(whole.result("variance"), second.result("variance"));
}

}  // namespace
}  // namespace holon::verification

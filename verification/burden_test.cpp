// What a circuit costs its host (case: applications H1) and the pool of energy (H2).
#include <cmath>
#include <map>

#include "verification/model_run.hpp"
#include <fmt/format.h>
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

struct Host {
  double growth, circuit, ribosomes, mass;
};

Host host(const std::string& setting) {
  ModelRun run("models/circuits/host_burden.yaml", {setting});
  run.to_the_end();
  return {run.result("growth_rate"), run.result("circuit_mass_fraction"),
          run.result("ribosomal_mass_fraction"), run.result("mass")};
}

TEST(HostBurden, GrowsAsPublished) {
  ModelRun run("models/circuits/host_burden.yaml");
  run.to_the_end();
  EXPECT_NEAR(run.result("growth_rate"), 0.0241145338, 1e-5 * 0.0241145338);
  EXPECT_NEAR(run.result("energy"), 10.7048456, 1e-5 * 10.7);
  EXPECT_NEAR(run.result("mass"), 1e8, 1e-5 * 1e8);
}

TEST(HostBurden, FollowsTheFirstGrowthLaw) {
  const std::map<std::string, std::pair<double, double>> by_quality{{"0.1", {.0068438449, .16449}},
                                                                    {"0.2", {.01214125, .19165}},
                                                                    {"0.3", {.016664646, .21103}},
                                                                    {"0.7", {.030040468, .26426}},
                                                                    {"1", {.037016353, .29296}}};
  for (const auto& [ns, expected] : by_quality) {
    const Host found = host("parameters.ns=" + ns);
    EXPECT_NEAR(found.growth, expected.first, 1e-5 * expected.first);
    EXPECT_NEAR(found.ribosomes, expected.second, 1e-4 * expected.second);
  }
}

TEST(HostBurden, StarvesAsMonodDoesNotSay) {
  for (const auto& [s0, growth] :
       std::map<std::string, double>{{"10", .00047625936}, {"1e3", .015592868}, {"1e6", .025700395}})
    EXPECT_NEAR(host("parameters.s0=" + s0).growth, growth, 1e-5 * growth) << s0;
}

TEST(HostBurden, CostsGrowthAndIsNotLinear) {
  for (const auto& [wp, expected] : std::map<std::string, std::pair<double, double>>{
           {"10", {.021045894, .046223}}, {"100", {.011155401, .245007}}, {"800", {.0031264477, .549332}}}) {
    const Host found = host("parameters.wp=" + wp);
    EXPECT_NEAR(found.growth, expected.first, 1e-5 * expected.first) << wp;
    EXPECT_NEAR(found.circuit, expected.second, 1e-4 * expected.second) << wp;
  }
}

// The published transient of a nutrient shift-up; the energy peaks at 1e7 molecules on the way.
TEST(HostBurden, OvershootsAfterAShiftUp) {
  ModelRun run("models/circuits/host_burden.yaml",
               {"parameters.s0_before=10", "parameters.shift=50000 min", "parameters.sample=1 min"});
  run.to_the_end();
  const std::vector<double> growth = run.column("cell", "growth_rate");
  for (const auto& [minute, expected] : std::map<std::size_t, double>{{0, .00047626},
                                                                      {1, .01814662},
                                                                      {5, .02820301},
                                                                      {10, .04986609},
                                                                      {20, .02510685},
                                                                      {50, .01673620},
                                                                      {100, .01269053},
                                                                      {200, .01657748},
                                                                      {500, .02411554},
                                                                      {1000, .02411453}})
    EXPECT_NEAR(growth.at(50000 + minute), expected, 2e-5 * expected) << minute;
}

TEST(HostBurden, RunsForAsLongAsIsAsked) {
  ModelRun run("models/circuits/host_burden.yaml", {"parameters.until=100 min"});
  run.to_the_end();
  EXPECT_DOUBLE_EQ(run.column("cell", "time").back(), 100.0);
}

// What decays is at rest at zero, though it never stops changing by its own size.
TEST(HostBurden, DoesNotGrowWithoutFood) {
  ModelRun run("models/circuits/host_burden.yaml", {"parameters.s0=0"});
  run.to_the_end();
  EXPECT_NEAR(run.result("growth_rate"), 0.0, 1e-12);
  EXPECT_NEAR(run.result("mass"), 1e8, 1e-12 * 1e8);
}

TEST(HostBurden, KeepsItsMass) {
  for (const char* wp : {"0", "100", "3200"})
    EXPECT_NEAR(host(std::string("parameters.wp=") + wp).mass, 1e8, 1e-12 * 1e8) << wp;
}

TEST(HostBurden, StartsWhereItIsSet) {
  ModelRun run("models/circuits/host_burden.yaml", {"processes.host.states.a=33", "parameters.until=10 min"});
  run.to_the_end();
  EXPECT_DOUBLE_EQ(run.column("cell", "a").front(), 33.0);
}

// Long implicit steps must not lead over the pole of its rates, to a rest with less than no energy.
TEST(HostBurden, RestsWhereItsRunEnds) {
  for (const char* energy : {"1", "33", "1000"})
    for (const char* ribosomes : {"10", "3000"}) {
      ModelRun run = ModelRun::of_text(fmt::format(R"(holon: 1
include: ["{}/models/circuits/host_burden.yaml"]
study: {{rest: {{type: steady_state, collect: [growth_rate, energy]}}}}
)",
                                                   HOLON_SOURCE_DIR),
                                       {std::string("processes.host.states.a=") + energy,
                                        std::string("processes.host.states.r=") + ribosomes});
      run.studies();
      EXPECT_NEAR(run.result("rest.growth_rate"), 0.0241145338, 2e-9) << energy << ' ' << ribosomes;
      EXPECT_NEAR(run.result("rest.energy"), 10.7048456, 1e-6) << energy << ' ' << ribosomes;
    }
}

TEST(EnergyPool, CollapsesAtTheFoldAndRecoversAtTheOther) {
  ModelRun run("models/circuits/energy_pool.yaml");
  run.studies();
  EXPECT_NEAR(run.result("b_collapse"), 3.528062501, 1e-8 * 3.5);
  EXPECT_NEAR(run.result("b_recovery"), 2.352071344, 1e-8 * 2.4);
  EXPECT_NEAR(run.result("E_at_collapse"), 8.929876737, 1e-6 * 8.9);
}

TEST(EnergyPool, FallsThroughABottleneck) {
  for (const auto& [f, time] : std::map<std::string, double>{
           {"1.01", 10.8135}, {"1.02", 7.42873}, {"1.05", 4.40973}, {"1.1", 2.88919}, {"1.2", 1.83234}}) {
    ModelRun run("models/circuits/energy_pool.yaml", {"parameters.f=" + f});
    run.to_the_end();
    EXPECT_NEAR(run.result("collapse_time"), time, 1e-4 * time) << f;
  }
}

/// The larger (+1) or smaller (-1) energy at a fold, and what can be spent per energy there.
struct Fold {
  double energy, spent;
};

Fold fold(double V, double alpha0, double K, double sign) {
  const double p = 1.0 - 2.0 * alpha0, q = 1.0 + alpha0;
  const double s = (p + sign * std::sqrt(p * p - 4.0 * q * alpha0)) / (2.0 * q);
  return {K * std::sqrt(s), V * (alpha0 + s / (1.0 + s)) / (K * std::sqrt(s))};
}

TEST(EnergyPool, HasItsFoldsForAnyParameters) {
  ModelRun run("models/circuits/energy_pool.yaml",
               {"parameters.V=250", "parameters.alpha0=0.03", "parameters.K=7", "parameters.delta_g=1.5"});
  run.to_the_end().studies();
  const Fold high = fold(250.0, 0.03, 7.0, 1.0), low = fold(250.0, 0.03, 7.0, -1.0);
  EXPECT_NEAR(run.result("b_collapse"), high.spent - 1.5, 1e-8 * high.spent);
  EXPECT_NEAR(run.result("b_recovery"), low.spent - 1.5, 1e-8 * low.spent);
  EXPECT_NEAR(run.result("E_at_collapse"), high.energy, 1e-6 * high.energy);
  EXPECT_GT(run.result("collapse_time"), 0.0);
}

// V n/(K_n + n): the same fold in nutrient, where what is left of V is what is spent at it.
TEST(EnergyPool, StarvesAtTheSameFold) {
  for (const double b : {0.0, 0.3}) {
    ModelRun run("models/circuits/energy_pool.yaml",
                 {fmt::format("parameters.b={}", b), "parameters.K_n=0.4"});
    run.studies();
    const auto nutrient = [&](double sign) {
      const double share = (2.0 + b) / fold(100.0, 0.05, 10.0, sign).spent;
      return 0.4 * share / (1.0 - share);
    };
    EXPECT_NEAR(run.result("n_collapse"), nutrient(1.0), 1e-8 * nutrient(1.0));
    EXPECT_NEAR(run.result("n_recovery"), nutrient(-1.0), 1e-8 * nutrient(-1.0));
  }
}

// Uptake = growth + circuit + storage, from what the mechanisms booked in the run.
TEST(EnergyPool, KeepsBooksOfItsEnergy) {
  ModelRun run("models/circuits/energy_pool.yaml");
  run.to_the_end();
  const LedgerBalance balance = run.simulation().ledger().at(0);
  std::map<std::string, double> by;
  for (const LedgerLine& line : balance.lines) by[line.process] += line.amount;
  EXPECT_GT(by.at("uptake"), 100.0);
  EXPECT_LT(by.at("growth"), -100.0);
  EXPECT_LT(by.at("circuit"), -100.0);
  const double stored = balance.held_now - balance.held_at_start;
  EXPECT_NEAR(by.at("uptake") + by.at("growth") + by.at("circuit"), stored, 1e-10 * by.at("uptake"));
}

TEST(EnergyPool, SaysWhereNoLoadMadeItFall) {
  ModelRun starved("models/circuits/energy_pool.yaml", {"parameters.delta_g=20"});
  starved.to_the_end().studies();
  EXPECT_NE(starved.why_missing("collapse_time").find("no site rose through the threshold after 2"),
            std::string::npos)
      << starved.why_missing("collapse_time");
  EXPECT_NE(starved.why_missing("b_collapse"), "");
  ModelRun lives("models/circuits/energy_pool.yaml", {"parameters.f=0.98"});
  lives.to_the_end();
  EXPECT_NE(lives.why_missing("collapse_time"), "");
  ModelRun unswitched("models/circuits/energy_pool.yaml", {"parameters.alpha0=0.2"});
  unswitched.studies();
  EXPECT_NE(unswitched.why_missing("b_collapse").find("0 folds"), std::string::npos);
}

}  // namespace
}  // namespace holon::verification

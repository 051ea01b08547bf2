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

// Long implicit steps must not lead over the pole of its rates, to a rest with less than no energy.
TEST(HostBurden, RestsWhereItsRunEnds) {
  ModelRun run = ModelRun::of_text(fmt::format(R"(holon: 1
include: ["{}/models/circuits/host_burden.yaml"]
study: {{rest: {{type: steady_state, collect: [growth_rate, energy]}}}}
)",
                                               HOLON_SOURCE_DIR));
  run.studies();
  EXPECT_NEAR(run.result("rest.growth_rate"), 0.0241145338, 2e-9);
  EXPECT_NEAR(run.result("rest.energy"), 10.7048456, 1e-6);
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

}  // namespace
}  // namespace holon::verification

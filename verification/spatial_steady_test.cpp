// A field inside every macro site that is kept at rest while the macro field moves: diffusion with reaction
// in a slab and in a sphere (Thiele 1939), whose mean is the effectiveness times the value outside.
#include <algorithm>
#include <cmath>

#include "verification/model_run.hpp"
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

struct Case {
  std::string micro = "{type: grid, sites: cells, size: [1], spacing: 0.05}";
  std::string side = "x_max", loss = "decay: 4", rate = "0", schedule;
};

std::string model_of(const Case& c) {
  return R"(
holon: 1
title: Pores at rest
spaces:
  macro: {type: grid, sites: cells, size: [1], spacing: 0.25}
  micro: )" +
         c.micro + R"(
  pores: {type: product, macro: macro, micro: micro}
fields:
  p: {space: pores, initial: 0}
couplings:
  mean: {from: p, to: macro, type: average}
processes:
  slow:
    type: kinetics
    space: macro
    integrator: rk4
    units: {time: 1, c: 1, mean: 1}
    states: {c: 0}
    initial: {c: =1 + position.x}
    inputs: {mean: =mean}
    equations: |
      c' = )" +
         c.rate + R"(*mean
  inside: {type: diffusion, field: p, diffusivity: 1, )" +
         c.loss + ", boundary: {" + c.side + R"(: {dirichlet: =slow.c}}}
schedule: )" +
         c.schedule + "\n";
}

const std::string at_rest = "{step: 0.1, until: 0.2, lie: [slow, {steady: {do: inside}}]}";

/// The largest error of mean/c, against `effectiveness`.
double error(const Case& c, double effectiveness) {
  ModelRun run = ModelRun::of_text(model_of(c));
  run.to_the_end();
  const State state = run.simulation().complete_state();
  const auto mean = state.real(state.fields().id("mean")), outside = state.real(state.fields().id("slow.c"));
  double largest = 0.0;
  for (std::size_t m = 0; m < mean.size(); ++m)
    largest = std::max(largest, std::abs(mean[m] / outside[m] - effectiveness));
  return largest;
}

TEST(SpatialSteady, ASlabHasItsEffectiveness) {
  const double exact = std::tanh(2.0) / 2.0;
  Case coarse{.schedule = at_rest}, fine = coarse;
  fine.micro = "{type: grid, sites: cells, size: [1], spacing: 0.025}";
  EXPECT_LT(error(fine, exact), 2e-4);
  EXPECT_NEAR(order(error(coarse, exact), error(fine, exact)), 2.0, 0.05);
}

TEST(SpatialSteady, ASphereHasItsEffectiveness) {
  const double exact = 3.0 / 4.0 * (2.0 / std::tanh(2.0) - 1.0);
  Case coarse{.micro = "{type: radial, symmetry: sphere, outer: 1, spacing: 0.05}",
              .side = "r_max",
              .schedule = at_rest},
      fine = coarse;
  fine.micro = "{type: radial, symmetry: sphere, outer: 1, spacing: 0.025}";
  EXPECT_LT(error(fine, exact), 1e-3);
  EXPECT_NEAR(order(error(coarse, exact), error(fine, exact)), 2.0, 0.1);
}

TEST(SpatialSteady, ASourceOfItsOwnFieldIsTheSameAsDecay) {
  Case decay{.schedule = at_rest}, source = decay;
  source.loss = "source: =-4*p";
  EXPECT_NEAR(error(source, 0.0), error(decay, 0.0), 1e-12);
}

/// p'' = 4 p^2: (dp/dx)^2 = 8/3 (p^3 - p0^3), and what crosses the side is what reacts.
TEST(SpatialSteady, ASecondOrderReactionHasItsFirstIntegral) {
  Case c{.micro = "{type: grid, sites: cells, size: [1], spacing: 0.01}",
         .loss = "source: =-4*p^2",
         .schedule = at_rest};
  ModelRun run = ModelRun::of_text(model_of(c));
  run.to_the_end();
  const State state = run.simulation().complete_state();
  const auto p = state.real(state.fields().id("p")), outside = state.real(state.fields().id("slow.c"));
  for (std::size_t m = 0; m < 4; ++m) {
    double reacts = 0.0;
    for (std::size_t i = 0; i < 100; ++i) reacts += 0.01 * 4.0 * p[100 * m + i] * p[100 * m + i];
    const double centre = p[100 * m] - (p[100 * m + 1] - p[100 * m]) / 8.0;
    const double flux = std::sqrt(8.0 / 3.0 * (std::pow(outside[m], 3) - std::pow(centre, 3)));
    EXPECT_NEAR(reacts / flux, 1.0, 2e-4);
  }
}

/// While the macro field decays by what reacts: against the same model with pores that are followed in time.
TEST(SpatialSteady, TheEstimateIsTheErrorOfOrderZero) {
  Case rest{.rate = "-0.2", .schedule = "{step: 0.05, until: 1, lie: [slow, {steady: {do: inside}}]}"},
      first = rest, followed = rest;
  first.schedule = "{step: 0.05, until: 1, lie: [slow, {steady: {do: inside, order: 1}}]}";
  followed.schedule = "{step: 0.0002, until: 1, lie: [slow, inside]}";
  ModelRun fast = ModelRun::of_text(model_of(rest)), better = ModelRun::of_text(model_of(first)),
           slow = ModelRun::of_text(model_of(followed));
  for (ModelRun* run : {&fast, &better, &slow}) run->to_the_end();
  const State a = fast.simulation().complete_state(), b = slow.simulation().complete_state(),
              c = better.simulation().complete_state();
  const auto at_rest_p = a.real(a.fields().id("p")), estimate = a.real(a.fields().id("p_error")),
             first_p = c.real(c.fields().id("p")), exact = b.real(b.fields().id("p"));
  const auto c_rest = a.real(a.fields().id("slow.c")), c_exact = b.real(b.fields().id("slow.c")),
             c_first = c.real(c.fields().id("slow.c"));
  for (std::size_t site : {0u, 5u, 10u, 33u, 61u}) {
    const std::size_t m = site / 20;
    // Per value outside, which the two runs follow alike.
    const double off = std::abs(at_rest_p[site] / c_rest[m] - exact[site] / c_exact[m]);
    // It leaves out the next power of the ratio of the time scales, here 0.1.
    EXPECT_NEAR(off * c_rest[m] / estimate[site], 1.0, 0.15) << site;
    EXPECT_LT(std::abs(first_p[site] / c_first[m] - exact[site] / c_exact[m]), 0.15 * off) << site;
  }
}

// What takes its turn before what is kept at rest sees it at rest from the beginning.
TEST(SpatialSteady, IsAtRestFromTheBeginning) {
  Case c{.micro = "{type: grid, sites: cells, size: [1], spacing: 0.02}", .rate = "-0.5"};
  c.schedule = at_rest;
  ModelRun run = ModelRun::of_text(model_of(c));
  const auto values = [&](const State& state, const char* name) {
    const auto column = state.real(state.fields().id(name));
    return std::vector<double>(column.begin(), column.end());
  };
  const auto before = values(run.simulation().complete_state(), "slow.c");
  run.simulation().step();
  const auto after = values(run.simulation().complete_state(), "slow.c");
  const double effectiveness = std::tanh(2.0) / 2.0;
  for (std::size_t m = 0; m < before.size(); ++m)
    EXPECT_NEAR(after[m] / before[m], 1.0 - 0.1 * 0.5 * effectiveness, 1e-4);
}

TEST(SpatialSteady, FollowedInTimeItComesToTheSameRest) {
  Case followed{.schedule = "{step: 1, until: 40, lie: [slow, inside]}"}, rest{.schedule = at_rest};
  EXPECT_NEAR(error(followed, 0.0), error(rest, 0.0), 1e-10);
}

}  // namespace
}  // namespace holon::verification

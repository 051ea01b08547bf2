// Turing patterns (case: applications T1 to T3).
#include "holon/base/error.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "verification/model_run.hpp"
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

TEST(TuringPatterns, OfSchnakenberg) {
  ModelRun run("models/patterns/schnakenberg.yaml");
  run.studies();
  EXPECT_NEAR(run.result("d_critical"), 8.567627458, 1e-6 * 8.6);
  EXPECT_NEAR(run.result("k_critical"), 0.584500459, 1e-4);
  EXPECT_NEAR(run.result("k_max"), 0.564397889, 1e-4);
  EXPECT_NEAR(run.result("growth_rate_max"), 0.0571909584, 1e-6);
  EXPECT_NEAR(run.result("u_max"), 1.4374832390, 1e-3);
  EXPECT_NEAR(run.result("u_min"), 0.5774602875, 1e-3);
  EXPECT_NEAR(run.result("u_mean"), 1.0, 1e-10);
  // The band of wavenumbers that grow is k^2 in (0.2, 0.5), exactly.
  const Series waves = run.series("waves");
  double lowest = HUGE_VAL, highest = 0.0;
  for (const auto& row : waves.rows)
    if (row[1] > 0.0) {
      lowest = std::min(lowest, row[0]);
      highest = std::max(highest, row[0]);
    }
  const double step = waves.rows[1][0] - waves.rows[0][0];
  EXPECT_NEAR(lowest, std::sqrt(0.2), step);
  EXPECT_NEAR(highest, std::sqrt(0.5), step);
}

TEST(TuringPatterns, AtRestHaveAProfile) {
  ModelRun run("models/patterns/schnakenberg.yaml");
  run.studies();
  const std::vector<double> u = run.column("steady_line", "reaction.u"), x = run.column("steady_line", "x");
  ASSERT_EQ(u.size(), 445U);
  EXPECT_DOUBLE_EQ(*std::max_element(u.begin(), u.end()), run.result("u_max"));
  EXPECT_NEAR(x.back(), 44.45, 1e-9);
}

TEST(TuringPatterns, GrowthOnTwentySitesPerWavelengthIsWithinHalfAPercent) {
  const double wavelength = 11.132546;
  ModelRun run("models/patterns/schnakenberg.yaml",
               {"parameters.spacing=" + std::to_string(wavelength / 20.0)});
  run.studies();
  EXPECT_NEAR(run.result("growth_rate_max"), 0.0571909584, 5e-3 * 0.0571909584);
}

TEST(TuringPatterns, OfTheBrusselator) {
  ModelRun run("models/patterns/brusselator.yaml");
  run.studies();
  EXPECT_NEAR(run.result("B_critical"), std::pow(1.0 + 2.0 * std::sqrt(1.0 / 8.0), 2), 1e-6);
  EXPECT_NEAR(run.result("k_critical"), std::sqrt(2.0 / std::sqrt(8.0)), 1e-4);
  EXPECT_NEAR(run.result("B_hopf"), 5.0, 1e-9);
  // The pattern may be shifted; all else returns.
  EXPECT_EQ(run.result("steady.shift_modes"), 1.0);
  EXPECT_LT(run.result("steady.leading_eigenvalue"), -0.05);
  ModelRun other("models/patterns/brusselator.yaml",
                 {"parameters.A=1.5", "parameters.Du=0.5", "parameters.Dv=6"});
  other.studies();
  EXPECT_NEAR(other.result("B_critical"), std::pow(1.0 + 1.5 * std::sqrt(0.5 / 6.0), 2), 1e-6);
  EXPECT_NEAR(other.result("B_hopf"), 1.0 + 1.5 * 1.5, 1e-9);
}

TEST(TuringPatterns, OfGiererAndMeinhardt) {
  ModelRun run("models/patterns/gierer_meinhardt.yaml");
  run.studies();
  EXPECT_NEAR(run.result("d_critical"), 1.5 * (3.0 + 2.0 * std::sqrt(2.0)), 1e-6 * 8.7);
  EXPECT_NEAR(run.result("k_critical"), std::sqrt(std::sqrt(2.0) - 1.0), 1e-4);
  EXPECT_GT(run.result("u_max"), 2.0 * run.result("u_min"));
}

// Lengths ten times shorter change wavenumbers and nothing else; other rates move the onsets, and the ranges
// in which they are looked for follow.
TEST(TuringPatterns, AreFoundForAnyParameters) {
  ModelRun fine("models/patterns/brusselator.yaml",
                {"parameters.Du=0.01", "parameters.Dv=0.08", "parameters.L=3.736"});
  fine.studies();
  EXPECT_NEAR(fine.result("B_critical"), 2.914213562, 1e-6);
  EXPECT_NEAR(fine.result("k_critical"), 8.40896415, 1e-3);
  EXPECT_NEAR(fine.result("growth_rate_max"), 0.1945, 1e-4);
  EXPECT_GT(fine.result("u_max"), 2.2);
  ModelRun fed("models/patterns/brusselator.yaml", {"parameters.A=6"});
  fed.studies();
  EXPECT_NEAR(fed.result("B_critical"), std::pow(1.0 + 6.0 / std::sqrt(8.0), 2), 1e-5);
  EXPECT_NEAR(fed.result("B_hopf"), 37.0, 1e-7);

  ModelRun slow("models/patterns/schnakenberg.yaml", {"parameters.a=0.4", "parameters.b=0.6"});
  slow.studies();
  // (0.2 d - 1)^2 = 4 d at the onset, for derivatives 0.2, 1, -1.2 and -1.
  EXPECT_NEAR(slow.result("d_critical"), (2.2 + std::sqrt(2.2 * 2.2 - 0.04)) / 0.04, 1e-3);
  ModelRun none("models/patterns/schnakenberg.yaml", {"parameters.a=0.9", "parameters.b=0.1"});
  none.studies();
  EXPECT_NE(none.why_missing("d_critical").find("no onset between"), std::string::npos);

  ModelRun decaying("models/patterns/gierer_meinhardt.yaml", {"parameters.mu=6", "parameters.d=60"});
  decaying.studies();
  EXPECT_NEAR(decaying.result("d_critical"), 6.0 * (3.0 + 2.0 * std::sqrt(2.0)), 1e-4);
}

// The run begins with as many waves as fit at the wavenumber that grows fastest: a pattern for any length.
TEST(TuringPatterns, GrowInDomainsOfAnyLength) {
  for (const char* length : {"30", "60", "100"}) {
    ModelRun run("models/patterns/schnakenberg.yaml", {std::string("parameters.L=") + length});
    run.studies();
    EXPECT_GT(run.result("u_max"), 1.35) << length;
    EXPECT_NEAR(run.result("u_mean"), 1.0, 1e-9) << length;
  }
}

TEST(Dispersion, SaysThatFasterWavesLieBeyondItsRange) {
  ModelRun run("models/patterns/brusselator.yaml", {"parameters.k_most=0.3"});
  run.studies();
  for (const char* name : {"B_critical", "k_critical", "growth_rate_max", "k_max"})
    EXPECT_NE(run.why_missing(name).find("waves beyond the range, which ends at 0.3, grow faster"),
              std::string::npos)
        << name << ": " << run.why_missing(name);
  EXPECT_NEAR(run.result("B_hopf"), 5.0, 1e-9);
}

TEST(TuringPatterns, DoNotComeAfterTheUniformStateIsLeft) {
  ModelRun run("models/patterns/brusselator.yaml", {"parameters.Dv=1"});
  run.studies();
  EXPECT_NEAR(run.result("B_hopf"), 5.0, 1e-9);
  for (const char* name : {"B_critical", "k_critical"})
    EXPECT_NE(run.why_missing(name).find("the uniform state itself is left at B = 5"), std::string::npos)
        << name << ": " << run.why_missing(name);
}

TEST(TuringPatterns, OfAnOddNumberOfCellsAreThoseThatFit) {
  ModelRun run("models/patterns/cells_in_bulk.yaml", {"parameters.M=5"});
  run.studies();
  EXPECT_GT(run.result("growth_rate.m1"), run.result("growth_rate.m2"));
  EXPECT_NE(run.why_missing("growth_rate.m3").find("5 cells around hold waves 1 to 2"), std::string::npos);
}

// With G = 1/(L (s + D q^2)) in the place of the lattice's: the threshold of the third mode, and growth of
// the second at D_V = 40.
TEST(TuringPatterns, OfASmearedOutMediumAreOthers) {
  ModelRun run("models/patterns/cells_in_bulk.yaml");
  run.studies();
  EXPECT_NEAR(run.result("smeared.dv_critical"), 1.30304, 1e-3 * 1.30304);
  EXPECT_NEAR(run.result("smeared.growth_rate"), .253979, 1e-3 * .253979);
}

TEST(TuringPatterns, OfCellsInABulkAreThoseOfDiscreteCells) {
  const auto growth = [](const std::string& points) {
    ModelRun run("models/patterns/cells_in_bulk.yaml", {"parameters.points_per_gap=" + points});
    run.studies();
    std::vector<double> modes;
    for (int mode = 1; mode <= 4; ++mode) modes.push_back(run.result("growth_rate.m" + std::to_string(mode)));
    modes.push_back(run.result("dv_critical"));
    return modes;
  };
  const std::vector<double> exact{.259131264, .276262562, .241080205, .194415514, 1.2745098};
  const auto fine = growth("16"), coarse = growth("8");
  for (std::size_t k = 0; k < exact.size(); ++k) EXPECT_NEAR(fine[k], exact[k], 1e-3 * exact[k]);
  // Another finite-volume code gives these for the second mode; the order is 2.
  EXPECT_NEAR(fine[1], .276162, 1e-6);
  EXPECT_NEAR(coarse[1], .275861, 1e-6);
  EXPECT_NEAR(order(exact[1] - coarse[1], exact[1] - fine[1]), 2.0, 0.05);
}

TEST(Dispersion, IsRefusedWhereWavesAreNoModes) {
  const std::string text = R"(
holon: 1
title: A field that spreads unevenly
parameters: {k_most: 3}
spaces: {line: {type: grid, sites: cells, size: [10], spacing: 0.5, periodic: [x]}}
fields: {u: {space: line, initial: 0}}
processes:
  spread: {type: diffusion, field: u, diffusivity: DIFFUSIVITY, integrator: implicit}
schedule: {step: 0.1, until: 1}
study: {waves: {type: dispersion, from: 0, to: =k_most, points: 20, results: {fastest: {of: growth_rate}}}}
)";
  const auto with = [&](const std::string& diffusivity) {
    std::string model = text;
    return model.replace(model.find("DIFFUSIVITY"), 11, diffusivity);
  };
  EXPECT_NEAR(ModelRun::of_text(with("1")).studies().result("fastest"), 0.0, 1e-12);
  EXPECT_THROW(ModelRun::of_text(with("=1 + 0.5*sin(2*pi*position.x/10)")).studies(), Refused);
  // Shorter than two sites.
  EXPECT_THROW(ModelRun::of_text(with("1"), {"parameters.k_most=7"}).studies(), Refused);
}

// A value that has no effect is not taken in silence.
TEST(Settings, OfAStateThatStartsElsewhereAreRefused) {
  try {
    ModelRun("models/patterns/schnakenberg.yaml", {"processes.reaction.states.u=5"});
    FAIL() << "a start that has no effect was taken";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("--set processes.reaction.initial.u=VALUE instead"),
              std::string::npos)
        << error.what();
  }
}

// Modes that are far from orthogonal look as if they grew to a first look: the spikes are stable.
TEST(GiererMeinhardt, SpikesAreSaidToBeStable) {
  ModelRun run("models/patterns/gierer_meinhardt.yaml");
  run.to_the_end().studies();
  EXPECT_EQ(run.why_missing("steady.stable"), "");
  EXPECT_LT(run.result("steady.leading_eigenvalue"), 0.0);
}

}  // namespace
}  // namespace holon::verification

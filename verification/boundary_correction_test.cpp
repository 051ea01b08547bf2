// Splitting between sides whose values change in time (engine case E3).
#include "verification/model_run.hpp"
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

double error_max(int steps, const std::string& correction) {
  ModelRun run(
      "models/principles/dirichlet_splitting.yaml",
      {"parameters.step=" + number_text(1.0 / steps), "parameters.boundary_correction=" + correction});
  return run.to_the_end().result("error_max");
}

TEST(DirichletSplitting, TheCorrectionKeepsSecondOrder) {
  const double published[] = {1.04e-3, 2.48e-4, 6.02e-5, 1.46e-5, 3.50e-6};
  double previous = 0.0;
  for (int k = 0; k < 5; ++k) {
    const double error = error_max(5 << k, "on");
    EXPECT_NEAR(error, published[k], 0.01 * published[k]) << "n = " << (5 << k);
    if (k > 0) { EXPECT_GT(order(previous, error), 1.95) << "n = " << (5 << k); }
    previous = error;
  }
}

TEST(DirichletSplitting, WithoutItTheOrderIsOne) {
  const double published[] = {9.5e-3, 4.5e-3, 2.10e-3, 9.58e-4};  // "about"
  for (int k = 0; k < 4; ++k)
    EXPECT_NEAR(error_max(10 << k, "off"), published[k], 0.04 * published[k]) << "n = " << (10 << k);
}

TEST(DirichletSplitting, WithoutItThereIsAWarning) {
  const ModelRun with("models/principles/dirichlet_splitting.yaml"),
      without("models/principles/dirichlet_splitting.yaml", {"parameters.boundary_correction=off"});
  EXPECT_TRUE(with.model().warnings.empty());
  ASSERT_EQ(without.model().warnings.size(), 1u);
  EXPECT_NE(without.model().warnings[0].message.find("order 1 only"), std::string::npos);
  EXPECT_EQ(without.model().warnings[0].hint.find("nodes"), std::string::npos);
}

TEST(DirichletSplitting, TheWarningBesideAdvectionAdvisesNoCorrectionOfReactions) {
  const ModelRun run = ModelRun::of_text(R"(
holon: 1
title: Carried and spread
spaces: {line: {type: grid, sites: nodes, size: [1 mm], spacing: 0.05 mm}}
fields: {c: {space: line, unit: mM, kind: density, initial: 1 mM}}
processes:
  spread: {type: diffusion, field: c, diffusivity: 0.001 mm^2/s, boundary: {x_min: {dirichlet: =(1 mM)*exp(-time/(1 s))}}}
  carry: {type: advection, field: c, velocity: [0.2 mm/s], boundary: {x_min: {dirichlet: 1 mM}}}
schedule: {step: 0.01 s, until: 1 s, strang: [carry, spread]}
)");
  ASSERT_EQ(run.model().warnings.size(), 1u);
  EXPECT_NE(run.model().warnings[0].message.find("order 1 only"), std::string::npos);
  EXPECT_EQ(run.model().warnings[0].hint.find("boundary_correction"), std::string::npos);
}

TEST(DirichletSplitting, TheWarningOnAGridOfCellsDoesNotAdviseWhatIsRefusedThere) {
  const std::vector<std::string> cells = {"spaces.line.sites=cells"};
  ModelRun without("models/principles/dirichlet_splitting.yaml",
                   {"spaces.line.sites=cells", "parameters.boundary_correction=off"});
  ASSERT_EQ(without.model().warnings.size(), 1u);
  EXPECT_NE(without.model().warnings[0].hint.find("sites: nodes"), std::string::npos);
  EXPECT_THROW(ModelRun("models/principles/dirichlet_splitting.yaml", cells), InputError);
}

}  // namespace
}  // namespace holon::verification

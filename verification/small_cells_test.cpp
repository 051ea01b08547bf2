// Cells smaller than the grid (applications Q6, Q7, G4; tissue-agents V3, V4, V5): what they sense and take
// up does not depend on the spacing nor on where in its voxel a cell is.
#include <cmath>
#include <numbers>
#include <string>

#include "verification/model_run.hpp"
#include <fmt/format.h>
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

TEST(SecretingCellOnAGrid, SensesWhatIsAtItsSurfaceForAnySpacingAndPosition) {
  const double exact = 100.0 / 490.0;  // J a/D [nM], Q6
  for (const double spacing : {50.0, 100.0, 170.0, 316.0, 1000.0})
    for (const char* shift : {"0", "0.3", "0.5"}) {
      ModelRun run(
          "models/circuits/secreting_cell_grid.yaml",
          {fmt::format("parameters.spacing={} um", spacing), fmt::format("parameters.shift_x={}", shift),
           fmt::format("parameters.shift_z={}", shift)});
      // The box's sides hold the continuum's field, which the lattice has to 1/(8 n^2) n spacings away.
      EXPECT_NEAR(run.to_the_end().result("c_surface") / exact, 1.0, 1e-3) << spacing << ", " << shift;
    }
}

TEST(SecretingCellOnAGrid, DoesSoWithAnyKernelAndWithDecay) {
  for (const char* kernel : {"linear", "nearest", "sphere"}) {
    ModelRun run("models/circuits/secreting_cell_grid.yaml", {fmt::format("parameters.kernel={}", kernel)});
    EXPECT_NEAR(run.to_the_end().result("c_surface") * 4.9, 1.0, 1e-3) << kernel;
  }
  for (const double spacing : {100.0, 1000.0}) {
    ModelRun run("models/circuits/secreting_cell_grid.yaml",
                 {fmt::format("parameters.spacing={} um", spacing), "parameters.k=1e-3 1/s"});
    EXPECT_NEAR(run.to_the_end().result("c_surface"), 0.178571429, 2e-4) << spacing;  // Q1
  }
  // What decays far away is renewed there: c_inf stays below the signal.
  ModelRun run("models/circuits/secreting_cell_grid.yaml",
               {"parameters.k=1e-3 1/s", "parameters.c_inf=0.7 nM"});
  EXPECT_NEAR(run.to_the_end().result("c_surface"), 0.7 + 0.178571429, 2e-4);
}

/// Two cells of radius 1 at distance d in a large box at rest (D = 1); `process` and `result` by the case.
std::string two_cells(double d, double h, double shift, const std::string& rest) {
  const double side = 24.0 * h, y = shift * h, z = 0.37 * h;
  return fmt::format(R"(
holon: 1
title: two cells
spaces:
  medium: {{type: grid, sites: nodes, size: [{0}, {0}, {0}], spacing: {1}, origin: [{2}, {2}, {2}]}}
  whole: {{type: point}}
  cells: {{type: named_points, points: {{one: [{3}, {5}, {6}], two: [{4}, {5}, {6}]}}}}
)",
                     side, h, -0.5 * side, -0.5 * d + y, 0.5 * d + y, y, z) +
         rest;
}

/// The field of unit sources at both cells.
std::string pair_field(double d, double h, double shift) {
  const double y = shift * h, z = 0.37 * h;
  const auto distance = [&](double x) {
    return fmt::format("sqrt((position.x - ({}))^2 + (position.y - ({}))^2 + (position.z - ({}))^2)", x, y,
                       z);
  };
  return fmt::format("(1/{} + 1/{})/(4*pi)", distance(-0.5 * d + y), distance(0.5 * d + y));
}

TEST(TwoCellsOnAGrid, SenseEachOtherAtTheirSurfaces) {
  // Q7 in monopole mode: c/(J a/D) = 1 + a/d, published values within 2 % for d/a >= 3.
  const std::vector<std::pair<double, double>> published{
      {3, 1.3409461}, {4, 1.2521687}, {6, 1.1670692}, {10, 1.1000507}};
  for (const auto& [d, value] : published)
    for (const double h : {1.0, 2.0, 4.0})
      for (const double shift : {0.0, 0.25, 0.5}) {
        if (d > 6.0 * h) continue;  // both cells well inside the box
        ModelRun run = ModelRun::of_text(two_cells(d, h, shift,
                                                   fmt::format(R"(
fields:
  q: {{space: cells, kind: amount, initial: =4*pi}}
  c: {{space: medium, kind: density, initial: 0}}
couplings:
  given: {{from: q, to: medium, kernel: sphere, radius: 1}}
  sensed: {{from: c, to: cells, kernel: sphere, radius: 1, source: q, diffusivity: 1}}
processes:
  spread: {{type: diffusion, field: c, diffusivity: 1, source: =given, integrator: steady,
           boundary: {{all: {{dirichlet: "=4*pi*{}"}}}}}}
schedule: {{step: 1, until: 1}}
observe: {{sensed: {{type: final, of: sensed}}}}
results: {{sensed: {{of: sensed}}}}
)",
                                                               pair_field(d, h, shift))));
        const auto sensed = run.to_the_end().array("sensed");
        for (const double c : sensed) {
          EXPECT_NEAR(c / value, 1.0, 0.02) << "d = " << d << ", h = " << h << ", shift " << shift;
          EXPECT_NEAR(c / (1.0 + 1.0 / d), 1.0, 0.005) << "d = " << d << ", h = " << h << ", shift " << shift;
        }
      }
}

TEST(AbsorbingCellsOnAGrid, TakeWhatTheMembraneAndDiffusionLetThem) {
  // V3 B: one cell with clearance k of its membrane takes 4 pi D R c k/(k + 4 pi D R); V4: two absorbing
  // cells take 1/(1 + 1/d) each (the published 0.757204 at d = 3 and so on within 3 %).
  const auto take = [](double d, double h, double shift, double clearance) {
    // Far away the concentration is 1 less what both cells take.
    const double alone = 4.0 * std::numbers::pi * clearance / (clearance + 4.0 * std::numbers::pi);
    const double each = alone / (1.0 + alone / (4.0 * std::numbers::pi * d));
    ModelRun run = ModelRun::of_text(two_cells(
        d, h, shift,
        fmt::format(R"(
fields:
  c: {{space: medium, kind: density, initial: "=1 - {0}*{1}", positive: true}}
  taken: {{space: cells, kind: amount, initial: 0}}
couplings:
  all: {{from: taken, to: whole, type: sum}}
processes:
  eat: {{type: exchange, field: c, integrator: exact, members: {{cells: {{space: cells, uptake: {2}, kernel: sphere, radius: 1, diffusivity: 1, taken: taken}}}}}}
  spread: {{type: diffusion, field: c, diffusivity: 1, integrator: backward_euler,
           boundary: {{all: {{dirichlet: "=1 - {0}*{1}"}}}}}}
schedule: {{step: {3}, until: {4}, strang: [spread, eat]}}
observe:
  late: {{type: probe, of: [all], every: {5}}}
results: {{}}
)",
                    each, pair_field(d, h, shift), clearance, 0.05 * h * h, 60.0 * h * h, 10.0 * h * h)));
    run.to_the_end();
    const auto series = run.series("late");
    const auto& rows = series.rows;
    return 0.5 * (rows[rows.size() - 1][1] - rows[rows.size() - 2][1]) / (10.0 * h * h);
  };
  const double sphere = 4.0 * std::numbers::pi;
  for (const double h : {1.0, 2.0, 4.0})
    EXPECT_NEAR(take(6.0, h, 0.2, sphere) / (0.5 * sphere), 1.0 / (1.0 + 0.5 / 6.0), 0.02) << h;
  // V4 asks for 3 %; the two-body formula itself is half a percent off at d = 3.
  for (const double h : {1.0, 2.0, 4.0}) {
    EXPECT_NEAR(take(3.0, h, 0.2, 1e6) / sphere, 0.757204, 0.01 * 0.757204) << h;
    EXPECT_NEAR(take(6.0, h, 0.2, 1e6) / sphere, 0.857721, 0.01 * 0.857721) << h;
  }
}

/// What is said when uptake and spreading go in turn by a schedule.
std::vector<std::string> said_of(const std::string& schedule) {
  const ModelRun run = ModelRun::of_text(R"(
holon: 1
title: Small cells on a grid of spacing 2
spaces:
  medium: {type: grid, sites: cells, size: [24, 24, 24], spacing: 2}
  cells: {type: population, in: medium, place: {positions: [[11, 12.5, 13]]}, radius: 0.5}
fields: {c: {space: medium, kind: density, initial: 1, positive: true}}
processes:
  eat: {type: exchange, field: c, members: {cells: {space: cells, uptake: 1, diffusivity: 1}}}
  spread: {type: diffusion, field: c, diffusivity: 1, integrator: backward_euler}
schedule: {until: 4, )" + schedule + "}\n");
  std::vector<std::string> said;
  for (const Diagnostic& warning : run.model().warnings)
    if (warning.path == "processes.eat") said.push_back(warning.message);
  return said;
}

// What a point takes within a step comes from the sites beside it alone: 0.1 h^2/D is 0.4 here.
TEST(SmallCells, LongStepsOfUptakeAreWarnedOf) {
  EXPECT_TRUE(said_of("step: 0.4, strang: [spread, eat]").empty());
  EXPECT_TRUE(said_of("step: 1, do: {subcycle: {do: {lie: [spread, eat]}, steps: 4}}").empty());
  const auto said = said_of("step: 0.5, strang: [spread, eat]");
  ASSERT_EQ(said.size(), 1u);
  EXPECT_NE(said[0].find("its step is 0.12 h^2/D"), std::string::npos) << said[0];
}

TEST(UptakeAudit, ClosesForAnyCrowdAndAnyNumberOfThreads) {
  for (const int crowd : {1, 20, 90}) {
    ModelRun run("models/tissue/uptake_audit.yaml",
                 {fmt::format("parameters.agents_per_voxel={}", crowd), "parameters.until=0.5 min"});
    EXPECT_LT(std::abs(run.to_the_end().result("ledger_closure")), 1e-13) << crowd;  // V5
  }
}

}  // namespace
}  // namespace holon::verification

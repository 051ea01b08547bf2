// What a field holds is capacity times value times measure, whoever changes it: books of salt in the pores of
// a medium whose porosity varies from place to place.
#include "verification/model_run.hpp"
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

/// Salt reacts everywhere, is held at a side and leaves through another, points give it off and take it up,
/// and a pump that is smaller than the grid contributes through a coupling.
const std::string medium = R"(
holon: 1
spaces:
  medium: {type: grid, sites: cells, size: [100 um, 40 um, 40 um], spacing: 10 um}
  cells: {type: named_points, points: {one: [22 um, 17 um, 21 um], two: [67 um, 12 um, 28 um]}}
  pumps: {type: named_points, points: {pump: [48 um, 23 um, 19 um]}}
fields:
  c: {space: medium, unit: mM, kind: density, initial: '=1 mM*(1 + position.x/(100 um))', conserved: {salt: 1}}
  taken: {space: cells, unit: fmol, kind: amount, initial: 0 fmol, conserved: {salt: 1}}
couplings:
  here: {from: c, to: pumps}
processes:
  spread:
    type: diffusion
    field: c
    conductivity: 100 um^2/s
    capacity: =if position.x < 50 um then 0.3 else 0.3 + 0.6*position.y/(40 um)
    decay: 0.01 1/s
    boundary: {x_min: {dirichlet: 1.5 mM}, x_max: {neumann: -2 mM*um/s}}
    integrator: implicit
  reaction:
    type: kinetics
    space: medium
    units: {time: s, k: 1/s, b: 1}
    states: {b: 0.1}
    parameters: {k: 0.02}
    contribute: {c: =-0.02*c/(1 s)}
    equations: |
      b' = k*(1 - b)
  pump:
    type: kinetics
    space: pumps
    units: {time: s, x: 1, k: 1/s}
    states: {x: 0}
    parameters: {k: 0.1}
    contribute: {here: =-300 um^3/s*here}
    equations: |
      x' = k*(1 - x)
  eating: {type: exchange, field: c, members: {eaters: {space: cells, uptake: 300 um^3/s, secretion: 0.2 fmol/s, taken: taken}}}
ledger: strict
)";

LedgerBalance expect_closed_books(const std::string& schedule) {
  ModelRun run = ModelRun::of_text(medium + schedule);
  run.to_the_end();
  const auto books = run.simulation().ledger();
  EXPECT_EQ(books.size(), 1u);
  // Of the linear solver's residual there is a line of its own.
  EXPECT_LT(books[0].relative_residual, 1e-13);
  const auto c = run.simulation().state().real(run.model().fields->id("c"));
  const Space& space = *run.model().spaces.at("medium");
  double held = 0.0;
  for (std::size_t s = 0; s < c.size(); ++s) {
    const Position at = space.position(s);
    held += (at[0] < 50e-6 ? 0.3 : 0.3 + 0.6 * at[1] / 40e-6) * c[s] * space.measure(s);  // mM = mol/m^3
  }
  for (const double taken : run.simulation().state().real(run.model().fields->id("taken")))
    held += 1e-15 * taken;
  EXPECT_NEAR(books[0].held_now * books[0].unit.factor(), held, 1e-12 * held);
  for (const LedgerCrossing& crossing : books[0].crossings)
    EXPECT_LT(crossing.relative_difference(), 1e-13) << crossing.coupling;
  return books[0];
}

TEST(PorousBooks, CloseForReactionsSidesPointsAndContributionsThroughCouplings) {
  const LedgerBalance books =
      expect_closed_books("schedule: {step: 0.5 s, until: 10 s, lie: [reaction, pump, eating, spread]}\n");
  EXPECT_EQ(books.crossings.size(), 2u);
  for (const LedgerCrossing& crossing : books.crossings) EXPECT_GT(crossing.moved, 0.0) << crossing.coupling;
}

TEST(PorousBooks, CloseInStepsOfTheWholeModel) {
  expect_closed_books(
      "schedule: {step: 0.5 s, until: 10 s, together: {do: [reaction, pump, eating, spread]}}\n");
}

}  // namespace
}  // namespace holon::verification

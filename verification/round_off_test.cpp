// Content that implicit diffusion must not lose, however stiff and however many steps.
#include "verification/model_run.hpp"
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

/// After `steps` steps at D dt/h^2 = `stiffness` on a line of 50 cells.
LedgerBalance after(double stiffness, int steps, const std::string& more) {
  ModelRun run = ModelRun::of_text(R"yaml(holon: 1
title: Very stiff diffusion
parameters: {D: =)yaml" + std::to_string(stiffness) +
                                   R"yaml(/2500}
spaces: {line: {type: grid, sites: cells, size: [1], spacing: 0.02}}
fields: {c: {space: line, unit: 1, kind: density, initial: "=1 + 0.5*sin(7*position.x)", conserved: {c: 1}}}
processes:
  spread: {type: diffusion, field: c, diffusivity: =D, )yaml" +
                                   more +
                                   R"yaml(}
schedule: {step: 1, until: )yaml" + std::to_string(steps) +
                                   R"yaml(}
observe: {c: {type: mean, of: c}}
results: {c: {of: c}}
)yaml");
  run.to_the_end();
  return run.simulation().ledger().at(0);
}

TEST(RoundOff, IsPutBackInClosedBoxes) {
  for (const double stiffness : {1e2, 1e4, 1e6, 1e8})
    for (const char* integrator : {"integrator: backward_euler", "integrator: implicit"}) {
      const LedgerBalance books = after(stiffness, 10000, integrator);
      EXPECT_LT(books.relative_residual, 2e-12) << stiffness << ' ' << integrator;
      EXPECT_NEAR(books.held_now / books.held_at_start, 1.0, 1e-11) << stiffness << ' ' << integrator;
    }
}

TEST(RoundOff, ClosesOverManySteps) {
  for (const double stiffness : {1e4, 1e8})
    EXPECT_LT(after(stiffness, 100000, "integrator: backward_euler").relative_residual, 1e-11) << stiffness;
}

TEST(RoundOff, BelongsToTheSidesWhereTheyHoldTheField) {
  for (const double stiffness : {1e4, 1e8})
    for (const char* more :
         {"integrator: backward_euler, decay: 0.1, source: 0.2",
          "integrator: implicit, boundary: {x_min: {dirichlet: 2}}",
          "integrator: backward_euler, boundary: {x_max: {robin: {transfer: 0.3, outside: 2}}}"})
      EXPECT_LT(after(stiffness, 10000, more).relative_residual, 1e-10) << stiffness << ' ' << more;
}

}  // namespace
}  // namespace holon::verification

// Diffusion in a closed disk, a part of a grid: the slowest of the modes that are odd in x fades with the
// rate D (j / R)^2, where j = 1.8411838 is the first zero of J_1' (separation of variables).
#include "holon/base/error.hpp"

#include <cmath>
#include <string>

#include "verification/model_run.hpp"
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

std::string model(const std::string& integrator) {
  return R"(holon: 1
title: A disk
parameters: {h: 0.05, R: 1, D: 1, step: 0.005}
spaces:
  disk: {type: grid, sites: cells, size: [2.4, 2.4], spacing: =h, origin: [-1.2, -1.2], where: =position.x^2 + position.y^2 < R^2}
fields:
  c: {space: disk, initial: =position.x}
processes:
  spread: {type: diffusion, field: c, diffusivity: =D, integrator: )" +
         integrator + R"(}
schedule: {step: =step, until: 0.6}
observe:
  moment: {type: total, of: =position.x*c, every: 0.2}
  area: {type: total, of: =if c < 1e9 then 1 else 0}
results: {area: {of: area}}
)";
}

/// Over the last third of the run, when faster modes have gone.
double rate(ModelRun& run) {
  const auto moments = run.to_the_end().column("moment", "position.x*c");
  return std::log(moments.at(2) / moments.at(3)) / 0.2;
}

TEST(IrregularDomain, ADisksSlowestModeFadesAsItShould) {
  const double exact = std::pow(1.8411837813, 2);
  ModelRun coarse = ModelRun::of_text(model("implicit"), {"parameters.step=0.0025"});
  EXPECT_NEAR(rate(coarse), exact, 0.02 * exact);
  EXPECT_NEAR(coarse.result("area"), 3.14159265, 0.02 * 3.14159265);
  ModelRun fine = ModelRun::of_text(model("implicit"), {"parameters.h=0.0125"});
  EXPECT_NEAR(rate(fine), exact, 0.005 * exact);  // the disk's side is a staircase
}

/// A dish with a hole of radius 50 um in its middle: everything outside of it is at 7 mM and stays so.
std::string dish(const std::string& spaces, const std::string& rest) {
  return R"(holon: 1
title: A dish with a hole
spaces:
  dish: {type: grid, sites: cells, size: [200 um, 200 um], spacing: 10 um, where: "=(position.x - 100 um)^2 + (position.y - 100 um)^2 > (50 um)^2"}
)" + spaces +
         R"(
fields: {c: {space: dish, unit: mM, kind: density, initial: "=if (position.x - 100 um)^2 + (position.y - 100 um)^2 > (50 um)^2 then 7 mM else 1 mM", conserved: {stuff: 1}}}
)" + rest;
}

TEST(IrregularDomain, CouplingsSeeWhatIsInsideAlone) {
  ModelRun run = ModelRun::of_text(dish(
      "  near: {type: named_points, points: {rim: [47 um, 97 um], free: [22 um, 97 um]}}\n"
      "  side: {type: trace, of: dish, side: x_max}",
      R"(couplings: {here: {from: c, to: near}, wide: {from: c, to: near, width: 3}, face: {from: c, to: side}}
processes:
  spread: {type: diffusion, field: c, diffusivity: 100 um^2/s}
schedule: {step: 1 s, until: 5 s}
observe: {here: {type: final, of: here}, wide: {type: final, of: wide}, face: {type: mean, of: face}}
results: {here: {of: here, unit: mM}, wide: {of: wide, unit: mM}, face: {of: face, unit: mM}}
)"));
  run.to_the_end();
  for (const char* seen : {"here", "wide"})
    for (const double value : run.array(seen)) EXPECT_NEAR(value, 7.0, 1e-12) << seen;
  EXPECT_NEAR(run.result("face"), 7.0, 1e-12);
}

TEST(IrregularDomain, AgentsStayInIt) {
  const std::string rest = R"(couplings: {here: {from: c, to: cells}}
processes:
  spread: {type: diffusion, field: c, diffusivity: 100 um^2/s, integrator: backward_euler}
  eat: {type: exchange, field: c, members: {all: {space: cells, uptake: 1 um^2/s}}}
  walk: {type: motion, space: cells, velocity: [0 um/s, 0 um/s], diffusivity: 20 um^2/s}
  life: {type: birth_death, space: cells, birth: 0.02 1/s}
schedule: {step: 1 s, until: 40 s, lie: [spread, eat, walk, life, {restructure: cells}]}
ledger: strict
observe: {place: {type: final, of: cells.position}}
results: {place: {of: place, unit: um}}
)";
  ModelRun run = ModelRun::of_text(
      dish("  cells: {type: population, in: dish, count: 300, place: random, radius: 5 um}", rest));
  const State before = run.simulation().complete_state();
  run.to_the_end();
  const State after = run.simulation().complete_state();
  for (const State* state : {&before, &after}) {
    const FieldId position = state->fields().id("cells.position");
    const auto x = state->real(position, 0), y = state->real(position, 1);
    ASSERT_GE(x.size(), 300U);
    for (std::size_t k = 0; k < x.size(); ++k) {
      // The cell of the grid that it is in has its middle outside of the hole.
      const double i = 1e-5 * (std::floor(x[k] / 1e-5) + 0.5) - 1e-4,
                   j = 1e-5 * (std::floor(y[k] / 1e-5) + 0.5) - 1e-4;
      EXPECT_GT(std::hypot(i, j), 5e-5);
    }
  }
  EXPECT_THROW(
      ModelRun::of_text(dish("  cells: {type: population, in: dish, place: {positions: [[100 um, 90 um]]}, "
                             "radius: 5 um}",
                             rest)),
      InputError);
}

}  // namespace
}  // namespace holon::verification

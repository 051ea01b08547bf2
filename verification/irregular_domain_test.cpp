// Diffusion in a closed disk, a part of a grid: the slowest of the modes that are odd in x fades with the
// rate D (j / R)^2, where j = 1.8411838 is the first zero of J_1' (separation of variables).
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

}  // namespace
}  // namespace holon::verification

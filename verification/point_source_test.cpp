// A point source in an unbounded medium with decay (case: tissue-agents V2), in a box whose sides hold the
// exact solution.
#include <array>
#include <cmath>
#include <cstdio>
#include <numbers>

#include "verification/model_run.hpp"
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

constexpr double q = 1e6, d = 1e5, decay = 0.1;  // [1/min], [um^2/min], [1/min]

double exact(double r, double time) {
  const double kappa = std::sqrt(decay / d), early = r / (2.0 * std::sqrt(d * time)),
               late = std::sqrt(decay * time);
  return q / (8.0 * std::numbers::pi * d * r) *
         (std::exp(-kappa * r) * std::erfc(early - late) + std::exp(kappa * r) * std::erfc(early + late));
}

double exact_at_rest(double r) {
  return q * std::exp(-std::sqrt(decay / d) * r) / (4.0 * std::numbers::pi * d * r);
}

/// 41 cells of 20 um along each axis, the source in the middle one. Plain numbers are um and min.
std::string model(const std::string& integrator, const std::string& side) {
  return R"(holon: 1
title: A point source
parameters: {q: 1e6, D: 1e5, decay: 0.1, h: 20, size: 820, step: 0.0025, until: 0.1, kappa: =sqrt(decay/D)}
spaces:
  box: {type: grid, sites: cells, size: [=size, =size, =size], spacing: =h, origin: [=-size/2, =-size/2, =-size/2]}
fields:
  c: {space: box, initial: 0}
processes:
  spread:
    type: diffusion
    field: c
    diffusivity: =D
    decay: =decay
    source: =if max(max(abs(position.x), abs(position.y)), abs(position.z)) < h/2 then q/h^3 else 0
    integrator: )" +
         integrator + R"(
    boundary:
      all:
        dirichlet: ")" +
         side + R"("
schedule: {step: =step, until: =until}
observe:
  r_100: {type: final, of: c, at: [100, 0, 0]}
  r_200: {type: final, of: c, at: [0, 200, 0]}
  r_173: {type: final, of: c, at: [100, 100, 100]}
  r_300: {type: final, of: c, at: [0, 0, -300]}
results: {r_100: {of: r_100}, r_200: {of: r_200}, r_173: {of: r_173}, r_300: {of: r_300}}
)";
}

const std::string distance = "sqrt(position.x^2 + position.y^2 + position.z^2)";

/// What a grid of seven-point stencils gives beside a point: 1/r (1 + O(h^2/r^2)), 0.3 % at five cells.
constexpr double tolerance = 0.005;

TEST(PointSource, AtRestHasTheYukawaProfile) {
  ModelRun run =
      ModelRun::of_text(model("steady", "=q*exp(-kappa*" + distance + ")/(4*pi*D*" + distance + ")"),
                        {"parameters.until=0.0025"});
  run.to_the_end();
  for (const auto& [name, r] : {std::pair("r_100", 100.0), std::pair("r_200", 200.0),
                                std::pair("r_173", 100.0 * std::numbers::sqrt3), std::pair("r_300", 300.0)})
    EXPECT_NEAR(run.result(name) / exact_at_rest(r), 1.0, tolerance) << name;
}

TEST(PointSource, SpreadsAsInAnUnboundedMedium) {
  const std::string early = distance + "/(2*sqrt(D*time))", late = "sqrt(decay*time)";
  ModelRun run = ModelRun::of_text(model(
      "implicit", "=q/(8*pi*D*" + distance + ")*(exp(-kappa*" + distance + ")*(1 - erf(" + early + " - " +
                      late + ")) + exp(kappa*" + distance + ")*(1 - erf(" + early + " + " + late + ")))"));
  run.to_the_end();
  for (const auto& [name, r] : {std::pair("r_100", 100.0), std::pair("r_200", 200.0),
                                std::pair("r_173", 100.0 * std::numbers::sqrt3), std::pair("r_300", 300.0)})
    EXPECT_NEAR(run.result(name) / exact(r, 0.1), 1.0, tolerance) << name;
}

}  // namespace
}  // namespace holon::verification

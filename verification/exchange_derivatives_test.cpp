// The derivatives of uptake and secretion that depend on a circuit, on what is sensed and, where points meet
// their own responses, on the field around them: a model as one operator, against differences of its
// residual.
#include "verification/whole_operator.hpp"
#include <fmt/format.h>
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

/// Two populations of one field, in units that are not coherent. `options`: of the member with the circuit.
std::string model_of(const std::string& options) {
  return fmt::format(R"yaml(
holon: 1
title: Cells whose circuits set what they take and give
parameters: {{a: 4 um}}
spaces:
  medium: {{type: grid, sites: cells, size: [60 um, 40 um, 50 um], spacing: 10 um}}
  cells: {{type: population, in: medium, count: 9, radius: =a}}
  others: {{type: named_points, points: {{one: [12 um, 13 um, 14 um], two: [33 um, 21 um, 27 um]}}}}
  whole: {{type: point}}
fields:
  c: {{space: medium, unit: uM, kind: density, initial: "=(1 + 0.3*sin(position.x*0.1/(1 um))*cos(position.z*0.2/(1 um)))*1 uM"}}
  taken: {{space: cells, unit: fmol, kind: amount, initial: 0 fmol}}
  stored: {{space: others, unit: amol, kind: amount, initial: 0 amol}}
couplings:
  here: {{from: c, to: cells}}
  there: {{from: c, to: others}}
processes:
  circuit:
    type: kinetics
    space: cells
    integrator: rk4
    units: {{time: s, x: nM, k: 1/s, c: nM}}
    states: {{x: 300}}
    inputs: {{c: =here}}
    parameters: {{k: 0.2}}
    equations: |
      x' = k*(c/(1 + x/700) - x)
  dosing:
    type: kinetics
    space: whole
    integrator: rk4
    units: {{time: s, d: nM, k: 1/s}}
    states: {{d: 20}}
    parameters: {{k: 0.1}}
    equations: |
      d' = -k*d
  exchange:
    type: exchange
    field: c
    members:
      cells: {{space: cells, taken: taken, {0}uptake: "=(3000 um^3/s)*circuit.x^2/((100 nM)^2 + circuit.x^2)",
              secretion: "=(0.4 amol/s)*circuit.x/(circuit.x + 250 nM)*dosing.d/(30 nM)"}}
      others: {{space: others, taken: stored, kernel: nearest, uptake: "=(500 um^3/s)*there/(there + 1 uM)"}}
schedule: {{step: 0.05 s, until: 1 s, lie: [circuit, dosing, exchange]}}
)yaml",
                     options);
}

TEST(ExchangeDerivatives, OfRatesThatDependOnACircuitAndOnWhatIsSensed) {
  ModelRun run = ModelRun::of_text(model_of(""));
  for (int k = 0; k < 3; ++k) run.simulation().step();
  ThreadPool threads(2);
  expect_derivatives_of_the_residual(run, threads);
}

TEST(ExchangeDerivatives, OfPointsThatMeetTheirOwnResponses) {
  ModelRun run = ModelRun::of_text(
      model_of("kernel: sphere, diffusivity: 200 um^2/s, decay: 0.1 1/s, neighbours: false, "));
  for (int k = 0; k < 3; ++k) run.simulation().step();
  ThreadPool threads(2);
  expect_derivatives_of_the_residual(run, threads);
}

TEST(ExchangeDerivatives, OfPointsThatMeetTheirNeighboursToo) {
  ModelRun run = ModelRun::of_text(model_of("kernel: sphere, diffusivity: 200 um^2/s, decay: 0.1 1/s, "));
  for (int k = 0; k < 3; ++k) run.simulation().step();
  ThreadPool threads(2);
  expect_derivatives_of_the_residual(run, threads);
}

}  // namespace
}  // namespace holon::verification

// What members of an iterated window contribute to each other's fields: order, books, rest, and what is said
// of it elsewhere.
#include "holon/base/error.hpp"
#include "holon/engine/archive.hpp"

#include <array>
#include <cmath>

#include "verification/model_run.hpp"
#include "verification/runge_kutta.hpp"
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

/// Cells in a medium take up and secrete a substance and turn it over; all of it is conserved. `order` is
/// that of the members, `substeps` those of cell and medium.
std::string cell_and_medium(const std::string& order, const std::string& options, double window) {
  return fmt::format(R"(
holon: 1
title: A cell and its medium
spaces: {{point: {{type: point}}}}
fields:
  m: {{space: point, unit: uM, initial: 1 uM, kind: amount, conserved: {{stuff: 1}}}}
  x: {{space: point, unit: uM, initial: 0.2 uM, kind: amount, conserved: {{stuff: 1}}}}
  bound: {{space: point, unit: uM, initial: 0 uM, kind: amount, conserved: {{stuff: 1}}}}
processes:
  cell:
    type: kinetics
    space: point
    integrator: rk4
    units: {{time: s, x: uM, m: uM}}
    states: {{x: 0.2}}
    fields: {{x: x}}
    inputs: {{m: =m}}
    contribute: {{m: =(0.5*x - 2*m/(1 + m/(1 uM)))/(1 s)}}
    equations: |
      x' = 2*m/(1 + m) - 0.5*x
  medium:
    type: kinetics
    space: point
    integrator: rk4
    units: {{time: s, m: uM, b: uM}}
    states: {{m: 1, b: 0}}
    fields: {{m: m, b: bound}}
    equations: |
      m' = 0.7*b - 3*m
      b' = 3*m - 0.7*b
schedule:
  step: {2} s
  until: 1.6 s
  iterate: {{do: [{0}], {1}}}
ledger: strict
observe: {{m: {{type: final, of: m}}, x: {{type: final, of: x}}, n: {{type: iterations, of: cell}}}}
results: {{m: {{of: m, unit: uM}}, x: {{of: x, unit: uM}}, iterations: {{of: n}}}}
)",
                     order, options, window);
}

/// m and x at 1.6 s by the classical Runge-Kutta method, of the whole as one.
std::array<double, 2> together_as_one() {
  const auto rate = [](const std::array<double, 3>& u) {
    const auto [m, x, b] = u;
    const double uptake = 2.0 * m / (1.0 + m) - 0.5 * x, binding = 3.0 * m - 0.7 * b;
    return std::array<double, 3>{-uptake - binding, uptake, binding};
  };
  const auto y = runge_kutta(std::array<double, 3>{1.0, 0.2, 0.0}, rate, 4000, 1.6 / 4000);
  return {y[0], y[1]};
}

// What a member contributes to the field of another arrives in the substeps of that, to second order and to
// the last molecule, whoever comes first and whatever the substeps.
TEST(Contributions, PassBetweenMembersWithTheirOrderAndStrictBooks) {
  const auto [m, x] = together_as_one();
  for (const char* order_of_members : {"cell, medium", "medium, cell"})
    for (const char* substeps : {"cell: 1, medium: 1", "cell: 3, medium: 2", "cell: 2, medium: 5"}) {
      std::array<double, 3> error{};
      for (std::size_t k = 0; k < error.size(); ++k) {
        const std::string options =
            fmt::format("substeps: {{{}}}, tolerance: 1e-11, waveform: {{degree: 1}}", substeps);
        ModelRun run = ModelRun::of_text(cell_and_medium(order_of_members, options, 0.1 / std::exp2(k)));
        run.to_the_end();
        error[k] = std::hypot(run.result("m") - m, run.result("x") - x);
        EXPECT_LT(run.simulation().ledger().at(0).relative_residual, 3e-15);
      }
      EXPECT_LT(error[2], 2e-4) << order_of_members << "; " << substeps;
      EXPECT_GT(std::log2(error[0] / error[1]), 1.9) << order_of_members << "; " << substeps;
      EXPECT_GT(std::log2(error[1] / error[2]), 1.95) << order_of_members << "; " << substeps;
    }
}

TEST(Contributions, CloseTheBooksHoweverFarTheIterationHasCome) {
  for (const char* most : {"1", "2", "3"}) {
    ModelRun run = ModelRun::of_text(cell_and_medium(
        "medium, cell",
        fmt::format("substeps: {{cell: 3}}, most: {}, tolerance: 1e-14, unconverged: accept", most), 0.1));
    run.to_the_end();
    EXPECT_EQ(run.result("iterations"), std::stod(most));
    EXPECT_LT(run.simulation().ledger().at(0).relative_residual, 3e-15) << most;
  }
}

// At rest what is contributed is the round-off of rates that cancel: nothing to iterate on.
TEST(Contributions, ComeToRest) {
  for (const char* options : {"tolerance: 1e-13", "tolerance: 1e-8, acceleration: aitken",
                              "tolerance: 1e-10, waveform: {degree: 0}", "substeps: {cell: 2, medium: 3}"}) {
    std::string text = cell_and_medium("medium, cell", options, 0.1);
    text.replace(text.find("until: 1.6 s"), 12, "until: 60 s");
    ModelRun run = ModelRun::of_text(text);
    ASSERT_NO_THROW(run.to_the_end()) << options;
    EXPECT_LT(run.simulation().ledger().at(0).relative_residual, 1e-13) << options;
    EXPECT_NEAR(run.result("x"), 4.0 * run.result("m") / (1.0 + run.result("m")), 1e-8) << options;
  }
}

TEST(Contributions, AreIteratedOnAndResumeBitByBit) {
  const std::string text =
      cell_and_medium("medium, cell", "substeps: {cell: 3, medium: 2}, tolerance: 1e-9", 0.1);
  ModelRun whole = ModelRun::of_text(text), first = ModelRun::of_text(text), second = ModelRun::of_text(text);
  whole.to_the_end();
  EXPECT_GT(whole.result("iterations"), 2);
  for (int k = 0; k < 7; ++k) first.simulation().step();
  second.simulation().resume(first.simulation().checkpoint());
  second.to_the_end();
  for (const char* name : {"m", "x", "bound"}) {
    const FieldId id = whole.model().fields->id(name);
    EXPECT_EQ(whole.simulation().state().real(id)[0], second.simulation().state().real(id)[0]) << name;
  }
}

/// Agents in implicit diffusion, which take up what they sense.
std::string agents_in_diffusion(double window) {
  return fmt::format(R"(
holon: 1
title: Agents that take up
spaces:
  dish: {{type: grid, sites: cells, size: [40 um, 40 um, 20 um], spacing: 4 um}}
  cells: {{type: population, in: dish, place: {{positions: [[11 um, 9 um, 8 um], [12 um, 30.5 um, 12 um], [31 um, 20 um, 3 um]]}}, radius: 1 um}}
fields:
  c: {{space: dish, unit: uM, kind: density, initial: =(10 uM)*(1 + cos(pi*position.x/(40 um))), conserved: {{stuff: 1}}}}
  x: {{space: cells, unit: fmol, kind: amount, initial: 0 fmol, conserved: {{stuff: 1}}}}
couplings:
  c_here: {{from: c, to: cells, type: sample}}
processes:
  spreading: {{type: diffusion, field: c, diffusivity: 30 um^2/s, integrator: implicit}}
  uptake:
    type: kinetics
    space: cells
    integrator: rk4
    states: {{x: 0.2}}
    fields: {{x: x}}
    units: {{time: s, x: fmol, c: uM, k: um^3/s}}
    inputs: {{c: =c_here}}
    parameters: {{k: 100 um^3/s}}
    contribute: {{c_here: =-(100 um^3/s)*c_here}}
    equations: |
      x' = 1e-3*k*c
schedule:
  step: {0} s
  until: 4 s
  iterate: {{do: [spreading, uptake], substeps: {{uptake: 2}}, tolerance: 1e-11}}
ledger: strict
observe: {{x: {{type: total, of: x}}}}
results: {{x: {{of: x}}}}
)",
                     window);
}

// Through couplings into a field that spreads implicitly, explicit as the contribution is.
TEST(Contributions, OfAgentsReachImplicitDiffusionWithItsOrderAndStrictBooks) {
  std::array<double, 3> x{};
  for (std::size_t k = 0; k < x.size(); ++k) {
    ModelRun run = ModelRun::of_text(agents_in_diffusion(0.2 / std::exp2(k)));
    x[k] = run.to_the_end().result("x");
    EXPECT_LT(run.simulation().ledger().at(0).relative_residual, 1e-14);
  }
  EXPECT_GT(x[0], 1.0);
  EXPECT_GT(std::log2(std::abs((x[0] - x[1]) / (x[1] - x[2]))), 1.9) << x[0] << ' ' << x[1] << ' ' << x[2];
}

/// What is said of a schedule of cell and medium.
std::vector<std::string> said_of(const std::string& schedule) {
  std::string text = cell_and_medium("cell, medium", "tolerance: 1e-8", 0.1);
  const auto begin = text.find("iterate: {"), end = text.find('\n', begin);
  text.replace(begin, end - begin, schedule);
  std::vector<std::string> said;
  const ModelRun run = ModelRun::of_text(text);
  for (const Diagnostic& warning : run.model().warnings)
    if (warning.path == "schedule.strang") said.push_back(warning.message);
  return said;
}

// A process sees its own contribution as it was at the beginning of its step, which leaves a strang of first
// order; where another member of a window advances the field, it does not.
TEST(Contributions, InAStrangAreSaidToBeOfFirstOrder) {
  const auto said = said_of("strang: [cell, medium]");
  ASSERT_EQ(said.size(), 1u);
  EXPECT_THAT(said[0], testing::HasSubstr("'cell' contributes to 'm' and sees it"));
  EXPECT_EQ(said_of("iterate: {do: [{strang: [cell, medium]}]}").size(), 1u);
  EXPECT_TRUE(said_of("iterate: {do: [cell, medium]}").empty());
  EXPECT_TRUE(said_of("lie: [cell, medium]").empty());
}

TEST(Contributions, ThatTakeMoreThanThereIsAreAFailure) {
  std::string text = agents_in_diffusion(0.2);
  const std::string uptake = "-(100 um^3/s)*c_here", density = "kind: density, ",
                    scheme = "integrator: implicit";
  text.replace(text.find(uptake), uptake.size(), "-5 fmol/s");
  text.replace(text.find(scheme), scheme.size(), "integrator: backward_euler");
  text.insert(text.find(density), "positive: true, ");
  ModelRun run = ModelRun::of_text(text);
  try {
    run.to_the_end();
    FAIL();
  } catch (const NumericalFailure& failure) {
    EXPECT_THAT(failure.what(),
                testing::HasSubstr("iterate: [spreading, uptake]: 'uptake' contributes more than "
                                   "there is: 'c' becomes -"));
  }
}

// Two members of a window inside of a window contribute to what a member of the outer one advances.
TEST(Contributions, PassThroughAWindowInsideOfAWindow) {
  const auto text = [](double window) {
    return fmt::format(R"(
holon: 1
title: Two that feed on a third
spaces: {{point: {{type: point}}}}
fields: {{m: {{space: point, initial: 1, kind: amount, conserved: {{stuff: 1}}}}}}
processes:
  one:
    type: kinetics
    space: point
    integrator: rk4
    units: {{time: 1, x: 1, m: 1}}
    states: {{x: 0}}
    kinds: {{x: amount}}
    conserved: {{x: {{stuff: 1}}}}
    inputs: {{m: =m}}
    contribute: {{m: =-m}}
    equations: |
      x' = m
  two:
    type: kinetics
    space: point
    integrator: rk4
    units: {{time: 1, y: 1, m: 1}}
    states: {{y: 0}}
    kinds: {{y: amount}}
    conserved: {{y: {{stuff: 1}}}}
    inputs: {{m: =m}}
    contribute: {{m: =-2*m}}
    equations: |
      y' = 2*m
  medium:
    type: kinetics
    space: point
    integrator: rk4
    units: {{time: 1, m: 1}}
    states: {{m: 1}}
    fields: {{m: m}}
    equations: |
      m' = 0*m
schedule: {{step: {}, until: 0.8, iterate: {{do: [{{iterate: {{do: [one, two], tolerance: 1e-11}}}}, medium], tolerance: 1e-11}}}}
ledger: strict
observe: {{m: {{type: final, of: m}}}}
results: {{m: {{of: m, unit: 1}}}}
)",
                       window);
  };
  std::array<double, 2> error{};
  for (std::size_t k = 0; k < 2; ++k) {
    ModelRun run = ModelRun::of_text(text(0.1 / std::exp2(k)));
    error[k] = std::abs(run.to_the_end().result("m") - std::exp(-2.4));
    EXPECT_LT(run.simulation().ledger().at(0).relative_residual, 3e-15);
  }
  EXPECT_GT(order(error[0], error[1]), 1.9);
}

}  // namespace
}  // namespace holon::verification

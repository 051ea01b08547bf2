// Processes that are advanced as one system of equations: orders of the methods, index-1 systems, books,
// resumed runs, and what happens where a system has no solution.
#include "holon/base/error.hpp"
#include "holon/engine/archive.hpp"

#include <cmath>

#include "verification/model_run.hpp"
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

double value(const ModelRun& run, const State& state, const char* name, std::size_t site = 0) {
  return state.real(run.model().fields->id(name))[site];
}

/// Two species that react (Schnakenberg's reaction) and spread, on sixteen cells.
std::string reacting(const std::string& schedule, double step) {
  return fmt::format(R"yaml(
holon: 1
spaces: {{line: {{type: grid, sites: cells, size: [1], spacing: 0.0625}}}}
fields:
  u: {{space: line, kind: density, conserved: {{u: 1}}, initial: "=1 + 0.3*cos(pi*position.x)"}}
  v: {{space: line, kind: density, initial: "=0.9 - 0.1*cos(2*pi*position.x)"}}
processes:
  reaction:
    type: kinetics
    space: line
    units: {{time: 1, u: 1, v: 1}}
    fields: {{u: u, v: v}}
    equations: |
      u' = 0.1 - u + u^2*v
      v' = 0.9 - u^2*v
  spread_u: {{type: diffusion, field: u, diffusivity: 0.05, integrator: implicit, boundary: {{x_min: {{neumann: 0.1}}}}}}
  spread_v: {{type: diffusion, field: v, diffusivity: 1, integrator: implicit}}
schedule: {{step: {:.17g}, until: 1, {}}}
ledger: strict
observe:
  end: {{type: final, of: u, at: [0.2]}}
results:
  end: {{of: end}}
)yaml",
                     step, schedule);
}

std::string together(const std::string& method) {
  return fmt::format("together: {{do: [reaction, spread_u, spread_v], method: {}}}", method);
}

double end_of(const std::string& schedule, double step) {
  return ModelRun::of_text(reacting(schedule, step)).to_the_end().result("end");
}

class Methods : public testing::TestWithParam<std::pair<const char*, double>> {};

TEST_P(Methods, HaveTheirOrderOnReactionAndDiffusion) {
  const auto [method, expected] = GetParam();
  const double exact = end_of(together("sdirk"), 1.0 / 2048);
  const double coarse = std::abs(end_of(together(method), 1.0 / 32) - exact),
               fine = std::abs(end_of(together(method), 1.0 / 64) - exact);
  EXPECT_NEAR(order(coarse, fine), expected, 0.15) << coarse << ' ' << fine;
}

/// x' = -z with z from two laws that need each other, z = sin(x) + 0.3 w and w = x - 0.5 z, and a forcing.
std::string algebraic(const std::string& method, double step) {
  return fmt::format(R"(
holon: 1
spaces: {{point: {{type: point}}}}
processes:
  x:
    type: kinetics
    space: point
    units: {{time: 1, x: 1, z: 1}}
    states: {{x: 1}}
    inputs: {{z: =first.z}}
    equations: |
      x' = -z + cos(3*time)
  first:
    type: kinetics
    space: point
    units: {{time: 1, x: 1, w: 1, z: 1}}
    inputs: {{x: =x.x, w: =second.w}}
    outputs: [z]
    equations: |
      z = sin(x) + 0.3*w
  second:
    type: kinetics
    space: point
    units: {{time: 1, x: 1, z: 1, w: 1}}
    inputs: {{x: =x.x, z: =first.z}}
    outputs: [w]
    equations: |
      w = x - 0.5*z
schedule: {{step: {:.17g}, until: 2, together: {{do: [x, first, second], method: {}}}}}
observe:
  end: {{type: final, of: first.z}}
  all: {{type: probe, values: {{x: x.x, z: first.z, w: second.w}}}}
results: {{end: {{of: end}}}}
)",
                     step, method);
}

TEST_P(Methods, HaveTheirOrderOnAnIndexOneSystemInAllItsParts) {
  const auto [method, expected] = GetParam();
  const auto end = [](const std::string& by, double step) {
    return ModelRun::of_text(algebraic(by, step)).to_the_end().result("end");
  };
  const double exact = end("sdirk", 2.0 / 8192);
  const double coarse = std::abs(end(method, 2.0 / 128) - exact),
               fine = std::abs(end(method, 2.0 / 256) - exact);
  EXPECT_NEAR(order(coarse, fine), expected, 0.15) << coarse << ' ' << fine;
}

INSTANTIATE_TEST_SUITE_P(All, Methods,
                         testing::Values(std::pair("bdf1", 1.0), std::pair("bdf2", 2.0),
                                         std::pair("implicit_midpoint", 2.0), std::pair("sdirk", 2.0)),
                         [](const auto& parameter) { return std::string(parameter.param.first); });

TEST(Together, AlgebraicEquationsHoldAtEveryMomentFromTheStartOn) {
  for (const char* method : {"bdf2", "implicit_midpoint"}) {
    const ModelRun run = std::move(ModelRun::of_text(algebraic(method, 0.125)).to_the_end());
    const auto x = run.column("all", "x"), z = run.column("all", "z"), w = run.column("all", "w");
    ASSERT_EQ(x.size(), 17u);
    for (std::size_t k = 0; k < x.size(); ++k) {
      EXPECT_NEAR(z[k], (std::sin(x[k]) + 0.3 * x[k]) / 1.15, 1e-9) << method << ' ' << k;
      EXPECT_NEAR(w[k], x[k] - 0.5 * z[k], 1e-9) << method << ' ' << k;
    }
  }
}

TEST(Together, SplittingComesToTheSameAsStepsShrink) {
  const double exact = end_of(together("sdirk"), 1.0 / 2048);
  const auto split = [&](double step) {
    return std::abs(end_of("strang: [reaction, {lie: [spread_u, spread_v]}]", step) - exact);
  };
  const double coarse = split(1.0 / 64), fine = split(1.0 / 256);
  EXPECT_LT(fine, coarse / 3.0);
  EXPECT_LT(fine, 1e-3);
}

TEST(Together, StepsInsideAStepAreStepsOfTheirOwn) {
  const double one = end_of(together("bdf2"), 1.0 / 64);
  const double inside = end_of("together: {do: [reaction, spread_u, spread_v], steps: 4}", 1.0 / 16);
  EXPECT_NEAR(one, inside, 1e-9);
}

TEST(Together, StepsChosenByTheirErrorMeetTheTolerance) {
  const double exact = end_of(together("sdirk"), 1.0 / 2048);
  const auto error = [&](double tolerance) {
    return std::abs(
        end_of(fmt::format("together: {{do: [reaction, spread_u, spread_v], tolerance: {}}}", tolerance),
               0.5) -
        exact);
  };
  EXPECT_LT(error(1e-4), 2e-3);
  EXPECT_LT(error(1e-6), 1e-4);
  EXPECT_LT(error(1e-6), error(1e-4));
}

TEST(Together, BooksCloseToWhatNewtonLeavesAndItIsShown) {
  for (const char* method : {"bdf1", "bdf2", "implicit_midpoint", "sdirk"}) {
    ModelRun run = ModelRun::of_text(reacting(together(method), 0.05));
    run.to_the_end();
    const LedgerBalance books = run.simulation().ledger().at(0);
    EXPECT_LT(books.relative_residual, 1e-13) << method;
    double spread = 0.0, left = 0.0;
    for (const LedgerLine& line : books.lines) {
      if (line.process == "spread_u") spread += line.amount;
      if (line.channel == "residual of the solver") left += line.amount;
    }
    EXPECT_NEAR(spread, 0.1, 1e-9) << method;  // what the side lets in, in a unit of time
    EXPECT_LT(std::abs(left), 1e-8) << method;
  }
}

TEST(Together, MidpointStepsKeepTheEnergyOfOscillators) {
  std::string text = R"(
holon: 1
spaces: {point: {type: point}}
processes:
  first:
    type: kinetics
    space: point
    units: {time: 1, u: 1, v: 1, other: 1}
    states: {u: 1, v: 0}
    inputs: {other: =second.u}
    equations: |
      u' = v
      v' = -4*pi^2*u + 16*pi^2*(other - u)
  second:
    type: kinetics
    space: point
    units: {time: 1, u: 1, v: 1, other: 1}
    states: {u: 0, v: 0}
    inputs: {other: =first.u}
    equations: |
      u' = v
      v' = -4*pi^2*u + 16*pi^2*(other - u)
schedule: {step: 0.01, until: 1, together: {do: [first, second], method: implicit_midpoint, newton: 1e-13}}
observe: {end: {type: final, of: first.u}}
results: {end: {of: end}}
)";
  ModelRun run = ModelRun::of_text(text);
  const auto energy = [&](const State& state) {
    const double u = value(run, state, "first.u"), v = value(run, state, "first.v"),
                 x = value(run, state, "second.u"), y = value(run, state, "second.v");
    const double k = 4.0 * M_PI * M_PI;
    return v * v + y * y + k * (u * u + x * x) + 4.0 * k * (u - x) * (u - x);
  };
  const double before = energy(run.simulation().state());
  run.to_the_end();
  EXPECT_NEAR(energy(run.simulation().state()) / before, 1.0, 1e-10);
  EXPECT_NEAR(run.result("end"), 1.0, 0.1);  // and their phase: one period of both modes
}

TEST(Together, AResumedRunIsTheSameBitByBit) {
  for (const std::string& schedule :
       {together("bdf2"), std::string("together: {do: [reaction, spread_u, spread_v], tolerance: 1e-4}")}) {
    ModelRun whole = ModelRun::of_text(reacting(schedule, 0.0625)),
             first = ModelRun::of_text(reacting(schedule, 0.0625)),
             second = ModelRun::of_text(reacting(schedule, 0.0625));
    whole.to_the_end();
    for (int k = 0; k < 7; ++k) first.simulation().step();
    second.simulation().resume(first.simulation().checkpoint());
    second.to_the_end();
    for (std::size_t site = 0; site < 16; ++site) {
      EXPECT_EQ(value(whole, whole.simulation().state(), "u", site),
                value(second, second.simulation().state(), "u", site));
      EXPECT_EQ(value(whole, whole.simulation().state(), "v", site),
                value(second, second.simulation().state(), "v", site));
    }
  }
}

TEST(TogetherThreads, GiveTheSameBitsWhateverTheirNumber) {
  const ModelRun run = ModelRun::of_text(reacting(together("bdf2"), 0.0625));
  std::vector<std::vector<double>> ends;
  for (const int threads : {1, 2, 4}) {
    Simulation simulation(run.shared_model(), {.threads = threads});
    simulation.run();
    const auto u = simulation.state().real(run.model().fields->id("u"));
    ends.emplace_back(u.begin(), u.end());
  }
  EXPECT_EQ(ends[0], ends[1]);
  EXPECT_EQ(ends[0], ends[2]);
}

TEST(Together, AMemberThatIsNotSmoothIsRefused) {
  std::string text = reacting(together("bdf2"), 0.1);
  const std::string rate = "      v' = 0.9 - u^2*v\n";
  text.insert(text.find(rate) + rate.size(), "    events: {high: {when: u - 2, then: {u: 1}}}\n");
  try {
    ModelRun::of_text(text);
    FAIL() << "the model was accepted";
  } catch (const InputError& error) {
    EXPECT_THAT(error.diagnostics().at(0).text(), testing::HasSubstr("'reaction' can't be part of it"));
    EXPECT_THAT(error.diagnostics().at(0).text(), testing::HasSubstr("its states jump at events"));
  }
}

TEST(Together, AnEquationThatLeavesItsDomainFailsWithItsPlaceAndNoOtherRootIsTaken) {
  // x^(3/2) falls to zero, first at the right, and there is nothing beyond.
  const std::string text = R"yaml(
holon: 1
spaces: {line: {type: grid, sites: cells, size: [2], spacing: 1}}
processes:
  emptying:
    type: kinetics
    space: line
    units: {time: 1, x: 1, position: 1}
    states: {x: 1}
    equations: |
      x' = -(1 + position.x)/sqrt(x)
schedule: {step: 0.1, until: 3, together: {do: [emptying]}}
observe: {end: {type: final, of: emptying.x, at: [0.5]}}
results: {end: {of: end}}
)yaml";
  ModelRun run = ModelRun::of_text(text);
  try {
    run.to_the_end();
    FAIL() << "something else than a solution was taken";
  } catch (const NumericalFailure& failure) {
    EXPECT_THAT(failure.what(),
                testing::HasSubstr("process 'together' failed: field 'emptying.x' at cell (1)"));
    EXPECT_THAT(failure.what(), testing::HasSubstr("(of 'emptying')"));
    EXPECT_THAT(failure.what(), testing::HasSubstr("residual"));
    EXPECT_THAT(failure.what(), testing::HasSubstr("a shorter step"));
  }
  EXPECT_NEAR(run.simulation().time(), 2.0 / 3.0 / 2.5, 0.1);
  for (const double x : run.simulation().state().real(run.model().fields->id("emptying.x")))
    EXPECT_GT(x, 0.0);
}

/// (1 + u) u' is the same everywhere at rest: u + u^2/2 = 3 x/2 between 0 and 1.
double error_at_rest(int cells, const std::string& schedule, const std::string& integrator) {
  ModelRun run = ModelRun::of_text(fmt::format(
      R"yaml(
holon: 1
spaces: {{line: {{type: grid, sites: cells, size: [1], spacing: =1/{}}}}}
fields: {{u: {{space: line, initial: 0.5}}}}
processes:
  spread: {{type: diffusion, field: u, diffusivity: =1 + u, integrator: {}, boundary: {{x_min: {{dirichlet: 0}}, x_max: {{dirichlet: 1}}}}}}
schedule: {{step: 0.05, until: 5, {}}}
observe: {{end: {{type: final, of: u}}}}
results: {{end: {{of: end}}}}
)yaml",
      cells, integrator, schedule));
  run.to_the_end();
  const std::vector<double> u = run.array("end");
  double most = 0.0;
  for (std::size_t k = 0; k < u.size(); ++k) {
    const double x = (static_cast<double>(k) + 0.5) / static_cast<double>(cells);
    most = std::max(most, std::abs(u[k] - (std::sqrt(1.0 + 3.0 * x) - 1.0)));
  }
  return most;
}

TEST(Together, DiffusivitiesMayFollowTheirFieldAndAreOfOrderTwoInSpace) {
  const std::string together = "together: {do: [spread], method: bdf1}";
  const double coarse = error_at_rest(10, together, "implicit"),
               fine = error_at_rest(20, together, "implicit");
  EXPECT_GT(order(coarse, fine), 1.7) << coarse << ' ' << fine;
  EXPECT_LT(fine, 1e-3);
  // Steps of its own, with the diffusivity as it is at their beginning, come to the same rest. (Those of
  // Crank and Nicolson do so, too, but not soon: the steps are long against the spacing.)
  EXPECT_NEAR(error_at_rest(20, "lie: [spread]", "backward_euler"), fine, 1e-8);
}

TEST(Together, WhatIsAtRestStaysThere) {
  for (const char* method : {"bdf1", "bdf2", "implicit_midpoint", "sdirk"}) {
    ModelRun run = ModelRun::of_text(fmt::format(R"yaml(
holon: 1
spaces: {{point: {{type: point}}}}
processes:
  resting:
    type: kinetics
    space: point
    units: {{time: 1, x: 1, y: 1}}
    states: {{x: 1, y: 0}}
    equations: |
      x' = 1 - x
      y' = -y
schedule: {{step: 0.5, until: 3, together: {{do: [resting], method: {}}}}}
observe: {{end: {{type: final, of: resting.x}}}}
results: {{end: {{of: end}}}}
)yaml",
                                                 method));
    EXPECT_EQ(run.to_the_end().result("end"), 1.0) << method;
    EXPECT_EQ(value(run, run.simulation().state(), "resting.y"), 0.0) << method;
  }
}

TEST(Together, AFieldThatMustStayPositiveDoesOrTheRunFails) {
  const std::string text = R"yaml(
holon: 1
spaces: {line: {type: grid, sites: cells, size: [2], spacing: 1}}
fields: {c: {space: line, unit: uM, initial: 1 uM, positive: true}}
processes:
  spread: {type: diffusion, field: c, diffusivity: 1e-3, integrator: backward_euler, source: =-1 uM}
schedule: {step: 0.1, until: 3, together: {do: [spread]}}
observe: {end: {type: final, of: c, at: [0.5]}}
results: {end: {of: end}}
)yaml";
  ModelRun run = ModelRun::of_text(text);
  try {
    run.to_the_end();
    FAIL() << "a negative value was let through";
  } catch (const NumericalFailure& failure) {
    EXPECT_THAT(failure.what(), testing::HasSubstr("field 'c' at cell (0)"));
    EXPECT_THAT(failure.what(), testing::HasSubstr("it must stay positive, and becomes -"));
  }
  EXPECT_GE(value(run, run.simulation().state(), "c"), 0.0);
}

TEST(Together, ASingularSystemSaysWhatNothingDetermines) {
  const std::string text = R"(
holon: 1
spaces: {line: {type: grid, sites: cells, size: [1], spacing: 0.25}}
fields:
  c: {space: line, initial: 1}
  phi: {space: line, initial: 0}
processes:
  spread: {type: diffusion, field: c, diffusivity: 1, integrator: implicit, source: =phi}
  potential: {type: diffusion, field: phi, diffusivity: 1, integrator: steady, source: "=c - 1"}
schedule: {step: 0.1, until: 1, together: {do: [spread, potential]}}
observe: {end: {type: final, of: c, at: [0.5]}}
results: {end: {of: end}}
)";
  try {
    ModelRun::of_text(text);
    FAIL() << "a potential without a level was found";
  } catch (const InputError& failure) {
    EXPECT_THAT(failure.what(), testing::HasSubstr("singular"));
    EXPECT_THAT(failure.what(), testing::HasSubstr("'phi at "));
    EXPECT_THAT(failure.what(), testing::HasSubstr("held at one place"));
  }
}

}  // namespace
}  // namespace holon::verification

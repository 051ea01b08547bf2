#include "holon/pointwise/kinetics_process.hpp"
#include "holon/pointwise/model_case.hpp"

#include <cmath>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon::pointwise {
namespace {

using test::load;
using test::run;
using test::value;
using ::testing::HasSubstr;

// Binding of calcium to troponin, n' = k_on c (1 - n) - k_off n, in milliseconds inside, seconds outside.
std::string troponin(const std::string& options, const std::string& step = "0.1 ms") {
  return R"(holon: 1
spaces: {cell: {type: point}}
processes:
  troponin:
    type: kinetics
    space: cell
    units: {time: ms, n: 1, c: uM, k_on: 1/(uM ms), k_off: 1/ms}
    states: {n: 0}
    parameters: {k_on: 100 1/(uM s), k_off: 0.05}
    inputs: {c: 1e-3 mM}
)" + options +
         R"(
    equations: |
      n' = k_on*c*(1 - n) - k_off*n
schedule: {step: )" +
         step + ", until: 10 ms}\n";
}

constexpr double troponin_at_10_ms = 0.517913226594;

TEST(Kinetics, UnitsOfParametersInputsAndTimeAreConverted) {
  const auto simulation =
      run(load(troponin("    integrator: dormand_prince\n    tolerance: {relative: 1e-10}")));
  EXPECT_NEAR(value(*simulation, "troponin.n"), troponin_at_10_ms, 1e-10);
}

TEST(Kinetics, EveryIntegratorSolvesTheSameEquation) {
  for (const auto& integrator : integrators()) {
    const auto simulation = run(load(troponin("    integrator: " + std::string(integrator.name))));
    const double tolerance = integrator.control == Integrator::Control::adaptive ? 1e-5
                             : integrator.order == 1                             ? 5e-3
                                                                                 : 5e-5;
    EXPECT_NEAR(value(*simulation, "troponin.n"), troponin_at_10_ms, tolerance) << integrator.name;
  }
}

TEST(Kinetics, ARushLarsenStepOfOwnLinearStatesIsExactForAnyStep) {
  const auto simulation = run(load(troponin("    integrator: rush_larsen", "10 ms")));
  EXPECT_NEAR(value(*simulation, "troponin.n"), 2.0 / 3 * (1.0 - std::exp(-1.5)), 1e-15);
}

TEST(Kinetics, InternalStepsDivideTheInterval) {
  const auto one = run(load(troponin("    integrator: rk4\n    step: 0.1 ms", "10 ms")));
  const auto many = run(load(troponin("    integrator: rk4", "0.1 ms")));
  EXPECT_NEAR(value(*one, "troponin.n"), value(*many, "troponin.n"), 1e-14);
  EXPECT_EQ(one->timings()[0].counters.steps, 100U);
}

TEST(Kinetics, AParameterSetAtRunTimeIsUsedAtOnce) {
  const auto model = load(troponin("    integrator: rush_larsen", "10 ms"));
  Simulation simulation(model, {1, 0, nullptr});
  simulation.state().set_parameter(model->parameters->id("processes.troponin.parameters.k_off"), 0.1);
  simulation.run();
  EXPECT_NEAR(value(simulation, "troponin.n"), 0.5 * (1.0 - std::exp(-2.0)), 1e-15);
}

const std::string on_a_line = R"(holon: 1
parameters: {rate: 2 1/s}
spaces: {line: {type: grid, size: [10 mm], spacing: 0.5 mm}}
processes:
  decay:
    type: kinetics
    space: line
    integrator: rush_larsen
    units: {time: s, u: mV, k: 1/s, drive: mV/s}
    initial: {u: =10 mV*(1 + position.x/(10 mm))}
    parameters: {k: =rate*(1 + position.x/(5 mm))}
    inputs: {drive: =4 mV/s*position.x/(1 mm)}
    equations: |
      u' = -k*u + drive
schedule: {step: 0.25 s, until: 1 s}
)";

TEST(Kinetics, InitialValuesParametersAndInputsMayDifferFromSiteToSite) {
  const auto simulation = run(load(on_a_line));
  for (std::size_t site = 0; site < 21; ++site) {
    const double x = 0.5 * static_cast<double>(site), k = 2 * (1 + x / 5), rest = 4 * x / k;
    const double exact = rest + (10 * (1 + x / 10) - rest) * std::exp(-k);
    EXPECT_NEAR(value(*simulation, "decay.u", site), exact, 1e-13) << site;
  }
}

TEST(KineticsThreads, AdaptiveStepsArePartOfTheStateAndTheSameForAnyNumberOfThreads) {
  std::string text = on_a_line;
  text.replace(text.find("rush_larsen"), 11, "dormand_prince");
  text.replace(text.find("[10 mm]"), 7, "[150 mm]");  // 301 sites, several blocks
  const auto model = load(text);
  const auto alone = run(model, 1), shared = run(model, 3);
  Simulation first(model, {2, 0, nullptr}), second(model, {1, 0, nullptr});
  first.step();
  second.resume(first.checkpoint());
  second.run();
  for (std::size_t site = 0; site < 301; ++site) {
    EXPECT_EQ(value(*alone, "decay.u", site), value(*shared, "decay.u", site));
    EXPECT_EQ(value(*alone, "decay.u", site), value(second, "decay.u", site));
    EXPECT_EQ(value(*alone, "decay:memory", site), value(second, "decay:memory", site));
    EXPECT_GT(value(*alone, "decay:memory", site), 0.0);
  }
}

TEST(KineticsThreads, StatesOfOneModelMayRunAtTheSameTimeWithParametersOfTheirOwn) {
  const auto model = load(troponin("    integrator: rush_larsen", "1 ms"));
  const ParameterId k_off = model->parameters->id("processes.troponin.parameters.k_off");
  std::vector<double> results(4);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < results.size(); ++i) {
    threads.emplace_back([&, i] {
      Simulation simulation(model, {1, 0, nullptr});
      if (i % 2 == 1) simulation.state().set_parameter(k_off, 0.1);
      simulation.run();
      results[i] = value(simulation, "troponin.n");
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_NEAR(results[0], 2.0 / 3 * (1.0 - std::exp(-1.5)), 1e-14);
  EXPECT_NEAR(results[1], 0.5 * (1.0 - std::exp(-2.0)), 1e-14);
  EXPECT_EQ(results[2], results[0]);
  EXPECT_EQ(results[3], results[1]);
}

TEST(Kinetics, ImplicitMidpointKeepsQuadraticInvariantsToRoundOff) {
  const std::string text = R"(holon: 1
spaces: {cell: {type: point}}
processes:
  p:
    type: kinetics
    space: cell
    integrator: implicit_midpoint
    units: {time: 1, u: 1, v: 1}
    states: {u: 1, v: 0.5}
    equations: |
      frequency = 1 + u^2
      u' = frequency*v
      v' = -frequency*u
schedule: {step: 0.1, until: 100}
)";
  const auto simulation = run(load(text));
  const double u = value(*simulation, "p.u"), v = value(*simulation, "p.v");
  EXPECT_NEAR(u * u + v * v, 1.25, 1e-12);  // 1000 steps, each to 1e-14
  EXPECT_GT(simulation->timings()[0].counters.nonlinear_iterations, 3000U);
}

TEST(Kinetics, ASystemTooLargeForCompiledEliminationIsRefused) {
  std::string units = "time: 1", states, equations;
  for (int i = 0; i < 160; ++i) {
    units += ", x" + std::to_string(i) + ": 1";
    states += (i == 0 ? "x" : ", x") + std::to_string(i) + ": 1";
  }
  equations = "      total = x0";
  for (int i = 1; i < 160; ++i) equations += " + x" + std::to_string(i);
  equations += "\n";
  for (int i = 0; i < 160; ++i)
    equations += "      x" + std::to_string(i) + "' = -x" + std::to_string(i) + "*total\n";
  const std::string text =
      "holon: 1\nspaces: {cell: {type: point}}\nprocesses:\n  p:\n    type: kinetics\n    space: cell\n"
      "    integrator: rosenbrock\n    units: {" +
      units + "}\n    states: {" + states + "}\n    equations: |\n" + equations +
      "schedule: {step: 1, until: 1}\n";
  try {
    run(load(text));
    ADD_FAILURE() << "25600 entries were written out";
  } catch (const InputError& error) { EXPECT_THAT(error.what(), HasSubstr("use integrator cvode")); }
}

TEST(Kinetics, AFieldOfAnotherSpaceIsAnError) {
  const std::string text = R"(holon: 1
spaces: {line: {type: grid, size: [1], spacing: 0.25}, other: {type: grid, size: [1], spacing: 0.5}}
fields: {c: {space: other, unit: 1, initial: 1}}
processes:
  p:
    type: kinetics
    space: line
    units: {time: 1, u: 1, k: 1}
    states: {u: 1}
    inputs: {k: =c}
    equations: |
      u' = -k*u
schedule: {step: 0.1, until: 1}
)";
  EXPECT_THAT(test::mistakes(text), HasSubstr("'c' lives on space 'other' and the equations on 'line'"));
}

TEST(Kinetics, ContributionsAreAddedToRates) {
  const auto simulation = run(load(troponin(
      "    integrator: dormand_prince\n    tolerance: {relative: 1e-10}\n    contribute: {n: 0.02 1/ms}")));
  // n' = 0.12 - 0.15 n
  EXPECT_NEAR(value(*simulation, "troponin.n"), 0.8 * (1.0 - std::exp(-1.5)), 1e-9);
}

TEST(Kinetics, StepsEndWhereAPulseBeginsAndEnds) {
  const std::string text = R"(holon: 1
spaces: {cell: {type: point}}
processes:
  p:
    type: kinetics
    space: cell
    integrator: INTEGRATOR
    units: {time: ms, u: 1, rate: 1/ms, start: ms}
    states: {u: 0}
    parameters: {start: 1.23}
    inputs: {rate: 1}
    equations: |
      u' = rate*pulse(time, start, 0.77, 4) + 0*u
schedule: {step: 1 ms, until: 8 ms}
)";
  for (const auto& integrator : integrators()) {
    std::string one = text;
    one.replace(one.find("INTEGRATOR"), 10, integrator.name);
    const auto model = load(one);
    EXPECT_NEAR(value(*run(model), "p.u"), 2 * 0.77, 1e-14) << integrator.name;
    Simulation moved(model, {1, 0, nullptr});  // the last pulse is cut by the end of the run
    moved.state().set_parameter(model->parameters->id("processes.p.parameters.start"), 3.4);
    moved.run();
    EXPECT_NEAR(value(moved, "p.u"), 0.77 + 0.6, 1e-14) << integrator.name;
  }
}

TEST(Kinetics, OutputsAreFieldsThatFollowTheStates) {
  const std::string text = R"(holon: 1
spaces: {cell: {type: point}}
processes:
  p:
    type: kinetics
    space: cell
    integrator: rk4
    units: {time: 1, u: 1, energy: 1}
    states: {u: 2}
    outputs: [energy]
    equations: |
      energy = u^2/2
      u' = -u
schedule: {step: 0.1, until: 1}
)";
  const auto model = load(text);
  Simulation simulation(model, {1, 0, nullptr});
  EXPECT_EQ(value(simulation, "p.energy"), 2.0);
  simulation.run();
  EXPECT_EQ(value(simulation, "p.energy"), 0.5 * std::pow(value(simulation, "p.u"), 2));
}

TEST(Kinetics, StatesMayBeFieldsOfTheModelInUnitsOfTheirOwn) {
  const std::string text = R"(holon: 1
spaces: {cell: {type: point}}
fields: {c: {space: cell, unit: mM, initial: 2 mM}}
processes:
  p:
    type: kinetics
    space: cell
    integrator: dormand_prince
    tolerance: {relative: 1e-10}
    units: {time: s, x: uM, v: uM/s}
    parameters: {v: 500}
    fields: {x: c}
    equations: |
      x' = -v*x/(x + 1000)
schedule: {step: 1 s, until: 2 s}
)";
  const auto simulation = run(load(text));
  const double c = value(*simulation, "c");  // c + log c = 2 + log 2 - 0.5 t, c in mM
  EXPECT_NEAR(c + std::log(c), 2 + std::log(2.0) - 1.0, 1e-9);
}

TEST(Kinetics, TheLedgerClosesOverReactions) {
  const std::string text = R"(holon: 1
spaces: {line: {type: grid, size: [1], spacing: 0.125}}
processes:
  p:
    type: kinetics
    space: line
    integrator: INTEGRATOR
    units: {time: 1, a: 1, b: 1}
    initial: {a: =1 + position.x, b: 0.5}
    kinds: {a: density, b: density}
    conserved: {a: {substance: 1}, b: {substance: 2}}
    equations: |
      r = a^2 - b
      a' = -2*r
      b' = r
schedule: {step: 0.01, until: 1}
)";
  for (const char* name : {"rk4", "rosenbrock", "implicit_midpoint", "rush_larsen"}) {
    std::string one = text;
    one.replace(one.find("INTEGRATOR"), 10, name);
    const auto simulation = run(load(one));
    const auto balances = simulation->ledger();
    ASSERT_EQ(balances.size(), 1U);
    EXPECT_LT(balances[0].relative_residual, 1e-13) << name;
    double largest = 0.0;
    for (const auto& line : balances[0].lines) largest = std::max(largest, line.moved);
    EXPECT_GT(largest, 0.1) << name;  // a and b do exchange
  }
}

TEST(Kinetics, AStateThatIsNotFiniteStopsTheRunWithFieldPlaceAndTime) {
  const std::string text = R"(holon: 1
spaces: {line: {type: grid, size: [1], spacing: 0.25}}
processes:
  p:
    type: kinetics
    space: line
    integrator: INTEGRATOR
    units: {time: 1, u: 1}
    initial: {u: =if position.x > 0.6 then 1 else 0}
    equations: |
      u' = u^2
schedule: {step: 0.1, until: 2}
)";
  for (const char* name : {"rk4", "dormand_prince", "rosenbrock", "implicit_midpoint"}) {
    std::string one = text;
    one.replace(one.find("INTEGRATOR"), 10, name);
    try {
      run(load(one));
      ADD_FAILURE() << name << " went through the pole at t = 1";
    } catch (const NumericalFailure& failure) {
      EXPECT_THAT(failure.what(), HasSubstr("process 'p'")) << name;
      EXPECT_THAT(failure.what(), HasSubstr("0.75")) << name;
    }
  }
}

TEST(Kinetics, PositivityIsKeptByRejectionOrRefused) {
  const std::string text = R"(holon: 1
spaces: {cell: {type: point}}
processes:
  p:
    type: kinetics
    space: cell
    integrator: INTEGRATOR
    tolerance: {relative: 0.5, absolute: 100}
    units: {time: 1, u: 1}
    states: {u: 1}
    positive: [u]
    equations: |
      u' = -u/(u + 1e-3)
schedule: {step: 0.8, until: 4}
)";
  const auto with = [&](const std::string& name) {
    std::string one = text;
    one.replace(one.find("INTEGRATOR"), 10, name);
    return one;
  };
  // A tolerance that takes any step: without rejection u would go to about -3.
  EXPECT_GE(value(*run(load(with("dormand_prince"))), "p.u"), 0.0);
  EXPECT_GE(value(*run(load(with("rosenbrock"))), "p.u"), 0.0);
  EXPECT_THAT(test::mistakes(with("rk4")),
              HasSubstr("'p.u' is declared positive, and integrator 'rk4' may make it negative"));
  EXPECT_THAT(test::mistakes(with("rush_larsen")), HasSubstr("may make it negative"));
}

TEST(Kinetics, AStepAboveTheStabilityLimitIsAnError) {
  EXPECT_EQ(test::mistakes(troponin("    integrator: forward_euler", "10 ms")), "");  // 10 ms < 2/0.15 ms
  const std::string text = R"(holon: 1
spaces: {cell: {type: point}}
processes:
  p:
    type: kinetics
    space: cell
    integrator: forward_euler
    units: {time: 1, u: 1, v: 1}
    states: {u: 1, v: 0}
    equations: |
      u' = -3*u + 4*v
      v' = -4*u - 3*v
schedule: {step: STEP, until: 10}
)";
  const auto with = [&](const std::string& step) {
    std::string one = text;
    one.replace(one.find("STEP"), 4, step);
    return one;
  };
  // |lambda| = 5: the estimate is 2/5.
  EXPECT_THAT(test::mistakes(with("0.5")), HasSubstr("0.4"));
  EXPECT_EQ(test::mistakes(with("0.1")), "");
}

}  // namespace
}  // namespace holon::pointwise

#include "holon/kinetics/cvode_solver.hpp"
#include "holon/kinetics/register.hpp"
#include "holon/pointwise/model_case.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon::kinetics {
namespace {

using pointwise::test::Folder;
using pointwise::test::value;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

std::shared_ptr<const Model> load(const std::string& text) {
  modelfile::Registry registry;
  register_kinetics(registry);
  return pointwise::test::load(text);
}

// A driven van der Pol oscillator: stiff, non-autonomous, with a pulse.
std::string oscillator(const std::string& options = "", const std::string& step = "0.01") {
  return R"(holon: 1
spaces: {cell: {type: point}}
processes:
  p:
    type: kinetics
    space: cell
    integrator: cvode
    tolerance: {relative: 1e-9, absolute: 1e-9}
    units: {time: 1, y: 1, z: 1, epsilon: 1}
    states: {y: 2, z: 0}
    parameters: {epsilon: 0.01}
)" + options +
         R"(
    equations: |
      y' = z
      z' = ((1 - y^2)*z - y + 0.5*pulse(time, 0.5, 0.203))/epsilon
schedule: {step: )" +
         step + ", until: 2}\n";
}

TEST(Cvode, StepsOfTheScheduleDoNotChangeTheSolutionBeyondItsTolerance) {
  const auto fine = pointwise::test::run(load(oscillator("", "0.01")));
  const auto coarse = pointwise::test::run(load(oscillator("", "0.5")));
  EXPECT_NEAR(value(*fine, "p.y"), value(*coarse, "p.y"), 1e-6);
  // Histories go on from macro step to macro step: 200 restarts would take thousands of steps more.
  EXPECT_LT(fine->timings()[0].counters.steps, 1.1 * coarse->timings()[0].counters.steps + 20);
}

TEST(Cvode, AResumedRunIsBitwiseTheSameAtAnyMacroStep) {
  const auto model = load(oscillator());
  const auto whole = pointwise::test::run(model);
  for (int steps : {1, 37, 50, 51, 71, 130}) {  // 50 to 71: inside the pulse
    Simulation first(model, {1, 0, nullptr}), second(model, {1, 0, nullptr});
    for (int k = 0; k < steps; ++k) first.step();
    second.resume(first.checkpoint());
    second.run();
    EXPECT_EQ(value(second, "p.y"), value(*whole, "p.y")) << steps;
    EXPECT_EQ(value(second, "p.z"), value(*whole, "p.z")) << steps;
  }
}

TEST(Cvode, AStateChangedByOthersStartsANewHistory) {
  const auto model = load(oscillator());
  Simulation changed(model, {1, 0, nullptr});
  for (int k = 0; k < 20; ++k) changed.step();
  changed.state().real(model->fields->id("p.y"))[0] += 0.25;
  Simulation resumed(model, {1, 0, nullptr});
  resumed.resume(changed.checkpoint());
  const double time = changed.time();
  changed.step();
  resumed.step();
  EXPECT_EQ(value(changed, "p:memory"), time);
  EXPECT_EQ(value(resumed, "p.y"), value(changed, "p.y"));
}

TEST(Cvode, AParameterSetDuringTheRunStartsANewHistory) {
  const auto model = load(oscillator());
  Simulation changed(model, {1, 0, nullptr});
  for (int k = 0; k < 20; ++k) changed.step();
  changed.state().set_parameter(model->parameters->id("processes.p.parameters.epsilon"), 0.02);
  const double time = changed.time();
  changed.step();
  EXPECT_EQ(value(changed, "p:memory"), time);
}

TEST(CvodeThreads, EachSiteHasItsOwnSolverForAnyNumberOfThreads) {
  std::string text = oscillator();
  text.replace(text.find("{type: point}"), 13, "{type: grid, size: [1], spacing: 0.2}");
  text.replace(text.find("    states: {y: 2"), 17, "    states: {y: 1");
  text.replace(text.find("    parameters"), 14, "    initial: {y: =2 - position.x}\n    parameters");
  text.replace(text.find("until: 2"), 8, "until: 0.3");
  const auto model = load(text);
  const auto alone = pointwise::test::run(model, 1), shared = pointwise::test::run(model, 3);
  for (std::size_t site = 0; site < 6; ++site) {
    EXPECT_EQ(value(*alone, "p.y", site), value(*shared, "p.y", site));
  }
  EXPECT_NE(value(*alone, "p.y", 0), value(*alone, "p.y", 5));
}

TEST(Cvode, AStateDeclaredPositiveStaysSo) {
  const std::string text = R"(holon: 1
spaces: {cell: {type: point}}
processes:
  p:
    type: kinetics
    space: cell
    integrator: cvode
    tolerance: {relative: 1e-3, absolute: 1e-4}
    units: {time: 1, u: 1, v: 1}
    states: {u: 1, v: 0}
    positive: [u, v]
    equations: |
      u' = -1e4*u
      v' = 1e4*u - v
schedule: {step: 0.01, until: 0.5}
)";
  const auto model = load(text);
  Simulation simulation(model, {1, 0, nullptr});
  simulation.run([&](const Simulation& s) {
    EXPECT_GE(value(s, "p.u"), 0.0);
    return true;
  });
}

std::string failure_of(const std::string& states, const std::string& equations) {
  const std::string text = R"(holon: 1
spaces: {cell: {type: point}}
processes:
  p:
    type: kinetics
    space: cell
    integrator: cvode
    units: {time: 1, u: 1, v: 1}
    states: )" + states + "\n    equations: |\n" +
                           equations + "schedule: {step: 0.5, until: 2}\n";
  try {
    pointwise::test::run(load(text));
  } catch (const NumericalFailure& failure) { return failure.what(); }
  ADD_FAILURE() << "the run did not fail";
  return "";
}

TEST(Cvode, AFailureNamesFieldPlaceAndTime) {
  // A pole at t = 1, which no step comes past.
  const std::string pole = failure_of("{v: 1, u: 1}", "      v' = -v\n      u' = u^2\n");
  EXPECT_THAT(pole, HasSubstr("field 'p.u' at the point"));
  EXPECT_THAT(pole, ContainsRegex("t = (1|0\\.999)"));
  EXPECT_THAT(pole, HasSubstr("CV_"));
  const std::string start = failure_of("{v: 1, u: 0}", "      v' = -v\n      u' = log(u)\n");
  EXPECT_THAT(start, HasSubstr("field 'p.u' at the point, t = 0: its rate is -inf at the value 0"));
}

// Diffusion and one-sided advection on a ring of 200, u_i' = a (u_{i-1} - u_i) + d (u_{i-1} - 2 u_i +
// u_{i+1}): sparse enough for KLU, and not symmetric.
TEST(CvodeSolver, SolvesLargeSparseSystems) {
  constexpr std::size_t n = 200;
  constexpr double advection = 30.0, diffusion = 1e4;
  CvodeProblem problem;
  problem.size = n;
  problem.relative_tolerance = 1e-9;
  problem.absolute_tolerance.assign(n, 1e-12);
  problem.positive.assign(n, false);
  for (std::uint32_t i = 0; i < n; ++i) {
    for (const std::size_t offset : {n - 1, std::size_t{0}, std::size_t{1}}) {
      problem.pattern.push_back({i, static_cast<std::uint32_t>((i + offset) % n)});
    }
  }
  std::size_t jacobians = 0;
  problem.rates = [](double, const double* y, double* f) {
    for (std::size_t i = 0; i < n; ++i) {
      const double left = y[(i + n - 1) % n], right = y[(i + 1) % n];
      f[i] = advection * (left - y[i]) + diffusion * (left - 2 * y[i] + right);
    }
    return true;
  };
  problem.jacobian = [&](double, const double*, double* values) {
    ++jacobians;
    for (std::size_t i = 0; i < n; ++i) {
      values[3 * i] = advection + diffusion;
      values[3 * i + 1] = -advection - 2 * diffusion;
      values[3 * i + 2] = diffusion;
    }
    return true;
  };
  CvodeSolver solver(std::move(problem));
  const double angle = 2 * std::acos(-1.0) / n;
  std::vector<double> y(n);
  for (std::size_t i = 0; i < n; ++i) y[i] = std::cos(angle * static_cast<double>(i));
  solver.restart(0.0, y);
  ASSERT_EQ(solver.advance(0.1, 1e9, y), "");
  const double decay = std::exp(-0.1 * (advection + 2 * diffusion) * (1 - std::cos(angle)));
  for (std::size_t i = 0; i < n; ++i) {
    const double phase = angle * static_cast<double>(i) - 0.1 * advection * std::sin(angle);
    EXPECT_NEAR(y[i], decay * std::cos(phase), 1e-7);
  }
  // A wrong matrix makes Newton's method slow and steps small.
  EXPECT_LT(solver.counters().nonlinear_iterations, 2 * solver.counters().steps);
  EXPECT_GT(jacobians, 0U);
}

}  // namespace
}  // namespace holon::kinetics

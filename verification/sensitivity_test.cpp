// Derivatives of results by parameters, and how a model moves beside a steady state.
#include "holon/analysis/sensitivity.hpp"

#include "holon/analysis/spectrum.hpp"
#include "holon/analysis/steady_state.hpp"

#include <array>
#include <cmath>
#include <numbers>

#include "verification/model_run.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

/// Schnakenberg's reaction on a line: at rest u = a + b, v = b/(a + b)^2.
const std::string schnakenberg = R"(
holon: 1
title: Schnakenberg
parameters: {a: 0.1, b: 0.9, d: 2}
spaces: {line: {type: grid, sites: cells, size: [4], spacing: 0.5, periodic: [x]}}
processes:
  reaction:
    type: kinetics
    space: line
    units: {time: 1, u: 1, v: 1, a: 1, b: 1}
    states: {u: 1.2, v: 0.8}
    parameters: {a: =a, b: =b}
    equations: |
      u' = a - u + u^2*v
      v' = b - u^2*v
    integrator: rosenbrock
  activator: {type: diffusion, field: reaction.u, diffusivity: 1, integrator: implicit}
  substrate: {type: diffusion, field: reaction.v, diffusivity: =d, integrator: implicit}
schedule: {step: 0.1, until: 1, strang: [reaction, {lie: [activator, substrate]}]}
observe: {u: {type: mean, of: reaction.u}, v: {type: mean, of: reaction.v}}
results: {u: {of: u}, v: {of: v}, ratio: {value: =results.v/results.u}}
)";

TEST(Sensitivity, OfASteadyStateIsExactBothWays) {
  for (const char* method : {"forward", "adjoint"}) {
    ModelRun run = ModelRun::of_text(
        schnakenberg + "study: {s: {type: sensitivity, of: [u, v, ratio], parameters: [a, b, d], method: " +
        method + "}}\n");
    run.studies();
    const double a = 0.1, b = 0.9, sum = a + b;
    EXPECT_NEAR(run.result("s.u.a"), 1.0, 1e-8) << method;
    EXPECT_NEAR(run.result("s.u.b"), 1.0, 1e-8) << method;
    EXPECT_NEAR(run.result("s.u.d"), 0.0, 1e-8) << method;
    EXPECT_NEAR(run.result("s.v.a"), -2.0 * b / std::pow(sum, 3), 1e-7) << method;
    EXPECT_NEAR(run.result("s.v.b"), 1.0 / (sum * sum) - 2.0 * b / std::pow(sum, 3), 1e-7) << method;
    EXPECT_NEAR(run.result("s.ratio.a"), -3.0 * b / std::pow(sum, 4), 1e-7) << method;
  }
}

TEST(Sensitivity, RelativeOnesArePercentPerPercent) {
  ModelRun run = ModelRun::of_text(
      schnakenberg + "study: {s: {type: sensitivity, of: [u], parameters: [a, b], relative: true}}\n");
  run.studies();
  EXPECT_NEAR(run.result("s.u.a"), 0.1, 1e-8);
  EXPECT_NEAR(run.result("s.u.b"), 0.9, 1e-8);
  EXPECT_EQ(run.description("s.u.b"), "percent of u per percent of b");
}

/// What is bound and what is free in a closed box: the total is conserved, and made of a parameter.
TEST(Sensitivity, KnowsThatConservedQuantitiesFollowFromTheStart) {
  const std::string text = R"(
holon: 1
title: Binding
parameters: {total: 3 uM, off: 2 1/s}
spaces: {here: {type: point}}
processes:
  binding:
    type: kinetics
    space: here
    units: {time: s, free: uM, bound: uM, off: 1/s}
    states: {free: 0, bound: 0}
    initial: {free: =total, bound: 0 uM}
    conserved: {free: {x: 1}, bound: {x: 1}}
    parameters: {off: =off}
    equations: |
      free' = off*bound - 4*free
      bound' = 4*free - off*bound
    integrator: rk4
schedule: {step: 0.01 s, until: 0.5 s}
observe: {bound: {type: final, of: binding.bound}}
results: {bound: {of: bound}}
study:
  rest: {type: sensitivity, of: [bound], parameters: [total, off], method: METHOD}
  end: {type: sensitivity, of: [bound], parameters: [total, off], at: end, method: METHOD}
)";
  for (const std::string method : {"forward", "adjoint"}) {
    std::string model = text;
    for (std::size_t at; (at = model.find("METHOD")) != std::string::npos;) model.replace(at, 6, method);
    ModelRun run = ModelRun::of_text(model);
    run.studies();
    // bound = total 4/(4 + off) (1 - e^-(4 + off) t).
    const double off = 2.0, k = 4.0 + off, t = 0.5, e = std::exp(-k * t);
    EXPECT_NEAR(run.result("rest.bound.total"), 4.0 / k, 1e-8) << method;
    EXPECT_NEAR(run.result("rest.bound.off"), -3.0 * 4.0 / (k * k), 1e-7) << method;
    EXPECT_NEAR(run.result("end.bound.total"), 4.0 / k * (1.0 - e), 2e-5) << method;
    EXPECT_NEAR(run.result("end.bound.off"), -3.0 * 4.0 / (k * k) * (1.0 - e) + 3.0 * 4.0 / k * t * e, 5e-5)
        << method;
    EXPECT_EQ(run.unit("end.bound.off"), "uM s");
  }
}

/// Forward and adjoint are derivatives of the same steps, and these converge with order 2.
TEST(Sensitivity, AtTheEndIsTheDerivativeOfTheStepsTaken) {
  ModelRun run = ModelRun::of_text(schnakenberg);
  ThreadPool threads(1);
  const System system(run.shared_model(), threads);
  const State start = run.model().initial_state(threads, 0);
  const std::vector<ParameterId> ids{run.model().parameters->id("parameters.a"),
                                     run.model().parameters->id("parameters.d")};
  const std::vector<analysis::Slope> still(2, analysis::Slope(system.size(), 0.0));
  analysis::Slope weights(system.size());
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = std::sin(1.0 + 0.9 * static_cast<double>(i));
  const auto outcome = [&](const analysis::Trajectory& way) {
    double sum = 0.0;
    const Vector x = system.unknowns(way.end());
    for (std::size_t i = 0; i < weights.size(); ++i) sum += weights[i] * x.values()[i];
    return sum;
  };
  State uneven = start.clone();
  Vector x = system.unknowns(uneven);
  for (std::size_t i = 0; i < x.values().size(); ++i)
    x.values()[i] *= 1.0 + 0.2 * std::cos(static_cast<double>(i));
  system.set_unknowns(uneven, x);
  std::array<double, 3> by_a{};
  for (std::size_t level = 0; level < 3; ++level) {
    const auto steps = static_cast<std::int64_t>(10 << level);
    const double h = 1.0 / static_cast<double>(steps);
    const analysis::Trajectory way(system, uneven, 0.0, h, steps);
    const auto slopes = way.slopes(ids, still);
    const auto back = way.adjoint(ids, still, weights);
    for (std::size_t k = 0; k < 2; ++k) {
      double forward = 0.0;
      for (std::size_t i = 0; i < weights.size(); ++i) forward += weights[i] * slopes[k][i];
      EXPECT_NEAR(back[k] / forward, 1.0, 1e-8);
      const double value = run.model().parameters->operator[](ids[k]).value, e = 1e-5 * value;
      const auto at = [&](double to) {
        State moved = uneven.clone();
        moved.set_parameter(ids[k], to);
        return outcome(analysis::Trajectory(system, moved, 0.0, h, steps));
      };
      EXPECT_NEAR((at(value + e) - at(value - e)) / (2.0 * e) / forward, 1.0, 1e-5);
    }
    by_a[level] = back[0];
  }
  EXPECT_NEAR(std::log2(std::abs((by_a[0] - by_a[1]) / (by_a[1] - by_a[2]))), 2.0, 0.25);
}

TEST(Stability, OfTheBrusselatorOnBothSidesOfItsHopfPoint) {
  const std::string text = R"(
holon: 1
title: The Brusselator at a point
parameters: {A: 2, B: 4}
spaces: {here: {type: point}}
processes:
  reaction:
    type: kinetics
    space: here
    units: {time: s, u: 1, v: 1, A: 1, B: 1}
    states: {u: 2.1, v: 2}
    parameters: {A: =A, B: =B}
    equations: |
      u' = A - (B + 1)*u + u^2*v
      v' = B*u - u^2*v
    integrator: rk4
schedule: {step: 0.1 s, until: 1 s}
study: {beside: {type: stability, at: beside_start, eigenvalues: 1}}
)";
  for (const double b : {4.0, 6.0}) {
    ModelRun run = ModelRun::of_text(text, {"parameters.B=" + std::to_string(b)});
    run.studies();
    // Trace B - 1 - A^2, determinant A^2.
    const double trace = b - 5.0, omega = std::sqrt(4.0 - 0.25 * trace * trace);
    EXPECT_NEAR(run.result("beside.leading_eigenvalue"), 0.5 * trace, 1e-9);
    EXPECT_NEAR(run.result("beside.period"), 2.0 * std::numbers::pi / omega, 1e-8);
    EXPECT_EQ(run.result("beside.growing_modes"), b > 5.0 ? 2.0 : 0.0);
    // The pair stays together.
    EXPECT_EQ(run.series("beside").rows.size(), 2U);
  }
}

/// A double eigenvalue with a single mode is told to half of the digits, and no slow oscillation.
TEST(Stability, RoundOffIsNoOscillation) {
  ModelRun run = ModelRun::of_text(R"(
holon: 1
title: Two of one rate
spaces: {here: {type: point}}
processes:
  chain:
    type: kinetics
    space: here
    units: {time: s, u: 1, v: 1, w: 1}
    states: {u: 1, v: 1, w: 1}
    equations: |
      u' = -1.3*u + 0.7*v
      v' = -(0.09 + 1e-16)/0.7*u - 0.7*v + 0.1*w
      w' = -0.2*w + 0.3*u - 0.3*u
    integrator: rk4
schedule: {step: 0.1 s, until: 1 s}
)");
  ThreadPool threads(1);
  const System system(run.shared_model(), threads);
  const auto spectrum = analysis::spectrum(system, run.model().initial_state(threads, 0), 0.0);
  ASSERT_EQ(spectrum.values.size(), 3U);
  for (const auto& value : spectrum.values) EXPECT_EQ(value.imag(), 0.0) << value.real();
}

TEST(Stability, ModesAreThoseOfTheJacobian) {
  ModelRun run = ModelRun::of_text(schnakenberg);
  ThreadPool threads(1);
  const System system(run.shared_model(), threads);
  const auto found = analysis::steady_state(system, run.model().initial_state(threads, 0), 0.0, {});
  const auto spectrum = analysis::spectrum(system, found.state, 0.0);
  const auto mode = analysis::mode(system, found.state, 0.0, spectrum.values.front());
  ASSERT_TRUE(mode);
  Vector real(system.layout()), imaginary(system.layout());
  for (std::size_t i = 0; i < system.size(); ++i) {
    real.values()[i] = (*mode)[i].real();
    imaginary.values()[i] = (*mode)[i].imag();
  }
  const Vector jr = system.jvp(found.state, 0.0, real), ji = system.jvp(found.state, 0.0, imaginary);
  for (std::size_t i = 0; i < system.size(); ++i)
    EXPECT_LT(std::abs(std::complex<double>(jr.values()[i], ji.values()[i]) -
                       spectrum.values.front() * system.mass()[i] * (*mode)[i]),
              1e-6);
}

/// A fast oscillation that grows, beside hundreds of slow modes between it and zero.
TEST(Stability, IsNotHiddenByManySlowModes) {
  const std::string text = R"(
holon: 1
title: A fast oscillation beside slow modes
parameters: {B: 6}
spaces: {line: {type: grid, sites: cells, size: [30], spacing: 0.1}}
fields: {w: {space: line, initial: 0}}
processes:
  reaction:
    type: kinetics
    space: line
    units: {time: 1, u: 1, v: 1, B: 1}
    states: {u: 2, v: 3}
    initial: {v: =B/2}
    parameters: {B: =B}
    equations: |
      u' = 2 - (B + 1)*u + u^2*v
      v' = B*u - u^2*v
    integrator: rosenbrock
  spread: {type: diffusion, fields: [reaction.u, reaction.v], diffusivity: 1, integrator: implicit}
  slow: {type: diffusion, field: w, diffusivity: 1e-4, decay: 1e-3, integrator: implicit}
schedule: {step: 0.1, until: 1, strang: [reaction, {lie: [spread, slow]}]}
study: {beside: {type: stability, at: beside_start}}
)";
  for (const double b : {4.0, 6.0}) {
    ModelRun run = ModelRun::of_text(text, {"parameters.B=" + std::to_string(b)});
    run.studies();
    // The uniform mode: trace B - 1 - A^2, or, where that decays, the slowest of w.
    EXPECT_NEAR(run.result("beside.leading_eigenvalue"), b > 5.0 ? 0.5 * (b - 5.0) : -1e-3, 1e-6) << b;
  }
}

}  // namespace
}  // namespace holon::verification

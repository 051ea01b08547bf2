// Iterated windows: order of waveforms under substeps (engine case E6) and evaluations of an interface
// problem (E7).
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

const std::string oscillators = "models/principles/oscillators.yaml";
const std::string interface = "models/principles/interface.yaml";

std::string setting(const std::string& name, double value) {
  return "parameters." + name + "=" + number_text(value);
}

double error_u1(double window, std::vector<std::string> settings = {}) {
  settings.push_back(setting("window", window));
  return ModelRun(oscillators, settings).to_the_end().result("error_u1");
}

TEST(Oscillators, StraightWaveformsKeepTheOrderOfSubsteps) {
  const double published[] = {6.088e-3, 1.526e-3, 3.817e-4, 9.544e-5};
  for (int k = 0; k < 4; ++k)
    EXPECT_NEAR(error_u1(0.02 / (1 << k)), published[k], 2e-3 * published[k]) << "window " << 0.02 / (1 << k);
  EXPECT_GT(order(error_u1(0.01), error_u1(0.005)), 1.95);
}

TEST(Oscillators, SubstepsMayDiffer) {
  EXPECT_NEAR(error_u1(0.02, {"parameters.substeps_2=1"}), 4.960e-2, 2e-3 * 4.960e-2);
  EXPECT_NEAR(error_u1(0.0025, {"parameters.substeps_2=1"}), 7.913e-4, 2e-3 * 7.913e-4);
}

TEST(Oscillators, ValuesAtTheEndAloneAreOfFirstOrder) {
  EXPECT_NEAR(error_u1(0.02, {"parameters.degree=0"}), 5.341e-1, 2e-3 * 5.341e-1);
  EXPECT_NEAR(error_u1(0.0025, {"parameters.degree=0"}), 5.264e-2, 2e-3 * 5.264e-2);
}

TEST(Oscillators, CubicWaveformsAreOfFourthOrder) {
  for (const std::string integrator : {"rk4", "dormand_prince"}) {
    const std::vector<std::string> settings{"parameters.integrator=" + integrator, "parameters.degree=3"};
    const double coarse = error_u1(0.02, settings), middle = error_u1(0.01, settings);
    EXPECT_GT(order(coarse, middle), 3.8) << integrator << ' ' << coarse << ' ' << middle;
    EXPECT_GT(order(middle, error_u1(0.005, settings)), 3.8) << integrator;
  }
}

/// Twice the energy of both masses and the three springs.
double energy(const ModelRun& run, const State& state) {
  const auto value = [&](const char* name) { return state.real(run.model().fields->id(name))[0]; };
  const double u = value("first.u"), v = value("first.v"), x = value("second.u"), y = value("second.v");
  const double k = 4.0 * M_PI * M_PI;
  return v * v + y * y + k * (u * u + x * x) + 4.0 * k * (u - x) * (u - x);
}

TEST(Oscillators, OneMidpointStepEachKeepsTheEnergy) {
  ModelRun run(oscillators, {"parameters.substeps_1=1", "parameters.substeps_2=1", "parameters.until=1",
                             "parameters.tolerance=1e-15"});
  const double before = energy(run, run.simulation().state());
  run.to_the_end();
  EXPECT_NEAR(energy(run, run.simulation().complete_state()) / before, 1.0, 1e-10);
}

// The second oscillator begins at rest and passes zero again and again: what is left of its corrections
// there is the round-off of terms that cancel.
TEST(Oscillators, WindowsMayBeAsSmallAsOneLikes) {
  for (const char* window : {"0.001", "0.0002"})
    for (const char* degree : {"1", "3"}) {
      ModelRun run(oscillators, {std::string("parameters.window=") + window,
                                 std::string("parameters.degree=") + degree, "parameters.until=0.6"});
      EXPECT_LT(std::abs(run.to_the_end().result("error_u1")), 5e-5) << window << ", " << degree;
    }
}

TEST(Oscillators, AResumedRunIsTheSameBitByBit) {
  ModelRun whole(oscillators), first(oscillators), second(oscillators);
  whole.to_the_end();
  for (int k = 0; k < 37; ++k) first.simulation().step();
  second.simulation().resume(first.simulation().checkpoint());
  second.to_the_end();
  for (const char* name : {"first.u", "first.v", "second.u", "second.v"}) {
    const FieldId id = whole.model().fields->id(name);
    EXPECT_EQ(whole.simulation().state().real(id)[0], second.simulation().state().real(id)[0]) << name;
  }
  EXPECT_EQ(whole.simulation().state().counter.windows[0].evaluations,
            second.simulation().state().counter.windows[0].evaluations);
}

double iterations(double ratio, const std::string& acceleration) {
  ModelRun run(interface, {setting("ratio", ratio), "parameters.acceleration=" + acceleration});
  return run.to_the_end().result("iterations");
}

TEST(Interface, TakesThePublishedNumbersOfEvaluations) {
  struct Row {
    double ratio, plain, constant, aitken, anderson;
  };
  for (const Row& row :
       {Row{0.5, 51, 10, 8, 8}, Row{0.9, 319, 6, 6, 6}, Row{2, 0, 12, 9, 8}, Row{10, 0, 29, 15, 11}}) {
    if (row.plain > 0) { EXPECT_EQ(iterations(row.ratio, "plain"), row.plain) << row.ratio; }
    EXPECT_EQ(iterations(row.ratio, "constant"), row.constant) << row.ratio;
    EXPECT_LE(iterations(row.ratio, "aitken"), row.aitken + 1) << row.ratio;
    EXPECT_LE(iterations(row.ratio, "anderson"), row.anderson + 1) << row.ratio;
  }
}

TEST(Interface, AScalarLinearProblemTakesThreeEvaluationsByAitken) {
  for (const double slope : {-7.0, 0.9}) {
    ModelRun run = ModelRun::of_text(R"(
holon: 1
title: A scalar circle
parameters: {slope: 1}
spaces: {point: {type: point}}
fields: {a: {space: point, initial: 0}, b: {space: point, initial: 0}}
processes:
  one: {type: map, assign: {a: =slope*b + 1}}
  two: {type: map, assign: {b: =a}}
schedule: {step: 1, until: 1, iterate: {do: [one, two], acceleration: aitken}}
observe: {iterations: {type: iterations, of: two}, b: {type: final, of: b}}
results: {iterations: {of: iterations}, b: {of: b}}
)",
                                     {setting("slope", slope)});
    run.to_the_end();
    EXPECT_LE(run.result("iterations"), 3) << slope;
    EXPECT_NEAR(run.result("b"), 1.0 / (1.0 - slope), 1e-12) << slope;
  }
}

TEST(Interface, DivergenceIsNamedWithinTwentyEvaluations) {
  for (const double ratio : {1.05, 2.0, 10.0}) {
    ModelRun run(interface, {setting("ratio", ratio), "parameters.acceleration=plain"});
    try {
      run.simulation().step();
      FAIL() << ratio;
    } catch (const NumericalFailure& failure) {
      EXPECT_THAT(failure.what(), testing::HasSubstr("iterate: [dirichlet, neumann] diverges")) << ratio;
      EXPECT_THAT(failure.what(), testing::HasSubstr("'temperature'"));
      const std::string text = failure.what();
      const auto in = text.find(" evaluations");
      ASSERT_NE(in, std::string::npos);
      EXPECT_LE(std::stoi(text.substr(text.rfind(' ', in - 1))), 20) << text;
    }
  }
}

TEST(Interface, NotToConvergeIsAFailure) {
  ModelRun run(interface, {"parameters.ratio=0.9", "parameters.acceleration=plain", "parameters.most=50"});
  EXPECT_THROW(run.simulation().step(), NumericalFailure);
}

TEST(Interface, ACircleWithoutIterationIsPrinted) {
  try {
    ModelRun run = ModelRun::of_text(R"(
holon: 1
title: A circle
spaces: {point: {type: point}}
fields: {a: {space: point, initial: 0}, b: {space: point, initial: 0}}
processes:
  one: {type: map, assign: {a: =b + 1}}
  two: {type: map, assign: {b: =0.5*a}}
schedule: {step: 1, until: 1, lie: [one, two]}
results: {}
)");
    FAIL();
  } catch (const InputError& problem) {
    EXPECT_THAT(
        problem.what(),
        testing::AllOf(testing::HasSubstr("one reads what is assigned by two reads what is assigned by one"),
                       testing::HasSubstr("iterate: {do: [one, two]}")));
  }
}

/// A strip whose side meets a well-mixed bath of which both change.
std::string strip_and_bath(const std::string& side, double step) {
  return fmt::format(R"(
holon: 1
title: A strip and a bath
spaces:
  strip: {{type: grid, sites: cells, size: [100 um], spacing: 4 um}}
  all: {{type: point}}
  end: {{type: named_points, points: {{here: [98 um]}}}}
fields: {{a: {{space: strip, unit: uM, kind: density, initial: 10 uM, conserved: {{stuff: 1}}}}}}
couplings:
  near: {{from: a, to: end, kernel: nearest}}
  met: {{from: near, to: all, type: average}}
processes:
  spreading: {{type: diffusion, field: a, diffusivity: 10 um^2/s, integrator: implicit, {0}}}
  bath:
    type: kinetics
    space: all
    integrator: rk4
    units: {{time: s, b: uM, a: uM}}
    states: {{b: 0}}
    inputs: {{a: =met}}
    equations: |
      b' = 0.5*(a - b)
schedule:
  step: {1} s
  until: 4 s
  iterate: {{do: [spreading, bath], substeps: {{bath: 4}}, tolerance: 1e-11, waveform: {{degree: 1}}}}
ledger: strict
observe: {{a: {{type: total, of: a}}}}
results: {{a: {{of: a, unit: uM*um}}}}
)",
                     side, step);
}

// Sides and sources that follow another member of the window are taken at the times of the scheme, and what
// passes is what is booked: the ledger is strict.
TEST(Waveforms, ReachTheSidesAndSourcesOfImplicitDiffusionWithItsOrder) {
  for (const char* side :
       {"boundary: {x_max: {dirichlet: =bath.b}}", "boundary: {x_max: {neumann: =(2 um/s)*bath.b}}",
        "boundary: {x_max: {robin: {transfer: 20 um/s, outside: =bath.b}}}", "source: =bath.b/(3 s)"}) {
    std::array<double, 3> a{};
    for (std::size_t k = 0; k < a.size(); ++k)
      a[k] = ModelRun::of_text(strip_and_bath(side, 0.2 / std::exp2(k))).to_the_end().result("a");
    EXPECT_GT(std::log2(std::abs((a[0] - a[1]) / (a[1] - a[2]))), 1.8) << side;
  }
}

/// A recurrent network whose weights, a law on the edges, learn: x_i' = -x_i + sum w tanh(x_j) + 0.1,
/// w' = (tanh(x_j) x_i - w)/2 from j to i.
constexpr std::array<std::array<int, 2>, 5> edges{{{0, 1}, {1, 2}, {2, 0}, {0, 2}, {1, 1}}};
std::string recurrent(const std::string& members, double step) {
  return fmt::format(R"(
holon: 1
title: A network that learns
spaces: {{net: {{type: network, nodes: [a, b, c], edges: [{{from: a, to: b}}, {{from: b, to: c}}, {{from: c, to: a}}, {{from: a, to: c}}, {{from: b, to: b}}]}}}}
couplings:
  before: {{from: nodes.x, to: net.edges}}
  behind: {{from: nodes.x, to: net.edges, end: target}}
  drive: {{from: synapses.current, to: net}}
processes:
  synapses:
    type: kinetics
    space: net.edges
    units: {{time: 1, s: 1, w: 1, current: 1}}
    inputs: {{s: =before, w: =learning.w}}
    outputs: [current]
    equations: |
      current = w*tanh(s)
  learning:
    type: kinetics
    space: net.edges
    integrator: rk4
    units: {{time: 1, s: 1, t: 1, w: 1}}
    states: {{w: 0}}
    initial: {{w: {{values: [1.5, -0.8, 0.6, 2, 0.3]}}}}
    inputs: {{s: =before, t: =behind}}
    equations: |
      w' = (tanh(s)*t - w)/2
  nodes:
    type: kinetics
    space: net
    integrator: rk4
    units: {{time: 1, x: 1, i: 1}}
    states: {{x: 0}}
    initial: {{x: {{values: [1, -0.5, 0.2]}}}}
    inputs: {{i: =drive}}
    equations: |
      x' = -x + i + 0.1
schedule: {{step: {1}, until: 3.2, iterate: {{do: [{0}], tolerance: 1e-11}}}}
)",
                     members, step);
}

std::array<double, 3> recurrent_as_one() {
  const auto rate = [](const std::array<double, 8>& u) {
    std::array<double, 8> r{};
    for (std::size_t n = 0; n < 3; ++n) r[n] = 0.1 - u[n];
    for (std::size_t e = 0; e < edges.size(); ++e) {
      const auto j = static_cast<std::size_t>(edges[e][0]), i = static_cast<std::size_t>(edges[e][1]);
      r[i] += u[3 + e] * std::tanh(u[j]);
      r[3 + e] = 0.5 * (std::tanh(u[j]) * u[i] - u[3 + e]);
    }
    return r;
  };
  const auto y =
      runge_kutta(std::array<double, 8>{1.0, -0.5, 0.2, 1.5, -0.8, 0.6, 2.0, 0.3}, rate, 3200, 1e-3);
  return {y[0], y[1], y[2]};
}

// What a process sees of its own fields through couplings and laws is followed within its step, and does not
// depend on where the law stands, or whether it does.
TEST(Waveforms, FollowWhatAMemberSeesOfItself) {
  const auto exact = recurrent_as_one();
  std::array<double, 2> first{};
  for (const char* members : {"nodes, learning", "learning, nodes", "synapses, nodes, learning",
                              "nodes, synapses, learning", "learning, synapses, nodes"}) {
    std::array<double, 2> error{};
    for (std::size_t k = 0; k < 2; ++k) {
      ModelRun run = ModelRun::of_text(recurrent(members, 0.04 / std::exp2(k)));
      run.to_the_end();
      const auto x = run.simulation().state().real(run.model().fields->id("nodes.x"));
      for (std::size_t n = 0; n < 3; ++n) error[k] = std::max(error[k], std::abs(x[n] - exact[n]));
    }
    EXPECT_LT(error[1], 2e-4) << members;
    EXPECT_GT(std::log2(error[0] / error[1]), 1.9) << members;
    if (first[0] == 0.0) first = error;
    EXPECT_NEAR(error[1] / first[1], 1.0, 0.5) << members;
  }
}

}  // namespace
}  // namespace holon::verification

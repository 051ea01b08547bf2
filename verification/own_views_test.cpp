// What a process sees of its own fields through couplings and laws: followed within its step without being
// asked for, at rest and in the scale map.
#include "holon/engine/own_views.hpp"

#include "holon/analysis/scale_map.hpp"
#include "holon/base/error.hpp"
#include "holon/engine/stale_views.hpp"

#include <array>
#include <cmath>
#include <regex>

#include "verification/model_run.hpp"
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

std::string mean_field(const std::string& schedule, double step) {
  return fmt::format(R"(
holon: 1
title: A mean field
spaces: {{many: {{type: grid, sites: cells, size: [4], spacing: 1}}, one: {{type: point}}}}
couplings: {{mean: {{from: units.x, to: one, type: average}}, seen: {{from: mean, to: many}}}}
processes:
  units:
    type: kinetics
    space: many
    integrator: rk4
    units: {{time: 1, x: 1, m: 1}}
    states: {{x: 0}}
    initial: {{x: =position.x}}
    inputs: {{m: =seen}}
    equations: |
      x' = -x*m
schedule: {{step: {}, until: 1.92, {}}}
)",
                     step, schedule);
}

/// x/x0 is the same of all, and the mean is m0 x/x0: x/x0 = 1/(1 + m0 t).
double mean_field_error(const std::string& schedule, double step) {
  ModelRun run = ModelRun::of_text(mean_field(schedule, step));
  run.to_the_end();
  const auto x = run.simulation().state().real(run.model().fields->id("units.x"));
  return std::abs(x[3] / 3.5 - 1.0 / (1.0 + 2.0 * 1.92));
}

TEST(OwnViews, AMeanFieldIsFollowedToTheOrderOfItsWaveforms) {
  const std::string
      plain = "lie: [units]",
      explicitly = "iterate: {do: [units], most: 1, unconverged: accept}",
      cubic = "iterate: {do: [units], substeps: {units: 3}, waveform: {degree: 3}, tolerance: 1e-12}";
  EXPECT_GT(order(mean_field_error(plain, 0.04), mean_field_error(plain, 0.02)), 1.9);
  EXPECT_GT(order(mean_field_error(cubic, 0.16), mean_field_error(cubic, 0.08)), 3.5);
  EXPECT_NEAR(order(mean_field_error(explicitly, 0.04), mean_field_error(explicitly, 0.02)), 1.0, 0.1);
  for (const std::string& schedule :
       {plain, explicitly, cubic, std::string("subcycle: {do: units, steps: 2}")})
    EXPECT_THAT(ModelRun::of_text(mean_field(schedule, 0.04)).model().warnings, IsEmpty()) << schedule;
}

TEST(OwnViews, FollowedWhereverTheProcessStands) {
  const double alone = mean_field_error("lie: [units]", 0.04);
  EXPECT_EQ(mean_field_error("do: units", 0.04), alone);
  EXPECT_EQ(mean_field_error("subcycle: {do: units, steps: 2}", 0.08), alone);
  EXPECT_EQ(mean_field_error("every: {do: units, steps: 2}", 0.02), alone);
}

/// Neurons that hold themselves and each other down; W from a list of edges.
std::string network(const std::string& schedule, double step, double self) {
  return fmt::format(R"(
holon: 1
title: A rate network
spaces: {{net: {{type: network, nodes: [a, b], edges: [{{from: a, to: b}}, {{from: b, to: a}}, {{from: b, to: b}}]}}}}
fields: {{w: {{space: net.edges, initial: {{values: [0.3, 0.3, {2}]}}, constant: true}}}}
couplings:
  before: {{from: rate.r, to: net.edges}}
  drive: {{from: synapses.current, to: net}}
processes:
  synapses:
    type: kinetics
    space: net.edges
    units: {{time: 1, s: 1, w: 1, current: 1}}
    inputs: {{s: =before, w: =w}}
    outputs: [current]
    equations: |
      current = w*s
  rate:
    type: kinetics
    space: net
    integrator: rk4
    units: {{time: 1, r: 1, i: 1}}
    states: {{r: 0}}
    initial: {{r: {{values: [1, -0.5]}}}}
    inputs: {{i: =drive}}
    equations: |
      r' = -r + i + 0.1
schedule: {{step: {1}, until: 2, {0}}}
observe: {{r: {{type: final, of: rate.r}}}}
)",
                     schedule, step, self);
}

/// r' = A r + 0.1 by the eigenvalues of A = [-1, 0.3; 0.3, -1 + self].
std::array<double, 2> network_at(double time, double self) {
  const double middle = -1.0 + 0.5 * self, half = std::hypot(0.5 * self, 0.3);
  const double determinant = -1.0 * (-1.0 + self) - 0.09;
  // The rest state -A^-1 (0.1, 0.1).
  const std::array<double, 2> rest{-0.1 * ((-1.0 + self) - 0.3) / determinant,
                                   -0.1 * (-1.0 - 0.3) / determinant};
  const std::array<double, 2> off{1.0 - rest[0], -0.5 - rest[1]};
  // exp(At) = e^(mt) (cosh(ht) + (A - m) sinh(ht)/h)
  const double c = std::exp(middle * time) * std::cosh(half * time),
               s = std::exp(middle * time) * std::sinh(half * time) / half;
  return {rest[0] + c * off[0] + s * ((-1.0 - middle) * off[0] + 0.3 * off[1]),
          rest[1] + c * off[1] + s * (0.3 * off[0] + (-1.0 + self - middle) * off[1])};
}

double network_error(const std::string& schedule, double step, double self) {
  ModelRun run = ModelRun::of_text(network(schedule, step, self));
  run.to_the_end();
  const auto r = run.simulation().state().real(run.model().fields->id("rate.r"));
  const auto exact = network_at(2.0, self);
  return std::max(std::abs(r[0] - exact[0]), std::abs(r[1] - exact[1]));
}

TEST(OwnViews, ANetworkIsOfSecondOrder) {
  EXPECT_GT(order(network_error("do: rate", 0.1, -2.0), network_error("do: rate", 0.05, -2.0)), 1.9);
  EXPECT_LT(network_error("do: rate", 0.05, -2.0), 1e-3);
}

// An explicit step of 0.05 would be three times as long as the inhibition takes.
TEST(OwnViews, AStrongOneIsStable) {
  EXPECT_LT(network_error("do: rate", 0.05, -60.0), 1e-3);
  EXPECT_THAT(ModelRun::of_text(network("do: rate", 0.05, -60.0)).model().warnings, IsEmpty());
}

TEST(OwnViews, AreInTheScaleMap) {
  const ModelRun run = ModelRun::of_text(network("do: rate", 0.05, -60.0));
  ThreadPool threads(1);
  const analysis::ScaleMap map =
      analysis::scale_map(run.model(), analysis::looks_along(run.shared_model(), 1), threads);
  const double half = std::hypot(30.0, 0.3);
  for (const auto& process : map.processes) {
    if (process.name != "rate") continue;
    EXPECT_NEAR(process.fastest, 1.0 / (31.0 + half), 1e-9);
    EXPECT_NEAR(process.slowest, 1.0 / (31.0 - half), 1e-9);
  }
}

// r' = (W r + d - r)/epsilon, d' = -d/2: on the slow manifold r = (1 - W - epsilon/2)^-1 d.
TEST(OwnViews, AtRestAreOfTheOrderInTheRatioOfTimesThatIsAskedFor) {
  const auto error = [](int order, double epsilon, double weight) {
    ModelRun run = ModelRun::of_text(fmt::format(R"(
holon: 1
title: A recurrent network at rest beside a slow drive
spaces: {{net: {{type: network, nodes: [a, b], edges: [{{from: a, to: b}}, {{from: b, to: a}}]}}}}
couplings:
  before: {{from: rate.r, to: net.edges}}
  input: {{from: synapses.current, to: net}}
processes:
  synapses:
    type: kinetics
    space: net.edges
    units: {{time: 1, s: 1, current: 1}}
    inputs: {{s: =before}}
    outputs: [current]
    equations: |
      current = {2}*s
  rate:
    type: kinetics
    space: net
    units: {{time: 1, r: 1, i: 1, d: 1}}
    states: {{r: 0}}
    inputs: {{i: =input, d: =drive.d}}
    equations: |
      r' = (-r + i + d)/{1}
  drive:
    type: kinetics
    space: net
    integrator: rk4
    units: {{time: 1, d: 1}}
    states: {{d: 1}}
    equations: |
      d' = -0.5*d
schedule: {{step: 0.1, until: 2, lie: [drive, {{steady: {{do: rate, order: {0}}}}}]}}
observe: {{e: {{type: extremum, of: rate.r_error}}}}
)",
                                                 order, epsilon, weight));
    EXPECT_THAT(run.model().warnings, IsEmpty());
    run.to_the_end();
    const State& state = run.simulation().state();
    const double exact = std::exp(-1.0) / (1.0 - weight - 0.5 * epsilon);
    const double off = std::abs(state.real(run.model().fields->id("rate.r"))[0] - exact);
    EXPECT_NEAR(state.real(run.model().fields->id("rate.r_error"))[0] / off, 1.0, 0.1) << order << epsilon;
    return off;
  };
  for (const double weight : {0.3, -0.8}) {
    EXPECT_NEAR(std::log2(error(0, 0.02, weight) / error(0, 0.01, weight)), 1.0, 0.1) << weight;
    EXPECT_NEAR(std::log2(error(1, 0.02, weight) / error(1, 0.01, weight)), 2.0, 0.1) << weight;
  }
}

/// Points whose uptake is a law of what they sense, deposited as the source of what spreads.
std::string uptake_by_a_law(const std::string& schedule) {
  return R"(
holon: 1
title: Uptake as a source
spaces:
  line: {type: grid, sites: cells, size: [20 um], spacing: 1 um}
  cells: {type: named_points, points: {one: [3.3 um], two: [11.9 um]}}
fields: {c: {space: line, unit: uM, kind: density, initial: 1 uM}}
couplings:
  here: {from: c, to: cells, kernel: linear}
  given: {from: law.q, to: line, kernel: linear}
processes:
  law:
    type: kinetics
    space: cells
    units: {time: s, c: uM, q: umol/(m^2 s)}
    inputs: {c: =here}
    outputs: [q]
    equations: |
      q = -1e-2*c
  spread: {type: diffusion, field: c, diffusivity: 3 um^2/s, source: =given, integrator: implicit}
schedule: {step: 0.01 s, until: 0.1 s, )" +
         schedule + "}\n";
}

TEST(OwnViews, ASourceThatFollowsFromWhatSpreadsIsFollowed) {
  const auto c = [](const std::string& schedule, const std::string& step, const std::string& uptake) {
    std::string text = uptake_by_a_law(schedule);
    text.replace(text.find("step: 0.01"), 10, "step: " + step);
    text.replace(text.find("-1e-2"), 5, uptake);
    ModelRun run = ModelRun::of_text(text);
    EXPECT_THAT(run.model().warnings, IsEmpty()) << schedule;
    run.to_the_end();
    return run.simulation().state().real(run.model().fields->id("c"))[3];
  };
  const std::string plain = "lie: [spread]", tight = "iterate: {do: [spread], tolerance: 1e-13}";
  EXPECT_NEAR(c(plain, "0.01", "-1e-2"), c(tight, "0.01", "-1e-2"), 2e-6);
  // Where explicit steps would not be stable.
  const double coarse = c(plain, "0.005", "-1"), middle = c(plain, "0.0025", "-1"),
               fine = c(plain, "0.00125", "-1");
  EXPECT_GT(order(coarse - middle, middle - fine), 1.7);
  EXPECT_THAT(ModelRun::of_text(std::regex_replace(uptake_by_a_law(plain), std::regex("-1e-2"), "-20"))
                  .model()
                  .warnings.at(0)
                  .message,
              HasSubstr("neither followed nor damped"));
}

// The halves of a merged strang's outermost process are joined across steps: no window holds them.
TEST(OwnViews, OfAProcessWhoseHalvesAreMergedAreSaidToBeExplicit) {
  std::string text = mean_field("strang: [units, other], merge: true", 0.04);
  text.insert(text.find("schedule:"), R"(  other:
    type: kinetics
    space: one
    units: {time: 1, y: 1}
    states: {y: 1}
    equations: |
      y' = -y
)");
  ModelRun run = ModelRun::of_text(text);
  ASSERT_EQ(run.model().warnings.size(), 1u);
  EXPECT_THAT(run.model().warnings[0].message, HasSubstr("'units' sees 'seen'"));
  // What comes back changes -x m by -x0 m, so fast as the mean is.
  EXPECT_THAT(run.model().warnings[0].message, HasSubstr("0.08 times as long"));
  run.to_the_end();
  EXPECT_THAT(stale_views(run.model(), run.simulation().state(), 1.92, run.simulation().threads()),
              IsEmpty());
}

/// What takes from a field that it sees.
std::string taker(const std::string& schedule, double rate) {
  return fmt::format(R"(
holon: 1
title: Two pools
spaces: {{p: {{type: point}}}}
fields: {{c: {{space: p, initial: 1, kind: amount, conserved: {{q: 1}}}}}}
processes:
  own:
    type: kinetics
    space: p
    units: {{time: 1, c: 1}}
    states: {{c: 1}}
    fields: {{c: c}}
    equations: |
      c' = 0*c
  take:
    type: kinetics
    space: p
    integrator: rk4
    units: {{time: 1, x: 1, c: 1}}
    kinds: {{x: amount}}
    conserved: {{x: {{q: 1}}}}
    states: {{x: 0}}
    inputs: {{c: =c}}
    contribute: {{c: =-{1}*c}}
    equations: |
      x' = {1}*c
schedule: {{step: 0.1, until: 2, {0}}}
observe: {{c: {{type: final, of: c}}}}
results: {{c: {{of: c}}}}
)",
                     schedule, rate);
}

TEST(OwnViews, AContributionAboveItsStabilityLimitIsRefused) {
  try {
    ModelRun::of_text(taker("lie: [own, take]", 50.0));
    FAIL() << "accepted";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("'take' sees 'c', to which it contributes"));
    EXPECT_THAT(error.what(), HasSubstr("not stable above 0.04"));
    EXPECT_THAT(error.what(), HasSubstr("a step of at most 0.04"));
  }
  const ModelRun doubtful = ModelRun::of_text(taker("lie: [own, take]", 15.0));
  ASSERT_EQ(doubtful.model().warnings.size(), 1u);
  EXPECT_THAT(doubtful.model().warnings[0].message, HasSubstr("1.5 times as long"));
  EXPECT_THAT(ModelRun::of_text(taker("lie: [own, take]", 4.0)).model().warnings, IsEmpty());
  ModelRun within = ModelRun::of_text(taker("iterate: {do: [own, take], tolerance: 1e-6}", 15.0));
  EXPECT_THAT(within.model().warnings, IsEmpty());
  EXPECT_NEAR(within.to_the_end().result("c"), 0.0, 1e-9);
}

/// Cells that see their own mean, and divide: x' = m - 0.9 x, so that all grow alike.
const char* const society = R"(
holon: 1
title: Cells that see their own mean and divide
parameters: {count: 50}
spaces: {cells: {type: population, count: =count}, all: {type: point}}
couplings: {m: {from: gene.x, to: all, type: average}, back: {from: m, to: cells}}
processes:
  gene:
    type: kinetics
    space: cells
    units: {time: h, x: 1, m: 1}
    states: {x: 1}
    inputs: {m: =back}
    equations: |
      x' = m - 0.9*x
  life: {type: birth_death, space: cells, birth: 0.3 1/h, death: 0 1/h}
schedule: {step: 0.1 h, until: 4 h, lie: [gene, life, {restructure: cells}]}
)";

TEST(OwnViews, OfCellsThatDivideAreFollowedAndMapped) {
  ModelRun run = ModelRun::of_text(society);
  ThreadPool threads(1);
  run.to_the_end();
  const State& state = run.simulation().state();
  const auto x = state.real(run.model().fields->id("gene.x"));
  EXPECT_GT(x.size(), 50u);
  for (const double value : x) ASSERT_NEAR(value, std::exp(0.4), 1e-4);
  // With another number of agents than at the start.
  const auto map = analysis::scale_map(run.model(), {&state}, {4.0 * 3600.0}, threads);
  EXPECT_EQ(map.processes.size(), 2u);
}

// A full matrix over what thousands see of each other would cost more than the run.
TEST(OwnViews, OfThousandsAreNotMappedByAFullMatrix) {
  const ModelRun run = ModelRun::of_text(society, {"parameters.count=20000"});
  ThreadPool threads(1);
  const State state = run.model().initial_state(threads, 0);
  const auto map = analysis::scale_map(run.model(), {&state}, {0.0}, threads);
  for (const auto& process : map.processes)
    if (process.name == "gene") { EXPECT_NEAR(process.fastest, 3600.0 / 0.9, 1e-6); }
}

}  // namespace
}  // namespace holon::verification

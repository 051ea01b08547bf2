// Values from the past and events along the edges of networks.
#include "holon/base/error.hpp"
#include "holon/base/test_folder.hpp"

#include <cmath>
#include <utility>

#include "model_run.hpp"
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

using ::testing::HasSubstr;

// x' = -x(t - 1), x = 1 before 0. Method of steps: x(t) = sum over k of (-1)^k (t - k + 1)^k / k! for
// 0 <= k <= floor(t) + 1.
double method_of_steps(double t) {
  double sum = 0.0, factorial = 1.0;
  for (int k = 0; k <= static_cast<int>(std::floor(t)) + 1; ++k) {
    if (k > 0) factorial *= k;
    sum += (k % 2 == 0 ? 1.0 : -1.0) * std::pow(t - k + 1.0, k) / factorial;
  }
  return sum;
}

std::string delayed_decay(const std::string& step, int degree, const std::string& delay = "1") {
  return fmt::format(R"(holon: 1
spaces: {{site: {{type: point}}}}
processes:
  p:
    type: kinetics
    space: site
    integrator: rk4
    units: {{time: 1, x: 1, past: 1}}
    states: {{x: 1}}
    inputs: {{past: =before}}
    equations: |
      x' = -past
couplings:
  before: {{from: p.x, to: site, delay: {}, degree: {}}}
schedule: {{step: {}, until: 4.2}}
)",
                     delay, degree, step);
}

double error_of(const std::string& step, int degree) {
  ModelRun run = ModelRun::of_text(delayed_decay(step, degree));
  run.to_the_end();
  const FieldId x = run.model().fields->id("p.x");
  return std::fabs(std::as_const(run.simulation().state()).real(x)[0] - method_of_steps(4.2));
}

TEST(Delays, ADelayedRateIsIntegratedWithTheOrderOfThePolynomialsOfThePast) {
  // 0.07 does not divide the delay, so that its kinks lie inside steps.
  EXPECT_LT(error_of("0.07", 1), 2e-3);
  EXPECT_NEAR(order(error_of("0.1", 1), error_of("0.05", 1)), 2.0, 0.15);
  EXPECT_GT(order(error_of("0.1", 3), error_of("0.05", 3)), 2.9);
  EXPECT_LT(error_of("0.1", 3), 1e-5);
}

TEST(Delays, AStepLongerThanTheDelayIsDividedAtIt) {
  ModelRun run = ModelRun::of_text(delayed_decay("2.1", 3));
  ASSERT_EQ(run.model().divisions.size(), 1u);
  EXPECT_THAT(run.model().divisions[0], HasSubstr("'p' is advanced over at most 1 at once"));
  run.to_the_end();
  const FieldId x = run.model().fields->id("p.x");
  // Three parts of 0.7 in each step.
  EXPECT_NEAR(std::as_const(run.simulation().state()).real(x)[0], method_of_steps(4.2), 2e-2);
}

TEST(Delays, ACheckpointHoldsThePast) {
  const std::string model = delayed_decay("0.1", 3);
  ModelRun whole = ModelRun::of_text(model), first = ModelRun::of_text(model),
           second = ModelRun::of_text(model);
  whole.to_the_end();
  for (int k = 0; k < 15; ++k) first.simulation().step();
  second.simulation().resume(first.simulation().checkpoint());
  second.to_the_end();
  const FieldId x = whole.model().fields->id("p.x");
  EXPECT_EQ(std::as_const(second.simulation().state()).real(x)[0],
            std::as_const(whole.simulation().state()).real(x)[0]);
}

// Two nodes whose values are sent along edges with delays of their own, weighed and added up.
TEST(Delays, EachEdgeOfANetworkHasItsOwnDelay) {
  ModelRun run = ModelRun::of_text(R"(holon: 1
spaces:
  net: {type: network, nodes: [a, b], edges: [{from: a, to: b}, {from: b, to: a}, {from: a, to: a}]}
fields:
  delay: {space: net.edges, initial: {values: [0.3, 0.55, 0.2]}}
processes:
  clock:
    type: kinetics
    space: net
    integrator: rk4
    units: {time: 1, t: 1}
    states: {t: 0}
    initial: {t: {values: [0, 100]}}
    equations: |
      t' = 1
couplings:
  seen: {from: clock.t, to: net.edges, delay: =delay}
  sums: {from: seen, to: net}
observe:
  at_edges: {type: final, of: seen}
  at_nodes: {type: final, of: sums}
results:
  at_edges: {of: at_edges}
  at_nodes: {of: at_nodes}
schedule: {step: 0.1, until: 2}
)");
  run.to_the_end();
  const auto seen = run.array("at_edges"), sums = run.array("at_nodes");
  EXPECT_NEAR(seen[0], 1.7, 1e-13);
  EXPECT_NEAR(seen[1], 101.45, 1e-12);
  EXPECT_NEAR(seen[2], 1.8, 1e-13);
  EXPECT_NEAR(sums[0], 103.25, 1e-12);
  EXPECT_NEAR(sums[1], 1.7, 1e-13);
}

TEST(Delays, EdgesAndWhatTheyCarryComeFromATable) {
  const test::Folder folder;
  const std::string table =
      folder.write("edges.csv", "from, to, lag, w\n# a remark\na,b,0.3,2\nb,a,0.5,4\na,a,1,8\n").string();
  const auto model = [&](const std::string& column) {
    return R"(holon: 1
spaces:
  net: {type: network, nodes: [a, b], edges: {file: )" +
           table + R"(}}
fields:
  w: {space: net.edges, initial: {file: )" +
           table + ", column: " + column + R"(}}
processes:
  p:
    type: kinetics
    space: net
    integrator: rk4
    units: {time: 1, x: 1}
    states: {x: 1}
    equations: |
      x' = 0
couplings:
  sums: {from: w, to: net}
observe: {sums: {type: final, of: sums}}
results: {sums: {of: sums}}
schedule: {step: 1, until: 1}
)";
  };
  EXPECT_EQ(ModelRun::of_text(model("w")).to_the_end().array("sums"), (std::vector<double>{12.0, 2.0}));
  try {
    ModelRun::of_text(model("ww"));
    FAIL() << "there is no such column";
  } catch (const InputError& error) { EXPECT_THAT(error.what(), HasSubstr("the table has no column 'ww'")); }
}

std::string ring(const std::string& more, const std::string& schedule) {
  return R"(holon: 1
spaces:
  net: {type: network, count: 3, edges: [{from: 0, to: 1}, {from: 1, to: 2}, {from: 2, to: 0}]}
fields:
  lag: {space: net.edges, unit: ms, initial: {values: [1, 2, 4], unit: ms}}
processes:
  cells:
    type: kinetics
    space: net
    integrator: rush_larsen
    units: {time: ms, V: 1, kick: 1}
    states: {V: 0}
    initial: {V: {values: [1, 0, 0]}}
    equations: |
      V' = 0.001*(1 - V)
    events:
      spike: {when: V - 1.5, then: {V: 0}}
    on:
      kick: {V: V + weight}
  trigger:
    type: kinetics
    space: net
    integrator: rush_larsen
    units: {time: ms, clock: ms}
    states: {clock: 0}
    equations: |
      clock' = 1
    events:
      start: {when: clock - 0.5}
connections:
  first: {from: trigger.start, to: cells.kick, over: one_to_one, weight: 0.6}
)" + more +
         "schedule: {step: 3 ms, until: 30 ms, " + schedule + "}\n";
}

TEST(Delays, EventsGoAlongEdgesWithTheirOwnDelaysAndWeights) {
  ModelRun run = ModelRun::of_text(
      ring(R"(  around: {from: cells.spike, to: cells.kick, over: net.edges, delay: =lag, weight: 2}
observe:
  spikes: {type: event_times, of: cells.spike, at: ["0", "1", "2"]}
results:
  s0: {of: spikes.0}
  s1: {of: spikes.1}
  s2: {of: spikes.2}
)",
           "lie: [trigger, cells]"));
  ASSERT_EQ(run.model().divisions.size(), 1u);
  EXPECT_THAT(run.model().divisions[0], HasSubstr("'cells' is advanced over at most 1 ms at once"));
  run.to_the_end();
  // The trigger makes node 0 fire at 0.5; then the spike goes round in 7 ms.
  const auto expect = [](const std::vector<double>& times, std::vector<double> exact) {
    ASSERT_EQ(times.size(), exact.size());
    for (std::size_t k = 0; k < exact.size(); ++k) EXPECT_NEAR(times[k], exact[k], 1e-12);
  };
  expect(run.array("s0"), {0.5, 7.5, 14.5, 21.5, 28.5});
  expect(run.array("s1"), {1.5, 8.5, 15.5, 22.5, 29.5});
  expect(run.array("s2"), {3.5, 10.5, 17.5, 24.5});
}

TEST(Delays, EventsWithoutDelayNeedAnOrderInWhichTheirSourceComesFirst) {
  try {
    ModelRun::of_text(ring("", "lie: [cells, trigger]"));
    FAIL() << "what arrives before it is known can't be simulated";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("without delay, and 'cells' is advanced first"));
    EXPECT_THAT(error.what(), HasSubstr("an order in which 'trigger' stands before 'cells'"));
  }
  EXPECT_THROW(ModelRun::of_text(ring("  itself: {from: cells.spike, to: cells.kick, over: net.edges}\n",
                                      "lie: [trigger, cells]")),
               InputError);
}

// Two neurons that leak into each other, in windows that are repeated, and kick each other.
std::string joined_neurons() {
  const auto neuron = [](const std::string& name, const std::string& other, const std::string& drive) {
    return "  " + name + R"(:
    type: kinetics
    space: point
    integrator: rk4
    units: {time: ms, V: mV, beyond: mV, kick: mV}
    states: {V: -70}
    inputs: {beyond: =)" +
           other + R"(.V}
    equations: |
      V' = (-70 + )" +
           drive + R"( - V + 0.1*(beyond - V))/20
    events:
      spike: {when: V + 50, then: {V: -65}}
    on:
      kick: {V: V + weight}
)";
  };
  return "holon: 1\nspaces: {point: {type: point}}\nprocesses:\n" + neuron("a", "b", "26") +
         neuron("b", "a", "23") + R"(connections:
  a_to_b: {from: a.spike, to: b.kick, delay: 7.3 ms, weight: 2 mV}
  b_to_a: {from: b.spike, to: a.kick, delay: 4.1 ms, weight: 2 mV}
observe:
  times_a: {type: event_times, of: a.spike}
  times_b: {type: event_times, of: b.spike}
results:
  a: {of: times_a}
  b: {of: times_b}
schedule: {step: 1 ms, until: 150 ms, iterate: {do: [a, b], substeps: {a: 4, b: 4}}}
)";
}

TEST(Delays, EventsInWindowsThatAreRepeatedHappenOnceAndACheckpointGoesOnBitByBit) {
  ModelRun whole = ModelRun::of_text(joined_neurons()), first = ModelRun::of_text(joined_neurons()),
           second = ModelRun::of_text(joined_neurons());
  whole.to_the_end();
  const auto a = whole.array("a"), b = whole.array("b");
  EXPECT_GT(a.size(), 3u);
  EXPECT_GT(b.size(), 2u);
  for (const auto& times : {a, b})
    for (std::size_t k = 1; k < times.size(); ++k) EXPECT_GT(times[k], times[k - 1] + 5.0);
  while (first.simulation().state().events.pending.empty()) first.simulation().step();
  second.simulation().resume(first.simulation().checkpoint());
  second.to_the_end();
  EXPECT_EQ(second.array("a"), a);
  EXPECT_EQ(second.array("b"), b);
}

TEST(Delays, AMergedStrangIsRefusedWhereItsHalfStepsHaveEvents) {
  std::string model = ring("", "strang: [trigger, cells], merge: true");
  const std::string weight = "weight: 0.6";
  model.replace(model.find(weight), weight.size(), "weight: 0.6, delay: 3 ms");
  try {
    ModelRun::of_text(model);
    FAIL() << "events of a half step would be found twice";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("'trigger' has events, and its half steps are merged"));
  }
}

/// A node of a network at 4, in steps of 1/steps.
double weighed(int steps) {
  ModelRun run = ModelRun::of_text(fmt::format(R"(holon: 1
spaces:
  net: {{type: network, nodes: [a, b], edges: [{{from: a, to: b}}, {{from: b, to: a}}, {{from: b, to: b}}]}}
fields:
  delay: {{space: net.edges, initial: {{values: [1, 1, 1]}}}}
  weight: {{space: net.edges, initial: {{values: [1.5, -2, 0.7]}}}}
couplings:
  seen: {{from: nodes.x, to: net.edges, delay: =delay}}
  drive: {{from: synapses.current, to: net}}
processes:
  synapses:
    type: kinetics
    space: net.edges
    units: {{time: 1, current: 1, weight: 1, seen: 1}}
    inputs: {{weight: =weight, seen: =seen}}
    outputs: [current]
    equations: |
      current = weight*seen
  nodes:
    type: kinetics
    space: net
    integrator: rk4
    units: {{time: 1, x: 1, drive: 1}}
    states: {{x: 0.4}}
    inputs: {{drive: =drive}}
    equations: |
      x' = -x + tanh(drive + 0.3)
schedule: {{step: =1/{}, until: 4, lie: [nodes]}}
)",
                                               steps));
  run.to_the_end();
  return std::as_const(run.simulation().state()).real(run.model().fields->id("nodes.x"))[0];
}

// Weights are a law on the edges, which nobody advances: it follows what it is made of inside a step.
TEST(Delays, WeighedSumsOfThePastAreOfSecondOrder) {
  const double coarse = weighed(10), middle = weighed(20), fine = weighed(40);
  EXPECT_GT(std::log2(std::abs((coarse - middle) / (middle - fine))), 1.9) << coarse << ' ' << middle;
  EXPECT_LT(std::abs(middle - fine), 1e-3);
}

}  // namespace
}  // namespace holon::verification

// Two neurons that kick each other with a delay, against an event-driven calculation: between events the
// potential is V(t) = V_inf + (V_0 - V_inf) exp(-t / tau), so that every spike time is a logarithm.
#include "holon/engine/archive.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "model_run.hpp"
#include <fmt/format.h>
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

const std::string file = "models/brain/spike_exchange.yaml";

struct Case {
  double delay, weight, step;
  friend void PrintTo(const Case& c, std::ostream* out) {
    *out << "delay " << c.delay << " ms, weight " << c.weight << " mV, step " << c.step << " ms";
  }
};

constexpr double tau = 20.0, rest = -70.0, threshold = -50.0, reset = -65.0, until = 200.0;  // ms, mV
constexpr std::array<double, 2> drive{24.0, 21.0}, initial{-70.0, -66.0};

struct Spikes {
  std::array<std::vector<double>, 2> times;
};

Spikes event_driven(double delay, double weight) {
  struct Neuron {
    double potential, since;
  };
  struct Kick {
    double time;
    std::size_t to;
  };
  std::array<Neuron, 2> neurons{{{initial[0], 0.0}, {initial[1], 0.0}}};
  std::vector<Kick> kicks;
  Spikes spikes;
  const auto potential = [&](std::size_t n, double time) {
    const double limit = rest + drive[n];
    return limit + (neurons[n].potential - limit) * std::exp(-(time - neurons[n].since) / tau);
  };
  const auto next_spike = [&](std::size_t n) {
    const double limit = rest + drive[n];
    if (limit <= threshold) return HUGE_VAL;
    if (neurons[n].potential >= threshold) return neurons[n].since;
    return neurons[n].since + tau * std::log((limit - neurons[n].potential) / (limit - threshold));
  };
  for (;;) {
    const std::size_t first = next_spike(0) <= next_spike(1) ? 0 : 1;
    const double spike = next_spike(first);
    const auto kick = std::min_element(kicks.begin(), kicks.end(),
                                       [](const Kick& a, const Kick& b) { return a.time < b.time; });
    if (kick != kicks.end() && kick->time <= spike) {
      if (kick->time > until) return spikes;
      neurons[kick->to] = {potential(kick->to, kick->time) + weight, kick->time};
      kicks.erase(kick);
      continue;
    }
    if (spike > until) return spikes;
    spikes.times[first].push_back(spike);
    neurons[first] = {reset, spike};
    kicks.push_back({spike + delay, 1 - first});
  }
}

std::vector<std::string> settings(const Case& c) {
  return {fmt::format("parameters.delay={:.17g} ms", c.delay),
          fmt::format("parameters.weight={:.17g} mV", c.weight),
          fmt::format("parameters.step={:.17g} ms", c.step)};
}

void expect_spikes(const std::vector<double>& found, const std::vector<double>& exact, const char* who) {
  ASSERT_EQ(found.size(), exact.size()) << who;
  ASSERT_GT(exact.size(), 2u) << who;  // otherwise it would say little
  for (std::size_t k = 0; k < exact.size(); ++k) EXPECT_NEAR(found[k], exact[k], 1e-9) << who << ' ' << k;
}

class SpikeExchange : public ::testing::TestWithParam<Case> {};

TEST_P(SpikeExchange, FiresWhenTheEventDrivenCalculationSaysToOneOverABillionOfAMillisecond) {
  const Case c = GetParam();
  ModelRun run(file, settings(c));
  run.to_the_end();
  const Spikes exact = event_driven(c.delay, c.weight);
  expect_spikes(run.array("spike_times_a"), exact.times[0], "a");
  expect_spikes(run.array("spike_times_b"), exact.times[1], "b");
  EXPECT_EQ(run.unit("spike_times_a"), "ms");
}

// Delays below, at and above the step, none that divides it; kicks that inhibit, and ones that make the other
// fire at once.
INSTANTIATE_TEST_SUITE_P(Cases, SpikeExchange,
                         ::testing::Values(Case{1.5, 2.0, 5.0}, Case{1.5, 2.0, 0.1}, Case{1.5, 2.0, 40.0},
                                           Case{0.3, 5.0, 1.0}, Case{7.3, -0.5, 2.5}, Case{5.0, 2.0, 5.0},
                                           Case{1.5, 16.0, 8.0}, Case{0.07, 1.5, 50.0},
                                           Case{31.0, 4.0, 10.0}));

TEST(SpikeExchange, ACheckpointWithKicksOnTheirWayGoesOnBitByBit) {
  const std::vector<std::string> with_kicks = settings({7.3, 2.0, 2.5});
  ModelRun whole(file, with_kicks), first(file, with_kicks), second(file, with_kicks);
  whole.to_the_end();
  for (int k = 0; k < 80 && first.simulation().state().events.pending.empty(); ++k) first.simulation().step();
  ASSERT_FALSE(first.simulation().state().events.pending.empty());
  const auto path = std::filesystem::temp_directory_path() / "holon_spike_exchange_checkpoint.h5";
  first.simulation().checkpoint().write(path);
  second.simulation().resume(Archive::read(path));
  std::filesystem::remove(path);
  EXPECT_EQ(second.simulation().state().events.pending, first.simulation().state().events.pending);
  second.to_the_end();
  EXPECT_EQ(second.array("spike_times_a"), whole.array("spike_times_a"));
  EXPECT_EQ(second.array("spike_times_b"), whole.array("spike_times_b"));
}

TEST(SpikeExchange, TheMacroStepIsDividedAtTheDelay) {
  const ModelRun run(file);
  ASSERT_EQ(run.model().divisions.size(), 1u);
  EXPECT_NE(run.model().divisions[0].find("divided into 4 parts"), std::string::npos)
      << run.model().divisions[0];
  EXPECT_NE(run.model().divisions[0].find("1.5 ms"), std::string::npos) << run.model().divisions[0];
}

}  // namespace
}  // namespace holon::verification

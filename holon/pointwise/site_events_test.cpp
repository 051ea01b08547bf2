#include "holon/pointwise/model_case.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon::pointwise {
namespace {

using test::load;
using test::mistakes;
using test::run;
using test::value;
using ::testing::HasSubstr;

/// A process on a point with equations, events and integrator of its own; times are plain numbers.
std::string point_model(const std::string& process, const std::string& schedule) {
  return "holon: 1\nspaces: {site: {type: point}}\nprocesses:\n  p:\n    type: kinetics\n    space: site\n" +
         process + "schedule: {" + schedule + "}\n";
}

/// All times at which an event happened.
std::vector<double> times_of(const std::shared_ptr<const Model>& model, const std::string& channel,
                             int threads = 1) {
  Simulation simulation(model, {threads, 0, nullptr});
  std::vector<double> times;
  while (!simulation.finished()) {
    simulation.step();
    for (const Event& event : simulation.state().events.happened)
      if (event.channel == model->fields->id(channel)) times.push_back(event.time);
  }
  return times;
}

// x = exp(-t) falls below a half at ln 2.
std::string decay(const std::string& integrator, const std::string& step) {
  return point_model("    integrator: " + integrator + R"(
    tolerance: {relative: 1e-12}
    units: {time: 1, x: 1}
    states: {x: 1}
    equations: |
      x' = -x
    events:
      low: {when: x - 0.5, direction: falling, then: {x: 1}}
)",
                     "step: " + step + ", until: 6");
}

TEST(SiteEvents, AThresholdIsCrossedAtItsTimeToRoundOffWhateverTheStep) {
  for (const char* step : {"0.05", "0.6", "2", "6"}) {
    const auto times = times_of(load(decay("rush_larsen", step)), "p.low");
    ASSERT_EQ(times.size(), 8u) << step;
    for (std::size_t k = 0; k < times.size(); ++k)
      EXPECT_NEAR(times[k], static_cast<double>(k + 1) * std::log(2.0), 1e-14) << step << ' ' << k;
  }
}

TEST(SiteEvents, AdaptiveIntegratorsFindItToTheirTolerance) {
  for (const char* integrator : {"dormand_prince", "rosenbrock"}) {
    const auto times = times_of(load(decay(integrator, "2")), "p.low");
    ASSERT_EQ(times.size(), 8u) << integrator;
    for (std::size_t k = 0; k < times.size(); ++k)
      EXPECT_NEAR(times[k], static_cast<double>(k + 1) * std::log(2.0), 1e-9) << integrator << ' ' << k;
  }
}

TEST(SiteEvents, TheErrorOfAnEventIsThatOfTheSchemeAtItsOrder) {
  const auto error = [](const char* step) {
    const auto times = times_of(load(decay("heun", step)), "p.low");
    return std::fabs(times.at(3) - 4.0 * std::log(2.0));
  };
  EXPECT_NEAR(std::log2(error("0.1") / error("0.05")), 2.0, 0.1);
}

TEST(SiteEvents, NewValuesAreMadeOfTheValuesBefore) {
  const auto simulation = run(load(point_model(R"(    integrator: rk4
    units: {time: 1, x: 1, y: 1, clock: 1}
    states: {x: 3, y: 5, clock: 0}
    equations: |
      x' = 0
      y' = 0
      clock' = 1
    events:
      swap: {when: clock - 0.35, then: {x: y, y: x}}
)",
                                               "step: 0.5, until: 1")));
  EXPECT_EQ(value(*simulation, "p.x"), 5.0);
  EXPECT_EQ(value(*simulation, "p.y"), 3.0);
}

std::string at_one_instant(const std::string& first, const std::string& second) {
  return point_model(R"(    integrator: rk4
    units: {time: 1, x: 1, clock: 1}
    states: {x: 1, clock: 0}
    equations: |
      x' = 0
      clock' = 1
    events:
      add: {when: clock - 0.3, then: {x: x + 10}, )" +
                         first + R"(}
      double: {when: 2*clock - 0.6, then: {x: 2*x}, )" +
                         second + "}\n",
                     "step: 0.5, until: 1");
}

TEST(SiteEvents, AtOneInstantTheHigherPriorityComesFirstAndElseTheOneThatIsDeclaredFirst) {
  EXPECT_EQ(value(*run(load(at_one_instant("priority: 0", "priority: 0"))), "p.x"), 22.0);
  EXPECT_EQ(value(*run(load(at_one_instant("priority: 2", "priority: 1"))), "p.x"), 22.0);
  EXPECT_EQ(value(*run(load(at_one_instant("priority: 1", "priority: 2"))), "p.x"), 12.0);
}

TEST(SiteEvents, AJumpThatMovesAnotherConditionOverZeroMakesItHappenAtOnce) {
  const auto model = load(point_model(R"(    integrator: rk4
    units: {time: 1, x: 1, clock: 1}
    states: {x: 0, clock: 0}
    equations: |
      x' = 0
      clock' = 1
    events:
      second: {when: x - 4, then: {x: 0}}
      first: {when: clock - 0.3, then: {x: 5}}
)",
                                      "step: 0.5, until: 1"));
  const auto first = times_of(model, "p.first"), second = times_of(model, "p.second");
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first, second);
  EXPECT_EQ(value(*run(model), "p.x"), 0.0);
}

TEST(SiteEvents, AConditionThatLeavesZeroAgainWithinAStepIsSeen) {
  // A parabola that is above zero from 0.45 to 0.55 of one step.
  const auto times = times_of(load(point_model(R"(    integrator: rk4
    units: {time: 1, clock: 1}
    states: {clock: 0}
    equations: |
      clock' = 1
    events:
      up: {when: 0.0025 - (clock - 0.5)*(clock - 0.5), direction: rising}
      down: {when: 0.0025 - (clock - 0.5)*(clock - 0.5), direction: falling}
      both: {when: 0.0025 - (clock - 0.5)*(clock - 0.5), direction: either}
)",
                                               "step: 1, until: 2")),
                              "p.both");
  ASSERT_EQ(times.size(), 2u);
  EXPECT_NEAR(times[0], 0.45, 1e-13);
  EXPECT_NEAR(times[1], 0.55, 1e-13);
}

// A ball that loses half its speed at each bounce: bounces at t_0 (1 + 2 (e + e^2 + ...)), all before 3 t_0.
std::string ball(const std::string& step, const std::string& until) {
  return point_model(R"(    integrator: rk4
    units: {time: 1, x: 1, v: 1}
    states: {x: 1, v: 0}
    equations: |
      x' = v
      v' = -2
    events:
      bounce: {when: x, direction: falling, then: {v: -v/2}}
)",
                     "step: " + step + ", until: " + until);
}

TEST(SiteEvents, ABouncingBallBouncesManyTimesWithinAStep) {
  for (const char* step : {"0.01", "0.7", "1.4", "2.8"}) {
    const auto times = times_of(load(ball(step, "2.8")), "p.bounce");
    ASSERT_GE(times.size(), 4u) << step;
    double exact = 1.0;
    for (std::size_t k = 0; k < times.size(); ++k) {
      EXPECT_NEAR(times[k], exact, 1e-12) << step << ' ' << k;
      exact += 2.0 * std::pow(0.5, static_cast<double>(k + 1));
    }
  }
}

TEST(SiteEvents, BouncesThatPileUpAreAFailureAndNoEndlessLoop) {
  for (const char* step : {"0.05", "4"}) {
    try {
      run(load(ball(step, "4")));
      FAIL() << "a ball can't bounce for ever";
    } catch (const NumericalFailure& failure) {
      EXPECT_THAT(failure.what(), HasSubstr("process 'p'"));
      EXPECT_THAT(failure.what(), HasSubstr("event 'bounce' comes ever sooner"));
      EXPECT_THAT(failure.what(), HasSubstr("t = 3"));
    }
  }
}

TEST(SiteEvents, EventsThatCallEachOtherWithoutEndAreAFailure) {
  EXPECT_THROW(run(load(point_model(R"(    integrator: rk4
    units: {time: 1, x: 1, v: 1}
    states: {x: -1, v: 1}
    equations: |
      x' = v
      v' = 0
    events:
      up: {when: x, direction: rising, then: {v: -1}}
      down: {when: x, direction: falling, then: {v: 1}}
)",
                                    "step: 0.5, until: 2"))),
               NumericalFailure);
}

TEST(SiteEvents, WhatAJumpMakesIsBookedToTheEvent) {
  const auto simulation = run(load(point_model(R"(    integrator: rk4
    units: {time: 1, x: 1, clock: 1}
    states: {x: 1, clock: 0}
    conserved: {x: {stuff: 1}}
    equations: |
      x' = 0.25
      clock' = 1
    events:
      filled: {when: clock - 0.3, then: {x: x + 10}}
)",
                                               "step: 0.5, until: 1")));
  double reaction = 0.0, event = 0.0;
  const Model& model = simulation->model();
  for (AccountId a = 0; a < model.accounts.size(); ++a)
    (model.accounts[a].channel == "event filled" ? event : reaction) +=
        simulation->state().account(a).value();
  EXPECT_NEAR(event, 10.0, 1e-15);
  EXPECT_NEAR(reaction, 0.25, 1e-15);
}

TEST(SiteEvents, WhatCrossesBecauseAnotherProcessMovedItIsAnEventToo) {
  const auto model = load(R"(holon: 1
spaces: {site: {type: point}}
fields: {x: {space: site, initial: 0}}
processes:
  a_watch:
    type: kinetics
    space: site
    integrator: rk4
    units: {time: 1, x: 1}
    fields: {x: x}
    equations: |
      x' = 0
    events:
      high: {when: x - 0.75, then: {x: 0}}
  b_move:
    type: kinetics
    space: site
    integrator: rk4
    units: {time: 1, x: 1}
    fields: {x: x}
    equations: |
      x' = 1
schedule: {step: 0.5, until: 3, lie: [a_watch, b_move]}
)");
  EXPECT_EQ(times_of(model, "a_watch.high"), (std::vector<double>{1.0, 2.0}));
}

// Many sites with thresholds of their own.
std::string many(const std::string& integrator) {
  return R"(holon: 1
spaces: {line: {type: grid, size: [1999], spacing: 1}}
processes:
  p:
    type: kinetics
    space: line
    integrator: )" +
         integrator + R"(
    units: {time: 1, x: 1, v: 1, position: 1}
    states: {x: 0, v: 1}
    initial: {x: =0.3*sin(position.x)}
    equations: |
      x' = v - x
      v' = 0.1*(2 + sin(position.x)) - 0.05*v
    events:
      over: {when: x - 0.9, then: {x: 0.2*x, v: v - 0.1}}
schedule: {step: 0.5, until: 20}
)";
}

TEST(SiteEventsThreads, EventsAreTheSameBitByBitForAnyNumberOfThreads) {
  for (const char* integrator : {"rk4", "dormand_prince"}) {
    const auto model = load(many(integrator));
    const auto one = run(model, 1), four = run(model, 4);
    EXPECT_EQ(times_of(model, "p.over", 1), times_of(model, "p.over", 3)) << integrator;
    for (const char* field : {"p.x", "p.v"}) {
      const auto a = std::as_const(one->state()).real(model->fields->id(field));
      const auto b = std::as_const(four->state()).real(model->fields->id(field));
      EXPECT_TRUE(std::equal(a.begin(), a.end(), b.begin())) << integrator << ' ' << field;
    }
    EXPECT_EQ(one->state().events.happened, four->state().events.happened);
    EXPECT_GT(times_of(model, "p.over").size(), 1000u);
  }
}

TEST(SiteEvents, ACheckpointGoesOnBitByBit) {
  const auto model = load(ball("0.7", "2.8"));
  Simulation whole(model, {1, 0, nullptr}), first(model, {1, 0, nullptr}), second(model, {1, 0, nullptr});
  whole.run();
  first.step();
  first.step();
  second.resume(first.checkpoint());
  second.run();
  EXPECT_EQ(second.state().events.happened, whole.state().events.happened);
  for (const char* field : {"p.x", "p.v"}) EXPECT_EQ(value(second, field), value(whole, field)) << field;
}

TEST(SiteEvents, MistakesAreNamed) {
  const auto with = [](const std::string& events, const std::string& integrator = "rk4") {
    return mistakes(point_model("    integrator: " + integrator + R"(
    units: {time: 1, x: 1}
    states: {x: 1}
    equations: |
      x' = -x
)" + events,
                                "step: 0.5, until: 1"));
  };
  EXPECT_THAT(with("    events: {low: {then: {x: 1}}}\n"), HasSubstr("does not say when it happens"));
  EXPECT_THAT(with("    events: {low: {when: x - 0.5, then: {y: 1}}}\n"), HasSubstr("no state 'y'"));
  EXPECT_THAT(with("    events: {low: {when: xx - 0.5}}\n"), HasSubstr("xx"));
  EXPECT_THAT(with("    events: {low: {when: x - 0.5, direction: down}}\n"),
              HasSubstr("'down' is no direction"));
  EXPECT_THAT(with("    events: {x: {when: x - 0.5}}\n"), HasSubstr("there is a field 'p.x' already"));
  EXPECT_THAT(with("    events: {low: {when: x - 0.5, emit: yes}}\n"), HasSubstr("unknown key 'emit'"));
  EXPECT_THAT(with("    on: {kick: {x: x + weight}}\n"), HasSubstr("what arrives at 'kick' has no unit"));
  EXPECT_THAT(with("    events: {low: {when: x - 0.5}}\n", "implicit_midpoint"),
              HasSubstr("can't stop at single sites"));
}

}  // namespace
}  // namespace holon::pointwise

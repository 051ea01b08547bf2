#include "holon/engine/restructure.hpp"

#include "holon/base/error.hpp"
#include "holon/engine/system.hpp"
#include "holon/engine/turnover_case.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include <gtest/gtest.h>

namespace holon {
namespace {

using test::everything;
using test::TurnoverCase;

/// A few agents whose fates a test decides by hand.
struct Hand {
  TurnoverCase made;
  Simulation simulation;
  PopulationFields own;
  explicit Hand(std::size_t agents, Restructure::Options options = {})
      : made(agents, 100, 0.0, 0.0, options),
        simulation(made.model, {.threads = 2, .seed = 5}),
        own(population_fields(*made.model->fields, *made.cells)) {}
  State& state() { return simulation.state(); }
  void decide(std::int64_t id, Fate fate) {
    const auto ids = state().integer(own.id);
    const auto site = std::find(ids.begin(), ids.end(), id) - ids.begin();
    state().integer(own.fate)[static_cast<std::size_t>(site)] = static_cast<std::int64_t>(fate);
  }
  /// Runs the restructure process alone.
  void commit() {
    ThreadPool threads(2);
    Workspace work;
    work.threads = &threads;
    made.model->processes[1]->advance(state(), {{}, {1, {}}, 1.0}, {}, work);
  }
  std::size_t site(std::int64_t id) {
    const auto ids = state().integer(own.id);
    return static_cast<std::size_t>(std::find(ids.begin(), ids.end(), id) - ids.begin());
  }
  double value(const std::string& field, std::int64_t id) {
    return state().real(made.field(field))[site(id)];
  }
};

TEST(Restructure, AMotherKeepsHerIdAndHerDaughterFollowsHer) {
  Hand hand(3);
  hand.decide(1, Fate::divide);
  hand.decide(0, Fate::die);
  hand.commit();
  const State& state = hand.state();
  ASSERT_EQ(state.sites(*hand.made.cells), 3U);
  const auto id = state.integer(hand.own.id), parent = state.integer(hand.own.parent),
             generation = state.integer(hand.own.generation), founder = state.integer(hand.own.founder);
  EXPECT_EQ(std::vector(id.begin(), id.end()), (std::vector<std::int64_t>{1, 3, 2}));
  EXPECT_EQ(std::vector(parent.begin(), parent.end()), (std::vector<std::int64_t>{-1, 1, -1}));
  EXPECT_EQ(std::vector(generation.begin(), generation.end()), (std::vector<std::int64_t>{1, 1, 0}));
  EXPECT_EQ(std::vector(founder.begin(), founder.end()), (std::vector<std::int64_t>{1, 1, 2}));
  for (const std::int64_t fate : state.integer(hand.own.fate)) EXPECT_EQ(fate, 0);
}

TEST(Restructure, FieldsFollowTheirRules) {
  Hand hand(3);
  const double shared = hand.value("shared", 1), copied = hand.value("copied", 1),
               drawn = hand.value("drawn", 1), other = hand.value("drawn", 2);
  hand.state().real(hand.made.field("reset"))[1] = 7.0;
  hand.decide(1, Fate::divide);
  hand.commit();
  for (const std::int64_t id : {1, 3}) {
    EXPECT_EQ(hand.value("shared", id), 0.5 * shared);
    EXPECT_EQ(hand.value("copied", id), copied);
    EXPECT_EQ(hand.value("reset", id), 3.0);
    EXPECT_NE(hand.value("drawn", id), drawn);
  }
  EXPECT_NE(hand.value("drawn", 1), hand.value("drawn", 3));
  EXPECT_EQ(hand.value("drawn", 2), other);
}

TEST(Restructure, DaughtersTouchWithTheirCentreWhereTheMotherWas) {
  Hand hand(1, {.share_volume = true});
  Position before{}, middle{};
  for (int a = 0; a < 3; ++a) {
    before[static_cast<std::size_t>(a)] = 50.0;
    hand.state().real(*hand.own.position, a)[0] = 50.0;
  }
  hand.decide(0, Fate::divide);
  hand.commit();
  const double r = 0.5 * std::cbrt(0.5);
  double distance = 0.0;
  for (int a = 0; a < 3; ++a) {
    const auto x = hand.state().real(*hand.own.position, a);
    middle[static_cast<std::size_t>(a)] = 0.5 * (x[0] + x[1]);
    distance += (x[0] - x[1]) * (x[0] - x[1]);
  }
  for (std::size_t a = 0; a < 3; ++a) EXPECT_NEAR(middle[a], before[a], 1e-13);
  EXPECT_NEAR(std::sqrt(distance), 2.0 * r, 1e-13);
  EXPECT_DOUBLE_EQ(hand.value("cells.radius", 0), r);
  EXPECT_DOUBLE_EQ(hand.value("cells.radius", 1), r);
}

TEST(Restructure, DirectionsOfDivisionAreUniformOverTheSphere) {
  constexpr std::size_t agents = 20000;
  Hand hand(agents);
  for (int a = 0; a < 3; ++a) std::ranges::fill(hand.state().real(*hand.own.position, a), 50.0);
  std::ranges::fill(hand.state().integer(hand.own.fate), static_cast<std::int64_t>(Fate::divide));
  hand.commit();
  // Each coordinate of a uniform direction has mean 0 and mean square 1/3 (variance of its square: 4/45).
  for (int a = 0; a < 3; ++a) {
    double mean = 0.0, square = 0.0;
    for (std::size_t k = 0; k < 2 * agents; k += 2) {
      const double n = (hand.state().real(*hand.own.position, a)[k] - 50.0) / 0.5;
      mean += n / agents;
      square += n * n / agents;
    }
    EXPECT_NEAR(mean, 0.0, 4.0 * std::sqrt(1.0 / 3.0 / agents));
    EXPECT_NEAR(square, 1.0 / 3.0, 4.0 * std::sqrt(4.0 / 45.0 / agents));
  }
}

TEST(Restructure, NobodyLeavesTheBoxAtItsWalls) {
  Hand hand(1000);
  for (int a = 0; a < 3; ++a)
    for (double& x : hand.state().real(*hand.own.position, a)) x = x < 50.0 ? 0.01 : 99.99;
  std::ranges::fill(hand.state().integer(hand.own.fate), static_cast<std::int64_t>(Fate::divide));
  hand.commit();
  for (int a = 0; a < 3; ++a)
    for (const double x : hand.state().real(*hand.own.position, a)) {
      EXPECT_GE(x, 0.0);
      EXPECT_LE(x, 100.0);
    }
}

TEST(Restructure, EverybodyMayDie) {
  Hand hand(9000);
  hand.simulation.step();
  std::ranges::fill(hand.state().integer(hand.own.fate), static_cast<std::int64_t>(Fate::die));
  hand.commit();
  EXPECT_EQ(hand.state().sites(*hand.made.cells), 0U);
  hand.simulation.step();  // nothing is left to divide
  for (const LedgerBalance& balance : hand.simulation.ledger()) {
    EXPECT_EQ(balance.held_now, 0.0);
    EXPECT_LT(balance.relative_residual, 1e-12);
  }
}

/// Neighbours on the curve are near each other: the mean step from site to site shrinks.
double mean_step(const State& state, FieldId position) {
  const std::size_t sites = state.real(position).size();
  double sum = 0.0;
  for (std::size_t k = 1; k < sites; ++k) {
    double square = 0.0;
    for (int a = 0; a < 3; ++a) {
      const double d = state.real(position, a)[k] - state.real(position, a)[k - 1];
      square += d * d;
    }
    sum += std::sqrt(square);
  }
  return sum / static_cast<double>(sites - 1);
}

TEST(Restructure, SortsAlongACurveAndChangesNothingElse) {
  Hand sorted(20000, {.commits_per_sort = 1}), never(20000, {.commits_per_sort = 0});
  sorted.commit();
  never.commit();
  // 20000 points in a box of side 100 are about 3.7 apart.
  EXPECT_GT(mean_step(never.state(), *never.own.position), 50.0);
  EXPECT_LT(mean_step(sorted.state(), *sorted.own.position), 10.0);
  for (std::int64_t id = 0; id < 20000; id += 997)
    for (const char* field : {"shared", "copied", "drawn", "cells.position"})
      EXPECT_EQ(sorted.value(field, id), never.value(field, id)) << field << id;
}

struct Turned {
  Archive state;
  std::vector<LedgerBalance> ledger;
  std::size_t births = 0;
};

Turned turn_over(std::size_t agents, std::int64_t steps, int threads) {
  const TurnoverCase made(agents, steps, 0.1, 0.1);
  Simulation simulation(made.model, {.threads = threads, .seed = 11});
  simulation.run();
  return {everything(simulation.state()), simulation.ledger(),
          static_cast<std::size_t>(simulation.state().integer(made.field("cells:next_id"))[0]) - agents};
}

TEST(RestructureThreads, TurnoverIsTheSameBitByBitForAnyNumberOfThreadsAndTheBooksClose) {
  constexpr std::size_t agents = 100000;
  constexpr std::int64_t steps = 6;
  const Turned one = turn_over(agents, steps, 1);
  // About 1e4 divisions a step.
  EXPECT_NEAR(static_cast<double>(one.births), 1e4 * steps, 0.05 * 1e4 * steps);
  ASSERT_EQ(one.ledger.size(), 1U);
  EXPECT_LT(one.ledger[0].relative_residual, 1e-12);
  double deaths = 0.0, divisions = 0.0;
  for (const LedgerLine& line : one.ledger[0].lines)
    (line.channel == "death" ? deaths : divisions) += line.amount;
  EXPECT_LT(deaths, 0.0);
  EXPECT_GT(divisions, 0.0);
  for (const int threads : {2, 4})
    EXPECT_EQ(turn_over(agents, steps, threads).state.entries(), one.state.entries());
}

TEST(Restructure, IdsStayUniqueAndLineagesLeadBackToTheStart) {
  const TurnoverCase made(3000, 30, 0.1, 0.1);
  Simulation simulation(made.model, {.threads = 2, .seed = 2});
  simulation.run();
  const auto id = simulation.state().integer(made.field("cells.id"));
  EXPECT_EQ(std::set(id.begin(), id.end()).size(), id.size());
  const auto parent = simulation.state().integer(made.field("cells.parent")),
             founder = simulation.state().integer(made.field("cells.founder"));
  for (std::size_t k = 0; k < id.size(); ++k) {
    EXPECT_LT(parent[k], id[k]);
    EXPECT_EQ(parent[k] < 0, id[k] < 3000);
    EXPECT_TRUE(founder[k] >= 0 && founder[k] < 3000);
    EXPECT_EQ(founder[k] == id[k], parent[k] < 0);
  }
}

TEST(Restructure, ACheckpointGoesOnBitByBitWithAnotherNumberOfThreads) {
  const TurnoverCase made(2000, 25, 0.1, 0.08);
  Simulation whole(made.model, {.threads = 1, .seed = 4});
  whole.run();
  Simulation first(made.model, {.threads = 2, .seed = 4});
  for (int step = 0; step < 13; ++step) first.step();
  Simulation second(made.model, {.threads = 4, .seed = 99});
  second.resume(first.checkpoint());
  second.run();
  EXPECT_EQ(everything(second.state()).entries(), everything(whole.state()).entries());
}

TEST(Restructure, IsNoPartOfASystem) {
  const TurnoverCase made(10, 1, 0.1, 0.1);
  ThreadPool threads(1);
  EXPECT_THROW(System(made.model, threads), Refused);
}

TEST(Restructure, FatesThatNobodyCommitsAreRefused) {
  TurnoverCase made(10, 1, 0.1, 0.1);
  made.model->processes.pop_back();
  made.model->schedule.root.children.pop_back();
  try {
    made.model->finish();
    FAIL() << "no error";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("'turnover' decides which agents of 'cells' divide and die"),
              std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace holon

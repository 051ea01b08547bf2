// Processes that ranks share: threads stand for ranks, and what comes out is compared with one rank.
#include "holon/base/error.hpp"
#include "holon/base/ranks_in_threads.hpp"

#include "verification/model_run.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

std::shared_ptr<const Model> load(const std::string& text) { return ModelRun::of_text(text).shared_model(); }

struct Answer {
  std::vector<double> values;
  std::vector<LedgerBalance> ledger;
  std::vector<bool> shared;  // by process
};

/// All fields, a pending half step taken.
std::vector<double> values_of(const Simulation& simulation) {
  const State state = simulation.complete_state();
  std::vector<double> values;
  for (FieldId field = 0; field < simulation.model().fields->size(); ++field) {
    const auto column = state.real(field);
    values.insert(values.end(), column.begin(), column.end());
  }
  return values;
}

Answer answer_of(const std::shared_ptr<const Model>& model, Ranks* ranks, int threads = 1) {
  Simulation simulation(model, {.threads = threads, .ranks = ranks});
  simulation.run();
  Answer answer;
  answer.ledger = simulation.ledger();
  answer.values = values_of(simulation);
  for (const auto& line : simulation.distribution().lines()) answer.shared.push_back(line.shared);
  return answer;
}

/// Fields have the same bits on every rank for two and three ranks, the books close, and as many processes as
/// said are shared.
void expect_the_same(const std::string& text, std::size_t shared) {
  const auto model = load(text);
  const Answer alone = answer_of(model, nullptr);
  for (const int count : {2, 3})
    run_ranks(count, [&](Ranks& ranks) {
      const Answer answer = answer_of(model, &ranks, 1 + ranks.rank() % 2);
      EXPECT_EQ(answer.values, alone.values) << "rank " << ranks.rank() << " of " << count;
      EXPECT_EQ(std::ranges::count(answer.shared, true), static_cast<std::ptrdiff_t>(shared));
      ASSERT_EQ(answer.ledger.size(), alone.ledger.size());
      for (std::size_t q = 0; q < answer.ledger.size(); ++q) {
        EXPECT_LT(answer.ledger[q].relative_residual, 1e-12);
        ASSERT_EQ(answer.ledger[q].lines.size(), alone.ledger[q].lines.size());
        for (std::size_t l = 0; l < alone.ledger[q].lines.size(); ++l)
          EXPECT_NEAR(answer.ledger[q].lines[l].amount, alone.ledger[q].lines[l].amount,
                      1e-12 * (std::abs(alone.ledger[q].held_at_start) + alone.ledger[q].lines[l].moved));
      }
    });
}

const std::string sides_that_are_open = R"(
processes:
  spread:
    type: diffusion
    field: c
    diffusivity: 1 mm^2/s
    decay: 0.3 1/s
    source: =0.1 uM/s*(1 + position.x/(1 mm))
    integrator: INTEGRATOR
    boundary: {x_min: {dirichlet: =1 uM*cos(time/(1 s))}, y_min: {dirichlet: 2 uM}, y_max: {neumann: 0.1 uM*mm/s}}
)";

std::string with(std::string text, const std::string& what, const std::string& by) {
  text.replace(text.find(what), what.size(), by);
  return text;
}

std::string plane(const std::string& processes, const std::string& more = "") {
  return "holon: 1\nspaces:\n  plane: {type: grid, size: [2 mm, 3 mm], spacing: 0.25 mm" + more + R"(}
fields:
  c: {space: plane, unit: uM, kind: density, conserved: {c: 1}, initial: =1 uM + position.x*position.y*1 uM/mm^2}
)" + processes +
         "schedule: {step: 0.01 s, until: 0.2 s}\n";
}

TEST(SharedByRanksThreads, ExplicitStepsGiveTheSameBits) {
  for (const char* integrator : {"forward_euler", "explicit", "rk4"}) {
    SCOPED_TRACE(integrator);
    expect_the_same(plane(with(sides_that_are_open, "INTEGRATOR", integrator)), 1);
    expect_the_same(plane(with(sides_that_are_open, "INTEGRATOR", integrator), ", sites: nodes"), 1);
  }
}

TEST(SharedByRanksThreads, OrderFourAndPeriodicAxesGiveTheSameBits) {
  expect_the_same(plane("processes:\n  spread: {type: diffusion, field: c, diffusivity: 1 mm^2/s, order: 4, "
                        "integrator: explicit}\n",
                        ", periodic: [y]"),
                  1);
  expect_the_same(plane("processes:\n  flow: {type: advection, field: c, velocity: [0 mm/s, -3 mm/s]}\n",
                        ", periodic: [y]"),
                  1);
}

TEST(SharedByRanksThreads, KrylovStepsGiveTheSameBits) {
  for (const char* integrator : {"implicit", "backward_euler", "explicit"})
    for (const char* sites : {"cells", "nodes"}) {
      SCOPED_TRACE(std::string(integrator) + " on " + sites);
      expect_the_same(
          plane(std::string("processes:\n  spread: {type: diffusion, field: c, decay: 0.2 1/s, "
                            "diffusivity: {along: 1 mm^2/s, across: 0.2 mm^2/s, fibre: [0.6, 0.8]}, "
                            "boundary: {y_max: {dirichlet: 2 uM}}, integrator: ") +
                    integrator + "}\n",
                std::string(", sites: ") + sites),
          1);
    }
}

TEST(SharedByRanksThreads, MultigridOnSeveralSharedLevelsGivesTheSameBits) {
  expect_the_same(R"(holon: 1
spaces:
  box: {type: grid, size: [4 mm, 4 mm, 4.8 mm], spacing: 0.1 mm, where: '=(position.x-2 mm)^2 + (position.z-2 mm)^2 > 0.8 mm^2'}
fields:
  c: {space: box, unit: uM, kind: density, conserved: {c: 1}, initial: =1 uM*exp(-position.z/(1 mm))}
processes:
  spread: {type: diffusion, field: c, diffusivity: {along: 1 mm^2/s, across: 0.2 mm^2/s, fibre: [0.6, 0, 0.8]}, integrator: implicit}
schedule: {step: 0.05 s, until: 0.1 s}
)",
                  1);
}

const std::string reaction = R"(holon: 1
spaces:
  line: {type: grid, size: [10 mm], spacing: 0.05 mm}
processes:
  react:
    type: kinetics
    space: line
    integrator: INTEGRATOR
    units: {time: s, u: 1, v: 1, r: 1/s}
    initial: {u: =exp(-position.x/(1 mm)), v: 0.1}
    parameters: {r: 2 1/s}
    equations: |
      u' = r*(u*(1 - u) - v*u)
      v' = r*(u - v)
  spread: {type: diffusion, field: react.u, diffusivity: 0.05 mm^2/s, integrator: explicit}
schedule: {step: 0.02 s, until: 0.4 s, strang: [react, spread], merge: true}
)";

TEST(SharedByRanksThreads, KineticsGiveTheSameBitsAlsoWhereSitesShareTheirSteps) {
  std::string text = reaction;
  for (const char* integrator : {"rk4", "dormand_prince", "implicit_midpoint", "rosenbrock"}) {
    SCOPED_TRACE(integrator);
    std::string model = with(text, "INTEGRATOR", integrator);
    expect_the_same(model, 2);
  }
}

TEST(SharedByRanksThreads, AFailureOnOneRankStopsAllWithItsMessage) {
  std::string text = with(reaction, "INTEGRATOR", "rk4");
  // Blows up at the far end alone, which the last rank owns.
  text = with(text, "r*(u*(1 - u) - v*u)", "r*u*u*u");
  text = with(text, "=exp(-position.x/(1 mm))", "=0.1 + 4*exp((position.x - 10 mm)/(0.5 mm))");
  const auto model = load(text);
  for (const int count : {1, 2, 3})
    run_ranks(count, [&](Ranks& ranks) {
      Simulation simulation(model, {.ranks = count > 1 ? &ranks : nullptr});
      try {
        simulation.run();
        ADD_FAILURE() << "rank " << ranks.rank() << " of " << count << " did not stop";
      } catch (const NumericalFailure& failure) {
        EXPECT_THAT(failure.what(), testing::HasSubstr("process 'react' failed: field 'react.u' at "));
      }
    });
}

TEST(SharedByRanksThreads, ACheckpointGoesOnWithAnotherNumberOfRanks) {
  std::string text = with(reaction, "INTEGRATOR", "dormand_prince");
  const auto model = load(text);
  const Answer alone = answer_of(model, nullptr);
  run_ranks(3, [&](Ranks& ranks) {
    Simulation first(model, {.ranks = &ranks});
    for (int step = 0; step < 7; ++step) first.step();
    const Archive archive = first.checkpoint();
    if (ranks.rank() != 1) return;
    Simulation second(model, {});
    second.resume(archive);
    second.run();
    EXPECT_EQ(values_of(second), alone.values);
  });
}

TEST(SharedByRanksThreads, WhatRanksCantShareIsDoneByAll) {
  // Sweeps along lines, and fewer planes than ranks.
  expect_the_same(plane("processes:\n  spread: {type: diffusion, field: c, diffusivity: 1 mm^2/s, "
                        "integrator: implicit}\n"),
                  0);
}

}  // namespace
}  // namespace holon::verification

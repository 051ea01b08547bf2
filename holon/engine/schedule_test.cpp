#include "holon/engine/schedule.hpp"

#include "holon/base/error.hpp"
#include "holon/engine/simulation.hpp"
#include "holon/engine/test_processes.hpp"

#include <gtest/gtest.h>

namespace holon {
namespace {

using test::node;
using Kind = ScheduleNode::Kind;

std::vector<std::string> text(const Program& program) {
  std::vector<std::string> lines;
  for (const Instruction& i : program.body)
    lines.push_back(std::to_string(i.process) + ":" + std::to_string(i.begin.numerator) + "/" +
                    std::to_string(i.begin.denominator) + "-" + std::to_string(i.end.numerator) + "/" +
                    std::to_string(i.end.denominator));
  return lines;
}

TEST(Schedule, StrangOfThreeNestsSymmetrically) {
  EXPECT_EQ(text(compile(node(Kind::strang, {node(0), node(1), node(2)}))),
            (std::vector<std::string>{"0:0/1-1/2", "1:0/1-1/2", "2:0/1-1/1", "1:1/2-1/1", "0:1/2-1/1"}));
}

TEST(Schedule, SubcycleInsideStrangHalvesTheParts) {
  EXPECT_EQ(text(compile(node(Kind::strang, {node(Kind::subcycle, {node(0)}, 2), node(1)}))),
            (std::vector<std::string>{"0:0/1-1/4", "0:1/4-1/2", "1:0/1-1/1", "0:1/2-3/4", "0:3/4-1/1"}));
}

TEST(Schedule, EveryInsideStrangIsRefused) {
  EXPECT_THROW(compile(node(Kind::strang, {node(Kind::every, {node(0)}, 4), node(1)})), InputError);
}

/// Case V9 of the cardiac set: u' = (A - k^2 D) u with exact sub-flows; the exact end value is known.
std::shared_ptr<Model> splitting_model(ScheduleNode root, std::int64_t steps) {
  auto model = test::two_fields(std::make_shared<PointSpace>("p", Dimension{}),
                                1.0 / static_cast<double>(steps), steps);
  const double k2 = M_PI * M_PI;
  model->processes.push_back(std::make_unique<test::Linear>(
      "diffusion", 0, 1, std::array{-k2, 0.0, 0.0, -0.1 * k2}, *model->fields));
  model->processes.push_back(
      std::make_unique<test::Linear>("reaction", 0, 1, std::array{-1.0, 2.0, -3.0, -1.0}, *model->fields));
  model->schedule.root = std::move(root);
  model->finish();
  return model;
}

double splitting_error(const ScheduleNode& root, std::int64_t steps) {
  Simulation simulation(splitting_model(root, steps), {});
  simulation.run();
  const State end = simulation.complete_state();
  return std::hypot(end.real(0)[0] - 0.0023723403, end.real(1)[0] - 0.0095206477);
}

TEST(Schedule, LieAndStrangReachThePublishedErrors) {
  // ../shared cases cardiac V9; sub-flows exact, so the errors are the splitting's own. The exact end value
  // has ten digits.
  const std::vector<std::int64_t> steps{10, 20, 40, 80};
  const std::vector<double> lie{9.837e-3, 5.591e-3, 2.957e-3, 1.517e-3},
      strang{1.635e-4, 3.660e-5, 8.869e-6, 2.199e-6};
  for (std::size_t i = 0; i < steps.size(); ++i) {
    EXPECT_NEAR(splitting_error(node(Kind::lie, {node(0), node(1)}), steps[i]), lie[i], 0.01 * lie[i]);
    EXPECT_NEAR(splitting_error(node(Kind::strang, {node(0), node(1)}), steps[i]), strang[i],
                0.01 * strang[i]);
  }
}

TEST(Schedule, MergedStrangEqualsStrangForExactFlows) {
  ScheduleNode merged = node(Kind::strang, {node(0), node(1)});
  merged.merge = true;
  EXPECT_NEAR(splitting_error(merged, 20), splitting_error(node(Kind::strang, {node(0), node(1)}), 20),
              1e-13);
  Simulation simulation(splitting_model(merged, 20), {});
  simulation.run();
  // 20 steps: one opening half, 19 joined halves: the outer process advances 20 times instead of 40.
  EXPECT_EQ(simulation.timings()[0].counters.steps, 20u);
  EXPECT_TRUE(simulation.state().counter.pending_half);
}

TEST(Schedule, EveryAdvancesOverAllItsSteps) {
  auto model = test::two_fields(std::make_shared<PointSpace>("p", Dimension{}), 0.1, 12);
  model->processes.push_back(
      std::make_unique<test::Linear>("fast", 0, 0, std::array{-1.0, 0.0, 0.0, -1.0}, *model->fields));
  model->processes.push_back(
      std::make_unique<test::Linear>("slow", 1, 1, std::array{-1.0, 0.0, 0.0, -1.0}, *model->fields));
  model->schedule.root = node(Kind::lie, {node(0), node(Kind::every, {node(1)}, 4)});
  model->finish();
  Simulation simulation(model, {});
  simulation.run();
  EXPECT_EQ(simulation.timings()[0].counters.steps, 12u);
  EXPECT_EQ(simulation.timings()[1].counters.steps, 3u);
  EXPECT_NEAR(simulation.state().real(1)[0], 0.5 * std::exp(-1.2), 1e-15);
}

TEST(Schedule, EveryThatDoesNotDivideTheRunIsRefused) {
  auto model = test::two_fields(std::make_shared<PointSpace>("p", Dimension{}), 0.1, 10);
  model->processes.push_back(
      std::make_unique<test::Linear>("slow", 0, 1, std::array{-1.0, 0.0, 0.0, -1.0}, *model->fields));
  model->schedule.root = node(Kind::every, {node(0)}, 4);
  EXPECT_THROW(model->finish(), InputError);
}

std::shared_ptr<Model> limited(ScheduleNode root, double stable) {
  auto model = test::two_fields(std::make_shared<PointSpace>("p", Dimension{}), 0.1, 10);
  auto process =
      std::make_unique<test::Linear>("explicit", 0, 1, std::array{-1.0, 0.0, 0.0, -1.0}, *model->fields);
  process->stable_ = stable;
  model->processes.push_back(std::move(process));
  model->schedule.root = std::move(root);
  return model;
}

TEST(Schedule, AStepAboveTheLimitIsRefusedAndTheLimitNamed) {
  try {
    limited(node(0), 0.001)->finish();
    FAIL() << "a step a hundred times the limit was accepted";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("above its stability limit of 0.001"), std::string::npos)
        << error.what();
    EXPECT_NE(std::string(error.what()).find("steps: 100"), std::string::npos) << error.what();
  }
}

TEST(Schedule, AutomaticSubcyclesComeFromTheLimit) {
  auto model = limited(node(Kind::subcycle, {node(0)}, 0), 0.001);
  model->finish();
  EXPECT_EQ(model->program.body.size(), 100u);  // exactly at the limit: 100, not 101
}

TEST(Schedule, TwoOwnersWithoutASplittingAreRefused) {
  auto model = splitting_model(node(Kind::lie, {node(0), node(1)}), 10);
  model->schedule.order_stated = false;
  EXPECT_THROW(model->finish(), InputError);
}

TEST(Schedule, AProcessThatIsNotScheduledIsRefused) {
  auto model = splitting_model(node(Kind::lie, {node(0), node(1)}), 10);
  model->schedule.root = node(0);
  EXPECT_THROW(model->finish(), InputError);
}

}  // namespace
}  // namespace holon

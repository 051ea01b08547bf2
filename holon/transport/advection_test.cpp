#include "holon/transport/advection.hpp"

#include "holon/base/error.hpp"
#include "holon/engine/system.hpp"
#include "holon/transport/test_runs.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon::transport {
namespace {

using test::RunOptions;
using test::Solution;
using test::Term;
using Kind = SideRule::Kind;
using Sites = GridSpace::Sites;

std::shared_ptr<Model> flow_model(const RunOptions& run, AdvectionOptions options) {
  options.field = 0;
  return test::model_of(
      run, [&](const Model& model) { return std::make_unique<Advection>("flow", model, options); });
}

double limit_of(const Model& model) {
  ThreadPool threads(1);
  return model.processes[0]->stable_step(model.initial_state(threads, 0));
}

/// A wave that is carried along: sin(2 (x - vx t) + 3 (y - vy t)).
Solution carried(double vx, double vy) {
  return [=](expr::Graph& g) {
    const Term t = test::symbol(g, "time");
    return ((test::symbol(g, "position.x") - t * vx) * 2.0 + (test::symbol(g, "position.y") - t * vy) * 3.0)
        .call(expr::Op::sin);
  };
}

TEST(Advection, ConvergesWithFirstOrder) {
  for (const Sites sites : {Sites::nodes, Sites::cells}) {
    const double vx = 1.2, vy = -0.7;
    const auto error = [&](std::size_t n) {
      RunOptions run;
      run.sites = sites;
      run.axes = {{n, 1.0 / static_cast<double>(n), 0.0, false},
                  {2 * n, 0.5 / static_cast<double>(n), 0.0, false}};
      run.initial = test::equation(carried(vx, vy));
      run.steps = static_cast<std::int64_t>(4 * n);
      run.step = 0.5 / static_cast<double>(run.steps);
      AdvectionOptions options;
      options.velocity = {Coefficient(vx), Coefficient(vy)};
      options.sides[0][0] = {Kind::value, test::equation(carried(vx, vy))};
      options.sides[1][1] = {Kind::value, test::equation(carried(vx, vy))};
      return test::error_at_end(flow_model(run, options), carried(vx, vy));
    };
    const double coarse = error(40), fine = error(80);
    EXPECT_GT(std::log2(coarse / fine), 0.85) << coarse << " " << fine;
    EXPECT_LT(std::log2(coarse / fine), 1.15);
  }
}

TEST(Advection, ItsLimitIsTheSumOfTheCourantNumbers) {
  // h / c in one dimension, h / (c sqrt d) for a flow along the diagonal of a cube (case E4).
  for (int dimensions = 1; dimensions <= 3; ++dimensions) {
    RunOptions run;
    run.axes.assign(static_cast<std::size_t>(dimensions), {10, 0.01, 0.0, true});
    run.step = 1e-4;
    AdvectionOptions options;
    const double root = std::sqrt(static_cast<double>(dimensions));
    options.velocity.assign(static_cast<std::size_t>(dimensions), Coefficient(1.0 / root));
    EXPECT_NEAR(limit_of(*flow_model(run, options)), 0.01 / root, 1e-16);
  }
}

TEST(Advection, AtItsLimitItShiftsAWholeCell) {
  RunOptions run;
  run.axes = {{10, 0.01, 0.0, true}};
  run.step = 0.01;
  run.steps = 3;
  run.initial = test::equation(
      [](expr::Graph& g) { return (test::symbol(g, "position.x") * 300.0).call(expr::Op::sin); });
  AdvectionOptions options;
  options.velocity = {Coefficient(-1.0)};
  const auto model = flow_model(run, options);
  Simulation simulation(model, {});
  const auto u = simulation.state().real(0);
  const std::vector<double> before(u.begin(), u.end());
  simulation.run();
  for (std::size_t i = 0; i < before.size(); ++i) EXPECT_NEAR(u[i], before[(i + 3) % 10], 1e-15);
  run.step = 0.0101;
  EXPECT_THROW(flow_model(run, options), InputError);
}

TEST(Advection, PositiveFieldsNeedHalfTheStepWhereTheFlowLeavesThroughNodes) {
  RunOptions run;
  run.sites = Sites::nodes;
  run.axes = {{10, 0.01, 0.0, false}};
  run.step = 1e-4;
  AdvectionOptions options;
  options.velocity = {Coefficient(1.0)};
  options.sides[0][0] = {Kind::value, Coefficient(0.0)};
  EXPECT_NEAR(limit_of(*flow_model(run, options)), 0.01, 1e-16);
  run.positive = true;
  EXPECT_NEAR(limit_of(*flow_model(run, options)), 0.005, 1e-16);
}

TEST(Advection, TheLedgerClosesWithWhatEntersAndLeaves) {
  for (const Sites sites : {Sites::nodes, Sites::cells}) {
    RunOptions run;
    run.sites = sites;
    run.axes = {{12, 0.1, 0.0, false}, {6, 0.2, 0.0, true}};
    run.conserved = {{"dye", 1.0}};
    run.initial = test::equation(carried(1.0, 0.0));
    run.step = 0.02;
    run.steps = 50;
    AdvectionOptions options;
    options.velocity = {Coefficient(1.5), Coefficient(0.6)};
    options.sides[0][0] = {Kind::value,
                           test::equation([](expr::Graph& g) { return test::symbol(g, "time") + 1.0; })};
    Simulation simulation(flow_model(run, options), {});
    simulation.run();
    const auto books = simulation.ledger();
    EXPECT_LT(books[0].relative_residual, 1e-13);
    ASSERT_EQ(books[0].lines.size(), 2u);
    // What enters in a step is v dt times the datum at its begin, over the other axis' length of 1.2.
    double entered = 0.0;
    for (int n = 0; n < 50; ++n) entered += 1.2 * 1.5 * 0.02 * (1.0 + 0.02 * n);
    EXPECT_NEAR(books[0].lines[0].amount, entered, 1e-12);
    EXPECT_LT(books[0].lines[1].amount, 0.0);
  }
}

TEST(Advection, DerivativeActionsAreAdjoint) {
  RunOptions run;
  run.sites = Sites::nodes;
  run.axes = {{7, 0.1, 0.0, false}, {6, 0.2, 0.0, true}};
  run.step = 0.01;
  AdvectionOptions options;
  options.velocity = {Coefficient(-1.5), Coefficient(0.6)};
  options.sides[0][1] = {Kind::value, Coefficient(1.0)};
  const auto model = flow_model(run, options);
  ThreadPool threads(1);
  const State state = model->initial_state(threads, 0);
  System system(model, threads);
  Vector du(system.layout()), w(system.layout()), assembled(system.layout());
  for (std::size_t i = 0; i < du.values().size(); ++i) {
    du.values()[i] = std::sin(1.0 + static_cast<double>(i));
    w.values()[i] = std::cos(2.0 * static_cast<double>(i));
  }
  const Vector forward = system.jvp(state, 0.0, du), backward = system.vjp(state, 0.0, w);
  for (const auto& entry : system.jacobian(state, 0.0).compressed())
    assembled.values()[entry.row] += entry.value * du.values()[entry.column];
  double left = 0.0, right = 0.0;
  for (std::size_t i = 0; i < du.values().size(); ++i) {
    EXPECT_NEAR(forward.values()[i], assembled.values()[i], 1e-12);
    left += forward.values()[i] * w.values()[i];
    right += du.values()[i] * backward.values()[i];
  }
  EXPECT_NEAR(left, right, 1e-11);
}

TEST(Advection, AsksWhatEntersAndWhere) {
  auto grid = std::make_shared<GridSpace>(
      "pipe", Sites::cells, std::vector<GridSpace::Axis>{{10, 0.1, 0.0, false}, {5, 0.1, 0.0, true}},
      Dimension{});
  const Field field{.name = "c", .space = grid};
  AdvectionOptions options;
  options.velocity = {Coefficient(-1.0), Coefficient(2.0)};
  auto faults = Advection::faults(options, field, FieldTable{});
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_THAT(faults[0].message, testing::HasSubstr("enters through x_max"));
  options.sides[0][1] = {Kind::value, Coefficient(1.0)};
  EXPECT_TRUE(Advection::faults(options, field, FieldTable{}).empty());
  options.sides[1][1] = {Kind::value, Coefficient(1.0)};
  options.velocity.pop_back();
  faults = Advection::faults(options, field, FieldTable{});
  ASSERT_EQ(faults.size(), 2u);
  EXPECT_THAT(faults[0].message + faults[0].expected, testing::HasSubstr("has 1 values2, one per axis"));
  EXPECT_THAT(faults[1].message, testing::HasSubstr("'pipe' has no such side"));
}

TEST(AdvectionThreads, GiveTheSameBitsForAnyNumberOfThreads) {
  RunOptions run;
  run.axes = {{64, 0.1, 0.0, true}, {512, 0.2, 0.0, true}};
  run.initial = test::equation(carried(1.0, 0.0));
  run.step = 0.02;
  run.steps = 5;
  AdvectionOptions options;
  options.velocity = {Coefficient(1.5), Coefficient(0.6)};
  const auto model = flow_model(run, options);
  std::vector<std::vector<double>> ends;
  for (const int threads : {1, 2, 4}) {
    Simulation simulation(model, {.threads = threads});
    simulation.run();
    const auto u = simulation.state().real(0);
    ends.emplace_back(u.begin(), u.end());
  }
  EXPECT_EQ(ends[0], ends[1]);
  EXPECT_EQ(ends[0], ends[2]);
}

}  // namespace
}  // namespace holon::transport

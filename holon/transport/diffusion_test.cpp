// What diffusion promises besides its order: ledger, limits, derivative actions, refusals.
#include "holon/transport/diffusion.hpp"

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

using test::axes;
using test::diffusivity;
using test::mixed;
using test::RunOptions;
using test::Solution;
using test::Term;
using test::values;
using Kind = SideRule::Kind;
using Sites = GridSpace::Sites;
using enum DiffusionIntegrator;

TEST(Diffusion, TheLedgerClosesForEverySchemeAndSide) {
  for (const auto integrator : {heun, forward_euler, rk4, implicit, backward_euler})
    for (const Sites sites : {Sites::nodes, Sites::cells})
      for (const int order : {2, 4}) {
        const Solution solution = test::wave(3);
        RunOptions run;
        run.sites = sites;
        run.axes = axes(12, 3);
        for (auto& axis : run.axes) axis.intervals = std::max<std::size_t>(axis.intervals, 7);
        run.axes[1].periodic = true;
        run.conserved = {{"calcium", 2.0}};
        run.initial = test::equation(solution);
        run.step = 0.0004;
        run.steps = 20;
        DiffusionOptions options =
            test::manufactured(solution, diffusivity, 0.7, 1.4, order == 2 ? mixed : values);
        options.sides[1] = {};
        options.order = order;
        options.integrator = integrator;
        const auto model = test::diffusion_model(run, options);
        Simulation simulation(model, {});
        simulation.run();
        const auto books = simulation.ledger();
        ASSERT_EQ(books.size(), 1u);
        EXPECT_LT(books[0].relative_residual, 1e-12);
        double exchanged = 0.0;
        std::vector<std::string> channels;
        for (const LedgerLine& line : books[0].lines) {
          exchanged += std::abs(line.amount);
          channels.push_back(line.channel);
          EXPECT_NE(line.amount, 0.0) << line.channel;
        }
        EXPECT_GT(exchanged, 1e-3);
        EXPECT_THAT(channels, testing::ElementsAre("decay", "source", "boundary x_min", "boundary x_max",
                                                   "boundary z_min", "boundary z_max"));
      }
}

TEST(Diffusion, TheLedgerOfAClosedBoxHoldsTheDecayAlone) {
  for (const auto integrator : {implicit, exact, backward_euler}) {
    RunOptions run;
    run.axes = axes(8, 2);
    run.conserved = {{"calcium", 1.0}};
    run.initial = test::equation(test::wave(2));
    run.step = 0.05;
    run.steps = 10;
    DiffusionOptions options;
    options.diffusivity = {Coefficient(0.5), Coefficient(0.1)};
    options.decay = Coefficient(0.3);
    options.integrator = integrator;
    Simulation simulation(test::diffusion_model(run, options), {});
    simulation.run();
    const auto books = simulation.ledger();
    EXPECT_LT(books[0].relative_residual, 1e-14);
    ASSERT_EQ(books[0].lines.size(), 1u);
    EXPECT_NEAR(books[0].lines[0].amount, books[0].held_at_start * std::expm1(-0.15), 1e-13);
  }
}

TEST(Diffusion, ADecayMayVaryFromPlaceToPlace) {
  // Without diffusion every site decays by itself: exactly by backward Euler, by (1 - z/2)/(1 + z/2)
  // implicitly, by 1 - z + z^2/2 in Heun's scheme, with z = k(x) dt.
  for (const auto integrator : {backward_euler, implicit, heun}) {
    RunOptions run;
    run.sites = Sites::nodes;
    run.axes = axes(8, 2);
    run.conserved = {{"calcium", 1.0}};
    run.initial = Coefficient(3.0);
    run.step = 0.2;
    DiffusionOptions options;
    options.diffusivity = {Coefficient(0.0)};
    options.decay = test::equation([](expr::Graph& g) { return test::symbol(g, "position.x") + 0.5; });
    options.integrator = integrator;
    const auto model = test::diffusion_model(run, options);
    Simulation simulation(model, {});
    simulation.run();
    const Space& space = *(*model->fields)[0].space;
    for (std::size_t site = 0; site < space.sites(); ++site) {
      const double z = 0.2 * (space.position(site)[0] + 0.5);
      const double factor = integrator == backward_euler ? std::exp(-z)
                            : integrator == implicit     ? (1.0 - 0.5 * z) / (1.0 + 0.5 * z)
                                                         : 1.0 - z + 0.5 * z * z;
      EXPECT_NEAR(simulation.state().real(0)[site], 3.0 * factor, 1e-14);
    }
    EXPECT_LT(simulation.ledger()[0].relative_residual, 1e-14);
  }
}

TEST(Diffusion, TheLedgerSeesALeakOfOnePartInAMillion) {
  RunOptions run;
  run.axes = axes(8, 2);
  run.conserved = {{"calcium", 1.0}};
  run.initial = test::equation(test::wave(2));
  run.step = 0.001;
  run.steps = 10;
  DiffusionOptions options;
  options.diffusivity = {Coefficient(0.5)};
  options.decay = Coefficient(0.3);
  options.integrator = implicit;
  const auto model = test::diffusion_model(run, options);
  const auto residual = [&](double leak) {
    Simulation simulation(model, {});
    for (int step = 0; step < 10; ++step) {
      simulation.step();
      for (double& u : simulation.state().real(0)) u *= 1.0 - leak;
    }
    return simulation.ledger()[0].relative_residual;
  };
  EXPECT_LT(residual(0.0), 1e-14);
  EXPECT_GT(residual(1e-6), 5e-6);
}

TEST(Diffusion, ASteadyStateOfTheImplicitSchemeDoesNotDependOnTheStep) {
  // u'' = -s with u = 1 and 2 at the ends, s = 3: u = 1 + x + s x (1 - x) / 2 is exact on nodes.
  RunOptions run;
  run.sites = Sites::nodes;
  run.axes = {{8, 0.125, 0.0, false}};
  run.initial = Coefficient(0.0);
  run.step = 0.1;  // sixteen times the explicit limit
  run.steps = 800;
  DiffusionOptions options;
  options.diffusivity = {Coefficient(1.0)};
  options.source = Coefficient(3.0);
  options.sides[0][0] = {Kind::value, Coefficient(1.0)};
  options.sides[0][1] = {Kind::value, Coefficient(2.0)};
  options.integrator = implicit;
  const auto model = test::diffusion_model(run, options);
  const Solution parabola = [](expr::Graph& g) {
    const Term x = test::symbol(g, "position.x");
    return x + x * (x * -1.0 + 1.0) * 1.5 + 1.0;
  };
  EXPECT_LT(test::error_at_end(model, parabola), 1e-12);
}

TEST(Diffusion, TheExplicitLimitIsThatOfTheGridOnCubes) {
  // dt <= h^2 / (2 d D) (case E4).
  for (int dimensions = 1; dimensions <= 3; ++dimensions)
    for (const auto integrator : {forward_euler, heun}) {
      RunOptions run;
      run.axes.assign(static_cast<std::size_t>(dimensions), {20, 0.01, 0.0, false});
      run.step = 1e-6;
      DiffusionOptions options;
      options.diffusivity = {Coefficient(0.05)};
      options.integrator = integrator;
      const auto model = test::diffusion_model(run, options);
      ThreadPool threads(1);
      const double limit = model->processes[0]->stable_step(model->initial_state(threads, 0));
      EXPECT_NEAR(limit, 1e-4 / (2.0 * dimensions * 0.05), 1e-15);
      run.step = 1.02 * limit;
      EXPECT_THROW(test::diffusion_model(run, options), InputError);
    }
}

TEST(Diffusion, GrowsAboveTheLimitAndNotBelowIt) {
  // Of the scheme with its sides of order 4 too, where the limit comes from a short line.
  for (const Sites sites : {Sites::nodes, Sites::cells}) {
    RunOptions run;
    run.sites = sites;
    run.axes = {{30, 0.1, 0.0, false}};
    run.step = 1e-6;
    run.initial = test::equation(
        [](expr::Graph& g) { return (test::symbol(g, "position.x") * 37.0).call(expr::Op::sin); });
    DiffusionOptions options;
    options.diffusivity = {Coefficient(1.0)};
    options.order = 4;
    options.sides[0][0] = options.sides[0][1] = {Kind::value, Coefficient(0.0)};
    options.integrator = forward_euler;
    const auto model = test::diffusion_model(run, options);
    const Process& process = *model->processes[0];
    ThreadPool threads(1);
    State state = model->initial_state(threads, 0);
    Workspace work;
    work.threads = &threads;
    const double limit = process.stable_step(state);
    const auto largest_after = [&](double dt, int steps) {
      State run_state = state.clone();
      for (int n = 0; n < steps; ++n) process.advance(run_state, {{0, {}}, {1, {}}, dt}, {}, work);
      double largest = 0.0;
      for (const double u : run_state.real(0)) largest = std::max(largest, std::abs(u));
      return largest;
    };
    EXPECT_LT(largest_after(limit, 3000), 2.0);
    Outcome refused = process.advance(state, {{0, {}}, {1, {}}, 1.01 * limit}, {}, work);
    EXPECT_EQ(refused.why, Outcome::Why::failed);
    EXPECT_THAT(refused.what.message, testing::HasSubstr("stability limit"));
  }
}

TEST(Diffusion, RatesAgreeWithTheManufacturedEquation) {
  // du/dt of the semi-discrete equation is that of the solution, to the order of the stencil.
  for (const Sites sites : {Sites::nodes, Sites::cells}) {
    const Solution solution = test::wave(2);
    RunOptions run;
    run.sites = sites;
    run.axes = axes(40, 2);
    run.initial = test::equation(solution);
    run.step = 1e-6;
    const auto model = test::diffusion_model(run, [&] {
      auto options = test::manufactured(solution, {0.6, 0.3}, 0.7, 1.4, values);
      options.integrator = implicit;
      return options;
    }());
    ThreadPool threads(1);
    State state = model->initial_state(threads, 0);
    // As a rate also of nodes that are held, which follow their datum.
    const Layout layout(*model->fields, {0});
    Vector rates(layout);
    Workspace work;
    work.threads = &threads;
    model->processes.front()->rate(state, 0.0, work, rates);
    const Solution slope = [&](expr::Graph& g) { return solution(g).d("time"); };
    const auto& grid = dynamic_cast<const GridSpace&>(*(*model->fields)[0].space);
    for (std::size_t site = 0; site < grid.sites(); ++site) {
      const auto i = grid.indices(site);
      // Half cells at sides of given value err by O(1) at their own site; held nodes follow their datum
      // exactly.
      if (sites == Sites::cells &&
          (i[0] == 0 || i[1] == 0 || i[0] == grid.count(0) - 1 || i[1] == grid.count(1) - 1))
        continue;
      EXPECT_NEAR(rates(0)[site], test::evaluate(slope, grid.position(site), 0.0), 2e-3);
    }
  }
}

TEST(Diffusion, DerivativeActionsAreThoseOfTheAssembledJacobian) {
  const Solution solution = test::wave(2);
  RunOptions run;
  run.sites = Sites::nodes;
  run.axes = axes(8, 2);
  run.step = 1e-6;
  auto options = test::manufactured(solution, {0.6, 0.3}, 0.7, 1.4, mixed);
  options.integrator = implicit;
  const auto model = test::diffusion_model(run, options);
  ThreadPool threads(2);
  const State state = model->initial_state(threads, 0);
  System system(model, threads);
  Vector du(system.layout()), w(system.layout());
  for (std::size_t i = 0; i < du.values().size(); ++i) {
    du.values()[i] = std::sin(1.0 + static_cast<double>(i));
    w.values()[i] = std::cos(2.0 * static_cast<double>(i));
  }
  const Vector forward = system.jvp(state, 0.0, du), backward = system.vjp(state, 0.0, w);
  Vector assembled(system.layout());
  for (const auto& entry : system.jacobian(state, 0.0).compressed())
    assembled.values()[entry.row] += entry.value * du.values()[entry.column];
  double left = 0.0, right = 0.0, scale = 0.0;
  for (std::size_t i = 0; i < du.values().size(); ++i) {
    EXPECT_NEAR(forward.values()[i], assembled.values()[i], 1e-11);
    left += forward.values()[i] * w.values()[i];
    right += du.values()[i] * backward.values()[i];
    scale += std::abs(forward.values()[i]);
  }
  EXPECT_NEAR(left, right, 1e-13 * scale);
}

TEST(Diffusion, PositiveFieldsStayPositive) {
  // From a spike, with steps far beyond the explicit limit and just within it.
  RunOptions run;
  run.positive = true;
  run.axes = axes(10, 2);
  run.initial = test::equation([](expr::Graph& g) {
    const Term x = test::symbol(g, "position.x"), y = test::symbol(g, "position.y");
    return ((x + -0.65) * (x + -0.65) * -4000.0 + (y + -0.62) * (y + -0.62) * -4000.0).call(expr::Op::exp);
  });
  DiffusionOptions options;
  options.diffusivity = {Coefficient(1.0)};
  const auto least = [&](double step, DiffusionIntegrator integrator) {
    run.step = step;
    run.steps = 5;
    options.integrator = integrator;
    Simulation simulation(test::diffusion_model(run, options), {});
    simulation.run();
    const auto u = simulation.state().real(0);
    return *std::min_element(u.begin(), u.end());
  };
  EXPECT_GE(least(0.05, backward_euler), 0.0);
  const double limit = 1.0 / (2.0 * 100.0 + 2.0 * 400.0);
  EXPECT_GE(least(limit, heun), 0.0);
  EXPECT_THROW(least(1.01 * limit, heun), InputError);
  EXPECT_THROW(least(1e-4, implicit), InputError);
  EXPECT_THROW(least(1e-4, rk4), InputError);
  run.positive = false;
  EXPECT_LT(least(0.05, implicit), 0.0) << "the test has a start that other schemes make negative";
}

TEST(Diffusion, ChoosesItsIntegratorByTheStep) {
  RunOptions run;
  run.axes = {{20, 0.01, 0.0, false}};
  DiffusionOptions options;
  options.diffusivity = {Coefficient(0.05)};
  const auto chosen = [&](double step) {
    run.step = step;
    options.step = step;
    return dynamic_cast<const Diffusion&>(*test::diffusion_model(run, options)->processes[0]).integrator();
  };
  EXPECT_EQ(chosen(0.001), heun);
  EXPECT_EQ(chosen(0.00101), implicit);
  run.positive = true;
  EXPECT_EQ(chosen(0.00101), backward_euler);
}

/// The messages of everything wrong with some options.
std::string complaints(const DiffusionOptions& options, Sites sites = Sites::cells, bool positive = false) {
  auto grid = std::make_shared<GridSpace>(
      "slab", sites, std::vector<GridSpace::Axis>{{10, 0.1, 0.0, false}, {5, 0.1, 0.0, true}}, Dimension{});
  Field field{.name = "c", .space = grid, .positive = positive};
  std::string text;
  for (const OptionFault& fault : diffusion_faults(options, field, FieldTable{}))
    text += fault.key + ": " + fault.message + "; " + fault.expected + "; " + fault.hint + "\n";
  return text;
}

TEST(Diffusion, RefusesWhatItCannotDoAndSaysWhy) {
  const auto options = [] {
    DiffusionOptions o;
    o.diffusivity = {Coefficient(1.0)};
    return o;
  };
  EXPECT_EQ(complaints(options()), "");
  auto o = options();
  o.order = 4;
  EXPECT_THAT(complaints(o), testing::HasSubstr("axis y of 'slab' has 5 sites; order 4 needs at least 6"));
  o.sides[0][1].datum = Coefficient(1.0);
  EXPECT_THAT(complaints(o), testing::HasSubstr("boundary.x_max: order 4 has no closure for a flux"));
  o = options();
  o.diffusivity = {Coefficient(-1.0)};
  EXPECT_THAT(complaints(o), testing::HasSubstr("negative"));
  o.diffusivity = {Coefficient(1.0), Coefficient(1.0), Coefficient(1.0)};
  EXPECT_THAT(complaints(o), testing::HasSubstr("has 3 values; one value, or 2"));
  o.diffusivity = {test::equation([](expr::Graph& g) { return test::symbol(g, "position.x") + 1.0; })};
  EXPECT_EQ(complaints(o), "");
  o.integrator = exact;
  EXPECT_THAT(complaints(o), testing::HasSubstr("not the same along every line"));
  o.integrator = steady;
  EXPECT_THAT(complaints(o), testing::HasSubstr("nothing determines the level"));
  o.integrator = automatic;
  o.order = 4;
  EXPECT_THAT(complaints(o), testing::HasSubstr("order 4 needs coefficients that are the same everywhere"));
  o = options();
  o.diffusivity = {test::equation([](expr::Graph& g) { return test::symbol(g, "time") + 1.0; })};
  EXPECT_THAT(complaints(o), testing::HasSubstr("depends on time"));
  o.diffusivity = {Coefficient::per_site({1.0, 2.0})};
  EXPECT_THAT(complaints(o), testing::HasSubstr("has 2 values, but 'slab' has 50 sites"));
  o = options();
  o.integrator = exact;
  o.source = Coefficient(1.0);
  EXPECT_THAT(complaints(o), testing::HasSubstr("no exact flow: there is a source"));
  o = options();
  o.sides[1][0] = {Kind::value, Coefficient(1.0)};
  EXPECT_THAT(complaints(o), testing::HasSubstr("axis y is periodic"));
  o = options();
  o.integrator = implicit;
  EXPECT_THAT(complaints(o, Sites::cells, true), testing::HasSubstr("backward_euler"));
  o = options();
  o.sides[0][0] = {Kind::exchange, Coefficient(1.0), Coefficient(-1.0)};
  EXPECT_THAT(complaints(o), testing::HasSubstr("boundary.x_min.robin.transfer: is -1"));
}

TEST(Diffusion, ADatumThatIsNoNumberStopsTheRunWithItsPlace) {
  RunOptions run;
  run.axes = axes(8, 1);
  run.step = 0.1;
  run.steps = 10;
  DiffusionOptions options;
  options.diffusivity = {Coefficient(1.0)};
  options.integrator = implicit;
  options.sides[0][1] = {Kind::value, test::equation([](expr::Graph& g) {
                           return (test::symbol(g, "time") * -1.0 + 0.45).call(expr::Op::sqrt);
                         })};
  Simulation simulation(test::diffusion_model(run, options), {});
  try {
    simulation.run();
    FAIL() << "the run went on";
  } catch (const NumericalFailure& failure) {
    EXPECT_THAT(failure.what(), testing::HasSubstr("spread"));
    EXPECT_THAT(failure.what(), testing::HasSubstr("x_max"));
    EXPECT_THAT(failure.what(), testing::HasSubstr("nan"));
  }
}

TEST(Diffusion, FollowsAParameterThatIsSetAtRunTime) {
  auto model = std::make_shared<Model>();
  auto grid = std::make_shared<GridSpace>("grid", Sites::cells,
                                          std::vector<GridSpace::Axis>{{16, 0.1, 0.0, true}}, Dimension{});
  model->fields->add({.name = "u", .space = grid});
  model->initial = {
      {0, test::equation([](expr::Graph& g) {
         return (test::symbol(g, "position.x") * (2.0 * std::numbers::pi / 1.6)).call(expr::Op::sin);
       })}};
  const ParameterId d = model->parameters->add({"parameters.D", {}, 0.2, ""});
  model->schedule.step = 0.01;
  model->schedule.steps = 20;
  model->schedule.time_dimension = {};
  model->kernels.tier = expr::Tier::interpreter;
  DiffusionOptions options;
  options.diffusivity = {
      test::equation([](expr::Graph& g) { return test::symbol(g, "parameter:parameters.D"); })};
  options.integrator = exact;
  model->processes.push_back(std::make_unique<Diffusion>("spread", *model, options));
  model->schedule.root = {.kind = ScheduleNode::Kind::advance, .process = 0};
  model->finish();
  Simulation simulation(model, {});
  const double start = simulation.state().real(0)[2];
  for (int n = 0; n < 10; ++n) simulation.step();
  const double half = simulation.state().real(0)[2];
  simulation.state().set_parameter(d, 0.4);
  for (int n = 0; n < 10; ++n) simulation.step();
  const double rate = std::log(start / half);
  EXPECT_GT(rate, 0.01);
  EXPECT_NEAR(std::log(half / simulation.state().real(0)[2]), 2.0 * rate, 1e-12);
}

TEST(DiffusionThreads, GiveTheSameBitsForAnyNumberOfThreads) {
  for (const auto integrator : {heun, rk4, implicit, backward_euler}) {
    const Solution solution = test::wave(3);
    RunOptions run;
    run.sites = Sites::nodes;
    run.axes = axes(24, 3);
    run.initial = test::equation(solution);
    run.conserved = {{"calcium", 1.0}};
    run.step = 1e-5;
    run.steps = 3;
    auto options = test::manufactured(solution, diffusivity, 0.7, 1.4, mixed);
    options.integrator = integrator;
    const auto model = test::diffusion_model(run, options);
    std::vector<std::vector<double>> ends;
    for (const int threads : {1, 2, 4}) {
      Simulation simulation(model, {.threads = threads});
      simulation.run();
      const auto u = simulation.state().real(0);
      ends.emplace_back(u.begin(), u.end());
      const LedgerBalance books = simulation.ledger().front();
      for (const LedgerLine& line : books.lines) ends.back().push_back(line.amount);
    }
    EXPECT_EQ(ends[0], ends[1]);
    EXPECT_EQ(ends[0], ends[2]);
  }
}

}  // namespace
}  // namespace holon::transport

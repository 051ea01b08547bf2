// Diffusion with coefficients that vary from place to place, along fibres, inside masks, and at rest.
#include "holon/transport/flux_diffusion.hpp"

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
using test::symbol;
using test::Term;
using Kind = SideRule::Kind;
using Sites = GridSpace::Sites;
using enum DiffusionIntegrator;

constexpr double along = 0.9, across = 0.2;

/// What spreads how: D_ab as terms of place.
struct Medium {
  std::string name;
  int dimensions = 2;
  bool fibres = false;    ///< off the axes, turning from place to place
  bool capacity = false;  ///< that varies
  std::array<std::array<Kind, 2>, 3> kinds{};
};

Term one(expr::Graph& g) { return {&g, g.constant(1.0)}; }

/// Components of the fibre's unit vector: two angles that turn from place to place.
Term fibre(expr::Graph& g, std::size_t axis, int dimensions) {
  const Term turn = symbol(g, "position.x") * 0.8 + symbol(g, "position.y") * 0.5 + 0.4;
  const Term rise = dimensions == 3 ? symbol(g, "position.z") * 0.6 + 0.3 : one(g) * 0.0;
  if (axis == 2) return rise.call(expr::Op::sin);
  return turn.call(axis == 0 ? expr::Op::cos : expr::Op::sin) * rise.call(expr::Op::cos);
}

Term conduction(const Medium& medium, expr::Graph& g, std::size_t a, std::size_t b) {
  if (medium.fibres) {
    const Term cross = fibre(g, a, medium.dimensions) * fibre(g, b, medium.dimensions) * (along - across);
    return a == b ? cross + across : cross;
  }
  if (a != b) return one(g) * 0.0;
  const Term x = symbol(g, "position.x"), y = medium.dimensions > 1 ? symbol(g, "position.y") : x;
  return (x * (a == 0 ? 1.3 : -0.7) + y * 0.4).call(expr::Op::exp) * (0.3 + 0.2 * static_cast<double>(a));
}

Term capacity_of(const Medium& medium, expr::Graph& g) {
  return medium.capacity ? (symbol(g, "position.x") * 0.9).call(expr::Op::sin) * 0.5 + 1.4 : one(g) * 1.4;
}

DiffusionOptions options_of(const Medium& medium, const Solution& solution, double decay) {
  DiffusionOptions options;
  const auto n = static_cast<std::size_t>(medium.dimensions);
  if (medium.fibres) {
    FibreConduction fibres;
    fibres.along = Coefficient(along);
    fibres.across = Coefficient(across);
    for (std::size_t a = 0; a < n; ++a)
      fibres.fibre.push_back(
          test::equation([a, d = medium.dimensions](expr::Graph& g) { return fibre(g, a, d); }));
    options.fibres = fibres;
  } else {
    for (std::size_t a = 0; a < n; ++a)
      options.diffusivity.push_back(
          test::equation([medium, a](expr::Graph& g) { return conduction(medium, g, a, a); }));
  }
  options.capacity = test::equation([medium](expr::Graph& g) { return capacity_of(medium, g); });
  options.decay = Coefficient(decay);
  const auto flux = [medium, solution, n](expr::Graph& g, std::size_t a) {
    const Term u = solution(g);
    Term sum = one(g) * 0.0;
    for (std::size_t b = 0; b < n; ++b) sum = sum + conduction(medium, g, a, b) * u.d(test::axis_symbol[b]);
    return sum;
  };
  options.source = test::equation([=](expr::Graph& g) {
    const Term u = solution(g);
    Term source = capacity_of(medium, g) * u.d("time") + u * decay;
    for (std::size_t a = 0; a < n; ++a) source = source - flux(g, a).d(test::axis_symbol[a]);
    return source;
  });
  const double transfer = 1.5;
  for (std::size_t a = 0; a < n; ++a)
    for (std::size_t s = 0; s < 2; ++s) {
      const double outward = s == 0 ? -1.0 : 1.0;
      SideCondition& side = options.sides[a][s];
      side.kind = medium.kinds[a][s];
      side.transfer = Coefficient(transfer);
      side.datum = test::equation([=, kind = side.kind](expr::Graph& g) {
        const Term u = solution(g), in = flux(g, a) * outward;
        if (kind == Kind::value) return u;
        return kind == Kind::flux ? in : u + in * (1.0 / transfer);
      });
    }
  return options;
}

struct OrderCase {
  Medium medium;
  Sites sites = Sites::cells;
  DiffusionIntegrator integrator = implicit;
  double least = 1.9;
};

double error_of(const OrderCase& c, std::size_t n, std::int64_t steps) {
  const Solution solution = test::wave(c.medium.dimensions);
  RunOptions run;
  run.sites = c.sites;
  run.axes = test::axes(n, c.medium.dimensions);
  run.initial = test::equation(solution);
  DiffusionOptions options = options_of(c.medium, solution, 0.7);
  options.integrator = c.integrator;
  const double until = 0.2;
  if (is_explicit(c.integrator)) {
    run.step = 1e-9;
    const auto probe = test::diffusion_model(run, options);
    ThreadPool threads(1);
    const double limit = probe->processes[0]->stable_step(probe->initial_state(threads, 0));
    steps = static_cast<std::int64_t>(std::ceil(until / (0.9 * limit)));
  }
  run.steps = steps;
  run.step = until / static_cast<double>(steps);
  return test::error_at_end(test::diffusion_model(run, options), solution);
}

constexpr std::array<std::array<Kind, 2>, 3> values_and_fluxes{
    {{Kind::value, Kind::flux}, {Kind::flux, Kind::value}, {Kind::value, Kind::flux}}};

TEST(FluxDiffusion, ConvergesWithItsOrderOnManufacturedSolutions) {
  const Medium smooth{"smooth", 2, false, true, test::mixed}, solid{"solid", 3, false, false, test::mixed},
      turning{"turning fibres", 2, true, true, values_and_fluxes},
      values{"turning fibres between values", 2, true, false, test::values},
      closed{"turning fibres, given fluxes", 2, true, false, test::fluxes},
      helix{"fibres in three dimensions", 3, true, false, values_and_fluxes},
      exchanging{"fibres and exchanges", 2, true, true, test::mixed};
  const std::vector<OrderCase> cases{{smooth, Sites::cells, implicit},
                                     {smooth, Sites::nodes, implicit},
                                     {smooth, Sites::nodes, heun},
                                     {solid, Sites::cells, implicit, 1.7},
                                     {turning, Sites::cells, implicit},
                                     {turning, Sites::nodes, implicit},
                                     {turning, Sites::cells, heun},
                                     {values, Sites::nodes, implicit},
                                     {values, Sites::cells, implicit},
                                     {closed, Sites::nodes, implicit},
                                     {closed, Sites::cells, implicit, 1.7},
                                     {helix, Sites::nodes, implicit, 1.6},
                                     {helix, Sites::cells, implicit, 1.6},
                                     {exchanging, Sites::nodes, implicit},
                                     {smooth, Sites::nodes, backward_euler, 0.9}};
  for (const OrderCase& c : cases) {
    const std::size_t n = c.medium.dimensions == 3 ? 12 : 16;
    const double coarse = error_of(c, n, 8), fine = error_of(c, 2 * n, 16);
    EXPECT_GT(std::log2(coarse / fine), c.least)
        << c.medium.name << (c.sites == Sites::nodes ? " on nodes" : " on cells") << ", integrator "
        << static_cast<int>(c.integrator) << ": " << coarse << " -> " << fine;
    EXPECT_LT(fine, 0.05) << c.medium.name;
  }
}

TEST(FluxDiffusion, SweepsAlongTheAxesHaveOrderTwo) {
  // Zero flux at all sides, and a wave of cosines, so that no datum changes with time.
  const Solution cosines = [](expr::Graph& g) {
    Term product = (symbol(g, "time") * -0.9).call(expr::Op::exp);
    for (std::size_t a = 0; a < 2; ++a)
      product = product * ((symbol(g, test::axis_symbol[a]) + -0.2) * std::numbers::pi).call(expr::Op::cos);
    return product + 2.0;
  };
  const Medium medium{"", 2, false, true, {}};
  for (const Sites sites : {Sites::nodes, Sites::cells}) {
    const auto error = [&](std::size_t n, std::int64_t steps) {
      RunOptions run;
      run.sites = sites;
      run.axes = test::axes(n, 2);
      run.initial = test::equation(cosines);
      DiffusionOptions options = options_of(medium, cosines, 0.7);
      options.sides = {};
      options.integrator = implicit;
      run.steps = steps;
      run.step = 0.4 / static_cast<double>(steps);
      const auto model = test::diffusion_model(run, options);
      EXPECT_THAT(model->processes[0]->description(), testing::Contains(testing::HasSubstr("Douglas")));
      return test::error_at_end(model, cosines);
    };
    const double coarse = error(16, 8), fine = error(32, 16);
    EXPECT_GT(std::log2(coarse / fine), 1.9) << coarse << " -> " << fine;
  }
}

TEST(FluxDiffusion, SweepsOfBackwardEulerKeepPositiveFieldsPositive) {
  const Medium medium{"", 2, false, false, {}};
  RunOptions run;
  run.positive = true;
  run.axes = test::axes(10, 2);
  run.conserved = {{"calcium", 1.0}};
  run.initial = test::equation([](expr::Graph& g) {
    const Term x = symbol(g, "position.x") + -0.65, y = symbol(g, "position.y") + -0.62;
    return ((x * x + y * y) * -4000.0).call(expr::Op::exp);
  });
  run.step = 0.05;
  run.steps = 5;
  DiffusionOptions options = options_of(medium, test::wave(2), 0.0);
  options.source = Coefficient(0.0);
  options.sides = {};
  options.integrator = backward_euler;
  Simulation simulation(test::diffusion_model(run, options), {});
  simulation.run();
  const auto u = simulation.state().real(0);
  EXPECT_GE(*std::min_element(u.begin(), u.end()), 0.0);
  EXPECT_LT(simulation.ledger()[0].relative_residual, 1e-13);
}

/// A closed box with fibres that turn, or layers; conserved.
std::shared_ptr<Model> closed_box(bool fibres, Sites sites, DiffusionIntegrator integrator, double step,
                                  bool masked, int steps, bool capacity = false) {
  RunOptions run;
  run.sites = sites;
  run.axes = test::axes(12, 3);
  run.conserved = {{"calcium", 2.0}};
  run.initial = test::equation(test::wave(3));
  run.step = step;
  run.steps = steps;
  const Medium medium{"", 3, fibres, capacity, {}};
  DiffusionOptions options = options_of(medium, test::wave(3), 0.0);
  options.source = Coefficient(0.0);
  options.sides = {};
  options.integrator = integrator;
  if (masked)
    options.where = test::equation([](expr::Graph& g) {
      const Term x = symbol(g, "position.x") + -0.7, y = symbol(g, "position.y") + -0.7;
      return Term{&g, g.make(expr::Op::less, (x * x + y * y).node, g.constant(0.16))};
    });
  return test::diffusion_model(run, options);
}

TEST(FluxDiffusion, AClosedBoxKeepsItsContentToRoundOff) {
  for (const bool fibres : {false, true})
    for (const bool masked : {false, true})
      for (const Sites sites : {Sites::nodes, Sites::cells})
        for (const auto integrator : {heun, implicit, backward_euler}) {
          Simulation simulation(
              closed_box(fibres, sites, integrator, integrator == heun ? 5e-4 : 0.05, masked, 10), {});
          const auto start = simulation.state().real(0);
          const std::vector<double> before(start.begin(), start.end());
          simulation.run();
          const auto books = simulation.ledger();
          EXPECT_LT(books[0].relative_residual, 1e-12);
          EXPECT_NEAR(books[0].held_now, books[0].held_at_start, 1e-12 * books[0].held_at_start);
          double moved = 0.0;
          for (std::size_t i = 0; i < before.size(); ++i)
            moved = std::max(moved, std::abs(simulation.state().real(0)[i] - before[i]));
          EXPECT_GT(moved, 1e-3);
        }
}

TEST(FluxDiffusion, InAPorousBoxCapacityTimesValueIsKept) {
  for (const bool fibres : {false, true})
    for (const bool masked : {false, true})
      for (const auto integrator : {heun, implicit, backward_euler}) {
        Simulation simulation(
            closed_box(fibres, Sites::nodes, integrator, integrator == heun ? 5e-4 : 0.05, masked, 10, true),
            {});
        const Space& space = *(*simulation.model().fields)[0].space;
        const auto held = [&] {
          double sum = 0.0;
          for (std::size_t s = 0; s < space.sites(); ++s)
            sum += 2.0 * (1.4 + 0.5 * std::sin(0.9 * space.position(s)[0])) * space.measure(s) *
                   simulation.state().real(0)[s];
          return sum;
        };
        const double start = held();
        simulation.run();
        const auto books = simulation.ledger();
        EXPECT_NEAR(books[0].held_at_start, start, 1e-12 * start);
        EXPECT_NEAR(held(), start, 1e-12 * start);
        EXPECT_LT(books[0].relative_residual, 1e-12);
      }
}

TEST(FluxDiffusion, SitesOutsideAMaskAreLeftAlone) {
  for (const auto integrator : {heun, implicit}) {
    Simulation simulation(closed_box(true, Sites::cells, integrator, 5e-4, true, 10), {});
    const auto& space = *simulation.model().fields->operator[](0).space;
    const auto start = simulation.state().real(0);
    const std::vector<double> before(start.begin(), start.end());
    simulation.run();
    std::size_t outside = 0, inside = 0;
    for (std::size_t site = 0; site < before.size(); ++site) {
      const Position p = space.position(site);
      if (std::hypot(p[0] - 0.7, p[1] - 0.7) < 0.4) {
        inside += simulation.state().real(0)[site] != before[site] ? 1 : 0;
      } else {
        EXPECT_EQ(simulation.state().real(0)[site], before[site]);
        ++outside;
      }
    }
    EXPECT_GT(outside, 100u);
    EXPECT_GT(inside, 100u);
  }
}

TEST(FluxDiffusion, TheLedgerClosesWithSidesSourcesAndDecay) {
  for (const auto& [fibres, porous] :
       {std::pair(false, false), std::pair(true, false), std::pair(false, true), std::pair(true, true)})
    for (const Sites sites : {Sites::nodes, Sites::cells})
      for (const auto integrator : {heun, rk4, implicit, backward_euler}) {
        const Medium medium{"", 3, fibres, porous, values_and_fluxes};
        RunOptions run;
        run.sites = sites;
        run.axes = test::axes(10, 3);
        run.conserved = {{"calcium", 2.0}};
        run.initial = test::equation(test::wave(3));
        run.step = 5e-4;
        run.steps = 10;
        DiffusionOptions options = options_of(medium, test::wave(3), 0.7);
        options.integrator = integrator;
        Simulation simulation(test::diffusion_model(run, options), {});
        simulation.run();
        const auto books = simulation.ledger();
        EXPECT_LT(books[0].relative_residual, 1e-12);
        std::vector<std::string> channels;
        for (const LedgerLine& line : books[0].lines) {
          channels.push_back(line.channel);
          if (line.channel.starts_with("residual"))
            EXPECT_LT(std::abs(line.amount), 1e-9);
          else
            EXPECT_GT(std::abs(line.amount), 1e-6) << line.channel;
        }
        const bool solved = integrator == implicit || (fibres && integrator == backward_euler);
        EXPECT_EQ(channels.size(), solved ? 9u : 8u);
      }
}

TEST(FluxDiffusion, AtRestLayersConductByTheirHarmonicMeanWhereverTheyMeet) {
  // A flux of 3 enters at x = 0, where u is 3 (sum of L / D); the layers meet between nodes.
  RunOptions run;
  run.sites = Sites::nodes;
  run.axes = {{10, 0.1, 0.0, false}, {4, 0.25, 0.0, false}};
  run.initial = Coefficient(0.0);
  run.step = 1.0;
  DiffusionOptions options;
  options.diffusivity = {
      test::equation([](expr::Graph& g) {
        const expr::Node x = g.symbol("position.x");
        const expr::Node second = g.make(expr::Op::less, x, g.constant(0.77));
        const expr::Node first = g.make(expr::Op::less, x, g.constant(0.234));
        return Term{&g, g.make(expr::Op::select, first, g.constant(2.0),
                               g.make(expr::Op::select, second, g.constant(0.001), g.constant(0.5)))};
      }),
      Coefficient(1.0)};
  options.sides[0][0].datum = Coefficient(3.0);
  options.sides[0][1] = {Kind::value, Coefficient(0.0)};
  options.integrator = steady;
  Simulation simulation(test::diffusion_model(run, options), {});
  const double resistance = 0.234 / 2.0 + (0.77 - 0.234) / 0.001 + 0.23 / 0.5;
  EXPECT_NEAR(simulation.state().real(0)[0], 3.0 * resistance, 1e-9 * resistance);
  EXPECT_EQ(simulation.state().real(0)[10], 0.0);
}

TEST(FluxDiffusion, AFieldAtRestFollowsWhatDrivesIt) {
  // u'' = -s(t) between values 1 and 2: 1 + x + s x (1 - x)/2 at the end of each step.
  RunOptions run;
  run.sites = Sites::nodes;
  run.axes = {{8, 0.125, 0.0, false}};
  run.initial = Coefficient(0.0);
  run.step = 0.5;
  DiffusionOptions options;
  options.diffusivity = {Coefficient(1.0)};
  options.source = test::equation([](expr::Graph& g) { return symbol(g, "time") * 4.0; });
  options.sides[0][0] = {Kind::value, Coefficient(1.0)};
  options.sides[0][1] = {Kind::value, Coefficient(2.0)};
  options.integrator = steady;
  run.steps = 3;
  const auto model = test::diffusion_model(run, options);
  EXPECT_EQ(model->processes[0]->ports()[0].role, Port::Role::determine);
  const Solution parabola = [](expr::Graph& g) {
    const Term x = symbol(g, "position.x");
    return x + x * (x * -1.0 + 1.0) * symbol(g, "time") * 2.0 + 1.0;
  };
  ThreadPool threads(1);
  State state = model->initial_state(threads, 0);
  Workspace work;
  work.threads = &threads;
  for (const double time : {0.0, 1.5}) {
    model->processes[0]->determine(state, time, work);
    for (std::size_t site = 0; site < 9; ++site)
      EXPECT_NEAR(state.real(0)[site],
                  test::evaluate(parabola, (*model->fields)[0].space->position(site), time), 1e-12);
  }
  // It is no unknown of the system.
  System system(model, threads);
  EXPECT_EQ(system.residual(state, 0.0).values().size(), 0u);
}

TEST(FluxDiffusion, DerivativeActionsAreThoseOfTheAssembledJacobian) {
  for (const bool fibres : {false, true})
    for (const Sites sites : {Sites::nodes, Sites::cells}) {
      const Medium medium{"", 2, fibres, true, values_and_fluxes};
      RunOptions run;
      run.sites = sites;
      run.axes = test::axes(8, 2);
      run.initial = test::equation(test::wave(2));
      run.step = 1e-6;
      DiffusionOptions options = options_of(medium, test::wave(2), 0.7);
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
      // The rate is affine in u, so one difference is its derivative.
      State moved = state.clone();
      Vector u = system.unknowns(state);
      for (std::size_t i = 0; i < u.values().size(); ++i) u.values()[i] += du.values()[i];
      system.set_unknowns(moved, u);
      const Vector at = system.residual(state, 0.1), there = system.residual(moved, 0.1);
      double left = 0.0, right = 0.0, scale = 0.0;
      for (std::size_t i = 0; i < du.values().size(); ++i) {
        EXPECT_NEAR(forward.values()[i], assembled.values()[i], 1e-11);
        EXPECT_NEAR(forward.values()[i], there.values()[i] - at.values()[i], 1e-10);
        left += forward.values()[i] * w.values()[i];
        right += du.values()[i] * backward.values()[i];
        scale += std::abs(forward.values()[i]);
      }
      EXPECT_NEAR(left, right, 1e-13 * scale);
    }
}

/// The message with which a box of nodes, 1 by 1, refuses some options.
std::string refusal(const DiffusionOptions& options) {
  RunOptions run;
  run.sites = Sites::nodes;
  run.axes = {{10, 0.1, 0.0, false}, {10, 0.1, 0.0, false}};
  run.step = 1e-6;
  try {
    test::diffusion_model(run, options);
  } catch (const InputError& error) { return error.what(); }
  return "";
}

TEST(FluxDiffusion, SaysWhereItsCoefficientsAreWrong) {
  const auto fibres = [](const Coefficient& x, const Coefficient& y) {
    DiffusionOptions options;
    options.fibres = FibreConduction{Coefficient(2.0), Coefficient(1.0), {}, {x, y}, {}};
    return options;
  };
  const Coefficient place = test::equation([](expr::Graph& g) { return symbol(g, "position.x"); });
  EXPECT_EQ(refusal(fibres(Coefficient(0.6), Coefficient(0.8))), "");
  EXPECT_EQ(refusal(fibres(Coefficient(0.707), Coefficient(0.707))), "") << "three digits will do";
  EXPECT_THAT(refusal(fibres(place, Coefficient(0.0))),
              testing::AllOf(testing::HasSubstr("spread.diffusivity.fibre"),
                             testing::HasSubstr("length zero"), testing::HasSubstr("node (0, 0)")));
  EXPECT_THAT(refusal(fibres(Coefficient(1.0), place)),
              testing::AllOf(testing::HasSubstr("has length 1.00499"), testing::HasSubstr("node (1, 0)"),
                             testing::HasSubstr("divide its components by its length")));
  auto options = fibres(Coefficient(0.6), Coefficient(0.8));
  options.fibres->across =
      test::equation([](expr::Graph& g) { return symbol(g, "position.y") * -1.0 + 0.55; });
  EXPECT_THAT(refusal(options),
              testing::AllOf(testing::HasSubstr("diffusivity.across: is not positive"),
                             testing::HasSubstr("node (0, 6)"), testing::HasSubstr("positive definite")));
  options.fibres->across = Coefficient(1.0);
  options.fibres->sheet = Coefficient(1.5);
  options.fibres->sheet_direction = {Coefficient(1.0), Coefficient(0.0)};
  EXPECT_THAT(refusal(options), testing::HasSubstr("not at right angles"));
  options.fibres->sheet_direction = {Coefficient(-0.8), Coefficient(0.6)};
  EXPECT_EQ(refusal(options), "");

  DiffusionOptions plain;
  plain.diffusivity = {test::equation([](expr::Graph& g) { return symbol(g, "position.x") + -0.15; })};
  EXPECT_THAT(refusal(plain), testing::HasSubstr("is negative or no number at node (0, 0)"));
  plain.diffusivity = {Coefficient(1.0)};
  plain.capacity = test::equation([](expr::Graph& g) { return symbol(g, "position.x"); });
  EXPECT_THAT(refusal(plain), testing::HasSubstr("capacity: is not positive at node (0, 0)"));
}

TEST(FluxDiffusion, AMaskMayNotCutTheDomainIntoPieces) {
  DiffusionOptions options;
  options.diffusivity = {Coefficient(1.0)};
  options.where = test::equation([](expr::Graph& g) {
    const Term x = symbol(g, "position.x") + -0.45;
    return Term{&g, g.make(expr::Op::less, g.constant(0.02), (x * x).node)};
  });
  // Of eleven columns those at 0.4 and 0.5 lie within 0.14 of 0.45.
  EXPECT_THAT(refusal(options),
              testing::AllOf(testing::HasSubstr("where: cuts 'grid' into 2 pieces of 55 (from node (6, 0)"),
                             testing::HasSubstr("44 (from node (0, 0)")));
  options.where = test::equation([](expr::Graph& g) {
    return Term{&g, g.make(expr::Op::less, symbol(g, "position.x").node, g.constant(-1.0))};
  });
  EXPECT_THAT(refusal(options), testing::HasSubstr("no site of 'grid' is inside"));
}

TEST(FluxDiffusionThreads, GiveTheSameBitsForAnyNumberOfThreads) {
  for (const bool fibres : {false, true})
    for (const auto integrator : {heun, implicit, backward_euler}) {
      const Medium medium{"", 3, fibres, false, values_and_fluxes};
      RunOptions run;
      run.sites = Sites::nodes;
      run.axes = test::axes(24, 3);
      run.initial = test::equation(test::wave(3));
      run.conserved = {{"calcium", 1.0}};
      run.step = 1e-5;
      run.steps = 3;
      DiffusionOptions options = options_of(medium, test::wave(3), 0.7);
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

// Diffusion on radial grids against exact solutions.
#include "holon/space/radial_space.hpp"
#include "holon/space/trace_space.hpp"
#include "holon/transport/test_runs.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

namespace holon::transport {
namespace {

using test::Solution;
using test::Term;
using Kind = SideRule::Kind;
using Symmetry = RadialSpace::Symmetry;
using enum DiffusionIntegrator;

Term radius(expr::Graph& g) { return test::symbol(g, "position.r"); }
Term inverse(const Term& t) { return {t.graph, t.graph->divide(t.graph->constant(1.0), t.node)}; }

double value_at(const Solution& solution, double r, double time) {
  expr::Graph graph;
  const expr::Node node = solution(graph).node;
  return static_cast<double>(
      expr::evaluate(graph, std::span(&node, 1),
                     [&](std::string_view name) -> long double { return name == "time" ? time : r; })[0]);
}

struct RadialRun {
  Symmetry symmetry = Symmetry::sphere;
  double inner = 1.0, outer = 4.0, spacing = 0.1, growth = 1.0;
  double step = 0.1;
  std::int64_t steps = 1;
  bool conserved = false;
  Coefficient initial;
  bool traces = false;  ///< fields 1 and 2: values at r_min and r_max
};

std::shared_ptr<Model> radial_model(const RadialRun& run, DiffusionOptions options) {
  auto model = std::make_shared<Model>();
  const auto shells = std::make_shared<RadialSpace>(
      "shells", run.symmetry, *graded_radii(run.inner, run.outer, run.spacing, run.growth), Dimension{});
  model->fields->add({.name = "u",
                      .space = shells,
                      .kind = FieldKind::density,
                      .conserved = run.conserved ? std::map<std::string, ConservedWeight>{{"u", 1.0}}
                                                 : std::map<std::string, ConservedWeight>{}});
  if (run.traces)
    for (int side = 0; side < 2; ++side) {
      const auto space = std::make_shared<TraceSpace>(side == 0 ? "in" : "out", shells, 0, side);
      const FieldId id = model->fields->add({.name = side == 0 ? "u_in" : "u_out", .space = space});
      options.traces.push_back({id, 0, 0, side});
    }
  model->initial = {{0, run.initial}};
  model->schedule.step = run.step;
  model->schedule.steps = run.steps;
  model->schedule.time_dimension = {};
  model->kernels.tier = expr::Tier::interpreter;
  model->processes.push_back(make_diffusion("spread", *model, std::move(options)));
  model->schedule.root = {.kind = ScheduleNode::Kind::advance, .process = 0};
  model->finish();
  return model;
}

/// (2 + cos(r) exp(-t/2)) with D = 0.4 + 0.1 r: everything varies.
Solution wave() {
  return [](expr::Graph& g) {
    return (radius(g) * 1.3).call(expr::Op::cos) * (test::symbol(g, "time") * -0.5).call(expr::Op::exp) + 2.0;
  };
}
Solution diffusivity(double slope) {
  return [slope](expr::Graph& g) { return radius(g) * slope + 0.4; };
}

constexpr double transfer = 1.5, decay = 0.7, capacity = 1.4;

DiffusionOptions manufactured(Symmetry symmetry, std::array<Kind, 2> kinds, double slope) {
  const Solution u = wave(), d = diffusivity(slope);
  const double power = symmetry == Symmetry::sphere ? 2.0 : 1.0;
  DiffusionOptions options;
  options.diffusivity.push_back(slope == 0.0 ? Coefficient(0.4) : test::equation(d));
  options.decay = Coefficient(decay);
  options.capacity = Coefficient(capacity);
  options.source = test::equation([=](expr::Graph& g) {
    const Term flux = d(g) * u(g).d("position.r");
    return u(g).d("time") * capacity + u(g) * decay - flux.d("position.r") -
           flux * inverse(radius(g)) * power;
  });
  for (std::size_t s = 0; s < 2; ++s) {
    SideCondition& side = options.sides[0][s];
    side.kind = kinds[s];
    side.transfer = Coefficient(transfer);
    side.datum = test::equation([=](expr::Graph& g) {
      const Term inward = d(g) * u(g).d("position.r") * (s == 0 ? -1.0 : 1.0);
      if (kinds[s] == Kind::value) return u(g);
      return kinds[s] == Kind::flux ? inward : u(g) + inward * (1.0 / transfer);
    });
  }
  return options;
}

struct Case {
  std::string name;
  Symmetry symmetry = Symmetry::sphere;
  std::array<Kind, 2> kinds{Kind::value, Kind::value};
  double inner = 1.0, growth = 1.0, slope = 0.1;
  DiffusionIntegrator integrator = implicit;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

struct Errors {
  double inside = 0.0, at_sides = 0.0;
};

Errors errors(const Case& c, int level) {
  const double until = 0.5;
  DiffusionOptions options = manufactured(c.symmetry, c.kinds, c.slope);
  if (c.inner == 0.0) options.sides[0][0] = {};
  options.integrator = c.integrator;
  const double refinement = std::pow(2.0, level);
  RadialRun run;
  run.symmetry = c.symmetry;
  run.inner = c.inner;
  run.spacing = (c.growth > 1.0 ? 0.05 : 3.0 / 32.0) * (c.inner == 0.0 ? 4.0 / 3.0 : 1.0) / refinement;
  run.growth = std::pow(c.growth, 1.0 / refinement);  // the same grading, twice as fine
  run.initial = test::equation(wave());
  run.steps =
      static_cast<std::int64_t>(c.integrator == heun ? 300 * refinement * refinement : 8 * refinement);
  run.step = until / static_cast<double>(run.steps);
  run.traces = c.inner > 0.0;
  const auto model = radial_model(run, std::move(options));
  Simulation simulation(model, {});
  simulation.run();
  const State end = simulation.complete_state();
  const Space& space = *(*model->fields)[0].space;
  Errors worst;
  for (std::size_t i = 0; i < space.sites(); ++i)
    worst.inside =
        std::max(worst.inside, std::abs(end.real(0)[i] - value_at(wave(), space.position(i)[0], until)));
  if (run.traces)
    for (FieldId side = 1; side < 3; ++side)
      worst.at_sides =
          std::max(worst.at_sides,
                   std::abs(end.real(side)[0] - value_at(wave(), side == 1 ? run.inner : run.outer, until)));
  return worst;
}

class RadialDiffusionOrder : public testing::TestWithParam<Case> {};

TEST_P(RadialDiffusionOrder, is_two_inside_and_at_the_sides) {
  const Errors coarse = errors(GetParam(), 0), fine = errors(GetParam(), 1);
  EXPECT_LT(coarse.inside, 0.02);
  EXPECT_GE(std::log2(coarse.inside / fine.inside), 1.85) << coarse.inside << " and " << fine.inside;
  if (coarse.at_sides < 1e-12) return;  // given values
  EXPECT_LT(coarse.at_sides, 0.02);
  EXPECT_GE(std::log2(coarse.at_sides / fine.at_sides), 1.8) << coarse.at_sides << " and " << fine.at_sides;
}

INSTANTIATE_TEST_SUITE_P(
    Cases, RadialDiffusionOrder,
    testing::Values(
        Case{"sphere, values"}, Case{"cylinder, values", Symmetry::cylinder},
        Case{"sphere, flux and exchange", Symmetry::sphere, {Kind::flux, Kind::exchange}},
        Case{"cylinder, exchange and flux", Symmetry::cylinder, {Kind::exchange, Kind::flux}},
        Case{"sphere, graded", Symmetry::sphere, {Kind::flux, Kind::value}, 1.0, 1.1},
        Case{"cylinder, graded", Symmetry::cylinder, {Kind::flux, Kind::exchange}, 1.0, 1.1},
        Case{"ball", Symmetry::sphere, {Kind::flux, Kind::value}, 0.0, 1.0, 0.0},
        Case{"rod, graded", Symmetry::cylinder, {Kind::flux, Kind::exchange}, 0.0, 1.1},
        Case{"sphere, explicit", Symmetry::sphere, {Kind::flux, Kind::exchange}, 1.0, 1.0, 0.1, heun},
        Case{"cylinder, graded, explicit",
             Symmetry::cylinder,
             {Kind::exchange, Kind::value},
             1.0,
             1.1,
             0.1,
             heun}));

TEST(RadialDiffusion, backward_euler_has_order_one_in_time) {
  const auto error = [](std::int64_t steps) {
    DiffusionOptions options = manufactured(Symmetry::sphere, {Kind::flux, Kind::value}, 0.1);
    options.integrator = backward_euler;
    RadialRun run{.spacing = 0.005, .step = 0.5 / static_cast<double>(steps), .steps = steps};
    run.initial = test::equation(wave());
    const auto model = radial_model(run, std::move(options));
    Simulation simulation(model, {});
    simulation.run();
    double worst = 0.0;
    for (std::size_t i = 0; i < (*model->fields)[0].space->sites(); ++i)
      worst = std::max(worst, std::abs(simulation.state().real(0)[i] -
                                       value_at(wave(), (*model->fields)[0].space->position(i)[0], 0.5)));
    return worst;
  };
  const double order = std::log2(error(20) / error(40));
  EXPECT_NEAR(order, 1.0, 0.1);
}

TEST(RadialDiffusion, books_close_to_round_off_with_every_kind_of_channel) {
  for (const Symmetry symmetry : {Symmetry::sphere, Symmetry::cylinder})
    for (const DiffusionIntegrator integrator : {heun, implicit, backward_euler}) {
      DiffusionOptions options = manufactured(symmetry, {Kind::flux, Kind::exchange}, 0.1);
      options.capacity = Coefficient(1.0);
      options.integrator = integrator;
      RadialRun run{.symmetry = symmetry, .spacing = 0.05, .growth = 1.05, .step = 1e-3, .steps = 50};
      run.conserved = true;
      run.initial = test::equation(wave());
      Simulation simulation(radial_model(run, std::move(options)), {});
      simulation.run();
      const auto balance = simulation.ledger().at(0);
      EXPECT_LT(balance.relative_residual, 1e-14);
      std::vector<std::string> channels;
      for (const auto& line : balance.lines) {
        channels.push_back(line.channel);
        EXPECT_GT(std::abs(line.amount), 1e-3) << line.channel;
      }
      EXPECT_EQ(channels, (std::vector<std::string>{"decay", "source", "boundary r_min", "boundary r_max"}));
    }
}

TEST(RadialDiffusion, fields_without_sources_are_exact_at_rest_on_any_shells) {
  for (const Symmetry symmetry : {Symmetry::sphere, Symmetry::cylinder}) {
    const auto exact = [&](double r) {
      return symmetry == Symmetry::sphere ? (1.0 / r - 0.25) / 0.75 : 1.0 - std::log(r) / std::log(4.0);
    };
    DiffusionOptions options;
    options.diffusivity.emplace_back(0.3);
    options.integrator = steady;
    options.sides[0][0] = {Kind::value, Coefficient(1.0), {}};
    options.sides[0][1] = {Kind::value, Coefficient(0.0), {}};
    const auto model =
        radial_model({.symmetry = symmetry, .spacing = 0.3, .growth = 1.6}, std::move(options));
    Simulation simulation(model, {});
    simulation.run();
    const State end = simulation.complete_state();
    const Space& space = *(*model->fields)[0].space;
    for (std::size_t i = 0; i < space.sites(); ++i)
      EXPECT_NEAR(end.real(0)[i], exact(space.position(i)[0]), 1e-13) << i;
  }
}

TEST(RadialDiffusion, layers_that_meet_inside_a_shell_are_exact_at_rest) {
  // D = 1 up to r = 2.03, then 5: the flux through the sphere is the difference over the resistances in
  // series.
  DiffusionOptions options;
  options.diffusivity.push_back(test::equation([](expr::Graph& g) {
    const expr::Node outside = g.make(expr::Op::less, g.constant(2.03), radius(g).node);
    return Term{&g, g.add(g.constant(1.0), g.multiply(g.constant(4.0), outside))};
  }));
  options.integrator = steady;
  options.sides[0][0] = {Kind::value, Coefficient(1.0), {}};
  options.sides[0][1] = {Kind::value, Coefficient(0.0), {}};
  const auto model = radial_model({.spacing = 0.15}, std::move(options));
  Simulation simulation(model, {});
  simulation.run();
  const State end = simulation.complete_state();
  const double inner = 1.0 - 1.0 / 2.03, outer = (1.0 / 2.03 - 0.25) / 5.0;
  const Space& space = *(*model->fields)[0].space;
  for (std::size_t i = 0; i < space.sites(); ++i) {
    const double r = space.position(i)[0];
    const double way = r < 2.03 ? 1.0 - 1.0 / r : inner + (1.0 / 2.03 - 1.0 / r) / 5.0;
    EXPECT_NEAR(end.real(0)[i], 1.0 - way / (inner + outer), 1e-13) << i;
  }
}

TEST(RadialDiffusion, a_flux_that_sets_in_leaves_no_oscillation) {
  DiffusionOptions options;
  options.diffusivity.emplace_back(1.0);
  options.integrator = implicit;
  options.sides[0][0] = {Kind::flux, Coefficient(1.0), {}};
  RadialRun run{.outer = 40.0, .spacing = 0.01, .growth = 1.05, .step = 0.5, .steps = 20};
  run.traces = true;
  Simulation simulation(radial_model(run, std::move(options)), {});
  double before = 0.0;
  for (int k = 0; k < 20; ++k) {
    simulation.step();
    const double now = simulation.complete_state().real(1)[0];
    EXPECT_GT(now, before) << k;
    EXPECT_LT(now, 1.0) << k;
    before = now;
  }
  // Carslaw & Jaeger (1959), 9.10: 1 - exp(t) erfc(sqrt t) at t = 10.
  EXPECT_NEAR(before, 1.0 - std::exp(10.0) * std::erfc(std::sqrt(10.0)), 2e-3);
}

TEST(RadialDiffusion, options_that_radial_grids_have_no_scheme_for_are_refused) {
  const auto shells = std::make_shared<RadialSpace>("shells", Symmetry::sphere,
                                                    *graded_radii(0.0, 1.0, 0.1, 1.0), Dimension{});
  const Field field{.name = "u", .space = shells};
  const auto keys = [&](const DiffusionOptions& options) {
    std::vector<std::string> list;
    for (const OptionFault& fault : diffusion_faults(options, field, FieldTable{})) list.push_back(fault.key);
    return list;
  };
  DiffusionOptions options;
  options.diffusivity.emplace_back(1.0);
  EXPECT_TRUE(keys(options).empty());
  options.order = 4;
  EXPECT_EQ(keys(options), std::vector<std::string>{"order"});
  options.order = 2;
  options.integrator = exact;
  EXPECT_EQ(keys(options), std::vector<std::string>{"integrator"});
  options.integrator = implicit;
  options.sides[0][0] = {Kind::value, Coefficient(1.0), {}};
  EXPECT_EQ(keys(options), std::vector<std::string>{"boundary.r_min"});
}

}  // namespace
}  // namespace holon::transport

// Observed orders of diffusion in space and time.
#include "holon/transport/diffusion.hpp"
#include "holon/transport/test_runs.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

namespace holon::transport {
namespace {

using test::axes;
using test::diffusivity;
using test::fluxes;
using test::mixed;
using test::RunOptions;
using test::Solution;
using test::Term;
using test::values;
using Kind = SideRule::Kind;
using Sites = GridSpace::Sites;
using enum DiffusionIntegrator;

struct Manufactured {
  std::string name;
  Sites sites = Sites::cells;
  int dimensions = 1;
  std::array<std::array<Kind, 2>, 3> kinds = values;
  DiffusionIntegrator integrator = implicit;
  int order = 2;
  double least = 1.9;             ///< observed order
  std::size_t coarse = 8;         ///< intervals
  double steps_per_interval = 1;  ///< dt proportional to h, for implicit steps
};

void PrintTo(const Manufactured& m, std::ostream* out) { *out << m.name; }

double manufactured_error(const Manufactured& m, std::size_t n, double refinement) {
  const Solution solution = test::wave(m.dimensions);
  RunOptions run;
  run.sites = m.sites;
  run.axes = axes(n, m.dimensions);
  run.initial = test::equation(solution);
  DiffusionOptions options = test::manufactured(
      solution, {diffusivity.begin(), diffusivity.begin() + m.dimensions}, 0.7, 1.4, m.kinds);
  options.order = m.order;
  options.integrator = m.integrator;
  const double until = 0.5;
  if (m.integrator == implicit || m.integrator == backward_euler) {
    run.steps = static_cast<std::int64_t>(std::lround(m.steps_per_interval * 8.0 * refinement));
  } else {
    run.step = 1e-9;
    const auto probe = test::diffusion_model(run, options);
    ThreadPool threads(1);
    const double limit = probe->processes[0]->stable_step(probe->initial_state(threads, 0));
    run.steps = static_cast<std::int64_t>(std::ceil(until / (0.9 * limit)));
  }
  run.step = until / static_cast<double>(run.steps);
  return test::error_at_end(test::diffusion_model(run, options), solution);
}

class DiffusionOrder : public testing::TestWithParam<Manufactured> {};

TEST_P(DiffusionOrder, IsObservedAgainstAManufacturedSolution) {
  const Manufactured& m = GetParam();
  const double coarse = manufactured_error(m, m.coarse, 1.0);
  const double fine = manufactured_error(m, 2 * m.coarse, 2.0);
  const double order = std::log2(coarse / fine);
  EXPECT_GE(order, m.least) << "errors " << coarse << " and " << fine;
  EXPECT_LT(coarse, 0.05);
  RecordProperty("order", std::to_string(order));
}

INSTANTIATE_TEST_SUITE_P(
    Sides, DiffusionOrder,
    testing::Values(
        Manufactured{"implicit, values, cells 1-D", Sites::cells, 1, values, implicit, 2, 1.9, 16},
        Manufactured{"implicit, values, nodes 1-D", Sites::nodes, 1, values, implicit, 2, 1.9, 16},
        Manufactured{"implicit, values, cells 2-D", Sites::cells, 2, values, implicit, 2, 1.9, 16},
        Manufactured{"implicit, values, nodes 2-D", Sites::nodes, 2, values, implicit, 2, 1.9, 16},
        Manufactured{"implicit, values, cells 3-D", Sites::cells, 3, values, implicit, 2, 1.85, 20},
        Manufactured{"implicit, values, nodes 3-D", Sites::nodes, 3, values, implicit, 2, 1.9, 12},
        Manufactured{"implicit, fluxes, cells 3-D", Sites::cells, 3, fluxes, implicit, 2, 1.9, 12},
        Manufactured{"implicit, fluxes, nodes 3-D", Sites::nodes, 3, fluxes, implicit, 2, 1.9, 12},
        Manufactured{"implicit, mixed, cells 3-D", Sites::cells, 3, mixed, implicit, 2, 1.9, 12},
        Manufactured{"implicit, mixed, nodes 3-D", Sites::nodes, 3, mixed, implicit, 2, 1.9, 12},
        Manufactured{"explicit, mixed, cells 2-D", Sites::cells, 2, mixed, heun, 2, 1.9, 12},
        Manufactured{"explicit, mixed, nodes 3-D", Sites::nodes, 3, mixed, heun, 2, 1.9, 8},
        Manufactured{"explicit of order 4, values, cells 1-D", Sites::cells, 1, values, rk4, 4, 3.5, 12},
        Manufactured{"explicit of order 4, values, nodes 1-D", Sites::nodes, 1, values, rk4, 4, 3.5, 12},
        Manufactured{"explicit of order 4, values, cells 2-D", Sites::cells, 2, values, rk4, 4, 3.5, 10},
        Manufactured{"explicit of order 4, values, nodes 2-D", Sites::nodes, 2, values, rk4, 4, 3.5, 10},
        Manufactured{"backward Euler, mixed, cells 2-D", Sites::cells, 2, mixed, backward_euler, 2, 0.8, 12},
        Manufactured{"backward Euler, mixed, nodes 2-D", Sites::nodes, 2, mixed, backward_euler, 2, 0.8,
                     12}));

/// Decaying cosine (case V1): u = e^{-k t} + e^{-(3 D q^2 + k) t} cos qx cos qy cos qz in a closed cube, q =
/// pi / L.
Solution decaying_cosine(double d, double decay) {
  return [=](expr::Graph& g) {
    const double q = std::numbers::pi;
    Term product = (test::symbol(g, "time") * -(3.0 * d * q * q + decay)).call(expr::Op::exp);
    for (const std::string& x : test::axis_symbol)
      product = product * (test::symbol(g, x) * q).call(expr::Op::cos);
    return product + (test::symbol(g, "time") * -decay).call(expr::Op::exp);
  };
}

std::shared_ptr<Model> cosine_model(Sites sites, DiffusionIntegrator integrator, int order,
                                    std::array<std::size_t, 3> intervals, std::int64_t steps) {
  // D T / L^2 and the decay over the run as in the case: 0.003 and 0.012.
  const double d = 0.003, decay = 0.012;
  RunOptions run;
  run.sites = sites;
  for (const std::size_t n : intervals) run.axes.push_back({n, 1.0 / static_cast<double>(n), 0.0, false});
  run.steps = steps;
  run.step = 1.0 / static_cast<double>(steps);
  run.initial = test::equation(decaying_cosine(d, decay));
  DiffusionOptions options;
  options.diffusivity = {Coefficient(d)};
  options.decay = Coefficient(decay);
  options.order = order;
  options.integrator = integrator;
  return test::diffusion_model(run, options);
}

double cosine_error(Sites sites, DiffusionIntegrator integrator, int order,
                    std::array<std::size_t, 3> intervals, std::int64_t steps) {
  return test::error_at_end(cosine_model(sites, integrator, order, intervals, steps),
                            decaying_cosine(0.003, 0.012));
}

/// The same scheme's solution at another number of steps is the reference for the error in time: the grid's
/// error is the same in both.
double time_order(Sites sites, DiffusionIntegrator integrator) {
  std::vector<std::vector<double>> ends;
  for (const std::int64_t steps : {4, 8, 16}) {
    const auto model = cosine_model(sites, integrator, 2, {10, 20, 5}, steps);
    Simulation simulation(model, {});
    simulation.run();
    const auto u = simulation.state().real(0);
    ends.emplace_back(u.begin(), u.end());
  }
  const auto distance = [](const std::vector<double>& a, const std::vector<double>& b) {
    double largest = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
    return largest;
  };
  return std::log2(distance(ends[0], ends[1]) / distance(ends[1], ends[2]));
}

TEST(DecayingCosine, ConvergesWithSecondOrderInTheSpacings) {
  for (const Sites sites : {Sites::nodes, Sites::cells})
    for (const auto integrator : {heun, implicit, exact}) {
      const double coarse = cosine_error(sites, integrator, 2, {10, 20, 5}, 40);
      const double fine = cosine_error(sites, integrator, 2, {20, 40, 10}, 160);
      EXPECT_GE(std::log2(coarse / fine), 1.9) << coarse << " " << fine;
    }
}

TEST(DecayingCosine, ConvergesWithSecondOrderInTheStep) {
  for (const Sites sites : {Sites::nodes, Sites::cells}) {
    EXPECT_GE(time_order(sites, heun), 1.9);
    EXPECT_GE(time_order(sites, implicit), 1.9);
  }
}

TEST(DecayingCosine, ConvergesWithFourthOrderWithTheWideStencil) {
  for (const Sites sites : {Sites::nodes, Sites::cells})
    for (const auto integrator : {rk4, exact, implicit}) {
      // The implicit scheme's steps shrink with the square of the spacing, so that its error in time keeps
      // up.
      const double coarse = cosine_error(sites, integrator, 4, {10, 20, 6}, 40);
      const double fine = cosine_error(sites, integrator, 4, {20, 40, 12}, 160);
      EXPECT_GE(std::log2(coarse / fine), 3.8) << coarse << " " << fine;
    }
}

TEST(DecayingCosine, TheContentOfTheBoxFollowsTheDecayExactly) {
  for (const Sites sites : {Sites::nodes, Sites::cells})
    for (const auto integrator : {implicit, exact})
      for (const int order : {2, 4}) {
        const auto model = cosine_model(sites, integrator, order, {9, 12, 7}, 25);
        Simulation simulation(model, {});
        const auto content = [&] {
          const Space& space = *(*model->fields)[0].space;
          const auto u = simulation.state().real(0);
          CompensatedSum sum;
          for (std::size_t site = 0; site < u.size(); ++site) sum.add(space.measure(site) * u[site]);
          return sum.value();
        };
        const double before = content();
        simulation.run();
        EXPECT_NEAR(content() / (before * std::exp(-0.012)), 1.0, 1e-12);
      }
}

}  // namespace
}  // namespace holon::transport

// Every integrator against a nonlinear, non-autonomous, coupled system with a known solution: the observed
// order must be the one that the method claims.
#include "holon/pointwise/integrators/integrator.hpp"

#include <cmath>
#include <functional>

#include <gtest/gtest.h>

namespace holon::pointwise {
namespace {

using expr::Op;

// u' = F(u) + p'(t) - F(p(t)) has the solution u = p. F mixes a cubic, an own-linear gate and a square; time
// is in units of a quarter of the rates' unit, so that the conversion between both is tested as well.
struct Manufactured {
  Graph graph;
  OdeSystem system;
  std::vector<Node> solution;
  static constexpr double time_per_dt = 4.0;

  Manufactured() {
    Graph& g = graph;
    system.graph = &g;
    system.time = g.symbol("time");
    system.dt = g.symbol("dt");
    system.time_per_dt = time_per_dt;
    system.states = {g.symbol("v"), g.symbol("n"), g.symbol("c")};
    const Node t = g.multiply(g.constant(1.0 / time_per_dt), system.time);
    solution = {g.make(Op::sin, t), g.add(g.constant(0.5), g.multiply(g.constant(0.3), g.make(Op::cos, t))),
                g.divide(g.constant(1.0), g.add(g.constant(1.0), t))};
    const std::vector<Node> f = coupled(system.states), f_of_solution = coupled(solution);
    const std::vector<Node> slope = derivative(g, solution, system.time);
    for (std::size_t i = 0; i < 3; ++i) {
      const Node p_rate = g.multiply(g.constant(time_per_dt), slope[i]);
      system.rates.push_back(g.add(f[i], g.subtract(p_rate, f_of_solution[i])));
    }
  }

  std::vector<Node> coupled(const std::vector<Node>& u) {
    Graph& g = graph;
    const Node v = u[0], n = u[1], c = u[2], one = g.constant(1.0);
    const Node cubic = g.subtract(g.multiply(v, n), g.add(g.multiply(v, g.multiply(v, v)), c));
    const Node opening = g.divide(one, g.add(one, g.multiply(v, v)));
    const Node closing = g.multiply(g.constant(0.5), g.make(Op::exp, v));
    const Node gate = g.subtract(g.multiply(opening, g.subtract(one, n)), g.multiply(closing, n));
    const Node square = g.subtract(g.multiply(v, n), g.multiply(c, c));
    return {cubic, gate, square};
  }

  std::vector<long double> exact(long double t) {
    return evaluate(graph, solution, [&](std::string_view) { return t * time_per_dt; });
  }

  // Largest error at t = 2 after `steps` equal steps from t = 0.
  double error(const std::vector<Node>& step, int steps) {
    std::vector<long double> u = exact(0.0L);
    const long double dt = 2.0L / steps;
    for (int k = 0; k < steps; ++k) {
      u = evaluate(graph, step, [&](std::string_view name) -> long double {
        if (name == "time") return static_cast<long double>(k) * dt * time_per_dt;
        if (name == "dt") return dt;
        return name == "v" ? u[0] : name == "n" ? u[1] : u[2];
      });
    }
    const auto p = exact(2.0L);
    double worst = 0.0;
    for (std::size_t i = 0; i < 3; ++i) worst = std::max(worst, std::fabs(static_cast<double>(u[i] - p[i])));
    return worst;
  }
};

class IntegratorOrder : public ::testing::TestWithParam<std::string> {};

TEST_P(IntegratorOrder, IsTheOneThatItClaims) {
  const Integrator* integrator = find_integrator(GetParam());
  ASSERT_NE(integrator, nullptr);
  Manufactured problem;
  const OdeSystem system = with_switches_at_midpoint(problem.system);
  const Step step = decide_switches(system, integrator->step(system));
  const double coarse = problem.error(step.states, 32), fine = problem.error(step.states, 64);
  const double observed = std::log2(coarse / fine);
  // The next term of the error expansion shifts the observed order by O(dt): 0.15 leaves no room for a wrong
  // one.
  EXPECT_NEAR(observed, integrator->order, 0.15) << coarse << " " << fine;
  EXPECT_LT(fine, 0.1);
}

INSTANTIATE_TEST_SUITE_P(All, IntegratorOrder,
                         ::testing::Values("forward_euler", "heun", "rk4", "dormand_prince", "rush_larsen",
                                           "rush_larsen_2", "generalised_rush_larsen",
                                           "generalised_rush_larsen_2", "rosenbrock_2", "rosenbrock"),
                         [](const auto& named) { return named.param; });

TEST(ErrorEstimate, HasTheOrderOfTheEmbeddedMethodPlusOne) {
  for (const auto& [name, local_order] : {std::pair{"dormand_prince", 5}, std::pair{"rosenbrock", 4}}) {
    Manufactured problem;
    const Step step = find_integrator(name)->step(problem.system);
    ASSERT_EQ(step.errors.size(), 3u);
    const auto estimate = [&](long double dt) {
      const auto u = problem.exact(0.3L);
      const auto e = evaluate(problem.graph, step.errors, [&](std::string_view s) -> long double {
        if (s == "time") return 0.3L * Manufactured::time_per_dt;
        if (s == "dt") return dt;
        return s == "v" ? u[0] : s == "n" ? u[1] : u[2];
      });
      return std::fabs(static_cast<double>(e[0]));
    };
    EXPECT_NEAR(std::log2(estimate(0.01L) / estimate(0.005L)), local_order, 0.15) << name;
  }
}

// The implicit midpoint rule, iterated by hand.
TEST(ImplicitMidpoint, HasOrderTwoAndConvergesQuadratically) {
  Manufactured problem;
  Graph& g = problem.graph;
  const std::vector<Node> guess{g.symbol("guess v"), g.symbol("guess n"), g.symbol("guess c")};
  Step step = implicit_midpoint_iteration(problem.system, guess);
  std::vector<Node> outputs = step.states;
  outputs.insert(outputs.end(), step.errors.begin(), step.errors.end());
  std::vector<double> last_corrections;
  const auto error = [&](int steps) {
    std::vector<long double> u = problem.exact(0.0L);
    const long double dt = 2.0L / steps;
    for (int k = 0; k < steps; ++k) {
      std::vector<long double> next = u;
      last_corrections.clear();
      for (int iteration = 0; iteration < 6; ++iteration) {
        const auto out = evaluate(g, outputs, [&](std::string_view s) -> long double {
          if (s == "time") return static_cast<long double>(k) * dt * Manufactured::time_per_dt;
          if (s == "dt") return dt;
          if (s == "v" || s == "n" || s == "c") return s == "v" ? u[0] : s == "n" ? u[1] : u[2];
          return s == "guess v" ? next[0] : s == "guess n" ? next[1] : next[2];
        });
        next.assign(out.begin(), out.begin() + 3);
        last_corrections.push_back(std::fabs(static_cast<double>(out[3])));
      }
      u = next;
    }
    const auto p = problem.exact(2.0L);
    return std::fabs(static_cast<double>(u[0] - p[0]));
  };
  EXPECT_NEAR(std::log2(error(16) / error(32)), 2.0, 0.1);
  EXPECT_LT(last_corrections[3], 1e-15);  // 0.02, 1e-5, 1e-11, then nothing
  EXPECT_LT(last_corrections[2], 1e-3 * last_corrections[1]);
}

// y' = -1e6 (y - cos t) - sin t: the step is far above the explicit limit of 2e-6.
TEST(Rosenbrock, IsStableForStiffEquations) {
  for (const char* name : {"rosenbrock_2", "rosenbrock"}) {
    Graph g;
    OdeSystem system{&g, {g.symbol("y")}, {}, g.symbol("time"), g.symbol("dt"), 1.0};
    const Node t = system.time, y = system.states[0];
    const Node pull = g.multiply(g.constant(-1e6), g.subtract(y, g.make(Op::cos, t)));
    system.rates = {g.subtract(pull, g.make(Op::sin, t))};
    const Step step = find_integrator(name)->step(system);
    long double value = 2.0L;  // away from the slow solution
    const long double dt = 0.05L;
    for (int k = 0; k < 40; ++k) {
      value = evaluate(g, step.states, [&](std::string_view s) -> long double {
        return s == "y" ? value : s == "dt" ? dt : static_cast<long double>(k) * dt;
      })[0];
    }
    // The stiff mode is gone; what is left is the error of following cos t: dt^2/6 for ROS2, none to speak of
    // for the stiffly accurate method.
    EXPECT_NEAR(static_cast<double>(value), std::cos(2.0), std::string(name) == "rosenbrock" ? 1e-8 : 4.2e-4)
        << name;
  }
}

// A pulse that is on for 1 <= t < 2 adds exactly its area when steps end on its edges, also with stages at
// them.
TEST(Switches, AreDecidedAtTheMiddleOfAStep) {
  for (const char* name : {"forward_euler", "rk4", "dormand_prince", "rosenbrock"}) {
    Graph g;
    OdeSystem system{&g, {g.symbol("y")}, {}, g.symbol("time"), g.symbol("dt"), 1.0};
    const Node phase = g.make(Op::modulo, system.time, g.constant(5.0));
    const Node on = g.make(Op::logical_and, g.make(Op::less_equal, g.constant(1.0), phase),
                           g.make(Op::less, phase, g.constant(2.0)));
    system.rates = {g.select(on, g.constant(1.0), g.constant(0.0))};
    const OdeSystem frozen = with_switches_at_midpoint(system);
    const Step step = decide_switches(frozen, find_integrator(name)->step(frozen));
    long double y = 0.0L;
    for (int k = 0; k < 28; ++k) {  // 0 to 7: two pulses
      y = evaluate(g, step.states, [&](std::string_view s) -> long double {
        return s == "y" ? y : s == "dt" ? 0.25L : static_cast<long double>(k) * 0.25L;
      })[0];
    }
    EXPECT_NEAR(static_cast<double>(y), 2.0, 1e-14) << name;
  }
}

// y' = mod(t, 1) is 1 just before a wrap and 0 at it; a step that ends there must not see the 0.
TEST(Switches, AWrapOfTimeIsTakenByTheStepThatBeginsThere) {
  for (const char* name : {"rk4", "dormand_prince", "rosenbrock"}) {
    Graph g;
    OdeSystem system{&g, {g.symbol("y")}, {}, g.symbol("time"), g.symbol("dt"), 1.0};
    system.rates = {g.make(Op::modulo, system.time, g.constant(1.0))};
    const OdeSystem frozen = with_switches_at_midpoint(system);
    const Step step = decide_switches(frozen, find_integrator(name)->step(frozen));
    long double y = 0.0L;
    for (int k = 0; k < 12; ++k) {
      y = evaluate(g, step.states, [&](std::string_view s) -> long double {
        return s == "y" ? y : s == "dt" ? 0.25L : static_cast<long double>(k) * 0.25L;
      })[0];
    }
    EXPECT_NEAR(static_cast<double>(y), 1.5, 1e-14) << name;
  }
}

}  // namespace
}  // namespace holon::pointwise

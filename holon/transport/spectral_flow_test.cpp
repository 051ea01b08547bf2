#include "holon/transport/spectral_flow.hpp"

#include "holon/transport/test_operators.hpp"

#include <cmath>

#include <gtest/gtest.h>

namespace holon::transport {
namespace {

using test::flux;
using test::Numbers;
using test::Sites;
using test::value;

struct FlowCase {
  std::string name;
  Sites sites;
  int order;
  std::vector<std::size_t> counts;
  std::vector<bool> periodic;
  std::vector<std::array<SideRule, 2>> sides;
};

std::vector<FlowCase> flows() {
  const std::array<SideRule, 2> closed{flux, flux}, zero{value, value}, low{value, flux}, high{flux, value};
  return {
      {"nodes between closed sides",
       Sites::nodes,
       2,
       {9, 7, 6},
       {false, false, false},
       {closed, closed, closed}},
      {"cells between closed sides",
       Sites::cells,
       2,
       {9, 7, 6},
       {false, false, false},
       {closed, closed, closed}},
      {"nodes of order 4", Sites::nodes, 4, {9, 7}, {false, false}, {closed, closed}},
      {"cells of order 4 and a periodic axis", Sites::cells, 4, {9, 8}, {false, true}, {closed, closed}},
      {"a periodic line of odd length", Sites::nodes, 4, {11}, {true}, {closed}},
      {"nodes with values", Sites::nodes, 2, {9, 7, 8}, {false, false, false}, {zero, low, high}},
      {"cells with values", Sites::cells, 2, {9, 7, 8}, {false, false, false}, {zero, low, high}},
      {"a plane one cell thick", Sites::cells, 2, {9, 1}, {false, false}, {closed, closed}},
  };
}

TEST(SpectralFlow, IsTheExponentialOfTheStencil) {
  ThreadPool threads(1);
  const std::array<double, 3> diffusivity{0.7, 1.3, 0.4};
  for (const FlowCase& c : flows()) {
    const auto grid = test::grid_of(c.sites, c.counts, c.periodic);
    std::vector<SpectralFlow::Axis> axes;
    std::vector<AxisStencil> stencils;
    for (std::size_t a = 0; a < c.counts.size(); ++a) {
      const Line line = line_along(*grid, static_cast<int>(a));
      stencils.push_back(diffusion_stencil(line, diffusivity[a], c.order, c.sides[a]));
      axes.push_back({line,
                      c.order,
                      {c.sides[a][0].kind == SideRule::Kind::value && !line.periodic,
                       c.sides[a][1].kind == SideRule::Kind::value && !line.periodic}});
    }
    const double decay = 0.3;
    const GridOperator op(*grid, stencils, decay);
    const SpectralFlow flow(axes);
    Numbers numbers(1);
    auto u = numbers.column(op.sites());
    for (std::size_t site = 0; site < u.size(); ++site)
      if (op.row(site).empty()) u[site] = 0.0;
    // Taylor's series of the exponential: at dt * bound = 2 its terms fall below 1e-16 before the thirtieth.
    const double dt = 2.0 / op.spectral_bound();
    auto sum = u, term = u;
    for (int n = 1; n < 40; ++n) {
      std::vector<double> next(u.size(), 0.0);
      op.stage(term, {.previous = 0.0, .value = 0.0, .rate = dt / n}, next, threads);
      term = next;
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += term[i];
    }
    flow.advance(u, flow.factors(diffusivity, decay, dt));
    for (std::size_t i = 0; i < sum.size(); ++i) EXPECT_NEAR(u[i], sum[i], 2e-15 * 8) << c.name << ", " << i;
  }
}

TEST(SpectralFlow, RefusesOneSidedClosures) {
  SpectralFlow::Axis axis{{10, 0.1, Sites::nodes, false}, 4, {true, false}};
  EXPECT_NE(SpectralFlow::refusal({axis}).find("one-sided"), std::string::npos);
  axis.order = 2;
  EXPECT_EQ(SpectralFlow::refusal({axis}), "");
}

}  // namespace
}  // namespace holon::transport

#include "holon/transport/flux_operator.hpp"

#include "holon/transport/flux_sweeps.hpp"
#include "holon/transport/grid_operator.hpp"
#include "holon/transport/test_operators.hpp"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

namespace holon::transport {
namespace {

using test::grid_of;
using test::Numbers;
using test::Sites;

constexpr TransportOperator::StageWeights rates{.previous = 0.0, .value = 0.0, .rate = 1.0};

struct FluxCase {
  std::string name;
  Sites sites;
  std::vector<std::size_t> counts;
  std::vector<bool> periodic;
  FluxOperator::SideRules rules{};
  bool tensor = false, capacity = false, mask = false;
  double decay = 0.0;
};

/// Coefficients that vary by a factor of some ten from site to site, and tensors far from the axes.
SiteCoefficients rough_coefficients(const FluxCase& c, const GridSpace& grid) {
  Numbers numbers(11);
  SiteCoefficients made;
  const std::size_t sites = grid.sites();
  const auto positive = [&] {
    auto column = numbers.column(sites);
    for (double& v : column) v = std::exp(1.2 * v);
    return column;
  };
  for (auto& axis : made.diagonal) axis = positive();
  if (c.tensor) {
    for (auto& pair : made.cross) pair.assign(sites, 0.0);
    for (std::size_t site = 0; site < sites; ++site) {
      // across I + (along - across) f f^T
      std::array<double, 3> f{numbers(), numbers(), c.counts.size() == 3 ? numbers() : 0.0};
      const double length = std::hypot(f[0], f[1], f[2]), along = 4.0 + 2.0 * numbers();
      for (double& component : f) component /= length;
      for (std::size_t a = 0; a < 3; ++a) made.diagonal[a][site] = 0.5 + (along - 0.5) * f[a] * f[a];
      made.cross[0][site] = (along - 0.5) * f[0] * f[1];
      made.cross[1][site] = (along - 0.5) * f[0] * f[2];
      made.cross[2][site] = (along - 0.5) * f[1] * f[2];
    }
  }
  if (c.capacity) made.capacity = positive();
  if (c.mask) {
    made.inside.assign(sites, 1);
    for (std::size_t site = 0; site < sites; ++site)
      if (numbers() > 0.7) made.inside[site] = 0;
  }
  return made;
}

std::vector<FluxCase> flux_cases() {
  const SideRule flux = test::flux, value = test::value, exchange = test::exchange;
  return {
      {"closed cells", Sites::cells, {7, 5, 4}, {false, false, false}},
      {"mixed cells",
       Sites::cells,
       {9, 5, 4},
       {false, true, false},
       {{{value, flux}, {}, {exchange, value}}},
       false,
       true,
       false,
       0.2},
      {"mixed nodes",
       Sites::nodes,
       {6, 9, 4},
       {false, false, true},
       {{{value, exchange}, {flux, value}, {}}}},
      {"masked cells",
       Sites::cells,
       {9, 8, 7},
       {false, true, false},
       {{{value, flux}, {}, {flux, value}}},
       false,
       false,
       true},
      {"line of nodes", Sites::nodes, {12}, {false}, {{{value, exchange}, {}, {}}}, false, true, false, 0.4},
      {"periodic line", Sites::cells, {5}, {true}},
      {"tensor, closed cells", Sites::cells, {7, 5, 6}, {false, false, false}, {}, true},
      {"tensor, closed nodes", Sites::nodes, {7, 5, 6}, {false, false, false}, {}, true, true, false, 0.3},
      {"tensor, periodic", Sites::cells, {7, 5, 6}, {true, true, true}, {}, true},
      {"tensor, cells with values",
       Sites::cells,
       {7, 12, 6},
       {false, false, true},
       {{{value, flux}, {value, value}, {}}},
       true,
       true},
      {"tensor, mixed nodes",
       Sites::nodes,
       {7, 6, 14},
       {false, false, false},
       {{{value, exchange}, {flux, value}, {value, flux}}},
       true},
      {"tensor, plane of nodes", Sites::nodes, {9, 8}, {false, true}, {{{value, flux}, {}, {}}}, true},
      {"tensor, plane of cells",
       Sites::cells,
       {9, 25},
       {false, false},
       {{{value, flux}, {flux, flux}, {}}},
       true},
      {"tensor, one layer of cells", Sites::cells, {9, 5, 1}, {false, false, false}, {}, true},
      {"tensor, masked cells", Sites::cells, {9, 8, 7}, {false, false, false}, {}, true, true, true},
  };
}

FluxOperator build(const FluxCase& c) {
  const auto grid = grid_of(c.sites, c.counts, c.periodic);
  return FluxOperator(*grid, rough_coefficients(c, *grid), c.rules, c.decay);
}

SideData data_for(const FluxOperator& op) {
  Numbers numbers(4);
  SideData data;
  for (int a = 0; a < op.dimensions(); ++a)
    for (std::size_t s = 0; s < 2; ++s)
      if (!op.periodic(a))
        data.side[static_cast<std::size_t>(a)][s] = numbers.column(op.sites() / op.count(a));
  return data;
}

std::vector<double> by_rows(const TransportOperator& op, std::span<const double> u) {
  std::vector<double> out(u.size(), 0.0);
  for (std::size_t site = 0; site < u.size(); ++site)
    for (const Entry& entry : op.row(site)) out[site] += entry.value * u[entry.site];
  return out;
}

TEST(FluxOperator, KernelsDoWhatTheAssembledRowsSay) {
  ThreadPool threads(1);
  for (const FluxCase& c : flux_cases()) {
    const FluxOperator op = build(c);
    Numbers numbers(1);
    const auto u = numbers.column(op.sites()), before = numbers.column(op.sites());
    const auto expected = by_rows(op, u);
    for (const double previous : {0.5, 0.0}) {
      auto out = before;
      op.stage(u, {.previous = previous, .value = -2.0, .rate = 0.25}, out, threads);
      for (std::size_t site = 0; site < u.size(); ++site) {
        const bool held = op.row(site).empty() && op.inside(site);
        const double stage =
            held ? before[site] : previous * before[site] - 2.0 * u[site] + 0.25 * expected[site];
        EXPECT_NEAR(out[site], stage, 1e-14 * op.spectral_bound()) << c.name << ", site " << site;
      }
    }
  }
}

TEST(FluxOperator, UniformCoefficientsGiveTheOperatorOfTheAxes) {
  ThreadPool threads(1);
  for (const test::Case& c : test::cases()) {
    if (c.order == 4) continue;
    const GridOperator axes = c.build();
    const auto grid = c.grid();
    SiteCoefficients uniform;
    const std::array<double, 3> diffusivity{0.7, 1.3, 0.4};
    FluxOperator::SideRules rules{};
    for (std::size_t a = 0; a < c.counts.size(); ++a) {
      uniform.diagonal[a].assign(grid->sites(), diffusivity[a]);
      if (a < c.sides.size()) rules[a] = c.sides[a];
    }
    const FluxOperator op(*grid, uniform, rules, c.decay);
    Numbers numbers(7);
    const auto u = numbers.column(op.sites());
    const SideData data = data_for(op);
    std::vector<double> one(u.size(), 0.0), other(u.size(), 0.0);
    op.stage(u, rates, one, threads);
    op.add_all_data(data, 1.0, one, threads);
    axes.stage(u, rates, other, threads);
    axes.add_all_data(data, 1.0, other, threads);
    for (std::size_t site = 0; site < u.size(); ++site)
      EXPECT_NEAR(one[site], other[site], 1e-14 * axes.spectral_bound()) << c.name << ", site " << site;
    // Gershgorin's circles are a little wider than the axes' own bounds beside exchanges.
    EXPECT_NEAR(op.spectral_bound(), axes.spectral_bound(), 0.06 * axes.spectral_bound()) << c.name;
    for (int a = 0; a < op.dimensions(); ++a)
      for (int side = 0; side < 2; ++side)
        EXPECT_NEAR(op.influx(a, side, u, data), axes.influx(a, side, u, data), 1e-12) << c.name;
  }
}

TEST(FluxOperator, TheTransposeIsTheAdjoint) {
  ThreadPool threads(1);
  for (const FluxCase& c : flux_cases()) {
    const FluxOperator op = build(c);
    Numbers numbers(2);
    const auto u = numbers.column(op.sites()), w = numbers.column(op.sites());
    std::vector<double> transposed(u.size(), 0.0);
    op.add_transpose(w, transposed, threads);
    const auto rate = by_rows(op, u);
    double left = 0.0, right = 0.0;
    for (std::size_t site = 0; site < u.size(); ++site) {
      left += rate[site] * w[site];
      right += u[site] * transposed[site];
    }
    EXPECT_NEAR(left, right, 1e-13 * op.spectral_bound()) << c.name;
  }
}

TEST(FluxOperator, IsSymmetricAndLosesEnergyInItsWeights) {
  for (const FluxCase& c : flux_cases()) {
    const FluxOperator op = build(c);
    Numbers numbers(5);
    for (int trial = 0; trial < 20; ++trial) {
      auto u = numbers.column(op.sites()), w = numbers.column(op.sites());
      for (std::size_t site = 0; site < u.size(); ++site)
        if (op.row(site).empty()) u[site] = w[site] = 0.0;
      const auto lu = by_rows(op, u), lw = by_rows(op, w);
      double uw = 0.0, wu = 0.0, energy = 0.0;
      for (std::size_t site = 0; site < u.size(); ++site) {
        uw += op.weight(site) * u[site] * lw[site];
        wu += op.weight(site) * w[site] * lu[site];
        energy += op.weight(site) * u[site] * lu[site];
      }
      EXPECT_NEAR(uw, wu, 1e-13 * op.spectral_bound()) << c.name;
      EXPECT_LT(energy, 0.0) << c.name;
    }
  }
}

TEST(FluxOperator, WhatTheContentGainsCameInThroughTheSides) {
  ThreadPool threads(1);
  for (const FluxCase& c : flux_cases()) {
    const FluxOperator op = build(c);
    Numbers numbers(3);
    const auto u = numbers.column(op.sites());
    const SideData data = data_for(op);
    std::vector<double> rate(u.size(), 0.0);
    op.stage(u, rates, rate, threads);
    op.add_all_data(data, 1.0, rate, threads);
    double entered = 0.0;
    for (int a = 0; a < op.dimensions(); ++a)
      for (int side = 0; side < 2; ++side) entered += op.influx(a, side, u, data);
    const double gained = op.content(rate, {}, threads) + op.decay() * op.content(u, {}, threads);
    EXPECT_NEAR(gained, entered, 1e-12) << c.name;
  }
}

TEST(FluxOperator, AConstantFieldInEquilibriumWithItsSidesStays) {
  ThreadPool threads(1);
  for (FluxCase c : flux_cases()) {
    c.decay = 0.0;
    const FluxOperator op = build(c);
    const std::vector<double> u(op.sites(), 0.1);
    std::vector<double> rate(u.size(), 0.0);
    op.stage(u, rates, rate, threads);
    SideData data;
    for (std::size_t a = 0; a < c.counts.size(); ++a)
      for (std::size_t s = 0; s < 2; ++s)
        if (c.rules[a][s].kind != SideRule::Kind::flux)
          data.side[a][s].assign(op.sites() / op.count(static_cast<int>(a)), 0.1);
    op.add_all_data(data, 1.0, rate, threads);
    for (const double r : rate) EXPECT_NEAR(r, 0.0, 2e-15 * op.spectral_bound()) << c.name;
  }
}

TEST(FluxOperator, TheSpectralBoundHolds) {
  ThreadPool threads(1);
  for (const FluxCase& c : flux_cases()) {
    const FluxOperator op = build(c);
    Numbers numbers(8);
    auto u = numbers.column(op.sites());
    for (std::size_t site = 0; site < u.size(); ++site)
      if (op.row(site).empty()) u[site] = 0.0;
    double growth = 0.0;
    std::vector<double> v(u.size(), 0.0);
    for (int iteration = 0; iteration < 300; ++iteration) {
      op.stage(u, rates, v, threads);
      double before = 0.0, after = 0.0;
      for (std::size_t site = 0; site < u.size(); ++site) {
        before += u[site] * u[site];
        after += v[site] * v[site];
      }
      growth = std::sqrt(after / before);
      for (std::size_t site = 0; site < u.size(); ++site) u[site] = v[site] / std::sqrt(after);
    }
    EXPECT_LE(growth, op.spectral_bound() * (1.0 + 1e-12)) << c.name;
    EXPECT_GT(growth, 0.2 * op.spectral_bound()) << c.name;
  }
}

TEST(FluxSweeps, InvertOneAxisAtATime) {
  ThreadPool threads(1);
  for (const FluxCase& c : flux_cases()) {
    if (c.tensor) continue;
    const FluxOperator op = build(c);
    const double step = 1.7;
    const FluxSweeps sweeps(op, step);
    Numbers numbers(6);
    for (int axis = 0; axis < op.dimensions(); ++axis) {
      const auto rhs = numbers.column(op.sites());
      auto u = rhs;
      sweeps.solve(axis, u, threads);
      for (std::size_t site = 0; site < u.size(); ++site) {
        // u - c A_axis u, from the faces and walls across that axis.
        double product = u[site];
        if (op.is_free(site)) {
          const auto index = op.indices(site);
          const std::size_t i = index[static_cast<std::size_t>(axis)], n = op.count(axis);
          const auto face = [&](std::size_t at, std::size_t other) {
            product -= step * op.inverse_capacity(site) * op.conductance(axis, at) * (u[other] - u[site]) /
                       op.width(axis, i);
          };
          const std::size_t above = i + 1 < n ? site + op.stride(axis) : site - (n - 1) * op.stride(axis);
          const std::size_t below = i > 0 ? site - op.stride(axis) : site + (n - 1) * op.stride(axis);
          if (i + 1 < n || op.periodic(axis)) face(site, above);
          if (i > 0 || op.periodic(axis)) face(below, below);
          product += step * op.inverse_capacity(site) * op.wall_rate(axis, site) * u[site];
        }
        EXPECT_NEAR(product, rhs[site], 1e-12 * (1.0 + step * op.spectral_bound()))
            << c.name << ", axis " << axis << ", site " << site;
      }
    }
  }
}

TEST(FluxOperator, LayersInSeriesConductByTheirHarmonicMean) {
  // Three layers of cells between given values: once the profile is that of the layers, nothing changes.
  ThreadPool threads(1);
  const auto grid = grid_of(Sites::cells, {12}, {false});  // spacing 0.3
  SiteCoefficients layers;
  for (std::size_t i = 0; i < 12; ++i) layers.diagonal[0].push_back(i < 3 ? 2.0 : i < 7 ? 0.01 : 0.5);
  FluxOperator::SideRules rules{};
  rules[0] = {test::value, test::value};
  const FluxOperator op(*grid, layers, rules, 0.0);
  SideData data;
  data.side[0] = {std::vector<double>{1.0}, std::vector<double>{0.0}};
  const double resistance = 0.9 / 2.0 + 1.2 / 0.01 + 1.5 / 0.5;
  std::vector<double> u(12), rate(12, 0.0);
  double passed = 0.0;
  for (std::size_t i = 0; i < 12; ++i) {
    const double half = 0.15 / layers.diagonal[0][i];
    u[i] = 1.0 - (passed + half) / resistance;
    passed += 2.0 * half;
  }
  op.stage(u, rates, rate, threads);
  op.add_all_data(data, 1.0, rate, threads);
  for (const double r : rate) EXPECT_NEAR(r, 0.0, 1e-14 * op.spectral_bound());
  EXPECT_NEAR(op.influx(0, 0, u, data), 1.0 / resistance, 1e-14);
  EXPECT_NEAR(op.influx(0, 1, u, data), -1.0 / resistance, 1e-14);
}

TEST(FluxOperator, PiecesOfAMaskAreCountedAndMeasured) {
  const auto grid = grid_of(Sites::cells, {6, 3}, {true, false});
  //  . # # . # .      a column of three at i = 1 and 2, ...
  std::vector<char> inside(18, 0);
  for (const std::size_t site : {1U, 2U, 7U, 13U, 4U, 10U, 6U + 5U, 6U + 0U}) inside[site] = 1;
  // (1,0) (2,0) (1,1) (1,2) and, joined to them around the periodic end, (0,1) (5,1) (4,1) (4,0).
  const Pieces joined = pieces_of(*grid, inside);
  EXPECT_EQ(joined.sizes, (std::vector<std::size_t>{8}));
  inside[6] = 0;
  const Pieces pieces = pieces_of(*grid, inside);
  EXPECT_EQ(pieces.sizes, (std::vector<std::size_t>{4, 3}));
  EXPECT_EQ(pieces.first_site, (std::vector<std::size_t>{1, 4}));
}

TEST(FluxOperatorThreads, GiveTheSameBitsForAnyNumberOfThreads) {
  for (const FluxCase& c : flux_cases()) {
    FluxCase large = c;
    for (std::size_t& n : large.counts) n = n * (c.counts.size() == 3 ? 5 : 40);
    const FluxOperator op = build(large);
    Numbers numbers(9);
    const auto u = numbers.column(op.sites());
    std::vector<std::vector<double>> results;
    for (const int count : {1, 2, 4}) {
      ThreadPool threads(count);
      results.push_back(numbers.column(0));
      results.back().assign(op.sites(), 0.5);
      op.stage(u, {.previous = 0.5, .value = 1.0, .rate = 0.1}, results.back(), threads);
    }
    EXPECT_EQ(results[0], results[1]) << c.name;
    EXPECT_EQ(results[0], results[2]) << c.name;
  }
}

}  // namespace
}  // namespace holon::transport

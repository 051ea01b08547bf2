#include "holon/transport/grid_operator.hpp"

#include "holon/transport/directional_sweeps.hpp"
#include "holon/transport/test_operators.hpp"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

namespace holon::transport {
namespace {

using test::Case;
using test::Numbers;

double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

std::vector<double> by_rows(const GridOperator& op, std::span<const double> u) {
  std::vector<double> out(u.size(), 0.0);
  for (std::size_t site = 0; site < u.size(); ++site)
    for (const Entry& entry : op.row(site)) out[site] += entry.value * u[entry.site];
  return out;
}

TEST(GridOperator, KernelsDoWhatTheAssembledRowsSay) {
  ThreadPool threads(1);
  for (const Case& c : test::cases()) {
    const GridOperator op = c.build();
    Numbers numbers(1);
    const auto u = numbers.column(op.sites());
    const auto before = numbers.column(op.sites());
    const auto expected = by_rows(op, u);
    auto out = before;
    op.stage(u, {.previous = 0.5, .value = -2.0, .rate = 0.25}, out, threads);
    auto by_axes = std::vector<double>(u.size(), 0.0);
    for (int a = 0; a < op.dimensions(); ++a) op.add_axis(a, u, 1.0, by_axes, threads);
    const double scale = op.spectral_bound();
    for (std::size_t site = 0; site < u.size(); ++site) {
      const bool held = op.row(site).empty();
      const double stage = held ? before[site] : 0.5 * before[site] - 2.0 * u[site] + 0.25 * expected[site];
      EXPECT_NEAR(out[site], stage, 1e-14 * scale) << c.name << ", site " << site;
      if (held) continue;
      EXPECT_NEAR(by_axes[site] - c.decay * u[site], expected[site], 1e-14 * scale)
          << c.name << ", site " << site;
    }
  }
}

TEST(GridOperator, TheTransposeIsTheAdjoint) {
  ThreadPool threads(1);
  for (const Case& c : test::cases()) {
    const GridOperator op = c.build();
    Numbers numbers(2);
    const auto u = numbers.column(op.sites()), w = numbers.column(op.sites());
    std::vector<double> transposed(u.size(), 0.0);
    op.add_transpose(w, transposed, threads);
    EXPECT_NEAR(dot(by_rows(op, u), w), dot(u, transposed), 1e-13 * op.spectral_bound()) << c.name;
  }
}

TEST(GridOperator, WhatTheContentGainsCameInThroughTheSides) {
  ThreadPool threads(1);
  for (const Case& c : test::cases()) {
    const GridOperator op = c.build();
    Numbers numbers(3);
    const auto u = numbers.column(op.sites());
    const SideData data = test::data_for(op, 4);
    std::vector<double> rate(u.size(), 0.0);
    op.stage(u, {.previous = 0.0, .value = 0.0, .rate = 1.0}, rate, threads);
    double entered = -c.decay * op.content(u, {}, threads);
    for (int a = 0; a < op.dimensions(); ++a) {
      op.add_data(a, data, 1.0, rate);
      for (int side = 0; side < 2; ++side) entered += op.influx(a, side, u, data);
    }
    EXPECT_NEAR(op.content(rate, {}, threads), entered, 2e-13) << c.name;
    const bool isolated = c.decay == 0.0 && c.periodic == std::vector<bool>(c.periodic.size(), true);
    EXPECT_EQ(std::abs(entered) < 1e-6, isolated) << c.name;
  }
}

TEST(GridOperator, AConstantFieldInEquilibriumWithItsSidesStaysExactly) {
  ThreadPool threads(1);
  for (Case c : test::cases()) {
    c.decay = 0.0;
    const GridOperator op = c.build();
    const std::vector<double> u(op.sites(), 0.1);
    std::vector<double> rate(u.size(), 0.0);
    op.stage(u, {.previous = 0.0, .value = 0.0, .rate = 1.0}, rate, threads);
    for (int a = 0; a < op.dimensions(); ++a) {
      SideData data;
      for (std::size_t s = 0; s < 2; ++s)
        if (c.sides.size() > static_cast<std::size_t>(a) &&
            c.sides[static_cast<std::size_t>(a)][s].kind != SideRule::Kind::flux)
          data.side[static_cast<std::size_t>(a)][s].assign(op.sites() / op.count(a), 0.1);
      op.add_data(a, data, 1.0, rate);
    }
    for (const double r : rate) EXPECT_NEAR(r, 0.0, 1e-15 * op.spectral_bound()) << c.name;
  }
}

TEST(GridOperator, ImposingHeldValuesReportsWhatItBroughtIn) {
  ThreadPool threads(1);
  for (const Case& c : test::cases()) {
    const GridOperator op = c.build();
    const auto grid = c.grid();
    Numbers numbers(5);
    auto u = numbers.column(op.sites());
    const auto before = u;
    const SideData data = test::data_for(op, 6);
    double brought = 0.0;
    for (int a = 0; a < op.dimensions(); ++a)
      for (int side = 0; side < 2; ++side)
        if (op.holds(a, side)) brought += op.impose(a, side, data, u);
    double change = 0.0;
    for (std::size_t site = 0; site < u.size(); ++site) {
      change += grid->measure(site) * (u[site] - before[site]);
      EXPECT_EQ(u[site] != before[site], op.row(site).empty()) << c.name << ", site " << site;
    }
    EXPECT_NEAR(brought, change, 1e-14) << c.name;
  }
}

TEST(GridOperator, TheSpectralBoundAgreesWithAPowerIteration) {
  ThreadPool threads(1);
  std::vector<Case> cases = test::cases();
  for (Case& c : cases) {
    for (std::size_t& n : c.counts)
      n = c.counts.size() == 3 ? 25 : 40;  // a finite line misses the bound by (pi/2n)^2
    const GridOperator op = c.build();
    Numbers numbers(7);
    auto u = numbers.column(op.sites());
    std::vector<double> next(u.size(), 0.0);
    double growth = 0.0;
    for (int iteration = 0; iteration < 1500; ++iteration) {
      op.stage(u, {.previous = 0.0, .value = 0.0, .rate = 1.0}, next, threads);
      growth = std::sqrt(dot(next, next) / dot(u, u));
      for (std::size_t i = 0; i < u.size(); ++i) u[i] = next[i] / growth;
    }
    EXPECT_LT(growth, op.spectral_bound() * (1.0 + 1e-6)) << c.name;
    EXPECT_GT(growth, op.spectral_bound() * 0.99) << c.name;
  }
}

TEST(DirectionalSweeps, SolveTheLinesTheyClaimToSolve) {
  ThreadPool threads(1);
  for (const Case& c : test::cases()) {
    const GridOperator op = c.build();
    const double step = 0.4;
    const DirectionalSweeps sweeps(op, step);
    Numbers numbers(8);
    const auto u = numbers.column(op.sites());
    for (int a = 0; a < op.dimensions(); ++a) {
      auto v = u;
      sweeps.solve(a, v, threads);
      auto residual = v;
      op.add_axis(a, v, -step, residual, threads);
      for (std::size_t site = 0; site < u.size(); ++site)
        EXPECT_NEAR(residual[site], u[site], 1e-13) << c.name << ", axis " << a << ", site " << site;
    }
  }
}

TEST(DirectionalSweeps, ReflectionIsTheProductOfCrankNicolsonFactorsAndConserves) {
  ThreadPool threads(1);
  for (Case c : test::cases()) {
    c.sides.clear();
    const GridOperator op = c.build();
    const double step = 0.4;
    const DirectionalSweeps sweeps(op, step);
    Numbers numbers(9);
    const auto u = numbers.column(op.sites());
    auto reflected = u;
    const DirectionalSweeps::Reflection all{&sweeps, reflected, 0.75};
    EXPECT_TRUE(DirectionalSweeps::reflect({&all, 1}, threads).at(0)) << c.name;
    auto expected = u;
    for (int a = 0; a < op.dimensions(); ++a) {
      auto rhs = expected;
      op.add_axis(a, expected, step, rhs, threads);
      sweeps.solve(a, rhs, threads);
      expected = rhs;
    }
    for (std::size_t site = 0; site < u.size(); ++site)
      EXPECT_NEAR(reflected[site], 0.75 * expected[site], 1e-13) << c.name;
    EXPECT_NEAR(op.content(reflected, {}, threads), 0.75 * op.content(u, {}, threads), 1e-14 * op.sites())
        << c.name;
  }
}

TEST(DirectionalSweepsThreads, GiveTheSameBitsForAnyNumberOfThreads) {
  for (Case c : test::cases()) {
    if (c.counts.size() == 3) c.counts = {37, 33, 35};
    if (c.counts.size() == 1) c.counts = {20000};
    const GridOperator op = c.build();
    Numbers numbers(10);
    const auto u = numbers.column(op.sites());
    std::vector<std::vector<double>> stages, sweeps;
    std::vector<double> contents;
    for (const int count : {1, 2, 4}) {
      ThreadPool threads(count);
      std::vector<double> out(u.size(), 0.0);
      op.stage(u, {.previous = 0.0, .value = 1.0, .rate = 0.01}, out, threads);
      const DirectionalSweeps swept(op, 0.4);
      for (int a = 0; a < op.dimensions(); ++a) {
        op.add_axis(a, u, 0.01, out, threads);
        swept.solve(a, out, threads);
      }
      stages.push_back(out);
      const DirectionalSweeps::Reflection all{&swept, out, 0.9};
      if (!op.has_held_sites()) DirectionalSweeps::reflect({&all, 1}, threads);
      sweeps.push_back(out);
      contents.push_back(op.content(out, {}, threads));
    }
    for (std::size_t other = 1; other < stages.size(); ++other) {
      EXPECT_EQ(stages[0], stages[other]) << c.name;
      EXPECT_EQ(sweeps[0], sweeps[other]) << c.name;
      EXPECT_EQ(contents[0], contents[other]) << c.name;
    }
  }
}

}  // namespace
}  // namespace holon::transport

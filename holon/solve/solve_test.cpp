// Multigrid and conjugate gradients on systems whose solution is known.
#include "holon/base/test_numbers.hpp"
#include "holon/solve/conjugate_gradients.hpp"
#include "holon/solve/grid_multigrid.hpp"

#include <cmath>
#include <cstdint>
#include <string>

#include <gtest/gtest.h>

namespace holon::solve {
namespace {

using test::Numbers;

struct Box {
  std::string name;
  std::array<std::size_t, 3> count;
  std::array<bool, 3> periodic{};
  std::array<double, 3> conductance{1.0, 1.0, 1.0};
  double shift = 0.0;   // everywhere
  double spread = 0.0;  // conductances vary by exp(+- spread)
  double holes = 0.0;   // part of the sites that are cut off
  int most_iterations = 20;
};

/// With zero shift the first plane along x is tied down, so that the system is not singular.
GridSystem system_of(const Box& box) {
  GridSystem s;
  s.count = box.count;
  s.periodic = box.periodic;
  const std::size_t n = box.count[0] * box.count[1] * box.count[2];
  s.shift.assign(n, box.shift);
  Numbers numbers(3);
  std::vector<bool> hole(n);
  for (std::size_t i = 0; i < n; ++i) hole[i] = 0.5 * (1.0 + numbers()) < box.holes;
  const std::array<std::size_t, 3> stride{1, box.count[0], box.count[0] * box.count[1]};
  for (std::size_t site = 0; site < n; ++site)
    if (site % box.count[0] == 0 && !box.periodic[0]) s.shift[site] += 2.0 * box.conductance[0];
  for (std::size_t a = 0; a < 3; ++a) {
    if (box.count[a] == 1) continue;
    s.conductance[a].assign(n, 0.0);
    for (std::size_t site = 0; site < n; ++site) {
      const bool last = site / stride[a] % box.count[a] + 1 == box.count[a];
      if (last && !box.periodic[a]) continue;
      const std::size_t other = last ? site - (box.count[a] - 1) * stride[a] : site + stride[a];
      if (!hole[site] && !hole[other])
        s.conductance[a][site] = box.conductance[a] * std::exp(box.spread * numbers());
    }
  }
  for (std::size_t site = 0; site < n; ++site)
    if (hole[site]) s.shift[site] += 1.0;
  return s;
}

std::vector<Box> boxes() {
  return {
      {"cube", {33, 32, 31}},
      {"long thin box", {200, 12, 3}},
      {"line", {1000, 1, 1}},
      {"periodic plane with a shift", {60, 47, 1}, {true, true, false}, {1.0, 1.0, 1.0}, 1e-4},
      {"anisotropic", {32, 32, 32}, {}, {100.0, 1.0, 0.01}, 0.0, 0.0, 0.0, 25},
      {"rough", {32, 32, 32}, {}, {1.0, 1.0, 1.0}, 0.0, 2.0, 0.0, 40},
      {"with holes", {40, 40, 20}, {}, {1.0, 1.0, 1.0}, 1e-3, 0.0, 0.1, 40},
      {"short step", {32, 32, 32}, {}, {1.0, 1.0, 1.0}, 2.0, 0.0, 0.0, 12},
  };
}

/// The operator written out site by site.
void product(const GridSystem& s, std::span<const double> x, std::span<double> out) {
  const std::array<std::size_t, 3> stride{1, s.count[0], s.count[0] * s.count[1]};
  for (std::size_t i = 0; i < x.size(); ++i) out[i] = s.shift[i] * x[i];
  for (std::size_t a = 0; a < 3; ++a) {
    if (s.conductance[a].empty()) continue;
    for (std::size_t site = 0; site < x.size(); ++site) {
      const double c = s.conductance[a][site];
      if (c == 0.0) continue;
      const bool last = site / stride[a] % s.count[a] + 1 == s.count[a];
      const std::size_t other = last ? site - (s.count[a] - 1) * stride[a] : site + stride[a];
      out[site] += c * (x[site] - x[other]);
      out[other] += c * (x[other] - x[site]);
    }
  }
}

double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

TEST(GridMultigrid, MakesConjugateGradientsConvergeInFewIterations) {
  ThreadPool threads(1);
  for (const Box& box : boxes()) {
    const GridSystem system = system_of(box);
    GridMultigrid multigrid(system);
    Numbers numbers(1);
    const auto exact = numbers.column(system.shift.size());
    std::vector<double> b(exact.size()), x(exact.size(), 0.0);
    product(system, exact, b);
    ConjugateGradients solver;
    const auto report = solver.solve([&](auto in, auto out) { product(system, in, out); },
                                     [&](auto in, auto out) { multigrid.apply(in, out, threads); }, dot, b, x,
                                     {.tolerance = 1e-11}, threads);
    EXPECT_TRUE(report.converged) << box.name;
    EXPECT_LE(report.iterations, box.most_iterations) << box.name;
    double error = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i) error = std::max(error, std::abs(x[i] - exact[i]));
    EXPECT_LT(error, 1e-6) << box.name;
  }
}

TEST(GridMultigrid, IsSymmetricAndPositive) {
  ThreadPool threads(1);
  for (const Box& box : boxes()) {
    GridMultigrid multigrid(system_of(box));
    Numbers numbers(2);
    const std::size_t n = box.count[0] * box.count[1] * box.count[2];
    const auto u = numbers.column(n), w = numbers.column(n);
    std::vector<double> mu(n), mw(n);
    multigrid.apply(u, mu, threads);
    multigrid.apply(w, mw, threads);
    EXPECT_NEAR(dot(u, mw), dot(w, mu), 1e-12 * std::sqrt(dot(u, mu) * dot(w, mw))) << box.name;
    EXPECT_GT(dot(u, mu), 0.0) << box.name;
  }
}

TEST(ConjugateGradients, SayWhenTheyDoNotConverge) {
  ThreadPool threads(1);
  const std::vector<double> b{1.0, 2.0, 3.0};
  const auto plain = [](auto in, auto out) { std::copy(in.begin(), in.end(), out.begin()); };
  const auto scaled = [](auto in, auto out) {
    for (std::size_t i = 0; i < in.size(); ++i) out[i] = static_cast<double>(i + 1) * in[i];
  };
  ConjugateGradients solver;
  std::vector<double> x(3, 0.0);
  auto report = solver.solve(scaled, plain, dot, b, x, {.tolerance = 1e-12, .most_iterations = 2}, threads);
  EXPECT_FALSE(report.converged);
  EXPECT_EQ(report.iterations, 2);
  EXPECT_GT(report.residual, 1e-6);
  x.assign(3, 0.0);
  report = solver.solve(scaled, plain, dot, b, x, {.tolerance = 1e-12}, threads);
  EXPECT_TRUE(report.converged);
  EXPECT_EQ(report.iterations, 3);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(x[i], 1.0, 1e-12);
  const auto negative = [](auto in, auto out) {
    for (std::size_t i = 0; i < in.size(); ++i) out[i] = -in[i];
  };
  x.assign(3, 0.0);
  EXPECT_FALSE(solver.solve(negative, plain, dot, b, x, {}, threads).converged);
}

TEST(ConjugateGradients, NothingOnTheRightIsNothingOnTheLeft) {
  ThreadPool threads(1);
  const auto plain = [](auto in, auto out) { std::copy(in.begin(), in.end(), out.begin()); };
  std::vector<double> x{1.0, 2.0};
  EXPECT_TRUE(
      ConjugateGradients().solve(plain, plain, dot, std::vector<double>{0.0, 0.0}, x, {}, threads).converged);
  EXPECT_EQ(x, (std::vector<double>{0.0, 0.0}));
}

TEST(GridMultigridThreads, GiveTheSameBitsForAnyNumberOfThreads) {
  for (const Box& box : boxes()) {
    Numbers numbers(4);
    const std::size_t n = box.count[0] * box.count[1] * box.count[2];
    const auto u = numbers.column(n);
    std::vector<std::vector<double>> results;
    for (const int count : {1, 2, 4}) {
      ThreadPool threads(count);
      GridMultigrid multigrid(system_of(box));
      results.emplace_back(n);
      multigrid.apply(u, results.back(), threads);
    }
    EXPECT_EQ(results[0], results[1]) << box.name;
    EXPECT_EQ(results[0], results[2]) << box.name;
  }
}

}  // namespace
}  // namespace holon::solve

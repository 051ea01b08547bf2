// Slopes at points: exact for linear fields everywhere, of order 2 for smooth ones, and conjugate to their
// adjoint.
#include "holon/space/point_gradient.hpp"

#include "holon/base/error.hpp"

#include <cmath>
#include <numbers>
#include <random>

#include <gtest/gtest.h>

namespace holon {
namespace {

using Sites = GridSpace::Sites;

struct Points {
  std::array<std::vector<double>, 3> x;
  std::vector<std::int64_t> id;
  PointCloud cloud() const { return {{x[0], x[1], x[2]}, {}, id}; }
};

Points points_in(const GridSpace& grid, std::size_t count) {
  std::mt19937_64 random(5);
  std::uniform_real_distribution<double> share(0.0, 1.0);
  Points points;
  for (std::size_t i = 0; i < count; ++i) {
    for (int a = 0; a < grid.dimensions(); ++a) {
      // Some on the sides.
      const double u = i % 5 == 0 ? std::round(share(random)) : share(random);
      points.x[static_cast<std::size_t>(a)].push_back(grid.axis(a).origin + u * grid.extent(a));
    }
    points.id.push_back(static_cast<std::int64_t>(count - i));
  }
  return points;
}

std::vector<double> values(const GridSpace& grid, const std::function<double(const Position&)>& f) {
  std::vector<double> result(grid.sites());
  for (std::size_t site = 0; site < result.size(); ++site) result[site] = f(grid.position(site));
  return result;
}

GridSpace grid_of(Sites sites, bool periodic) {
  return {"g", sites, {{8, 0.5, -1.0, periodic}, {6, 0.75, 2.0, periodic}, {5, 1.0, 0.0, false}}};
}

TEST(PointGradient, OfALinearFieldIsItsSlopeEverywhere) {
  for (const Sites sites : {Sites::cells, Sites::nodes})
    for (const PointKernel kernel : {PointKernel{}, PointKernel{PointKernel::Shape::nearest, 1},
                                     PointKernel{PointKernel::Shape::linear, 2}}) {
      const GridSpace grid = grid_of(sites, false);
      const Points points = points_in(grid, 200);
      ThreadPool threads(2);
      const PointSampling sampling(grid, kernel, points.cloud(), threads);
      const auto field =
          values(grid, [](const Position& p) { return 3.0 - 2.0 * p[0] + 0.5 * p[1] + 7.0 * p[2]; });
      const std::array expected{-2.0, 0.5, 7.0};
      for (int axis = 0; axis < 3; ++axis) {
        const PointGradient gradient(grid, axis, sampling);
        std::vector<double> slope(200, NAN);
        gradient.apply(field, slope, threads);
        for (const double each : slope) EXPECT_NEAR(each, expected[static_cast<std::size_t>(axis)], 1e-12);
      }
    }
}

TEST(PointGradient, IsOfOrderTwoForSmoothFieldsAlsoAtSidesAndAroundPeriodicAxes) {
  for (const bool periodic : {false, true}) {
    std::vector<double> errors;
    for (const std::size_t n : {40U, 80U}) {
      const double h = 1.0 / static_cast<double>(n);
      const GridSpace grid("g", Sites::cells, {{n, h, 0.0, periodic}, {n, h, 0.0, periodic}});
      const Points points = points_in(grid, 300);
      ThreadPool threads(1);
      const PointSampling sampling(grid, PointKernel{}, points.cloud(), threads);
      const PointGradient gradient(grid, 1, sampling);
      const double k = 2.0 * std::numbers::pi;
      const auto field =
          values(grid, [&](const Position& p) { return std::cos(k * p[0]) * std::sin(k * p[1] + 0.3); });
      std::vector<double> slope(300);
      gradient.apply(field, slope, threads);
      double worst = 0.0;
      for (std::size_t i = 0; i < slope.size(); ++i) {
        // At a side of cells the kernel takes the value of the middle of the last one: half a spacing away.
        if (!periodic &&
            (std::abs(points.x[1][i] - 0.5) > 0.5 - h || std::abs(points.x[0][i] - 0.5) > 0.5 - h))
          continue;
        const double exact = k * std::cos(k * points.x[0][i]) * std::cos(k * points.x[1][i] + 0.3);
        worst = std::max(worst, std::abs(slope[i] - exact));
      }
      errors.push_back(worst);
    }
    EXPECT_NEAR(std::log2(errors[0] / errors[1]), 2.0, 0.2) << "periodic: " << periodic;
  }
}

TEST(PointGradient, AndItsAdjointAreConjugateAndTheAdjointAddsUpToNothing) {
  for (const bool periodic : {false, true}) {
    const GridSpace grid = grid_of(Sites::cells, periodic);
    const Points points = points_in(grid, 150);
    ThreadPool threads(2);
    const PointSampling sampling(grid, PointKernel{}, points.cloud(), threads);
    std::mt19937_64 random(3);
    std::normal_distribution<double> normal;
    std::vector<double> f(grid.sites()), g(150), tf(150), tg(grid.sites());
    for (double& x : f) x = normal(random);
    for (double& x : g) x = normal(random);
    for (int axis = 0; axis < 3; ++axis) {
      const PointGradient gradient(grid, axis, sampling);
      gradient.apply(f, tf, threads);
      gradient.apply_adjoint(g, tg, threads);
      double left = 0.0, right = 0.0, scale = 0.0, sum = 0.0;
      for (std::size_t i = 0; i < g.size(); ++i) {
        left += tf[i] * g[i];
        scale += std::abs(tf[i] * g[i]);
      }
      for (std::size_t k = 0; k < f.size(); ++k) {
        right += grid.measure(k) * f[k] * tg[k];
        sum += grid.measure(k) * tg[k];
      }
      EXPECT_NEAR(left, right, 1e-14 * scale);
      EXPECT_NEAR(sum, 0.0, 1e-12);
    }
  }
}

TEST(PointGradient, ReadsNothingOutsideOfAnIrregularDomain) {
  GridSpace whole("g", Sites::cells, {{8, 1.0, 0.0, false}, {8, 1.0, 0.0, false}});
  std::vector<char> inside(64, 1);
  for (std::size_t k = 0; k < 64; ++k) inside[k] = whole.position(k)[0] < 5.0 ? 1 : 0;
  const GridSpace part(whole, inside);
  auto field = values(part, [](const Position& p) { return p[0] * 2.0; });
  for (std::size_t k = 0; k < 64; ++k)
    if (inside[k] == 0) field[k] = 1e9;
  Points points;
  points.x = {{{4.5, 4.5, 0.5}, {3.5, 0.5, 6.5}, {}}};
  points.id = {0, 1, 2};
  ThreadPool threads(1);
  const PointSampling sampling(part, PointKernel{}, points.cloud(), threads);
  std::vector<double> slope(3);
  PointGradient(part, 0, sampling).apply(field, slope, threads);
  for (const double each : slope) EXPECT_NEAR(each, 2.0, 1e-12);
}

TEST(PointGradient, NeedsTwoSitesAlongItsAxis) {
  const GridSpace grid("g", Sites::cells, {{8, 1.0, 0.0, false}, {1, 1.0, 0.0, false}});
  Points points;
  points.x = {{{0.5}, {0.5}, {}}};
  points.id = {0};
  ThreadPool threads(1);
  const PointSampling sampling(grid, PointKernel{}, points.cloud(), threads);
  EXPECT_THROW(PointGradient(grid, 1, sampling), InputError);
}

}  // namespace
}  // namespace holon

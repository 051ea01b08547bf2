#include "holon/solve/fixed_point.hpp"

#include <cmath>
#include <functional>

#include <gtest/gtest.h>

namespace holon::solve {
namespace {

using Acceleration = FixedPointOptions::Acceleration;
using Map = std::function<std::vector<double>(const std::vector<double>&)>;

double norm(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(sum);
}

/// Evaluations of the map until |H - g| is 1e-8 of the first; `most` if it does not get there.
int evaluations(const Map& map, std::vector<double> g, const FixedPointOptions& options, int most = 400) {
  FixedPointAcceleration acceleration(options, std::vector<double>(g.size(), 1.0));
  double first = 0.0;
  for (int n = 1; n < most; ++n) {
    const std::vector<double> image = map(g);
    const double residual = norm(image, g);
    if (n == 1) first = residual;
    if (residual <= 1e-8 * first) return n;
    acceleration.next(g, image);
    if (!std::isfinite(g[0])) return most;
  }
  return most;
}

/// Case E7 of the engine set: a Dirichlet-Neumann heat interface, 64 transverse modes, implicit Euler with
/// dt = 0.01, conductivity `ratio` on the Dirichlet side.
Map heat_interface(double ratio) {
  std::vector<double> factor;
  for (int k = 1; k <= 64; ++k) {
    const double square = std::pow(k * M_PI, 2);
    const double m1 = std::sqrt(square + 1.0 / (0.01 * ratio)), m2 = std::sqrt(square + 1.0 / 0.01);
    factor.push_back(-ratio * m1 / std::tanh(m1) / (m2 / std::tanh(m2)));
  }
  return [factor](const std::vector<double>& g) {
    std::vector<double> image(64);
    for (std::size_t k = 0; k < 64; ++k) image[k] = factor[k] * g[k] + 1.0 / static_cast<double>(k + 1);
    return image;
  };
}

TEST(FixedPoint, HeatInterfaceTakesThePublishedNumberOfEvaluations) {
  const std::vector<double> zero(64, 0.0);
  struct Row {
    double ratio;
    int plain, constant, aitken, anderson;
  };
  for (const Row& row :
       {Row{0.5, 51, 10, 8, 8}, Row{0.9, 319, 6, 6, 6}, Row{2, 400, 12, 9, 8}, Row{10, 400, 29, 15, 11}}) {
    const Map map = heat_interface(row.ratio);
    EXPECT_EQ(evaluations(map, zero, {Acceleration::constant, 1.0, 20}), row.plain) << row.ratio;
    EXPECT_EQ(evaluations(map, zero, {Acceleration::constant, 1.0 / (1.0 + row.ratio), 20}), row.constant);
    EXPECT_LE(evaluations(map, zero, {Acceleration::aitken, 0.5, 20}), row.aitken) << row.ratio;
    EXPECT_LE(evaluations(map, zero, {Acceleration::anderson, 0.5, 20}), row.anderson) << row.ratio;
  }
}

TEST(FixedPoint, AitkenSolvesScalarLinearProblemsInThreeEvaluations) {
  for (const double slope : {-50.0, -1.0, 0.3, 0.99, 7.0}) {
    const Map map = [&](const std::vector<double>& g) { return std::vector<double>{slope * g[0] + 2.0}; };
    EXPECT_LE(evaluations(map, {0.0}, {Acceleration::aitken, 0.5, 20}), 3) << slope;
    EXPECT_LE(evaluations(map, {0.0}, {Acceleration::anderson, 0.5, 20}), 3) << slope;
  }
}

TEST(FixedPoint, DependentColumnsAreDroppedAndGiveNoNotANumber) {
  // Every component the same: all differences after the first are multiples of it.
  const Map map = [](const std::vector<double>& g) {
    std::vector<double> image(g.size());
    for (std::size_t i = 0; i < g.size(); ++i) image[i] = std::cos(g[i]);
    return image;
  };
  FixedPointAcceleration acceleration({Acceleration::anderson, 0.5, 20}, std::vector<double>(8, 1.0));
  std::vector<double> g(8, 0.0);
  for (int n = 0; n < 30; ++n) acceleration.next(g, map(g));  // on and on after it has converged
  for (const double value : g) EXPECT_NEAR(value, 0.7390851332151607, 1e-14);
  EXPECT_GT(acceleration.dropped(), 3u);
}

TEST(FixedPoint, AitkenKeepsItsFactorWhereTheResidualDoesNotChange) {
  FixedPointAcceleration acceleration({Acceleration::aitken, 0.25, 20}, {1.0});
  std::vector<double> g{0.0};
  for (int n = 0; n < 4; ++n) {
    const std::vector<double> image{g[0] + 1.0};
    acceleration.next(g, image);
    EXPECT_DOUBLE_EQ(g[0], 0.25 * (n + 1));
  }
}

TEST(FixedPoint, WeightsMakeTheResultIndependentOfUnits) {
  const auto run = [](double scale) {
    FixedPointAcceleration acceleration({Acceleration::anderson, 0.5, 20}, {1.0, 1.0 / scale});
    std::vector<double> g{0.0, 0.0};
    for (int n = 0; n < 4; ++n) {
      const double x = g[0], y = g[1] / scale;
      acceleration.next(g, std::vector<double>{1.0 - 0.8 * x * y, scale * (0.3 + std::sin(x))});
    }
    return std::pair(g[0], g[1] / scale);
  };
  const auto metres = run(1.0), micrometres = run(1048576.0);
  EXPECT_EQ(metres.first, micrometres.first);
  EXPECT_EQ(metres.second, micrometres.second);
}

}  // namespace
}  // namespace holon::solve

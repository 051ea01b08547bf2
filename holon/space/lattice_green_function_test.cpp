#include "holon/space/lattice_green_function.hpp"

#include "holon/space/self_response.hpp"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

namespace holon {
namespace {

constexpr double pi = std::numbers::pi;

TEST(ScaledBessel, AgreesWithTheStandardLibraryAndSumsToOne) {
  for (const double z : {1e-3, 0.5, 3.0, 40.0, 250.0}) {
    const auto values = scaled_bessel_i(z, 12);
    for (int n = 0; n <= 12; ++n) {
      const double exact = std::cyl_bessel_i(static_cast<double>(n), z) * std::exp(-z);
      EXPECT_NEAR(values[static_cast<std::size_t>(n)], exact, 1e-13 * (exact + 1e-30)) << n << ", " << z;
    }
  }
  // The recurrence and the asymptotic series meet.
  const double z = 300.0 + 4.0 * 36.0;
  const auto below = scaled_bessel_i(z * (1.0 - 1e-15), 6), above = scaled_bessel_i(z, 6);
  for (std::size_t n = 0; n <= 6; ++n) EXPECT_NEAR(below[n] / above[n], 1.0, 1e-13);
}

TEST(LatticeGreenFunction, HasTheValuesOfTheSevenPointLaplacian) {
  // Glasser & Zucker 1977; tissue-agents V3.
  const LatticeGreenFunction g({.dimensions = 3}, 2);
  EXPECT_NEAR(g(0, 0, 0), 0.252731009859, 2e-12);
  EXPECT_NEAR(g(1, 0, 0), 0.086064343192, 2e-12);
  EXPECT_NEAR(g(1, 1, 0), 0.055191433688, 2e-12);
  EXPECT_NEAR(g(-1, 1, -1), 0.043578354398, 2e-12);
  EXPECT_NEAR(g(0, 2, 0), 0.042889314542, 2e-12);
  EXPECT_NEAR(g(0, 0, 0) - g(1, 0, 0), 1.0 / 6.0, 2e-13);
}

TEST(LatticeGreenFunction, SolvesTheEquationOfAnAnisotropicLatticeWithDecay) {
  const DiffusiveMedium medium{3, {2.0, 0.5, 1.0}, {3.0, 0.1, 0.7}, 0.02};
  const LatticeGreenFunction g(medium, 4);
  const double volume = 2.0 * 0.5 * 1.0;
  for (const auto& [x, y, z] : {std::array{0, 0, 0}, {1, 0, 0}, {0, 2, 1}, {3, 3, 3}}) {
    const double here = g(x, y, z);
    double rate = medium.decay * here;
    rate -= medium.diffusivity[0] / 4.0 * (g(x + 1, y, z) - 2.0 * here + g(x - 1, y, z));
    rate -= medium.diffusivity[1] / 0.25 * (g(x, y + 1, z) - 2.0 * here + g(x, y - 1, z));
    rate -= medium.diffusivity[2] * (g(x, y, z + 1) - 2.0 * here + g(x, y, z - 1));
    EXPECT_NEAR(rate, x + y + z == 0 ? 1.0 / volume : 0.0, 1e-12);
  }
}

TEST(LatticeGreenFunction, BecomesTheContinuumFarAway) {
  const LatticeGreenFunction g({.dimensions = 3, .decay = 0.01}, 24);
  const double r = std::sqrt(3.0) * 20.0;
  EXPECT_NEAR(g(20, 20, 20) * 4.0 * pi * r * std::exp(0.1 * r), 1.0, 2e-3);  // error ~ (k h)^2 r/(24 lambda)
}

TEST(LatticeGreenFunction, InAPlaneActsAsACircleOfPeacemansRadius) {
  // Far away the field is that of a circle: G(r) - ln(r0/r)/(2 pi) -> 0, so r_eff = r0 exp(-2 pi G(0)).
  const LatticeGreenFunction g({.dimensions = 2}, 30);
  EXPECT_NEAR(std::exp(-2.0 * pi * g(0, 0)), 0.1985059, 2e-7);
  EXPECT_NEAR(g(30, 0), std::log(1.0 / 30.0) / (2.0 * pi), 3e-5);
  EXPECT_NEAR(g(0, 0) - g(1, 0), 0.25, 1e-12);
  EXPECT_NEAR(g(0, 0) - g(1, 1), 1.0 / pi, 1e-12);
  // Equal axes of a stretched lattice keep the level of the continuum.
  const LatticeGreenFunction stretched({.dimensions = 2, .spacing = {0.5, 1.0, 1.0}}, 60);
  EXPECT_NEAR(stretched(60, 0), std::log(stretched.reference_radius() / 30.0) / (2.0 * pi), 3e-5);
}

TEST(LatticeGreenFunction, OnALineIsTheContinuumsAtTheSites) {
  const LatticeGreenFunction g({.dimensions = 1, .spacing = {0.5, 1, 1}, .diffusivity = {2.0, 1, 1}}, 6);
  for (int x = 0; x <= 6; ++x) EXPECT_NEAR(g(x), -0.5 * x / (2.0 * 2.0), 1e-12);
}

TEST(LatticeGreenFunction, WithDecayKnowsTheLevelInAPlaneAndOnALine) {
  const LatticeGreenFunction plane({.dimensions = 2, .decay = 0.05}, 12);
  const double r0 = plane.reference_radius(), k = std::sqrt(0.05);
  const double level = std::cyl_bessel_i(0.0, r0 * k) * std::cyl_bessel_k(0.0, r0 * k) / (2.0 * pi);
  EXPECT_NEAR(plane(12, 0) + level, std::cyl_bessel_k(0.0, 12.0 * k) / (2.0 * pi), 5e-5);
  // (error about (k h)^2 (r/lambda)/24 of the value)
  const LatticeGreenFunction line({.dimensions = 1, .decay = 0.05}, 0);
  // G(0) = 1/(k^2 + 4 k)^{1/2} for unit spacing and diffusivity.
  EXPECT_NEAR(line(0) + 0.5 / k, 1.0 / std::sqrt(0.05 * 0.05 + 4.0 * 0.05), 1e-12);
}

GridSpace cube(double h, GridSpace::Sites sites) {
  return {"box", sites, std::vector<GridSpace::Axis>(3, {16, h, 0.0, false})};
}

TEST(SelfResponse, PutsTheSurfaceOfASphereRightAtAnyPositionAndSpacing) {
  // T c of a unit source is on_grid(w, w); with R it is the continuum's surface field by construction: what
  // is tested is R against the table of a source at a site, and between two sites.
  const double a = 1.0, d = 2.0;
  for (const double h : {1.0, 3.0, 10.0}) {
    const SelfResponse response({.spacing = {h, h, h}, .diffusivity = {d, d, d}}, 2);
    const GridSpace grid = cube(h, GridSpace::Sites::nodes);
    const PointWeights linear(grid, {});
    LatticeWeights weights;
    linear.find({8 * h, 8 * h, 8 * h}, a, weights);
    EXPECT_NEAR(response.self(weights, a), (1.0 / (4.0 * pi * a) - 0.252731009859 / h) / d, 1e-12);
    linear.find({8.5 * h, 8 * h, 8 * h}, a, weights);
    EXPECT_NEAR(response.self(weights, a),
                (1.0 / (4.0 * pi * a) - 0.5 * (0.252731009859 + 0.086064343192) / h) / d, 1e-12);
  }
}

TEST(SelfResponse, OfASphereKernelIsNeverNegative) {
  for (const double radius : {0.05, 0.2, 0.3149, 0.5, 0.8, 1.0, 1.3, 2.0, 3.1}) {
    const SelfResponse response({.dimensions = 3}, 10);
    const GridSpace grid = cube(1.0, GridSpace::Sites::cells);
    const PointWeights sphere(grid, {PointKernel::Shape::sphere, 1});
    LatticeWeights weights;
    for (const double x : {8.0, 8.2, 8.5})
      for (const double y : {8.0, 8.3, 8.5})
        for (const double z : {8.1, 8.5}) {
          sphere.find({x, y, z}, radius, weights);
          EXPECT_GE(response.self(weights, radius), 0.0) << radius << " at " << x << ' ' << y << ' ' << z;
        }
  }
}

TEST(SelfResponse, BetweenShellsIsNewtonsWhereTheyAreApart) {
  EXPECT_NEAR(shell_to_shell(1.0, 2.0, 5.0), 0.2, 1e-15);
  EXPECT_NEAR(shell_to_shell(2.0, 1.0, 0.5), 0.5, 1e-15);   // inside a larger one
  EXPECT_NEAR(shell_to_shell(1.0, 1.0, 1.0), 0.75, 1e-15);  // (1 - d/(4a))/a for equal ones that overlap
  EXPECT_NEAR(shell_to_shell(1.0, 1.0, 2.0), 0.5, 1e-15);
}

}  // namespace
}  // namespace holon

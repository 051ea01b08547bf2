// Tips where two fields have known zeros.
#include "holon/observe/bilinear_root.hpp"
#include "holon/observe/prescribed.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon::observe {
namespace {

using test::number;
using ::testing::HasSubstr;

TEST(BilinearRoot, IsExactAlsoForTwistedSquares) {
  // u = (s - 0.3)(t + 2), v = (t - 0.8)(s + 1) + 0.5 (s - 0.3): both zero at (0.3, 0.8).
  BilinearPair pair;
  const std::array<std::array<double, 2>, 4> corner{{{0, 0}, {1, 0}, {0, 1}, {1, 1}}};
  for (std::size_t k = 0; k < 4; ++k) {
    const auto [s, t] = corner[k];
    pair.u[k] = (s - 0.3) * (t + 2.0);
    pair.v[k] = (t - 0.8) * (s + 1.0) + 0.5 * (s - 0.3);
  }
  EXPECT_EQ(winding(pair), 1);
  EXPECT_NEAR(bilinear_root(pair)[0], 0.3, 1e-14);
  EXPECT_NEAR(bilinear_root(pair)[1], 0.8, 1e-14);
  for (double& u : pair.u) u = -u;
  EXPECT_EQ(winding(pair), -1);
  for (double& v : pair.v) v += 10.0;
  EXPECT_EQ(winding(pair), 0);
  pair.v[2] = std::nan("");
  EXPECT_EQ(winding(pair), 0);
}

TEST(BilinearRoot, OfStraightFieldsAlongTheAxesIsExact) {
  for (const bool swapped : {false, true}) {
    BilinearPair pair{{-0.25, 0.75, -0.25, 0.75}, {-0.6, -0.6, 0.4, 0.4}};
    if (swapped) std::swap(pair.u, pair.v);
    EXPECT_EQ(winding(pair), swapped ? -1 : 1);
    EXPECT_NEAR(bilinear_root(pair)[0], 0.25, 1e-15);
    EXPECT_NEAR(bilinear_root(pair)[1], 0.6, 1e-15);
  }
}

/// Two fields on a plane of nodes from -2 to 2.
std::string plane(const std::string& u, const std::string& v, const std::string& periodic = "[]") {
  return "holon: 1\nspaces: {plane: {type: grid, sites: nodes, size: [4, 4], origin: [-2, -2], spacing: "
         "0.25, periodic: " +
         periodic + "}}\nprocesses:\n  u: {type: prescribed, space: plane, value: \"" + u +
         "\"}\n  v: {type: prescribed, space: plane, value: \"" + v + R"("}
schedule: {step: 0.5, until: 4}
observe: {tip: {type: phase_singularities, of: [u.u, v.u], levels: [0.5, -1], every: 1}}
results: {tips: {of: tip}, most: {of: tip.most}}
)";
}

TEST(PhaseSingularities, FollowATipThatMovesExactly) {
  // The tip goes round on a circle of radius 1.
  const auto run = test::run(plane("=0.5 + position.x - cos(time)", "=-1 + position.y - sin(time)"));
  EXPECT_EQ(number(*run, "tips"), 1.0);
  const Series tips = run->series().at("tip");
  ASSERT_EQ(tips.rows.size(), 5U);
  EXPECT_EQ(tips.columns[1].name, "x");
  for (std::size_t k = 0; k < 5; ++k) {
    EXPECT_NEAR(tips.rows[k][1], std::cos(double(k)), 1e-12);
    EXPECT_NEAR(tips.rows[k][2], std::sin(double(k)), 1e-12);
    EXPECT_EQ(tips.rows[k][3], 1.0);
  }
}

TEST(PhaseSingularities, OnASiteAreCountedOnce) {
  const auto run = test::run(plane("=0.5 + position.x", "=-1 - position.y"));
  EXPECT_EQ(number(*run, "tips"), 1.0);
  EXPECT_EQ(run->series().at("tip").rows[0][3], -1.0);
}

TEST(PhaseSingularities, AppearInPairs) {
  // u = x^2 - a(t) with a crossing 0: none, then two of opposite charge.
  const auto run = test::run(plane("=0.5 + position.x^2 + 1.1 - time", "=-1 + position.y - 0.1"));
  const Series count = run->series().at("tip_count");
  EXPECT_EQ(count.rows[0][1], 0.0);
  EXPECT_EQ(count.rows[2][1], 2.0);
  EXPECT_EQ(number(*run, "most"), 2.0);
  const Series tips = run->series().at("tip");
  EXPECT_EQ(tips.rows[0][3] + tips.rows[1][3], 0.0);
  // Linear between sites: the error of the place is that of the interpolation.
  EXPECT_NEAR(tips.rows[0][1], -std::sqrt(0.9), 0.25 * 0.25 / (8.0 * std::sqrt(0.9)) * 1.3);
}

TEST(PhaseSingularities, AreFoundAcrossAPeriodicSide) {
  // sin and cos have their zeros (0.5, -1) at x = +-2 (the seam) and x = 0; y is not periodic.
  const auto run = test::run(plane("=0.5 + sin(pi*position.x/2 + 0.2)", "=-1 + position.y", "[x]"));
  EXPECT_EQ(number(*run, "tips"), 2.0);
  const Series tips = run->series().at("tip");
  EXPECT_NEAR(tips.rows[0][1], -0.2 * 2 / 3.14159265, 0.01);
  EXPECT_NEAR(tips.rows[1][1], 2.0 - 0.2 * 2 / 3.14159265, 0.01);
}

TEST(PhaseSingularities, ThatAreFoundDoNotDependOnThreads) {
  const std::string text = plane("=0.5 + sin(3*position.x) + 0.3*cos(5*position.y + time)",
                                 "=-1 + sin(4*position.y + 1) - 0.2*position.x");
  const auto one = test::simulation(text, nullptr, 1), three = test::simulation(text, nullptr, 3);
  one->run();
  three->run();
  EXPECT_GT(one->series().at("tip").rows.size(), 5U);
  EXPECT_EQ(one->series().at("tip").rows, three->series().at("tip").rows);
}

TEST(PhaseSingularities, AreRefusedOnALine) {
  EXPECT_THAT(test::attempt(R"(
holon: 1
spaces: {line: {type: grid, sites: nodes, size: [6], spacing: 1}}
processes: {u: {type: prescribed, space: line, value: 0}}
schedule: {step: 1, until: 4}
observe: {tip: {type: phase_singularities, of: [u.u, u.u], levels: [0, 0]}}
)")
                  .errors,
              HasSubstr("a grid of two axes"));
}

}  // namespace
}  // namespace holon::observe

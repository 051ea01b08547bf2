// Electrodes over potentials whose field is known.
#include "holon/observe/lead_field.hpp"
#include "holon/observe/prescribed.hpp"

#include <cmath>
#include <numbers>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon::observe {
namespace {

using test::number;
using ::testing::HasSubstr;

/// Integral of 1/r over the rectangle [x0, x1] x [y0, y1] at height z over it, from the origin's foot
/// (Durand).
double rectangle(double x0, double x1, double y0, double y1, double z) {
  const auto corner = [z](double x, double y) {
    const double r = std::sqrt(x * x + y * y + z * z);
    return x * std::log(y + r) + y * std::log(x + r) - z * std::atan2(x * y, z * r);
  };
  return corner(x1, y1) - corner(x0, y1) - corner(x1, y0) + corner(x0, y0);
}

const Position electrode{0.3, 1.4, 1.9};

/// What the electrode reads over a box of 1 x 1 x 0.5 where V is a function of z.
double reading(GridSpace::Sites sites, std::size_t n, double (*potential)(double)) {
  const double h = 1.0 / static_cast<double>(n);
  const GridSpace grid("box", sites, {{n, h, 0.0, false}, {n, h, 0.0, false}, {n / 2, h, 0.0, false}});
  const auto lead = lead_field(grid, {0.2, 0.4, 0.7}, electrode);
  double sum = 0.0;
  for (std::size_t site = 0; site < lead.size(); ++site)
    sum += lead[site] * potential(grid.position(site)[2]);
  return sum;
}

TEST(LeadField, OfALinearPotentialConvergesToTheChargedSidesOfTheBox) {
  // V = z: the integral of d(1/r)/dz is that of 1/r over the upper side less that over the lower.
  const double exact = -0.7 / (4.0 * std::numbers::pi) *
                       (rectangle(-0.3, 0.7, -1.4, -0.4, 1.9 - 0.5) - rectangle(-0.3, 0.7, -1.4, -0.4, 1.9));
  std::vector<double> errors;
  for (const std::size_t n : {10, 20, 40})
    errors.push_back(reading(GridSpace::Sites::nodes, n, [](double z) { return z; }) - exact);
  EXPECT_NEAR(std::log2(errors[0] / errors[1]), 2.0, 0.1);
  EXPECT_NEAR(std::log2(errors[1] / errors[2]), 2.0, 0.1);
  EXPECT_LT(std::abs(errors[2]), 1e-3 * std::abs(exact));
}

TEST(LeadField, OfCellsAndOfNodesAgreeWhereNothingFlowsThroughTheSides) {
  const auto wave = [](double z) { return std::cos(2.0 * std::numbers::pi * z); };
  const auto difference = [&](std::size_t n) {
    return reading(GridSpace::Sites::cells, n, wave) - reading(GridSpace::Sites::nodes, n, wave);
  };
  EXPECT_NEAR(std::log2(difference(20) / difference(40)), 2.0, 0.2);
  EXPECT_LT(std::abs(difference(40)), 0.01 * std::abs(reading(GridSpace::Sites::nodes, 40, wave)));
}

TEST(LeadField, OfAPartOfAGridIsThatOfASmallerOne) {
  const auto sites = GridSpace::Sites::cells;
  const GridSpace small("box", sites, {{3, 0.1, 0.0, false}, {2, 0.1, 0.0, false}});
  const GridSpace large("box", sites, {{5, 0.1, -0.1, false}, {2, 0.1, 0.0, false}});
  const GridSpace part(large, {0, 1, 1, 1, 0, 0, 1, 1, 1, 0});
  const auto expected = lead_field(small, {0.2, 0.4, 0.7}, electrode),
             found = lead_field(part, {0.2, 0.4, 0.7}, electrode);
  for (std::size_t j = 0; j < 2; ++j)
    for (std::size_t i = 0; i < 5; ++i)
      EXPECT_NEAR(found[5 * j + i], i == 0 || i == 4 ? 0.0 : expected[3 * j + i - 1], 1e-15);
  EXPECT_TRUE(too_near(large, large.position(0)));
  EXPECT_FALSE(too_near(part, {-0.055, 0.05, 0.0}));  // beside the part, within the grid
}

TEST(LeadField, OfAUniformPotentialIsNothing) {
  const GridSpace grid("box", GridSpace::Sites::nodes,
                       {{7, 0.1, 0.0, false}, {5, 0.2, 0.0, false}, {4, 0.1, 0.0, false}});
  double sum = 0.0, size = 0.0;
  for (const double weight : lead_field(grid, {1.0, 0.5, 0.1}, {0.3, 0.2, 0.7})) {
    sum += weight;
    size += std::abs(weight);
  }
  EXPECT_NEAR(sum, 0.0, 1e-14 * size);
}

std::string box(const std::string& options) {
  return R"(
holon: 1
spaces: {box: {type: grid, sites: nodes, size: [4 mm, 1 mm, 1 mm], spacing: 0.1 mm}}
processes:
  wave: {type: prescribed, space: box, unit: mV, value: '=100 mV/(1 + exp((position.x - time*0.5 mm/ms)/(0.2 mm)))'}
schedule: {step: 0.5 ms, until: 8 ms}
observe:
  ecg:
    type: pseudo_ecg
    of: wave.u
    every: 1 ms
    electrodes: {ahead: [6 mm, 0.5 mm, 0.5 mm], beside: [2 mm, 0.5 mm, 4 mm]}
)" + options +
         "results: {most: {of: ecg.ahead.highest}, least: {of: ecg.beside.lowest}}\n";
}

TEST(PseudoEcg, IsPositiveAheadOfAWaveAndChangesSignBesideIt) {
  const auto run = test::run(box(""));
  const Series ecg = run->series().at("ecg");
  ASSERT_EQ(ecg.rows.size(), 9U);
  EXPECT_EQ(ecg.columns[1].name, "ahead");
  EXPECT_EQ(ecg.columns[1].unit.text(), "mV");
  for (std::size_t k = 1; k < 8; ++k) EXPECT_GT(ecg.rows[k][1], 0.0);
  for (std::size_t k = 1; k < 7; ++k) EXPECT_GT(ecg.rows[k + 1][1], ecg.rows[k][1] * (k == 6 ? 0.0 : 1.0));
  EXPECT_GT(ecg.rows[2][2], 0.0);
  EXPECT_NEAR(ecg.rows[4][2], 0.0, 1e-12);  // the front is at the middle, below the electrode
  EXPECT_LT(ecg.rows[6][2], 0.0);
  EXPECT_EQ(number(*run, "most"), ecg.rows[7][1] > ecg.rows[8][1] ? ecg.rows[7][1] : ecg.rows[8][1]);
}

TEST(PseudoEcg, OfAThinFrontIsThatOfADiskOfDipoles) {
  // On the axis of a bar of area A, far away, a step of height V0 at distance d reads V0 A ratio/(4 pi
  // d^2).
  const auto run = test::run(box("    ratio: 0.25\n"));
  const Series ecg = run->series().at("ecg");
  const double d = 6.0 - 2.0, expected = 100.0 * 1.0 * 0.25 / (4.0 * std::numbers::pi * d * d);
  EXPECT_NEAR(ecg.rows[4][1], expected,
              0.05 * expected);  // the disk and the front have extents of about 1 mm
}

TEST(PseudoEcg, DoesNotDependOnThreads) {
  const auto one = test::simulation(box(""), nullptr, 1), three = test::simulation(box(""), nullptr, 3);
  one->run();
  three->run();
  EXPECT_EQ(one->series().at("ecg").rows, three->series().at("ecg").rows);
}

TEST(PseudoEcg, RefusesAnElectrodeInTheTissue) {
  std::string text = box("");
  text.replace(text.find("[6 mm, 0.5 mm, 0.5 mm]"), 22, "[2 mm, 0.5 mm, 1.05 mm]");
  EXPECT_THAT(test::attempt(text).errors, HasSubstr("nearer than a spacing to node (20, 5, 10)"));
}

TEST(PseudoEcg, OfACableNeedsItsThicknessAndScalesWithItsCrossSection) {
  const auto cable = [](const std::string& thickness) {
    return R"(
holon: 1
spaces: {cable: {type: grid, sites: nodes, size: [4 mm], spacing: 0.1 mm}}
processes: {wave: {type: prescribed, space: cable, unit: mV, value: '=100 mV*position.x/(1 mm)'}}
schedule: {step: 1 ms, until: 1 ms}
observe:
  ecg:
    type: pseudo_ecg
    of: wave.u
    electrodes: {e: [4 mm, 3 mm, 0 mm]}
)" + thickness +
           "results: {e: {of: ecg.e.highest}}\n";
  };
  EXPECT_THAT(test::attempt(cable("")).errors, HasSubstr("thickness"));
  // -A/(4 pi) g (1/r at the end - 1/r at the start), exact for a straight V.
  const double exact = -4.0 / (4.0 * std::numbers::pi) * 100.0 * (1.0 / 3.0 - 1.0 / 5.0);
  EXPECT_NEAR(number(*test::run(cable("    thickness: 2 mm\n")), "e"), exact, 1e-10);
}

}  // namespace
}  // namespace holon::observe

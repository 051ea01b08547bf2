// Four stiff systems against reference solutions (case: engine E9; asked at 1e-10, accepted at 1e-7
// relative).
#include <cmath>

#include "verification/model_run.hpp"
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

std::vector<double> y(const std::string& problem, const std::string& t_end) {
  ModelRun run("models/principles/stiff.yaml",
               {"parameters.problem=" + problem, "parameters.t_end=" + t_end});
  return run.to_the_end().array("y");
}

void expect_relative(double value, double reference) {
  EXPECT_NEAR(value, reference, 1e-7 * std::abs(reference));
}

TEST(StiffSystems, RobertsonAtForty) {
  const std::vector<double> end = y("robertson", "40");
  ASSERT_EQ(end.size(), 3u);
  expect_relative(end[0], 0.7158270687194);
  expect_relative(end[1], 9.185534764558e-6);
  expect_relative(end[2], 0.2841637457458);
}

TEST(StiffSystems, RobertsonAtTheEndOfItsLongTail) {
  const std::vector<double> end = y("robertson", "1e11");
  expect_relative(end[0], 2.08334014970e-8);
  expect_relative(end[1], 8.33336077033e-14);
  expect_relative(end[2], 0.99999997916651);
}

TEST(StiffSystems, Hires) {
  const std::vector<double> end = y("hires", "321.8122");
  ASSERT_EQ(end.size(), 8u);
  expect_relative(end[0], 7.371312573325e-4);
  expect_relative(end[7], 2.850001604815e-3);
}

TEST(StiffSystems, Oregonator) {
  const std::vector<double> end = y("oregonator", "360");
  expect_relative(end[0], 1.00081487031852);
  expect_relative(end[1], 1228.17852154995);
  expect_relative(end[2], 132.055494284655);
}

TEST(StiffSystems, VanDerPol) {
  const std::vector<double> end = y("van_der_pol", "2");
  expect_relative(end[0], 1.70616773217042);
  expect_relative(end[1], -0.892809701024863);
}

}  // namespace
}  // namespace holon::verification

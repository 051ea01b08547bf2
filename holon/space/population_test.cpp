#include "holon/space/population.hpp"

#include "holon/base/error.hpp"

#include <gmock/gmock.h>

namespace holon {
namespace {

using ::testing::HasSubstr;

std::shared_ptr<const GridSpace> box() {
  return std::make_shared<GridSpace>(
      "tissue", GridSpace::Sites::cells,
      std::vector<GridSpace::Axis>{{.intervals = 4, .spacing = 0.5, .origin = -1.0, .periodic = true},
                                   {.intervals = 3, .spacing = 2.0, .origin = 5.0}});
}

TEST(Population, PlacesAgentsAtRandomInTheFrameTheSameForTheSameSeed) {
  const Population cells("cells", box(), 4000, {});
  const auto places = cells.positions_at_start(7);
  ASSERT_EQ(places.size(), 4000U);
  double mean_x = 0.0, mean_y = 0.0;
  for (const Position& at : places) {
    EXPECT_GE(at[0], -1.0);
    EXPECT_LE(at[0], 1.0);
    EXPECT_GE(at[1], 5.0);
    EXPECT_LE(at[1], 11.0);
    mean_x += at[0] / 4000.0;
    mean_y += at[1] / 4000.0;
  }
  // Four standard errors of the mean of a uniform distribution.
  EXPECT_NEAR(mean_x, 0.0, 4.0 * 2.0 / std::sqrt(12.0 * 4000.0));
  EXPECT_NEAR(mean_y, 8.0, 4.0 * 6.0 / std::sqrt(12.0 * 4000.0));
  EXPECT_EQ(places, cells.positions_at_start(7));
  EXPECT_NE(places, cells.positions_at_start(8));
}

TEST(Population, ALatticeHasEqualSpacingWhereTheCountFits) {
  const Population cells("cells", box(), 12, {.rule = Population::Placement::Rule::lattice, .listed = {}});
  const auto places = cells.positions_at_start(0);  // the box is 2 by 6: cells of side 1
  for (std::size_t k = 0; k < 12; ++k) {
    EXPECT_DOUBLE_EQ(places[k][0], -0.5 + static_cast<double>(k % 2));
    EXPECT_DOUBLE_EQ(places[k][1], 5.5 + static_cast<double>(k / 2));
  }
}

TEST(Population, ALatticeHasRoomForEveryCount) {
  for (std::size_t count = 0; count < 60; ++count) {
    const Population cells("cells", box(), count,
                           {.rule = Population::Placement::Rule::lattice, .listed = {}});
    auto places = cells.positions_at_start(0);
    for (const Position& at : places) EXPECT_LT(at[1], 11.0) << count;
    std::sort(places.begin(), places.end());
    EXPECT_EQ(std::unique(places.begin(), places.end()), places.end()) << count;
  }
}

TEST(Population, RefusesAPlaceOutsideItsFrame) {
  try {
    const Population cells("cells", box(), 2,
                           {.rule = Population::Placement::Rule::listed, .listed = {{0.0, 6.0}, {0.0, 4.0}}});
    FAIL() << "no error";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("agent 1 of 'cells' is placed at y = 4 outside 'tissue'"));
  }
}

TEST(Population, RefusesAFrameWithoutABox) {
  EXPECT_THROW(Population("cells", std::make_shared<PointSpace>("point"), 1, {}), InputError);
}

TEST(Population, DeclaresPlacesOnlyInAFrame) {
  FieldTable fields;
  const auto framed = std::make_shared<const Population>("cells", box(), 3, Population::Placement{});
  const auto mixed = std::make_shared<const Population>("broth", nullptr, 3, Population::Placement{});
  const PopulationFields cells = declare_population_fields(fields, framed);
  const PopulationFields broth = declare_population_fields(fields, mixed);
  EXPECT_EQ(fields[*cells.position].components, 2);
  EXPECT_EQ(fields[cells.id].name, "cells.id");
  EXPECT_FALSE(broth.position || broth.radius);
  EXPECT_EQ(population_fields(fields, *framed).radius, cells.radius);
  EXPECT_EQ(population_fields(fields, *mixed).next_id, broth.next_id);
}

}  // namespace
}  // namespace holon

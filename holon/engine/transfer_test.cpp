#include "holon/engine/transfer.hpp"

#include "holon/base/error.hpp"
#include "holon/space/whole_space_maps.hpp"

#include <cmath>
#include <numbers>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon {
namespace {

/// A grid of 8^3 cells of side 1 with points whose places are a field.
struct Fixture {
  std::shared_ptr<FieldTable> fields = std::make_shared<FieldTable>();
  std::shared_ptr<ParameterTable> parameters = std::make_shared<ParameterTable>();
  std::shared_ptr<const GridSpace> grid = std::make_shared<GridSpace>(
      "grid", GridSpace::Sites::cells, std::vector<GridSpace::Axis>(3, {8, 1.0, 0.0, false}), Dimension{});
  std::shared_ptr<const Space> points = std::make_shared<NamedPoints>(
      "points", std::vector<std::string>{"a", "b"}, std::vector<Position>(2), 3, Dimension{});
  FieldId c = add("c", grid), rate = add("rate", points), more = add("more", points),
          density = add("density", grid), sensed = add("sensed", points),
          position = add("points.position", points, 3);

  FieldId add(const std::string& name, std::shared_ptr<const Space> space, int components = 1) {
    Field field;
    field.name = name;
    field.space = std::move(space);
    field.components = components;
    return fields->add(field);
  }
  std::shared_ptr<const PointGeometry> geometry(
      std::optional<PointGeometry::Responses> responses = {}) const {
    return std::make_shared<PointGeometry>(grid, PointKernel{}, PointPlaces(points, *fields, 0.1), responses);
  }
  State state() const {
    State state(fields, parameters, 0);
    for (int a = 0; a < 3; ++a) {
      state.real(position, a)[0] = 2.5;
      state.real(position, a)[1] = 5.25;
    }
    state.real(rate)[0] = 3.0;
    state.real(rate)[1] = 4.0;
    return state;
  }
};

struct Workplace {
  ThreadPool threads{2};
  Workspace work;
  Workplace() { work.threads = &threads; }
};

double total(std::span<const double> values) {
  double sum = 0.0;
  for (const double x : values) sum += x;
  return sum;
}

TEST(Transfer, AddsUpItsSourcesWithTheirUnits) {
  Fixture f;
  const auto deposit = std::make_shared<AdjointGeometry>(f.geometry());
  const Transfer transfer("density", *f.fields, f.density, {{f.rate, deposit, 2.0}, {f.more, deposit, 0.5}},
                          std::nullopt, {});
  State state = f.state();
  state.real(f.more)[0] = 10.0;
  Workplace place;
  transfer.determine(state, 0.0, place.work);
  EXPECT_NEAR(total(state.real(f.density)), 2.0 * 7.0 + 0.5 * 10.0, 1e-13);
  EXPECT_NEAR(state.real(f.density)[f.grid->index(2, 2, 2)], 2.0 * 3.0 + 0.5 * 10.0, 1e-13);
  EXPECT_THAT(transfer.determined_from(), testing::IsSupersetOf({f.rate, f.more, f.position}));
  // What is evaluated twice is not added twice.
  transfer.determine(state, 0.0, place.work);
  EXPECT_NEAR(total(state.real(f.density)), 19.0, 1e-13);
}

TEST(Transfer, FollowsPointsThatMove) {
  Fixture f;
  const Transfer transfer("sensed", *f.fields, f.sensed, {{f.c, f.geometry(), 1.0}}, std::nullopt, {});
  State state = f.state();
  for (std::size_t site = 0; site < f.grid->sites(); ++site)
    state.real(f.c)[site] = f.grid->position(site)[0];
  Workplace place;
  transfer.determine(state, 0.0, place.work);
  EXPECT_NEAR(state.real(f.sensed)[0], 2.5, 1e-14);
  state.real(f.position, 0)[0] = 6.125;
  transfer.determine(state, 0.0, place.work);
  EXPECT_NEAR(state.real(f.sensed)[0], 6.125, 1e-14);
  EXPECT_NEAR(state.real(f.sensed)[1], 5.25, 1e-14);
  state.real(f.position, 1)[1] = 8.5;
  EXPECT_THAT([&] { transfer.determine(state, 0.0, place.work); },
              testing::ThrowsMessage<NumericalFailure>(testing::AllOf(
                  testing::HasSubstr("coupling 'sensed'"), testing::HasSubstr("outside of grid 'grid'"))));
}

TEST(Transfer, AddsWhatPointsGiveOffThemselves) {
  Fixture f;
  PointGeometry::Responses responses;
  responses.medium.diffusivity = {2.0, 2.0, 2.0};
  responses.neighbours = PointResponses::Neighbours::none;
  const Transfer transfer("sensed", *f.fields, f.sensed, {{f.c, f.geometry(responses), 1.0}},
                          Transfer::Given{f.rate, 10.0}, {});
  State state = f.state();
  Workplace place;
  transfer.determine(state, 0.0, place.work);
  // In the middle of a voxel the grid shows 0.2527 q/(D h), a sphere 1/(4 pi D a).
  const double response = (1.0 / (4.0 * std::numbers::pi * 0.1) - 0.252731009859) / 2.0;
  EXPECT_NEAR(state.real(f.sensed)[0], 10.0 * 3.0 * response, 1e-10);
}

}  // namespace
}  // namespace holon

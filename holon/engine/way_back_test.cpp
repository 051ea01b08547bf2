#include "holon/engine/way_back.hpp"

#include "holon/engine/ledger.hpp"
#include "holon/engine/test_capacity.hpp"
#include "holon/space/grid_remap.hpp"
#include "holon/space/point_sampling.hpp"
#include "holon/space/product_maps.hpp"
#include "holon/space/radial_space.hpp"
#include "holon/space/side_trace.hpp"
#include "holon/space/trace_space.hpp"
#include "holon/space/whole_space_maps.hpp"

#include <cmath>

#include <gtest/gtest.h>

namespace holon {
namespace {

/// A map whose adjoint brings back a little more than it should.
class Leaky final : public LinearMap {
 public:
  Leaky(std::shared_ptr<const LinearMap> map, double leak)
      : LinearMap({map->from_measures().begin(), map->from_measures().end()},
                  {map->to_measures().begin(), map->to_measures().end()}),
        map_(std::move(map)),
        leak_(leak) {}
  void apply(std::span<const double> from, std::span<double> to, ThreadPool& threads) const override {
    map_->apply(from, to, threads);
  }
  void apply_adjoint(std::span<const double> to, std::span<double> from, ThreadPool& threads) const override {
    map_->apply_adjoint(to, from, threads);
    for (double& value : from) value *= 1.0 + leak_;
  }
  std::vector<Entry> entries() const override { return map_->entries(); }

 private:
  std::shared_ptr<const LinearMap> map_;
  double leak_;
};

struct Case {
  const char* name;
  std::shared_ptr<const Space> from, to;
  std::shared_ptr<const LinearMap> map;
};

std::vector<Case> cases() {
  const auto grid = std::make_shared<GridSpace>(
      "grid", GridSpace::Sites::nodes,
      std::vector<GridSpace::Axis>{{6, 0.5, 0.0, false}, {4, 0.25, 0.0, false}, {3, 1.0, 0.0, true}});
  const auto coarse = std::make_shared<GridSpace>(
      "coarse", GridSpace::Sites::cells,
      std::vector<GridSpace::Axis>{{4, 0.75, 0.0, false}, {2, 0.5, 0.0, false}, {3, 1.0, 0.0, true}});
  const auto one = std::make_shared<PointSpace>("one");
  const auto edge = std::make_shared<TraceSpace>("edge", grid, 1, 1);
  const auto micro = std::make_shared<GridSpace>("micro", GridSpace::Sites::cells,
                                                 std::vector<GridSpace::Axis>{{5, 0.1, 0.0, false}});
  const auto product = std::make_shared<ProductSpace>("product", coarse, micro);
  const auto points = std::make_shared<NamedPoints>(
      "points", std::vector<std::string>{"a", "b", "c"},
      std::vector<Position>{{0.3, 0.2, 0.1}, {3.0, 1.0, 2.5}, {0.31, 0.2, 0.1}}, 3);
  PointCloud cloud;
  for (int a = 0; a < 3; ++a) cloud.coordinate[static_cast<std::size_t>(a)] = points->coordinates(a);
  ThreadPool threads(1);
  return {{"identity", grid, grid, std::make_shared<IdentityMap>(*grid)},
          {"broadcast", one, coarse, std::make_shared<BroadcastMap>(*coarse)},
          {"average", grid, one, std::make_shared<AverageMap>(*grid)},
          {"sample", grid, points, std::make_shared<PointSampling>(*grid, PointKernel{}, cloud, threads)},
          {"remap", grid, coarse, std::make_shared<GridRemap>(*grid, *coarse)},
          {"lift", coarse, product, std::make_shared<LiftMap>(*product)},
          {"mean", product, coarse, std::make_shared<MicroAverageMap>(*product)},
          {"trace", grid, edge, std::make_shared<SideTrace>(*grid, 1, 1)}};
}

struct Outcome {
  Crossing crossing;
  LedgerBalance books;
};

/// Brings amounts back once, and keeps the books as a process does.
Outcome outcome(const Case& each, double leak, FieldKind kind, bool porous = false) {
  auto fields = std::make_shared<FieldTable>();
  const FieldId of =
      fields->add({.name = "of", .space = each.from, .kind = kind, .conserved = {{"something", 1.0}}});
  const FieldId made = fields->add({.name = "made", .space = each.to});
  if (porous) fields->set_capacity(of, test::porosity(each.from->sites()));
  using Role = LedgerAccount::Role;
  const Ledger ledger(*fields, {{of, "process", "contribution"},
                                {of, "process", "made", Role::left},
                                {of, "process", "made", Role::arrived},
                                {of, "process", "made", Role::moved}});
  State state(fields, std::make_shared<ParameterTable>(), 4);
  ThreadPool threads(2);
  const auto before = ledger.held(state, threads);
  const WayBack way{made, of, std::make_shared<FixedGeometry>(std::make_shared<Leaky>(each.map, leak)), ""};
  std::vector<double> amounts(each.to->sites());
  for (std::size_t s = 0; s < amounts.size(); ++s)
    amounts[s] = std::sin(0.9 * static_cast<double>(s * s) + 0.4) + 0.6;
  WayBackScratch scratch;
  Outcome result;
  result.crossing = bring_back(state, way, amounts, scratch, threads);
  const Crossing& crossing = result.crossing;
  AccountId account = 0;
  state.account(account).add(crossing.rounding);
  for (const double amount : {crossing.left, crossing.left, crossing.arrived, crossing.moved})
    state.account(account++).add(amount);
  result.books = ledger.balances(state, before, threads).at(0);
  return result;
}

TEST(WayBack, BringsBackWhatLeftThroughEveryKindOfCoupling) {
  for (const FieldKind kind : {FieldKind::density, FieldKind::amount})
    for (const Case& each : cases()) {
      const Outcome tight = outcome(each, 0.0, kind);
      ASSERT_EQ(tight.books.crossings.size(), 1u);
      EXPECT_LT(tight.books.crossings[0].relative_difference(), 1e-14) << each.name;
      EXPECT_LT(tight.books.relative_residual, 1e-14) << each.name;
      EXPECT_GT(std::abs(tight.crossing.left), 0.01) << each.name;
    }
}

TEST(WayBack, WhatComesBackIntoAPorousFieldFillsItsPores) {
  for (const FieldKind kind : {FieldKind::density, FieldKind::amount})
    for (const Case& each : cases()) {
      const Outcome tight = outcome(each, 0.0, kind, true);
      EXPECT_LT(tight.books.crossings.at(0).relative_difference(), 1e-14) << each.name;
      EXPECT_LT(tight.books.relative_residual, 1e-14) << each.name;
    }
}

TEST(WayBack, InAPorousFieldItsMatrixAndItsTransposeAreThoseOfWhatIsBroughtBack) {
  ThreadPool threads(1);
  for (const Case& each : cases()) {
    auto fields = std::make_shared<FieldTable>();
    const FieldId of = fields->add({.name = "of", .space = each.from, .kind = FieldKind::density});
    const FieldId made = fields->add({.name = "made", .space = each.to});
    fields->set_capacity(of, test::porosity(each.from->sites()));
    const State state(fields, std::make_shared<ParameterTable>(), 0);
    const WayBack way{made, of, std::make_shared<FixedGeometry>(each.map), ""};
    std::vector<double> amounts(each.to->sites()), weights(each.from->sites());
    for (std::size_t s = 0; s < amounts.size(); ++s) amounts[s] = std::cos(1.1 * static_cast<double>(s));
    for (std::size_t s = 0; s < weights.size(); ++s)
      weights[s] = 1.0 + std::sin(0.7 * static_cast<double>(s));
    WayBackScratch scratch;
    const auto brought = brought_back(state, way, amounts, scratch, threads);
    std::vector<double> by_matrix(weights.size(), 0.0);
    WayBackScratch other;
    for (const LinearMap::Entry& entry : back_entries(state, way, other, threads))
      by_matrix[entry.row] += entry.weight * amounts[entry.column];
    double left = 0.0, right = 0.0;
    for (std::size_t s = 0; s < weights.size(); ++s) {
      EXPECT_NEAR(by_matrix[s], brought[s], 1e-12 * (1.0 + std::abs(brought[s]))) << each.name;
      left += weights[s] * brought[s];
    }
    const std::vector<double> back = transposed(state, way, weights, other, threads);
    for (std::size_t s = 0; s < amounts.size(); ++s) right += back[s] * amounts[s];
    EXPECT_NEAR(left, right, 1e-12 * (1.0 + std::abs(left))) << each.name;
  }
}

TEST(WayBack, ALeakIsSeenInEveryKindOfCoupling) {
  for (const FieldKind kind : {FieldKind::density, FieldKind::amount})
    for (const Case& each : cases()) {
      const Outcome leaky = outcome(each, 1e-6, kind);
      EXPECT_GT(leaky.books.crossings.at(0).relative_difference(), 1e-7) << each.name;
      EXPECT_GT(leaky.books.relative_residual, 1e-7) << each.name;
    }
}

TEST(WayBack, ContributionsAreStatedPerMeasureOfTheSite) {
  FieldTable fields;
  const auto grid = std::make_shared<GridSpace>("grid", GridSpace::Sites::cells,
                                                std::vector<GridSpace::Axis>(3, {4, 1.0, 0.0, false}));
  const auto edge = std::make_shared<TraceSpace>("edge", grid, 1, 1);
  const auto points =
      std::make_shared<NamedPoints>("points", std::vector<std::string>{"a"}, std::vector<Position>(1), 3);
  const Unit concentration = Unit::parse("mol/m^3");
  const FieldId density = fields.add({.name = "c", .space = grid, .unit = concentration});
  const FieldId amount =
      fields.add({.name = "n", .space = grid, .unit = Unit::parse("mol"), .kind = FieldKind::amount});
  const FieldId there = fields.add({.name = "there", .space = grid}),
                at_side = fields.add({.name = "at_side", .space = edge}),
                at_points = fields.add({.name = "at_points", .space = points});
  const auto unit = [&](FieldId made, FieldId of) {
    return unit_at_site(fields, WayBack{made, of, nullptr, ""}).dimension();
  };
  EXPECT_EQ(unit(there, density), concentration.dimension());
  EXPECT_EQ(unit(at_side, density), Unit::parse("mol/m^2").dimension());
  EXPECT_EQ(unit(at_points, density), Unit::parse("mol").dimension());
  EXPECT_EQ(unit(at_points, amount), Unit::parse("mol").dimension());
  EXPECT_EQ(unit(at_side, amount), Unit::parse("mol/m^2").dimension());
}

}  // namespace
}  // namespace holon

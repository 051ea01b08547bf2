#include "holon/transport/exchange.hpp"

#include "holon/base/error.hpp"
#include "holon/engine/simulation.hpp"
#include "holon/engine/system.hpp"
#include "holon/engine/test_capacity.hpp"

#include <algorithm>
#include <cmath>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon::transport {
namespace {

/// A box of 10^3 cells of side 1 with points in it, and a model by hand: no units.
struct Fixture {
  Model model;
  FieldId c = 0, taken = 0;
  std::shared_ptr<const GridSpace> grid;
  std::shared_ptr<const Space> points;

  explicit Fixture(const std::vector<Position>& places, bool ring = false,
                   GridSpace::Sites sites = GridSpace::Sites::cells, std::size_t across = 10) {
    grid = std::make_shared<GridSpace>(
        "box", sites,
        std::vector<GridSpace::Axis>(3, {across, 10.0 / static_cast<double>(across), 0.0, ring}),
        Dimension{});
    std::vector<std::string> names;
    for (std::size_t i = 0; i < places.size(); ++i) names.push_back("p" + std::to_string(i));
    points = std::make_shared<NamedPoints>("points", names, places, 3, Dimension{});
    Field field;
    field.name = "c";
    field.space = grid;
    field.kind = FieldKind::density;
    field.positive = true;
    field.conserved = {{"c", 1.0}};
    c = model.fields->add(field);
    field.name = "taken";
    field.space = points;
    field.kind = FieldKind::amount;
    taken = model.fields->add(field);
  }

  ExchangeOptions::Member member(double uptake, double secretion, PointKernel kernel = {}) const {
    ExchangeOptions::Member made;
    made.name = "cells";
    made.space = points;
    made.points = std::make_shared<PointGeometry>(grid, kernel, PointPlaces(points, *model.fields, 0.3));
    made.uptake = Coefficient(uptake);
    made.secretion = Coefficient(secretion);
    made.taken = taken;
    return made;
  }

  Exchange& add(std::vector<ExchangeOptions::Member> members,
                ExchangeIntegrator integrator = ExchangeIntegrator::backward_euler) {
    auto process =
        std::make_unique<Exchange>("eat", model, ExchangeOptions{c, std::move(members), integrator});
    Exchange& made = *process;
    std::vector<AccountId> ids;
    for (const LedgerAccount& account : process->ledger_accounts()) {
      ids.push_back(static_cast<AccountId>(model.accounts.size()));
      model.accounts.push_back(account);
    }
    process->set_accounts(ids);
    model.processes.push_back(std::move(process));
    return made;
  }

  State state(double value) const {
    State state(model.fields, model.parameters, model.accounts.size());
    std::ranges::fill(state.real(c), value);
    return state;
  }
};

Outcome step(const Process& process, State& state, double dt, int threads = 1, int steps = 1) {
  ThreadPool pool(threads);
  Workspace work;
  work.threads = &pool;
  Outcome outcome;
  for (int i = 0; i < steps; ++i)
    outcome = process.advance(state, Interval{{i, {}}, {i + 1, {}}, dt}, {}, work);
  return outcome;
}

std::vector<Position> random_places(std::size_t count, unsigned seed = 4) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> along(0.0, 10.0);
  std::vector<Position> places(count);
  for (Position& place : places) place = {along(random), along(random), along(random)};
  return places;
}

double relative_residual(const Fixture& fixture, const State& start, const State& end) {
  ThreadPool threads(1);
  const Ledger ledger(*fixture.model.fields, fixture.model.accounts);
  return ledger.balances(end, ledger.held(start, threads), threads).front().relative_residual;
}

TEST(Exchange, SolvesAllPointsOfASiteTogether) {
  // c1 = (c0 + dt sum S)/(1 + dt sum U) (tissue-agents V5), whatever the number of points in the site.
  std::vector<Position> crowd(90, {4.5, 4.5, 4.5});
  Fixture fixture(crowd);
  const Exchange& process = fixture.add({fixture.member(0.7, 0.2, {PointKernel::Shape::nearest, 1})});
  State state = fixture.state(3.0);
  step(process, state, 0.5);
  EXPECT_NEAR(state.real(fixture.c)[fixture.grid->index(4, 4, 4)],
              (3.0 + 0.5 * 90 * 0.2) / (1.0 + 0.5 * 90 * 0.7), 1e-13);
  EXPECT_EQ(state.real(fixture.c)[fixture.grid->index(5, 4, 4)], 3.0);
}

TEST(Exchange, BooksWhatPointsTakeExactlyAndSeesALeak) {
  for (const ExchangeIntegrator integrator : {ExchangeIntegrator::backward_euler, ExchangeIntegrator::exact})
    for (const std::size_t crowd : {1, 5, 20, 90}) {
      std::vector<Position> places = random_places(200);
      for (std::size_t i = 0; i < crowd; ++i) places[i] = {2.3, 7.1, 5.9};
      Fixture fixture(places);
      const Exchange& process = fixture.add({fixture.member(3.0, 0.1)}, integrator);
      State state = fixture.state(1.0);
      const State start = state.clone();
      step(process, state, 0.1, 1, 500);
      EXPECT_LT(relative_residual(fixture, start, state), 1e-13) << crowd;
      EXPECT_GE(*std::ranges::min_element(state.real(fixture.c)), 0.0);
      // A millionth of what one point has taken is missing.
      const auto taken = state.real(fixture.taken);
      *std::ranges::max_element(taken) *= 1.0 - 1e-6;
      EXPECT_GT(relative_residual(fixture, start, state), 1e-10) << crowd;
    }
}

TEST(Exchange, KeepsItsBooksOnEveryGridAndKernel) {
  // Nodes, whose volumes differ at sides; more blocks of sites than one; sides that close; several kernels.
  for (const bool ring : {false, true})
    for (const auto sites : {GridSpace::Sites::cells, GridSpace::Sites::nodes})
      for (const std::size_t across : {10, 37})
        for (const PointKernel kernel : {PointKernel{}, PointKernel{PointKernel::Shape::nearest, 1},
                                         PointKernel{PointKernel::Shape::sphere, 1}}) {
          Fixture fixture(random_places(300), ring, sites, across);
          const Exchange& process = fixture.add({fixture.member(0.3, 0.1, kernel)});
          State state = fixture.state(1.0);
          const State start = state.clone();
          step(process, state, 0.1, 2, 20);
          EXPECT_LT(relative_residual(fixture, start, state), 1e-14) << across;
          ThreadPool threads(1);
          const Ledger ledger(*fixture.model.fields, fixture.model.accounts);
          const auto books = ledger.balances(state, ledger.held(start, threads), threads).front();
          ASSERT_EQ(books.crossings.size(), 1u);
          EXPECT_LT(books.crossings[0].relative_difference(), 1e-14) << across;
        }
}

TEST(Exchange, InAPorousMediumTakesFromWhatIsInThePores) {
  // capacity V dc/dt = S - U c, by blocks and by columns, in steps and as a rate.
  for (const PointKernel kernel : {PointKernel{}, PointKernel{PointKernel::Shape::nearest, 1}})
    for (const auto integrator : {ExchangeIntegrator::backward_euler, ExchangeIntegrator::exact}) {
      Fixture fixture(random_places(300));
      fixture.model.fields->set_capacity(fixture.c, test::porosity(fixture.grid->sites()));
      const Exchange& process = fixture.add({fixture.member(0.3, 0.1, kernel)}, integrator);
      State state = fixture.state(1.0);
      const State start = state.clone();
      step(process, state, 0.1, 2, 20);
      EXPECT_LT(relative_residual(fixture, start, state), 1e-14);
      State slow = start.clone();
      constexpr double dt = 1e-7;
      step(process, slow, dt);
      ThreadPool threads(1);
      Workspace work;
      work.threads = &threads;
      const Layout layout(*fixture.model.fields, {fixture.c});
      Vector rates(layout);
      process.rate(start, 0.0, work, rates);
      for (std::size_t s = 0; s < fixture.grid->sites(); ++s)
        EXPECT_NEAR((slow.real(fixture.c)[s] - 1.0) / dt, rates(fixture.c)[s], 1e-5);
    }
}

TEST(Exchange, IsTheSameByBlocksAndByColumns) {
  // The linear kernel goes by blocks of sites; beside a member with another kernel it goes by columns.
  const auto run = [](PointKernel other, ExchangeIntegrator integrator) {
    Fixture fixture(random_places(2000), false, GridSpace::Sites::nodes, 37);
    auto none = fixture.member(0.0, 0.0, other);
    none.taken.reset();
    const Exchange& process = fixture.add({fixture.member(0.3, 0.1), none}, integrator);
    State state = fixture.state(1.0);
    step(process, state, 0.5, 1, 3);
    std::vector<double> all(state.real(fixture.c).begin(), state.real(fixture.c).end());
    all.insert(all.end(), state.real(fixture.taken).begin(), state.real(fixture.taken).end());
    return all;
  };
  for (const auto integrator : {ExchangeIntegrator::backward_euler, ExchangeIntegrator::exact}) {
    const auto blocks = run({}, integrator), columns = run({PointKernel::Shape::nearest, 1}, integrator);
    for (std::size_t i = 0; i < blocks.size(); ++i) ASSERT_NEAR(blocks[i], columns[i], 1e-14) << i;
  }
}

TEST(Exchange, StaysPositiveForAnyStep) {
  Fixture fixture(random_places(500));
  const Exchange& process = fixture.add({fixture.member(1e6, 0.0)});
  State state = fixture.state(1.0);
  step(process, state, 1e6);
  for (const double c : state.real(fixture.c)) EXPECT_GE(c, 0.0);
}

TEST(Exchange, DoesNotDependOnMembersAndTheirOrder) {
  // Twice the clearance in one member, or once in each of two.
  Fixture one(random_places(50)), two(random_places(50));
  const Exchange& single = one.add({one.member(2.0, 0.4)});
  auto first = two.member(1.0, 0.4), second = two.member(1.0, 0.0);
  second.name = "others";
  second.taken.reset();
  const Exchange& both = two.add({first, second});
  State a = one.state(1.0), b = two.state(1.0);
  step(single, a, 0.3);
  step(both, b, 0.3);
  for (std::size_t site = 0; site < a.real(one.c).size(); ++site)
    EXPECT_NEAR(a.real(one.c)[site], b.real(two.c)[site], 1e-15);
}

TEST(Exchange, IsOfItsOrder) {
  const auto error = [](ExchangeIntegrator integrator, int steps) {
    Fixture fixture({{4.5, 4.5, 4.5}});
    const Exchange& process =
        fixture.add({fixture.member(1.0, 0.5, {PointKernel::Shape::nearest, 1})}, integrator);
    State state = fixture.state(2.0);
    step(process, state, 1.0 / steps, 1, steps);
    return std::abs(state.real(fixture.c)[fixture.grid->index(4, 4, 4)] - (0.5 + 1.5 * std::exp(-1.0)));
  };
  EXPECT_LT(error(ExchangeIntegrator::exact, 3), 1e-15);
  const double order = std::log2(error(ExchangeIntegrator::backward_euler, 20) /
                                 error(ExchangeIntegrator::backward_euler, 40));
  EXPECT_NEAR(order, 1.0, 0.03);
}

TEST(Exchange, StatesItsRateWithItsDerivative) {
  Fixture fixture(random_places(20));
  const Exchange& process = fixture.add({fixture.member(2.0, 0.3)});
  State state = fixture.state(1.0);
  for (std::size_t site = 0; site < state.real(fixture.c).size(); ++site)
    state.real(fixture.c)[site] = 1.0 + std::sin(static_cast<double>(site));
  ThreadPool threads(1);
  Workspace work;
  work.threads = &threads;
  const Layout layout(*fixture.model.fields, {fixture.c, fixture.taken});
  Vector rate(layout), moved(layout), slope(layout), du(layout), w(layout), back(layout);
  process.rate(state, 0.0, work, rate);
  // The rate is the limit of short steps.
  State later = state.clone();
  const double dt = 1e-7;
  step(process, later, dt);
  for (const FieldId id : {fixture.c, fixture.taken})
    for (std::size_t i = 0; i < state.real(id).size(); ++i)
      EXPECT_NEAR((later.real(id)[i] - state.real(id)[i]) / dt, rate(id)[i], 1e-5);
  // It is linear in c: a finite difference is its derivative.
  for (std::size_t i = 0; i < du.values().size(); ++i) {
    du.values()[i] = std::cos(static_cast<double>(3 * i));
    w.values()[i] = std::sin(static_cast<double>(7 * i));
  }
  State shifted = state.clone();
  for (std::size_t i = 0; i < state.real(fixture.c).size(); ++i)
    shifted.real(fixture.c)[i] += du(fixture.c)[i];
  process.rate(shifted, 0.0, work, moved);
  process.jvp(state, 0.0, du, work, slope);
  process.vjp(state, 0.0, w, work, back);
  double forth = 0.0, reverse = 0.0;
  for (std::size_t i = 0; i < slope.values().size(); ++i) {
    EXPECT_NEAR(moved.values()[i] - rate.values()[i], slope.values()[i], 1e-12);
    forth += slope.values()[i] * w.values()[i];
    reverse += back.values()[i] * du.values()[i];
  }
  EXPECT_NEAR(forth, reverse, 1e-11);
  SparseBuilder entries(layout);
  process.jacobian(state, 0.0, work, entries);
  Vector product(layout);
  for (const auto& entry : entries.entries())
    product.values()[entry.row] += entry.value * du.values()[entry.column];
  for (std::size_t i = 0; i < slope.values().size(); ++i)
    EXPECT_NEAR(product.values()[i], slope.values()[i], 1e-12);
}

TEST(Exchange, RefusesDerivativesWherePointsMoveWithTheUnknowns) {
  Fixture fixture(random_places(5));
  Field position;
  position.name = "points.position";
  position.space = fixture.points;
  position.components = 3;
  const FieldId moves = fixture.model.fields->add(position);
  const Exchange& process = fixture.add({fixture.member(2.0, 0.3)});
  State state = fixture.state(1.0);
  for (int a = 0; a < 3; ++a) std::ranges::fill(state.real(moves, a), 4.2);
  ThreadPool threads(1);
  Workspace work;
  work.threads = &threads;
  const Layout with(*fixture.model.fields, {fixture.c, moves}), without(*fixture.model.fields, {fixture.c});
  Vector du(with), out(with);
  try {
    process.jvp(state, 0.0, du, work, out);
    ADD_FAILURE() << "not refused";
  } catch (const Refused& refused) {
    EXPECT_THAT(refused.what(), testing::HasSubstr("'eat' follows 'points.position', which moves"));
  }
  SparseBuilder entries(without);
  EXPECT_NO_THROW(process.jacobian(state, 0.0, work, entries));
  EXPECT_EQ(entries.entries().size(), 5u * 8u) << "of 'taken', which the layout lacks, nothing is said";
}

TEST(Exchange, RefusesANegativeUptakeWithThePlace) {
  Fixture fixture({{4.5, 4.5, 4.5}});
  const Exchange& process = fixture.add({fixture.member(-1.0, 0.0)});
  State state = fixture.state(1.0);
  const Outcome outcome = step(process, state, 1.0);
  EXPECT_EQ(outcome.why, Outcome::Why::failed);
  EXPECT_THAT(outcome.what.message, testing::HasSubstr("uptake of 'cells' is -1"));
  EXPECT_EQ(outcome.what.place, "p0");
}

TEST(ExchangeThreads, GiveTheSameBits) {
  const auto run = [](int threads) {
    std::vector<Position> places = random_places(3000);
    std::fill_n(places.begin(), 90, Position{4.2, 4.3, 4.4});
    Fixture fixture(places, true, GridSpace::Sites::cells, 37);
    const Exchange& process = fixture.add({fixture.member(2.0, 0.3)});
    State state = fixture.state(1.0);
    step(process, state, 0.1, threads, 20);
    std::vector<double> all(state.real(fixture.c).begin(), state.real(fixture.c).end());
    all.insert(all.end(), state.real(fixture.taken).begin(), state.real(fixture.taken).end());
    for (AccountId a = 0; a < fixture.model.accounts.size(); ++a) all.push_back(state.account(a).value());
    return all;
  };
  const auto one = run(1);
  EXPECT_EQ(one, run(2));
  EXPECT_EQ(one, run(4));
}

}  // namespace
}  // namespace holon::transport

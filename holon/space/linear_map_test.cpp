// Every map: <T f, g>_to = <f, T* g>_from to round-off, nothing lost, the same bits for any number of
// threads.
#include "holon/base/error.hpp"
#include "holon/space/grid_remap.hpp"
#include "holon/space/point_sampling.hpp"
#include "holon/space/product_maps.hpp"
#include "holon/space/side_trace.hpp"
#include "holon/space/whole_space_maps.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon {
namespace {

using Sites = GridSpace::Sites;

std::vector<double> random_field(std::size_t sites, unsigned seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> value(-1.0, 2.0);
  std::vector<double> field(sites);
  for (double& x : field) x = value(random);
  return field;
}

/// Points everywhere in a grid: inside, on sides, edges, corners and sites.
struct Points {
  std::array<std::vector<double>, 3> x;
  std::vector<double> radius;
  std::vector<std::int64_t> id;
  PointCloud cloud() const { return {{x[0], x[1], x[2]}, radius, id}; }
};

Points points_in(const GridSpace& grid, std::size_t count) {
  std::mt19937_64 random(7);
  Points points;
  std::uniform_real_distribution<double> share(0.0, 1.0);
  for (std::size_t i = 0; i < count; ++i) {
    for (int a = 0; a < 3; ++a) {
      double u = share(random);
      if (i % 4 == 1) u = std::round(u);                  // corners
      if (i % 4 == 2 && a != 0) u = u < 0.5 ? 0.0 : 1.0;  // edges
      if (i % 4 == 3 && a == 1) u = 1.0 - 1e-13;          // hardly inside
      const bool there = a < grid.dimensions();
      points.x[static_cast<std::size_t>(a)].push_back(there ? grid.axis(a).origin + u * grid.extent(a) : 0.0);
    }
    points.radius.push_back(2.5 * share(random));
    points.id.push_back(static_cast<std::int64_t>((i * 37) % count));
  }
  return points;
}

GridSpace grid_of(const std::string& name, Sites sites, std::array<bool, 3> periodic, int axes = 3) {
  const std::vector<GridSpace::Axis> all{
      {7, 1.0, -2.0, periodic[0]}, {5, 1.5, 0.25, periodic[1]}, {4, 0.8, 1.0, periodic[2]}};
  return {name, sites, {all.begin(), all.begin() + axes}};
}

double inner(std::span<const double> measures, std::span<const double> a, std::span<const double> b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += measures[i] * a[i] * b[i];
  return sum;
}

double size(std::span<const double> measures, std::span<const double> a, std::span<const double> b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::abs(measures[i] * a[i] * b[i]);
  return sum;
}

/// |<T f, g> - <f, T* g>| relative to the sums of absolute terms.
double conjugacy_defect(const LinearMap& map, unsigned seed) {
  ThreadPool threads(2);
  const auto f = random_field(map.from_sites(), seed), g = random_field(map.to_sites(), seed + 10);
  std::vector<double> tf(map.to_sites(), NAN), tg(map.from_sites(), NAN);
  map.apply(f, tf, threads);
  map.apply_adjoint(g, tg, threads);
  return std::abs(inner(map.to_measures(), tf, g) - inner(map.from_measures(), f, tg)) /
         (size(map.to_measures(), tf, g) + size(map.from_measures(), f, tg));
}

/// A map whose adjoint loses a millionth of one site.
class LeakyMap final : public LinearMap {
 public:
  explicit LeakyMap(const LinearMap& map) : LinearMap(map), map_(map) {}
  void apply(std::span<const double> from, std::span<double> to, ThreadPool& threads) const override {
    map_.apply(from, to, threads);
  }
  void apply_adjoint(std::span<const double> to, std::span<double> from, ThreadPool& threads) const override {
    map_.apply_adjoint(to, from, threads);
    const auto largest = std::max_element(from.begin(), from.end(),
                                          [](double x, double y) { return std::abs(x) < std::abs(y); });
    *largest *= 1.0 - 1e-6;
  }
  std::vector<Entry> entries() const override { return map_.entries(); }

 private:
  const LinearMap& map_;
};

/// The matrix gives what the map gives.
void expect_entries_of(const LinearMap& map) {
  ThreadPool threads(1);
  const auto f = random_field(map.from_sites(), 7);
  std::vector<double> mapped(map.to_sites(), NAN), summed(map.to_sites(), 0.0);
  map.apply(f, mapped, threads);
  std::size_t row = 0;
  for (const LinearMap::Entry& entry : map.entries()) {
    EXPECT_GE(entry.row, row);
    row = entry.row;
    summed[row] += entry.weight * f[entry.column];
  }
  for (std::size_t i = 0; i < mapped.size(); ++i) EXPECT_NEAR(summed[i], mapped[i], 1e-12);
}

void expect_conjugate(const LinearMap& map) {
  expect_entries_of(map);
  for (unsigned seed = 1; seed <= 3; ++seed) EXPECT_LT(conjugacy_defect(map, seed), 1e-14);
  // The same look sees a leak of 1e-6 at one site.
  EXPECT_GT(conjugacy_defect(LeakyMap(map), 1), 1e-10);
}

/// sum measure T* g = sum measure g, which is T 1 = 1.
void expect_nothing_lost_in_the_adjoint(const LinearMap& map) {
  ThreadPool threads(1);
  const auto g = random_field(map.to_sites(), 5);
  std::vector<double> spread(map.from_sites());
  map.apply_adjoint(g, spread, threads);
  const std::vector<double> one(std::max(map.from_sites(), map.to_sites()), 1.0);
  const auto some = [&](std::size_t n) { return std::span(one).first(n); };
  const double given = inner(map.to_measures(), g, some(map.to_sites()));
  const double held = inner(map.from_measures(), spread, some(map.from_sites()));
  EXPECT_NEAR(held, given, 1e-13 * size(map.to_measures(), g, some(map.to_sites())));
}

std::vector<GridSpace::Sites> both{Sites::nodes, Sites::cells};

std::vector<std::shared_ptr<const LinearMap>> point_maps() {
  std::vector<std::shared_ptr<const LinearMap>> maps;
  ThreadPool threads(1);
  for (const Sites sites : both)
    for (const bool periodic : {false, true})
      for (int axes = 1; axes <= 3; ++axes)
        for (const PointKernel kernel : {PointKernel{PointKernel::Shape::nearest, 1},
                                         {PointKernel::Shape::linear, 1},
                                         {PointKernel::Shape::linear, 3},
                                         {PointKernel::Shape::sphere, 1}}) {
          const GridSpace grid = grid_of("g", sites, {periodic, false, periodic}, axes);
          const Points points = points_in(grid, 200);
          maps.push_back(std::make_shared<PointSampling>(grid, kernel, points.cloud(), threads));
        }
  return maps;
}

TEST(LinearMaps, BetweenGridAndPointsAreConjugateAndLoseNothingAtSidesEdgesAndCorners) {
  for (const auto& map : point_maps()) {
    expect_conjugate(*map);
    expect_conjugate(AdjointMap(map));
    expect_nothing_lost_in_the_adjoint(*map);
  }
}

TEST(LinearMaps, OfWholeSpacesAreConjugate) {
  const GridSpace grid = grid_of("g", Sites::nodes, {});
  expect_conjugate(IdentityMap(grid));
  expect_conjugate(BroadcastMap(grid));
  expect_conjugate(AverageMap(grid));
  ThreadPool threads(1);
  std::vector<double> one(1), all(grid.sites(), 2.0);
  BroadcastMap(grid).apply_adjoint(all, one, threads);
  EXPECT_NEAR(one[0], 2.0 * 7.0 * 7.5 * 3.2, 1e-10);
  AverageMap(grid).apply(all, one, threads);
  EXPECT_NEAR(one[0], 2.0, 1e-14);
}

TEST(LinearMaps, BetweenMacroAndProductAreConjugate) {
  const auto macro = std::shared_ptr<GridSpace>(new GridSpace(grid_of("macro", Sites::nodes, {}, 2)));
  const auto micro = std::shared_ptr<GridSpace>(new GridSpace(grid_of("micro", Sites::nodes, {}, 1)));
  const ProductSpace product("both", macro, micro);
  expect_conjugate(LiftMap(product));
  expect_conjugate(MicroAverageMap(product));
  ThreadPool threads(1);
  const auto f = random_field(macro->sites(), 3);
  std::vector<double> lifted(product.sites()), back(macro->sites());
  LiftMap(product).apply(f, lifted, threads);
  MicroAverageMap(product).apply(lifted, back, threads);
  for (std::size_t m = 0; m < f.size(); ++m) EXPECT_NEAR(back[m], f[m], 1e-15);
}

TEST(LinearMaps, BetweenGridsAreConjugateAndConserve) {
  const auto cube = [](const std::string& name, Sites sites, std::array<std::size_t, 3> n, bool periodic) {
    std::vector<GridSpace::Axis> axes;
    const std::array<double, 3> extent{3.0, 1.0, 2.0};
    for (std::size_t a = 0; a < 3; ++a)
      axes.push_back({n[a], extent[a] / static_cast<double>(n[a]), -1.0, periodic && a != 1});
    return GridSpace(name, sites, axes);
  };
  ThreadPool threads(1);
  for (const bool periodic : {false, true})
    for (const Sites from_sites : both)
      for (const Sites to_sites : both) {
        const GridSpace from = cube("a", from_sites, {7, 5, 3}, periodic);
        const GridSpace to = cube("b", to_sites, {4, 9, 6}, periodic);
        const GridRemap map(from, to);
        expect_conjugate(map);
        expect_nothing_lost_in_the_adjoint(map);
        expect_nothing_lost_in_the_adjoint(AdjointMap(std::make_shared<GridRemap>(from, to)));
        std::vector<double> ones(from.sites(), 1.0), taken(to.sites());
        map.apply(ones, taken, threads);
        for (const double x : taken) EXPECT_NEAR(x, 1.0, 1e-14);
      }
  // Onto the same grid nothing changes.
  const GridSpace same = cube("a", Sites::nodes, {7, 5, 3}, true);
  const auto f = random_field(same.sites(), 1);
  std::vector<double> g(same.sites());
  GridRemap(same, same).apply(f, g, threads);
  for (std::size_t i = 0; i < f.size(); ++i) EXPECT_NEAR(g[i], f[i], 1e-15);
}

TEST(LinearMaps, BetweenGridsRefuseDomainsThatDiffer) {
  const GridSpace small("small", Sites::cells, {{10, 0.1, 0.0, false}});
  const GridSpace large("large", Sites::cells, {{10, 0.2, 0.0, false}});
  EXPECT_THAT([&] { GridRemap(large, small); },
              testing::ThrowsMessage<InputError>(testing::HasSubstr("content would be lost")));
}

TEST(LinearMaps, AtSidesAreConjugateAndLetInWhatCrosses) {
  ThreadPool threads(1);
  for (const Sites sites : both)
    for (int axes = 1; axes <= 3; ++axes)
      for (int axis = 0; axis < axes; ++axis)
        for (int side = 0; side < 2; ++side) {
          const GridSpace grid = grid_of("g", sites, {}, axes);
          const SideTrace trace(grid, axis, side);
          expect_conjugate(trace);
          expect_nothing_lost_in_the_adjoint(trace);
          double area = 0.0, expected = 1.0;
          for (const double a : trace.to_measures()) area += a;
          for (int b = 0; b < axes; ++b)
            if (b != axis) expected *= grid.extent(b);
          EXPECT_NEAR(area, expected, 1e-12);
        }
  EXPECT_THROW(SideTrace(grid_of("g", Sites::cells, {true, false, false}), 0, 0), InputError);
}

TEST(PointSampling, ReproducesLinearFieldsInside) {
  for (const Sites sites : both) {
    const GridSpace grid("g", sites, std::vector<GridSpace::Axis>(3, {12, 0.5, -1.0, false}));
    std::vector<double> f(grid.sites());
    const auto linear = [](const Position& x) { return 0.3 + 2.0 * x[0] - x[1] + 0.7 * x[2]; };
    for (std::size_t site = 0; site < f.size(); ++site) f[site] = linear(grid.position(site));
    Points points;
    std::mt19937_64 random(3);
    std::uniform_real_distribution<double> inside(1.2, 2.8);
    for (int i = 0; i < 50; ++i) {
      for (auto& axis : points.x) axis.push_back(inside(random));
      points.radius.push_back(0.03 * i);
    }
    ThreadPool threads(1);
    for (const PointKernel kernel :
         {PointKernel{}, {PointKernel::Shape::linear, 3}, {PointKernel::Shape::sphere, 1}}) {
      const PointSampling map(grid, kernel, points.cloud(), threads);
      std::vector<double> seen(50);
      map.apply(f, seen, threads);
      for (std::size_t i = 0; i < 50; ++i)
        EXPECT_NEAR(seen[i], linear({points.x[0][i], points.x[1][i], points.x[2][i]}), 2e-14);
    }
  }
}

TEST(PointSampling, OfASphereIsTheMeanOverItsSurface) {
  // x^2 + y^2 + z^2 on a fine grid: r^2 + a^2, up to what linear interpolation adds, at most 3 h^2/4.
  const double h = 0.05, a = 0.6;
  const GridSpace grid("g", Sites::nodes, std::vector<GridSpace::Axis>(3, {40, h, -1.0, false}));
  std::vector<double> f(grid.sites());
  for (std::size_t site = 0; site < f.size(); ++site) {
    const Position x = grid.position(site);
    f[site] = x[0] * x[0] + x[1] * x[1] + x[2] * x[2];
  }
  const std::vector<double> x{0.2}, y{-0.1}, z{0.05}, radius{a};
  ThreadPool threads(1);
  std::vector<double> seen(1);
  PointSampling(grid, {PointKernel::Shape::sphere, 1}, {{x, y, z}, radius, {}}, threads)
      .apply(f, seen, threads);
  EXPECT_NEAR(seen[0], 0.2 * 0.2 + 0.1 * 0.1 + 0.05 * 0.05 + a * a, 0.75 * h * h);
}

TEST(PointSampling, RefusesPointsOutside) {
  const GridSpace grid = grid_of("g", Sites::cells, {true, false, false});
  ThreadPool threads(1);
  const std::vector<double> x{100.0}, y{1.0}, outside{0.2}, z{2.0};
  EXPECT_NO_THROW(PointSampling(grid, {}, {{x, y, z}, {}, {}}, threads)) << "a periodic axis has no outside";
  EXPECT_THROW(PointSampling(grid, {}, {{x, outside, z}, {}, {}}, threads), NumericalFailure);
}

TEST(PointSampling, DepositDoesNotDependOnTheOrderOfThePoints) {
  const GridSpace grid = grid_of("g", Sites::nodes, {});
  const Points points = points_in(grid, 300);
  Points shuffled = points;
  std::vector<std::size_t> order(300);
  for (std::size_t i = 0; i < 300; ++i) order[i] = (i * 101) % 300;
  std::vector<double> give = random_field(300, 9), give_shuffled(300);
  for (std::size_t i = 0; i < 300; ++i) {
    for (std::size_t a = 0; a < 3; ++a) shuffled.x[a][i] = points.x[a][order[i]];
    shuffled.radius[i] = points.radius[order[i]];
    shuffled.id[i] = points.id[order[i]];
    give_shuffled[i] = give[order[i]];
  }
  ThreadPool threads(1);
  std::vector<double> a(grid.sites()), b(grid.sites());
  PointSampling(grid, {}, points.cloud(), threads).apply_adjoint(give, a, threads);
  PointSampling(grid, {}, shuffled.cloud(), threads).apply_adjoint(give_shuffled, b, threads);
  EXPECT_EQ(a, b);
}

TEST(LinearMapThreads, GiveTheSameBits) {
  const GridSpace fine("fine", Sites::cells, std::vector<GridSpace::Axis>(3, {40, 0.1, 0.0, false}));
  const GridSpace coarse("coarse", Sites::nodes,
                         std::vector<GridSpace::Axis>(3, {15, 4.0 / 15.0, 0.0, false}));
  const Points points = points_in(fine, 20000);
  const auto results = [&](int count) {
    ThreadPool threads(count);
    std::vector<std::vector<double>> all;
    const auto both_ways = [&](const LinearMap& map) {
      std::vector<double> tf(map.to_sites()), tg(map.from_sites());
      map.apply(random_field(map.from_sites(), 1), tf, threads);
      map.apply_adjoint(random_field(map.to_sites(), 2), tg, threads);
      all.push_back(std::move(tf));
      all.push_back(std::move(tg));
    };
    both_ways(PointSampling(fine, {}, points.cloud(), threads));
    both_ways(GridRemap(fine, coarse));
    both_ways(AverageMap(fine));
    both_ways(BroadcastMap(fine));
    both_ways(IdentityMap(fine));
    both_ways(SideTrace(fine, 1, 1));
    return all;
  };
  const auto one = results(1);
  EXPECT_EQ(one, results(2));
  EXPECT_EQ(one, results(4));
}

}  // namespace
}  // namespace holon

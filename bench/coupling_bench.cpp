// Cost of couplings: an identity of 1e6 doubles beside memcpy; 1e5 cells on a grid of 100^3 sites with one
// species that they take up and one that they give off (joint implicit uptake, what each has taken, deposit,
// sample), in CPU time of one thread per cell and step.
#include "holon/engine/transfer.hpp"
#include "holon/space/whole_space_maps.hpp"
#include "holon/transport/exchange.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include <benchmark/benchmark.h>
#include <time.h>

namespace holon::transport {
namespace {

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void identity_beside_memcpy(benchmark::State& bench) {
  const GridSpace line("line", GridSpace::Sites::cells, {{1000000, 1.0, 0.0, false}}, Dimension{});
  const IdentityMap map(line);
  ThreadPool threads(1);
  std::vector<double> from(1000000, 1.0), to(1000000);
  std::vector<double> copy, identity;
  for (auto _ : bench) {
    double start = cpu_seconds();
    std::memcpy(to.data(), from.data(), from.size() * sizeof(double));
    benchmark::ClobberMemory();
    copy.push_back(cpu_seconds() - start);
    start = cpu_seconds();
    map.apply(from, to, threads);
    benchmark::ClobberMemory();
    identity.push_back(cpu_seconds() - start);
  }
  bench.counters["memcpy_us"] = 1e6 * median(copy);
  bench.counters["of_memcpy"] = median(identity) / median(copy);
}
BENCHMARK(identity_beside_memcpy)->Iterations(201);

void cells_on_a_grid(benchmark::State& bench) {
  Model model;
  const auto grid = std::make_shared<GridSpace>(
      "grid", GridSpace::Sites::cells, std::vector<GridSpace::Axis>(3, {100, 1.0, 0.0, false}), Dimension{});
  constexpr std::size_t count = 100000;
  std::mt19937_64 random(3);
  std::uniform_real_distribution<double> along(0.0, 100.0);
  std::vector<Position> places(count);
  for (Position& place : places) place = {along(random), along(random), along(random)};
  // As a population keeps them: neighbours in space are neighbours in memory.
  std::sort(places.begin(), places.end(), [](const Position& a, const Position& b) {
    const auto box = [](const Position& p) {
      return std::array{static_cast<int>(p[2] / 4), static_cast<int>(p[1] / 4), static_cast<int>(p[0] / 4)};
    };
    return box(a) < box(b);
  });
  std::vector<std::string> names(count);
  const auto cells = std::make_shared<NamedPoints>("cells", names, places, 3, Dimension{});
  const auto field = [&](const char* name, std::shared_ptr<const Space> space, FieldKind kind) {
    Field made;
    made.name = name;
    made.space = std::move(space);
    made.kind = kind;
    return model.fields->add(made);
  };
  const FieldId food = field("food", grid, FieldKind::density),
                signal = field("signal", grid, FieldKind::density);
  const FieldId taken = field("taken", cells, FieldKind::amount),
                sensed = field("sensed", cells, FieldKind::value);
  const auto points =
      std::make_shared<PointGeometry>(grid, PointKernel{}, PointPlaces(cells, *model.fields, 0.1));
  const auto member = [&](double uptake, double secretion) {
    ExchangeOptions::Member made;
    made.name = "cells";
    made.space = cells;
    made.points = points;
    made.uptake = Coefficient(uptake);
    made.secretion = Coefficient(secretion);
    return made;
  };
  auto eater = member(0.1, 0.0);
  eater.taken = taken;
  const Exchange eat("eat", model, {food, {eater}});
  const Exchange give("give", model, {signal, {member(0.0, 0.2)}});
  const Transfer sense("sense", *model.fields, sensed, {{signal, points, 1.0}}, std::nullopt, {});
  State state(model.fields, model.parameters, 0);
  std::ranges::fill(state.real(food), 1.0);
  ThreadPool threads(1);
  std::array<Workspace, 3> work;
  for (Workspace& each : work) each.threads = &threads;
  std::vector<double> seconds;
  std::int64_t step = 0;
  for (auto _ : bench) {
    const double start = cpu_seconds();
    const Interval interval{{step, {}}, {step + 1, {}}, 0.01};
    eat.advance(state, interval, {}, work[0]);
    give.advance(state, interval, {}, work[1]);
    sense.determine(state, 0.0, work[2]);
    seconds.push_back(cpu_seconds() - start);
    ++step;
  }
  bench.counters["ns_per_cell_and_step"] = 1e9 * median(seconds) / static_cast<double>(count);
  // Cells that have moved: the geometry is made anew, once for all three.
  std::vector<double> build;
  for (int pass = 0; pass < 5; ++pass) {
    const PointGeometry moved(grid, PointKernel{}, PointPlaces(cells, *model.fields, 0.1));
    const double start = cpu_seconds();
    std::unique_ptr<CouplingGeometry::Kept> kept;
    benchmark::DoNotOptimize(moved.at(state, kept, threads).sampling.get());
    build.push_back(cpu_seconds() - start);
  }
  bench.counters["and_when_cells_move"] = 1e9 * median(build) / static_cast<double>(count);
}
BENCHMARK(cells_on_a_grid)->Iterations(31)->Unit(benchmark::kMillisecond);

void empty_coupling(benchmark::State& bench) {
  Model model;
  const auto point = std::make_shared<PointSpace>("point", Dimension{});
  const auto add = [&](const char* name) {
    Field made;
    made.name = name;
    made.space = point;
    return model.fields->add(made);
  };
  const FieldId from = add("from"), to = add("to");
  const Transfer transfer(
      "to", *model.fields, to,
      {{from, std::make_shared<FixedGeometry>(std::make_shared<IdentityMap>(*point)), 1.0}}, std::nullopt,
      {});
  State state(model.fields, model.parameters, 0);
  ThreadPool threads(1);
  Workspace work;
  work.threads = &threads;
  for (auto _ : bench) {
    transfer.determine(state, 0.0, work);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(empty_coupling)->Unit(benchmark::kNanosecond);

}  // namespace
}  // namespace holon::transport

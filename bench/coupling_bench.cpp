// Cost of couplings: an identity of 1e6 doubles beside memcpy; 1e5 cells on a grid of 100^3 sites with one
// species that they take up and one that they give off (joint implicit uptake, what each has taken, deposit,
// sample), in CPU time of one thread per cell and step.
#include "holon/engine/transfer.hpp"
#include "holon/space/whole_space_maps.hpp"
#include "holon/transport/exchange.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
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

/// 1e5 cells on a grid of 100^3 sites that take up one species, and give off and sense another.
class Cells {
 public:
  enum class Place { still, moving };
  enum class Books { none, kept };
  enum class Memory { along_space, any };

  Cells(Place place, Books books, Memory memory) : books_(books) {
    std::mt19937_64 random(3);
    std::uniform_real_distribution<double> along(0.0, 100.0);
    std::vector<Position> places(count);
    for (Position& each : places) each = {along(random), along(random), along(random)};
    // As a population that is sorted keeps them: neighbours in space are neighbours in memory.
    if (memory == Memory::along_space)
      std::sort(places.begin(), places.end(), [](const Position& a, const Position& b) {
        const auto box = [](const Position& p) {
          return std::array{static_cast<int>(p[2] / 4), static_cast<int>(p[1] / 4),
                            static_cast<int>(p[0] / 4)};
        };
        return box(a) < box(b);
      });
    cells_ = std::make_shared<NamedPoints>("cells", std::vector<std::string>(count), places, 3, Dimension{});
    food_ = field("food", grid_, FieldKind::density);
    signal_ = field("signal", grid_, FieldKind::density);
    taken_ = field("taken", cells_, FieldKind::amount);
    sensed_ = field("sensed", cells_, FieldKind::value);
    if (place == Place::moving) position_ = field("cells.position", cells_, FieldKind::value);
    points_ = std::make_shared<PointGeometry>(grid_, PointKernel{}, PointPlaces(cells_, *model_.fields, 0.1));
    auto eater = member(0.1, 0.0);
    eater.taken = taken_;
    eat_ = exchange("eat", food_, std::move(eater));
    give_ = exchange("give", signal_, member(0.0, 0.2));
    sense_ = std::make_unique<Transfer>("sense", *model_.fields, sensed_,
                                        std::vector<Transfer::Source>{{signal_, points_, 1.0}}, std::nullopt,
                                        std::vector<std::string>{});
    state_.emplace(model_.fields, model_.parameters, model_.accounts.size());
    std::ranges::fill(state_->real(food_), 1.0);
    if (position_)
      for (int a = 0; a < 3; ++a)
        for (std::size_t i = 0; i < count; ++i)
          state_->real(*position_, a)[i] = places[i][static_cast<std::size_t>(a)];
    for (Workspace& each : work_) each.threads = &threads_;
  }

  /// Seconds of this thread for the exchanges and the sensing; where cells move, they do before.
  double step() {
    if (position_)
      for (int a = 0; a < 3; ++a)
        for (double& x : state_->real(*position_, a)) x = x > 99.0 ? x - 98.7 : x + 1e-3;
    const double start = cpu_seconds();
    const Interval interval{{step_, {}}, {step_ + 1, {}}, 0.01};
    eat_->advance(*state_, interval, {}, work_[0]);
    give_->advance(*state_, interval, {}, work_[1]);
    sense_->determine(*state_, 0.0, work_[2]);
    ++step_;
    return cpu_seconds() - start;
  }

  static constexpr std::size_t count = 100000;

 private:
  FieldId field(const char* name, std::shared_ptr<const Space> space, FieldKind kind) {
    Field made;
    made.name = name;
    made.space = std::move(space);
    made.kind = kind;
    if (made.name == "cells.position") made.components = 3;
    if (books_ == Books::kept && kind != FieldKind::value) made.conserved = {{"something", 1.0}};
    return model_.fields->add(made);
  }
  ExchangeOptions::Member member(double uptake, double secretion) {
    ExchangeOptions::Member made;
    made.name = "cells";
    made.space = cells_;
    made.points = points_;
    made.uptake = Coefficient(uptake);
    made.secretion = Coefficient(secretion);
    return made;
  }
  std::unique_ptr<Exchange> exchange(const char* name, FieldId field, ExchangeOptions::Member member) {
    auto made = std::make_unique<Exchange>(name, model_, ExchangeOptions{field, {std::move(member)}});
    std::vector<AccountId> ids;
    for (const LedgerAccount& account : made->ledger_accounts()) {
      ids.push_back(static_cast<AccountId>(model_.accounts.size()));
      model_.accounts.push_back(account);
    }
    made->set_accounts(ids);
    return made;
  }

  Books books_;
  Model model_;
  std::shared_ptr<const GridSpace> grid_ = std::make_shared<GridSpace>(
      "grid", GridSpace::Sites::cells, std::vector<GridSpace::Axis>(3, {100, 1.0, 0.0, false}), Dimension{});
  std::shared_ptr<const NamedPoints> cells_;
  FieldId food_ = 0, signal_ = 0, taken_ = 0, sensed_ = 0;
  std::optional<FieldId> position_;
  std::shared_ptr<const PointGeometry> points_;
  std::unique_ptr<Exchange> eat_, give_;
  std::unique_ptr<Transfer> sense_;
  std::optional<State> state_;
  ThreadPool threads_{1};
  std::array<Workspace, 3> work_;
  std::int64_t step_ = 0;
};

void cells_on_a_grid(benchmark::State& bench, Cells::Place place, Cells::Books books, Cells::Memory memory) {
  Cells cells(place, books, memory);
  std::vector<double> seconds;
  for (auto _ : bench) seconds.push_back(cells.step());
  bench.counters["ns_per_cell_and_step"] = 1e9 * median(seconds) / static_cast<double>(Cells::count);
}
BENCHMARK_CAPTURE(cells_on_a_grid, still, Cells::Place::still, Cells::Books::none, Cells::Memory::along_space)
    ->Iterations(51)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(cells_on_a_grid, still_with_books, Cells::Place::still, Cells::Books::kept,
                  Cells::Memory::along_space)
    ->Iterations(51)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(cells_on_a_grid, moving, Cells::Place::moving, Cells::Books::none,
                  Cells::Memory::along_space)
    ->Iterations(51)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(cells_on_a_grid, moving_with_books, Cells::Place::moving, Cells::Books::kept,
                  Cells::Memory::along_space)
    ->Iterations(51)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(cells_on_a_grid, moving_with_books_in_any_order, Cells::Place::moving, Cells::Books::kept,
                  Cells::Memory::any)
    ->Iterations(51)
    ->Unit(benchmark::kMillisecond);

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

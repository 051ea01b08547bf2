// Cost of diffusion steps per site, beside the in-place bandwidth of the same run: scaling an array of the
// same size in place moves 16 bytes a site, and no step can be faster. Wall time divided by sites and steps;
// 1 and 2 threads.
#include "holon/engine/simulation.hpp"
#include "holon/transport/diffusion.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <time.h>

namespace holon::transport {
namespace {

/// CPU time of all threads [s]: unlike wall time it does not count what other programs take.
double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Nanoseconds of CPU time per site of u *= c, the best of some passes.
double in_place_cost(std::vector<double>& u, ThreadPool& threads) {
  double best = 1e9;
  for (int pass = 0; pass < 20; ++pass) {
    const double start = cpu_seconds();
    threads.for_range(u.size(), 1 << 16, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) u[i] *= 1.0000001;
    });
    benchmark::ClobberMemory();
    best = std::min(best, cpu_seconds() - start);
  }
  return 1e9 * best / static_cast<double>(u.size());
}

struct BenchCase {
  DiffusionIntegrator integrator;
  int order;
  bool decays, open;  // open: values given at the x sides
};

std::shared_ptr<Model> cube(std::size_t n, const BenchCase& c) {
  auto model = std::make_shared<Model>();
  auto grid = std::make_shared<GridSpace>(
      "cube", GridSpace::Sites::cells, std::vector<GridSpace::Axis>(3, {n, 20.0, 0.0, false}), Dimension{});
  model->fields->add({.name = "c", .space = grid, .kind = FieldKind::density});
  model->initial = {{0, Coefficient(1.0)}};
  // The diffusion-decay case of the field's usual benchmark: D = 1e5 um2/min, 0.1/min, 20 um, steps of 0.01
  // min, or as long as an explicit scheme allows.
  const bool steps_far = c.integrator == DiffusionIntegrator::implicit;
  model->schedule.step = steps_far ? 0.01 : 0.0004;
  model->schedule.steps = 1000000;
  model->schedule.time_dimension = {};
  model->kernels.tier = expr::Tier::interpreter;
  DiffusionOptions options;
  options.field = 0;
  options.diffusivity = {Coefficient(1e5)};
  if (c.decays) options.decay = Coefficient(0.1);
  if (c.open) options.sides[0][0] = {SideRule::Kind::value, Coefficient(2.0)};
  options.order = c.order;
  options.integrator = c.integrator;
  model->processes.push_back(std::make_unique<Diffusion>("spread", *model, options));
  model->schedule.root = {.kind = ScheduleNode::Kind::advance, .process = 0};
  model->finish();
  return model;
}

void diffusion_step(benchmark::State& bench, BenchCase c) {
  const auto n = static_cast<std::size_t>(bench.range(0));
  const auto model = cube(n, c);
  Simulation simulation(model, {.threads = static_cast<int>(bench.range(1))});
  std::vector<double> plain(n * n * n, 1.0);
  const double in_place = in_place_cost(plain, simulation.threads());
  simulation.step();  // set-up
  std::vector<double> cpu, wall;
  for (auto _ : bench) {
    const double cpu_start = cpu_seconds(), wall_start = wall_seconds();
    simulation.step();
    cpu.push_back(cpu_seconds() - cpu_start);
    wall.push_back(wall_seconds() - wall_start);
  }
  const auto per_site = [&](std::vector<double>& seconds) {
    std::sort(seconds.begin(), seconds.end());
    return 1e9 * seconds[seconds.size() / 2] / static_cast<double>(n * n * n);
  };
  bench.counters["cpu_ns_per_site"] = per_site(cpu);
  bench.counters["wall_ns_per_site"] = per_site(wall);
  bench.counters["in_place_cpu_ns"] = in_place;
  bench.counters["times_in_place"] = per_site(cpu) / in_place;
}

void sizes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"n", "threads"})
      ->Args({100, 1})
      ->Args({100, 2})
      ->Args({256, 1})
      ->Args({256, 2})
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
}

using enum DiffusionIntegrator;
BENCHMARK_CAPTURE(diffusion_step, explicit_heun_order_2, BenchCase{heun, 2, false, false})->Apply(sizes);
BENCHMARK_CAPTURE(diffusion_step, explicit_euler_order_2, BenchCase{forward_euler, 2, false, false})
    ->Apply(sizes);
BENCHMARK_CAPTURE(diffusion_step, explicit_heun_order_4, BenchCase{heun, 4, false, false})->Apply(sizes);
BENCHMARK_CAPTURE(diffusion_step, implicit_closed, BenchCase{implicit, 2, true, false})->Apply(sizes);
BENCHMARK_CAPTURE(diffusion_step, implicit_closed_order_4, BenchCase{implicit, 4, true, false})->Apply(sizes);
BENCHMARK_CAPTURE(diffusion_step, implicit_given_values, BenchCase{implicit, 2, true, true})->Apply(sizes);

}  // namespace
}  // namespace holon::transport

BENCHMARK_MAIN();

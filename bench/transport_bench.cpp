// Cost of diffusion steps per site and species, beside the in-place bandwidth of the same run: scaling an
// array of the same size in place moves 16 bytes a site, and no step can be faster. Medians of CPU time and
// of wall time, divided by sites, species and steps; 1 and 2 threads. `of_bandwidth` is the part of the
// in-place bandwidth that a step which passed memory once would use; `of_bandwidth_2_passes` the part that
// one uses which passes it twice, as directional sweeps in three dimensions must.
#include "holon/base/column_memory.hpp"
#include "holon/engine/simulation.hpp"
#include "holon/transport/flux_diffusion.hpp"
#include "holon/transport/joint_diffusion.hpp"

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

/// Nanoseconds of CPU time per site of u *= c, the median of some passes.
double in_place_cost(Column<double>& u, ThreadPool& threads) {
  std::vector<double> seconds;
  for (int pass = 0; pass < 21; ++pass) {
    const double start = cpu_seconds();
    threads.for_range(u.size(), 1 << 16, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) u[i] *= 1.0000001;
    });
    benchmark::ClobberMemory();
    seconds.push_back(cpu_seconds() - start);
  }
  std::sort(seconds.begin(), seconds.end());
  return 1e9 * seconds[seconds.size() / 2] / static_cast<double>(u.size());
}

enum class Medium { uniform, varying, fibres, turning_fibres };

struct BenchCase {
  DiffusionIntegrator integrator;
  int order;
  bool decays, open;  // open: values given at the x sides
  int species = 1;
  Medium medium = Medium::uniform;
  bool together = false;  // all species in one process
};

/// a + b x, with x from 0 to the box's length.
Coefficient linear(double a, double b) {
  return Coefficient::equation([=](expr::Graph& g) {
    return g.add(g.constant(a), g.multiply(g.constant(b), g.symbol("position.x")));
  });
}

void set_medium(DiffusionOptions& options, Medium medium, double length) {
  const double d = 1e5;
  if (medium == Medium::uniform) options.diffusivity = {Coefficient(d)};
  if (medium == Medium::varying)
    options.diffusivity = {linear(0.2 * d, 0.8 * d / length), linear(d, -0.5 * d / length), Coefficient(d)};
  if (medium != Medium::fibres && medium != Medium::turning_fibres) return;
  FibreConduction fibres;
  fibres.along = Coefficient(d);
  fibres.across = Coefficient(0.13 * d);
  fibres.fibre = {Coefficient(0.6), Coefficient(0.64), Coefficient(0.48)};
  if (medium == Medium::turning_fibres) {
    const auto turn = [length](expr::Op op) {
      return Coefficient::equation([=](expr::Graph& g) {
        return g.make(op, g.multiply(g.constant(1.0 / length), g.symbol("position.x")));
      });
    };
    fibres.fibre = {turn(expr::Op::cos), turn(expr::Op::sin), Coefficient(0.0)};
  }
  options.fibres = fibres;
}

std::shared_ptr<Model> cube(std::size_t n, const BenchCase& c) {
  auto model = std::make_shared<Model>();
  auto grid = std::make_shared<GridSpace>(
      "cube", GridSpace::Sites::cells, std::vector<GridSpace::Axis>(3, {n, 20.0, 0.0, false}), Dimension{});
  // The diffusion-decay case of the field's usual benchmark: D = 1e5 um2/min, 0.1/min, 20 um, steps of 0.01
  // min, or as long as an explicit scheme allows.
  const bool steps_far = c.integrator == DiffusionIntegrator::implicit;
  model->schedule.step = steps_far ? 0.01 : 0.0004;
  model->schedule.steps = 1000000;
  model->schedule.time_dimension = {};
  model->kernels.tier = expr::Tier::interpreter;
  ScheduleNode all{.kind = ScheduleNode::Kind::lie};
  std::vector<DiffusionOptions> joint;
  for (int k = 0; k < c.species; ++k) {
    const std::string name = "c" + std::to_string(k);
    const FieldId field = model->fields->add({.name = name, .space = grid, .kind = FieldKind::density});
    model->initial.emplace_back(field, Coefficient(1.0));
    DiffusionOptions options;
    options.field = field;
    set_medium(options, c.medium, 20.0 * static_cast<double>(n));
    if (c.decays) options.decay = Coefficient(0.1);
    if (c.open) options.sides[0][0] = {SideRule::Kind::value, Coefficient(2.0)};
    options.order = c.order;
    options.integrator = c.integrator;
    if (c.together) {
      joint.push_back(options);
      continue;
    }
    model->processes.push_back(make_diffusion("spread_" + name, *model, options));
    all.children.push_back({.kind = ScheduleNode::Kind::advance, .process = static_cast<ProcessId>(k)});
  }
  if (c.together) {
    model->processes.push_back(std::make_unique<JointDiffusion>("spread", *model, std::move(joint)));
    all.children.push_back({.kind = ScheduleNode::Kind::advance, .process = 0});
  }
  model->schedule.root = all.children.size() == 1 ? all.children.front() : all;
  model->finish();
  return model;
}

void diffusion_step(benchmark::State& bench, BenchCase c) {
  const auto n = static_cast<std::size_t>(bench.range(0));
  const auto model = cube(n, c);
  Simulation simulation(model, {.threads = static_cast<int>(bench.range(1))});
  Column<double> plain(n * n * n, 1.0);
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
    return 1e9 * seconds[seconds.size() / 2] / static_cast<double>(n * n * n) / c.species;
  };
  bench.counters["cpu_ns_per_site"] = per_site(cpu);
  bench.counters["wall_ns_per_site"] = per_site(wall);
  bench.counters["in_place_cpu_ns"] = in_place;
  bench.counters["times_in_place"] = per_site(cpu) / in_place;
  bench.counters["of_bandwidth"] = in_place / per_site(cpu);
  bench.counters["of_bandwidth_2_passes"] = 2.0 * in_place / per_site(cpu);
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

void cube_100(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"n", "threads"})
      ->Args({100, 1})
      ->Args({100, 2})
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
}
BENCHMARK_CAPTURE(diffusion_step, implicit_ten_species,
                  BenchCase{implicit, 2, true, false, 10, Medium::uniform, true})
    ->Apply(cube_100);
BENCHMARK_CAPTURE(diffusion_step, implicit_ten_processes, BenchCase{implicit, 2, true, false, 10})
    ->Apply(cube_100);
BENCHMARK_CAPTURE(diffusion_step, explicit_euler_varying,
                  BenchCase{forward_euler, 2, false, false, 1, Medium::varying})
    ->Apply(cube_100);
BENCHMARK_CAPTURE(diffusion_step, explicit_euler_fibres,
                  BenchCase{forward_euler, 2, false, false, 1, Medium::fibres})
    ->Apply(cube_100);
BENCHMARK_CAPTURE(diffusion_step, explicit_euler_turning_fibres,
                  BenchCase{forward_euler, 2, false, false, 1, Medium::turning_fibres})
    ->Apply(cube_100);
BENCHMARK_CAPTURE(diffusion_step, implicit_varying, BenchCase{implicit, 2, true, false, 1, Medium::varying})
    ->Apply(cube_100);
BENCHMARK_CAPTURE(diffusion_step, implicit_turning_fibres,
                  BenchCase{implicit, 2, true, false, 1, Medium::turning_fibres})
    ->Apply(cube_100);

}  // namespace
}  // namespace holon::transport

BENCHMARK_MAIN();

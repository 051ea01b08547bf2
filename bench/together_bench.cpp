// Processes as one system of equations (`together`), by each of its solvers, on one thread: the discharge of
// a porous cell (models/battery/dfn.yaml; 1348 unknowns), and a step of two species that react and spread in
// a box of side^3 cells, from rest, with the linear iterations that it took. Complete factors of the largest
// box (10^5 unknowns) would take minutes a step: it is GMRES's alone.
#include "holon/engine/simulation.hpp"
#include "holon/kinetics/register.hpp"
#include "holon/modelfile/load.hpp"
#include "holon/observe/register.hpp"
#include "holon/pointwise/register.hpp"
#include "holon/transport/register.hpp"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

namespace holon::bench {
namespace {

constexpr const char* solvers[] = {"direct", "condensation", "krylov", "auto"};

std::shared_ptr<const Model> loaded(const std::filesystem::path& file, const std::string& solver) {
  modelfile::Registry registry;
  register_pointwise(registry);
  register_kinetics(registry);
  register_transport(registry);
  register_observe(registry);
  modelfile::LoadOptions options;
  options.overrides.push_back(modelfile::parse_override("schedule.together.solver=" + solver));
  return modelfile::load(file, registry, options).model;
}

Counters counters_of(const Simulation& simulation) {
  for (const ProcessTiming& timing : simulation.timings())
    if (timing.process == "together") return timing.counters;
  return {};
}

void cell(benchmark::State& bench) {
  const std::string solver = solvers[bench.range(0)];
  const auto model = loaded(std::string(HOLON_SOURCE_DIR) + "/models/battery/dfn.yaml", solver);
  Counters counters;
  for (auto step : bench) {
    Simulation simulation(model, {.threads = 1});
    simulation.run();
    counters = counters_of(simulation);
  }
  bench.SetLabel(solver);
  bench.counters["steps"] = static_cast<double>(counters.steps);
  bench.counters["linear iterations"] = static_cast<double>(counters.linear_iterations);
}
BENCHMARK(cell)->DenseRange(0, 3)->Unit(benchmark::kMillisecond);

void box(benchmark::State& bench) {
  const std::string solver = solvers[bench.range(0)];
  const auto file = std::filesystem::temp_directory_path() / "holon_together_bench.yaml";
  std::ofstream(file) << fmt::format(R"yaml(
holon: 1
spaces: {{box: {{type: grid, sites: cells, size: [=0.01*{0}, =0.01*{0}, =0.01*{0}], spacing: 0.01}}}}
fields:
  u: {{space: box, kind: density, initial: "=1 + 0.3*cos(pi*position.x/(0.01*{0}))*cos(pi*position.y/(0.01*{0}))"}}
  v: {{space: box, kind: density, initial: "=0.9 - 0.1*cos(2*pi*position.z/(0.01*{0}))"}}
processes:
  reaction:
    type: kinetics
    space: box
    units: {{time: 1, u: 1, v: 1}}
    fields: {{u: u, v: v}}
    equations: |
      u' = 0.1 - u + u^2*v
      v' = 0.9 - u^2*v
  spread_u: {{type: diffusion, field: u, diffusivity: 0.0005, integrator: implicit}}
  spread_v: {{type: diffusion, field: v, diffusivity: 0.01, integrator: implicit}}
schedule: {{step: 0.1, until: 0.1, together: {{do: [reaction, spread_u, spread_v], method: bdf1}}}}
observe: {{end: {{type: final, of: u, at: [0.03, 0.03, 0.03]}}}}
)yaml",
                                     bench.range(1));
  const auto model = loaded(file, solver);
  std::filesystem::remove(file);
  Counters counters;
  for (auto step : bench) {
    Simulation simulation(model, {.threads = 1});
    simulation.run();
    counters = counters_of(simulation);
  }
  bench.SetLabel(solver);
  bench.counters["unknowns"] = 2.0 * std::pow(static_cast<double>(bench.range(1)), 3);
  bench.counters["corrections"] = static_cast<double>(counters.nonlinear_iterations);
  bench.counters["linear iterations"] = static_cast<double>(counters.linear_iterations);
}
BENCHMARK(box)
    ->ArgsProduct({{0, 2, 3}, {8, 12, 16}})
    ->Args({2, 37})
    ->Args({3, 37})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace holon::bench

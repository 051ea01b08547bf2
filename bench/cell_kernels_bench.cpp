// Cost of one step of a cell model per cell, as `holon run` takes it (model file, component file, fused
// kernel), beside the same step written by hand. CPU time of the thread; both in one program, so that their
// ratio means something on a noisy machine. Demands: ten Tusscher at most 0.60 of the hand-written step, the
// repressilator at most 0.65, the interpreter at most 1.6.
#include "holon/engine/simulation.hpp"
#include "holon/kinetics/register.hpp"
#include "holon/modelfile/load.hpp"
#include "holon/pointwise/register.hpp"

#include <memory>
#include <string>
#include <vector>

#include "bench/hand_written.hpp"
#include <benchmark/benchmark.h>
#include <time.h>

namespace holon::bench {
namespace {

double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

struct Cell {
  std::string file, integrator, step;
  std::vector<std::string> states;  // in the order of the hand-written columns
};

const Cell ten_tusscher{"heart/cells/ten_tusscher_2006_epi.yaml",
                        "rush_larsen",
                        "0.02 ms",
                        {"V", "Xr1", "Xr2", "Xs", "m", "h", "j", "d", "f", "f2", "fCass", "s", "r", "Cai",
                         "CaSR", "CaSS", "R_prime", "Nai", "Ki"}};
const Cell repressilator{
    "circuits/equations/repressilator.yaml", "rk4", "0.01", {"m1", "m2", "m3", "p1", "p2", "p3"}};

/// A grid of unconnected cells of the model.
std::shared_ptr<const Model> cells_on_a_line(const Cell& cell, std::size_t cells, expr::Tier tier) {
  modelfile::Registry registry;
  register_pointwise(registry);
  register_kinetics(registry);
  modelfile::LoadOptions options;
  options.kernels.tier = tier;
  const std::string unit = cell.step.ends_with("ms") ? " mm" : "";
  const std::string text =
      "holon: 1\nspaces: {line: {type: grid, sites: cells, size: [" + std::to_string(cells) + unit +
      "], spacing: 1" + unit +
      "}}\nprocesses: {cell: {type: kinetics, space: line, integrator: " + cell.integrator +
      ", equations: " + cell.file + "}}\nschedule: {step: " + cell.step + ", steps: 1000000000}\n";
  return modelfile::load_text(text, "bench", std::string(HOLON_SOURCE_DIR) + "/models", registry, options)
      .model;
}

/// Steps until the benchmark is content; reports nanoseconds per cell and step.
template <class Step>
void measure(benchmark::State& state, std::size_t cells, Step step) {
  step();  // pages in, kernels loaded
  for (auto _ : state) {
    const double begin = thread_seconds();
    step();
    state.SetIterationTime(thread_seconds() - begin);
  }
  // Iterations per second of the counter's amount; inverted: seconds per 1e9 cells, which is nanoseconds per
  // cell.
  state.counters["ns_per_cell_and_step"] =
      benchmark::Counter(1e-9 * static_cast<double>(cells),
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void holon_step(benchmark::State& state, const Cell& cell, expr::Tier tier) {
  const auto cells = static_cast<std::size_t>(state.range(0));
  Simulation simulation(cells_on_a_line(cell, cells, tier), {.threads = 1});
  measure(state, cells, [&] { simulation.step(); });
}

void hand_written_step(benchmark::State& state, const Cell& cell) {
  const auto cells = static_cast<std::size_t>(state.range(0));
  const auto model = cells_on_a_line(cell, cells, expr::Tier::interpreter);
  ThreadPool threads(1);
  State initial = model->initial_state(threads, 0);
  std::vector<double*> columns;
  for (const std::string& name : cell.states)
    columns.push_back(initial.real(model->fields->id("cell." + name)).data());
  measure(state, cells, [&] {
    if (columns.size() == 19)
      hand_written_ten_tusscher(columns.data(), cells, 0.02, 0.0);
    else
      hand_written_repressilator(columns.data(), cells, 0.01, 216.0, 0.216, 0.2, 2.1);
    benchmark::ClobberMemory();
  });
}

void sizes(benchmark::internal::Benchmark* b) {
  b->Arg(65536)
      ->Arg(1048576)
      ->UseManualTime()
      ->MinTime(0.5)
      ->Repetitions(5)
      ->ReportAggregatesOnly(true)
      ->Unit(benchmark::kMillisecond);
}

BENCHMARK_CAPTURE(hand_written_step, ten_tusscher, ten_tusscher)->Apply(sizes);
BENCHMARK_CAPTURE(holon_step, ten_tusscher, ten_tusscher, expr::Tier::compiled)->Apply(sizes);
BENCHMARK_CAPTURE(holon_step, ten_tusscher_interpreter, ten_tusscher, expr::Tier::interpreter)->Apply(sizes);
BENCHMARK_CAPTURE(hand_written_step, repressilator, repressilator)->Apply(sizes);
BENCHMARK_CAPTURE(holon_step, repressilator, repressilator, expr::Tier::compiled)->Apply(sizes);

}  // namespace
}  // namespace holon::bench

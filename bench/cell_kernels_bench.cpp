// Cost of one step of a cell model per cell, as `holon run` takes it (model file, component file, fused
// kernel), beside the same step written by hand. CPU time of the thread; both in one program, so that their
// ratio means something on a noisy machine. Demands: ten Tusscher at most 0.60 of the hand-written step, the
// repressilator at most 0.65, the interpreter at most 1.6.
#include "holon/engine/simulation.hpp"

#include <memory>
#include <string>
#include <vector>

#include "bench/cells.hpp"
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
  expr::KernelOptions kernels;
  kernels.tier = tier;
  Simulation simulation(cells_on_a_line(cell, cells, kernels), {.threads = 1});
  measure(state, cells, [&] { simulation.step(); });
}

void hand_written_step(benchmark::State& state, const Cell& cell) {
  const auto cells = static_cast<std::size_t>(state.range(0));
  expr::KernelOptions kernels;
  kernels.tier = expr::Tier::interpreter;
  const auto model = cells_on_a_line(cell, cells, kernels);
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

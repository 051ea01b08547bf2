// CPU time from equations to a kernel that can run: compiled, loaded from the cache on disk, and how it grows
// with the number of equations. Demands: the ten Tusscher step at most 80 ms compiled, 3 ms from the cache;
// growth no worse than n^1.2 up to 20,000 equations.
#include "holon/pointwise/kinetics_process.hpp"

#include <cstdlib>
#include <filesystem>

#include "bench/cells.hpp"
#include <benchmark/benchmark.h>
#include <unistd.h>

namespace holon::bench {
namespace {

/// What it took to make the step's kernel of a model that was loaded anew.
double kernel_seconds(const Cell& cell, const expr::KernelOptions& kernels) {
  const auto model = cells_on_a_line(cell, 8, kernels);
  const auto& process = dynamic_cast<const pointwise::Kinetics&>(*model->processes.front());
  return process.step_kernel()->kernel().compile_seconds();
}

void compile(benchmark::State& state, const Cell& cell) {
  expr::KernelOptions kernels;
  kernels.use_cache = false;
  for (auto _ : state) state.SetIterationTime(kernel_seconds(cell, kernels));
}

void load_from_cache(benchmark::State& state, const Cell& cell) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("holon_compile_bench_" + std::to_string(::getpid()));
  const char* before = std::getenv("HOLON_CACHE");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("HOLON_CACHE", folder.c_str(), 1);
  kernel_seconds(cell, {});
  for (auto _ : state) state.SetIterationTime(kernel_seconds(cell, {}));
  before == nullptr ? ::unsetenv("HOLON_CACHE") : ::setenv("HOLON_CACHE", kept.c_str(), 1);
  std::filesystem::remove_all(folder);
}

/// Forward Euler for a ring of genes, x_i' = a/(1 + x_{i-1}^2) + b x_{i-2} x_{i+1} - c x_i, the constants of
/// each its own.
void compile_ring(benchmark::State& state) {
  const auto n = static_cast<std::size_t>(state.range(0));
  expr::Graph g;
  expr::KernelSource source;
  source.name = "ring";
  source.graph = &g;
  std::vector<expr::Node> x;
  for (std::size_t i = 0; i < n; ++i) {
    const std::string name = "x" + std::to_string(i);
    x.push_back(g.symbol(name));
    source.bindings.push_back({name, expr::Binding::Source::column, i});
  }
  const auto one = g.constant(1.0);
  for (std::size_t i = 0; i < n; ++i) {
    const double own = static_cast<double>(i) / static_cast<double>(n);
    const auto before = x[(i + n - 1) % n];
    const auto made = g.divide(g.constant(2.0 + own), g.add(one, g.multiply(before, before)));
    const auto helped = g.multiply(g.constant(0.1 + own), g.multiply(x[(i + n - 2) % n], x[(i + 1) % n]));
    const auto lost = g.multiply(g.constant(1.0 + 0.5 * own), x[i]);
    const auto rate = g.subtract(g.add(made, helped), lost);
    source.outputs.push_back(g.add(x[i], g.multiply(g.constant(0.01), rate)));
  }
  expr::KernelOptions kernels;
  kernels.use_cache = false;
  for (auto _ : state) state.SetIterationTime(expr::Kernel::make(source, kernels).compile_seconds());
  state.SetComplexityN(state.range(0));
}

void repeated(benchmark::internal::Benchmark* b) {
  b->UseManualTime()->Iterations(1)->Repetitions(9)->ReportAggregatesOnly(true)->Unit(
      benchmark::kMillisecond);
}

BENCHMARK_CAPTURE(compile, ten_tusscher, ten_tusscher)->Apply(repeated);
BENCHMARK_CAPTURE(compile, repressilator, repressilator)->Apply(repeated);
BENCHMARK_CAPTURE(load_from_cache, ten_tusscher, ten_tusscher)->Apply(repeated);
BENCHMARK_CAPTURE(load_from_cache, repressilator, repressilator)->Apply(repeated);
// The exponent between the ends follows from the times: log(t(20000) / t(625)) / log(32).
BENCHMARK(compile_ring)
    ->RangeMultiplier(2)
    ->Range(625, 20000)
    ->UseManualTime()
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace holon::bench

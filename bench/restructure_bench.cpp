// What a commit of divisions and deaths costs per agent.
#include "holon/engine/turnover_case.hpp"

#include <benchmark/benchmark.h>

namespace holon {
namespace {

/// One macro step with a part of the agents dividing and as many dying; argument: thousands of agents.
void turnover(benchmark::State& bench, double part) {
  const auto agents = static_cast<std::size_t>(bench.range(0)) * 1000;
  const test::TurnoverCase made(agents, 1 << 30, part, part);
  Simulation simulation(made.model, {.threads = 1, .seed = 3});
  simulation.step();
  double sites = 0.0;
  for (auto _ : bench) {
    simulation.step();
    sites += static_cast<double>(simulation.state().sites(*made.cells));
  }
  bench.counters["ns_per_agent"] =
      benchmark::Counter(sites * 1e-9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void TenthTurnsOver(benchmark::State& bench) { turnover(bench, 0.1); }
void ThousandthTurnsOver(benchmark::State& bench) { turnover(bench, 0.001); }
void NobodyTurnsOver(benchmark::State& bench) { turnover(bench, 0.0); }
BENCHMARK(TenthTurnsOver)->Arg(10)->Arg(100)->Unit(benchmark::kMillisecond);
BENCHMARK(ThousandthTurnsOver)->Arg(100)->Unit(benchmark::kMillisecond);
BENCHMARK(NobodyTurnsOver)->Arg(100)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace holon

// A lithium-ion cell with porous electrodes (models/battery/dfn.yaml) as `holon run` steps it: discharged at
// 1 C, with steps chosen so that the voltage is right to 0.5 mV, on one thread. Demand: at most 200 ms of
// processor time; hoped for: 50 ms. Counters: steps, evaluations of the equations and of their Jacobian, and
// the voltage at the end [V].
#include "holon/engine/simulation.hpp"
#include "holon/kinetics/register.hpp"
#include "holon/modelfile/load.hpp"
#include "holon/observe/register.hpp"
#include "holon/pointwise/register.hpp"
#include "holon/transport/register.hpp"

#include <memory>
#include <string>

#include <benchmark/benchmark.h>

namespace holon::bench {
namespace {

std::shared_ptr<const Model> cell() {
  modelfile::Registry registry;
  register_pointwise(registry);
  register_kinetics(registry);
  register_transport(registry);
  register_observe(registry);
  return modelfile::load(std::string(HOLON_SOURCE_DIR) + "/models/battery/dfn.yaml", registry, {}).model;
}

void discharge_at_1c(benchmark::State& bench) {
  const auto model = cell();
  Counters counters;
  double voltage = 0.0;
  for (auto step : bench) {
    Simulation simulation(model, {.threads = 1});
    simulation.run();
    for (const ProcessTiming& timing : simulation.timings())
      if (timing.process == "together") counters = timing.counters;
    voltage = simulation.state().real(model->fields->id("voltage"))[0];
  }
  bench.counters["steps"] = static_cast<double>(counters.steps);
  bench.counters["evaluations"] = static_cast<double>(counters.rate_evaluations);
  bench.counters["jacobians"] = static_cast<double>(counters.jacobian_evaluations);
  bench.counters["voltage"] = voltage;
}
BENCHMARK(discharge_at_1c)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace holon::bench

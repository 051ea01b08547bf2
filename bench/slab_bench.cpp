// The slab of ventricle as `holon run` steps it: 0.2 mm, 0.02 ms, 50 ms of activity, first order in time, on
// two threads. Demands: at most 4 s of wall time, and at most 1.3 times what its kernel and its stencil take
// on one thread, shared by two. Counters: wall time [s], nanoseconds per node and step on one thread of the
// kernel and of the stencil, and of the whole loop on two threads by its parts; beside them its processor
// time, which a busy machine leaves as it is.
#include "holon/engine/simulation.hpp"
#include "holon/kinetics/register.hpp"
#include "holon/modelfile/load.hpp"
#include "holon/observe/register.hpp"
#include "holon/pointwise/register.hpp"
#include "holon/transport/register.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <string>

#include <benchmark/benchmark.h>
#include <time.h>

namespace holon::bench {
namespace {

std::shared_ptr<const Model> slab() {
  static const modelfile::Registry registry = [] {
    modelfile::Registry made;
    register_pointwise(made);
    register_kinetics(made);
    register_transport(made);
    register_observe(made);
    return made;
  }();
  modelfile::LoadOptions options;
  for (const char* setting : {"parameters.spacing=0.2 mm", "parameters.step=0.02 ms", "parameters.order=2",
                              "parameters.integrator=rush_larsen", "parameters.splitting=lie",
                              "parameters.until=50 ms", "parameters.sample=50 ms"})
    options.overrides.push_back(modelfile::parse_override(setting));
  return modelfile::load(std::string(HOLON_SOURCE_DIR) + "/models/heart/niederer_slab.yaml", registry,
                         options)
      .model;
}

struct Cost {
  double wall = 0.0;       // [ns] per node and step
  double processor = 0.0;  // the same in processor time of all threads: what a busy machine leaves as it is
  std::map<std::string, double> part;  // of it, by process
};

double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

Cost measure(const std::shared_ptr<const Model>& model, int threads, int steps) {
  Simulation simulation(model, {.threads = threads});
  const double nodes = static_cast<double>(model->spaces.at("tissue")->sites());
  const double processor = processor_seconds();
  const auto begin = std::chrono::steady_clock::now();
  int taken = 0;
  for (; taken < steps && !simulation.finished(); ++taken) simulation.step();
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
  const double scale = 1e9 / (nodes * taken);
  Cost cost{wall.count() * scale, (processor_seconds() - processor) * scale, {}};
  for (const ProcessTiming& timing : simulation.timings()) cost.part[timing.process] = timing.seconds * scale;
  return cost;
}

void niederer_slab(benchmark::State& state) {
  const auto model = slab();
  const double nodes = static_cast<double>(model->spaces.at("tissue")->sites());
  measure(model, 1, 5);  // kernels compiled
  const Cost one = measure(model, 1, 200);
  Cost two;
  for (auto _ : state) two = measure(model, 2, 2500);
  const double kernel = one.part.at("membrane"), stencil = one.part.at("conduction");
  state.counters["wall_s"] = 1e-9 * two.wall * nodes * 2500;
  state.counters["kernel_ns_1_thread"] = kernel;
  state.counters["stencil_ns_1_thread"] = stencil;
  state.counters["loop_ns_2_threads"] = two.wall;
  state.counters["loop_cpu_ns_1_thread"] = one.processor;
  state.counters["loop_cpu_ns_2_threads"] = two.processor;
  state.counters["kernel_ns_2_threads"] = two.part.at("membrane");
  state.counters["stencil_ns_2_threads"] = two.part.at("conduction");
  state.counters["rest_ns_2_threads"] = two.wall - two.part.at("membrane") - two.part.at("conduction");
  state.counters["times_half_of_kernel_and_stencil"] = two.wall / (0.5 * (kernel + stencil));
}

BENCHMARK(niederer_slab)->Iterations(1)->UseRealTime()->Unit(benchmark::kSecond);

}  // namespace
}  // namespace holon::bench

// A model from a text, for tests of processes.
#pragma once

#include "holon/base/test_folder.hpp"
#include "holon/engine/simulation.hpp"
#include "holon/modelfile/load.hpp"
#include "holon/pointwise/register.hpp"

#include <memory>
#include <string>

namespace holon::pointwise::test {

using holon::test::Folder;

inline modelfile::LoadOptions interpreted() {
  modelfile::LoadOptions options;
  options.kernels.tier = expr::Tier::interpreter;
  return options;
}

/// Throws InputError with all mistakes.
inline std::shared_ptr<const Model> load(const std::string& text, const Folder& folder,
                                         const modelfile::LoadOptions& options = interpreted()) {
  modelfile::Registry registry;
  register_pointwise(registry);
  return modelfile::load(folder.write("model.yaml", text), registry, options).model;
}

inline std::shared_ptr<const Model> load(const std::string& text) { return load(text, Folder{}); }

/// Runs to the end and returns the simulation.
inline std::unique_ptr<Simulation> run(std::shared_ptr<const Model> model, int threads = 1) {
  auto simulation = std::make_unique<Simulation>(std::move(model), Simulation::Options{threads, 0, nullptr});
  simulation->run();
  return simulation;
}

inline double value(const Simulation& simulation, const std::string& field, std::size_t site = 0) {
  return simulation.complete_state().real(simulation.model().fields->id(field))[site];
}

/// The text of the mistakes of a broken model; empty if it loads.
inline std::string mistakes(const std::string& text) {
  try {
    load(text);
  } catch (const InputError& error) {
    std::string all;
    for (const Diagnostic& d : error.diagnostics()) all += d.text() + "\n";
    return all;
  }
  return "";
}

}  // namespace holon::pointwise::test

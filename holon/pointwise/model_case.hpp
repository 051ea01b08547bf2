// A model from a text, for tests of processes.
#pragma once

#include "holon/engine/simulation.hpp"
#include "holon/modelfile/load.hpp"
#include "holon/pointwise/register.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <unistd.h>

namespace holon::pointwise::test {

/// A folder that is gone after the test.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "holon-pointwise-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::filesystem::path write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name) << text;
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

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

// The cells whose steps and kernels are measured.
#pragma once

#include "holon/kinetics/register.hpp"
#include "holon/modelfile/load.hpp"
#include "holon/pointwise/register.hpp"

#include <memory>
#include <string>
#include <vector>

namespace holon::bench {

struct Cell {
  std::string file, integrator, step;
  std::vector<std::string> states;  // in the order of the hand-written columns
};

inline const Cell ten_tusscher{"heart/cells/ten_tusscher_2006_epi.yaml",
                               "rush_larsen",
                               "0.02 ms",
                               {"V", "Xr1", "Xr2", "Xs", "m", "h", "j", "d", "f", "f2", "fCass", "s", "r",
                                "Cai", "CaSR", "CaSS", "R_prime", "Nai", "Ki"}};
inline const Cell repressilator{
    "circuits/equations/repressilator.yaml", "rk4", "0.01", {"m1", "m2", "m3", "p1", "p2", "p3"}};

/// A grid of unconnected cells of the model.
inline std::shared_ptr<const Model> cells_on_a_line(const Cell& cell, std::size_t cells,
                                                    const expr::KernelOptions& kernels) {
  modelfile::Registry registry;
  register_pointwise(registry);
  register_kinetics(registry);
  modelfile::LoadOptions options;
  options.kernels = kernels;
  const std::string unit = cell.step.ends_with("ms") ? " mm" : "";
  const std::string text =
      "holon: 1\nspaces: {line: {type: grid, sites: cells, size: [" + std::to_string(cells) + unit +
      "], spacing: 1" + unit +
      "}}\nprocesses: {cell: {type: kinetics, space: line, integrator: " + cell.integrator +
      ", equations: " + cell.file + "}}\nschedule: {step: " + cell.step + ", steps: 1000000000}\n";
  return modelfile::load_text(text, "bench", std::string(HOLON_SOURCE_DIR) + "/models", registry, options)
      .model;
}

}  // namespace holon::bench

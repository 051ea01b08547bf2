// A kernel bound to the fields of one space: the bridge between equation graphs and States.
#pragma once

#include "holon/base/parallel.hpp"
#include "holon/engine/coefficient.hpp"
#include "holon/engine/state.hpp"
#include "holon/expr/kernel.hpp"

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace holon {

class Inputs;

/// Evaluates nodes at the sites of a space. Symbols of the graph are bound by their names:
///   random:uniform, :normal    on a population: one number of each kind per agent, between 0 and 1 or with
///   mean 0 and variance 1; drawn by seed, name of the kernel, the agent's id and generation, so that it
///   stays the same between divisions
///   time, dt                   uniform, given at each run (coherent unless the builder scales them)
///   position.x/.y/.z, .r       the space's coordinates (r on radial grids); on a population those of the
///   State
///   field:NAME, field:NAME[c]  column of the State (component c); a field on a space of one site for ever is
///   a uniform on any space; integers are converted
///   parameter:PATH             uniform from the
///   State's parameters uniform:NAME one of `uniforms`, given at each run, in that order column:NAME one of
///   `columns`, given at each run, in that order
class SiteKernel {
 public:
  struct Source {
    std::string name;
    const expr::Graph* graph = nullptr;
    std::vector<expr::Node> outputs;
    std::vector<std::string> uniforms;  ///< names N for symbols uniform:N
    std::vector<std::string> columns;   ///< names N for symbols column:N
  };
  SiteKernel() = default;
  SiteKernel(const Source& source, std::shared_ptr<const Space> space, const FieldTable& fields,
             const ParameterTable& parameters, const expr::KernelOptions& options);

  struct Call {
    double time = 0.0, dt = 0.0;
    std::span<const double> uniforms;        ///< for uniform:N
    std::span<const double* const> columns;  ///< for column:N
    const Inputs* inputs = nullptr;          ///< replaces fields by their waveform at `time`, where present
  };
  /// Writes outputs[k] of every site in [begin, end) to out[k]. `out` may point into the State (update in
  /// place).
  void run(const State& state, const Call& call, std::span<double* const> out, std::size_t begin,
           std::size_t end) const;
  /// All sites, shared out over threads.
  void run(const State& state, const Call& call, std::span<double* const> out, ThreadPool& threads) const;

  const expr::Kernel& kernel() const { return kernel_; }
  bool valid() const { return space_ != nullptr; }

 private:
  struct Bound;  // how each column and uniform is found
  expr::Kernel kernel_;
  std::shared_ptr<const Space> space_;
  std::shared_ptr<const Bound> bound_;
};

/// A coefficient evaluated at all sites of a space (constants and values per site are copied).
class CoefficientKernel {
 public:
  CoefficientKernel() = default;
  CoefficientKernel(const std::string& name, const Coefficient& coefficient,
                    std::shared_ptr<const Space> space, const FieldTable& fields,
                    const ParameterTable& parameters, const expr::KernelOptions& options);
  /// `inputs`, where given, replaces fields by their waveforms at `time`.
  void evaluate(const State& state, double time, std::span<double> out, ThreadPool& threads,
                const Inputs* inputs = nullptr) const;
  bool depends_on_time() const { return time_; }
  bool depends_on_fields() const { return fields_; }
  std::optional<double> constant() const { return coefficient_.constant(); }

 private:
  Coefficient coefficient_;
  SiteKernel kernel_;
  bool time_ = false, fields_ = false;
};

}  // namespace holon

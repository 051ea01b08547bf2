// What a KineticsSystem computes, rates or outputs, and its derivatives with respect to every field that is
// read, symbolic and exact.
#pragma once

#include "holon/engine/process.hpp"
#include "holon/pointwise/kinetics_system.hpp"

#include <vector>

namespace holon::pointwise {

class DerivativeKernels {
 public:
  enum class Of { rates, outputs };
  DerivativeKernels(const KernelFactory& factory, Of of);

  /// Adds the rates [per coherent time], or the outputs.
  void value(const State& state, double time, ThreadPool& threads, Vector& values) const;
  void jvp(const State& state, double time, const Vector& du, ThreadPool& threads, Vector& out) const;
  void vjp(const State& state, double time, const Vector& w, ThreadPool& threads, Vector& out) const;
  void jacobian(const State& state, double time, ThreadPool& threads, SparseBuilder& entries) const;

  /// The entries d value[row] / d field at one site; of rates, per unit of the component's time.
  struct Entry {
    std::uint32_t row = 0;
    FieldId column = 0;
    double value = 0.0;
  };
  std::vector<Entry> jacobian_at(const State& state, double time, std::size_t site) const;

  /// Fields that the values depend on: first the states, then others in order of their ids.
  const std::vector<FieldId>& variables() const { return variables_; }

  /// A place where the Jacobian may differ from 0; `column` is an index into variables().
  struct Pattern {
    std::uint32_t row, column;
  };
  const std::vector<Pattern>& pattern() const { return pattern_; }

 private:
  struct Table;  // a column of values per output of a kernel
  Table evaluate(const LazyKernel& kernel, std::size_t outputs, const State& state, double time,
                 std::vector<const double*> columns, ThreadPool& threads) const;
  const WayBack* way_back(std::size_t row) const;  // of a rate that is contributed through a coupling
  /// Adds values at the sites, a factor times those of row `row`, to what they are rates of, or are.
  void add(const State& state, std::size_t row, std::span<const double> values, double factor,
           std::span<double> target, ThreadPool& threads) const;
  std::vector<Node> variable_nodes() const;
  const std::vector<Node>& nodes(const KernelFactory::Equations& equations) const {
    return of_ == Of::rates ? equations.ode.rates : equations.outputs;
  }
  std::vector<Node> entries(const KernelFactory::Equations& equations) const;  // in order of the pattern

  const KernelFactory& factory_;
  Of of_;
  std::vector<FieldId> rows_;  // the field that each value is the rate of, or is
  double factor_ = 1.0;        // of values
  std::vector<FieldId> variables_;
  std::vector<Pattern> pattern_;
  LazyKernel value_, jvp_, vjp_, jacobian_, jacobian_of_a_site_;
};

}  // namespace holon::pointwise

// Rates of a KineticsSystem and their derivatives with respect to every field that they read, symbolic and
// exact.
#pragma once

#include "holon/engine/process.hpp"
#include "holon/pointwise/kinetics_system.hpp"

#include <vector>

namespace holon::pointwise {

class DerivativeKernels {
 public:
  explicit DerivativeKernels(const KernelFactory& factory);

  void rate(const State& state, double time, ThreadPool& threads, Vector& rates) const;
  void jvp(const State& state, double time, const Vector& du, ThreadPool& threads, Vector& out) const;
  void vjp(const State& state, double time, const Vector& w, ThreadPool& threads, Vector& out) const;
  void jacobian(const State& state, double time, ThreadPool& threads, SparseBuilder& entries) const;

  /// The entries d rate[row] / d field at one site, per unit of the component's time.
  struct Entry {
    std::uint32_t row = 0;
    FieldId column = 0;
    double value = 0.0;
  };
  std::vector<Entry> jacobian_at(const State& state, double time, std::size_t site) const;

  /// Fields that the rates depend on: first the states, then others in order of their ids.
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
  /// Adds values at the sites, a factor times those of rates[row], to what they are rates of.
  void add(const State& state, std::size_t row, std::span<const double> values, double factor,
           std::span<double> target, ThreadPool& threads) const;
  std::vector<Node> variable_nodes() const;
  std::vector<Node> entries(const OdeSystem& ode) const;  // of the Jacobian, in order of the pattern

  const KernelFactory& factory_;
  std::vector<FieldId> variables_;
  std::vector<Pattern> pattern_;
  LazyKernel rate_, jvp_, vjp_, jacobian_, jacobian_of_a_site_;
};

}  // namespace holon::pointwise

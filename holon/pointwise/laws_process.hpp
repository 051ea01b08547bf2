// What a component without states is: laws that give fields at every site from others (potentials, currents,
// voltages). y = f(t, x, other fields, parameters); determined when somebody looks, or solved for together
// with what it depends on (engine/together.hpp).
#pragma once

#include "holon/pointwise/derivative_kernels.hpp"

#include <string>
#include <vector>

namespace holon::pointwise {

class Laws final : public Process {
 public:
  /// Of a system without states.
  explicit Laws(KineticsSystem system);

  std::string_view type() const override { return "kinetics"; }
  Ports ports() const override;
  void initialise(State&, Workspace&) const override {}
  void determine(State& state, double time, Workspace& work) const override;
  std::vector<FieldId> determined_from() const override { return reads_; }
  /// There is nothing to follow in time.
  Outcome advance(State&, const Interval& interval, const Inputs&, Workspace&) const override;
  void rate(const State& state, double time, Workspace& work, Vector& rates) const override;
  void jvp(const State& state, double time, const Vector& du, Workspace& work, Vector& out) const override;
  void vjp(const State& state, double time, const Vector& w, Workspace& work, Vector& out) const override;
  void jacobian(const State& state, double time, Workspace& work, SparseBuilder& entries) const override;
  bool damps() const override { return true; }
  std::vector<std::string> description() const override;

 private:
  /// Throws NumericalFailure where an output is not a number, with what it was made of.
  void require_numbers(const State& state) const;
  bool concerns(const Layout& layout) const;

  KernelFactory factory_;
  DerivativeKernels derivatives_;
  LazyKernel values_;
  std::vector<FieldId> reads_;
};

}  // namespace holon::pointwise

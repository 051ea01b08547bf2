// Splitting without loss of order between sides whose values change in time (Einkemmer & Ostermann, SIAM J.
// Sci. Comput. 37, 2015).
//
// Of u_t = D u + f(u), u = b(t) at the sides, the flow of f alone leaves the sides' values, and a symmetric
// splitting falls back to order 1. With q, D q = 0 and q = f(b) at the sides, at the middle of the step,
//   u_t = D u + q,   u_t = f(u) - q
// have flows that agree with the sides to second order, and so has the splitting.
#pragma once

#include "holon/engine/process.hpp"

#include <memory>
#include <vector>

namespace holon {

/// Sets the field q at the beginning of each step of the splitting, by conjugate gradients from the last q
/// on, to 1e-11 of the right-hand side. f is the sum of the rates of the processes that react.
class BoundaryCorrection final : public Process {
 public:
  /// `diffusion` and `reactions` are the processes as they were without correction.
  struct Setup {
    FieldId field = 0, correction = 0;
    std::unique_ptr<Process> diffusion;
    std::vector<std::unique_ptr<Process>> reactions;
  };
  BoundaryCorrection(std::string name, Setup setup, const Model& model);
  ~BoundaryCorrection() override;

  std::string_view type() const override { return "boundary correction"; }
  Ports ports() const override;
  void initialise(State&, Workspace&) const override {}
  Outcome advance(State& state, const Interval& interval, const Inputs& inputs,
                  Workspace& work) const override;
  std::vector<FieldId> assigned() const override { return {setup_.correction}; }
  // What is added to one process and taken from another leaves the sum of all rates as it is: the model as
  // one operator has the correction zero.
  void rate(const State& state, double time, Workspace& work, Vector& rates) const override;
  void jvp(const State& state, double time, const Vector& du, Workspace& work, Vector& out) const override;
  void vjp(const State& state, double time, const Vector& w, Workspace& work, Vector& out) const override;
  void jacobian(const State& state, double time, Workspace& work, SparseBuilder& entries) const override;
  std::vector<std::string> description() const override;

 private:
  struct Memory;
  Memory& memory(const State& state, Workspace& work) const;
  std::vector<double> reaction_rates(State& state, double time, Memory& memory) const;

  Setup setup_;
  const Model* model_;
};

/// Gives every strang of the schedule that asks for it its correction: adds the field, puts corrected
/// processes in the place of the others, and the process that sets the field before the strang. Throws
/// InputError where there is no single process with sides of given value, or where nothing can be added to
/// one.
void correct_boundaries(Model& model);

/// Warnings about strangs that would need a correction and don't ask for it.
void warn_of_uncorrected_boundaries(Model& model);

}  // namespace holon

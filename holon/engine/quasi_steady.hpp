// A process that is so fast that its fields are always where they are at rest, given the slow ones.
//
// With f the rate of its fields x, y the fields of others and t the time, f(x, y, t) = 0 gives x = q(y, t).
//   order 0   x = q
//   order 1   x = q + J^-1 dq/dt, J = df/dx at q, dq/dt = -J^-1 (df/dt + df/dy dy/dt)
// (the slow manifold to first order in the ratio of the time scales: Fenichel 1979; Kuehn, Multiple Time
// Scale Dynamics (2015), chapter 4). dy/dt is the sum of the rates of all processes that advance what f
// reads.
//
// Error a posteriori, per field: order 0, |J^-1 dq/dt|; order 1, |J^-1 (dx/dt - f(x))|, the defect of x along
// the slow flow. Both leave out the next power of the ratio, and fast transients at the start.
#pragma once

#include "holon/engine/process.hpp"
#include "holon/engine/schedule.hpp"

#include <memory>
#include <string>
#include <vector>

namespace holon {

class QuasiSteady final : public Process {
 public:
  /// Stands for `inner` in `model`, which owns it and lives longer.
  QuasiSteady(std::unique_ptr<Process> inner, SteadyOptions options, const Model& model);

  std::string_view type() const override { return "quasi-steady"; }
  Ports ports() const override;
  Traits traits() const override;
  const Process& inner() const { return *inner_; }
  /// Its fields that hold something conserved: they follow the rest state, and what they gain so is taken
  /// from nowhere.
  const std::vector<FieldId>& conserved() const { return conserved_; }
  std::vector<LedgerAccount> ledger_accounts() const override;
  void initialise(State& state, Workspace& work) const override { inner_->initialise(state, work); }
  /// Puts the fields of a state at the beginning of a run where they are at rest, so that what reads them
  /// before this process's first turn sees them there. Where that fails they stay, and the first turn says
  /// why.
  void begin_at_rest(State& state, ThreadPool& threads) const;
  /// Puts the fields where they are at rest at the end of the interval. Fails where Newton's method does not
  /// converge or a rest state is not stable.
  Outcome advance(State& state, const Interval& interval, const Inputs& inputs,
                  Workspace& work) const override;
  std::vector<FieldId> assigned() const override { return own_; }
  void determine(State& state, double time, Workspace& work) const override {
    inner_->determine(state, time, work);
  }
  std::vector<FieldId> determined_from() const override { return inner_->determined_from(); }
  std::shared_ptr<const Capacity> capacity(FieldId field) const override { return inner_->capacity(field); }
  std::optional<std::pair<std::string, std::string>> capacity_obstacle(FieldId field) const override {
    return inner_->capacity_obstacle(field);
  }
  void rate(const State& state, double time, Workspace& work, Vector& rates) const override {
    inner_->rate(state, time, work, rates);
  }
  void jvp(const State& state, double time, const Vector& du, Workspace& work, Vector& out) const override {
    inner_->jvp(state, time, du, work, out);
  }
  void vjp(const State& state, double time, const Vector& w, Workspace& work, Vector& out) const override {
    inner_->vjp(state, time, w, work, out);
  }
  void jacobian(const State& state, double time, Workspace& work, SparseBuilder& entries) const override {
    inner_->jacobian(state, time, work, entries);
  }
  Scales scales(const State& state) const override { return inner_->scales(state); }
  std::vector<std::string> description() const override;

  /// What the separation of time scales is over a run from `start`, judged at the rest states of its slow
  /// fields for times up to `end`: the least ratio of the rate of relaxation to the rate at which the rest
  /// state moves, |q| / |J^-1 dq/dt|, or, where that is more and time itself does not move it, to the rates
  /// at which the slow fields move relative to their own sizes (a rest state that passes zero has no size).
  /// Infinite where nothing moves. Throws Refused where there is no stable
  /// rest state, or where the ratio is not above 1.
  double gap(const State& start, double begin, double end, double step, ThreadPool& threads) const;

 private:
  struct Work;
  class Solver;
  std::vector<ProcessId> slow_processes() const;

  std::unique_ptr<Process> inner_;
  SteadyOptions options_;
  const Model* model_;
  std::vector<FieldId> own_;
  std::vector<FieldId> conserved_;
};

}  // namespace holon

// Processes that are advanced as one system of equations: monolithic implicit steps of M dx/dt = F(x, t), a
// differential-algebraic system of index 1 (System). The schedule says `together: {do: [...]}`.
//
// With r and g from the method, each of its solves is
//   M (x - r) = g F(x, t)   where M is 1,      F(x, t) = 0   where M is 0,
//   bdf1    g = h, r = x_n; order 1
//   bdf2    g = h (1 + w)/(1 + 2 w), r = ((1 + w)^2 x_n - w^2 x_n-1)/(1 + 2 w) with w = h/h_n-1; order 2. It
//           begins, and begins again where anybody else has changed its fields, with sdirk
//   sdirk   Alexander's two stages (1977), L-stable, stiffly accurate, g = (1 - 1/sqrt 2) h; order 2
//   implicit_midpoint
//           g = h/2 at the middle, x_n+1 = 2 x - x_n, then the rows without M at the end; order 2, keeps
//           quadratic invariants
// by Newton's method with a matrix that is kept as long as corrections shrink fast, damped so that they
// shrink at all (natural monotonicity, Deuflhard 2011) and so that no equation leaves its domain. Its linear
// equations are solved as a whole, with what stands at single places eliminated, or by GMRES, as the schedule
// says or by size (solve/chosen_solver.hpp). Of several solutions that is taken to which shorter and shorter
// steps lead (implicit_system.hpp). A step
// whose equations are not solved is tried in halves, and fails where that does not help: with the equations,
// their sites and residuals. Fields that are determined or at rest are rows without M; their values at the
// start are found before the run, with all others as they are.
//
// Steps are equal parts of the schedule's; with a tolerance they are chosen by the error (the difference to
// the extrapolation from former steps), relative to the largest value of each field. Histories are fields of
// the State, and factors are made anew in every advance, so that a resumed run is the same bit by bit.
//
// The books: every member brings in the integral of its rate by the method's own weights; what Newton's
// method leaves has a line of its own.
#pragma once

#include "holon/engine/model.hpp"
#include "holon/engine/together_methods.hpp"

#include <memory>
#include <string>
#include <vector>

namespace holon {

class Together final : public Process {
 public:
  /// Adds the fields that it keeps to the model's, which lives longer. model.determination leaves out what
  /// members determine. Throws InputError where a member can't be part of such a system.
  Together(std::string name, const ScheduleNode& node, Model& model);

  std::string_view type() const override { return "together"; }
  Ports ports() const override;
  Traits traits() const override;
  bool detects_failure() const override { return true; }
  std::vector<LedgerAccount> ledger_accounts() const override;
  /// Solves the rows without M, with all others as they are. Throws NumericalFailure where that fails.
  void initialise(State& state, Workspace& work) const override;
  Outcome advance(State& state, const Interval& interval, const Inputs& inputs,
                  Workspace& work) const override;
  /// Members state their own.
  void rate(const State&, double, Workspace&, Vector&) const override {}
  void jvp(const State&, double, const Vector&, Workspace&, Vector&) const override {}
  void vjp(const State&, double, const Vector&, Workspace&, Vector&) const override {}
  void jacobian(const State&, double, Workspace&, SparseBuilder&) const override {}
  bool damps() const override { return options_.method != TogetherOptions::Method::implicit_midpoint; }
  std::vector<std::string> description() const override;
  const std::vector<ProcessId>& members() const { return members_; }

 private:
  struct Work;
  Work& scratch(Workspace& work) const;
  /// Why a step can't stand, and how much of its length is tried next.
  struct Fault {
    double factor;
    ImplicitSystem::Failure failure;
  };
  std::optional<Fault> fault(const std::optional<TogetherMethods::Taken>& taken, Work& work) const;
  /// What the State says of former steps.
  StepHistory history(State& state, double time, Work& work) const;
  void keep(State& state, const StepHistory& history, double next) const;
  /// Tells the equations on which side of folds they are.
  void orient(State& state, const std::vector<double>& now, double time, Work& work) const;
  /// The length of the first step.
  double beginning(State& state, double time, double dt, Work& work) const;

  std::vector<ProcessId> members_;
  TogetherOptions options_;
  const Model* model_;
  std::vector<FieldId> unknowns_;
  Bookings bookings_;  ///< an account each
  // Fields that it keeps: the unknowns as they were left, one step and two steps before; the last two steps
  // and the next one [coherent time, 0: none]; what the last step brought in.
  FieldId left_ = 0, former_ = 0, clock_ = 0, brought_ = 0;
};

/// Makes the processes of `together` nodes and appends them to the model; called once, when all others are
/// made.
void make_together(Model& model);

/// Those of some processes that determine fields.
std::vector<ProcessId> solved_by(const Model& model, const std::vector<ProcessId>& members);
/// Those of the members of all such processes.
std::vector<ProcessId> solved_together(const Model& model);

}  // namespace holon

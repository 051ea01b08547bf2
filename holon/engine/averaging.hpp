// Averaging over one interval: fast processes are run to their cycle while slow ones stand still; these then
// take one long step with the mean of their rates over a period of it.
//
// With u the slow fields and the fast ones on their cycle for that u,
//   R(u) = 1/P sum over the substeps of a period of (what the slow processes add to u in a substep),
// each time from the same u, so that whatever a process does counts, contributions and ledger accounts
// included. A step is u + H R(u) (order 1), or u + H R(u + H/2 R(u)) (order 2, the midpoint rule). The error
// against the full equations is of the order of the ratio of the period to the slow time (Sanders, Verhulst &
// Murdock, Averaging Methods in Nonlinear Dynamical Systems, 2007). Fast processes see time go on from the
// beginning of the interval, period after period, so that a forcing of another period is noticed.
//
// Fails (NumericalFailure) where the fast fields have not become periodic after the most periods allowed.
#pragma once

#include "holon/engine/execution.hpp"

#include <string>
#include <vector>

namespace holon {

class Averaging {
 public:
  Averaging(const Execution& execution, std::size_t average);
  void advance(State& state, Time begin, Time end, const Inputs& inputs);

 private:
  /// What the slow processes change, at one moment.
  struct Slow {
    std::vector<std::vector<double>> columns;  ///< real fields
    std::vector<double> accounts;              ///< of all accounts: what was booked
  };
  Slow slow_of(const State& state) const;
  void set_fields(State& state, const std::vector<std::vector<double>>& columns) const;
  std::vector<std::vector<double>> fast_of(const State& state) const;
  /// Advances the fast processes by a substep of a period that begins at `begin`.
  void fast_substep(State& state, Time begin, std::int64_t number, const Inputs& inputs) const;
  /// `begin` moves on by the periods that it takes.
  void run_to_cycle(State& state, Time& begin, const Inputs& inputs) const;
  /// The sum over a period of what slow processes add, from where they are now.
  Slow gain(State& state, Time& begin, const Inputs& inputs) const;

  const Execution& execution_;
  const Model& model_;
  const Average& average_;
  std::vector<FieldId> slow_fields_, fast_fields_;
  Fraction period_;  // in macro steps
};

/// Refuses what can't be averaged: processes with events, delays or a changing number of sites, a period that
/// is longer than the step. Throws InputError.
void check_averages(const Model& model);

}  // namespace holon

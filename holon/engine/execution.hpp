// Execution: the program of a model's schedule, carried out on States.
#pragma once

#include "holon/engine/distribution.hpp"
#include "holon/engine/event_routes.hpp"
#include "holon/engine/model.hpp"

#include <memory>
#include <string>
#include <vector>

namespace holon {

class DelayedTransfer;

/// How long each process took.
struct ProcessTiming {
  std::string process;
  double seconds = 0.0;
  Counters counters;
};

/// Runs macro steps, or parts of one, on any State of the model. What it keeps between calls is scratch and
/// clocks, never part of an answer.
class Execution {
 public:
  /// With `ranks`, they share the work: all call the same functions with the same arguments.
  Execution(std::shared_ptr<const Model> model, ThreadPool& threads, Ranks* ranks = nullptr);

  /// From the beginning of the macro step in which the state's clock is, over a part of it. A half step that
  /// is pending is taken with the first; one is left pending only after a whole step. Throws NumericalFailure
  /// with process, field, place and time.
  void macro_step(State& state, Fraction part) const;
  /// Takes a pending half step.
  void close_half_step(State& state) const;
  /// Computes what these processes determine, in their order.
  void determine(State& state, const std::vector<ProcessId>& processes, double time) const;
  /// One instruction, which need not be of the program's body, from `begin` to `end`.
  void run(State& state, const Instruction& instruction, Time begin, Time end, const Inputs& inputs) const;

  const Model& model() const { return *model_; }
  ThreadPool& threads() const { return *threads_; }
  const Distribution& distribution() const { return distribution_; }
  std::vector<ProcessTiming> timings() const;

 private:
  /// What a process reads, itself or through what others determine for it.
  struct Reads {
    std::vector<FieldId> direct;
    std::vector<FieldId> through_determined;
    std::vector<ProcessId> determiners;
    bool follows_inputs = false;
    std::vector<const DelayedTransfer*> past;       ///< among the determiners
    std::vector<const DelayedTransfer*> remembers;  ///< delayed couplings from a field that it alone advances
  };
  Reads reads_of(const Process& process) const;
  void advance(State& state, ProcessId process, Time begin, Time end, const Inputs& inputs) const;
  /// What couplings carry into the field of a process while it advances.
  void book_carried(State& state, ProcessId reader, const Interval& interval) const;
  void advance_part(State& state, ProcessId process, Time begin, Time end, const Inputs& inputs) const;
  void advance_in_pieces(State& state, ProcessId process, Time begin, Time end, const Inputs& inputs) const;
  /// Turns the outcome into a failure where a field that the process advanced is not finite.
  void look_for_failure(const State& state, ProcessId process, const Interval& interval,
                        Outcome& outcome) const;
  std::string failure_text(const Process& process, const Outcome& outcome) const;

  std::shared_ptr<const Model> model_;
  ThreadPool* threads_;
  Distribution distribution_;
  std::vector<Reads> reads_;
  EventRoutes routes_;
  std::vector<const DelayedTransfer*> remembered_by_steps_;  ///< from fields that several processes advance
  mutable std::vector<Workspace> work_;
  mutable std::vector<double> seconds_;
};

}  // namespace holon

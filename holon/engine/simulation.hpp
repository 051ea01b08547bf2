// Simulation: one run of a model.
#pragma once

#include "holon/engine/execution.hpp"
#include "holon/engine/rest.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace holon {

/// When an event fired.
struct EventRecord {
  std::string name;
  double time = 0.0;  ///< coherent
};

class Simulation {
 public:
  struct Options {
    int threads = 1;
    std::uint64_t seed = 0;
    FrameWriter* frames = nullptr;
    Ranks* ranks = nullptr;  ///< that share the run: each makes the same calls
  };
  Simulation(std::shared_ptr<const Model> model, Options options);
  ~Simulation();

  /// One macro step (shorter if a stopping event ends it). Throws NumericalFailure with process, field, place
  /// and time.
  void step();
  bool finished() const { return finished_; }
  /// Steps to the end. `between` is called after each macro step; returning false stops early (signals).
  void run(const std::function<bool(const Simulation&)>& between = {});

  /// In the place of a run: one that begins and ends in this state, so that results() are those of the state.
  void look_at(const State& state);

  /// May have a half step pending; determined fields are as they were when somebody last looked at them. With
  /// ranks, fields are right on this rank's own sites.
  const State& state() const { return state_; }
  State& state() { return state_; }
  /// A copy with a pending half step taken and all determined fields up to date.
  State complete_state() const;
  double time() const;  ///< coherent
  double fraction_done() const;
  /// Of a run to rest: how far it has come.
  const std::optional<WayToRest>& way_to_rest() const { return way_; }
  const Model& model() const { return *model_; }
  ThreadPool& threads() const { return *threads_; }
  const Distribution& distribution() const { return execution_.distribution(); }

  /// Everything that a bitwise continuation needs: fields, clock, program counter, ledger, observers, events.
  Archive checkpoint() const;
  /// Throws InputError naming what differs when the checkpoint is of another model.
  void resume(const Archive& archive);

  std::vector<LedgerBalance> ledger() const;
  std::map<std::string, ResultValue> results() const;  ///< of the model's `results:`, in their units
  std::map<std::string, Series> series() const;
  const std::vector<EventRecord>& events() const { return events_; }
  std::vector<ProcessTiming> timings() const { return execution_.timings(); }

 private:
  void start();
  void step_to_rest();
  class CompleteView;
  void observe(std::int64_t index, bool last);
  /// Shows the observers the moments inside the macro step that begins with `from`, up to a fraction of it.
  void observe_between(const State& from, Fraction end);
  /// Determines what they read, and shows it.
  void show(State& complete, const std::vector<std::size_t>& observers, bool first, bool last);
  double event_value(std::size_t event, State& state) const;
  /// Locates the events between `before_` and the present state, which is at this numerator of the step's
  /// fractions; cuts the step at the first that stops. True if one did.
  bool locate_events(std::int64_t end);
  /// Where a step fails: looks for an event that stops the run before whatever it is that fails (a battery is
  /// empty before its law leaves its domain), and goes there.
  bool stop_before_failure();
  bool all_stops_complete() const;

  std::shared_ptr<const Model> model_;
  std::unique_ptr<ThreadPool> threads_;
  Execution execution_;
  FrameWriter* frames_ = nullptr;
  mutable State state_;                 // mutable: what is asked for may have to be fetched from other ranks
  std::optional<State> before_;         // only where events may cut a step, and on the way to rest
  std::optional<WayToRest> way_;        // of runs to rest
  std::optional<State> trial_;          // advanced by a part of a step, for events and between steps
  std::vector<FieldId> closed_fields_;  // that a pending half step changes
  std::vector<double> kept_;            // their values while somebody looks at a complete state
  std::vector<std::size_t> kept_ghosts_;
  // Who determines what they read:
  std::vector<std::vector<ProcessId>> before_observer_, before_event_;
  std::vector<std::unique_ptr<Observer>> observers_;
  std::vector<SiteKernel> event_kernels_;
  mutable std::vector<double> event_column_;
  std::vector<double> event_values_;
  std::vector<EventRecord> events_;
  std::map<std::string, double> held_at_start_;
  bool started_ = false;
  bool finished_ = false;
};

}  // namespace holon

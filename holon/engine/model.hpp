// Model: what is simulated. Immutable after it is built; safe to share between threads and among many States.
#pragma once

#include "holon/engine/declared_scales.hpp"
#include "holon/engine/determination.hpp"
#include "holon/engine/event.hpp"
#include "holon/engine/event_connection.hpp"
#include "holon/engine/ledger.hpp"
#include "holon/engine/observer.hpp"
#include "holon/engine/process.hpp"
#include "holon/engine/restructure.hpp"
#include "holon/engine/schedule.hpp"
#include "holon/engine/way_back.hpp"
#include "holon/engine/window_exchange.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace holon {

/// A result that the model asks for: an observer's outcome, or an equation over others.
struct ResultRecipe {
  std::string name;
  std::string observer, outcome;  ///< "activation", "at corner"
  std::optional<Coefficient>
      equation;              ///< instead of an observer: over symbols result:NAME (coherent) and parameters
  Dimension dimension;       ///< of the equation
  std::optional<Unit> unit;  ///< to report in; the outcome's own if absent
  struct Published {
    double value = 0.0;
    std::optional<double> tolerance;
    Unit unit;
    std::string source;
  };
  std::optional<Published> published;
  std::string description;
};

/// A field on a side of a grid that holds the values of a field of the grid there. The process that spreads
/// that field determines it, since the value on a face follows from what passes it.
struct TraceField {
  FieldId field = 0, of = 0;
  int axis = 0, side = 0;
  double factor = 1.0;  ///< numbers of the one per number of the other
};

/// What a coupling carries into a field while a process that reads it advances: amounts that points or faces
/// give off, as a rate of the field.
struct Carried {
  ProcessId reader = 0, coupling = 0;
  AccountId first = 0;  ///< of three: what left, what arrived, and absolute amounts
  double factor = 1.0;  ///< from the unit of the coupling's field times coherent time to that of the reader's
};

class Model {
 public:
  std::string title;
  std::map<std::string, std::shared_ptr<const Space>> spaces;
  std::shared_ptr<FieldTable> fields = std::make_shared<FieldTable>();
  std::shared_ptr<ParameterTable> parameters = std::make_shared<ParameterTable>();
  std::vector<std::unique_ptr<Process>> processes;
  Schedule schedule;
  Program program;
  Determination determination;
  std::vector<WindowExchange> exchanges;  ///< one per window of the program
  std::vector<EventRecipe> events;
  std::vector<EventConnection> connections;
  /// Per process, the longest part of a step that it may be advanced over at once [coherent time]: what it
  /// hears from itself with a delay must have happened before.
  std::vector<double> longest_advance;
  std::vector<std::string> divisions;  ///< what finish() divided because of delays, and why
  std::vector<std::unique_ptr<ObserverRecipe>> observers;
  std::vector<ResultRecipe> results;
  std::vector<LedgerAccount> accounts;
  DeclaredScales declared_scales;
  std::vector<TraceField> traces;  ///< set while the model is assembled, before processes are made
  std::vector<WayBack> ways_back;  ///< of couplings, likewise
  std::vector<Carried> carried;
  std::vector<std::pair<FieldId, Coefficient>>
      initial;                         ///< of fields that no process owns, evaluated in this order
  std::vector<ValueAtBirth> at_birth;  ///< of fields whose rule at division is reset or draw
  std::vector<Diagnostic> warnings;    ///< what finish() found doubtful
  std::string hash;                    ///< SHA-256 of the resolved model
  std::string resolved;                ///< the resolved model as YAML text
  expr::KernelOptions kernels;
  LedgerRule ledger_rule = LedgerRule::report;

  const Process& process(std::string_view name) const;  ///< throws InputError with the nearest name
  ProcessId process_id(std::string_view name) const;

  /// Puts other processes in the place of those of which the schedule asks something particular: quasi-steady
  /// ones, corrections at boundaries. Called once, when all processes are made; finish() does it where nobody
  /// has.
  void rewrite();

  /// Checks the whole and compiles the schedule: every field advanced by someone, several owners only under a
  /// splitting, determined fields in an order, steps below limits, automatic subcycles. Called once by
  /// whoever assembled the parts, before the model is shared. Throws InputError.
  void finish();

  /// Refuses advances over more than their processes' stability limits at a state: finish() looks at the
  /// initial one. Throws InputError.
  void check_steps(const State& state) const;

  /// A State with every field at its initial value.
  State initial_state(ThreadPool& threads, std::uint64_t seed) const;

 private:
  /// Refuses an advance over more than its process's stability limit. `length`: of the interval that the
  /// instruction's fractions are of [macro steps].
  void check_step(const Instruction& instruction, double length, const State& state) const;
  bool rewritten_ = false;
};

}  // namespace holon

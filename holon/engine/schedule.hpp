// The schedule is part of the model: a tree of splittings, compiled to a program of advances within one macro
// step.
#pragma once

#include "holon/base/error.hpp"
#include "holon/base/unit.hpp"
#include "holon/engine/time.hpp"
#include "holon/solve/fixed_point.hpp"
#include "holon/solve/solver_choice.hpp"
#include "holon/space/field.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace holon {

using ProcessId = std::uint32_t;

/// How the members of a window find values that agree with each other.
struct IterateOptions {
  solve::FixedPointOptions acceleration;
  /// Of the residual |H(g) - g|, relative to the first of the window: g is what members read of later ones,
  /// at the ends of all substeps, H(g) what these then give.
  double tolerance = 1e-8;
  std::int64_t most = 100;  ///< evaluations of H in one window
  int degree = 1;           ///< of the waveforms through the values at the ends of substeps
  enum class Unconverged { fail, accept } unconverged = Unconverged::fail;
};

/// A process that is not followed in time but kept where its fields are at rest (quasi_steady.hpp).
struct SteadyOptions {
  int order = 0;
  std::map<FieldId, FieldId> estimates;  ///< where the estimated error of a field is put
};

/// Fast processes that are run to their cycle, and slow ones that take one step with the mean of their rates
/// over it (averaging.hpp).
struct AverageOptions {
  double period = 0.0;      ///< of the fast processes [coherent time]
  std::int64_t steps = 64;  ///< of the fast processes in a period
  double tolerance = 1e-6;  ///< change of the fast fields over a period, relative to their size in it
  std::int64_t most = 100;  ///< periods until they have to be periodic
  int order = 2;            ///< of the slow step: 1 with rates at its beginning, 2 with those in its middle
};

/// Processes that are advanced as one system of equations (together.hpp).
struct TogetherOptions {
  enum class Method { bdf2, bdf1, implicit_midpoint, sdirk };
  Method method = Method::bdf2;
  std::int64_t steps = 1;  ///< equal ones in each step of the schedule, where no tolerance is given
  /// Error that a step may make, relative to the size of each field; steps are then chosen by it.
  std::optional<double> tolerance;
  solve::SolverChoice solver = solve::SolverChoice::automatic;
  double newton = 1e-10;  ///< of the last correction of Newton's method, relative to the size of each field
};

/// A node of the schedule tree.
///   advance    one process over the node's interval
///   lie        children one after the other, each over the whole interval
///   strang     [A, B]: A/2 B A/2; [A, B, C]: A/2 B/2 C B/2 A/2. With `merge`, the last half of A in a macro
///              step and the first half of the next are taken as one (Strang 1968; State::counter holds what
///              is pending)
///   subcycle   the child n times over n equal parts of the interval; n = 0: derived from its stable step
///              when the model is built
///   every      the child once per n macro steps over all n of them, at the first of them
///   iterate    children one after the other, each from the state at the beginning of the interval and with
///              the others' fields as waveforms over it, again and again until these agree (waveform
///              relaxation). A subcycle as a child gives the number of its substeps
///   average    [fast, slow]: the first child is run to its cycle while the second stands still, which then
///              takes one step over the interval with the mean of its rates over that cycle
///   together   the children, all of them single processes, as one system: `process` is the one that advances
///              them (made when the model is finished)
struct ScheduleNode {
  enum class Kind { advance, lie, strang, subcycle, every, iterate, average, together };
  Kind kind = Kind::advance;
  ProcessId process = 0;
  std::vector<ScheduleNode> children;
  std::int64_t count = 1;
  bool merge = false;
  /// Of a strang: two processes of which one diffuses between sides whose values change in time, see
  /// boundary_correction.hpp.
  bool boundary_correction = false;
  std::optional<SteadyOptions> steady;  ///< of an advance
  std::optional<IterateOptions> iterate;
  /// Of an iterate: nobody wrote it; its single process sees what follows from its own fields
  /// (own_views.hpp).
  bool of_itself = false;
  std::optional<AverageOptions> average;
  std::optional<TogetherOptions> together;
  Place place;
};

/// One advance within macro step k: from (k + begin) to (k + end) macro steps, in macro steps with k
/// divisible by `every`. Of a process, of a window of the program, or of one of its averages.
struct Instruction {
  ProcessId process = 0;
  Fraction begin, end;
  std::int64_t every = 1;
  std::optional<std::size_t> window = {};
  std::optional<std::size_t> average = {};
};

/// Processes that are advanced together over one interval until what they exchange agrees.
struct Window {
  struct Member {
    std::vector<Instruction> part;  ///< over one substep, from 0 to 1
    std::int64_t parts = 1;         ///< substeps
    std::vector<ProcessId> processes;
  };
  IterateOptions options;
  std::vector<Member> members;
  bool of_itself = false;  ///< as of the schedule's node
  Place place;
};

/// A fast part over one substep and a slow part over a whole step, both from 0 to 1.
struct Average {
  AverageOptions options;
  std::vector<Instruction> fast, slow;
  Place place;
};

/// One macro step, flattened. When merged: the program of a step is opening (only if nothing is pending), or
/// `joined` (if a half is pending), then body; what remains is `closing`.
struct Program {
  std::vector<Instruction> body;
  std::vector<Window> windows;
  std::vector<Average> averages;
  bool merged = false;
  Instruction opening, closing;  ///< halves of the outer process of a merged Strang
};

struct Schedule {
  ScheduleNode root;
  double step = 0.0;       ///< coherent time of one macro step
  std::int64_t steps = 0;  ///< macro steps until the end; of a run to rest more than there will ever be
  bool to_rest = false;    ///< until nothing moves (rest.hpp)
  Dimension time_dimension = Dimension::time();
  Unit time_unit;            ///< the unit that `step` was written in; used for output
  bool order_stated = true;  ///< false: the order of processes was not written and is that of their names
  std::vector<std::string> stop_when;  ///< names of events or observers that end the run
};

/// A moment or a duration in the schedule's unit, for messages: "1.25 ms".
std::string moment_text(double coherent, const Schedule& schedule);

/// The processes below a node, in order of the tree.
std::vector<ProcessId> processes_below(const ScheduleNode& node);

/// Throws InputError with the node's place for what cannot be flattened (`every` outside a top-level `lie`).
Program compile(const ScheduleNode& root);

}  // namespace holon

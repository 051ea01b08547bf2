// The schedule is part of the model: a tree of splittings, compiled to a program of advances within one macro
// step.
#pragma once

#include "holon/base/error.hpp"
#include "holon/base/unit.hpp"
#include "holon/engine/time.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace holon {

using ProcessId = std::uint32_t;

/// A node of the schedule tree.
///   advance    one process over the node's interval
///   lie        children one after the other, each over the whole interval
///   strang     [A, B]: A/2 B A/2; [A, B, C]: A/2 B/2 C B/2 A/2. With `merge`, the last half of A in a macro
///   step and the
///              first half of the next are taken as one (Strang 1968; State::counter holds what is pending)
///   subcycle   the child n times over n equal parts of the interval; n = 0: derived from its stable step
///   when the model is built every      the child once per n macro steps over all n of them, at the first of
///   them
struct ScheduleNode {
  enum class Kind { advance, lie, strang, subcycle, every };
  Kind kind = Kind::advance;
  ProcessId process = 0;
  std::vector<ScheduleNode> children;
  std::int64_t count = 1;
  bool merge = false;
  Place place;
};

/// One advance within macro step k: from (k + begin) to (k + end) macro steps, in macro steps with k
/// divisible by `every`.
struct Instruction {
  ProcessId process = 0;
  Fraction begin, end;
  std::int64_t every = 1;
};

/// One macro step, flattened. When merged: the program of a step is opening (only if nothing is pending), or
/// `joined` (if a half is pending), then body; what remains is `closing`.
struct Program {
  std::vector<Instruction> body;
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

/// Throws InputError with the node's place for what cannot be flattened (`every` outside a top-level `lie`).
Program compile(const ScheduleNode& root);

}  // namespace holon

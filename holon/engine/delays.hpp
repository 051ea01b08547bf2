// Delays shorter than a step: how steps are divided so that whatever arrives inside a part is known when the
// part begins.
//
// Something is known in time if the process that it comes from has been advanced over the same interval
// before (children of a `lie` or `iterate`, in this order), or if its delay is at least the interval. Where
// neither holds, a process that hears from itself is advanced in parts (Model::longest_advance), and the
// whole macro step is divided where two processes hear from each other.
#pragma once

#include "holon/engine/state.hpp"

#include <string>
#include <vector>

namespace holon {

class Model;

/// Divides the schedule of a model that is being built. Returns lines for `holon check`: what was divided,
/// and because of which delay. Throws InputError for delays that no division helps: zero from a process to
/// itself, or against the order of the schedule.
std::vector<std::string> divide_at_delays(Model& model, const State& state, ThreadPool& threads);

}  // namespace holon

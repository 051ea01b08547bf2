// What is refused of a model, and what is warned of, when all its parts are there (Model::finish).
#pragma once

#include "holon/engine/model.hpp"

#include <string>

namespace holon::checks {

/// Throws InputError at a node of the schedule.
[[noreturn]] void refuse(const ScheduleNode& node, std::string path, std::string message,
                         std::string expected, std::string hint = "");
/// Where a process stands in the schedule; null where it does not.
const ScheduleNode* find_advance(const ScheduleNode& node, ProcessId process);

/// Every process runs, several owners of a field are a splitting that somebody wrote down, and nobody
/// advances what another one says at every moment.
void owners(const Model& model);
/// Processes that assign what others of them read, in a circle that no order of advances can honour and no
/// window repeats.
void circles(const Model& model);
/// A run that begins with something that is not finite never gets well.
void initial_values(const Model& model, const State& state, ThreadPool& threads);
/// Events happen once, at their time: not where nothing is followed in time, or where a half step is taken
/// for somebody's look and again with the next step.
void untimely_events(const Model& model);
/// Who divides or dies in a step after the last commit of it is counted later: also at the end.
void late_commits(Model& model);
/// A strang is of first order where a process sees, as it was, what it contributes to itself.
void stale_contributions(Model& model);
/// Steps that are stable and yet too long for what a process does in them.
void long_steps(Model& model);
/// What is kept at rest gains what it holds from nowhere: a warning, refused where the ledger is strict or
/// closed.
void conserved_at_rest(Model& model);
/// Refuses what is not fast enough to be kept at rest, and warns of what is barely.
void gaps(Model& model, const State& state, ThreadPool& threads);

}  // namespace holon::checks

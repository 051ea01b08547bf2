// run.json: what was run, by what, how long it took, and what the books say.
#pragma once

#include "holon/engine/simulation.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace holon::report {

/// Everything that run.json holds. Times of the simulation are in `time_unit`; times of the clock in seconds.
struct RunRecord {
  /// `running` is what stands in the file until the run has ended, for ever if it was killed.
  enum class Status { running, done, failed, interrupted };
  Status status = Status::running;
  std::string message;  ///< why it failed or stopped early

  std::string title, model_file, model_text, resolved_model, model_hash;
  std::vector<std::string> overrides;  ///< "--set" as given
  std::string version, instruction_set, tier;
  std::uint64_t seed = 0;
  int threads = 1;
  int ranks = 1;
  std::vector<Distribution::Line> shared;     ///< with several ranks: which processes they share
  std::vector<Distribution::Part> partition;  ///< and who owns which sites
  bool resumed = false;

  Unit time_unit;
  double step = 0.0, time_reached = 0.0, time_end = 0.0;
  std::int64_t steps_done = 0, steps = 0;

  double startup_seconds = 0.0;  ///< from the start of the program to the first step
  double startup_cpu_seconds =
      0.0;                   ///< processor time of the same: what it takes on a machine that is not busy
  double run_seconds = 0.0;  ///< all macro steps, with observers and output
  double cpu_seconds = 0.0;  ///< of all threads, whole program
  std::vector<ProcessTiming> processes;
  std::map<std::string, double> study_seconds;  ///< wall time of each study

  std::vector<LedgerBalance> ledger;
  std::vector<EventRecord> events;  ///< times coherent
  std::vector<std::string> warnings;
  std::vector<ResultRecipe> results;  ///< descriptions and published values
};

/// Fills what the simulation and its model know.
void describe(const Simulation& simulation, RunRecord& record);

std::string run_json(const RunRecord& record);

}  // namespace holon::report

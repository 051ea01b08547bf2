// What `holon run` and `holon study` have in common.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "command.hpp"

namespace holon::cli {

struct RunOptions {
  enum class What { schedule_and_studies, studies };
  What what = What::schedule_and_studies;
  std::string model, folder;
  std::vector<std::string> settings;
  int threads = 0;
  std::optional<std::uint64_t> seed;
  double checkpoint_minutes = 10.0;
  bool resume = false, force = false, quiet = false, no_report = false;
};

/// Runs and writes the output folder; the exit status.
int run_model(const RunOptions& options);

/// The options that both take.
void add_run_options(CLI::App& command, RunOptions& options);

}  // namespace holon::cli

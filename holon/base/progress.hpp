// Logging and progress. On a terminal a bar with rate and time left; otherwise a plain line now and then.
#pragma once

#include <chrono>
#include <string>

namespace holon {

enum class Verbosity { silent, quiet, normal, verbose };
void set_verbosity(Verbosity v);
void log_info(const std::string& line);     ///< to standard error, unless quiet
void log_warning(const std::string& line);  ///< to standard error, unless silent

/// Shows how far a run is. `fraction` in [0, 1]; `detail` e.g. "t = 12.5 ms". Prints at most ten times a
/// second on a terminal and every five seconds (and at the end) otherwise; nothing when quiet or silent.
class Progress {
 public:
  explicit Progress(std::string title);
  ~Progress();
  void update(double fraction, const std::string& detail);
  /// Cheap test whether an update would print now, for callers in a tight loop.
  bool due() const;
  /// How it ended: "done, t = 40 ms", "failed". Once.
  void finish(const std::string& ending);

 private:
  std::string title_;
  std::chrono::steady_clock::time_point start_, last_;
  bool terminal_ = false;
  bool finished_ = false;
};

}  // namespace holon

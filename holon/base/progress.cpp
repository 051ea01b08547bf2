#include "holon/base/progress.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <mutex>

#include <fmt/format.h>
#include <unistd.h>

namespace holon {

namespace {

using Clock = std::chrono::steady_clock;
constexpr auto terminal_interval = std::chrono::milliseconds(100);
constexpr auto plain_interval = std::chrono::seconds(5);
constexpr int bar_width = 30;

std::atomic<Verbosity> verbosity{Verbosity::normal};

/// Keeps lines whole, and knows whether the cursor stands behind a bar that a line must first wipe.
std::mutex output;
bool bar_shown = false;

void print_line(const std::string& line) {
  const std::lock_guard lock(output);
  const std::string text = (bar_shown ? "\r\x1b[K" : "") + line + "\n";
  bar_shown = false;
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

void print_bar(const std::string& line) {
  const std::lock_guard lock(output);
  const std::string text = "\r" + line + "\x1b[K";
  bar_shown = true;
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

double seconds(Clock::duration d) { return std::chrono::duration<double>(d).count(); }

std::string duration_text(double s) {
  if (s < 9.95) return fmt::format("{:.1f} s", s);
  if (s < 119.5) return fmt::format("{:.0f} s", s);
  if (s < 7199.5) return fmt::format("{:.0f} min", s / 60);
  return fmt::format("{:.1f} h", s / 3600);
}

/// "12 %  t = 3 ms  4.1 %/s  21 s left": rate and time left are means since the start.
std::string status_text(double fraction, double elapsed, const std::string& detail) {
  std::string text = fmt::format("{:3.0f} %", 100 * fraction);
  if (!detail.empty()) text += "  " + detail;
  if (fraction > 0 && elapsed > 0) {
    const double rate = fraction / elapsed;
    text += fmt::format("  {:.3g} %/s  {} left", 100 * rate, duration_text((1 - fraction) / rate));
  }
  return text;
}

}  // namespace

void set_verbosity(Verbosity v) { verbosity = v; }

void log_info(const std::string& line) {
  if (verbosity >= Verbosity::normal) print_line(line);
}

void log_warning(const std::string& line) {
  if (verbosity != Verbosity::silent) print_line("warning: " + line);
}

Progress::Progress(std::string title)
    : title_(std::move(title)),
      start_(Clock::now()),
      last_(start_),
      terminal_(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  const std::lock_guard lock(output);
  if (finished_ || !bar_shown) return;
  std::fputs("\n", stderr);  // an error message that follows does not overwrite how far the run came
  bar_shown = false;
}

bool Progress::due() const {
  if (verbosity <= Verbosity::quiet || finished_) return false;
  const auto since = Clock::now() - last_;
  return terminal_ ? since >= terminal_interval : since >= plain_interval;
}

void Progress::update(double fraction, const std::string& detail) {
  if (!due()) return;
  last_ = Clock::now();
  fraction = std::clamp(fraction, 0.0, 1.0);
  const std::string status = status_text(fraction, seconds(last_ - start_), detail);
  if (terminal_) {
    const int filled = static_cast<int>(fraction * bar_width);
    print_bar(fmt::format("{} [{:=<{}}{: <{}}] {}", title_, "", filled, "", bar_width - filled, status));
  } else {
    print_line(title_ + ": " + status);
  }
}

void Progress::finish(const std::string& ending) {
  if (finished_) return;
  finished_ = true;
  if (verbosity <= Verbosity::quiet) return;
  const std::string took = duration_text(seconds(Clock::now() - start_));
  print_line(fmt::format("{}: {} in {}", title_, ending, took));
}

}  // namespace holon

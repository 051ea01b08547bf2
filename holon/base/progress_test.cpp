#include "holon/base/progress.hpp"

#include <functional>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

namespace holon {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::Not;

/// What `body` writes to standard error when that is a file.
std::string plain_output(const std::function<void()>& body) {
  testing::internal::CaptureStderr();
  body();
  return testing::internal::GetCapturedStderr();
}

/// The same when standard error is a terminal.
std::string terminal_output(const std::function<void()>& body) {
  int master = -1, terminal = -1;
  if (openpty(&master, &terminal, nullptr, nullptr, nullptr) != 0) return "no terminal";
  const int before = dup(STDERR_FILENO);
  dup2(terminal, STDERR_FILENO);
  body();
  dup2(before, STDERR_FILENO);
  close(before);
  close(terminal);
  std::string text;
  char block[4096];
  for (ssize_t got; (got = read(master, block, sizeof block)) > 0;)
    text.append(block, static_cast<std::size_t>(got));
  close(master);
  return text;
}

class ProgressTest : public testing::Test {
 protected:
  void TearDown() override { set_verbosity(Verbosity::normal); }
};

TEST_F(ProgressTest, WritesOneLineForAShortRunOutsideATerminal) {
  const std::string text = plain_output([] {
    Progress progress("cell");
    EXPECT_FALSE(progress.due());
    progress.update(0.5, "t = 1 ms");
    progress.finish("done, t = 2 ms");
    progress.finish("again");
  });
  EXPECT_THAT(text, MatchesRegex("cell: done, t = 2 ms in [0-9.]+ s\n"));
}

TEST_F(ProgressTest, WritesAPlainLineEveryFiveSecondsOutsideATerminal) {
  const std::string text = plain_output([] {
    Progress progress("cell");
    std::this_thread::sleep_for(std::chrono::milliseconds(5050));
    EXPECT_TRUE(progress.due());
    progress.update(0.25, "t = 1 ms");
    EXPECT_FALSE(progress.due());
    progress.update(0.26, "t = 2 ms");
  });
  // A quarter in 5.05 s: 4.95 % a second and another 15 s.
  EXPECT_EQ(text, "cell:  25 %  t = 1 ms  4.95 %/s  15 s left\n");
}

TEST_F(ProgressTest, DrawsABarWithRateAndTimeLeftOnATerminal) {
  const std::string text = terminal_output([] {
    Progress progress("cell");
    std::this_thread::sleep_for(std::chrono::milliseconds(110));
    EXPECT_TRUE(progress.due());
    progress.update(0.5, "t = 1 ms");
    EXPECT_FALSE(progress.due());
    log_info("a line in between");
    progress.finish("done");
  });
  EXPECT_THAT(text, HasSubstr("\rcell [===============               ]  50 %  t = 1 ms  "));
  EXPECT_THAT(text, HasSubstr(" %/s  0.1 s left"));
  EXPECT_THAT(text, HasSubstr("\r\x1b[Ka line in between\r\n"));
  EXPECT_THAT(text, HasSubstr("cell: done in 0.1 s\r\n"));
}

TEST_F(ProgressTest, LeavesTheBarBehindWhenARunBreaksOff) {
  const std::string text = terminal_output([] {
    Progress progress("cell");
    std::this_thread::sleep_for(std::chrono::milliseconds(110));
    progress.update(2.0, "");
  });
  EXPECT_THAT(text, HasSubstr("100 %"));
  EXPECT_TRUE(text.ends_with("\r\n"));
}

TEST_F(ProgressTest, IsSilentWhenQuietButForWarnings) {
  set_verbosity(Verbosity::quiet);
  const std::string text = plain_output([] {
    Progress progress("cell");
    log_info("nobody reads this");
    progress.finish("");
  });
  EXPECT_THAT(text, IsEmpty());
  EXPECT_EQ(plain_output([] { log_warning("the step is large"); }), "warning: the step is large\n");
  set_verbosity(Verbosity::normal);
  EXPECT_EQ(plain_output([] { log_info("reading cell.yaml"); }), "reading cell.yaml\n");
}

}  // namespace
}  // namespace holon

#include "holon/base/file.hpp"

#include "holon/base/error.hpp"

#include <csignal>
#include <cstdlib>
#include <fstream>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace holon {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class FileTest : public testing::Test {
 protected:
  void SetUp() override {
    folder = fs::temp_directory_path() / ("holon_file_test_" + std::to_string(::getpid()));
    fs::create_directories(folder);
    path = folder / "results.json";
  }
  void TearDown() override { fs::remove_all(folder); }

  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
  }

  fs::path folder, path;
};

std::string message_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const SystemError& e) { return e.what(); }
  return "no SystemError";
}

TEST_F(FileTest, ReadsBackWhatWasWrittenByteForByte) {
  std::string content = "line\r\n\xff";
  content += '\0';
  content += std::string(200000, 'x');
  write_file(path, content);
  EXPECT_EQ(read_file(path), content);
  write_file(path, "");
  EXPECT_EQ(read_file(path), "");
  EXPECT_EQ(files(), 1u);
}

TEST_F(FileTest, ReadsFilesWhoseSizeIsUnknown) {
  EXPECT_THAT(read_file("/proc/self/status"), HasSubstr("Pid:"));
}

TEST_F(FileTest, SaysWhichFileAndWhyWhenItCannotRead) {
  const std::string missing = (folder / "missing.csv").string();
  EXPECT_EQ(message_of([&] { read_file(missing); }),
            "cannot open '" + missing + "': No such file or directory");
  EXPECT_EQ(message_of([&] { read_file(folder); }), "cannot read '" + folder.string() + "': Is a directory");
}

TEST_F(FileTest, RefusesToReplaceAFolderAndToWriteWhereThereIsNone) {
  EXPECT_THAT(message_of([&] { write_file(folder, "x"); }), HasSubstr("Is a directory"));
  EXPECT_THAT(message_of([&] { write_file(folder / "no" / "x", "x"); }),
              HasSubstr("No such file or directory"));
}

TEST_F(FileTest, KeepsTheModeOfTheOldFileAndALinkToIt) {
  write_file(path, "old");
  ::chmod(path.c_str(), 0640);
  const fs::path link = folder / "link";
  fs::create_symlink("results.json", link);
  write_file(link, "new");
  EXPECT_TRUE(fs::is_symlink(link));
  EXPECT_EQ(read_file(path), "new");
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0640u);
}

/// A limit on the size of files stands for a full disk: the write fails half-way in the same manner.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, SIG_DFL);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit before_{};
};

TEST_F(FileTest, LeavesTheOldFileIntactWhenTheNewOneDoesNotFit) {
  write_file(path, "old");
  std::string message;
  {
    const FullDisk disk(1000);
    message = message_of([&] { write_file(path, std::string(5000, 'x')); });
  }
  EXPECT_EQ(message, "cannot write '" + path.string() + "': File too large");
  EXPECT_EQ(read_file(path), "old");
  EXPECT_EQ(files(), 1u) << "the half file is left behind";
}

TEST_F(FileTest, RemovesWhatAKilledProcessLeftBehind) {
  const std::string content(32 << 20, 'x');
  bool left = false;
  for (int attempt = 0; attempt < 100 && !left; ++attempt) {
    const pid_t writer = ::fork();
    if (writer == 0)
      while (true) write_file(path, content);
    while (files() == 0) ::usleep(100);
    ::usleep(static_cast<useconds_t>(500 * attempt));
    remove_abandoned_writes(folder);  // takes nothing from a living writer, which would end with an error
    ::kill(writer, SIGKILL);
    int status = 0;
    ::waitpid(writer, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    left = files() > (fs::exists(path) ? 1U : 0U);
    fs::remove(path);
  }
  ASSERT_TRUE(left) << "no process was killed while it wrote";
  remove_abandoned_writes(folder);
  EXPECT_EQ(files(), 0U);
}

TEST_F(FileTest, KeepsWhatMayBelongToLivingProcessesAndAllOtherNames) {
  const pid_t gone = ::fork();
  if (gone == 0) ::_exit(0);
  ::waitpid(gone, nullptr, 0);
  const std::string own = std::to_string(::getpid()), parent = std::to_string(::getppid()),
                    dead = std::to_string(gone);
  const auto make = [&](const std::string& name) { std::ofstream(folder / name) << "x"; };
  const std::vector<std::string> kept = {".run.json." + own + ".7.part",     // locked below
                                         ".run.json." + parent + ".0.part",  // of a living process
                                         "run.json." + dead + ".0.part",
                                         ".run.json." + dead + ".0.partial",
                                         ".run.json.part",
                                         ".run.json.x1.0.part",
                                         "." + dead + ".0.part"};
  for (const std::string& name : kept) make(name);
  // Of an earlier process by the same number, and of one that is gone.
  for (const std::string& process : {own, dead}) make(".checkpoint.h5." + process + ".3.part");
  const int locked = ::open((folder / kept[0]).c_str(), O_RDONLY);
  ASSERT_EQ(::flock(locked, LOCK_EX | LOCK_NB), 0);
  remove_abandoned_writes(folder);
  ::close(locked);
  EXPECT_EQ(files(), kept.size());
  for (const std::string& name : kept) EXPECT_TRUE(fs::exists(folder / name)) << name;
  remove_abandoned_writes(folder / "missing");
}

TEST_F(FileTest, WritesBesideWhatAnEarlierProcessOfTheSameNumberLeft) {
  for (int number = 0; number < 1000; ++number)
    std::ofstream(folder /
                  (".results.json." + std::to_string(::getpid()) + "." + std::to_string(number) + ".part"));
  write_file(path, "new");
  EXPECT_EQ(read_file(path), "new");
}

// A pipe stands for all that is no regular file (/dev/stdout, /dev/null).
TEST_F(FileTest, WritesIntoAPipeAndNeverReplacesIt) {
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  write_file(path, "through");
  char text[16] = {};
  EXPECT_EQ(::read(reader, text, sizeof text), 7);
  EXPECT_STREQ(text, "through");
  ::close(reader);
  EXPECT_TRUE(fs::is_fifo(path));
}

/// A copy of this program that is started by the tests below only says what it finds, before any test begins.
const bool answered = [] {
  const char* answer = std::getenv("HOLON_TEST_ANSWER");
  if (!answer) return false;
  write_file(answer, program_data("models").string());
  std::_Exit(0);
}();

/// Runs a copy of this program from `place` and returns what program_data("models") is there.
std::string program_data_of_a_copy_at(const fs::path& place) {
  EXPECT_FALSE(answered);
  fs::create_directories(place.parent_path());
  fs::copy_file("/proc/self/exe", place);
  const fs::path answer = place.parent_path() / "answer";
  const std::string command = "HOLON_TEST_ANSWER='" + answer.string() + "' '" + place.string() + "'";
  EXPECT_EQ(std::system(command.c_str()), 0);
  return read_file(answer);
}

TEST_F(FileTest, FindsTheDataOfAnInstallation) {
  fs::create_directories(folder / "share" / "holon" / "models");
  EXPECT_EQ(program_data_of_a_copy_at(folder / "bin" / "holon"), folder / "share" / "holon" / "models");
}

TEST_F(FileTest, FindsTheDataOfASourceTreeFromItsBuildTree) {
  fs::create_directories(folder / "models");
  EXPECT_EQ(program_data_of_a_copy_at(folder / "build" / "alien"), "")
      << "not every folder is the source tree";
  write_file(folder / "packages.txt", "");
  EXPECT_EQ(program_data_of_a_copy_at(folder / "build" / "holon"), folder / "models");
  EXPECT_EQ(program_data_of_a_copy_at(folder / "build" / "verification" / "waves"), folder / "models");
}

}  // namespace
}  // namespace holon

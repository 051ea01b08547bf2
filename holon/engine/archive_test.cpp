#include "holon/engine/archive.hpp"

#include "holon/base/error.hpp"
#include "holon/base/file.hpp"

#include <cmath>
#include <csignal>
#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

namespace holon {
namespace {

class ArchiveFile : public testing::Test {
 protected:
  std::filesystem::path file =
      std::filesystem::temp_directory_path() / ("holon_archive_" + std::to_string(::getpid()) + ".h5");
  void TearDown() override { std::filesystem::remove(file); }
};

TEST_F(ArchiveFile, ReadsBackWhatWasWritten) {
  Archive archive;
  const std::vector<double> reals{1.0 / 3.0, -0.0, 1e-310, 1e300};
  const std::vector<std::int64_t> integers{-1, std::int64_t{1} << 62};
  archive.put("state/fields/u/0", std::span<const double>(reals));
  archive.put("state/clock", std::span<const std::int64_t>(integers));
  archive.put("state/empty", std::span<const double>());
  archive.put("model/hash", std::string("abc\n"));
  archive.put("model/none", std::string());
  archive.write(file);
  const Archive back = Archive::read(file);
  EXPECT_EQ(back.reals("state/fields/u/0"), reals);
  EXPECT_EQ(back.integers("state/clock"), integers);
  EXPECT_TRUE(back.reals("state/empty").empty());
  EXPECT_EQ(back.text("model/hash"), "abc\n");
  EXPECT_EQ(back.text("model/none"), "");
  EXPECT_EQ(back.group("state").reals("fields/u/0"), reals);
}

TEST_F(ArchiveFile, NoDamagedByteGoesUnnoticed) {
  Archive archive;
  std::vector<double> reals(40);
  for (std::size_t i = 0; i < reals.size(); ++i) reals[i] = std::sin(static_cast<double>(i));
  const std::vector<std::int64_t> integers{3, -4, 5};
  archive.put("state/u", std::span<const double>(reals));
  archive.put("state/clock", std::span<const std::int64_t>(integers));
  archive.put("model/hash", std::string("0123456789abcdef"));
  archive.write(file);
  const std::string whole = read_file(file);
  std::size_t noticed = 0;
  for (std::size_t at = 0; at < whole.size(); at += 3) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    std::ofstream(file, std::ios::binary) << damaged;
    try {
      const Archive back = Archive::read(file);
      ASSERT_EQ(back.entries(), archive.entries()) << "byte " << at;
    } catch (const InputError&) { ++noticed; }
  }
  EXPECT_GT(noticed, 100U);
}

TEST_F(ArchiveFile, AFullDiskIsASystemErrorAndNothingElse) {
  // HDF5 itself ends the program when its file can't grow.
  Archive archive;
  archive.put("a", std::vector<double>(100000, 1.0));
  const auto attempt = [&] {
    struct rlimit limit{100000, 100000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    std::signal(SIGXFSZ, SIG_IGN);
    try {
      archive.write(file);
    } catch (const SystemError&) { std::exit(4); }
    std::exit(0);
  };
  EXPECT_EXIT(attempt(), testing::ExitedWithCode(4), "");
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST_F(ArchiveFile, ADamagedFileIsAnError) {
  Archive archive;
  archive.put("a", std::vector<double>(1000, 1.0));
  archive.write(file);
  std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
  EXPECT_THROW(Archive::read(file), InputError);
  std::ofstream(file) << "not HDF5";
  EXPECT_THROW(Archive::read(file), InputError);
}

TEST_F(ArchiveFile, AMissingEntryIsNamed) {
  Archive archive;
  archive.put("a", 1.0);
  EXPECT_THROW(archive.reals("b"), InputError);
  EXPECT_THROW(archive.integers("a"), InputError);
  EXPECT_THROW(Archive::read(file), SystemError);
}

}  // namespace
}  // namespace holon

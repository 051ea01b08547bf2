#include "holon/expr/kernel_cache.hpp"

#include "holon/base/file.hpp"
#include "holon/expr/kernel_case.hpp"

#include <cstdlib>
#include <optional>

#include <gtest/gtest.h>
#include <unistd.h>

namespace holon::expr {
namespace {

namespace fs = std::filesystem;

/// An environment variable set for the length of a test.
class Environment {
 public:
  Environment(const char* name, const std::optional<std::string>& value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    set(value);
  }
  ~Environment() { set(old_); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  void set(const std::optional<std::string>& value) {
    if (value)
      setenv(name_, value->c_str(), 1);
    else
      unsetenv(name_);
  }
  const char* name_;
  std::optional<std::string> old_;
};

class KernelCache : public testing::Test {
 protected:
  KernelCache() : folder_(fs::temp_directory_path() / ("holon-kernel-cache-" + std::to_string(getpid()))) {
    fs::remove_all(folder_);
    case_.source.outputs = {case_.graph.make(Op::exp, case_.column("x"))};
  }
  ~KernelCache() override { fs::remove_all(folder_); }

  Kernel make(const KernelOptions& options = {}) { return Kernel::make(case_.source, options); }
  double at_one(const Kernel& kernel) { return case_.run(kernel, {{1.0}}).front().front(); }
  std::vector<fs::path> files() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(folder_)) found.push_back(entry.path());
    return found;
  }

  fs::path folder_;
  KernelCase case_;
};

TEST_F(KernelCache, GivesTheSameKernelBack) {
  const Environment cache("HOLON_CACHE", folder_.string());
  const Kernel first = make();
  EXPECT_FALSE(first.from_cache());
  const Kernel second = make();
  EXPECT_TRUE(second.from_cache());
  EXPECT_EQ(second.operations(), first.operations());
  EXPECT_EQ(second.lanes(), first.lanes());
  EXPECT_TRUE(same_bits(at_one(first), at_one(second)));
  EXPECT_EQ(files().size(), 1u);
}

TEST_F(KernelCache, TellsProgramsAndOptionsApart) {
  const Environment cache("HOLON_CACHE", folder_.string());
  make();
  EXPECT_FALSE(make({.merge_exponentials = false}).from_cache());
  EXPECT_FALSE(make({.optimisation = 1}).from_cache());
  EXPECT_FALSE(make({.instruction_set = InstructionSet::sse2}).from_cache());
  case_.source.bindings.front().upper = 10.0;
  EXPECT_FALSE(make().from_cache());
  case_.source.bindings.front().index = 2;
  EXPECT_FALSE(make().from_cache());
  case_.source.outputs = {case_.graph.make(Op::log, case_.graph.symbol("x"))};
  EXPECT_FALSE(make().from_cache());
}

TEST_F(KernelCache, ReplacesAFileThatIsTruncatedDamagedOrForeign) {
  const Environment cache("HOLON_CACHE", folder_.string());
  make();
  const fs::path file = files().front();
  const std::string good = read_file(file);
  std::string damaged = good;
  damaged[good.size() / 2] = static_cast<char>(damaged[good.size() / 2] ^ 1);
  for (const std::string& content :
       {std::string(), std::string("not a kernel"), good.substr(0, good.size() / 2),
        good.substr(0, good.size() - 1), good + "x", damaged}) {
    write_file(file, content);
    const Kernel kernel = make();
    EXPECT_FALSE(kernel.from_cache());
    EXPECT_NEAR(at_one(kernel), std::exp(1.0), 1e-15);
    EXPECT_EQ(read_file(file), good);
  }
  EXPECT_TRUE(make().from_cache());
}

TEST_F(KernelCache, IgnoresAKernelThatStandsUnderAnotherKey) {
  const Environment cache("HOLON_CACHE", folder_.string());
  make();
  const fs::path of_exponential = files().front();
  const std::string content = read_file(of_exponential);
  fs::remove(of_exponential);
  case_.source.outputs = {case_.graph.make(Op::sqrt, case_.graph.symbol("x"))};
  make();
  write_file(files().front(), content);
  const Kernel kernel = make();
  EXPECT_FALSE(kernel.from_cache());
  EXPECT_EQ(at_one(kernel), 1.0);
}

TEST_F(KernelCache, DoesWithoutAFolderThatCannotBeWritten) {
  fs::create_directories(folder_);
  const fs::path file = folder_ / "file";
  write_file(file, "in the way");
  const Environment cache("HOLON_CACHE", (file / "below").string());
  EXPECT_NEAR(at_one(make()), std::exp(1.0), 1e-15);
}

TEST_F(KernelCache, StandsInTheUsersCacheFolderUnlessToldOtherwise) {
  const Environment none("HOLON_CACHE", std::nullopt);
  {
    const Environment caches("XDG_CACHE_HOME", "/caches");
    EXPECT_EQ(kernel_cache_folder(), fs::path("/caches/holon"));
  }
  const Environment no_caches("XDG_CACHE_HOME", std::nullopt);
  {
    const Environment home("HOME", "/home/someone");
    EXPECT_EQ(kernel_cache_folder(), fs::path("/home/someone/.cache/holon"));
  }
  const Environment homeless("HOME", std::nullopt);
  EXPECT_EQ(kernel_cache_folder(), std::nullopt);
  EXPECT_NEAR(at_one(make()), std::exp(1.0), 1e-15);
}

TEST_F(KernelCache, IsLeftAloneWhenNotWanted) {
  const Environment cache("HOLON_CACHE", folder_.string());
  make({.use_cache = false});
  EXPECT_FALSE(fs::exists(folder_));
}

}  // namespace
}  // namespace holon::expr

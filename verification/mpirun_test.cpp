// `mpirun holon run` from outside: what several ranks write is what one writes, and they end together.
#include "holon/base/file.hpp"
#include "holon/base/test_folder.hpp"

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/wait.h>

namespace holon::verification {
namespace {

namespace fs = std::filesystem;

struct Ended {
  int status = -1;
  std::string said;
};

class Mpirun : public testing::Test {
 private:
  test::Folder own_;

 protected:
  const fs::path folder = own_.path();
  void SetUp() override {
    if (std::system("mpirun --version >/dev/null 2>&1") != 0)
      GTEST_SKIP() << "there is no mpirun; the package openmpi-bin has it";
    ::setenv("HOLON_CACHE", (folder / "cache").c_str(), 1);
    ::setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);
    ::setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
  }
  fs::path write(const std::string& name, const std::string& text) const { return own_.write(name, text); }
  static fs::path model(const std::string& name) { return fs::path(HOLON_SOURCE_DIR) / "models" / name; }

  Ended launch(int ranks, const std::string& arguments) const {
    const fs::path said = folder / "said";
    const std::string mpirun =
        ranks == 1 ? std::string()
                   : "mpirun --oversubscribe --mca mpi_yield_when_idle 1 -n " + std::to_string(ranks) + " ";
    const int status =
        std::system((mpirun + HOLON_PROGRAM + " " + arguments + " >" + said.string() + " 2>&1").c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_file(said)};
  }
  nlohmann::json json(const std::string& file) const {
    return nlohmann::json::parse(read_file(folder / file));
  }

  /// Results and series for two and three ranks are, to the last character, those of one.
  void expect_the_same(const fs::path& file, const std::string& settings) {
    const std::string run = "run " + file.string() + " --no-report --quiet --threads 1 " + settings + " -o ";
    const Ended alone = launch(1, run + (folder / "1").string());
    ASSERT_EQ(alone.status, 0) << alone.said;
    for (const int ranks : {2, 3}) {
      const std::string name = std::to_string(ranks);
      const Ended several = launch(ranks, run + (folder / name).string());
      ASSERT_EQ(several.status, 0) << several.said;
      EXPECT_EQ(json(name + "/results.json"), json("1/results.json")) << ranks << " ranks";
      if (!fs::exists(folder / "1/series")) continue;
      for (const auto& series : fs::directory_iterator(folder / "1/series"))
        EXPECT_EQ(read_file(folder / name / "series" / series.path().filename()), read_file(series.path()));
    }
  }
};

TEST_F(Mpirun, ASlabOfVentricleComesOutTheSame) {
  expect_the_same(model("heart/niederer_slab.yaml"),
                  "--set parameters.spacing=0.5mm --set parameters.step=0.05ms --set parameters.until=10ms");
  const auto record = json("2/run.json");
  EXPECT_EQ(record["ranks"], 2);
  ASSERT_EQ(record["partition"].size(), 2U);
  EXPECT_EQ(record["partition"][0]["sites"][0], 0);
  EXPECT_EQ(record["partition"][0]["sites"][1], record["partition"][1]["sites"][0]);
  EXPECT_EQ(record["partition"][1]["sites"][1], 41 * 15 * 7);
}

TEST_F(Mpirun, ACableComesOutTheSame) {
  expect_the_same(model("heart/cable.yaml"), "--set parameters.until=20ms");
}

TEST_F(Mpirun, AFrontWithStepsOfItsOwnComesOutTheSame) {
  expect_the_same(model("principles/fisher_front.yaml"), "--set parameters.until=5");
}

TEST_F(Mpirun, AWaveComesOutTheSame) { expect_the_same(model("principles/nagumo_wave.yaml"), ""); }

TEST_F(Mpirun, SubstepsWithBooksComeOutTheSame) {
  expect_the_same(model("principles/subcycling.yaml"), "");
  for (const auto& [quantity, books] : json("3/run.json")["ledger"].items())
    EXPECT_LT(books["relative_residual"], 1e-12) << quantity;
}

TEST_F(Mpirun, AModelWithNothingToShareSaysSo) {
  const Ended run =
      launch(2, "run " + model("heart/cell.yaml").string() + " --no-report -o " + (folder / "out").string());
  ASSERT_EQ(run.status, 0) << run.said;
  EXPECT_THAT(run.said, testing::HasSubstr("2 ranks have nothing to share in this model"));
  EXPECT_TRUE(json("out/run.json")["partition"].empty());
}

const std::string far_end_blows_up = R"(holon: 1
spaces:
  line: {type: grid, size: [10 mm], spacing: 0.05 mm}
processes:
  react:
    type: kinetics
    space: line
    integrator: rk4
    units: {time: s, u: 1, r: 1/s}
    initial: {u: =0.1 + 4*exp((position.x - 10 mm)/(0.5 mm))}
    parameters: {r: 2 1/s}
    equations: |
      u' = r*u*u*u
schedule: {step: 0.02 s, until: 0.4 s}
)";

TEST_F(Mpirun, AFailureOnOneRankEndsAllWithOneMessageAndItsStatus) {
  const Ended run = launch(
      2, "run " + write("blow.yaml", far_end_blows_up).string() + " --quiet -o " + (folder / "out").string());
  EXPECT_EQ(run.status, 1) << run.said;
  const auto said = run.said.find("process 'react' failed: field 'react.u' at node (");
  ASSERT_NE(said, std::string::npos) << run.said;
  EXPECT_EQ(run.said.find("process 'react' failed", said + 1), std::string::npos) << run.said;
  EXPECT_EQ(json("out/run.json")["status"], "failed");
}

TEST_F(Mpirun, MistakesInAModelAreSaidOnce) {
  const Ended run = launch(
      3, "run " + write("wrong.yaml", "holon: 1\nspacs: {}\n").string() + " -o " + (folder / "out").string());
  EXPECT_EQ(run.status, 2) << run.said;
  const auto said = run.said.find("unknown key 'spacs'");
  ASSERT_NE(said, std::string::npos) << run.said;
  EXPECT_EQ(run.said.find("unknown key 'spacs'", said + 1), std::string::npos) << run.said;
}

TEST_F(Mpirun, AFolderThatCantBeWrittenEndsAllRanks) {
  write("file", "");
  const Ended run =
      launch(2, "run " + model("principles/nagumo_wave.yaml").string() + " -o " + (folder / "file").string());
  EXPECT_EQ(run.status, 2) << run.said;
  EXPECT_THAT(run.said, testing::HasSubstr("is a file; -o names a folder"));
}

}  // namespace
}  // namespace holon::verification

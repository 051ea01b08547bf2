// The command line from outside: the built program, tiny models in a folder of their own.
#include "holon/base/file.hpp"
#include "holon/base/test_folder.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <random>
#include <sstream>
#include <thread>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace holon {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

/// What a command left behind.
struct Ended {
  int status = -1;
  std::string out, err;
};

const std::string decay = R"yaml(holon: 1
title: Decay
parameters: {k: 2 1/s, step: 0.01 s, until: 1 s}
spaces: {point: {type: point}}
processes:
  decay:
    type: kinetics
    space: point
    integrator: rk4
    units: {time: s, u: mV, k: 1/s}
    initial: {u: 8 mV}
    parameters: {k: =k}
    equations: |
      u' = -k*u
schedule: {step: =step, until: =until}
observe:
  trace: {type: probe, of: decay, every: 0.1 s}
  end: {type: final, of: decay.u}
results:
  u_end: {of: end, published: {value: 1.0826822658929 mV, tolerance: 1e-6 mV, source: exact}}
)yaml";

/// Seconds long, in steps of a microsecond or so: to be interrupted.
std::string long_run() {
  std::string text = decay;
  text.replace(text.find("until: 1 s"), 10, "until: 20000 s");
  text.replace(text.find("every: 0.1 s"), 12, "every: 100 s");
  text.replace(text.find("-k*u"), 4, "cos(k*time)");
  return text;
}

class CommandLine : public testing::Test {
 private:
  test::Folder own_;

 protected:
  const fs::path folder = own_.path();
  CommandLine() { ::setenv("HOLON_CACHE", (folder / "cache").c_str(), 1); }

  fs::path write(const std::string& name, const std::string& text) const { return own_.write(name, text); }

  /// Starts the program; the caller waits.
  pid_t start(const std::vector<std::string>& arguments) const {
    const pid_t child = ::fork();
    if (child != 0) return child;
    for (const auto& [descriptor, name] : {std::pair{1, "stdout"}, std::pair{2, "stderr"}}) {
      const int file = ::open((folder / name).c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
      ::dup2(file, descriptor);
    }
    std::vector<char*> argv;
    std::string path = program.string();
    argv.push_back(path.data());
    std::vector<std::string> copies = arguments;
    for (std::string& argument : copies) argv.push_back(argument.data());
    argv.push_back(nullptr);
    ::execv(argv[0], argv.data());
    ::_exit(99);
  }

  Ended wait(pid_t child) const {
    int status = 0;
    ::waitpid(child, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read_file(folder / "stdout"),
            read_file(folder / "stderr")};
  }

  Ended holon(const std::vector<std::string>& arguments) const { return wait(start(arguments)); }

  Ended run(const fs::path& model, const std::string& out, std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments{"run", model.string(), "-o", (folder / out).string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return holon(arguments);
  }

  nlohmann::json json(const std::string& file) const {
    return nlohmann::json::parse(read_file(folder / file));
  }
  fs::path program = HOLON_PROGRAM;
};

TEST_F(CommandLine, ARunWritesItsFolder) {
  const Ended ended = run(write("decay.yaml", decay), "out");
  EXPECT_EQ(ended.status, 0) << ended.err;
  for (const char* file : {"run.json", "results.json", "series/trace.csv", "checkpoint.h5",
                           "model.resolved.yaml", "report.html"})
    EXPECT_TRUE(fs::exists(folder / "out" / file)) << file;
  const auto results = json("out/results.json");
  EXPECT_NEAR(results.at("u_end").at("value").get<double>(), 8 * std::exp(-2.0), 1e-8);
  EXPECT_EQ(results.at("u_end").at("unit"), "mV");
  EXPECT_THAT(read_file(folder / "out/series/trace.csv"), testing::StartsWith("time [s],u [mV]\n0,8\n"));
  const auto run_json = json("out/run.json");
  for (const char* key :
       {"model", "hash", "version", "seed", "threads", "instruction_set", "timings", "ledger", "warnings"})
    EXPECT_TRUE(run_json.contains(key)) << key;
  EXPECT_EQ(run_json.at("status"), "done");
  EXPECT_TRUE(run_json.at("timings").at("processes").contains("decay"));
  EXPECT_THAT(ended.out, HasSubstr("u_end"));
}

TEST_F(CommandLine, SetChangesParametersInTheUnitOfTheFile) {
  const fs::path model = write("decay.yaml", decay);
  EXPECT_EQ(run(model, "a", {"--set", "parameters.k=1", "--no-report"}).status, 0);
  EXPECT_EQ(run(model, "b", {"--set", "parameters.k=60 1/min", "--no-report", "--quiet"}).status, 0);
  EXPECT_NEAR(json("a/results.json").at("u_end").at("value").get<double>(), 8 * std::exp(-1.0), 1e-8);
  EXPECT_EQ(json("a/results.json"), json("b/results.json"));
  EXPECT_FALSE(fs::exists(folder / "a/report.html"));
  const Ended wrong = run(model, "c", {"--set", "parameters.k=1 mV"});
  EXPECT_EQ(wrong.status, 2);
  EXPECT_THAT(wrong.err, HasSubstr("parameters.k"));
  EXPECT_EQ(run(model, "c", {"--set", "parameters.j=1"}).status, 2);
  EXPECT_FALSE(fs::exists(folder / "c"));
}

TEST_F(CommandLine, ASettingWithAUnitIsConvertedToThatOfTheFile) {
  const auto model = write("decay.yaml", decay);
  ASSERT_EQ(run(model, "out", {"--set", "parameters.step=10ms", "--set", "parameters.k=+.001/ms"}).status, 2);
  const Ended ended =
      run(model, "out", {"--set", "parameters.step=10ms", "--set", "processes.decay.initial.u=-.008V"});
  ASSERT_EQ(ended.status, 0) << ended.err;
  const std::string csv = read_file(folder / "out/series/trace.csv");
  EXPECT_THAT(csv, testing::StartsWith("time [s],u [mV]\n0,-8\n0.1"));
}

TEST_F(CommandLine, QuietSaysNothing) {
  const Ended ended = run(write("decay.yaml", decay), "out", {"--quiet"});
  EXPECT_EQ(ended.out, "");
  EXPECT_EQ(ended.err, "");
}

TEST_F(CommandLine, AFolderThatHoldsSomethingIsLeftAlone) {
  const fs::path model = write("decay.yaml", decay);
  fs::create_directories(folder / "out");
  write("out/mine.txt", "precious");
  const Ended refused = run(model, "out");
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.err, HasSubstr("--force"));
  EXPECT_FALSE(fs::exists(folder / "out/run.json"));
  EXPECT_EQ(run(model, "out", {"--force"}).status, 0);
  EXPECT_EQ(read_file(folder / "out/mine.txt"), "precious");
  EXPECT_EQ(run(model, "decay.yaml").status, 2);  // a file
  const auto scales = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"scales", model.string(), "-o", (folder / "out").string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return holon(arguments);
  };
  const std::string results = read_file(folder / "out/results.json");
  const Ended warned = scales({});
  EXPECT_EQ(warned.status, 2);
  EXPECT_THAT(warned.err, HasSubstr("--force"));
  EXPECT_FALSE(fs::exists(folder / "out/scales.html"));
  EXPECT_EQ(scales({"--force"}).status, 0);
  EXPECT_TRUE(fs::exists(folder / "out/scales.html"));
  EXPECT_EQ(read_file(folder / "out/results.json"), results);
}

TEST_F(CommandLine, AllMistakesAreReportedWithTheirPlaceAndNothingIsWritten) {
  std::string text = decay;
  text.replace(text.find("integrator"), 10, "integratr");
  text.replace(text.find("type: final"), 11, "type: finel");
  const Ended ended = run(write("wrong.yaml", text), "out");
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.err, HasSubstr("wrong.yaml:9:5: error: processes.decay"));
  EXPECT_THAT(ended.err, HasSubstr("did you mean 'integrator'?"));
  EXPECT_THAT(ended.err, HasSubstr("did you mean 'final'?"));
  EXPECT_THAT(ended.err, HasSubstr("2 errors"));
  EXPECT_FALSE(fs::exists(folder / "out"));
}

TEST_F(CommandLine, MisspeltCommandsAndModelsNameTheNearest) {
  const Ended command = holon({"rnu", "x.yaml"});
  EXPECT_EQ(command.status, 2);
  EXPECT_THAT(command.err, HasSubstr("there is no command 'rnu'; did you mean 'run'?"));
  EXPECT_THAT(holon({"show", "spirla"}).err, HasSubstr("did you mean 'heart/spiral'?"));
  EXPECT_THAT(run("cabel", "out").err, HasSubstr("did you mean 'heart/cable'?"));
}

TEST_F(CommandLine, WrongArgumentsAreInputErrors) {
  EXPECT_EQ(holon({}).status, 2);
  EXPECT_EQ(holon({"rum"}).status, 2);
  EXPECT_EQ(holon({"run"}).status, 2);
  EXPECT_EQ(run(folder / "absent.yaml", "out").status, 2);
  EXPECT_EQ(run(write("decay.yaml", decay), "out", {"--threads", "0"}).status, 2);
  EXPECT_EQ(run(write("decay.yaml", decay), "out", {"--resume"}).status, 2);  // nothing to resume from
}

TEST_F(CommandLine, ANumericalFailureKeepsWhatThereIsAndEndsWithOne) {
  std::string text = decay;
  text.replace(text.find("-k*u"), 4, "k*u^2/mvs");
  text.replace(text.find("k: 1/s}"), 7, "k: 1/s, mvs: mV}");
  text.replace(text.find("parameters: {k: =k}"), 19, "parameters: {k: =k, mvs: 1 mV}");
  const Ended ended = run(write("blow_up.yaml", text), "out");
  EXPECT_EQ(ended.status, 1) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("decay"));
  EXPECT_THAT(ended.err, HasSubstr("t = 0.0"));
  EXPECT_EQ(json("out/run.json").at("status"), "failed");
  EXPECT_TRUE(json("out/results.json").at("u_end").at("value").is_null());
  EXPECT_FALSE(json("out/results.json").at("u_end").at("why").get<std::string>().empty());
  EXPECT_THAT(read_file(folder / "out/series/trace.csv"), HasSubstr("0,8\n"));
  EXPECT_TRUE(fs::exists(folder / "out/checkpoint.h5"));
  EXPECT_TRUE(fs::exists(folder / "out/report.html"));
}

TEST_F(CommandLine, AFolderThatCannotBeMadeIsASystemError) {
  const Ended ended = holon({"run", write("decay.yaml", decay).string(), "-o", "/proc/holon/out"});
  EXPECT_EQ(ended.status, 4) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("/proc/holon/out"));
}

TEST_F(CommandLine, AModelThatIsTooLargeForTheMachineIsRefused) {
  std::string fields = "fields:\n";
  for (int i = 0; i < 64; ++i)
    fields += "  f" + std::to_string(i) + ": {space: block, unit: mV, initial: 0 mV}\n";
  std::string text = decay;
  text.replace(
      text.find("point: {type: point}"), 20,
      "point: {type: point}, block: {type: grid, sites: cells, size: [1.2 m, 1.2 m, 1.2 m], spacing: 1 mm}");
  const Ended ended = run(write("huge.yaml", text + fields), "out");  // 1.7e9 sites, 64 fields: 0.9 TB
  EXPECT_EQ(ended.status, 3) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("memory"));
  EXPECT_FALSE(fs::exists(folder / "out"));
}

TEST_F(CommandLine, AnInterruptedRunGoesOnBitByBit) {
  const fs::path model = write("long.yaml", long_run());
  ASSERT_EQ(run(model, "whole", {"--quiet"}).status, 0);
  for (const int signal : {SIGINT, SIGTERM}) {
    const std::string out = "cut" + std::to_string(signal);
    const pid_t child =
        start({"run", model.string(), "-o", (folder / out).string(), "--set", "parameters.k=2 1/s"});
    while (!fs::exists(folder / out / "model.resolved.yaml"))
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
    ::kill(child, signal);
    const Ended ended = wait(child);
    ASSERT_EQ(ended.status, 130) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr("--set 'parameters.k=2 1/s' --resume"));
    EXPECT_THAT(ended.err, HasSubstr("Decay: interrupted by signal " + std::to_string(signal)));
    EXPECT_EQ(json(out + "/run.json").at("status"), "interrupted");
    EXPECT_TRUE(json(out + "/results.json").at("u_end").at("value").is_null());
    ASSERT_EQ(run(model, out, {"--resume", "--threads", "3", "--set", "parameters.k=2 1/s"}).status, 0);
    EXPECT_EQ(read_file(folder / out / "results.json"), read_file(folder / "whole/results.json"));
    EXPECT_EQ(read_file(folder / out / "series/trace.csv"), read_file(folder / "whole/series/trace.csv"));
  }
}

TEST_F(CommandLine, AStudyThatDoesNotLookUpIsLeftWhenASignalComes) {
  // The factors of this Jacobian take much longer than anybody wants to wait.
  const fs::path model = write("slow.yaml", R"yaml(
holon: 1
spaces: {box: {type: grid, sites: cells, size: [1 mm, 1 mm, 1 mm], spacing: 0.02 mm}}
fields: {c: {space: box, unit: mM, initial: 1 mM}}
processes: {spread: {type: diffusion, field: c, diffusivity: 1e-9 m^2/s, decay: 1 1/s, integrator: implicit}}
schedule: {step: 1 s, until: 1 s}
study: {rest: {type: steady_state}}
)yaml");
  const pid_t child = start({"study", model.string(), "-o", (folder / "slow").string()});
  while (!fs::exists(folder / "slow" / "model.resolved.yaml"))
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  const auto sent = std::chrono::steady_clock::now();
  ::kill(child, SIGTERM);
  const Ended ended = wait(child);
  const auto took = std::chrono::steady_clock::now() - sent;
  ASSERT_EQ(ended.status, 130) << ended.err;
  EXPECT_LT(std::chrono::duration<double>(took).count(), 5.0);  // two seconds on a machine that has time
  EXPECT_THAT(ended.err, HasSubstr("study 'rest' interrupted by signal"));
  EXPECT_EQ(json("slow/run.json").at("status"), "interrupted");
  EXPECT_TRUE(fs::exists(folder / "slow" / "results.json"));
}

TEST_F(CommandLine, ARunThatIsKilledAtAnyMomentLeavesAFolderToGoOnFrom) {
  const fs::path model = write("long.yaml", long_run());
  ASSERT_EQ(run(model, "whole", {"--quiet"}).status, 0);
  std::mt19937 random(20);
  std::uniform_int_distribution<int> delay(0, 250);  // [ms]
  int resumed = 0;
  for (int kill = 0; kill < 20; ++kill) {
    const std::string out = "killed" + std::to_string(kill);
    const pid_t child =
        start({"run", model.string(), "-o", (folder / out).string(), "--checkpoint-every", "0.0002"});
    while (!fs::exists(folder / out)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    std::this_thread::sleep_for(std::chrono::milliseconds(delay(random)));
    ::kill(child, SIGKILL);
    wait(child);
    if (fs::exists(folder / out / "run.json")) {
      EXPECT_EQ(holon({"report", (folder / out).string()}).status, 0) << out;
    }
    if (!fs::exists(folder / out / "checkpoint.h5")) continue;
    ++resumed;
    write(out + "/.run.json." + std::to_string(child) + ".0.part", "what was written when it was killed");
    const Ended ended = run(model, out, {"--resume", "--quiet"});
    ASSERT_EQ(ended.status, 0) << out << ": " << ended.err;
    EXPECT_EQ(read_file(folder / out / "results.json"), read_file(folder / "whole/results.json"));
    EXPECT_EQ(read_file(folder / out / "series/trace.csv"), read_file(folder / "whole/series/trace.csv"));
    for (const auto& entry : fs::directory_iterator(folder / out))
      EXPECT_THAT(entry.path().filename().string(), Not(HasSubstr(".part")));
  }
  EXPECT_GT(resumed, 0);
}

TEST_F(CommandLine, ADiskThatFillsUpDuringACheckpointLeavesTheOldOne) {
  // A checkpoint of several MB: larger than all that the program needs besides.
  const fs::path model = write("large.yaml", R"yaml(holon: 1
spaces: {line: {type: grid, sites: cells, size: [600 mm], spacing: 0.001 mm}}
processes:
  decay:
    type: kinetics
    space: line
    integrator: rk4
    units: {time: s, u: mV, k: 1/s}
    states: {u: 8}
    parameters: {k: 0.001}
    equations: |
      u' = -k*u
schedule: {step: 1 s, until: 300 s}
observe: {mean: {type: mean, of: decay.u}}
results: {u_end: {of: mean}}
)yaml");
  const fs::path out = folder / "out";
  const pid_t child = start({"run", model.string(), "-o", out.string(), "--checkpoint-every", "0.0002"});
  while (!fs::exists(out / "checkpoint.h5")) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  ::kill(child, SIGTERM);
  ASSERT_EQ(wait(child).status, 130);
  const std::string old = read_file(out / "checkpoint.h5");
  // No file may grow beyond half of the checkpoint: writing fails as on a full disk.
  rlimit before{}, low{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  low = before;
  low.rlim_cur = old.size() / 2;
  ::setrlimit(RLIMIT_FSIZE, &low);
  const pid_t limited = start(
      {"run", model.string(), "-o", out.string(), "--resume", "--checkpoint-every", "0.0002", "--quiet"});
  ::setrlimit(RLIMIT_FSIZE, &before);
  const Ended ended = wait(limited);
  EXPECT_EQ(ended.status, 4) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("checkpoint.h5"));
  EXPECT_EQ(read_file(out / "checkpoint.h5"), old);
  EXPECT_EQ(run(model, "out", {"--resume"}).status, 0);
}

TEST_F(CommandLine, ResumeFromAnotherModelSaysWhatDiffers) {
  const fs::path model = write("decay.yaml", decay);
  ASSERT_EQ(run(model, "out").status, 0);
  const Ended ended = run(model, "out", {"--resume", "--set", "parameters.k=3"});
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.err, HasSubstr("another model"));
  EXPECT_THAT(ended.err, HasSubstr("3 1/s"));
  EXPECT_EQ(run(model, "out", {"--resume", "--seed", "7"}).status, 2);
  EXPECT_EQ(run(model, "out", {"--resume"}).status, 0);  // there is nothing left to do
}

TEST_F(CommandLine, ResumeWithALaterEndGoesOn) {
  const fs::path model = write("decay.yaml", decay);
  ASSERT_EQ(run(model, "whole", {"--set", "parameters.until=2 s"}).status, 0);
  ASSERT_EQ(run(model, "out").status, 0);
  ASSERT_EQ(run(model, "out", {"--resume", "--set", "parameters.until=2 s"}).status, 0);
  EXPECT_EQ(json("out/results.json").at("u_end").at("value"),
            json("whole/results.json").at("u_end").at("value"));
  const Ended shorter = run(model, "out", {"--resume", "--set", "parameters.until=0.5 s"});
  EXPECT_EQ(shorter.status, 2);
  EXPECT_THAT(shorter.err, HasSubstr("beyond its end"));
}

TEST_F(CommandLine, ADamagedCheckpointIsAnInputError) {
  const fs::path model = write("decay.yaml", decay);
  ASSERT_EQ(run(model, "out").status, 0);
  write("out/checkpoint.h5", "not HDF5");
  EXPECT_EQ(run(model, "out", {"--resume"}).status, 2);
}

/// The decay over rates and initial values.
std::string decay_sweep(const std::string& over, const std::string& collect = "u_end") {
  std::string text =
      decay + "study: {rates: {type: sweep, over: " + over + ", collect: [" + collect + "]}}\n";
  text.replace(text.find("parameters: {"), 13, "parameters: {rates: [1 1/s, 2 1/s, 0.5 1/s], start: 8 mV, ");
  text.replace(text.find("{u: 8 mV}"), 9, "{u: =start}");
  return text;
}

std::vector<std::vector<double>> rows_of(const std::string& csv) {
  std::vector<std::vector<double>> rows;
  std::istringstream stream(csv);
  std::string line;
  std::getline(stream, line);
  while (std::getline(stream, line)) {
    std::replace(line.begin(), line.end(), ',', ' ');
    std::istringstream fields(line);
    rows.emplace_back();
    for (double number = 0.0; fields >> number;) rows.back().push_back(number);
  }
  return rows;
}

TEST_F(CommandLine, ASweepRunsTheModelForEveryValue) {
  const auto model = write("sweep.yaml", decay_sweep("{k: =rates, start: [8 mV, 0.016 V]}"));
  const Ended ended = run(model, "out", {"--threads", "2"});
  ASSERT_EQ(ended.status, 0) << ended.err;
  const std::string csv = read_file(folder / "out/series/rates.csv");
  EXPECT_THAT(csv, testing::StartsWith("k [1/s],start [mV],u_end [mV]\n"));
  const auto rows = rows_of(csv);
  ASSERT_EQ(rows.size(), 6U);
  const double rates[] = {1, 2, 0.5};
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(rows[i][0], rates[i / 2]);
    EXPECT_EQ(rows[i][1], i % 2 == 0 ? 8.0 : 16.0);
    EXPECT_NEAR(rows[i][2], rows[i][1] * std::exp(-rates[i / 2]), 1e-8);
  }
  // The schedule ran as well, with the model's own rate.
  EXPECT_NEAR(json("out/results.json").at("u_end").at("value").get<double>(), 8 * std::exp(-2.0), 1e-8);
  ASSERT_EQ(run(model, "alone", {"--threads", "1"}).status, 0);
  EXPECT_EQ(read_file(folder / "alone/series/rates.csv"), csv);
}

TEST_F(CommandLine, StudyRunsTheStudyAlone) {
  const auto model = write("sweep.yaml", decay_sweep("{k: =rates}"));
  // A longer list than the file's: further numbers are in the unit of its last.
  const Ended ended = holon({"study", model.string(), "-o", (folder / "out").string(), "--set",
                             "parameters.rates=[3, 4, 5, 6]", "--set", "parameters.start=1"});
  ASSERT_EQ(ended.status, 0) << ended.err;
  const auto rows = rows_of(read_file(folder / "out/series/rates.csv"));
  ASSERT_EQ(rows.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(rows[i][1], std::exp(-3.0 - static_cast<double>(i)), 1e-8);
  EXPECT_FALSE(json("out/results.json").contains("u_end"));
  EXPECT_GT(json("out/run.json").at("timings").at("studies").at("rates").get<double>(), 0.0);
  EXPECT_THAT(read_file(folder / "out/report.html"), HasSubstr("study rates"));
  EXPECT_FALSE(fs::exists(folder / "out/series/trace.csv"));
  EXPECT_TRUE(fs::exists(folder / "out/report.html"));

  const Ended none = holon({"study", write("decay.yaml", decay).string(), "-o", (folder / "other").string()});
  EXPECT_EQ(none.status, 2);
  EXPECT_THAT(none.err, HasSubstr("has no section 'study'"));
  EXPECT_FALSE(fs::exists(folder / "other"));
}

TEST_F(CommandLine, AFailureInASweepNamesTheValues) {
  std::string text = decay_sweep("{k: [1 1/s, -1e6 1/s]}");
  const Ended ended = run(write("sweep.yaml", text), "out");
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.err, HasSubstr("study 'rates': k = -1e+06 1/s: process 'decay' failed: field 'decay.u'"));
  EXPECT_EQ(json("out/run.json").at("status"), "failed");
}

TEST_F(CommandLine, ASweepSaysWhereItHasNoNumberAndWhy) {
  std::string text = decay_sweep("{start: [8 mV, 12 mV, 9 mV]}", "rise");
  const std::string results = "results:\n", observers = "observe:\n";
  text.replace(text.find(results), results.size(), results + "  rise: {of: above}\n");
  text.replace(text.find(observers), observers.size(),
               observers + "  above: {type: activation_time, of: decay.u, threshold: 10 mV}\n");
  const Ended ended = run(write("sweep.yaml", text), "out");
  ASSERT_EQ(ended.status, 0) << ended.err;
  const std::string why =
      "study.rates: no 'rise' at start = 8 mV; start = 9 mV: no site rose through the threshold";
  EXPECT_THAT(ended.err, HasSubstr(why));
  EXPECT_THAT(json("out/run.json").at("warnings").dump(), HasSubstr(why));
  const auto rows = rows_of(read_file(folder / "out/series/rates.csv"));
  ASSERT_EQ(rows.size(), 3U);
}

TEST_F(CommandLine, CheckSaysWhatAStudyWillDo) {
  const Ended ended = holon({"check", write("sweep.yaml", decay_sweep("{k: =rates}")).string()});
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("k takes 3 values, 1 1/s to 0.5 1/s"));
  EXPECT_THAT(ended.out, HasSubstr("3 runs, giving u_end"));
}

TEST_F(CommandLine, TheLedgerOfAConservedQuantityCloses) {
  std::string text = decay + "ledger: strict\n";
  text.replace(text.find("    equations"), 13, "    conserved: {u: {charge: 2}}\n    equations");
  ASSERT_EQ(run(write("decay.yaml", text), "out").status, 0);
  const auto books = json("out/run.json").at("ledger").at("charge");
  EXPECT_LT(books.at("relative_residual").get<double>(), 1e-12);
  EXPECT_NEAR(books.at("held_at_start").get<double>(), 16.0, 1e-12);
  EXPECT_NEAR(books.at("lines").at(0).at("amount").get<double>(), -16 * (1 - std::exp(-2.0)), 1e-7);
}

TEST_F(CommandLine, BooksAreReadableAndSmallLeaksOfEquationsAreDoubted) {
  const std::string text = R"yaml(holon: 1
title: Two forms
spaces: {box: {type: grid, sites: cells, size: [100 um, 100 um, 100 um], spacing: 50 um}}
processes:
  turning:
    type: kinetics
    space: box
    integrator: rk4
    units: {time: s, a: uM, b: uM}
    states: {a: 3, b: 0}
    kinds: {a: density, b: density}
    conserved: {a: {sugar: 1}, b: {sugar: 1}}
    equations: |
      a' = -0.1*a
      b' = 0.1*a
schedule: {step: 0.1 s, until: 1 s}
ledger: strict
)yaml";
  const Ended sound = run(write("sound.yaml", text), "sound");
  EXPECT_EQ(sound.status, 0);
  EXPECT_THAT(sound.out, HasSubstr("ledger of sugar: 3 fmol at the start"));
  EXPECT_EQ(sound.err.find("warning"), std::string::npos) << sound.err;
  EXPECT_EQ(json("sound/run.json").at("ledger").at("sugar").at("unit"), "umol");
  std::string leaking = text;
  leaking.replace(leaking.find("b' = 0.1*a"), 10, "b' = 0.10002*a");
  const Ended doubted = run(write("leaking.yaml", leaking), "leaking");
  EXPECT_EQ(doubted.status, 0);
  EXPECT_THAT(doubted.err, HasSubstr("warning: ledger.sugar: the equations of 'turning' made"));
  EXPECT_THAT(doubted.err, HasSubstr(" fmol, 0.0001 of what they moved"));
  ASSERT_EQ(json("leaking/run.json").at("warnings").size(), 1U);
  leaking.replace(leaking.find("ledger: strict"), 14, "ledger: report");
  EXPECT_EQ(run(write("leaking.yaml", leaking), "report").err.find("warning"), std::string::npos);
  // However large a leak is, what is said to be closed is not.
  std::string closed = text;
  closed.replace(closed.find("ledger: strict"), 14, "ledger: closed");
  EXPECT_EQ(run(write("closed.yaml", closed), "closed").status, 0);
  closed.replace(closed.find("b' = 0.1*a"), 10, "b' = 0.05*a");
  const Ended open = run(write("open.yaml", closed), "open");
  EXPECT_EQ(open.status, 1);
  EXPECT_THAT(open.err, HasSubstr("the ledger of 'sugar' is said to be closed, and "));
  EXPECT_THAT(open.err, HasSubstr("were lost"));
  EXPECT_THAT(open.err, HasSubstr("most of all passed 'turning'"));
}

TEST_F(CommandLine, CheckPrintsFieldsPortsStepsAndMemory) {
  const Ended ended = holon({"check", write("decay.yaml", decay).string()});
  EXPECT_EQ(ended.status, 0) << ended.err;
  for (const char* text : {"decay.u", "[mV]", "100 macro steps of 0.01 s", "memory", "kinetics", "no errors"})
    EXPECT_THAT(ended.out, HasSubstr(text));
  EXPECT_THAT(ended.out, Not(HasSubstr("nobody changes it")));
  const std::string idle = decay + "fields: {forgotten: {space: point, unit: mM, initial: 1 mM}}\n";
  EXPECT_THAT(holon({"check", write("idle.yaml", idle).string()}).out,
              HasSubstr("forgotten                [mM] on point (1 sites), value; nobody changes it"));
  EXPECT_EQ(holon({"check", write("empty.yaml", "").string()}).status, 2);
}

TEST_F(CommandLine, ListAndShowKnowTheTypes) {
  const Ended list = holon({"list"});
  EXPECT_EQ(list.status, 0);
  for (const char* name : {"kinetics", "diffusion", "action_potential"})
    EXPECT_THAT(list.out, HasSubstr(name));
  EXPECT_THAT(holon({"show", "activation_time"}).out, HasSubstr("threshold"));
  const Ended unknown = holon({"show", "activation_tiem"});
  EXPECT_EQ(unknown.status, 2);
  EXPECT_THAT(unknown.err, HasSubstr("did you mean 'activation_time'?"));
  EXPECT_EQ(holon({"show", "--all", (folder / "reference").string()}).status, 0);
  EXPECT_TRUE(fs::exists(folder / "reference/probe.md"));
}

TEST_F(CommandLine, ListShowAndRunKnowTheCookbook) {
  // As it is installed, wherever it was built.
  const fs::path models = folder / "share/holon/models";
  fs::create_directories(models.parent_path());
  fs::create_directories(folder / "bin");
  fs::copy_file(HOLON_PROGRAM, folder / "bin/holon");
  fs::create_directory_symlink(fs::path(HOLON_SOURCE_DIR) / "models", models);
  program = folder / "bin/holon";
  const Ended list = holon({"list"});
  for (const char* name : {"heart/cell", "principles/nagumo_wave"}) EXPECT_THAT(list.out, HasSubstr(name));
  EXPECT_THAT(list.out, Not(HasSubstr("ten_tusscher_2006_epi")));  // a component, no model
  EXPECT_THAT(holon({"show", "heart/cable"}).out, HasSubstr("conduction_velocity"));
  EXPECT_EQ(run("heart/troponin", "out", {"--quiet"}).status, 0);
  EXPECT_THAT(run("heart/tropnin", "out").err, HasSubstr("did you mean 'heart/troponin'?"));
}

TEST_F(CommandLine, SchemaIsJson) {
  const Ended ended = holon({"schema"});
  EXPECT_EQ(ended.status, 0);
  const auto schema = nlohmann::json::parse(ended.out, nullptr, false);
  ASSERT_TRUE(schema.is_object());
  EXPECT_TRUE(schema.contains("properties"));
}

TEST_F(CommandLine, ReportIsMadeAgainFromTheFilesAlone) {
  ASSERT_EQ(run(write("decay.yaml", decay), "out").status, 0);
  const std::string page = read_file(folder / "out/report.html");
  fs::remove(folder / "out/report.html");
  fs::remove(folder / "decay.yaml");
  EXPECT_EQ(holon({"report", (folder / "out").string()}).status, 0);
  EXPECT_EQ(read_file(folder / "out/report.html"), page);
  EXPECT_EQ(holon({"report", folder.string()}).status, 2);
}

TEST_F(CommandLine, HelpAndVersion) {
  EXPECT_EQ(holon({"--help"}).status, 0);
  EXPECT_THAT(holon({"run", "--help"}).out, HasSubstr("--checkpoint-every"));
  EXPECT_THAT(holon({"--version"}).out, testing::StartsWith("holon "));
}

}  // namespace
}  // namespace holon

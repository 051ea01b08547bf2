// holon run: loads, runs, and writes the output folder.
#include "holon/base/error.hpp"
#include "holon/base/file.hpp"
#include "holon/base/progress.hpp"
#include "holon/engine/simulation.hpp"
#include "holon/report/report_page.hpp"
#include "holon/report/results_json.hpp"
#include "holon/report/run_record.hpp"
#include "holon/report/series_csv.hpp"
#include "holon/report/vtk_frames.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <memory>
#include <thread>

#include "command.hpp"
#include <fmt/format.h>

namespace holon::cli {

namespace {

struct RunOptions {
  std::string model, folder;
  std::vector<std::string> settings;
  int threads = 0;
  std::uint64_t seed = 0;
  double checkpoint_minutes = 10.0;
  bool resume = false, force = false, quiet = false, no_report = false;
};

std::atomic<int> interrupted{0};
extern "C" void on_signal(int signal) { interrupted = signal; }

/// Says no to a folder that holds something, unless it may be used. Nothing is touched.
void check_folder(const RunOptions& options) {
  namespace fs = std::filesystem;
  const fs::path folder = options.folder;
  if (fs::exists(folder) && !fs::is_directory(folder))
    throw InputError(fmt::format("'{}' is a file; -o names a folder", options.folder));
  if (options.resume) {
    if (!fs::exists(folder / "checkpoint.h5"))
      throw InputError(fmt::format("'{}' holds no checkpoint.h5 to resume from", options.folder));
    return;
  }
  if (fs::exists(folder) && !fs::is_empty(folder) && !options.force)
    throw InputError(
        fmt::format("the folder '{}' is not empty; --force overwrites what a run wrote there, "
                    "--resume goes on from its checkpoint",
                    options.folder));
}

/// Makes the folder and removes what an earlier run left there.
void prepare_folder(const RunOptions& options) {
  namespace fs = std::filesystem;
  const fs::path folder = options.folder;
  std::error_code error;
  fs::create_directories(folder, error);
  if (error)
    throw SystemError(fmt::format("cannot make the folder '{}': {}", options.folder, error.message()));
  if (options.resume) return;
  for (const char* name : {"run.json", "results.json", "model.resolved.yaml", "checkpoint.h5", "report.html"})
    fs::remove(folder / name, error);
  for (const char* name : {"series", "fields"}) fs::remove_all(folder / name, error);
}

class Run {
 public:
  Run(const RunOptions& options, modelfile::Loaded loaded, std::filesystem::path file)
      : options_(options),
        folder_(options.folder),
        model_(std::move(loaded.model)),
        frames_(folder_ / "fields", model_->schedule.time_unit),
        simulation_(model_, {threads(options), options.seed, &frames_}) {
    record_.model_file = file.filename().string();
    record_.model_text = read_file(file);
    record_.overrides = options.settings;
    record_.version = version();
    record_.seed = options.seed;
    record_.threads = threads(options);
    record_.resumed = options.resume;
    for (const Diagnostic& warning : loaded.warnings) record_.warnings.push_back(warning.text());
  }

  int execute() {
    if (options_.resume) {
      simulation_.resume(Archive::read(folder_ / "checkpoint.h5"));
      record_.seed = simulation_.state().seed;
    }
    write_file(folder_ / "model.resolved.yaml", model_->resolved);
    const auto old_interrupt = std::signal(SIGINT, on_signal);
    const auto old_terminate = std::signal(SIGTERM, on_signal);
    Progress progress(model_->title.empty() ? record_.model_file : model_->title);
    record_.startup_seconds = seconds_since_start();
    const double begin = seconds_since_start();
    double last_checkpoint = begin;
    int status = 0;
    try {
      simulation_.run([&](const Simulation& simulation) {
        if (progress.due()) {
          progress.update(simulation.fraction_done(), time_text());
          if (seconds_since_start() - last_checkpoint > 60.0 * options_.checkpoint_minutes) {
            write_checkpoint();
            last_checkpoint = seconds_since_start();
          }
        }
        return interrupted == 0;
      });
      progress.finish(time_text());
      if (!simulation_.finished()) {
        record_.status = report::RunRecord::Status::interrupted;
        record_.message = fmt::format("interrupted by signal {} at {}", interrupted.load(), time_text());
        status = 130;
      }
      record_.run_seconds = seconds_since_start() - begin;
      write_checkpoint();
      write_outputs();
    } catch (const NumericalFailure& failure) {
      // What was gathered until then is kept, with the last checkpoint that was written.
      progress.finish("failed");
      record_.status = report::RunRecord::Status::failed;
      record_.message = failure.what();
      record_.run_seconds = seconds_since_start() - begin;
      write_outputs();
      const bool kept = std::filesystem::exists(folder_ / "checkpoint.h5");
      throw NumericalFailure(fmt::format("{}\nwhat was computed until then is in {}{}", failure.what(),
                                         options_.folder, kept ? ", with the last checkpoint" : ""));
    }
    std::signal(SIGINT, old_interrupt);
    std::signal(SIGTERM, old_terminate);
    if (status == 130)
      log_warning(fmt::format("{}; go on with: holon run {} -o {} --resume", record_.message, options_.model,
                              options_.folder));
    else if (!options_.quiet)
      print_results();
    return status;
  }

 private:
  static int threads(const RunOptions& options) {
    if (options.threads > 0) return options.threads;
    return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  }

  std::string time_text() const {
    const Schedule& schedule = model_->schedule;
    const double t = simulation_.time() / schedule.time_unit.factor();
    return schedule.time_dimension.dimensionless()
               ? fmt::format("t = {:.6g}", t)
               : fmt::format("t = {:.6g} {}", t, schedule.time_unit.text());
  }

  void write_checkpoint() { simulation_.checkpoint().write(folder_ / "checkpoint.h5"); }

  void write_outputs() {
    frames_.flush();
    const auto series = simulation_.series();
    if (!series.empty()) {
      std::error_code error;
      std::filesystem::create_directories(folder_ / "series", error);
      if (error)
        throw SystemError(
            fmt::format("cannot make the folder '{}/series': {}", options_.folder, error.message()));
      for (const auto& [name, table] : series)
        write_file(folder_ / "series" / (name + ".csv"), report::series_csv(table));
    }
    write_file(folder_ / "results.json", report::results_json(simulation_.results()));
    report::describe(simulation_, record_);
    record_.cpu_seconds = processor_seconds();
    write_file(folder_ / "run.json", report::run_json(record_));
    if (!options_.no_report) report::write_report(folder_);
  }

  void print_results() const {
    for (const auto& [name, result] : simulation_.results()) {
      std::string value;
      if (const auto* number = std::get_if<double>(&result.value))
        value = fmt::format("{:.9g}", *number);
      else if (const auto* array = std::get_if<std::vector<double>>(&result.value))
        value = array->size() > 8 ? fmt::format("{} values", array->size())
                                  : fmt::format("{:.9g}", fmt::join(*array, "  "));
      else if (const auto* text = std::get_if<std::string>(&result.value))
        value = *text;
      else
        value = "none: " + std::get<ResultValue::Missing>(result.value).why;
      const std::string unit =
          result.unit.text() == "1" || value.starts_with("none") ? "" : " " + result.unit.text();
      std::printf("%-28s %s%s\n", name.c_str(), value.c_str(), unit.c_str());
    }
    std::printf("%s\n", (folder_ / (options_.no_report ? "results.json" : "report.html")).string().c_str());
  }

  RunOptions options_;
  std::filesystem::path folder_;
  std::shared_ptr<const Model> model_;
  report::VtkFrames frames_;
  Simulation simulation_;
  report::RunRecord record_;
};

int run(const RunOptions& options) {
  set_verbosity(options.quiet ? Verbosity::quiet : Verbosity::normal);
  check_folder(options);
  const auto file = find_model(options.model);
  modelfile::LoadOptions load;
  for (const std::string& setting : options.settings)
    load.overrides.push_back(modelfile::parse_override(setting));
  modelfile::Loaded loaded = modelfile::load(file, registry(), load);
  for (const Diagnostic& warning : loaded.warnings) log_warning(warning.text());
  prepare_folder(options);
  return Run(options, std::move(loaded), file).execute();
}

}  // namespace

void add_run(CLI::App& program, Action& action) {
  auto* command = program.add_subcommand("run", "Run a model and write an output folder with its report");
  auto options = std::make_shared<RunOptions>();
  command->add_option("MODEL", options->model, "Model file, or the name of a cookbook model (holon list)")
      ->required();
  command->add_option("-o,--output", options->folder, "Output folder")->required();
  command
      ->add_option("--set", options->settings,
                   "PATH=VALUE: sets a parameter or option, for example parameters.step=0.01ms; a plain "
                   "number is in the "
                   "unit of the model file")
      ->allow_extra_args(false);
  command
      ->add_option("--threads", options->threads,
                   "Threads (default: all processors); results do not depend on it")
      ->check(CLI::Range(1, 1024));
  command->add_option("--seed", options->seed, "Seed of the random numbers (default 0)");
  command->add_flag("--resume", options->resume, "Go on from the checkpoint in the output folder");
  command->add_flag("--force", options->force, "Overwrite what an earlier run left in the output folder");
  command->add_flag("--quiet", options->quiet, "No progress, no results on the terminal");
  command->add_flag("--no-report", options->no_report, "Do not write report.html");
  command
      ->add_option("--checkpoint-every", options->checkpoint_minutes,
                   "Minutes between checkpoints (default 10)")
      ->check(CLI::PositiveNumber);
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace holon::cli

// Loads a model, runs it and its studies, and writes the output folder.
#include "model_run.hpp"

#include "holon/analysis/scale_map.hpp"
#include "holon/base/error.hpp"
#include "holon/base/file.hpp"
#include "holon/base/progress.hpp"
#include "holon/engine/simulation.hpp"
#include "holon/engine/stale_views.hpp"
#include "holon/modelfile/study.hpp"
#include "holon/report/report_page.hpp"
#include "holon/report/results_json.hpp"
#include "holon/report/run_record.hpp"
#include "holon/report/series_csv.hpp"
#include "holon/report/vtk_frames.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <thread>

#include "launch.hpp"
#include "output_folder.hpp"
#include "watched_call.hpp"
#include <fmt/format.h>

namespace holon::cli {

namespace {

std::atomic<int> interrupted{0};
extern "C" void on_signal(int signal) {
  static std::atomic<int> count{0};
  if (++count > 2) std::_Exit(130);
  interrupted = signal;
}

/// A state, with the observers' memories, that a run can go on from. Kept fresh at little cost, so that a
/// failure loses little.
class LastGood {
 public:
  explicit LastGood(double now) : taken_at_(now) {}
  bool due(double now) const {
    return now - taken_at_ > std::max(shortest_interval, cost_ * largest_cost_share);
  }
  void take(const Simulation& simulation) {
    const double begin = seconds_since_start();
    archive_ = simulation.checkpoint();
    taken_at_ = seconds_since_start();
    cost_ = taken_at_ - begin;
  }
  const Archive& archive() const { return archive_; }

 private:
  static constexpr double shortest_interval = 0.5;  // [s]
  static constexpr double largest_cost_share = 50;  // at most a fiftieth of the run goes into copies
  Archive archive_;
  double taken_at_ = 0.0, cost_ = 0.0;
};

class Run {
 public:
  using Variant = std::function<std::shared_ptr<const Model>(const std::vector<modelfile::Override>&)>;
  Run(const RunOptions& options, modelfile::Loaded loaded, const std::filesystem::path& file, Variant variant,
      Ranks* ranks)
      : options_(options),
        ranks_(ranks),
        folder_(options.folder),
        model_(std::move(loaded.model)),
        studies_(std::move(loaded.studies)),
        variant_(std::move(variant)),
        frames_(folder_ / "fields", model_->schedule.time_unit),
        simulation_(model_, {threads(options, ranks), options.seed.value_or(0),
                             is_first(ranks) ? &frames_ : nullptr, ranks}) {
    record_.model_file = file.filename().string();
    record_.model_text = read_file(file);
    record_.overrides = options.settings;
    record_.version = version();
    record_.resumed = options.resume;
    for (const Diagnostic& warning : loaded.warnings) record_.warnings.push_back(warning.text());
  }

  int execute() {
    if (options_.resume) resume();
    on_first_rank(ranks_, [&] { write_file(folder_ / "model.resolved.yaml", model_->resolved); });
    say_what_is_shared();
    record_.startup_seconds = begin_ = seconds_since_start();
    record_.startup_cpu_seconds = processor_seconds();
    write_record();  // a folder of a run that is killed can be read
    try {
      if (options_.what == RunOptions::What::schedule_and_studies) run_schedule();
      if (!studies_.empty()) on_first_rank(ranks_, [&] { run_studies(); });
    } catch (const NumericalFailure& failure) {
      record_.status = report::RunRecord::Status::failed;
      record_.message = failure.what();
      write_outputs();
      throw NumericalFailure(
          fmt::format("{}\nwhat was computed until then is in {}", failure.what(), options_.folder));
    }
    return conclude();
  }

 private:
  /// Writes what there is. Returns the exit status; throws where the books do not close.
  int conclude() {
    check_ledger();
    write_outputs();
    if (record_.status == report::RunRecord::Status::failed) throw NumericalFailure(record_.message);
    if (record_.status == report::RunRecord::Status::interrupted) {
      std::string settings;
      for (const std::string& setting : options_.settings) settings += fmt::format(" --set '{}'", setting);
      log_warning(fmt::format("{}; go on with: holon run {} -o {}{} --resume", record_.message,
                              options_.model, options_.folder, settings));
      return 130;
    }
    if (!options_.quiet && is_first(ranks_)) print_results();
    return 0;
  }

  static int threads(const RunOptions& options, const Ranks* ranks) {
    if (options.threads > 0) return options.threads;
    if (ranks != nullptr) return 1;
    return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  }

  std::filesystem::path checkpoint_file() const { return folder_ / "checkpoint.h5"; }

  void resume() {
    simulation_.resume(Archive::read(checkpoint_file()));
    const std::uint64_t seed = simulation_.state().seed;
    if (options_.seed && *options_.seed != seed)
      throw InputError(fmt::format("--seed {}: the checkpoint was made with seed {}; a resumed run keeps it",
                                   *options_.seed, seed));
  }

  void run_schedule() {
    Progress progress(model_->title.empty() ? record_.model_file : model_->title);
    try {
      advance(progress);
    } catch (const NumericalFailure& failure) {
      progress.finish("failed");
      on_first_rank(ranks_, [&] { last_good_.archive().write(checkpoint_file()); });
      throw NumericalFailure(fmt::format("{}\nthe checkpoint is of before the failure", failure.what()));
    }
    if (simulation_.finished()) {
      progress.finish("done, " + time_text());
    } else {
      interrupt(fmt::format("interrupted by signal {} at {}", stopped_by_, time_text()));
      progress.finish(record_.message);
    }
    write_checkpoint();
  }

  /// By the first rank alone; the others wait.
  void run_studies() {
    for (const auto& study : studies_)
      if (interrupted == 0) run_study(*study);
  }

  void run_study(const modelfile::Study& study) {
    Progress progress("study " + study.name());
    std::mutex telling;
    // Threads of their own: what is left of the simulation may be asked for while the study still works.
    ThreadPool pool(threads(options_, ranks_));
    const modelfile::StudyRun run{variant_, pool, options_.seed.value_or(0), [&](double fraction) {
                                    const std::scoped_lock lock(telling);
                                    if (progress.due()) progress.update(fraction, "");
                                    return interrupted == 0;
                                  }};
    modelfile::StudyOutcome outcome;
    const double began = seconds_since_start();
    try {
      outcome = watched_call<modelfile::StudyOutcome>([&] { return study.carry_out(run); }, interrupted,
                                                      patience, [&] { abandon(study); });
    } catch (const NumericalFailure&) {
      progress.finish("failed");
      throw;
    }
    if (interrupted != 0)
      interrupt(fmt::format("study '{}' interrupted by signal {}", study.name(), interrupted.load()));
    progress.finish(interrupted == 0 ? "done" : record_.message);
    record_.study_seconds[study.name()] = seconds_since_start() - began;
    for (const auto& [name, description] : outcome.descriptions) {
      ResultRecipe recipe;
      recipe.name = name;
      recipe.description = description;
      record_.results.push_back(std::move(recipe));
    }
    of_studies_.results.merge(outcome.results);
    of_studies_.descriptions.merge(outcome.descriptions);
    of_studies_.series.merge(outcome.series);
    print(outcome.warnings);
    for (const Diagnostic& warning : outcome.warnings) record_.warnings.push_back(warning.text());
  }

  /// Ends the program while a study still works.
  void abandon(const modelfile::Study& study) {
    int status = 1;
    try {
      interrupt(fmt::format("study '{}' interrupted by signal {}", study.name(), interrupted.load()));
      status = conclude();
    } catch (const std::exception& failure) { log_warning(failure.what()); }
    std::fflush(nullptr);
    std::_Exit(status);
  }
  static constexpr std::chrono::milliseconds patience{1000};  // of a study to end by itself

  void interrupt(std::string message) {
    record_.status = report::RunRecord::Status::interrupted;
    record_.message = std::move(message);
  }

  /// What is to be done after a macro step: clocks and signals are those of one rank or another, and all do
  /// the same.
  struct Due {
    bool last_good = false, checkpoint = false;
    int stopped_by = 0;
  };
  Due agreed(Due mine) const {
    if (ranks_ == nullptr) return mine;
    constexpr std::size_t said = 3;
    const auto count = static_cast<std::size_t>(ranks_->size()),
               me = static_cast<std::size_t>(ranks_->rank());
    std::vector<double> all(said * count);
    std::vector<std::size_t> bounds;
    for (std::size_t rank = 0; rank <= count; ++rank) bounds.push_back(said * rank);
    all[said * me] = mine.last_good ? 1.0 : 0.0;
    all[said * me + 1] = mine.checkpoint ? 1.0 : 0.0;
    all[said * me + 2] = mine.stopped_by;
    ranks_->all_gather(all, bounds);
    Due due{all[0] != 0.0, all[1] != 0.0, 0};
    for (std::size_t rank = 0; rank < count; ++rank)
      due.stopped_by = std::max(due.stopped_by, static_cast<int>(all[said * rank + 2]));
    return due;
  }

  void advance(Progress& progress) {
    last_good_.take(simulation_);
    double last_checkpoint = begin_;
    int looks_at_limits = 0;
    simulation_.run([&](const Simulation& simulation) {
      constexpr int looks = 8;
      if (ranks_ == nullptr && looks * simulation.fraction_done() >= looks_at_limits + 1) {
        looks_at_limits = static_cast<int>(looks * simulation.fraction_done());
        look_at_limits(simulation);
      }
      if (progress.due()) progress.update(simulation.fraction_done(), time_text());
      const double now = seconds_since_start();
      const Due due = agreed({last_good_.due(now), now - last_checkpoint > 60.0 * options_.checkpoint_minutes,
                              interrupted.load()});
      if (due.last_good) last_good_.take(simulation);
      if (due.checkpoint) {
        write_checkpoint();
        last_checkpoint = now;
      }
      stopped_by_ = due.stopped_by;
      return stopped_by_ == 0;
    });
  }

  /// Stability limits follow what the model does: below them at the start is not below them for good.
  void look_at_limits(const Simulation& simulation) {
    for (const StaleView& view :
         stale_views(*model_, simulation.state(), simulation.time(), simulation.threads())) {
      Diagnostic warning = warning_of(view, *model_);
      const bool said =
          std::any_of(record_.warnings.begin(), record_.warnings.end(),
                      [&](const std::string& w) { return w.find(warning.path + ":") != std::string::npos; });
      if (said) continue;
      warning.message = fmt::format("at {} {}", time_text(), warning.message);
      record_.warnings.push_back(warning.text());
      print({warning});
    }
    if (limit_passed_) return;
    try {
      model_->check_steps(simulation.state());
    } catch (const InputError& error) {
      limit_passed_ = true;
      const Diagnostic& found = error.diagnostics().front();
      const Diagnostic warning{
          .severity = Diagnostic::Severity::warning,
          .place = found.place,
          .path = found.path,
          .message = fmt::format("at {} {}, as it was not at the start: look at what follows "
                                 "with doubt",
                                 time_text(), found.message),
          .hint = found.expected + (found.hint.empty() ? "" : "; " + found.hint)};
      record_.warnings.push_back(warning.text());
      print({warning});
    }
  }

  /// Where several ranks run a model that has nothing to share, they all do the same: better said than found
  /// out.
  void say_what_is_shared() {
    if (ranks_ == nullptr) return;
    const auto lines = simulation_.distribution().lines();
    const bool nothing =
        std::none_of(lines.begin(), lines.end(), [](const auto& line) { return line.shared; });
    std::string text;
    for (const auto& line : lines) text += fmt::format("\n  {}: {}", line.process, line.text);
    if (nothing)
      log_warning(fmt::format("{} ranks have nothing to share in this model, so that one would be as fast:{}",
                              ranks_->size(), text));
    else
      log_info(fmt::format("{} ranks:{}", ranks_->size(), text));
  }

  std::string time_text() const {
    const Schedule& schedule = model_->schedule;
    const double t = simulation_.time() / schedule.time_unit.factor();
    return schedule.time_dimension.dimensionless()
               ? fmt::format("t = {:.6g}", t)
               : fmt::format("t = {:.6g} {}", t, schedule.time_unit.text());
  }

  /// With the list of frames as it is now, so that both fit together.
  void write_checkpoint() {
    const Archive archive = simulation_.checkpoint();
    on_first_rank(ranks_, [&] {
      frames_.flush();
      archive.write(checkpoint_file());
    });
    write_record();
  }

  void write_record() {
    record_.run_seconds = seconds_since_start() - begin_;
    report::describe(simulation_, record_);
    record_.cpu_seconds = processor_seconds();
    on_first_rank(ranks_, [&] { write_file(folder_ / "run.json", report::run_json(record_)); });
  }

  void check_ledger() {
    if (model_->ledger_rule == LedgerRule::report) return;
    for (const LedgerBalance& balance : simulation_.ledger()) {
      for (const LedgerCrossing& crossing : balance.crossings) {
        if (crossing.relative_difference() <= largest_ledger_residual) continue;
        record_.status = report::RunRecord::Status::failed;
        record_.message = fmt::format(
            "the ledger of '{}': {:.9g} {} left one side of the coupling '{}' for '{}' and {:.9g} arrived on "
            "the "
            "other; relative difference {:.3g}, at most {:.0e} is round-off",
            balance.quantity, crossing.left, balance.unit.text(), crossing.coupling, crossing.process,
            crossing.arrived, crossing.relative_difference(), largest_ledger_residual);
      }
      if (model_->ledger_rule == LedgerRule::closed) check_closed(balance);
      if (balance.relative_residual <= largest_ledger_residual) continue;
      record_.status = report::RunRecord::Status::failed;
      record_.message = fmt::format(
          "the ledger of '{}' does not close: relative residual {:.3g}, at most {:.0e} is round-off",
          balance.quantity, balance.relative_residual, largest_ledger_residual);
    }
    if (record_.status == report::RunRecord::Status::running) doubt_small_productions();
  }

  /// A closed system holds what it held.
  void check_closed(const LedgerBalance& balance) {
    double size = std::abs(balance.held_at_start) + std::abs(balance.held_now);
    const LedgerLine* most = nullptr;
    for (const LedgerLine& line : balance.lines) {
      size += line.moved;
      if (most == nullptr || std::abs(line.amount) > std::abs(most->amount)) most = &line;
    }
    const double gained = balance.held_now - balance.held_at_start;
    if (std::abs(gained) <= largest_ledger_residual * size) return;
    record_.status = report::RunRecord::Status::failed;
    record_.message = fmt::format(
        "the ledger of '{}' is said to be closed, and {:.9g} {} were {}: it held {:.9g} and holds {:.9g}{}",
        balance.quantity, std::abs(gained), balance.unit.text(), gained > 0.0 ? "gained" : "lost",
        balance.held_at_start, balance.held_now,
        most == nullptr ? ""
                        : fmt::format("; most of all passed '{}' ({}): {:.9g}", most->process, most->channel,
                                      most->amount));
  }

  /// The books of equations that leak close: what they lose is consumed, by the equations.
  void doubt_small_productions() {
    Diagnostics doubts;
    for (const LedgerBalance& balance : simulation_.ledger())
      for (const SmallProduction& made : small_productions(readable(balance)))
        doubts.add({.severity = Diagnostic::Severity::warning,
                    .path = "ledger." + balance.quantity,
                    .message = fmt::format(
                        "the equations of '{}' {} {:.4g} {}, {:.2g} of what they moved: more than round-off, "
                        "and little for a {}",
                        fmt::join(made.processes, "' and '"), made.amount > 0.0 ? "made" : "lost",
                        std::abs(made.amount), readable(balance).unit.text(), made.share,
                        made.amount > 0.0 ? "source" : "sink"),
                    .hint = "where they should only pass it on, what one of them takes is not what "
                            "another one gets"});
    if (is_first(ranks_)) print(doubts.list());
    for (const Diagnostic& doubt : doubts.list()) record_.warnings.push_back(doubt.text());
  }

  void write_outputs() {
    std::optional<State> at_end;
    if (options_.what == RunOptions::What::schedule_and_studies && has_scales())
      at_end = simulation_.complete_state();
    on_first_rank(ranks_, [&] { write_results(at_end); });
    if (record_.status == report::RunRecord::Status::running)
      record_.status = report::RunRecord::Status::done;
    write_record();
    if (options_.no_report) return;
    on_first_rank(ranks_, [&] {
      try {
        report::write_report(folder_);
      } catch (const InputError& problem) {  // the run itself is written and sound
        log_warning(fmt::format("no report.html: {}", problem.what()));
      }
    });
  }

  void write_results(const std::optional<State>& at_end) {
    frames_.flush();
    auto series = of_studies_.series;
    auto results = of_studies_.results;
    if (options_.what == RunOptions::What::schedule_and_studies) {
      series.merge(simulation_.series());
      results.merge(simulation_.results());
    }
    if (!series.empty()) {
      std::error_code error;
      std::filesystem::create_directories(folder_ / "series", error);
      if (error)
        throw SystemError(
            fmt::format("cannot make the folder '{}/series': {}", options_.folder, error.message()));
      report::write_series(folder_ / "series", series);
    }
    write_file(folder_ / "results.json", report::results_json(results));
    if (at_end) write_scales(*at_end);
  }

  /// Whether there are scales to compare, and it costs next to nothing.
  bool has_scales() const {
    std::size_t sites = 0;
    for (const auto& [name, space] : model_->spaces) sites += space->sites();
    return model_->processes.size() >= 2 && sites <= most_sites_to_map;
  }

  /// The scale-separation map at the end.
  void write_scales(const State& state) const {
    const analysis::ScaleMap map =
        analysis::scale_map(*model_, {&state}, {simulation_.time()}, simulation_.threads());
    if (!map.pairs.empty()) write_file(folder_ / "scales.json", analysis::json(map));
  }
  static constexpr std::size_t most_sites_to_map = 200000;

  void print_results() const {
    if (options_.what == RunOptions::What::schedule_and_studies) print_model_results();
    for (const auto& [name, result] : of_studies_.results) {
      const auto described = of_studies_.descriptions.find(name);
      std::printf("%-28s %s%s\n", name.c_str(), value_text(result).c_str(),
                  described == of_studies_.descriptions.end() ? "" : (", " + described->second).c_str());
    }
    for (const auto& [name, table] : of_studies_.series)
      std::printf("%-28s %zu rows in %s\n", name.c_str(), table.rows.size(),
                  (folder_ / "series" / (name + ".csv")).string().c_str());
    std::printf("%s\n", (folder_ / (options_.no_report ? "results.json" : "report.html")).string().c_str());
  }

  void print_model_results() const {
    const auto results = simulation_.results();
    for (const ResultRecipe& recipe : model_->results)
      std::printf("%-28s %s\n", recipe.name.c_str(), value_text(results.at(recipe.name)).c_str());
    for (const LedgerBalance& balance : record_.ledger) print_books(readable(balance));
  }

  /// "ledger of calcium: 2.5 pmol at the start, produced 0.1, consumed -0.3, 2.3 at the end, relative
  /// residual 1e-16"
  static void print_books(const LedgerBalance& balance) {
    double produced = 0.0, consumed = 0.0;
    for (const LedgerLine& line : balance.lines) (line.amount > 0.0 ? produced : consumed) += line.amount;
    const std::string unit = balance.unit.text() == "1" ? "" : " " + balance.unit.text();
    std::printf("%s\n",
                fmt::format("ledger of {}: {:.9g}{} at the start, in {:.6g}, out {:.6g}, {:.9g} at the end, "
                            "relative residual {:.2g}",
                            balance.quantity, balance.held_at_start, unit, produced, -consumed,
                            balance.held_now, balance.relative_residual)
                    .c_str());
    // What round-off alone leaves of forms turned into each other is nothing.
    const double made = balance.produced_by_reactions;
    if (std::abs(made) > largest_ledger_residual * balance.moved_by_reactions)
      std::printf("  %s by reactions: %s%s\n", made > 0.0 ? "produced" : "consumed",
                  fmt::format("{:.9g}", std::abs(made)).c_str(), unit.c_str());
    for (const LedgerCrossing& crossing : balance.crossings)
      std::printf("%s\n",
                  fmt::format("  through {} for {}: {:.9g}{} left, {:.9g}{} arrived, difference {:.2g}",
                              crossing.coupling, crossing.process, crossing.left, unit, crossing.arrived,
                              unit, crossing.difference())
                      .c_str());
  }

  static std::string value_text(const ResultValue& result) {
    const std::string unit = result.unit.text() == "1" ? "" : " " + result.unit.text();
    if (const auto* number = std::get_if<double>(&result.value))
      return fmt::format("{:.9g}{}", *number, unit);
    if (const auto* text = std::get_if<std::string>(&result.value)) return *text;
    if (const auto* missing = std::get_if<ResultValue::Missing>(&result.value))
      return "none: " + missing->why;
    const auto& array = std::get<std::vector<double>>(result.value);
    constexpr std::size_t most = 8;
    if (array.size() > most)
      return fmt::format("{} values{}", array.size(), unit.empty() ? "" : " in" + unit);
    return fmt::format("{:.9g}{}", fmt::join(array, "  "), unit);
  }

  /// Sums of rate integrals keep their round-off, so that it stays far below this also over millions of
  /// steps.
  static constexpr double largest_ledger_residual = 1e-10;

  RunOptions options_;
  Ranks* ranks_;
  std::filesystem::path folder_;
  std::shared_ptr<const Model> model_;
  std::vector<std::unique_ptr<modelfile::Study>> studies_;
  Variant variant_;
  modelfile::StudyOutcome of_studies_;
  report::VtkFrames frames_;
  Simulation simulation_;
  report::RunRecord record_;
  double begin_ = 0.0;
  LastGood last_good_{0.0};
  bool limit_passed_ = false;  ///< a stability limit, which has been said
  int stopped_by_ = 0;         // a signal that some rank has seen
};

/// Interrupts are taken from the beginning; a third one ends the program at once.
void take_signals() {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is a failed write, with its message
}

int run_model(const RunOptions& options, Ranks* ranks) {
  set_verbosity(!is_first(ranks) ? Verbosity::silent : options.quiet ? Verbosity::quiet : Verbosity::normal);
  const auto file = find_model(options.model);
  const FolderUse use = options.resume  ? FolderUse::resume
                        : options.force ? FolderUse::overwrite
                                        : FolderUse::fresh;
  on_first_rank(ranks, [&] {
    check_output_folder(options.folder, use,
                        "--force overwrites what a run wrote there, --resume goes on from its checkpoint");
  });
  take_signals();
  modelfile::LoadOptions load;
  for (const std::string& setting : options.settings)
    load.overrides.push_back(modelfile::parse_override(setting));
  load.foresee = check_memory;
  modelfile::Loaded loaded = modelfile::load(file, registry(), load);
  if (is_first(ranks)) print(loaded.warnings);
  if (options.what == RunOptions::What::studies && loaded.studies.empty())
    throw InputError(fmt::format("{} has no section 'study'; `holon run` runs its schedule", options.model));
  on_first_rank(ranks, [&] {
    make_output_folder(options.folder);
    if (use != FolderUse::resume) clear_output_folder(options.folder);
  });
  const auto variant = [&](const std::vector<modelfile::Override>& overrides) {
    modelfile::LoadOptions of_variant = load;
    of_variant.overrides.insert(of_variant.overrides.end(), overrides.begin(), overrides.end());
    of_variant.studies = modelfile::LoadOptions::Studies::leave_out;
    return modelfile::load(file, registry(), of_variant).model;
  };
  return Run(options, std::move(loaded), file, variant, ranks).execute();
}

}  // namespace

int run_model(const RunOptions& options) {
  return run_with_ranks([&](Ranks* ranks) { return run_model(options, ranks); });
}

}  // namespace holon::cli

// holon run: the schedule, then the studies of a model file.
#include <memory>

#include "model_run.hpp"

namespace holon::cli {

void add_run_options(CLI::App& command, RunOptions& options) {
  command.add_option("MODEL", options.model, "Model file, or the name of a cookbook model (holon list)")
      ->required();
  command.add_option("-o,--output", options.folder, "Output folder")->required();
  command
      .add_option("--set", options.settings,
                  "PATH=VALUE: sets a parameter or option, for example parameters.step=0.01ms; a plain "
                  "number is in the "
                  "unit of the model file")
      ->allow_extra_args(false);
  command
      .add_option("--threads", options.threads,
                  "Threads (default: all processors); results do not depend on it")
      ->check(CLI::Range(1, 1024));
  command.add_option("--seed", options.seed, "Seed of the random numbers (default 0)")
      ->check([](const std::string& text) {
        return text.starts_with("-") ? "is " + text + "; expected a whole number from 0 on" : std::string();
      });
  command.add_flag("--force", options.force, "Overwrite what an earlier run left in the output folder");
  command.add_flag("--quiet", options.quiet, "No progress, no results on the terminal");
  command.add_flag("--no-report", options.no_report, "Do not write report.html");
}

void add_run(CLI::App& program, Action& action) {
  auto* command = program.add_subcommand("run", "Run a model and write an output folder with its report");
  auto options = std::make_shared<RunOptions>();
  add_run_options(*command, *options);
  command->add_flag("--resume", options->resume, "Go on from the checkpoint in the output folder");
  command
      ->add_option("--checkpoint-every", options->checkpoint_minutes,
                   "Minutes between checkpoints (default 10)")
      ->check(CLI::PositiveNumber);
  command->callback([options, &action] { action = [options] { return run_model(*options); }; });
}

}  // namespace holon::cli

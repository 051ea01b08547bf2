// holon study: the studies of a model file alone.
#include <memory>

#include "model_run.hpp"

namespace holon::cli {

void add_study(CLI::App& program, Action& action) {
  auto* command =
      program.add_subcommand("study", "Run what a model file's section 'study' asks for, and that alone");
  auto options = std::make_shared<RunOptions>();
  options->what = RunOptions::What::studies;
  add_run_options(*command, *options);
  command->callback([options, &action] { action = [options] { return run_model(*options); }; });
}

}  // namespace holon::cli

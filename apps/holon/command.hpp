// The subcommands: each adds itself to the command line and returns an exit status when it is chosen.
//
// Exit status: 0 done; 1 failed numerically; 2 wrong input; 3 refused; 4 the system could not open or write a
// file; 130 interrupted, after a checkpoint.
#pragma once

#include "holon/modelfile/load.hpp"

#include <exception>
#include <functional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace holon::cli {

/// What a chosen subcommand does.
using Action = std::function<int()>;

void add_run(CLI::App& program, Action& action);
void add_study(CLI::App& program, Action& action);
void add_check(CLI::App& program, Action& action);
void add_scales(CLI::App& program, Action& action);
void add_list(CLI::App& program, Action& action);
void add_show(CLI::App& program, Action& action);
void add_report(CLI::App& program, Action& action);
void add_schema(CLI::App& program, Action& action);

/// All process, observer and study types of this program.
const modelfile::Registry& registry();

/// A model file by path, or a cookbook model by name ("heart/cell"). Throws InputError with the nearest name.
/// "did you mean 'heart/cable'?" for 'cabel' too: a model may be meant by the last part of its name.
std::string model_suggestion(const std::string& text, const std::vector<std::string>& names);
std::filesystem::path find_model(const std::string& text);

/// The cookbook: every model under models/ with its title, sorted by path. Cell files and other components
/// are left out.
struct CookbookModel {
  std::string name;  ///< "heart/cell"
  std::string title;
  std::filesystem::path file;
};
std::vector<CookbookModel> cookbook();

/// The program's exit status for an error, and its message to standard error.
int exit_status(const std::exception_ptr& error);
void say(const std::exception_ptr& error);

/// One line each to standard error, coloured on a terminal.
void print(const std::vector<Diagnostic>& diagnostics);

/// Bytes that the fields of one State take.
double state_bytes(const Model& model);
/// Refuses a model whose states can't fit into this machine's memory.
void check_memory(const Model& model);

std::string version();
/// Wall time, and processor time of all threads, since the program was started, in seconds.
double seconds_since_start();
double processor_seconds();

}  // namespace holon::cli

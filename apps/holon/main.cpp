#include "holon/base/error.hpp"
#include "holon/base/progress.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <exception>
#include <filesystem>
#include <new>

#include "command.hpp"
#include <unistd.h>

namespace holon::cli {

namespace {

/// Processor time that loading the program's libraries took before its first line could run.
const double loading_seconds = static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
const auto program_start = std::chrono::steady_clock::now();

/// Colours the word "error:" or "warning:" on a terminal.
std::string coloured(const std::string& line, const std::string& word, const char* colour) {
  const auto at = line.find(word);
  if (at == std::string::npos || isatty(STDERR_FILENO) == 0) return line;
  return line.substr(0, at) + colour + word + "\033[0m" + line.substr(at + word.size());
}

/// How each kind of error ends the program, and the word before its message.
struct Ending {
  int status = 1;
  std::string word, message;
  std::vector<Diagnostic> diagnostics;  // instead of a message
};

Ending ending_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const InputError& e) { return {2, {}, {}, e.diagnostics()}; } catch (const NumericalFailure& e) {
    return {1, "failed:", e.what(), {}};
  } catch (const Refused& e) { return {3, "refused:", e.what(), {}}; } catch (const SystemError& e) {
    return {4, "error:", e.what(), {}};
  } catch (const std::filesystem::filesystem_error& e) {
    return {4, "error:", e.what(), {}};
  } catch (const std::bad_alloc&) {
    return {3, "refused:", "not enough memory for this model; `holon check` says how much it needs", {}};
  } catch (const std::exception& e) { return {1, "defect in the program, please report it:", e.what(), {}}; }
}

}  // namespace

void print(const std::vector<Diagnostic>& diagnostics) {
  for (const Diagnostic& diagnostic : diagnostics) {
    const bool wrong = diagnostic.severity == Diagnostic::Severity::error;
    const std::string line =
        coloured(diagnostic.text(), wrong ? "error:" : "warning:", wrong ? "\033[1;31m" : "\033[1;33m");
    std::fprintf(stderr, "%s\n", line.c_str());
  }
}

int exit_status(const std::exception_ptr& error) { return ending_of(error).status; }

void say(const std::exception_ptr& error) {
  const Ending ending = ending_of(error);
  if (!ending.diagnostics.empty()) {
    print(ending.diagnostics);
    const auto errors =
        std::count_if(ending.diagnostics.begin(), ending.diagnostics.end(),
                      [](const Diagnostic& d) { return d.severity == Diagnostic::Severity::error; });
    if (errors > 1) std::fprintf(stderr, "%td errors\n", errors);
    return;
  }
  std::fprintf(stderr, "%s\n",
               coloured(ending.word + " " + ending.message, ending.word, "\033[1;31m").c_str());
}

std::string version() { return HOLON_VERSION; }

double seconds_since_start() {
  return loading_seconds +
         std::chrono::duration<double>(std::chrono::steady_clock::now() - program_start).count();
}

double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

namespace {

/// The parser would ask for a command where one was misspelt.
void check_command(const CLI::App& program, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return;
  std::vector<std::string> names;
  for (const CLI::App* command : program.get_subcommands({})) names.push_back(command->get_name());
  if (std::find(names.begin(), names.end(), argv[1]) == names.end())
    throw InputError(std::string("there is no command '") + argv[1] + "'; " + suggestion(argv[1], names));
}

}  // namespace

int main_program(int argc, char** argv) {
  CLI::App program{
      "Holon: a multiscale simulation engine for living tissue.\n"
      "One model file declares what happens at every scale; one command runs it.",
      "holon"};
  program.set_version_flag("--version", "holon " + version());
  program.require_subcommand(1);
  program.footer(
      "Begin with: holon list; holon run heart/cell -o out. Exit status: 0 done, 1 failed numerically,\n"
      "2 wrong input, 3 refused, 4 a file could not be opened or written, 130 interrupted.");
  Action action;
  add_run(program, action);
  add_study(program, action);
  add_check(program, action);
  add_scales(program, action);
  add_list(program, action);
  add_show(program, action);
  add_report(program, action);
  add_schema(program, action);
  try {
    check_command(program, argc, argv);
    program.parse(argc, argv);
    return action();
  } catch (const CLI::Success& success) {
    return program.exit(success);  // --help, --version
  } catch (const CLI::ParseError& error) {
    program.exit(error);
    return 2;
  } catch (...) {
    say(std::current_exception());
    return exit_status(std::current_exception());
  }
}

}  // namespace holon::cli

int main(int argc, char** argv) { return holon::cli::main_program(argc, argv); }

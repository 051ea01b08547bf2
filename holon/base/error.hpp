// Errors with context. Every error that a person can cause carries where it is, what was found, what was
// expected and a way out; every numerical failure carries what failed, where and when.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace holon {

/// A place in a text file. Lines and columns count from 1; 0 means unknown. `file` is shown as the user gave
/// it.
struct Place {
  std::string file;
  int line = 0;
  int column = 0;
  std::string text() const;  ///< "file:line:column", leaving out what is unknown
};

/// One message about a model file, an equation, a command line or a data file.
struct Diagnostic {
  enum class Severity { error, warning };
  Severity severity = Severity::error;
  Place place;
  std::string path;          ///< key path in the model file, e.g. "processes.conduction.field"; may be empty
  std::string message;       ///< the rule that is broken, with what was found, in one sentence
  std::string expected;      ///< what would be right; may be empty
  std::string hint;          ///< a way out, e.g. "did you mean 'conductivity'?"; may be empty
  std::string text() const;  ///< "file:line:column: error: path: message; expected ...; hint"
};

/// Collects all diagnostics of one reading, so that a user sees every mistake at once.
class Diagnostics {
 public:
  void error(Place place, std::string path, std::string message, std::string expected = "",
             std::string hint = "");
  void warning(Place place, std::string path, std::string message, std::string hint = "");
  void add(Diagnostic d) { list_.push_back(std::move(d)); }
  bool has_errors() const;
  std::size_t error_count() const;
  const std::vector<Diagnostic>& list() const { return list_; }
  /// Throws InputError with everything collected if there is at least one error.
  void throw_if_errors() const;

 private:
  std::vector<Diagnostic> list_;
};

/// Something is wrong inside a model file, command line or data file. Exit status 2.
class InputError : public std::runtime_error {
 public:
  explicit InputError(std::vector<Diagnostic> diagnostics);
  explicit InputError(Diagnostic diagnostic);
  explicit InputError(const std::string& message);  ///< without a place
  const std::vector<Diagnostic>& diagnostics() const { return diagnostics_; }

 private:
  std::vector<Diagnostic> diagnostics_;
};

/// The numerics failed: divergence, NaN, a step that fell below its floor. Exit status 1.
class NumericalFailure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The request is valid but refused, with the reason. Exit status 3.
class Refused : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The system could not open, read or write a file. Exit status 4.
class SystemError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The candidate nearest to `name` by edit distance (insertions, deletions, substitutions, transpositions;
/// case counts half), or an empty string when none is near enough to be a likely slip.
std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates);

/// "did you mean 'x'?" for the nearest candidate, otherwise "one of a, b, c" (at most `most` names), or
/// empty.
std::string suggestion(std::string_view name, const std::vector<std::string>& candidates,
                       std::size_t most = 12);

/// Stops the program with the sentence if a promise inside Holon does not hold. `condition` false is a defect
/// of Holon, never of its input.
void require(bool condition, std::string_view sentence);

}  // namespace holon

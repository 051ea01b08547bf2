#include "holon/base/error.hpp"

#include <algorithm>
#include <cstdlib>
#include <iostream>

namespace holon {

std::string Place::text() const {
  std::string out = file;
  const auto append = [&out](const std::string& part) { out += (out.empty() ? "" : ":") + part; };
  if (line > 0) append((out.empty() ? "line " : "") + std::to_string(line));
  if (line > 0 && column > 0) append(std::to_string(column));
  return out;
}

std::string Diagnostic::text() const {
  std::string out = place.text();
  if (!out.empty()) out += ": ";
  out += severity == Severity::error ? "error: " : "warning: ";
  if (!path.empty()) out += path + ": ";
  out += message;
  if (!expected.empty()) out += "; expected " + expected;
  if (!hint.empty()) out += "; " + hint;
  return out;
}

void Diagnostics::error(Place place, std::string path, std::string message, std::string expected,
                        std::string hint) {
  add({Diagnostic::Severity::error, std::move(place), std::move(path), std::move(message),
       std::move(expected), std::move(hint)});
}

void Diagnostics::warning(Place place, std::string path, std::string message, std::string hint) {
  add({Diagnostic::Severity::warning, std::move(place), std::move(path), std::move(message), "",
       std::move(hint)});
}

std::size_t Diagnostics::error_count() const {
  return static_cast<std::size_t>(std::count_if(list_.begin(), list_.end(), [](const Diagnostic& d) {
    return d.severity == Diagnostic::Severity::error;
  }));
}

bool Diagnostics::has_errors() const { return error_count() > 0; }

void Diagnostics::throw_if_errors() const {
  if (has_errors()) throw InputError(list_);
}

namespace {

std::string joined(const std::vector<Diagnostic>& diagnostics) {
  std::string out;
  for (const Diagnostic& d : diagnostics) out += (out.empty() ? "" : "\n") + d.text();
  return out;
}

}  // namespace

InputError::InputError(std::vector<Diagnostic> diagnostics)
    : std::runtime_error(joined(diagnostics)), diagnostics_(std::move(diagnostics)) {}

InputError::InputError(Diagnostic diagnostic) : InputError(std::vector<Diagnostic>{std::move(diagnostic)}) {}

InputError::InputError(const std::string& message)
    : std::runtime_error(message),
      diagnostics_{Diagnostic{Diagnostic::Severity::error, {}, "", message, "", ""}} {}

void require(bool condition, std::string_view sentence) {
  if (condition) return;
  std::cerr << "holon: defect in the program, please report it: " << sentence << std::endl;
  std::abort();
}

}  // namespace holon

// Studies: what a model file asks for beyond one run of its schedule. They drive whole simulations of
// variants of the model.
#pragma once

#include "holon/modelfile/load.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace holon::modelfile {

/// What a study hands over.
struct StudyOutcome {
  std::map<std::string, ResultValue> results;  ///< to stand beside the model's own
  std::map<std::string, Series> series;
  std::vector<Diagnostic> warnings;                   ///< what it has no number for, and why
  std::map<std::string, std::string> descriptions{};  ///< of results whose names do not say what they are
};

/// What a study works with.
struct StudyRun {
  /// The model with further settings, its studies left out. Throws InputError.
  std::function<std::shared_ptr<const Model>(const std::vector<Override>&)> variant;
  ThreadPool& threads;  ///< to share simulations out over
  std::uint64_t seed = 0;
  /// Told how much is done, from several threads; false: stop, and leave out what is missing.
  std::function<bool(double fraction)> progress;
};

class Study {
 public:
  explicit Study(std::string name) : name_(std::move(name)) {}
  virtual ~Study() = default;
  const std::string& name() const { return name_; }
  /// Where the model file asks for it.
  void set_place(Place place) { place_ = std::move(place); }
  /// Carries it out. Throws NumericalFailure and Refused, with its place and name before what they say.
  StudyOutcome carry_out(const StudyRun& run) const;
  /// Lines for `holon check`.
  virtual std::vector<std::string> description() const = 0;

 protected:
  /// A warning at its place.
  Diagnostic warning(std::string message) const;
  /// Throws NumericalFailure, saying in which variant, and Refused.
  virtual StudyOutcome run(const StudyRun& run) const = 0;

 private:
  std::string about(const std::exception& error) const;
  std::string name_;
  Place place_;
};

}  // namespace holon::modelfile

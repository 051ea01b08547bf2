// One run of a model file, made the way `holon run` makes it, for tests to look into.
#pragma once

#include "holon/engine/simulation.hpp"
#include "holon/modelfile/study.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace holon::verification {

class ModelRun {
 public:
  /// Loads `file` (relative to the project's root) with settings as on the command line ("parameters.step=0.1
  /// ms"). Throws InputError with everything that is wrong.
  ModelRun(const std::string& file, const std::vector<std::string>& settings = {});
  /// The same for a model that a test writes out; files that it names are looked up in models/.
  static ModelRun of_text(const std::string& text, const std::vector<std::string>& settings = {});

  ModelRun& to_the_end();
  /// Runs the model's studies; their results stand beside its own afterwards, and their series.
  ModelRun& studies();
  Simulation& simulation() { return *simulation_; }
  const Model& model() const { return *model_; }
  std::shared_ptr<const Model> shared_model() const { return model_; }

  double result(const std::string& name) const;  ///< in its unit; fails the test if it is missing
  const std::string& description(const std::string& name) const { return descriptions_.at(name); }
  /// Why a result has no value; empty where it has one.
  std::string why_missing(const std::string& name) const;
  std::vector<double> array(const std::string& name) const;
  std::string unit(const std::string& name) const;
  const std::vector<Diagnostic>& warnings() const { return warnings_; }  ///< when the model was read
  Series series(const std::string& name) const;
  /// A column of a series by its name, without the unit.
  std::vector<double> column(const std::string& series, const std::string& name) const;

 private:
  ModelRun() = default;
  void load(const std::string& file, const std::vector<std::string>& settings);
  const ResultValue& value(const std::string& name) const;
  std::shared_ptr<const void> written_;  ///< takes the file of a text away at the end
  std::shared_ptr<const Model> model_;
  std::vector<Diagnostic> warnings_;
  std::unique_ptr<Simulation> simulation_;
  std::map<std::string, ResultValue> results_;
  std::map<std::string, Series> study_series_;
  std::vector<std::unique_ptr<modelfile::Study>> studies_;
  std::map<std::string, std::string> descriptions_;  // of the studies' results
  std::function<std::shared_ptr<const Model>(const std::vector<modelfile::Override>&)> variant_;
};

/// The observed order between errors at a step and at half of it.
double order(double coarse, double fine);

}  // namespace holon::verification

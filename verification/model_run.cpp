#include "verification/model_run.hpp"

#include "holon/agents/register.hpp"
#include "holon/analysis/register.hpp"
#include "holon/kinetics/register.hpp"
#include "holon/modelfile/load.hpp"
#include "holon/observe/register.hpp"
#include "holon/pointwise/register.hpp"
#include "holon/study/register.hpp"
#include "holon/transport/register.hpp"

#include <cmath>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

namespace holon::verification {

namespace {

const modelfile::Registry& registry() {
  static const modelfile::Registry all = [] {
    modelfile::Registry registry;
    register_pointwise(registry);
    register_kinetics(registry);
    register_agents(registry);
    register_transport(registry);
    register_observe(registry);
    register_analysis(registry);
    register_study(registry);
    return registry;
  }();
  return all;
}

const std::filesystem::path root = HOLON_SOURCE_DIR;

}  // namespace

ModelRun::ModelRun(const std::string& file, const std::vector<std::string>& settings) {
  load(root / file, settings);
}

ModelRun ModelRun::of_text(const std::string& text, const std::vector<std::string>& settings) {
  static int count = 0;
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() /
      ("holon_verification_" + std::to_string(::getpid()) + "_" + std::to_string(count++) + ".yaml");
  std::ofstream(file) << text;
  ModelRun run;
  // Studies read it again.
  run.written_ = std::shared_ptr<const void>(nullptr, [file](const void*) { std::filesystem::remove(file); });
  run.load(file, settings);
  return run;
}

void ModelRun::load(const std::string& file, const std::vector<std::string>& settings) {
  modelfile::LoadOptions options;
  for (const std::string& setting : settings) options.overrides.push_back(modelfile::parse_override(setting));
  modelfile::Loaded loaded = modelfile::load(file, registry(), options);
  model_ = loaded.model;
  studies_ = std::move(loaded.studies);
  variant_ = [file, options](const std::vector<modelfile::Override>& more) {
    modelfile::LoadOptions of_variant = options;
    of_variant.studies = modelfile::LoadOptions::Studies::leave_out;
    of_variant.overrides.insert(of_variant.overrides.end(), more.begin(), more.end());
    return modelfile::load(file, registry(), of_variant).model;
  };
  warnings_ = loaded.warnings;
  simulation_ = std::make_unique<Simulation>(model_, Simulation::Options{});
}

ModelRun& ModelRun::to_the_end() {
  simulation_->run();
  results_ = simulation_->results();
  return *this;
}

ModelRun& ModelRun::studies() {
  ThreadPool threads(2);
  for (const auto& study : studies_) {
    auto outcome = study->carry_out({variant_, threads, 0, [](double) { return true; }});
    results_.merge(outcome.results);
    descriptions_.merge(outcome.descriptions);
    study_series_.merge(outcome.series);
    warnings_.insert(warnings_.end(), outcome.warnings.begin(), outcome.warnings.end());
  }
  return *this;
}

const ResultValue& ModelRun::value(const std::string& name) const {
  const auto found = results_.find(name);
  if (found == results_.end()) throw std::runtime_error("no result '" + name + "'");
  if (const auto* missing = std::get_if<ResultValue::Missing>(&found->second.value))
    throw std::runtime_error("result '" + name + "' is missing: " + missing->why);
  return found->second;
}

std::string ModelRun::why_missing(const std::string& name) const {
  const auto* missing = std::get_if<ResultValue::Missing>(&results_.at(name).value);
  return missing != nullptr ? missing->why : "";
}

double ModelRun::result(const std::string& name) const { return std::get<double>(value(name).value); }

std::vector<double> ModelRun::array(const std::string& name) const {
  return std::get<std::vector<double>>(value(name).value);
}

std::string ModelRun::unit(const std::string& name) const { return value(name).unit.text(); }

Series ModelRun::series(const std::string& name) const {
  const auto of_study = study_series_.find(name);
  return of_study != study_series_.end() ? of_study->second : simulation_->series().at(name);
}

std::vector<double> ModelRun::column(const std::string& series_name, const std::string& name) const {
  const Series table = series(series_name);
  for (std::size_t c = 0; c < table.columns.size(); ++c)
    if (table.columns[c].name == name) {
      std::vector<double> values;
      for (const std::vector<double>& row : table.rows) values.push_back(row[c]);
      return values;
    }
  throw std::runtime_error("no column '" + name + "' in series '" + series_name + "'");
}

double order(double coarse, double fine) { return std::log2(coarse / fine); }

}  // namespace holon::verification

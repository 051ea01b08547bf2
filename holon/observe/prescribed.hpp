// For tests: a process whose field is an equation of time and place, so that what observers must find is
// known, and a runner of models from text.
#pragma once

#include "holon/base/test_folder.hpp"
#include "holon/engine/simulation.hpp"
#include "holon/modelfile/load.hpp"
#include "holon/observe/register.hpp"

#include <memory>
#include <string>

namespace holon::observe::test {

/// u = value(t, x); its rate is stated by `rate`.
class Prescribed final : public Process {
 public:
  Prescribed(modelfile::ProcessContext& context, FieldId field)
      : Process(context.name), field_(field), unit_((*context.model.fields)[field].unit) {
    const auto kernel = [&](const char* key, const Dimension& dimension) {
      return CoefficientKernel(key, context.section.coefficient(key, dimension),
                               (*context.model.fields)[field].space, *context.model.fields,
                               *context.model.parameters, context.model.kernels);
    };
    value_ = kernel("value", unit_.dimension());
    rate_ = kernel("rate", unit_.dimension() / context.model.schedule.time_dimension);
  }
  std::string_view type() const override { return "prescribed"; }
  Ports ports() const override { return {{Port::Role::advance, field_, FieldKind::value, unit_}}; }
  void initialise(State& state, Workspace& work) const override { set(state, 0.0, work); }
  Outcome advance(State& state, const Interval& interval, const Inputs&, Workspace& work) const override {
    set(state, interval.t1(), work);
    return {Outcome::Why::done, interval.end, 0.0, {}};
  }
  void rate(const State& state, double time, Workspace& work, Vector& rates) const override {
    std::vector<double> column(state.real(field_).size());
    rate_.evaluate(state, time, column, *work.threads);
    for (std::size_t s = 0; s < column.size(); ++s) rates(field_)[s] += column[s] / unit_.factor();
  }
  void jvp(const State&, double, const Vector&, Workspace&, Vector&) const override {}
  void vjp(const State&, double, const Vector&, Workspace&, Vector&) const override {}
  void jacobian(const State&, double, Workspace&, SparseBuilder&) const override {}

 private:
  void set(State& state, double time, Workspace& work) const {
    const auto column = state.real(field_);
    value_.evaluate(state, time, column, *work.threads);
    for (double& value : column) value /= unit_.factor();
  }

  FieldId field_;
  Unit unit_;
  CoefficientKernel value_, rate_;
};

class PrescribedRecipe final : public modelfile::ProcessRecipe {
 public:
  void declare(modelfile::ProcessContext& context) override {
    Field field;
    field.name = context.name + ".u";
    field.space = context.space;
    field.unit = Unit::parse(context.section.text("unit"));
    context.model.fields->add(std::move(field));
  }
  std::unique_ptr<Process> make(modelfile::ProcessContext& context) override {
    return std::make_unique<Prescribed>(context, context.model.fields->id(context.name + ".u"));
  }
};

inline const modelfile::Registry& registry() {
  static const modelfile::Registry all = [] {
    modelfile::Registry made;
    modelfile::ProcessType type;
    type.name = "prescribed";
    type.documentation = "u = value.";
    type.schema.add("unit", modelfile::Option::Type::text, "unit of the field").with_default("1");
    type.schema.add("value", modelfile::Option::Type::coefficient, "the field").dimension = "field";
    type.schema.add("rate", modelfile::Option::Type::coefficient, "its rate").with_default("0").dimension =
        "field";
    type.recipe =
        +[]() -> std::unique_ptr<modelfile::ProcessRecipe> { return std::make_unique<PrescribedRecipe>(); };
    made.add(type);
    register_observe(made);
    return made;
  }();
  return all;
}

struct Attempt {
  std::shared_ptr<const Model> model;
  std::vector<Diagnostic> warnings;
  std::string errors;
};

inline Attempt attempt(const std::string& text, const std::vector<std::string>& settings = {}) {
  const holon::test::Folder folder;
  modelfile::LoadOptions options;
  for (const std::string& setting : settings) options.overrides.push_back(modelfile::parse_override(setting));
  options.kernels.tier = expr::Tier::interpreter;
  Attempt out;
  try {
    modelfile::Loaded loaded = modelfile::load(folder.write("m.yaml", text), registry(), options);
    out.model = loaded.model;
    out.warnings = loaded.warnings;
  } catch (const InputError& error) { out.errors = error.what(); }
  return out;
}

/// Keeps the frames that it is given.
struct Frames final : FrameWriter {
  std::vector<FieldFrame> list;
  void write(const FieldFrame& frame) override { list.push_back(frame); }
};

inline std::unique_ptr<Simulation> simulation(const std::string& text, FrameWriter* frames = nullptr,
                                              int threads = 1) {
  const Attempt loaded = attempt(text);
  if (!loaded.model) throw InputError(loaded.errors);
  return std::make_unique<Simulation>(loaded.model, Simulation::Options{threads, 0, frames});
}

inline std::unique_ptr<Simulation> run(const std::string& text, FrameWriter* frames = nullptr) {
  auto made = simulation(text, frames);
  made->run();
  return made;
}

/// The number of a result; not a number where it has none.
inline double number(const Simulation& run, const std::string& name) {
  const auto results = run.results();
  const auto* value = std::get_if<double>(&results.at(name).value);
  return value != nullptr ? *value : std::numeric_limits<double>::quiet_NaN();
}

/// Why a result has no value; empty where it has one.
inline std::string why(const Simulation& run, const std::string& name) {
  const auto results = run.results();
  const auto* missing = std::get_if<ResultValue::Missing>(&results.at(name).value);
  return missing != nullptr ? missing->why : "";
}

}  // namespace holon::observe::test

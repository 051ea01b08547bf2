// A process and an observer type small enough to see through, for the tests of this module: exponential decay
// of one field, and its value at the end.
#pragma once

#include "holon/base/test_folder.hpp"
#include "holon/modelfile/load.hpp"
#include "holon/modelfile/loader.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace holon::modelfile::tiny {

/// u' = -rate u on a space of its own (field NAME.u), or on a field that another process owns.
class Decay final : public Process {
 public:
  Decay(std::string name, FieldId field, Unit unit, Coefficient initial, Coefficient rate, bool owner)
      : Process(std::move(name)),
        field_(field),
        unit_(std::move(unit)),
        initial_(std::move(initial)),
        rate_(std::move(rate)),
        owner_(owner) {}
  std::string_view type() const override { return "decay"; }
  Ports ports() const override { return {{Port::Role::advance, field_, FieldKind::value, unit_}}; }
  void initialise(State& state, Workspace&) const override {
    if (!owner_) return;
    for (double& value : state.real(field_)) value = initial_.constant().value_or(0.0) / unit_.factor();
  }
  Outcome advance(State& state, const Interval& interval, const Inputs&, Workspace&) const override {
    for (double& value : state.real(field_)) value *= 1.0 - rate_.constant().value_or(0.0) * interval.dt();
    return {Outcome::Why::done, interval.end, 0.0, {}};
  }
  void rate(const State&, double, Workspace&, Vector&) const override {}
  void jvp(const State&, double, const Vector&, Workspace&, Vector&) const override {}
  void vjp(const State&, double, const Vector&, Workspace&, Vector&) const override {}
  void jacobian(const State&, double, Workspace&, SparseBuilder&) const override {}
  const Coefficient& initial() const { return initial_; }
  const Coefficient& coefficient() const { return rate_; }

 private:
  FieldId field_;
  Unit unit_;
  Coefficient initial_, rate_;
  bool owner_;
};

class DecayRecipe final : public ProcessRecipe {
 public:
  void declare(ProcessContext& context) override {
    if (context.section.has("field")) return;
    Field field;
    field.name = context.name + ".u";
    field.space = context.space;
    field.unit = Unit::parse(context.section.text("unit"));
    context.section.set_dimension("field", field.unit.dimension());
    context.model.fields->add(std::move(field));
  }
  std::unique_ptr<Process> make(ProcessContext& context) override {
    const bool owner = !context.section.has("field");
    const FieldId field =
        owner ? context.model.fields->id(context.name + ".u") : context.section.field("field");
    const Unit unit = (*context.model.fields)[field].unit;
    context.section.set_dimension("field", unit.dimension());
    return std::make_unique<Decay>(context.name, field, unit, context.section.coefficient("initial"),
                                   context.section.coefficient("rate"), owner);
  }
};

class LastRecipe final : public ObserverRecipe {
 public:
  LastRecipe(std::string name, std::string field)
      : ObserverRecipe(std::move(name)), field_(std::move(field)) {}
  std::unique_ptr<Observer> start(const Model&) const override { return nullptr; }
  std::vector<std::string> outcomes() const override { return {"", "largest"}; }
  std::optional<Unit> outcome_unit(const std::string&) const override { return Unit::parse("mV"); }
  std::optional<std::string> outcome_at(const Position& place) override {
    return "at " + number_text(place[0]);
  }

 private:
  std::string field_;
};

inline Registry registry() {
  Registry registry;
  ProcessType decay;
  decay.name = "decay";
  decay.documentation = "u' = -rate u.";
  decay.needs_space = false;
  decay.schema.add("space", Option::Type::space, "where it lives").make_optional();
  decay.schema.add("field", Option::Type::field, "the field of another owner").make_optional();
  decay.schema.add("unit", Option::Type::text, "unit of the field").with_default("mV");
  decay.schema.coefficient("initial", "field", "value at the start").with_default("0");
  decay.schema.coefficient("rate", "1/time", "rate of decay");
  decay.schema.quantity("delay", "time", "how long nothing happens").with_default("0 ms");
  decay.schema.choice("method", {"explicit", "implicit"}, "scheme").with_default("explicit");
  decay.schema.add("order", Option::Type::integer, "order").with_default("2");
  decay.schema.add("log", Option::Type::flag, "whether to be loud").with_default("false");
  decay.schema.add("equations", Option::Type::equations, "equations").make_optional();
  decay.schema.add("parameters", Option::Type::anything, "constants of the equations").make_optional();
  decay.recipe = +[]() -> std::unique_ptr<ProcessRecipe> { return std::make_unique<DecayRecipe>(); };
  registry.add(decay);
  ObserverType last;
  last.name = "last";
  last.documentation = "The value at the end.";
  last.schema.add("of", Option::Type::field, "the field");
  last.schema.quantity("every", "time", "interval").make_optional();
  last.make = +[](ObserverContext& context) -> std::unique_ptr<ObserverRecipe> {
    return std::make_unique<LastRecipe>(context.name, context.section.text("of"));
  };
  registry.add(last);
  return registry;
}

using holon::test::Folder;

struct Attempt {
  std::shared_ptr<const Model> model;
  std::vector<Diagnostic> errors, warnings;
  /// All errors with the folder left out, one in a line.
  std::string text() const {
    std::string all;
    for (const Diagnostic& d : errors) {
      Diagnostic shown = d;
      if (const auto slash = shown.place.file.rfind('/');
          slash != std::string::npos && !shown.place.file.starts_with("--set"))
        shown.place.file = shown.place.file.substr(slash + 1);
      all += shown.text() + '\n';
    }
    return all;
  }
};

inline Attempt attempt(const std::filesystem::path& file, const std::vector<std::string>& settings = {}) {
  LoadOptions options;
  for (const std::string& setting : settings) options.overrides.push_back(parse_override(setting));
  options.kernels.tier = expr::Tier::interpreter;
  static const Registry types = registry();
  Attempt result;
  try {
    Loaded loaded = load(file, types, options);
    result.model = loaded.model;
    result.warnings = loaded.warnings;
  } catch (const InputError& problem) { result.errors = problem.diagnostics(); }
  return result;
}

/// Loads a text as the file m.yaml of a folder.
inline Attempt attempt(const Folder& folder, const std::string& text,
                       const std::vector<std::string>& settings = {}) {
  return attempt(folder.write("m.yaml", text), settings);
}

}  // namespace holon::modelfile::tiny

#include "holon/modelfile/on_division.hpp"
#include "holon/pointwise/kinetics_recipe_parts.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace holon::pointwise {

using modelfile::Loader;
using Value = modelfile::Document::Value;

namespace {

constexpr double least_typical_size = 1e-6;  // of a state in its unit, for default absolute tolerances

}  // namespace

void KineticsRecipe::read_initial_values(ProcessContext& context, Kinetics::Setup& setup) const {
  Loader& loader = context.section.loader();
  for (std::size_t i = 0; i < states_.size(); ++i) {
    const ComponentPort& port = component_->states[i];
    const Value* given = member(context.section, "initial", port.name);
    if (shared_[i]) {
      if (given != nullptr) {
        loader.error(
            given->place, path(context.section, "initial", port.name),
            fmt::format("state '{}' is a field of the section 'fields', which gives its value at the start",
                        port.name));
      }
      continue;
    }
    const Value* value = given != nullptr ? given : port.value ? &*port.value : nullptr;
    const std::string where = given != nullptr ? path(context.section, "initial", port.name) : port.path;
    const auto coefficient =
        value != nullptr ? loader.coefficient_in(*value, where, port.unit) : std::nullopt;
    const Field& field = (*context.model.fields)[states_[i]];
    if (coefficient && field.space->varies()) {
      modelfile::check_drawn(loader, *value, where, *coefficient,
                             member(context.section, "on_division", port.name),
                             path(context.section, "on_division", port.name), field);
      context.model.at_birth.push_back({states_[i], *coefficient, 1.0});
    }
    setup.initial.push_back(coefficient.value_or(Coefficient(0.0)));
    setup.initialised.push_back(states_[i]);
  }
}

StepOptions KineticsRecipe::read_step(ProcessContext& context,
                                      const std::vector<Coefficient>& initial) const {
  const Section& section = context.section;
  Loader& loader = section.loader();
  StepOptions options;
  options.integrator = section.text("integrator");
  options.memory = memory_;
  if (section.has("step")) {
    options.step = section.quantity("step");
    if (!(options.step > 0.0))
      section.error("step", "the largest internal step is not positive", "a time above 0");
  }
  const Section tolerance = section.section("tolerance");
  const bool whole = find_integrator(options.integrator) == nullptr;
  options.relative_tolerance = whole ? 1e-8 : 1e-6;
  if (tolerance.has("relative")) {
    options.relative_tolerance = tolerance.number("relative");
    if (!(options.relative_tolerance > 0.0 && options.relative_tolerance < 1.0)) {
      tolerance.error("relative",
                      fmt::format("a relative tolerance of {} can't be met", options.relative_tolerance),
                      "a number between 0 and 1");
    }
  }
  const Value* absolute = tolerance.raw("absolute");
  if (absolute != nullptr && absolute->kind == Value::Kind::mapping) {
    std::vector<std::string> names;
    for (const auto& port : component_->states) names.push_back(port.name);
    for (const auto& m : absolute->mapping) {
      if (std::find(names.begin(), names.end(), m.key) == names.end()) {
        loader.error(m.key_place, tolerance.path() + ".absolute." + m.key,
                     fmt::format("the equations have no state '{}'", m.key), "", suggestion(m.key, names));
      }
    }
  }
  std::size_t owned = 0;
  for (std::size_t i = 0; i < states_.size(); ++i) {
    const ComponentPort& port = component_->states[i];
    const std::optional<double> start = shared_[i] ? std::nullopt : initial[owned++].constant();
    double value = options.relative_tolerance * std::max(std::fabs(start.value_or(1.0)), least_typical_size);
    const Value* given =
        absolute != nullptr && absolute->kind == Value::Kind::mapping ? absolute->find(port.name) : absolute;
    if (given != nullptr) {
      const std::string where = tolerance.path() + ".absolute" + (given == absolute ? "" : "." + port.name);
      if (const auto number = loader.number_in(*given, where, port.unit)) {
        value = *number / state_factor_[i];
        if (!(value > 0.0))
          loader.error(given->place, where, "an absolute tolerance is not positive", "a number above 0");
      }
    }
    options.absolute_tolerance.push_back(value);
    options.positive.push_back((*context.model.fields)[states_[i]].positive);
  }
  for (std::size_t k = 0; k < contributions_.size(); ++k) {
    options.absolute_tolerance.push_back(options.relative_tolerance);
    options.positive.push_back(false);
  }
  return options;
}

}  // namespace holon::pointwise

#include "holon/study/analysed_model.hpp"

#include "holon/analysis/shift_modes.hpp"
#include "holon/base/error.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace holon::study {

using modelfile::Section;
using modelfile::StudyContext;

ResultsAtState::Values ResultsAtState::at(const State& state) {
  simulation_.look_at(state);
  const auto results = simulation_.results();
  Values values;
  for (const std::string& name : names_) {
    const ResultValue& result = results.at(name);
    const auto* number = std::get_if<double>(&result.value);
    if (number == nullptr && !std::holds_alternative<ResultValue::Missing>(result.value))
      throw NumericalFailure(fmt::format("result '{}' is no single number", name));
    values.numbers.push_back(number != nullptr ? *number : std::numeric_limits<double>::quiet_NaN());
    values.units.push_back(result.unit);
  }
  return values;
}

namespace {

std::string varied(const StudyContext& context, const std::string& key, const std::string& given) {
  const ParameterTable& table = *context.model.parameters;
  modelfile::Parameters& stated = context.section.loader().parameters();
  const std::string bare = short_name(given);
  if (stated.contains(bare)) {
    const std::string path = "parameters." + bare;
    if (stated.is_structural(bare) || !table.contains(path)) {
      context.section.error(key,
                            fmt::format("'{}' can't be varied: something is made of its value (a size, a "
                                        "step, a choice), or nothing depends on it",
                                        bare),
                            "a parameter of equations, coefficients or data alone",
                            "study: sweep varies any");
      return "";
    }
    return path;
  }
  if (table.contains(given)) return given;
  std::vector<std::string> known = table.paths();
  for (const std::string& name : stated.names()) known.push_back(name);
  context.section.error(key, fmt::format("there is no parameter '{}'", given), "", suggestion(given, known));
  return "";
}

}  // namespace

std::string varied_parameter(const StudyContext& context, const std::string& key) {
  return varied(context, key, context.section.text(key));
}

std::vector<std::string> varied_parameters(const StudyContext& context, const std::string& key) {
  std::vector<std::string> paths;
  for (const std::string& given : context.section.texts(key)) paths.push_back(varied(context, key, given));
  if (paths.empty()) context.section.error(key, "names no parameter");
  return paths;
}

std::string short_name(const std::string& path) {
  return path.starts_with("parameters.") ? path.substr(11) : path;
}

void require_result(const StudyContext& context, const std::string& key, const std::string& name) {
  std::vector<std::string> known;
  for (const ResultRecipe& result : context.model.results) known.push_back(result.name);
  if (std::find(known.begin(), known.end(), name) == known.end())
    context.section.error(key, fmt::format("there is no result '{}'", name), "", suggestion(name, known));
}

std::vector<std::string> known_results(const StudyContext& context, const std::string& key) {
  const std::vector<std::string> asked = context.section.texts(key);
  for (const std::string& name : asked) require_result(context, key, name);
  return asked;
}

double in_unit_of(const StudyContext& context, const std::string& key, const std::string& path) {
  if (path.empty()) return 0.0;
  const Quantity quantity = context.section.any_quantity(key);
  const Unit& unit = (*context.model.parameters)[context.model.parameters->id(path)].unit;
  if (quantity.unit.dimension().dimensionless() && quantity.unit.factor() == 1.0) return quantity.value;
  if (!quantity.unit.compatible(unit)) {
    context.section.error(
        key, fmt::format("is {}, and '{}' is in {}", quantity.text(), short_name(path), unit.text()));
    return 0.0;
  }
  return quantity.in(unit);
}

std::string OutputUnit::text(double coherent) const {
  return fmt::format("{:.6g}{}{}", (*this)(coherent), unit.text() == "1" ? "" : " ",
                     unit.text() == "1" ? "" : unit.text());
}

OutputUnit time_unit(const Model& model) {
  const Unit& unit = model.schedule.time_unit;
  return {unit, 1.0 / unit.factor()};
}

OutputUnit rate_unit(const Model& model) {
  const Unit& unit = model.schedule.time_unit;
  return {Unit() / unit, unit.factor()};
}

OutputUnit wavenumber_unit(const Unit& length) { return {Unit() / length, length.factor()}; }

void add_asked_results(modelfile::Schema& study, modelfile::Schema of_one, const std::string& example) {
  using modelfile::Option;
  of_one.add("unit", Option::Type::text, "to give it in").make_optional();
  Option one;
  one.type = Option::Type::section;
  one.schema = std::make_shared<const modelfile::Schema>(std::move(of_one));
  study.mapping("results", one, "results of the study: " + example).make_optional();
}

std::optional<Unit> asked_unit(const Section& result, const std::optional<Unit>& natural) {
  const auto unit = result.unit("unit");
  if (unit && natural && !unit->compatible(*natural))
    result.error("unit", fmt::format("'{}' does not fit: it is in {}", unit->text(), natural->text()));
  return unit;
}

ResultValue in_asked_unit(ResultValue value, const std::optional<Unit>& unit) {
  if (!unit) return value;
  if (!unit->compatible(value.unit))
    return {ResultValue::Missing{
                fmt::format("it is in {}, which can't be given in {}", value.unit.text(), unit->text())},
            value.unit};
  if (const auto* number = std::get_if<double>(&value.value))
    value.value = Quantity{*number, value.unit}.in(*unit);
  value.unit = *unit;
  return value;
}

void require_declared(const std::string& undeclared) {
  if (!undeclared.empty()) throw NumericalFailure("the Jacobian is singular, because " + undeclared);
}

analysis::Spectrum leading_modes(const System& system, const State& state, double time, std::size_t count,
                                 std::size_t conserved) {
  constexpr std::size_t axes = 3;  // along which a pattern may be shifted
  auto all = analysis::spectrum(system, state, time, count + conserved + axes);
  return analysis::without_shifts(system, state, time,
                                  analysis::without_conserved(std::move(all), conserved));
}

void count_neutral_modes(const analysis::Spectrum& spectrum, const std::string& study,
                         modelfile::StudyOutcome& outcome) {
  for (const auto& [what, count] :
       {std::pair(".conserved_modes", spectrum.conserved), std::pair(".shift_modes", spectrum.shifts)})
    if (count > 0) outcome.results[study + what] = {static_cast<double>(count), Unit{}};
}

void add_newton_options(modelfile::Schema& schema) {
  schema
      .add("tolerance", modelfile::Option::Type::number,
           "of the last correction of Newton's method, relative to the size of each field")
      .with_default("1e-11");
  schema.quantity("time", "time", "at which time stands, for what depends on it").with_default("0");
}

analysis::NewtonOptions newton_options(const Section& section) {
  analysis::NewtonOptions options;
  options.tolerance = section.number("tolerance");
  if (!(options.tolerance > 0.0)) section.error("tolerance", "is not positive", "a small positive number");
  return options;
}

void add_steady_options(modelfile::Schema& schema) {
  add_newton_options(schema);
  schema
      .quantity(
          "first_step", "time",
          "of implicit Euler on the way to the first steady state; by default a hundredth of the time in "
          "which something changes by its own size")
      .make_optional();
}

void add_eigenvalues(modelfile::Schema& schema, const std::string& remark) {
  schema
      .add("eigenvalues", modelfile::Option::Type::integer,
           "how many to list: of large models those nearest to zero, and those that grow" + remark)
      .with_default("12");
}

analysis::SteadyStateOptions steady_options(const Section& section) {
  analysis::SteadyStateOptions options;
  options.newton = newton_options(section);
  if (section.has("first_step")) options.first_step = section.quantity("first_step");
  return options;
}

double standing_time(const Section& section) { return section.quantity("time"); }

std::string moving_with_time(const System& system, const State& state, double time) {
  constexpr double negligible = 1e-6;  // share of its size by which an unknown would move
  constexpr int looks = 5;
  const Schedule& schedule = system.model().schedule;
  const double length = schedule.step * static_cast<double>(schedule.to_rest ? 100 : schedule.steps);
  const Vector now = system.residual(state, time);
  const std::vector<double> sizes = sizes_of(system, system.unknowns(state));
  const std::vector<double>& mass = system.mass();
  for (int look = 1; look <= looks; ++look) {
    // No whole part of the run: what is periodic in it would stand still.
    const double later = time + length * look / (looks + 0.618);
    const Vector then = system.residual(state, later);
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      const double moved =
          std::abs(then.values()[i] - now.values()[i]) * (mass[i] != 0.0 ? length : 1.0) / sizes[i];
      if (!(moved <= negligible))
        return fmt::format(
            "the rates depend on time (those of {} are others at {}): what is found is where all would rest "
            "if "
            "time stood still at {}; `time` says at which",
            system.unknown_text(i), moment_text(later, schedule), moment_text(time, schedule));
    }
  }
  return {};
}

}  // namespace holon::study

#include "holon/study/steady_state_study.hpp"

#include "holon/analysis/spectrum.hpp"
#include "holon/base/error.hpp"
#include "holon/base/readable_unit.hpp"
#include "holon/study/analysed_model.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <span>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace holon::study {

namespace {

using modelfile::Study;
using modelfile::StudyContext;
using modelfile::StudyOutcome;
using modelfile::StudyRun;

class SteadyStateStudy final : public Study {
 public:
  /// `given`: names of results of the study, and of the model's results that they are.
  SteadyStateStudy(std::string name, std::map<std::string, std::string> given,
                   const analysis::SteadyStateOptions& options, std::size_t eigenvalues, double time)
      : Study(std::move(name)),
        given_(std::move(given)),
        options_(options),
        eigenvalues_(eigenvalues),
        time_(time) {}

  StudyOutcome run(const StudyRun& run) const override {
    const auto model = run.variant({});
    const System system(model, run.threads);
    const State start = model->initial_state(run.threads, run.seed);
    const analysis::SteadyState found = analysis::steady_state(system, start, time_, options_);
    run.progress(0.8);
    StudyOutcome outcome;
    if (!found.undeclared.empty()) outcome.warnings.push_back(warning(found.undeclared));
    if (const std::string moves = moving_with_time(system, found.state, time_); !moves.empty())
      outcome.warnings.push_back(warning(moves));
    for (const auto& [given, of] : given_) {
      const auto values = ResultsAtState(model, {of}).at(found.state);
      ResultValue value{values.numbers.front(), values.units.front()};
      if (std::isnan(values.numbers.front()))
        value.value = ResultValue::Missing{"it has no value at a single state"};
      outcome.results[given] = value;
    }
    add_profiles(*model, found.state, outcome);
    const OutputUnit rate = rate_unit(*model);
    if (eigenvalues_ > 0) {
      const auto spectrum = leading_modes(system, found.state, time_, eigenvalues_, found.constraints.size());
      Series table;
      table.columns = {{"number", Unit{}}, {"real", rate.unit}, {"imaginary", rate.unit}};
      const auto shown = spectrum.first(eigenvalues_);
      for (std::size_t k = 0; k < shown.size(); ++k)
        table.rows.push_back({static_cast<double>(k + 1), rate(shown[k].real()), rate(shown[k].imag())});
      outcome.series[name() + "_eigenvalues"] = std::move(table);
      if (spectrum.why_none.empty())
        outcome.results[name() + ".stable"] = {std::string(spectrum.unstable() == 0 ? "yes" : "no"), Unit{}};
      else
        outcome.results[name() + ".stable"] = {ResultValue::Missing{spectrum.why_none}, Unit{}};
      count_neutral_modes(spectrum, name(), outcome);
      if (!spectrum.values.empty())
        outcome.results[name() + ".leading_eigenvalue"] = {rate(spectrum.values.front().real()), rate.unit};
    }
    return outcome;
  }

  std::vector<std::string> description() const override {
    std::vector<std::string> names;
    for (const auto& [given, of] : given_) names.push_back(given);
    return {
        fmt::format("from the initial state by implicit Euler with longer and longer steps, then Newton's "
                    "method{}{}",
                    names.empty() ? "" : "; gives ", fmt::join(names, ", "))};
  }

 private:
  /// The fields of every line and radial grid over its coordinate.
  void add_profiles(const Model& model, const State& state, StudyOutcome& outcome) const {
    for (const auto& [space_name, space] : model.spaces) {
      const bool line = space->type() == Space::Type::grid || space->type() == Space::Type::radial;
      if (!line || space->dimensions() != 1 || space->single()) continue;
      const Unit coherent = Unit::coherent(space->length_dimension());
      const Unit unit = with_fitting_prefix(coherent, std::abs(space->position(space->sites() - 1)[0]));
      Series profile;
      profile.columns = {{space->type() == Space::Type::radial ? "r" : "x", unit}};
      std::vector<std::span<const double>> columns;
      for (const FieldId id : fields_on(model, *space)) {
        profile.columns.push_back({(*model.fields)[id].name, (*model.fields)[id].unit});
        columns.push_back(state.real(id));
      }
      for (std::size_t site = 0; site < space->sites() && !columns.empty(); ++site) {
        if (!space->inside(site)) continue;
        profile.rows.push_back({space->position(site)[0] * conversion_factor(coherent, unit)});
        for (const auto& column : columns) profile.rows.back().push_back(column[site]);
      }
      if (!profile.rows.empty()) outcome.series[name() + "_" + space_name] = std::move(profile);
    }
  }
  /// Real fields that somebody advances; names with ':' belong to the numerics.
  static std::vector<FieldId> fields_on(const Model& model, const Space& space) {
    std::vector<FieldId> fields;
    for (const auto& process : model.processes)
      for (const Port& port : process->ports()) {
        const Field& field = (*model.fields)[port.field];
        if (port.role != Port::Role::advance || field.space.get() != &space) continue;
        if (field.type != FieldType::real || field.components != 1) continue;
        if (field.name.find(':') != std::string::npos) continue;
        if (std::find(fields.begin(), fields.end(), port.field) == fields.end()) fields.push_back(port.field);
      }
    return fields;
  }

  std::map<std::string, std::string> given_;
  analysis::SteadyStateOptions options_;
  std::size_t eigenvalues_;
  double time_;
};

std::unique_ptr<Study> make(StudyContext& context) {
  std::map<std::string, std::string> given;
  for (const std::string& name : known_results(context, "collect")) given[context.name + "." + name] = name;
  if (const auto* results = context.section.raw("results"))
    for (const auto& member : results->mapping) {
      const std::string of = context.section.loader().text(member.value, "").value_or("");
      require_result(context, "results", of);
      given[member.key] = of;
    }
  if (context.section.integer("eigenvalues") < 0)
    context.section.error("eigenvalues", "is negative", "how many to list, or 0");
  return std::make_unique<SteadyStateStudy>(
      context.name, std::move(given), steady_options(context.section),
      static_cast<std::size_t>(std::max<std::int64_t>(0, context.section.integer("eigenvalues"))),
      standing_time(context.section));
}

}  // namespace

modelfile::StudyType steady_state_type() {
  using modelfile::Option;
  modelfile::StudyType type;
  type.name = "steady_state";
  type.documentation =
      "Where the whole model, F(x) = 0, comes to rest from its initial state, by implicit Euler with longer "
      "and "
      "longer steps and Newton's method at the end, and whether it is stable there: eigenvalues of the whole "
      "Jacobian. Gives the model's results at that state, as NAME.RESULT or under names of one's own, "
      "NAME.stable, "
      "NAME.leading_eigenvalue "
      "and the series NAME_eigenvalues, and NAME_SPACE with the profile on every line or radial grid.";
  type.schema = modelfile::Schema("steady state", "Where nothing moves any more.");
  Option name;
  name.type = Option::Type::text;
  type.schema.list("collect", name, "the model's results to give at the steady state").with_default("[]");
  type.schema.mapping("results", name, "names of one's own for results of the model there: {u_max: highest}")
      .make_optional();
  add_eigenvalues(type.schema, "; 0: none");
  add_steady_options(type.schema);
  type.make = make;
  return type;
}

}  // namespace holon::study

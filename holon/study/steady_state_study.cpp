#include "holon/study/steady_state_study.hpp"

#include "holon/analysis/spectrum.hpp"
#include "holon/base/error.hpp"
#include "holon/study/analysed_model.hpp"

#include <cmath>

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
  SteadyStateStudy(std::string name, std::vector<std::string> collected,
                   const analysis::SteadyStateOptions& options, std::size_t eigenvalues)
      : Study(std::move(name)),
        collected_(std::move(collected)),
        options_(options),
        eigenvalues_(eigenvalues) {}

  StudyOutcome run(const StudyRun& run) const override {
    const auto model = run.variant({});
    const System system(model, run.threads);
    const State start = model->initial_state(run.threads, run.seed);
    analysis::SteadyState found = [&] {
      try {
        return analysis::steady_state(system, start, 0.0, options_);
      } catch (const NumericalFailure& failure) {
        throw NumericalFailure(fmt::format("study '{}': {}", name(), failure.what()));
      }
    }();
    run.progress(0.8);
    StudyOutcome outcome;
    ResultsAtState results(model, collected_);
    const auto values = results.at(found.state);
    for (std::size_t k = 0; k < collected_.size(); ++k) {
      ResultValue value{values.numbers[k], values.units[k]};
      if (std::isnan(values.numbers[k]))
        value.value = ResultValue::Missing{"it has no value at a single state"};
      outcome.results[name() + "." + collected_[k]] = value;
    }
    const Unit per_time = Unit::coherent(Dimension{} / model->schedule.time_dimension);
    if (eigenvalues_ > 0) {
      const auto spectrum = analysis::spectrum(system, found.state, 0.0, eigenvalues_);
      Series table;
      table.columns = {{"number", Unit{}}, {"real", per_time}, {"imaginary", per_time}};
      for (std::size_t k = 0; k < std::min(eigenvalues_, spectrum.values.size()); ++k)
        table.rows.push_back(
            {static_cast<double>(k + 1), spectrum.values[k].real(), spectrum.values[k].imag()});
      outcome.series[name() + "_eigenvalues"] = std::move(table);
      outcome.results[name() + ".stable"] = {std::string(spectrum.unstable() == 0 ? "yes" : "no"), Unit{}};
      if (!spectrum.values.empty())
        outcome.results[name() + ".leading_eigenvalue"] = {spectrum.values.front().real(), per_time};
    }
    return outcome;
  }

  std::vector<std::string> description() const override {
    return {
        fmt::format("from the initial state by implicit Euler with longer and longer steps, then Newton's "
                    "method; gives {}",
                    fmt::join(collected_, ", "))};
  }

 private:
  std::vector<std::string> collected_;
  analysis::SteadyStateOptions options_;
  std::size_t eigenvalues_;
};

std::unique_ptr<Study> make(StudyContext& context) {
  return std::make_unique<SteadyStateStudy>(
      context.name, known_results(context, "collect"), steady_options(context.section),
      static_cast<std::size_t>(std::max<std::int64_t>(0, context.section.integer("eigenvalues"))));
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
      "Jacobian. Gives the model's results at that state as NAME.RESULT, NAME.stable, "
      "NAME.leading_eigenvalue "
      "and the series NAME_eigenvalues. Time stands at 0.";
  type.schema = modelfile::Schema("steady state", "Where nothing moves any more.");
  Option name;
  name.type = Option::Type::text;
  type.schema.list("collect", name, "the model's results to give at the steady state").with_default("[]");
  type.schema
      .add("eigenvalues", Option::Type::integer,
           "how many leading eigenvalues to list (of large models, of those nearest to zero); 0: none")
      .with_default("12");
  add_steady_options(type.schema);
  type.make = make;
  return type;
}

}  // namespace holon::study

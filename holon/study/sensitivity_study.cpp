#include "holon/study/sensitivity_study.hpp"

#include "holon/analysis/sensitivity.hpp"
#include "holon/base/error.hpp"
#include "holon/study/analysed_model.hpp"

#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace holon::study {

namespace {

using analysis::Slope;
using modelfile::Section;
using modelfile::Study;
using modelfile::StudyContext;
using modelfile::StudyOutcome;
using modelfile::StudyRun;

struct Setup {
  std::vector<std::string> of;          ///< results of the model
  std::vector<std::string> parameters;  ///< paths
  bool at_end = false;                  ///< of the run; otherwise at the steady state
  bool adjoint = false;
  bool relative = false;
  analysis::SteadyStateOptions steady;
  double time = 0.0;
};

class SensitivityStudy final : public Study {
 public:
  SensitivityStudy(std::string name, Setup setup) : Study(std::move(name)), setup_(std::move(setup)) {}

  StudyOutcome run(const StudyRun& run) const override {
    const auto model = run.variant({});
    const System system(model, run.threads);
    system.require_smooth("a sensitivity");
    const State start = model->initial_state(run.threads, run.seed);
    std::vector<ParameterId> ids;
    std::vector<Slope> slopes;
    for (const std::string& path : setup_.parameters) {
      ids.push_back(model->parameters->id(path));
      slopes.push_back(initial_slope(*model, path, run));
    }
    ResultsAtState results(model, setup_.of);
    std::vector<Unit> units;
    const auto outcomes = [&](const State& state) {
      auto values = results.at(state);
      units = values.units;
      return values.numbers;
    };
    Table table;
    if (setup_.at_end) {
      const analysis::Trajectory way(system, start, setup_.time, model->schedule.step, model->schedule.steps,
                                     [&](double done) { return run.progress(0.7 * done); });
      if (way.stopped()) return {};
      table = derivatives(
          system, way.end(), ids, outcomes, [&] { return way.slopes(ids, slopes); },
          [&](const Slope& gradient) { return way.adjoint(ids, slopes, gradient); });
    } else {
      const auto found = analysis::steady_state(system, start, setup_.time, setup_.steady);
      require_declared(found.undeclared);
      run.progress(0.6);
      for (std::size_t k = 0; k < ids.size(); ++k)
        slopes[k] = analysis::conserved_slope(system, start, found.state, ids[k], std::move(slopes[k]));
      table = derivatives(
          system, found.state, ids, outcomes,
          [&] {
            return analysis::steady_slopes(system, found.state, setup_.time, found.constraints, ids, slopes);
          },
          [&](const Slope& gradient) {
            return analysis::steady_adjoint(system, found.state, setup_.time, found.constraints, ids, slopes,
                                            gradient);
          });
    }
    return give(*model, ids, table, units);
  }

  std::vector<std::string> description() const override {
    std::vector<std::string> names;
    for (const std::string& path : setup_.parameters) names.push_back(short_name(path));
    return {fmt::format("derivatives of {} by {}", fmt::join(setup_.of, ", "), fmt::join(names, ", ")),
            fmt::format("{}, {}",
                        setup_.at_end ? "at the end of the run, by implicit steps of the whole model"
                                      : "at the steady state",
                        setup_.adjoint ? "adjoint" : "forward")};
  }

 private:
  struct Table {
    std::vector<double> values;                    ///< of the results
    std::vector<std::vector<double>> derivatives;  ///< by parameter, then result
  };
  using Outcomes = std::function<std::vector<double>(const State&)>;

  Table derivatives(const System& system, const State& at, const std::vector<ParameterId>& ids,
                    const Outcomes& outcomes, const std::function<std::vector<Slope>()>& forward,
                    const std::function<std::vector<double>(const Slope&)>& adjoint) const {
    Table table{outcomes(at), {}};
    if (!setup_.adjoint) {
      const auto slopes = forward();
      for (std::size_t k = 0; k < ids.size(); ++k)
        table.derivatives.push_back(analysis::along(system, at, slopes[k], ids[k], outcomes));
      return table;
    }
    // What a parameter does to a result by itself, with all unknowns as they are.
    const Slope still(system.size(), 0.0);
    for (const ParameterId id : ids)
      table.derivatives.push_back(analysis::along(system, at, still, id, outcomes));
    const auto gradients = analysis::gradients(system, at, outcomes);
    for (std::size_t r = 0; r < gradients.size(); ++r) {
      const auto through = adjoint(gradients[r]);
      for (std::size_t k = 0; k < ids.size(); ++k) table.derivatives[k][r] += through[k];
    }
    return table;
  }

  /// d x0 / d p: initial values may be made of parameters.
  static Slope initial_slope(const Model& model, const std::string& path, const StudyRun& run) {
    constexpr double difference = 1e-6;
    const auto& parameter = (*model.parameters)[model.parameters->id(path)];
    const double value = parameter.value;
    const double h = value != 0.0 ? difference * std::abs(value) : difference;
    const auto start = [&](double at) {
      const auto variant = run.variant({{path, Quantity{at, parameter.unit}.text()}});
      const System system(variant, run.threads);
      State state = variant->initial_state(run.threads, run.seed);
      return system.unknowns(state).values();
    };
    Slope slope = start(value + h);
    const Slope below = start(value - h);
    for (std::size_t i = 0; i < slope.size(); ++i) slope[i] = (slope[i] - below[i]) / (2.0 * h);
    return slope;
  }

  StudyOutcome give(const Model& model, const std::vector<ParameterId>& ids, const Table& table,
                    const std::vector<Unit>& units) const {
    StudyOutcome outcome;
    for (std::size_t k = 0; k < ids.size(); ++k) {
      const auto& parameter = (*model.parameters)[ids[k]];
      for (std::size_t r = 0; r < setup_.of.size(); ++r) {
        const double derivative = table.derivatives[k][r];
        ResultValue value{derivative, units[r] / parameter.unit};
        if (setup_.relative) value = {derivative * parameter.value / table.values[r], Unit{}};
        if (!std::isfinite(std::get<double>(value.value)))
          value.value = ResultValue::Missing{"the result has no value there, or is 0"};
        const std::string of = name() + "." + setup_.of[r] + "." + short_name(setup_.parameters[k]);
        outcome.results[of] = value;
        if (setup_.relative)
          outcome.descriptions[of] =
              fmt::format("percent of {} per percent of {}", setup_.of[r], short_name(setup_.parameters[k]));
      }
    }
    return outcome;
  }

  Setup setup_;
};

std::unique_ptr<Study> make(StudyContext& context) {
  const Section& section = context.section;
  Setup setup;
  setup.of = known_results(context, "of");
  setup.parameters = varied_parameters(context, "parameters");
  setup.at_end = section.text("at") == "end";
  setup.adjoint = section.text("method") == "adjoint";
  setup.relative = section.flag("relative");
  setup.steady = steady_options(section);
  setup.time = standing_time(section);
  if (setup.at_end && context.model.schedule.to_rest)
    section.error("at", "the run ends at rest, at no given time", "at: steady_state");
  return std::make_unique<SensitivityStudy>(context.name, std::move(setup));
}

}  // namespace

modelfile::StudyType sensitivity_type() {
  using modelfile::Option;
  modelfile::StudyType type;
  type.name = "sensitivity";
  type.documentation =
      "Derivatives of the model's results by its parameters: at the steady state to which the model comes, "
      "or "
      "at the end of a run (of what the state at the end says; the whole model takes implicit steps of order "
      "2 "
      "as long as the schedule's, whose derivatives are exact). `forward` costs a solution per parameter, "
      "`adjoint` one per result and a look at the results for every unknown. Initial values that are made of "
      "parameters count. Gives results NAME.RESULT.PARAMETER, in the unit of the result over that of the "
      "parameter, or, where `relative`, as the plain number p/R dR/dp (percent of the result per percent of "
      "the "
      "parameter).";
  type.schema = modelfile::Schema("sensitivity", "Derivatives of results by parameters.");
  Option name;
  name.type = Option::Type::text;
  type.schema.list("of", name, "the model's results");
  type.schema.list("parameters", name,
                   "of the model, or processes.P.parameters.N; they may stand in equations, coefficients and "
                   "initial values, not in sizes or steps");
  type.schema.choice("at", {"steady_state", "end"}, "where").with_default("steady_state");
  type.schema.choice("method", {"forward", "adjoint"}, "both give the same").with_default("forward");
  type.schema
      .add("relative", Option::Type::flag,
           "p/R dR/dp, a number without a unit: percent of the result per percent of the parameter")
      .with_default("false");
  add_steady_options(type.schema);
  type.make = make;
  return type;
}

}  // namespace holon::study

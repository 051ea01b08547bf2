// What the studies of a model as one operator share: the parameter that they vary, and the model's results at
// a state.
#pragma once

#include "holon/analysis/spectrum.hpp"
#include "holon/analysis/steady_state.hpp"
#include "holon/engine/simulation.hpp"
#include "holon/modelfile/loader.hpp"
#include "holon/modelfile/study.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace holon::study {

/// The model's results as if a run had ended in a state.
class ResultsAtState {
 public:
  ResultsAtState(const std::shared_ptr<const Model>& model, std::vector<std::string> names)
      : simulation_(model, {.threads = 1}), names_(std::move(names)) {}
  struct Values {
    std::vector<double> numbers;  ///< not a number where there is no result
    std::vector<Unit> units;
  };
  /// Throws NumericalFailure where a result is no single number.
  Values at(const State& state);

 private:
  Simulation simulation_;
  std::vector<std::string> names_;
};

/// The path of the parameter that an option names: one of the model's, or `processes.P.parameters.N`. Reports
/// where there is none of that name, or where it can't change while the model stays as it is.
std::string varied_parameter(const modelfile::StudyContext& context, const std::string& key);
/// The same for a list of names.
std::vector<std::string> varied_parameters(const modelfile::StudyContext& context, const std::string& key);
/// A parameter's path as a reader knows it: without "parameters." in front.
std::string short_name(const std::string& path);

/// The names in a list of results; reports those that there are not.
std::vector<std::string> known_results(const modelfile::StudyContext& context, const std::string& key);

/// Reports where there is no result of this name.
void require_result(const modelfile::StudyContext& context, const std::string& key, const std::string& name);

/// A number that an option gives in the unit of a run-time parameter; a plain one is in it already. Reports
/// another dimension.
double in_unit_of(const modelfile::StudyContext& context, const std::string& key, const std::string& path);

/// A unit for output, and how many of it a coherent one is.
struct OutputUnit {
  Unit unit;
  double per_coherent = 1.0;
  double operator()(double coherent) const { return coherent * per_coherent; }
  std::string text(double coherent) const;  ///< "0.3 1/um"; "0.3" without a unit
};
/// The unit in which the schedule's step is written, and one over it.
OutputUnit time_unit(const Model& model);
OutputUnit rate_unit(const Model& model);
/// One over a unit of length.
OutputUnit wavenumber_unit(const Unit& length);

/// The mapping of results that a study may be asked for, NAME: {what it is, unit: ...}; `of_one` has the
/// options that say what.
void add_asked_results(modelfile::Schema& study, modelfile::Schema of_one, const std::string& example);
/// The unit in which an asked result is to be given; reports one that does not fit `natural`.
std::optional<Unit> asked_unit(const modelfile::Section& result, const std::optional<Unit>& natural);
/// A value in a unit that was asked for; without one where the unit turns out not to fit.
ResultValue in_asked_unit(ResultValue value, const std::optional<Unit>& unit);

/// Throws NumericalFailure where the model keeps something that is not declared (SteadyState::undeclared):
/// the Jacobian is singular.
void require_declared(const std::string& undeclared);

/// The `count` leading eigenvalues at a state of rest, without those of conserved quantities and of shifts,
/// and how many these are, as results NAME.conserved_modes and NAME.shift_modes.
analysis::Spectrum leading_modes(const System& system, const State& state, double time, std::size_t count,
                                 std::size_t conserved);
void count_neutral_modes(const analysis::Spectrum& spectrum, const std::string& study,
                         modelfile::StudyOutcome& outcome);

/// Options of Newton's method that studies share: its tolerance, and the moment at which time stands.
void add_newton_options(modelfile::Schema& schema);
analysis::NewtonOptions newton_options(const modelfile::Section& section);
/// The same, and those of the way to a steady state.
void add_steady_options(modelfile::Schema& schema);
analysis::SteadyStateOptions steady_options(const modelfile::Section& section);
/// The option `eigenvalues`: how many leading ones to list.
void add_eigenvalues(modelfile::Schema& schema, const std::string& remark = "");
/// The moment at which time stands [coherent].
double standing_time(const modelfile::Section& section);
/// What to say where the rates at a state change with time, which stands still in an analysis; empty where
/// they don't.
std::string moving_with_time(const System& system, const State& state, double time);

}  // namespace holon::study

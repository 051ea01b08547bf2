#include "holon/study/stability_study.hpp"

#include "holon/analysis/conservation_laws.hpp"
#include "holon/analysis/spectrum.hpp"
#include "holon/base/error.hpp"
#include "holon/study/analysed_model.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include <fmt/format.h>

namespace holon::study {

namespace {

using modelfile::Study;
using modelfile::StudyContext;
using modelfile::StudyOutcome;
using modelfile::StudyRun;

struct Setup {
  bool reached = true;  ///< the steady state to which the model comes; otherwise the one beside its start
  std::size_t count = 12;
  analysis::SteadyStateOptions steady;
  double time = 0.0;
};

class StabilityStudy final : public Study {
 public:
  StabilityStudy(std::string name, const Setup& setup) : Study(std::move(name)), setup_(setup) {}

  StudyOutcome run(const StudyRun& run) const override {
    const auto model = run.variant({});
    const System system(model, run.threads);
    system.require_smooth("stability");
    const Rest rest = this->rest(system, *model, run);
    const State& state = rest.state;
    run.progress(0.6);
    const auto spectrum =
        leading_modes(system, state, setup_.time, setup_.count, rest.kept.constraints.size());
    const OutputUnit time = time_unit(*model), rate = rate_unit(*model);
    StudyOutcome outcome;
    if (!rest.kept.undeclared.empty()) outcome.warnings.push_back(warning(rest.kept.undeclared));
    if (const std::string moves = moving_with_time(system, state, setup_.time); !moves.empty())
      outcome.warnings.push_back(warning(moves));
    if (!spectrum.why_none.empty()) {
      outcome.results[name() + ".stable"] = {ResultValue::Missing{spectrum.why_none}, Unit{}};
      return outcome;
    }
    outcome.results[name() + ".stable"] = {std::string(spectrum.unstable() == 0 ? "yes" : "no"), Unit{}};
    outcome.results[name() + ".growing_modes"] = {static_cast<double>(spectrum.unstable()), Unit{}};
    count_neutral_modes(spectrum, name(), outcome);
    if (spectrum.values.empty()) {
      const ResultValue::Missing none{"no mode grows, and those nearest to rest can't be told apart"};
      outcome.results[name() + ".leading_eigenvalue"] = {none, rate.unit};
      outcome.results[name() + ".period"] = {none, time.unit};
      outcome.results[name() + ".leading_mode"] = {none, Unit{}};
      return outcome;
    }
    const std::complex<double> leading = spectrum.values.front();
    outcome.results[name() + ".leading_eigenvalue"] = {rate(leading.real()), rate.unit};
    outcome.results[name() + ".period"] =
        std::abs(leading.imag()) > spectrum.tolerance
            ? ResultValue{time(2.0 * std::numbers::pi / std::abs(leading.imag())), time.unit}
            : ResultValue{ResultValue::Missing{"the leading mode does not swing"}, time.unit};
    outcome.results[name() + ".leading_mode"] = {
        participants(system, analysis::mode(system, state, setup_.time, leading), state), Unit{}};
    Series table;
    table.columns = {{"number", Unit{}},
                     {"real", rate.unit},
                     {"imaginary", rate.unit},
                     {"time", time.unit},
                     {"period", time.unit}};
    constexpr double none = std::numeric_limits<double>::quiet_NaN();
    const auto shown = spectrum.first(setup_.count);
    for (std::size_t k = 0; k < shown.size(); ++k) {
      const auto value = shown[k];
      table.rows.push_back(
          {static_cast<double>(k + 1), rate(value.real()), rate(value.imag()),
           std::abs(value.real()) > spectrum.tolerance ? time(1.0 / std::abs(value.real())) : none,
           std::abs(value.imag()) > spectrum.tolerance ? time(2.0 * std::numbers::pi / std::abs(value.imag()))
                                                       : none});
    }
    outcome.series[name()] = std::move(table);
    return outcome;
  }

  std::vector<std::string> description() const override {
    return {fmt::format("of the steady state {}: the {} leading eigenvalues of the whole model",
                        setup_.reached ? "to which the model comes" : "beside its start", setup_.count)};
  }

 private:
  struct Rest {
    State state;
    analysis::KeptQuantities kept;
  };
  Rest rest(const System& system, const Model& model, const StudyRun& run) const {
    State start = model.initial_state(run.threads, run.seed);
    if (setup_.reached) {
      auto found = analysis::steady_state(system, start, setup_.time, setup_.steady);
      return {std::move(found.state), {std::move(found.constraints), std::move(found.undeclared)}};
    }
    system.determine(start, setup_.time);
    auto kept = analysis::kept_quantities(system, start, setup_.time);
    const auto outcome = analysis::newton(system, start, setup_.time, kept.constraints, setup_.steady.newton);
    if (!outcome.converged)
      throw NumericalFailure(fmt::format("no steady state was found beside the start: {}", outcome.why));
    return {std::move(start), std::move(kept)};
  }

  /// "reaction.u 0.63, reaction.v 0.37": the largest amplitude of each field, in its size.
  static std::string participants(const System& system,
                                  const std::optional<std::vector<std::complex<double>>>& mode,
                                  const State& state) {
    if (!mode) return "not found";
    const Layout& layout = system.layout();
    const auto sizes = analysis::sizes_of(system, system.unknowns(state));
    std::vector<std::pair<double, std::string>> shares;
    double sum = 0.0;
    std::size_t at = 0;
    for (const FieldId id : layout.fields()) {
      const Field& field = (*system.model().fields)[id];
      const std::size_t end = at + layout.sites(id) * static_cast<std::size_t>(field.components);
      double most = 0.0;
      for (; at < end; ++at)
        if (system.mass()[at] != 0.0) most = std::max(most, std::abs((*mode)[at]) / sizes[at]);
      sum += most;
      shares.emplace_back(-most, field.name);
    }
    std::sort(shares.begin(), shares.end());
    constexpr std::size_t shown = 4;
    constexpr double least = 0.01;
    std::string text;
    for (std::size_t k = 0; k < std::min(shown, shares.size()); ++k)
      if (const double share = -shares[k].first / sum; share >= least)
        text += fmt::format("{}{} {:.2f}", text.empty() ? "" : ", ", shares[k].second, share);
    return text;
  }

  Setup setup_;
};

std::unique_ptr<Study> make(StudyContext& context) {
  Setup setup;
  setup.reached = context.section.text("at") == "reached";
  setup.count = static_cast<std::size_t>(std::max<std::int64_t>(1, context.section.integer("eigenvalues")));
  if (context.section.integer("eigenvalues") < 1)
    context.section.error("eigenvalues", "is below 1", "how many to list");
  setup.steady = steady_options(context.section);
  setup.time = standing_time(context.section);
  return std::make_unique<StabilityStudy>(context.name, setup);
}

}  // namespace

modelfile::StudyType stability_type() {
  using modelfile::Option;
  modelfile::StudyType type;
  type.name = "stability";
  type.documentation =
      "How the model moves beside a steady state: the leading eigenvalues of the whole Jacobian, J v = "
      "lambda M "
      "v, and the fields that take part in the first mode. Gives the results NAME.stable, "
      "NAME.growing_modes, "
      "NAME.leading_eigenvalue, NAME.period, NAME.leading_mode, and the series NAME (real and imaginary "
      "part, "
      "the time in which a mode grows or fades by e, its period).";
  type.schema = modelfile::Schema("stability", "Eigenvalues at a steady state.");
  type.schema
      .choice("at", {"reached", "beside_start"},
              "the steady state to which the model comes, or the one that Newton's method finds beside its "
              "start, which need not be stable")
      .with_default("reached");
  add_eigenvalues(type.schema);
  add_steady_options(type.schema);
  type.make = make;
  return type;
}

}  // namespace holon::study

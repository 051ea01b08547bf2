#include "holon/study/continuation_study.hpp"

#include "holon/analysis/continuation.hpp"
#include "holon/base/error.hpp"
#include "holon/study/analysed_model.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace holon::study {

namespace {

using analysis::SpecialPoint;
using modelfile::Section;
using modelfile::Study;
using modelfile::StudyContext;
using modelfile::StudyOutcome;
using modelfile::StudyRun;

/// A result of the study: something at one of the special points.
struct Asked {
  enum class Which { first, second, lowest, highest };
  std::string name;
  SpecialPoint::Kind kind = SpecialPoint::Kind::fold;
  Which which = Which::first;
  std::string of;  ///< a result of the model; empty: the parameter
  std::optional<Unit> unit;
};

struct Setup {
  std::string parameter;  ///< its path
  double low = 0.0, high = 0.0, start = 0.0;
  bool upwards = true;
  std::vector<std::string> collected;
  std::vector<Asked> asked;
  analysis::SteadyStateOptions steady;
  double time = 0.0;
  double longest_step = 0.05;
  int most_points = 2000;
  bool eigenvalues = true;
};

class ContinuationStudy final : public Study {
 public:
  ContinuationStudy(std::string name, Setup setup) : Study(std::move(name)), setup_(std::move(setup)) {}

  StudyOutcome run(const StudyRun& run) const override {
    const auto model = run.variant({});
    const System system(model, run.threads);
    analysis::ContinuationOptions options;
    options.parameter = model->parameters->id(setup_.parameter);
    options.low = setup_.low;
    options.high = setup_.high;
    options.upwards = setup_.upwards;
    options.longest_step = setup_.longest_step;
    options.first_step = std::min(options.first_step, setup_.longest_step);
    options.most_points = setup_.most_points;
    options.eigenvalues = setup_.eigenvalues;
    options.newton.tolerance = setup_.steady.newton.tolerance;
    State start = model->initial_state(run.threads, run.seed);
    start.set_parameter(options.parameter, setup_.start);
    const auto first = [&] {
      try {
        return analysis::steady_state(system, start, setup_.time, setup_.steady);
      } catch (const NumericalFailure& failure) {
        throw NumericalFailure(
            fmt::format("{} = {:g}: {}", short_name(setup_.parameter), setup_.start, failure.what()));
      }
    }();
    require_declared(first.undeclared);
    bool stopped = false;
    const auto branch = analysis::continuation(
        system, first.state, setup_.time, first.constraints, options,
        [&](const analysis::BranchPoint& point) {
          const double done = std::abs(point.parameter - setup_.start) / (setup_.high - setup_.low);
          stopped = !run.progress(std::min(0.99, done));
          return !stopped;
        });
    StudyOutcome outcome;
    ResultsAtState results(model, setup_.collected);
    outcome.series[name()] = table(*model, branch, results);
    give(model, branch, results, outcome);
    const auto warn = [&](std::string message) { outcome.warnings.push_back(warning(std::move(message))); };
    for (const std::string& doubt : branch.doubts) warn(doubt);
    const bool counted =
        std::all_of(branch.points.begin(), branch.points.end(),
                    [](const analysis::BranchPoint& point) { return point.eigenvalues.counted; });
    if (counted && lonely(branch, SpecialPoint::Kind::hopf))
      warn("the branch has one Hopf point alone: the lowest and the highest are the same");
    const auto unknown = std::count_if(branch.points.begin(), branch.points.end(),
                                       [](const analysis::BranchPoint& point) { return !point.unstable; });
    if (setup_.eigenvalues && unknown > 0)
      warn(
          fmt::format("the leading eigenvalues could not be found at {} of {} points, so that Hopf points "
                      "there would be missed",
                      unknown, branch.points.size()));
    if (!branch.complete && !stopped)
      warn(fmt::format("{}; the last point kept is at {} = {:.9g}", branch.why_ended,
                       short_name(setup_.parameter), branch.points.back().parameter));
    return outcome;
  }

  std::vector<std::string> description() const override {
    std::vector<std::string> lines{fmt::format(
        "steady states against {} from {:g} {}wards within {:g} to {:g}", short_name(setup_.parameter),
        setup_.start, setup_.upwards ? "up" : "down", setup_.low, setup_.high)};
    if (!setup_.collected.empty()) lines.push_back(fmt::format("with {}", fmt::join(setup_.collected, ", ")));
    return lines;
  }

 private:
  Unit unit(const Model& model) const {
    return (*model.parameters)[model.parameters->id(setup_.parameter)].unit;
  }

  Series table(const Model& model, const analysis::Branch& branch, ResultsAtState& results) const {
    Series table;
    table.columns.push_back({short_name(setup_.parameter), unit(model)});
    const OutputUnit rate = rate_unit(model);
    for (const analysis::BranchPoint& point : branch.points) {
      const auto values = results.at(point.state);
      if (table.rows.empty()) {
        for (std::size_t k = 0; k < setup_.collected.size(); ++k)
          table.columns.push_back({setup_.collected[k], values.units[k]});
        if (setup_.eigenvalues) {
          table.columns.push_back({"unstable_modes", Unit{}});
          table.columns.push_back({"leading_eigenvalue", rate.unit});
        }
      }
      std::vector<double> row{point.parameter};
      row.insert(row.end(), values.numbers.begin(), values.numbers.end());
      if (setup_.eigenvalues) {
        constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
        row.push_back(point.unstable ? *point.unstable : unknown);
        row.push_back(point.leading ? rate(point.leading->real()) : unknown);
      }
      table.rows.push_back(std::move(row));
    }
    return table;
  }

  /// Whether the branch has one point of a kind whose lowest and highest are both asked for.
  bool lonely(const analysis::Branch& branch, SpecialPoint::Kind kind) const {
    const auto asked = [&](Asked::Which which) {
      return std::any_of(setup_.asked.begin(), setup_.asked.end(),
                         [&](const Asked& each) { return each.kind == kind && each.which == which; });
    };
    const auto found = std::count_if(branch.special.begin(), branch.special.end(),
                                     [&](const SpecialPoint& point) { return point.kind == kind; });
    return found == 1 && asked(Asked::Which::lowest) && asked(Asked::Which::highest);
  }

  /// At its only fold a branch that comes from below has reached the highest value, and one from above the
  /// lowest: the other end of what lies between two folds was not met.
  static Asked::Which kind_of_extremum(const analysis::Branch& branch, const SpecialPoint& fold) {
    const bool from_below = branch.points[fold.after].parameter < fold.parameter;
    return from_below ? Asked::Which::highest : Asked::Which::lowest;
  }

  /// Why there is no such point on the branch.
  std::string why_missing(const analysis::Branch& branch, const Asked& asked,
                          const std::vector<const SpecialPoint*>& points) const {
    std::string found = fmt::format("the branch has {} {}{}", points.size(), analysis::name(asked.kind),
                                    points.size() == 1 ? "" : "s");
    const double last = branch.points.back().parameter;
    if (points.size() == 1)
      found += fmt::format(", at {:.9g}, where it turns back {}", points.front()->parameter,
                           last < points.front()->parameter ? "downwards" : "upwards");
    const std::string ended = branch.complete
                                  ? fmt::format("followed until it left its range at {}",
                                                last > setup_.high ? (setup_.upwards ? "`to`" : "`from`")
                                                                   : (setup_.upwards ? "`from`" : "`to`"))
                                  : branch.why_ended;
    return fmt::format("{} ({} from {:g}, within {:g} to {:g}; {})", found, short_name(setup_.parameter),
                       setup_.start, setup_.low, setup_.high, ended);
  }

  /// Why a Hopf point may not be the one that is asked for: others are not known where too many modes grow.
  /// Empty where it is.
  std::string why_uncertain(const analysis::Branch& branch, const Asked& asked,
                            const SpecialPoint& chosen) const {
    for (std::size_t k = 0; k < branch.points.size(); ++k) {
      const analysis::BranchPoint& point = branch.points[k];
      if (point.eigenvalues.counted) continue;
      const bool before = asked.which == Asked::Which::lowest    ? point.parameter < chosen.parameter
                          : asked.which == Asked::Which::highest ? point.parameter > chosen.parameter
                                                                 : k <= chosen.after;
      if (before)
        return fmt::format(
            "a Hopf point is at {:.9g}, but from {} = {:.9g} on more modes grow than can be told apart, and "
            "there may be another one",
            chosen.parameter, short_name(setup_.parameter), point.parameter);
    }
    return {};
  }

  void give(const std::shared_ptr<const Model>& model, const analysis::Branch& branch,
            ResultsAtState& results, StudyOutcome& outcome) const {
    for (const Asked& asked : setup_.asked) {
      std::vector<const SpecialPoint*> points;
      for (const SpecialPoint& point : branch.special)
        if (point.kind == asked.kind) points.push_back(&point);
      const auto by_parameter = [](const SpecialPoint* a, const SpecialPoint* b) {
        return a->parameter < b->parameter;
      };
      const SpecialPoint* chosen = nullptr;
      const std::size_t index = asked.which == Asked::Which::second ? 1 : 0;
      if (points.size() > index) {
        switch (asked.which) {
          case Asked::Which::first:
          case Asked::Which::second:
            chosen = points[index];
            break;
          case Asked::Which::lowest:
            chosen = *std::min_element(points.begin(), points.end(), by_parameter);
            break;
          case Asked::Which::highest:
            chosen = *std::max_element(points.begin(), points.end(), by_parameter);
            break;
        }
      }
      if (chosen != nullptr && asked.kind == SpecialPoint::Kind::fold && lonely(branch, asked.kind) &&
          (asked.which == Asked::Which::lowest || asked.which == Asked::Which::highest) &&
          kind_of_extremum(branch, *chosen) != asked.which)
        chosen = nullptr;
      if (chosen != nullptr && asked.kind == SpecialPoint::Kind::hopf)
        if (const std::string why = why_uncertain(branch, asked, *chosen); !why.empty()) {
          outcome.results[asked.name] = {ResultValue::Missing{why},
                                         asked.unit.value_or(asked.of.empty() ? unit(*model) : Unit{})};
          continue;
        }
      if (chosen == nullptr) {
        outcome.results[asked.name] = {ResultValue::Missing{why_missing(branch, asked, points)},
                                       asked.unit.value_or(asked.of.empty() ? unit(*model) : Unit{})};
        continue;
      }
      ResultValue value{chosen->parameter, unit(*model)};
      if (!asked.of.empty()) {
        ResultsAtState of(model, {asked.of});
        const auto values = of.at(chosen->state);
        value = {values.numbers.front(), values.units.front()};
      }
      outcome.results[asked.name] = in_asked_unit(value, asked.unit);
    }
    if (!branch.special.empty()) outcome.series[name() + "_points"] = points(*model, branch, results);
  }

  /// The columns of certificates are those by which the report knows such a series (report/page_data.hpp).
  Series points(const Model& model, const analysis::Branch& branch, ResultsAtState& results) const {
    Series table;
    const OutputUnit rate = rate_unit(model);
    table.columns = {{short_name(setup_.parameter), unit(model)},
                     {"uncertainty", Unit{}},
                     {"transversality", Unit{}},
                     {"curvature", Unit{}},
                     {"omega", rate.unit}};
    for (const SpecialPoint& point : branch.special) {
      const auto values = results.at(point.state);
      if (table.rows.empty())
        for (std::size_t k = 0; k < setup_.collected.size(); ++k)
          table.columns.push_back({setup_.collected[k], values.units[k]});
      std::vector<double> row{point.parameter, point.uncertainty, point.transversality, point.curvature,
                              rate(point.omega)};
      row.insert(row.end(), values.numbers.begin(), values.numbers.end());
      table.rows.push_back(std::move(row));
    }
    return table;
  }

  Setup setup_;
};

Asked read_asked(const StudyContext& context, const Section& section, const std::string& name,
                 const std::string& parameter) {
  Asked asked;
  asked.name = name;
  const bool fold = section.has("fold"), hopf = section.has("hopf");
  if (fold == hopf) {
    section.error(fold ? "hopf" : "fold",
                  fold ? "'fold' says which point is meant, too" : "nothing says which point is meant",
                  "one of fold, hopf");
    return asked;
  }
  asked.kind = fold ? SpecialPoint::Kind::fold : SpecialPoint::Kind::hopf;
  const std::string which = section.text(fold ? "fold" : "hopf");
  asked.which = which == "first"    ? Asked::Which::first
                : which == "second" ? Asked::Which::second
                : which == "lowest" ? Asked::Which::lowest
                                    : Asked::Which::highest;
  if (section.has("of")) {
    asked.of = section.text("of");
    require_result({context.name, section, context.model}, "of", asked.of);
  }
  std::optional<Unit> natural;
  if (asked.of.empty() && !parameter.empty())
    natural = (*context.model.parameters)[context.model.parameters->id(parameter)].unit;
  asked.unit = asked_unit(section, natural);
  return asked;
}

std::unique_ptr<Study> make(StudyContext& context) {
  const Section& section = context.section;
  Setup setup;
  setup.parameter = varied_parameter(context, "parameter");
  setup.low = in_unit_of(context, "from", setup.parameter);
  setup.high = in_unit_of(context, "to", setup.parameter);
  setup.upwards = setup.high > setup.low;
  setup.start = setup.low;
  for (const char* end : {"from", "to"})
    if (!setup.parameter.empty() && !std::isfinite(end[0] == 'f' ? setup.low : setup.high))
      section.error(end, "is not finite", "a value at which the range ends");
  if (setup.low == setup.high && !setup.parameter.empty())
    section.error("to", "is where the branch begins", "another value of the parameter");
  if (!setup.upwards) std::swap(setup.low, setup.high);
  setup.collected = known_results(context, "collect");
  for (const std::string& name : section.keys("results"))
    setup.asked.push_back(read_asked(context, section.child("results", name), name, setup.parameter));
  setup.steady = steady_options(section);
  setup.time = standing_time(section);
  setup.longest_step = section.number("longest_step");
  if (!(setup.longest_step > 0.0)) section.error("longest_step", "is not positive", "a positive number");
  setup.most_points = static_cast<int>(section.integer("most_points"));
  setup.eigenvalues = section.flag("eigenvalues");
  return std::make_unique<ContinuationStudy>(context.name, std::move(setup));
}

}  // namespace

modelfile::StudyType continuation_type() {
  using modelfile::Option;
  using modelfile::Schema;
  modelfile::StudyType type;
  type.name = "continuation";
  type.documentation =
      "Follows the steady states of the whole model against a parameter, through folds, from the state to "
      "which "
      "the model comes at `from` (pseudo-arclength continuation). Folds and Hopf points are solved for, not "
      "interpolated, with their certificate: the last correction of Newton's method, and the coefficients "
      "that "
      "make a fold a fold. Gives the series NAME (the parameter, the collected results, unstable modes and "
      "the "
      "leading eigenvalue, in the order of the branch), NAME_points with these points, their certificates "
      "and the "
      "collected results there, and the results that are asked for. A "
      "branch that is lost keeps its last point, with a warning.";
  type.schema = Schema("continuation", "Steady states against a parameter.");
  type.schema.add(
      "parameter", Option::Type::text,
      "of the model, or processes.P.parameters.N; it may stand in equations and coefficients, not in "
      "sizes or steps");
  type.schema.add("from", Option::Type::any_quantity, "its value at the start of the branch");
  type.schema.add(
      "to", Option::Type::any_quantity,
      "the other end of its range; the branch ends where the parameter leaves the range at either end");
  Option name;
  name.type = Option::Type::text;
  type.schema.list("collect", name, "the model's results along the branch: as if a run ended at each point")
      .with_default("[]");
  Schema result("result", "Something at a special point.");
  result
      .choice("fold", {"first", "second", "lowest", "highest"},
              "which fold: along the branch, or by the parameter")
      .make_optional();
  result.choice("hopf", {"first", "second", "lowest", "highest"}, "which Hopf point").make_optional();
  result.add("of", Option::Type::text, "a result of the model there, instead of the parameter")
      .make_optional();
  add_asked_results(type.schema, std::move(result), "{kappa_on: {fold: highest}}");
  type.schema
      .add("longest_step", Option::Type::number,
           "of arclength, with the range of the parameter and every field's size as 1")
      .with_default("0.05");
  type.schema.add("most_points", Option::Type::integer, "after which the branch ends").with_default("2000");
  type.schema
      .add("eigenvalues", Option::Type::flag,
           "whether to look for stability at every point; Hopf points need it")
      .with_default("true");
  add_steady_options(type.schema);
  type.make = make;
  return type;
}

}  // namespace holon::study

#include "holon/study/sweep.hpp"

#include "holon/base/error.hpp"
#include "holon/engine/simulation.hpp"
#include "holon/modelfile/loader.hpp"
#include "holon/modelfile/study.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <map>
#include <mutex>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace holon::study {

namespace {

using modelfile::Evaluated;
using modelfile::Override;
using modelfile::Section;
using modelfile::Study;
using modelfile::StudyContext;
using modelfile::StudyOutcome;
using modelfile::StudyRun;
using Value = modelfile::Document::Value;

/// A parameter and the values that it takes.
struct Axis {
  std::string parameter;
  std::vector<Quantity> values;
};

class Sweep final : public Study {
 public:
  Sweep(std::string name, std::vector<Axis> axes, std::vector<std::string> collected)
      : Study(std::move(name)), axes_(std::move(axes)), collected_(std::move(collected)) {}

  StudyOutcome run(const StudyRun& run) const override {
    const std::size_t points = this->points();
    std::vector<std::optional<Row>> rows(points);
    std::mutex loading;  // the reader of units is not made for several threads
    std::atomic<bool> stopped = false;
    Shares shares(points);
    run.threads.for_range(points, 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t point = begin; point < end && !stopped; ++point) {
        std::shared_ptr<const Model> model;
        {
          const std::scoped_lock lock(loading);
          model = run.variant(overrides(point));
        }
        try {
          rows[point] = simulate(model, point, run, shares, stopped);
        } catch (const NumericalFailure& failure) {
          throw NumericalFailure(fmt::format("{}: {}", point_text(point), failure.what()));
        }
      }
    });
    return {{}, {{name(), table(rows)}}, missing(rows)};
  }

  std::vector<std::string> description() const override {
    std::vector<std::string> lines;
    for (const Axis& axis : axes_)
      lines.push_back(fmt::format("{} takes {} value{}, {} to {}", axis.parameter, axis.values.size(),
                                  axis.values.size() == 1 ? "" : "s", axis.values.front().text(),
                                  axis.values.back().text()));
    lines.push_back(
        fmt::format("{} run{}, giving {}", points(), points() == 1 ? "" : "s", fmt::join(collected_, ", ")));
    return lines;
  }

 private:
  struct Row {
    std::vector<double> numbers;  ///< not a number where there is no result
    std::vector<Unit> units;
    std::vector<std::string> why;  ///< there is no number; empty where there is one
  };

  /// How much of each run is done.
  class Shares {
   public:
    explicit Shares(std::size_t points) : done_(points, 0.0) {}
    double set(std::size_t point, double fraction) {
      const std::scoped_lock lock(mutex_);
      sum_ += fraction - done_[point];
      done_[point] = fraction;
      return sum_ / static_cast<double>(done_.size());
    }

   private:
    std::mutex mutex_;
    std::vector<double> done_;
    double sum_ = 0.0;
  };

  std::size_t points() const {
    std::size_t product = 1;
    for (const Axis& axis : axes_) product *= axis.values.size();
    return product;
  }

  /// Which value of each axis: the last axis runs fastest.
  std::vector<std::size_t> indices(std::size_t point) const {
    std::vector<std::size_t> index(axes_.size());
    for (std::size_t a = axes_.size(); a-- > 0;) {
      index[a] = point % axes_[a].values.size();
      point /= axes_[a].values.size();
    }
    return index;
  }

  std::vector<Override> overrides(std::size_t point) const {
    const auto index = indices(point);
    std::vector<Override> list;
    for (std::size_t a = 0; a < axes_.size(); ++a)
      list.push_back({"parameters." + axes_[a].parameter, axes_[a].values[index[a]].text()});
    return list;
  }

  std::string point_text(std::size_t point) const {
    const auto index = indices(point);
    std::vector<std::string> parts;
    for (std::size_t a = 0; a < axes_.size(); ++a)
      parts.push_back(axes_[a].parameter + " = " + axes_[a].values[index[a]].text());
    return fmt::format("{}", fmt::join(parts, ", "));
  }

  /// Nothing if it was stopped.
  std::optional<Row> simulate(const std::shared_ptr<const Model>& model, std::size_t point,
                              const StudyRun& run, Shares& shares, std::atomic<bool>& stopped) const {
    Simulation simulation(model, {.threads = 1, .seed = run.seed, .frames = nullptr});
    simulation.run([&](const Simulation& s) {
      const double fraction = s.finished() ? 1.0 : s.fraction_done();
      if (!run.progress(shares.set(point, fraction))) stopped = true;
      return !stopped;
    });
    if (!simulation.finished()) return std::nullopt;
    const auto results = simulation.results();
    Row row;
    for (const std::string& result_name : collected_) {
      const ResultValue& result = results.at(result_name);
      const auto* number = std::get_if<double>(&result.value);
      if (number == nullptr && !std::holds_alternative<ResultValue::Missing>(result.value))
        throw NumericalFailure(fmt::format("result '{}' is no single number", result_name));
      row.numbers.push_back(number != nullptr ? *number : std::numeric_limits<double>::quiet_NaN());
      row.units.push_back(result.unit);
      const auto* none = std::get_if<ResultValue::Missing>(&result.value);
      row.why.push_back(none != nullptr ? none->why : "");
    }
    return row;
  }

  /// One line for each result and reason.
  std::vector<Diagnostic> missing(const std::vector<std::optional<Row>>& rows) const {
    std::map<std::pair<std::size_t, std::string>, std::vector<std::string>> points;
    for (std::size_t point = 0; point < rows.size(); ++point)
      for (std::size_t c = 0; rows[point] && c < collected_.size(); ++c)
        if (std::isnan(rows[point]->numbers[c]))
          points[{c, rows[point]->why[c]}].push_back(point_text(point));
    std::vector<Diagnostic> warnings;
    for (const auto& [what, where] : points)
      warnings.push_back({.severity = Diagnostic::Severity::warning,
                          .path = "study." + name(),
                          .message = fmt::format("no '{}' at {}: {}", collected_[what.first],
                                                 fmt::join(where, "; "), what.second)});
    return warnings;
  }

  Series table(const std::vector<std::optional<Row>>& rows) const {
    Series table;
    for (const Axis& axis : axes_) table.columns.push_back({axis.parameter, axis.values.front().unit});
    const auto known =
        std::find_if(rows.begin(), rows.end(), [](const auto& row) { return row.has_value(); });
    for (std::size_t c = 0; c < collected_.size(); ++c)
      table.columns.push_back({collected_[c], known != rows.end() ? (*known)->units[c] : Unit{}});
    for (std::size_t point = 0; point < rows.size(); ++point) {
      if (!rows[point]) continue;
      const auto index = indices(point);
      std::vector<double> line;
      for (std::size_t a = 0; a < axes_.size(); ++a)
        line.push_back(axes_[a].values[index[a]].in(axes_[a].values.front().unit));
      for (std::size_t c = 0; c < collected_.size(); ++c)
        line.push_back(Quantity{rows[point]->numbers[c], rows[point]->units[c]}.in(
            table.columns[axes_.size() + c].unit));
      table.rows.push_back(std::move(line));
    }
    return table;
  }

  std::vector<Axis> axes_;
  std::vector<std::string> collected_;
};

/// One parameter with its values; no values after a mistake, which is reported.
Axis read_axis(const StudyContext& context, const Value::Member& member) {
  modelfile::Loader& loader = context.section.loader();
  const std::string path = context.section.path_of("over") + "." + member.key;
  Axis axis{member.key, {}};
  if (!loader.parameters().contains(member.key)) {
    loader.error(member.key_place, path, "there is no parameter '" + member.key + "'", "",
                 suggestion(member.key, loader.parameters().names()));
    return axis;
  }
  const Value& value = member.value;
  if (value.kind == Value::Kind::list && value.list.empty()) {
    loader.error(value.place, path, "the list is empty", "at least one value");
    return axis;
  }
  const std::vector<Value> list = value.kind == Value::Kind::list ? value.list : std::vector{value};
  const Evaluated* stated = loader.parameters().value(member.key);
  for (const Value& element : list) {
    const auto quantity = loader.constant(element, path);
    if (!quantity) continue;
    if (stated != nullptr &&
        (stated->kind != Evaluated::Kind::quantity || !quantity->unit.compatible(stated->quantity.unit)))
      loader.error(element.place, path,
                   "is " + quantity->text() + ", and the parameter '" + member.key + "' is " +
                       modelfile::kind_text(*stated));
    else
      axis.values.push_back(*quantity);
  }
  return axis;
}

std::unique_ptr<Study> make(StudyContext& context) {
  const Section& section = context.section;
  std::vector<Axis> axes;
  const Value* over = section.raw("over");
  for (const Value::Member& member : over->mapping) axes.push_back(read_axis(context, member));
  if (axes.empty()) section.error("over", "names no parameter", "{PARAMETER: [VALUES]}");
  std::vector<std::string> known;
  for (const ResultRecipe& result : context.model.results) known.push_back(result.name);
  const std::vector<std::string> collected = section.texts("collect");
  for (const std::string& name : collected)
    if (std::find(known.begin(), known.end(), name) == known.end())
      section.error("collect", "there is no result '" + name + "'", "", suggestion(name, known));
  return std::make_unique<Sweep>(context.name, std::move(axes), collected);
}

}  // namespace

modelfile::StudyType sweep_type() {
  using modelfile::Option;
  modelfile::StudyType type;
  type.name = "sweep";
  type.documentation =
      "Runs the model once for every value of a parameter, or for every combination of values of several, "
      "and gathers results in a table: series/NAME.csv with a row for each run. Runs are shared out over "
      "the threads; the table does not depend on how many there are.";
  Option values;
  values.type = Option::Type::anything;
  type.schema = modelfile::Schema("sweep", "Runs over values of parameters.");
  type.schema.mapping("over", values,
                      "parameters and the values that they take: {interval: [300 ms, 350 ms]}, or "
                      "{interval: =s2_intervals} with a parameter that is a list");
  Option name;
  name.type = Option::Type::text;
  type.schema.list("collect", name, "the results that make the columns of the table").least = 1;
  type.make = make;
  return type;
}

}  // namespace holon::study

// period: mean time between upward crossings of a level.
#include "holon/observe/crossing.hpp"
#include "holon/observe/locations.hpp"
#include "holon/observe/observed.hpp"
#include "holon/observe/timed_observer.hpp"
#include "holon/observe/types.hpp"

#include <cmath>

namespace holon::observe {

namespace {

using modelfile::ObserverContext;
using modelfile::Option;
using modelfile::Schema;

struct PeriodOptions {
  Observed of;
  Location place;
  double level = 0.0;  // in its unit
  double after = 0.0;  // coherent time
  Unit time_unit;
};

class Period final : public TimedObserver {
 public:
  Period(const std::string& name, const PeriodOptions& options, const Model& model)
      : name_(name), options_(options), time_unit_(options.time_unit), values_(options.of, model) {}

  bool wants(std::int64_t) const override { return true; }

  std::map<std::string, ResultValue> results() const override {
    const double unit = time_unit_.factor();
    const std::size_t n = crossings_.size();
    std::map<std::string, ResultValue> results;
    results["count"] = {static_cast<double>(n), Unit{}};
    if (n < 2) {
      const std::string why = "'" + options_.of.name + "' rose through the level " + std::to_string(n) +
                              " times in the window; a period needs 2";
      results[""] = missing(why, time_unit_);
      results["last"] = missing(why, time_unit_);
      return results;
    }
    results[""] = {(crossings_[n - 1] - crossings_[0]) / static_cast<double>(n - 1) / unit, time_unit_};
    results["last"] = {(crossings_[n - 1] - crossings_[n - 2]) / unit, time_unit_};
    return results;
  }

  std::map<std::string, Series> series() const override {
    Series table;
    table.columns = {{"time", time_unit_}, {"interval", time_unit_}};
    const double unit = time_unit_.factor();
    for (std::size_t i = 1; i < crossings_.size(); ++i)
      table.rows.push_back({crossings_[i] / unit, (crossings_[i] - crossings_[i - 1]) / unit});
    return {{name_, std::move(table)}};
  }

 private:
  /// Four samples in a row give the crossing between the middle two to fourth order.
  void look(const Observation& observation) override {
    const double value = values_.at(observation.state, observation.time, options_.place.stencil);
    if (times_.size() == 4) {
      times_.erase(times_.begin());
      samples_.erase(samples_.begin());
    }
    times_.push_back(observation.time);
    samples_.push_back(value);
    if (times_.size() < 4 || !(samples_[1] < options_.level && samples_[2] >= options_.level)) return;
    const double crossing = cubic_crossing(std::span<const double, 4>(times_.data(), 4),
                                           std::span<const double, 4>(samples_.data(), 4), options_.level);
    if (crossing >= options_.after) crossings_.push_back(crossing);
  }
  void save_more(Archive& archive) const override {
    archive.put("times", std::span<const double>(times_));
    archive.put("samples", std::span<const double>(samples_));
    archive.put("crossings", std::span<const double>(crossings_));
  }
  void load_more(const Archive& archive) override {
    times_ = archive.reals("times");
    samples_ = archive.reals("samples");
    crossings_ = archive.reals("crossings");
  }

  std::string name_;
  const PeriodOptions& options_;
  Unit time_unit_;
  ObservedValues values_;
  std::vector<double> times_, samples_;  // the last four at most
  std::vector<double> crossings_;
};

class PeriodRecipe final : public ObserverRecipe {
 public:
  PeriodRecipe(const std::string& name, PeriodOptions options)
      : ObserverRecipe(name), options_(std::move(options)) {}
  bool reads(FieldId field) const override { return options_.of.reads(field); }
  std::unique_ptr<Observer> start(const Model& model) const override {
    return std::make_unique<Period>(name(), options_, model);
  }
  std::vector<std::string> outcomes() const override { return {"", "count", "last"}; }
  std::optional<Unit> outcome_unit(const std::string& outcome) const override {
    return outcome == "count" ? Unit{} : options_.time_unit;
  }

 private:
  PeriodOptions options_;
};

std::unique_ptr<ObserverRecipe> make(ObserverContext& context) {
  modelfile::Section& section = context.section;
  PeriodOptions options;
  options.of = read_observed(section, "of");
  options.place = read_location(section, "at", *options.of.space);
  section.set_dimension("field", options.of.unit.dimension());
  options.level = section.quantity("level") / options.of.unit.factor();
  if (section.has("after")) options.after = section.quantity("after");
  options.time_unit = context.model.schedule.time_unit;
  return std::make_unique<PeriodRecipe>(context.name, std::move(options));
}

}  // namespace

modelfile::ObserverType period_type() {
  Schema schema("period", "Mean time between upward crossings of a level.");
  schema.add("of", Option::Type::anything, "a field or an =equation");
  schema.quantity("level", "field", "the level");
  schema.quantity("after", "time", "crossings before this time are left out; none if not given")
      .make_optional();
  add_locations_option(schema);
  return {
      "period",
      "Mean time between upward crossings of a level at a place. A crossing is located by the cubic through "
      "four "
      "macro steps, to fourth order. Outcomes: the mean interval; 'count' of crossings; 'last' interval. The "
      "series NAME holds the intervals.",
      std::move(schema), &make};
}

}  // namespace holon::observe

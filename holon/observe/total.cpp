// total and mean: the integral of a field over its space, and that over the measure of the space.
#include "holon/base/readable_unit.hpp"
#include "holon/observe/crossing.hpp"
#include "holon/observe/observed.hpp"
#include "holon/observe/timed_observer.hpp"
#include "holon/observe/types.hpp"

#include <algorithm>

namespace holon::observe {

namespace {

using modelfile::ObserverContext;
using modelfile::Schema;

constexpr std::size_t grain = 1024;  // sites of one partial sum: fixes the order of summation

struct TotalOptions {
  Observed of;
  bool per_site = false;  // the field's numbers are amounts per site: no measure
  Unit unit;
  double factor = 1.0;     // from the field's unit times coherent measures to `unit`
  double divisor = 1.0;    // of the sum: the measure of the space for a mean
  bool per_agent = false;  // a mean over those agents of a population that there are
  Unit time_unit;
  bool tabulate = false;
  Sampling sampling;
};

class Total final : public SampledObserver {
 public:
  Total(const std::string& name, const TotalOptions& options, const Model& model)
      : SampledObserver(options.tabulate ? options.sampling : Sampling::never()),
        name_(name),
        options_(options),
        values_(options.of, model) {}

  std::map<std::string, ResultValue> results() const override {
    const Unit &unit = options_.unit, &time = options_.time_unit;
    if (totals_.empty()) {
      const std::string why = "the run did not come to its end";
      return {{"", missing(why, unit)}, {"peak", missing(why, unit)}, {"peak_time", missing(why, time)}};
    }
    const std::string why = options_.per_agent ? "there is no agent, or its value is not a number"
                                               : "the field is not a number at some site";
    const auto highest = std::max_element(totals_.begin(), totals_.end());
    const Peak peak = peak_around(times_, totals_, static_cast<std::size_t>(highest - totals_.begin()));
    return {{"", result_or(totals_.back(), unit, why)},
            {"peak", result_or(peak.value, unit, why)},
            {"peak_time", result_or(peak.time / time.factor(), time, why)}};
  }

  std::map<std::string, Series> series() const override {
    if (!options_.tabulate) return {};
    Series table;
    table.columns = {{"time", options_.time_unit}, {options_.of.name, options_.unit}};
    for (std::size_t i = 0; i < totals_.size(); ++i)
      table.rows.push_back({times_[i] / options_.time_unit.factor(), totals_[i]});
    return {{name_, std::move(table)}};
  }

 private:
  void look(const Observation& observation) override {
    const Space& space = *options_.of.space;
    const auto values = values_.all(observation.state, observation.time, observation.threads);
    const double total =
        observation.threads.sum(values.size(), grain, [&](std::size_t begin, std::size_t end) {
          double sum = 0.0;
          for (std::size_t site = begin; site < end; ++site)
            sum += options_.per_site ? (space.inside(site) ? values[site] : 0.0)
                                     : values[site] * space.measure(site);
          return sum;
        });
    times_.push_back(observation.time);
    totals_.push_back(options_.factor * total /
                      (options_.per_agent ? static_cast<double>(values.size()) : options_.divisor));
  }
  void save_more(Archive& archive) const override {
    archive.put("times", std::span<const double>(times_));
    archive.put("totals", std::span<const double>(totals_));
  }
  void load_more(const Archive& archive) override {
    times_ = archive.reals("times");
    totals_ = archive.reals("totals");
  }

  std::string name_;
  const TotalOptions& options_;
  ObservedValues values_;
  std::vector<double> times_, totals_;
};

class TotalRecipe final : public ObserverRecipe {
 public:
  TotalRecipe(const std::string& name, TotalOptions options)
      : ObserverRecipe(name), options_(std::move(options)) {}
  bool reads(FieldId field) const override { return options_.of.reads(field); }
  std::unique_ptr<Observer> start(const Model& model) const override {
    return std::make_unique<Total>(name(), options_, model);
  }
  std::vector<std::string> outcomes() const override { return {"", "peak", "peak_time"}; }
  std::optional<Unit> outcome_unit(const std::string& outcome) const override {
    return outcome == "peak_time" ? options_.time_unit : options_.unit;
  }

 private:
  TotalOptions options_;
};

/// What both types read alike.
TotalOptions read_options(ObserverContext& context) {
  TotalOptions options;
  options.of = read_observed(context.section, "of", Sites::may_change);
  options.unit = options.of.unit;
  options.time_unit = context.model.schedule.time_unit;
  options.tabulate = context.section.has("every");
  options.sampling = read_sampling(context);
  return options;
}

std::unique_ptr<ObserverRecipe> make_total(ObserverContext& context) {
  TotalOptions options = read_options(context);
  const Space& space = *options.of.space;
  options.per_site = options.of.field && (*context.model.fields)[*options.of.field].kind == FieldKind::amount;
  if (!options.per_site) {
    const ContentUnit content =
        content_unit(options.of.unit, space.length_dimension(), space.measure_power());
    options.unit = content.unit;
    options.factor = content.factor;
  }
  return std::make_unique<TotalRecipe>(context.name, std::move(options));
}

std::unique_ptr<ObserverRecipe> make_mean(ObserverContext& context) {
  TotalOptions options = read_options(context);
  const Space& space = *options.of.space;
  options.per_agent = space.varies();
  options.divisor = 0.0;
  for (std::size_t site = 0; site < space.sites() && !options.per_agent; ++site)
    options.divisor += space.measure(site);
  return std::make_unique<TotalRecipe>(context.name, std::move(options));
}

Schema schema_of(const std::string& name, const std::string& title) {
  Schema schema(name, title);
  schema.add("of", modelfile::Option::Type::anything, "a field or an =equation");
  add_sampling_option(schema);
  return schema;
}

}  // namespace

modelfile::ObserverType total_type() {
  return {
      "total",
      "The integral of a field over its space: the sum over sites of value times measure (length, area or "
      "volume; a node on a side counts half); of a field of kind 'amount' the sum of its values. Its unit "
      "follows from the field's, with lengths in metres: nmol for nM in a volume, fmol for fmol/um^2 on an "
      "area. Outcomes: "
      "the "
      "total at the end; with 'every' its 'peak' and 'peak_time', by the parabola through the highest looks. "
      "With "
      "'every' the series NAME holds it over time.",
      schema_of("total", "The integral of a field over its space."), &make_total};
}

modelfile::ObserverType mean_type() {
  return {"mean",
          "The mean of a field over its space, each site with its measure (a node on a side counts half). "
          "Outcomes: "
          "the mean at the end; with 'every' its 'peak' and 'peak_time', by the parabola through the highest "
          "looks. "
          "With 'every' the series NAME holds it over time.",
          schema_of("mean", "The mean of a field over its space."), &make_mean};
}

}  // namespace holon::observe

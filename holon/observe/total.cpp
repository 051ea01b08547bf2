// total: the integral of a field over its space.
#include "holon/observe/observed.hpp"
#include "holon/observe/timed_observer.hpp"
#include "holon/observe/types.hpp"

namespace holon::observe {

namespace {

using modelfile::ObserverContext;
using modelfile::Schema;

constexpr std::size_t grain = 1024;  // sites of one partial sum: fixes the order of summation

struct TotalOptions {
  Observed of;
  bool per_site = false;  // the field's numbers are amounts per site: no measure
  Unit unit;
  bool tabulate = false;
  Sampling sampling;
};

class Total final : public SampledObserver {
 public:
  Total(const std::string& name, const TotalOptions& options, const Model& model)
      : SampledObserver(options.tabulate ? options.sampling : Sampling::never()),
        name_(name),
        options_(options),
        time_unit_(model.schedule.time_unit),
        values_(options.of, model) {}

  std::map<std::string, ResultValue> results() const override {
    if (totals_.empty()) return {{"", missing("the run did not come to its end", options_.unit)}};
    return {{"", result_or(totals_.back(), options_.unit, "the field is not a number at some site")}};
  }

  std::map<std::string, Series> series() const override {
    if (!options_.tabulate) return {};
    Series table;
    table.columns = {{"time", time_unit_}, {options_.of.name, options_.unit}};
    for (std::size_t i = 0; i < totals_.size(); ++i)
      table.rows.push_back({times_[i] / time_unit_.factor(), totals_[i]});
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
            sum += options_.per_site ? values[site] : values[site] * space.measure(site);
          return sum;
        });
    times_.push_back(observation.time);
    totals_.push_back(total);
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
  Unit time_unit_;
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
  std::vector<std::string> outcomes() const override { return {""}; }
  std::optional<Unit> outcome_unit(const std::string&) const override { return options_.unit; }

 private:
  TotalOptions options_;
};

std::unique_ptr<ObserverRecipe> make(ObserverContext& context) {
  const modelfile::Section& section = context.section;
  TotalOptions options;
  options.of = read_observed(section, "of");
  const Space& space = *options.of.space;
  options.per_site = options.of.field && (*context.model.fields)[*options.of.field].kind == FieldKind::amount;
  options.unit = options.of.unit;
  const Unit length = Unit::coherent(space.length_dimension());
  const bool measured = !options.per_site && space.type() == Space::Type::grid;
  for (int a = 0; measured && a < space.dimensions() && length.text() != "1"; ++a)
    options.unit = options.unit.text() == "1" ? length : options.unit * length;
  options.tabulate = section.has("every");
  options.sampling = read_sampling(context);
  return std::make_unique<TotalRecipe>(context.name, std::move(options));
}

}  // namespace

modelfile::ObserverType total_type() {
  Schema schema("total", "The integral of a field over its space.");
  schema.add("of", modelfile::Option::Type::anything, "a field or an =equation");
  add_sampling_option(schema);
  return {
      "total",
      "The integral of a field over its space: the sum over sites of value times measure (length, area or "
      "volume; a node on a side counts half); of a field of kind 'amount' the sum of its values. Outcome: "
      "the "
      "total at the end. With 'every' the series NAME holds it over time.",
      std::move(schema), &make};
}

}  // namespace holon::observe

// probe: values of fields and equations at places over time, as a series.
#include "holon/modelfile/loader.hpp"
#include "holon/observe/locations.hpp"
#include "holon/observe/observed.hpp"
#include "holon/observe/timed_observer.hpp"
#include "holon/observe/types.hpp"

namespace holon::observe {

namespace {

using modelfile::ObserverContext;
using modelfile::Option;
using modelfile::Schema;

/// One column: what, where.
struct ProbeColumn {
  Observed observed;
  Location place;
};

struct ProbeOptions {
  std::vector<ProbeColumn> columns;
  Sampling sampling;
};

class Probe final : public SampledObserver {
 public:
  Probe(const std::string& name, const ProbeOptions& options, const Model& model)
      : SampledObserver(options.sampling),
        name_(name),
        options_(options),
        time_unit_(model.schedule.time_unit) {
    for (const ProbeColumn& column : options.columns) values_.emplace_back(column.observed, model);
  }

  std::map<std::string, Series> series() const override {
    Series table;
    table.columns.push_back({"time", time_unit_});
    for (const ProbeColumn& column : options_.columns) {
      const std::string& place = column.place.name;
      table.columns.push_back(
          {column.observed.name + (place.empty() ? "" : " at " + place), column.observed.unit});
    }
    const std::size_t width = table.columns.size();
    for (std::size_t begin = 0; begin < numbers_.size(); begin += width)
      table.rows.emplace_back(numbers_.begin() + static_cast<std::ptrdiff_t>(begin),
                              numbers_.begin() + static_cast<std::ptrdiff_t>(begin + width));
    return {{name_, std::move(table)}};
  }

 private:
  void look(const Observation& observation) override {
    numbers_.push_back(observation.time / time_unit_.factor());
    for (std::size_t c = 0; c < values_.size(); ++c) {
      const Location& place = options_.columns[c].place;
      numbers_.push_back(place.agent ? values_[c].of_agent(observation.state, observation.time, *place.agent)
                                     : values_[c].at(observation.state, observation.time, place.stencil));
    }
  }
  void save_more(Archive& archive) const override {
    archive.put("numbers", std::span<const double>(numbers_));
  }
  void load_more(const Archive& archive) override { numbers_ = archive.reals("numbers"); }

  std::string name_;
  const ProbeOptions& options_;
  Unit time_unit_;
  std::vector<ObservedValues> values_;
  std::vector<double> numbers_;  // row by row
};

class ProbeRecipe final : public ObserverRecipe {
 public:
  ProbeRecipe(const std::string& name, ProbeOptions options)
      : ObserverRecipe(name), options_(std::move(options)) {}
  bool reads(FieldId field) const override {
    return std::any_of(options_.columns.begin(), options_.columns.end(),
                       [&](const auto& each) { return each.observed.reads(field); });
  }
  std::unique_ptr<Observer> start(const Model& model) const override {
    return std::make_unique<Probe>(name(), options_, model);
  }

 private:
  ProbeOptions options_;
};

std::vector<Observed> read_values(const ObserverContext& context) {
  const modelfile::Section& section = context.section;
  if (section.has("values") == section.has("of")) {
    section.error("", "a probe has either 'of' or 'values'",
                  "of: a process or fields, or values: {name: a field or an =equation}");
    throw modelfile::Abandoned{};
  }
  if (section.has("of")) return read_all_observed(section, "of", Sites::may_change);
  std::vector<Observed> values;
  for (const auto& member : section.raw("values")->mapping)
    values.push_back(read_observed(section, member.value, section.path() + ".values." + member.key,
                                   member.key, Sites::may_change));
  return values;
}

std::unique_ptr<ObserverRecipe> make(ObserverContext& context) {
  ProbeOptions options;
  options.sampling = read_sampling(context);
  for (const Observed& observed : read_values(context)) {
    if (observed.space->single()) {
      options.columns.push_back({observed, {"", observed.space->position(0), Stencil{{0}, {1.0}}}});
      continue;
    }
    for (const Location& place : read_locations(context.section, "at", *observed.space))
      options.columns.push_back({observed, place});
  }
  return std::make_unique<ProbeRecipe>(context.name, std::move(options));
}

}  // namespace

modelfile::ObserverType probe_type() {
  Schema schema("probe", "Values of fields and equations at places over time.");
  schema
      .add("of", Option::Type::anything,
           "a process (all its fields), a field, an =equation, or a list of them")
      .make_optional();
  Option value;
  value.type = Option::Type::anything;
  schema.mapping("values", value, "instead of 'of': {name of the column: a field or an =equation}")
      .make_optional();
  add_locations_option(schema);
  add_sampling_option(schema);
  return {"probe",
          "Values of fields and equations at places over time: the series NAME, whose first column is the "
          "time in "
          "the unit of the schedule's step. An equation's column is in the SI unit of its dimension; a "
          "field's in "
          "its own. On a population 'at' holds ids of agents; where one is not born yet or has died its "
          "value is nan.",
          std::move(schema), &make};
}

}  // namespace holon::observe

// extremum: the largest or smallest value over sites and time.
#include "holon/observe/observed.hpp"
#include "holon/observe/timed_observer.hpp"
#include "holon/observe/types.hpp"
#include "holon/space/population.hpp"

#include <cmath>
#include <optional>

namespace holon::observe {

namespace {

using modelfile::ObserverContext;
using modelfile::Schema;

struct ExtremumOptions {
  Observed of;
  std::optional<Observed> where;  ///< sites where it is 0 are left out
  bool greatest = true;
  double after = 0.0;  // coherent time
  Sampling sampling;
  Unit time_unit;
};

class Extremum final : public SampledObserver {
 public:
  Extremum(const ExtremumOptions& options, const Model& model)
      : SampledObserver(options.sampling),
        options_(options),
        time_unit_(options.time_unit),
        values_(options.of, model) {
    if (options.where) where_.emplace(*options.where, model);
  }

  std::map<std::string, ResultValue> results() const override {
    const Space& space = *options_.of.space;
    const Unit length = Unit::coherent(space.length_dimension());
    const std::string why = samples_ == 0    ? "no sample lies in the window"
                            : options_.where ? "the condition of 'where' holds at no site of any sample"
                                             : "no site has a value";
    std::map<std::string, ResultValue> results{
        {"", result_or(value_, options_.of.unit, why)},
        {"time", result_or(time_ / time_unit_.factor(), time_unit_, why)}};
    for (std::size_t a = 0; a < static_cast<std::size_t>(space.dimensions()); ++a)
      results[std::string(1, "xyz"[a])] = result_or(place_[a], length, why);
    if (space.varies())
      results["id"] = id_ < 0 ? missing(why) : ResultValue{static_cast<double>(id_), Unit{}};
    return results;
  }

 private:
  void look(const Observation& observation) override {
    if (observation.time < options_.after) return;
    ++samples_;
    const auto values = values_.all(observation.state, observation.time, observation.threads);
    const auto where = where_ ? where_->all(observation.state, observation.time, observation.threads)
                              : std::span<const double>{};
    for (std::size_t site = 0; site < values.size(); ++site) {
      if (!options_.of.space->inside(site)) continue;
      if (where_ && where[where.size() == 1 ? 0 : site] == 0.0) continue;
      const bool further = options_.greatest ? values[site] > value_ : values[site] < value_;
      if (!further && !std::isnan(value_)) continue;
      if (std::isnan(values[site])) continue;
      value_ = values[site];
      time_ = observation.time;
      note_place(observation.state, site);
    }
  }
  void note_place(const State& state, std::size_t site) {
    const Space& space = *options_.of.space;
    if (!space.varies()) {
      place_ = space.position(site);
      return;
    }
    const PopulationFields fields = population_fields(state.fields(), space);
    id_ = state.integer(fields.id)[site];
    for (int a = 0; a < space.dimensions(); ++a)
      place_[static_cast<std::size_t>(a)] = state.real(*fields.position, a)[site];
  }
  void save_more(Archive& archive) const override {
    archive.put("value", value_);
    archive.put("time", time_);
    archive.put("place", std::span<const double>(place_));
    archive.put("id", id_);
    archive.put("samples", samples_);
  }
  void load_more(const Archive& archive) override {
    value_ = archive.reals("value").at(0);
    time_ = archive.reals("time").at(0);
    for (std::size_t a = 0; a < 3; ++a) place_[a] = archive.reals("place").at(a);
    id_ = archive.integers("id").at(0);
    samples_ = archive.integers("samples").at(0);
  }

  const ExtremumOptions& options_;
  Unit time_unit_;
  ObservedValues values_;
  std::optional<ObservedValues> where_;
  std::int64_t samples_ = 0;
  double value_ = std::numeric_limits<double>::quiet_NaN();
  double time_ = std::numeric_limits<double>::quiet_NaN();
  Position place_{std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN(),
                  std::numeric_limits<double>::quiet_NaN()};
  std::int64_t id_ = -1;  // of an agent
};

class ExtremumRecipe final : public ObserverRecipe {
 public:
  ExtremumRecipe(const std::string& name, ExtremumOptions options)
      : ObserverRecipe(name), options_(std::move(options)) {}
  bool reads(FieldId field) const override {
    return options_.of.reads(field) || (options_.where && options_.where->reads(field));
  }
  std::unique_ptr<Observer> start(const Model& model) const override {
    return std::make_unique<Extremum>(options_, model);
  }
  std::vector<std::string> outcomes() const override {
    std::vector<std::string> names{"", "time"};
    for (int a = 0; a < options_.of.space->dimensions(); ++a)
      names.emplace_back(options_.of.space->type() == Space::Type::radial ? "r" : std::string(1, "xyz"[a]));
    if (options_.of.space->varies()) names.emplace_back("id");
    return names;
  }
  std::optional<Unit> outcome_unit(const std::string& outcome) const override {
    if (outcome.empty()) return options_.of.unit;
    if (outcome == "id") return Unit{};
    return outcome == "time" ? options_.time_unit : Unit::coherent(options_.of.space->length_dimension());
  }

 private:
  ExtremumOptions options_;
};

std::unique_ptr<ObserverRecipe> make(ObserverContext& context) {
  const modelfile::Section& section = context.section;
  ExtremumOptions options;
  options.of = read_observed(section, "of", Sites::may_change);
  if (section.has("where")) {
    options.where = read_observed(section, "where", Sites::may_change);
    if (options.where->space != options.of.space && !options.where->space->single())
      section.error("where",
                    "is about sites of '" + options.where->space->name() + "', but 'of' is on '" +
                        options.of.space->name() + "'",
                    "an equation over fields of that space");
  }
  options.greatest = section.text("which") == "maximum";
  if (section.has("after")) options.after = section.quantity("after");
  options.sampling = read_sampling(context);
  options.time_unit = context.model.schedule.time_unit;
  return std::make_unique<ExtremumRecipe>(context.name, std::move(options));
}

}  // namespace

modelfile::ObserverType extremum_type() {
  Schema schema("extremum", "The largest or smallest value over sites and time.");
  schema.add("of", modelfile::Option::Type::anything, "a field or an =equation");
  schema.choice("which", {"maximum", "minimum"}, "the largest or the smallest").with_default("maximum");
  schema
      .add("where", modelfile::Option::Type::anything,
           "an =equation: sites where it does not hold are left out")
      .make_optional();
  schema.quantity("after", "time", "samples before this time are left out; none if not given")
      .make_optional();
  add_sampling_option(schema);
  return {"extremum",
          "The largest or smallest value over all sites and samples. Outcomes: the value; its 'time'; and "
          "its place "
          "'x', 'y', 'z' in SI units; of an agent its 'id'.",
          std::move(schema), &make};
}

}  // namespace holon::observe

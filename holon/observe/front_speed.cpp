// front_speed: how fast the place where a field has a level moves along a line.
#include "holon/observe/crossing.hpp"
#include "holon/observe/observed.hpp"
#include "holon/observe/timed_observer.hpp"
#include "holon/observe/types.hpp"

#include <cmath>

namespace holon::observe {

namespace {

using modelfile::ObserverContext;
using modelfile::Schema;

constexpr double infinity = std::numeric_limits<double>::infinity();

struct FrontOptions {
  Observed of;
  double level = 0.5;                      // in the field's unit
  double after = 0.0;                      // coherent time
  double from = -infinity, to = infinity;  // coherent
  Sampling sampling;
  Unit unit;  // of the speed
};

/// The place of the level on the side of the front that runs into lower values: the crossing nearest to the
/// end of the line that lies below the level (the upper end if both do). Cubic through four sites.
std::optional<double> front_place(std::span<const double> x, std::span<const double> u, double level) {
  const std::size_t count = u.size();
  const auto place = [&](std::size_t low) {  // between the sites low and low + 1
    const std::size_t first = std::min(low == 0 ? 0 : low - 1, count < 4 ? 0 : count - 4);
    if (count < 4 || first + 1 != low) return linear_crossing(x[low], u[low], x[low + 1], u[low + 1], level);
    return cubic_crossing(x.subspan(first).first<4>(), u.subspan(first).first<4>(), level);
  };
  const auto crosses = [&](std::size_t low) { return (u[low] >= level) != (u[low + 1] >= level); };
  const bool from_below = u[count - 1] >= level && u[0] < level;
  for (std::size_t k = 0; k + 1 < count; ++k) {
    const std::size_t low = from_below ? k : count - 2 - k;
    if (crosses(low)) return place(low);
  }
  return std::nullopt;
}

class FrontSpeed final : public SampledObserver {
 public:
  FrontSpeed(const std::string& name, const FrontOptions& options, const Model& model)
      : SampledObserver(options.sampling),
        name_(name),
        options_(options),
        time_unit_(model.schedule.time_unit),
        values_(options.of, model) {}

  std::map<std::string, ResultValue> results() const override {
    const Unit& unit = options_.unit;
    std::vector<double> times, places;
    for (std::size_t i = 0; i < times_.size(); ++i) {
      if (times_[i] < options_.after || places_[i] < options_.from || places_[i] > options_.to) continue;
      times.push_back(times_[i]);
      places.push_back(places_[i]);
    }
    if (times.size() < 3)
      return {{"", missing("the front was seen " + std::to_string(times.size()) +
                               " times in the window; a speed needs 3",
                           unit)}};
    return {{"", {std::fabs(*fitted_slope(times, places)), unit}}};
  }

  std::map<std::string, Series> series() const override {
    Series table;
    table.columns = {{"time", time_unit_}, {"place", Unit::coherent(options_.of.space->length_dimension())}};
    for (std::size_t i = 0; i < times_.size(); ++i)
      table.rows.push_back({times_[i] / time_unit_.factor(), places_[i]});
    return {{name_, std::move(table)}};
  }

 private:
  void look(const Observation& observation) override {
    const auto values = values_.all(observation.state, observation.time, observation.threads);
    const auto place = front_place(options_.of.space->coordinates(0), values, options_.level);
    if (!place) return;
    times_.push_back(observation.time);
    places_.push_back(*place);
  }
  void save_more(Archive& archive) const override {
    archive.put("times", std::span<const double>(times_));
    archive.put("places", std::span<const double>(places_));
  }
  void load_more(const Archive& archive) override {
    times_ = archive.reals("times");
    places_ = archive.reals("places");
  }

  std::string name_;
  const FrontOptions& options_;
  Unit time_unit_;
  ObservedValues values_;
  std::vector<double> times_, places_;
};

class FrontRecipe final : public ObserverRecipe {
 public:
  FrontRecipe(const std::string& name, FrontOptions options)
      : ObserverRecipe(name), options_(std::move(options)) {}
  bool reads(FieldId field) const override { return options_.of.reads(field); }
  std::unique_ptr<Observer> start(const Model& model) const override {
    return std::make_unique<FrontSpeed>(name(), options_, model);
  }
  std::vector<std::string> outcomes() const override { return {""}; }
  std::optional<Unit> outcome_unit(const std::string&) const override { return options_.unit; }

 private:
  FrontOptions options_;
};

std::unique_ptr<ObserverRecipe> make(ObserverContext& context) {
  modelfile::Section& section = context.section;
  FrontOptions options;
  options.of = read_field(section, "of");
  if (options.of.space->type() != Space::Type::grid || options.of.space->dimensions() != 1 ||
      options.of.space->sites() < 2)
    section.error("of", "'" + options.of.name + "' lives on '" + options.of.space->name() + "'",
                  "a field on a grid of one axis",
                  "'conduction_velocity' and 'activation_time' measure waves in two and three dimensions");
  section.set_dimension("field", options.of.unit.dimension());
  options.level = section.quantity("level") / options.of.unit.factor();
  const Schedule& schedule = context.model.schedule;
  options.after = section.has("after") ? section.quantity("after")
                                       : 0.5 * schedule.step * static_cast<double>(schedule.steps);
  if (section.has("from")) options.from = section.quantity("from");
  if (section.has("to")) options.to = section.quantity("to");
  options.sampling = read_sampling(context);
  options.unit = Unit::coherent(options.of.space->length_dimension() / schedule.time_unit.dimension());
  return std::make_unique<FrontRecipe>(context.name, std::move(options));
}

}  // namespace

modelfile::ObserverType front_speed_type() {
  Schema schema("front_speed", "Speed of a front along a line.");
  schema.add("of", modelfile::Option::Type::field, "the field, on a grid of one axis");
  schema.quantity("level", "field", "the value that marks the front");
  schema.quantity("after", "time", "samples before this time are left out; half of the run if not given")
      .make_optional();
  schema.quantity("from", "length", "places below are left out").make_optional();
  schema.quantity("to", "length", "places above are left out").make_optional();
  add_sampling_option(schema);
  return {
      "front_speed",
      "How fast the place where a field has a level moves along a line: the slope of the line fitted to the "
      "places (least squares) in a window of time and place. The place is that of the crossing nearest to "
      "the "
      "end of the line that lies below the level, by a cubic through four sites. Outcome: the speed, "
      "positive; "
      "the series NAME holds the places.",
      std::move(schema), &make};
}

}  // namespace holon::observe

// conduction_velocity: distance between two places over the difference of their activation times.
#include "holon/observe/crossing.hpp"
#include "holon/observe/locations.hpp"
#include "holon/observe/observed.hpp"
#include "holon/observe/timed_observer.hpp"
#include "holon/observe/types.hpp"

#include <cmath>

namespace holon::observe {

namespace {

using modelfile::ObserverContext;
using modelfile::Schema;

constexpr double never = std::numeric_limits<double>::quiet_NaN();

struct VelocityOptions {
  Observed of;
  double threshold = 0.0;  // in the field's unit
  double after = 0.0;      // coherent time
  Location from, to;
  Unit time_unit, unit;
};

/// First upward crossings after a time at the few sites around a place.
struct ActivationAtPlace {
  std::vector<double> before, times;

  explicit ActivationAtPlace(const Location& place)
      : before(place.stencil.sites.size(), never), times(before) {}

  void look(std::span<const double> now, const Location& place, const VelocityOptions& options,
            double previous, double time) {
    for (std::size_t k = 0; k < times.size(); ++k) {
      const double value = now[place.stencil.sites[k]];
      if (std::isnan(times[k]) && value >= options.threshold && !(before[k] >= options.threshold)) {
        const double rise = std::isnan(before[k])
                                ? time
                                : linear_crossing(previous, before[k], time, value, options.threshold);
        if (rise >= options.after) times[k] = rise;
      }
      before[k] = value;
    }
  }

  double time(const Location& place) const {
    double sum = 0.0;
    for (std::size_t k = 0; k < times.size(); ++k) sum += place.stencil.weights[k] * times[k];
    return sum;
  }
};

class ConductionVelocity final : public TimedObserver {
 public:
  ConductionVelocity(const VelocityOptions& options, const Model& model)
      : options_(options),
        time_unit_(options.time_unit),
        values_(options.of, model),
        from_(options.from),
        to_(options.to) {}

  bool wants(std::int64_t) const override { return !complete(); }
  bool complete() const override { return !std::isnan(from_.time(options_.from) + to_.time(options_.to)); }

  std::map<std::string, ResultValue> results() const override {
    const Unit& unit = options_.unit;
    const double begin = from_.time(options_.from), end = to_.time(options_.to);
    if (std::isnan(begin)) return {{"", missing("the wave did not reach the first place", unit)}};
    if (std::isnan(end)) return {{"", missing("the wave did not reach the second place", unit)}};
    double square = 0.0;
    for (std::size_t a = 0; a < 3; ++a) {
      const double d = options_.to.position[a] - options_.from.position[a];
      square += d * d;
    }
    if (begin == end) return {{"", missing("both places were activated at the same time", unit)}};
    return {{"", {std::sqrt(square) / (end - begin), unit}},
            {"from_time", {begin / time_unit_.factor(), time_unit_}},
            {"to_time", {end / time_unit_.factor(), time_unit_}}};
  }

 private:
  void look(const Observation& observation) override {
    const std::span<const double> now = values_.all(observation.state, observation.time, observation.threads);
    from_.look(now, options_.from, options_, time_, observation.time);
    to_.look(now, options_.to, options_, time_, observation.time);
    time_ = observation.time;
  }
  void save_more(Archive& archive) const override {
    archive.put("time", time_);
    archive.put("from/before", std::span<const double>(from_.before));
    archive.put("from/times", std::span<const double>(from_.times));
    archive.put("to/before", std::span<const double>(to_.before));
    archive.put("to/times", std::span<const double>(to_.times));
  }
  void load_more(const Archive& archive) override {
    time_ = archive.reals("time").at(0);
    load_array(archive, "from/before", from_.before);
    load_array(archive, "from/times", from_.times);
    load_array(archive, "to/before", to_.before);
    load_array(archive, "to/times", to_.times);
  }

  const VelocityOptions& options_;
  Unit time_unit_;
  ObservedValues values_;
  double time_ = 0.0;
  ActivationAtPlace from_, to_;
};

class VelocityRecipe final : public ObserverRecipe {
 public:
  VelocityRecipe(const std::string& name, VelocityOptions options)
      : ObserverRecipe(name), options_(std::move(options)) {}
  bool reads(FieldId field) const override { return options_.of.reads(field); }
  std::unique_ptr<Observer> start(const Model& model) const override {
    return std::make_unique<ConductionVelocity>(options_, model);
  }
  std::vector<std::string> outcomes() const override { return {"", "from_time", "to_time"}; }
  std::optional<Unit> outcome_unit(const std::string& outcome) const override {
    return outcome.empty() ? options_.unit : options_.time_unit;
  }

 private:
  VelocityOptions options_;
};

std::unique_ptr<ObserverRecipe> make(ObserverContext& context) {
  modelfile::Section& section = context.section;
  VelocityOptions options;
  options.of = read_field(section, "of");
  section.set_dimension("field", options.of.unit.dimension());
  options.threshold = section.quantity("threshold") / options.of.unit.factor();
  if (section.has("after")) options.after = section.quantity("after");
  options.from = read_location(section, "from", *options.of.space);
  options.to = read_location(section, "to", *options.of.space);
  options.time_unit = context.model.schedule.time_unit;
  options.unit = Unit::coherent(options.of.space->length_dimension() / options.time_unit.dimension());
  if (options.from.position == options.to.position)
    section.error("to", "is the same place as 'from'", "two places that the wave passes one after the other");
  return std::make_unique<VelocityRecipe>(context.name, std::move(options));
}

}  // namespace

modelfile::ObserverType conduction_velocity_type() {
  Schema schema("conduction_velocity", "Speed of a wave between two places.");
  schema.add("of", modelfile::Option::Type::field, "the field");
  schema.quantity("threshold", "field", "the value that counts as activation");
  schema.quantity("after", "time", "what rises before this time is left out; none if not given")
      .make_optional();
  add_locations_option(schema, "from");
  add_locations_option(schema, "to");
  return {
      "conduction_velocity",
      "Distance between two places over the difference of their activation times. An activation time is that "
      "of "
      "the first rise through the threshold, interpolated linearly between macro steps and between sites. "
      "Outcomes: the speed; 'from_time' and 'to_time'.",
      std::move(schema), &make};
}

}  // namespace holon::observe

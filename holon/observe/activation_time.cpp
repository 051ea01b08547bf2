// activation_time: when each site of a field rises through a threshold for the first time.
#include "holon/observe/crossing.hpp"
#include "holon/observe/locations.hpp"
#include "holon/observe/observed.hpp"
#include "holon/observe/timed_observer.hpp"
#include "holon/observe/types.hpp"

#include <atomic>
#include <cmath>

namespace holon::observe {

namespace {

using modelfile::ObserverContext;
using modelfile::Schema;

constexpr std::size_t grain = 4096;  // sites that one thread takes at a time
constexpr double never = std::numeric_limits<double>::quiet_NaN();

struct ActivationOptions {
  Observed of;
  double threshold = 0.0;  // in the field's unit
  Unit time_unit;
  std::vector<Location> places;
};

class ActivationTime final : public TimedObserver {
 public:
  ActivationTime(const std::string& name, const ActivationOptions& options, const Model& model)
      : name_(name),
        options_(options),
        time_unit_(options.time_unit),
        values_(options.of, model),
        before_(options.of.space->sites(), never),
        times_(options.of.space->sites(), never) {}

  bool wants(std::int64_t) const override { return !complete(); }
  bool complete() const override { return activated_ == times_.size(); }

  std::map<std::string, ResultValue> results() const override {
    std::map<std::string, ResultValue> results;
    const double unit = time_unit_.factor();
    const std::string none = "no site rose through the threshold";
    std::vector<double> all(times_);
    double first = never, last = never;
    for (double& time : all) {
      if (!(time >= first)) first = std::isnan(time) ? first : time;
      if (!(time <= last)) last = std::isnan(time) ? last : time;
      time /= unit;
    }
    results[""] = all.size() == 1 ? result_or(all.front(), time_unit_, none) : ResultValue{all, time_unit_};
    results["first"] = result_or(first / unit, time_unit_, none);
    results["last"] = complete() ? ResultValue{last / unit, time_unit_}
                                 : missing(std::to_string(times_.size() - activated_) + " of " +
                                               std::to_string(times_.size()) + " sites were not activated",
                                           time_unit_);
    for (const Location& place : options_.places) {
      double time = 0.0;
      for (std::size_t k = 0; k < place.stencil.sites.size(); ++k)
        time += place.stencil.weights[k] * times_[place.stencil.sites[k]];
      results[place.name] = result_or(time / unit, time_unit_, "the place was not activated");
    }
    return results;
  }

 private:
  void look(const Observation& observation) override {
    const std::span<const double> now = values_.all(observation.state, observation.time, observation.threads);
    std::atomic<std::size_t> activated{0};
    observation.threads.for_range(times_.size(), grain, [&](std::size_t begin, std::size_t end) {
      std::size_t count = 0;
      for (std::size_t site = begin; site < end; ++site) {
        const double value = now[site];
        if (std::isnan(times_[site]) && value >= options_.threshold) {
          // A site that is above from the start counts as activated then.
          times_[site] = std::isnan(before_[site]) ? observation.time
                                                   : linear_crossing(time_, before_[site], observation.time,
                                                                     value, options_.threshold);
          ++count;
        }
        before_[site] = value;
      }
      activated += count;
    });
    activated_ += activated;
    time_ = observation.time;
  }

  /// The map itself is a picture worth having: one frame, where fields are written of a grid.
  void end(const Observation& observation) override {
    if (observation.frames == nullptr || options_.of.space->type() != Space::Type::grid || activated_ == 0)
      return;
    FieldFrame frame{name_, observation.time, 0, options_.of.space, {}};
    frame.columns.push_back({"activation_time", time_unit_, times_});
    for (double& time : frame.columns.front().values) time /= time_unit_.factor();
    observation.frames->write(frame);
  }

  void save_more(Archive& archive) const override {
    archive.put("time", time_);
    archive.put("activated", static_cast<std::int64_t>(activated_));
    archive.put("before", std::span<const double>(before_));
    archive.put("times", std::span<const double>(times_));
  }
  void load_more(const Archive& archive) override {
    time_ = archive.reals("time").at(0);
    activated_ = static_cast<std::size_t>(archive.integers("activated").at(0));
    load_array(archive, "before", before_);
    load_array(archive, "times", times_);
  }

  std::string name_;
  const ActivationOptions& options_;
  Unit time_unit_;
  ObservedValues values_;
  double time_ = 0.0;
  std::size_t activated_ = 0;
  std::vector<double> before_, times_;
};

class ActivationRecipe final : public ObserverRecipe {
 public:
  ActivationRecipe(const std::string& name, ActivationOptions options)
      : ObserverRecipe(name), options_(std::move(options)) {}
  bool reads(FieldId field) const override { return options_.of.reads(field); }
  std::unique_ptr<Observer> start(const Model& model) const override {
    return std::make_unique<ActivationTime>(name(), options_, model);
  }
  std::vector<std::string> outcomes() const override {
    std::vector<std::string> names{"", "first", "last"};
    for (const Location& place : options_.places) names.push_back(place.name);
    return names;
  }
  std::optional<Unit> outcome_unit(const std::string&) const override { return options_.time_unit; }
  std::optional<std::string> outcome_at(const Position& position) override {
    const Space& space = *options_.of.space;
    const auto stencil = stencil_at(space, position);
    if (!stencil) throw InputError(outside_text(space, ""));
    const std::string name = location_name(position, space.dimensions());
    options_.places.push_back({name, position, *stencil});
    return name;
  }

 private:
  ActivationOptions options_;
};

std::unique_ptr<ObserverRecipe> make(ObserverContext& context) {
  modelfile::Section& section = context.section;
  ActivationOptions options;
  options.of = read_field(section, "of");
  section.set_dimension("field", options.of.unit.dimension());
  options.threshold = section.quantity("threshold") / options.of.unit.factor();
  options.time_unit = context.model.schedule.time_unit;
  if (section.has("at")) options.places = read_locations(section, "at", *options.of.space);
  return std::make_unique<ActivationRecipe>(context.name, std::move(options));
}

}  // namespace

modelfile::ObserverType activation_time_type() {
  Schema schema("activation_time", "When each site rises through a threshold for the first time.");
  schema.add("of", modelfile::Option::Type::field, "the field");
  schema.quantity("threshold", "field", "the value that counts as activation");
  add_locations_option(schema);
  return {
      "activation_time",
      "When each site of a field rises through a threshold for the first time, interpolated linearly between "
      "macro steps. Outcomes: the times of all sites; 'first'; 'last'; and the time at each place of 'at' or "
      "of "
      "a result's own 'at', interpolated between sites. As a condition of 'stop_when' it is met when every "
      "site "
      "is activated. On a grid the map of times is written as a frame at the end.",
      std::move(schema), &make};
}

}  // namespace holon::observe

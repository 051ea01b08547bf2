// event_times: when the events of a process happened, to their exact times inside steps.
#include "holon/modelfile/loader.hpp"
#include "holon/observe/locations.hpp"
#include "holon/observe/timed_observer.hpp"
#include "holon/observe/types.hpp"

#include <algorithm>

namespace holon::observe {

namespace {

using modelfile::ObserverContext;
using modelfile::Option;
using modelfile::Schema;

struct EventTimesOptions {
  FieldId channel = 0;
  std::vector<Location> places;  ///< the sites that are looked at; empty: all
  bool single = false;           ///< there is one site
  Unit time_unit;
};

class EventTimes final : public TimedObserver {
 public:
  EventTimes(std::string name, EventTimesOptions options)
      : name_(std::move(name)), options_(std::move(options)) {}

  bool wants(std::int64_t) const override { return true; }

  std::map<std::string, ResultValue> results() const override {
    std::map<std::string, ResultValue> results;
    results["count"] = {static_cast<double>(times_.size()), {}};
    results[""] = {in_unit([](std::size_t) { return true; }), options_.time_unit};
    for (const Location& place : options_.places) {
      if (place.name.empty()) continue;
      const auto site = static_cast<double>(place.stencil.sites.front());
      results[place.name] = {in_unit([&](std::size_t k) { return sites_[k] == site; }), options_.time_unit};
    }
    return results;
  }

  std::map<std::string, Series> series() const override {
    if (options_.single) return {};  // the times are all that there is to say
    Series series;
    series.columns = {{"time", options_.time_unit}, {"site", {}}};
    for (std::size_t k = 0; k < times_.size(); ++k)
      series.rows.push_back({times_[k] / options_.time_unit.factor(), sites_[k]});
    return {{name_, std::move(series)}};
  }

 private:
  void look(const Observation& observation) override {
    for (const Event& event : observation.state.events.happened) {
      if (event.channel != options_.channel || !watched(event.site)) continue;
      times_.push_back(event.time);
      sites_.push_back(static_cast<double>(event.site));
    }
  }
  bool watched(std::size_t site) const {
    return options_.places.empty() ||
           std::any_of(options_.places.begin(), options_.places.end(),
                       [&](const Location& place) { return place.stencil.sites.front() == site; });
  }
  template <class Wanted>
  std::vector<double> in_unit(Wanted wanted) const {
    std::vector<double> times;
    for (std::size_t k = 0; k < times_.size(); ++k)
      if (wanted(k)) times.push_back(times_[k] / options_.time_unit.factor());
    return times;
  }
  void save_more(Archive& archive) const override {
    archive.put("times", std::span<const double>(times_));
    archive.put("sites", std::span<const double>(sites_));
  }
  void load_more(const Archive& archive) override {
    times_ = archive.reals("times");
    sites_ = archive.reals("sites");
  }

  std::string name_;
  EventTimesOptions options_;
  std::vector<double> times_;  // coherent, in order
  std::vector<double> sites_;
};

class EventTimesRecipe final : public ObserverRecipe {
 public:
  EventTimesRecipe(const std::string& name, EventTimesOptions options)
      : ObserverRecipe(name), options_(std::move(options)) {}
  bool reads(FieldId) const override { return false; }
  std::unique_ptr<Observer> start(const Model&) const override {
    return std::make_unique<EventTimes>(name(), options_);
  }
  std::vector<std::string> outcomes() const override {
    std::vector<std::string> names{"", "count"};
    for (const Location& place : options_.places)
      if (!place.name.empty()) names.push_back(place.name);
    return names;
  }
  std::optional<Unit> outcome_unit(const std::string& outcome) const override {
    return outcome == "count" ? Unit{} : options_.time_unit;
  }

 private:
  EventTimesOptions options_;
};

std::unique_ptr<ObserverRecipe> make(ObserverContext& context) {
  const modelfile::Section& section = context.section;
  EventTimesOptions options;
  options.channel = section.field("of");
  options.time_unit = context.model.schedule.time_unit;
  std::vector<std::string> channels;
  bool emits = false;
  for (const auto& process : context.model.processes)
    for (const Port& port : process->ports())
      if (port.role == Port::Role::emit) {
        channels.push_back((*context.model.fields)[port.field].name);
        emits = emits || port.field == options.channel;
      }
  if (!emits) {
    section.error("of", "'" + (*context.model.fields)[options.channel].name + "' is no event of a process",
                  "PROCESS.EVENT", channels.empty() ? "" : suggestion(section.text("of"), channels));
    throw modelfile::Abandoned{};
  }
  options.single = (*context.model.fields)[options.channel].space->single();
  if (section.has("at"))
    options.places = read_locations(section, "at", *(*context.model.fields)[options.channel].space);
  return std::make_unique<EventTimesRecipe>(context.name, std::move(options));
}

}  // namespace

modelfile::ObserverType event_times_type() {
  Schema schema("event_times", "When the events of a process happened.");
  schema.add("of", Option::Type::field, "PROCESS.EVENT");
  add_locations_option(schema);
  return {
      "event_times",
      "When the events of a process happened, to their exact times inside steps. Outcomes: the times of "
      "all sites that are looked at (all, where `at` is left out) as an array; the times at one of "
      "several places under its name; 'count'. Where there are several sites the series NAME holds time and "
      "site.",
      std::move(schema), &make};
}

}  // namespace holon::observe

// action_potential_duration_map: how long each site stays excited after its first rise past an onset.
#include "holon/observe/crossing.hpp"
#include "holon/observe/site_map.hpp"
#include "holon/observe/types.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <limits>

namespace holon::observe {

namespace {

using modelfile::ObserverContext;
using modelfile::Schema;

constexpr std::size_t grain = 4096;  // sites that one thread takes at a time
constexpr double never = std::numeric_limits<double>::quiet_NaN();

struct DurationOptions : MapOptions {
  double onset = 0.0;           // coherent time
  double repolarisation = 0.9;  // fraction of the way back from the peak to rest
};

class DurationMap final : public TimedObserver {
 public:
  static constexpr std::array outcomes{"", "least", "greatest"};

  DurationMap(const std::string& name, const DurationOptions& options, const Model& model)
      : name_(name),
        options_(options),
        first_(static_cast<std::int64_t>(std::ceil(options.onset / model.schedule.step * (1.0 - 1e-12)))),
        values_(options.of, model) {
    for (auto* column : {&rest_, &before_, &rise_, &peak_, &durations_})
      column->assign(options.of.space->sites(), never);
  }

  bool wants(std::int64_t index) const override { return index >= first_ && !complete(); }
  bool complete() const override { return measured_ == options_.of.space->sites_inside(); }

  std::map<std::string, ResultValue> results() const override {
    return map_results(durations(), options_,
                       "no action potential rose after the onset and came to its end within the run");
  }

 private:
  std::vector<double> durations() const {
    std::vector<double> durations = durations_;
    for (double& duration : durations) duration /= options_.unit.factor();
    return durations;
  }

  /// The first look is the onset: what a site has then is its rest.
  void look(const Observation& observation) override {
    const auto now = values_.all(observation.state, observation.time, observation.threads);
    std::atomic<std::size_t> measured{0};
    observation.threads.for_range(now.size(), grain, [&](std::size_t begin, std::size_t end) {
      std::size_t count = 0;
      for (std::size_t site = begin; site < end; ++site) {
        if (std::isnan(durations_[site]) && options_.of.space->inside(site))
          count += follow(site, now[site], observation.time) ? 1 : 0;
        before_[site] = now[site];
      }
      measured += count;
    });
    measured_ += measured;
    time_ = observation.time;
  }

  /// One more sample of a site; true if its action potential has come to its end.
  bool follow(std::size_t site, double value, double time) {
    if (std::isnan(rest_[site])) {
      rest_[site] = value;
      return false;
    }
    if (std::isnan(rise_[site])) {
      if (!(before_[site] < options_.threshold && value >= options_.threshold)) return false;
      rise_[site] = linear_crossing(time_, before_[site], time, value, options_.threshold);
      peak_[site] = value;
    }
    peak_[site] = std::max(peak_[site], value);
    const double level = peak_[site] - options_.repolarisation * (peak_[site] - rest_[site]);
    if (!(value <= level && before_[site] > level)) return false;
    durations_[site] = linear_crossing(time_, before_[site], time, value, level) - rise_[site];
    return true;
  }

  void end(const Observation& observation) override {
    if (measured_ > 0) write_map(name_, "action_potential_duration", durations(), options_, observation);
  }
  void save_more(Archive& archive) const override {
    archive.put("time", time_);
    for (const auto& [key, column] : columns()) archive.put(key, std::span<const double>(*column));
  }
  void load_more(const Archive& archive) override {
    time_ = archive.reals("time").at(0);
    load_array(archive, "rest", rest_);
    load_array(archive, "before", before_);
    load_array(archive, "rise", rise_);
    load_array(archive, "peak", peak_);
    load_array(archive, "durations", durations_);
    measured_ = static_cast<std::size_t>(
        std::count_if(durations_.begin(), durations_.end(), [](double d) { return !std::isnan(d); }));
  }
  std::array<std::pair<const char*, const std::vector<double>*>, 5> columns() const {
    return {{{"rest", &rest_},
             {"before", &before_},
             {"rise", &rise_},
             {"peak", &peak_},
             {"durations", &durations_}}};
  }

  std::string name_;
  const DurationOptions& options_;
  std::int64_t first_;
  ObservedValues values_;
  double time_ = 0.0;
  std::size_t measured_ = 0;
  std::vector<double> rest_, before_, rise_, peak_, durations_;
};

std::unique_ptr<ObserverRecipe> make(ObserverContext& context) {
  modelfile::Section& section = context.section;
  DurationOptions options;
  read_map_options(context, options);
  options.unit = context.model.schedule.time_unit;
  options.onset = section.quantity("onset");
  options.repolarisation = section.quantity("repolarisation");
  if (!(options.repolarisation > 0.0 && options.repolarisation < 1.0))
    section.error("repolarisation", "is " + number_text(options.repolarisation),
                  "a fraction between 0 and 1");
  return std::make_unique<MapRecipe<DurationMap, DurationOptions>>(context.name, std::move(options));
}

}  // namespace

modelfile::ObserverType action_potential_duration_map_type() {
  Schema schema("action_potential_duration_map", "How long each site stays excited.");
  add_map_options(schema);
  schema
      .quantity("onset", "time", "what rises before this time is left out; what a site has then is its rest")
      .with_default("0");
  schema.quantity("repolarisation", "1", "fraction of the way back from the peak to rest that ends it")
      .with_default("90 %");
  return {"action_potential_duration_map",
          "How long the first action potential after an onset lasts at each site: from the rise through the "
          "threshold "
          "to the fall through peak - repolarisation (peak - rest), both interpolated linearly between macro "
          "steps; the "
          "peak is the highest macro step. Outcomes: the durations of all sites; 'least'; 'greatest'; and "
          "the duration at "
          "each place of 'at' or of a result's own 'at'. As a condition of 'stop_when' it is met when every "
          "site has "
          "repolarised. On a grid the map is written as a frame at the end.",
          std::move(schema), &make};
}

}  // namespace holon::observe

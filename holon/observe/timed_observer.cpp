#include "holon/observe/timed_observer.hpp"

#include <algorithm>
#include <cmath>

namespace holon::observe {

void add_sampling_option(modelfile::Schema& schema) {
  schema
      .quantity("every", "time",
                "time between samples, a multiple of the schedule's step; every step if left out")
      .make_optional();
}

Sampling read_sampling(const modelfile::ObserverContext& context) {
  const modelfile::Section& section = context.section;
  if (!section.has("every")) return {};
  const Schedule& schedule = context.model.schedule;
  const double every = section.quantity("every"), steps = every / schedule.step;
  const double whole = std::max(1.0, std::round(steps));
  if (every > 0.0 && std::fabs(steps - whole) <= 1e-9 * whole) return {static_cast<std::int64_t>(whole)};
  const double factor = schedule.time_unit.factor();
  const auto in_unit = [&](double time) {
    // Twelve digits: the nearest multiple is to be read, not the rounding of its conversion.
    const double value = time / factor,
                 scale = std::pow(10.0, 11.0 - std::floor(std::log10(std::fabs(value))));
    const std::string unit = schedule.time_unit.text();
    return number_text(std::round(value * scale) / scale) + (unit == "1" ? "" : " " + unit);
  };
  section.error("every",
                every > 0.0 ? in_unit(every) + " is no multiple of the step " + in_unit(schedule.step)
                            : "must be positive",
                "a multiple of the schedule's step", "the nearest is " + in_unit(whole * schedule.step));
  return {};
}

void TimedObserver::observe(const Observation& observation) {
  if (observation.time > seen_) {
    seen_ = observation.time;
    look(observation);
  }
  if (observation.last) end(observation);
}

void TimedObserver::save(Archive& archive) const {
  archive.put("seen", seen_);
  save_more(archive);
}

void TimedObserver::load(const Archive& archive) {
  seen_ = archive.reals("seen").at(0);
  load_more(archive);
}

ResultValue result_or(double value, const Unit& unit, const std::string& why) {
  if (std::isnan(value)) return missing(why, unit);
  return {value, unit};
}

ResultValue missing(const std::string& why, const Unit& unit) { return {ResultValue::Missing{why}, unit}; }

void load_array(const Archive& archive, const std::string& path, std::vector<double>& into) {
  const std::vector<double>& found = archive.reals(path);
  if (found.size() != into.size())
    throw InputError("the checkpoint's '" + path + "' has " + std::to_string(found.size()) +
                     " values; the model needs " + std::to_string(into.size()));
  std::copy(found.begin(), found.end(), into.begin());
}

}  // namespace holon::observe

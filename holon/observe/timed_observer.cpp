#include "holon/observe/timed_observer.hpp"

#include <algorithm>
#include <cmath>

namespace holon::observe {

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

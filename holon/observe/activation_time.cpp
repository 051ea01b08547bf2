// activation_time: when each site of a field rises through a threshold for the first time.
#include "holon/observe/first_rise_map.hpp"
#include "holon/observe/types.hpp"

#include <array>
#include <cmath>

namespace holon::observe {

namespace {

using modelfile::ObserverContext;
using modelfile::Schema;

class ActivationTime final : public FirstRiseMap {
 public:
  static constexpr std::array outcomes{"", "first", "last"};

  ActivationTime(const std::string& name, const MapOptions& options, const Model& model)
      : FirstRiseMap(name, "activation_time", options, model), options_(options) {}

  std::map<std::string, ResultValue> results() const override {
    const std::size_t sites = rise().times().size();
    const std::string none =
        rise().risen() == 0 ? "no site rose through the threshold" : "the place was not activated";
    std::map<std::string, ResultValue> results = map_results(map(), options_, none);
    results["first"] = results["least"];
    results["last"] = complete() ? results["greatest"]
                                 : missing(std::to_string(sites - rise().risen()) + " of " +
                                               std::to_string(sites) + " sites were not activated",
                                           options_.unit);
    results.erase("least");
    results.erase("greatest");
    return results;
  }

 private:
  std::vector<double> map() const override {
    std::vector<double> times(rise().times().begin(), rise().times().end());
    for (double& time : times) time /= options_.unit.factor();
    return times;
  }

  const MapOptions& options_;
};

std::unique_ptr<ObserverRecipe> make(ObserverContext& context) {
  MapOptions options;
  read_map_options(context, options);
  options.unit = context.model.schedule.time_unit;
  return std::make_unique<MapRecipe<ActivationTime, MapOptions>>(context.name, std::move(options));
}

}  // namespace

modelfile::ObserverType activation_time_type() {
  Schema schema("activation_time", "When each site rises through a threshold for the first time.");
  add_map_options(schema);
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

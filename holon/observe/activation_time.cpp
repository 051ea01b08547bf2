// activation_time: when each site of a field rises through a threshold for the first time.
#include "holon/observe/first_rise_map.hpp"
#include "holon/observe/types.hpp"

#include <array>
#include <cmath>
#include <optional>

#include <fmt/format.h>

namespace holon::observe {

namespace {

using modelfile::ObserverContext;
using modelfile::Schema;

struct ActivationOptions : MapOptions {
  std::optional<double> after;  ///< looks before are left out [coherent time]
};

class ActivationTime final : public FirstRiseMap {
 public:
  static constexpr std::array outcomes{"", "first", "last"};

  ActivationTime(const std::string& name, const ActivationOptions& options, const Model& model)
      : FirstRiseMap(
            name, "activation_time", options, model,
            options.after ? FirstRise::AboveAtFirst::must_rise_again : FirstRise::AboveAtFirst::has_risen),
        options_(options) {}

  std::map<std::string, ResultValue> results() const override {
    const std::size_t sites = rise().times().size();
    std::string none =
        rise().risen() == 0 ? "no site rose through the threshold" : "the place was not activated";
    if (options_.after)
      none +=
          fmt::format(" after {}", Quantity{*options_.after / options_.unit.factor(), options_.unit}.text());
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
  bool leaves_out(double time) const override { return options_.after && time < *options_.after; }
  std::vector<double> map() const override {
    std::vector<double> times(rise().times().begin(), rise().times().end());
    for (double& time : times) time /= options_.unit.factor();
    return times;
  }

  const ActivationOptions& options_;
};

std::unique_ptr<ObserverRecipe> make(ObserverContext& context) {
  ActivationOptions options;
  read_map_options(context, options);
  if (context.section.has("after")) options.after = context.section.quantity("after");
  options.unit = context.model.schedule.time_unit;
  return std::make_unique<MapRecipe<ActivationTime, ActivationOptions>>(context.name, std::move(options));
}

}  // namespace

modelfile::ObserverType activation_time_type() {
  Schema schema("activation_time", "When each site rises through a threshold for the first time.");
  add_map_options(schema);
  schema
      .quantity("after", "time",
                "looks before this time are left out, and what is above the threshold by then has to fall "
                "and rise again; none if not given")
      .make_optional();
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

// conduction_velocity_map: how fast the first wave passes each site of a grid.
#include "holon/modelfile/loader.hpp"
#include "holon/observe/first_rise_map.hpp"
#include "holon/observe/site_gradient.hpp"
#include "holon/observe/types.hpp"

#include <array>
#include <cmath>
#include <limits>

namespace holon::observe {

namespace {

using modelfile::ObserverContext;
using modelfile::Schema;

struct VelocityMapOptions : MapOptions {
  double limit = std::numeric_limits<double>::infinity();  // coherent
};

class ConductionVelocityMap final : public FirstRiseMap {
 public:
  static constexpr std::array outcomes{"", "least", "greatest"};

  ConductionVelocityMap(const std::string& name, const VelocityMapOptions& options, const Model& model)
      : FirstRiseMap(name, "conduction_velocity", options, model), options_(options) {}

  std::map<std::string, ResultValue> results() const override {
    return map_results(map(), options_, "the wave did not pass there and at the sites around");
  }

 private:
  /// 1/|grad T|; not a number where sites around were not activated, or all at the same time, or above the
  /// limit.
  std::vector<double> map() const override {
    const auto& grid = dynamic_cast<const GridSpace&>(*options_.of.space);
    std::vector<double> speeds(grid.sites());
    for (std::size_t site = 0; site < speeds.size(); ++site) {
      const auto slowness = site_gradient(grid, rise().times(), site);
      const double norm =
          std::sqrt(slowness[0] * slowness[0] + slowness[1] * slowness[1] + slowness[2] * slowness[2]);
      const bool passed = norm > 0.0 && 1.0 / norm <= options_.limit;
      speeds[site] =
          passed ? 1.0 / (norm * options_.unit.factor()) : std::numeric_limits<double>::quiet_NaN();
    }
    return speeds;
  }

  const VelocityMapOptions& options_;
};

std::unique_ptr<ObserverRecipe> make(ObserverContext& context) {
  VelocityMapOptions options;
  read_map_options(context, options);
  const Space& space = *options.of.space;
  if (space.type() != Space::Type::grid || space.sites() < 2) {
    context.section.error("of", "'" + options.of.name + "' lives on '" + space.name() + "'",
                          "a field on a grid of two sites or more");
    throw modelfile::Abandoned{};
  }
  if (context.section.has("limit")) options.limit = context.section.quantity("limit");
  options.unit = Unit::coherent(space.length_dimension() / context.model.schedule.time_unit.dimension());
  return std::make_unique<MapRecipe<ConductionVelocityMap, VelocityMapOptions>>(context.name,
                                                                                std::move(options));
}

}  // namespace

modelfile::ObserverType conduction_velocity_map_type() {
  Schema schema("conduction_velocity_map", "How fast the first wave passes each site of a grid.");
  add_map_options(schema);
  schema
      .quantity(
          "limit", "length/time",
          "sites with a higher speed have none: there the stimulus or waves that meet raise many at once")
      .make_optional();
  return {
      "conduction_velocity_map",
      "How fast the first wave passes each site of a grid: 1/|grad T| with the activation times T of "
      "'activation_time', by differences of second order. There is none where the sites around were not "
      "activated, or all at the same time (under a stimulus); where waves meet the number says little. "
      "Outcomes: the speeds of all sites; 'least'; 'greatest'; and the speed at each place of 'at' or of a "
      "result's own 'at'. On a grid the map is written as a frame at the end.",
      std::move(schema), &make};
}

}  // namespace holon::observe

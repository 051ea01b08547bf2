// What observers have in common whose outcome is one number for every site: a map.
#pragma once

#include "holon/observe/locations.hpp"
#include "holon/observe/observed.hpp"
#include "holon/observe/timed_observer.hpp"

#include <map>
#include <string>
#include <vector>

namespace holon::observe {

struct MapOptions {
  Observed of;
  double threshold = 0.0;  // in the field's unit
  Unit unit;               // of the map's numbers
  std::vector<Location> places;
};

/// The outcomes of a map in `unit`, not a number where a site has none: '' (all sites), 'least' and
/// 'greatest', and those at the places. `none` says why a number is missing.
std::map<std::string, ResultValue> map_results(std::vector<double> values, const MapOptions& options,
                                               const std::string& none);

/// The map as one frame, where frames are written, of a grid; column NAME.
void write_map(const std::string& observer, const std::string& column, std::vector<double> values,
               const MapOptions& options, const Observation& observation);

/// Reads 'of', 'threshold' and 'at'.
void read_map_options(modelfile::ObserverContext& context, MapOptions& options);
void add_map_options(modelfile::Schema& schema);

/// The recipe of an observer `Watcher(name, options, model)`.
template <class Watcher, class Options>
class MapRecipe final : public ObserverRecipe {
 public:
  MapRecipe(const std::string& name, Options options) : ObserverRecipe(name), options_(std::move(options)) {}
  bool reads(FieldId field) const override { return options_.of.reads(field); }
  std::unique_ptr<Observer> start(const Model& model) const override {
    return std::make_unique<Watcher>(name(), options_, model);
  }
  std::vector<std::string> outcomes() const override {
    std::vector<std::string> names(Watcher::outcomes.begin(), Watcher::outcomes.end());
    for (const Location& place : options_.places) names.push_back(place.name);
    return names;
  }
  std::optional<Unit> outcome_unit(const std::string&) const override { return options_.unit; }
  std::optional<std::string> outcome_at(const Position& position) override {
    const Space& space = *options_.of.space;
    const auto stencil = stencil_at(space, position);
    if (!stencil) throw InputError(outside_text(space, ""));
    const std::string name = location_name(position, space.dimensions());
    options_.places.push_back({name, position, *stencil});
    return name;
  }

 private:
  Options options_;
};

}  // namespace holon::observe

#include "holon/observe/site_map.hpp"

#include <cmath>
#include <limits>

namespace holon::observe {

std::map<std::string, ResultValue> map_results(std::vector<double> values, const MapOptions& options,
                                               const std::string& none) {
  std::map<std::string, ResultValue> results;
  double least = std::numeric_limits<double>::quiet_NaN(), greatest = least;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    if (!(value >= least)) least = value;
    if (!(value <= greatest)) greatest = value;
  }
  results["least"] = result_or(least, options.unit, none);
  results["greatest"] = result_or(greatest, options.unit, none);
  for (const Location& place : options.places) {
    double value = 0.0;
    for (std::size_t k = 0; k < place.stencil.sites.size(); ++k)
      value += place.stencil.weights[k] * values[place.stencil.sites[k]];
    results[place.name] = result_or(value, options.unit, none);
  }
  results[""] = values.size() == 1 ? result_or(values.front(), options.unit, none)
                                   : ResultValue{std::move(values), options.unit};
  return results;
}

void write_map(const std::string& observer, const std::string& column, std::vector<double> values,
               const MapOptions& options, const Observation& observation) {
  if (observation.frames == nullptr || options.of.space->type() != Space::Type::grid) return;
  FieldFrame frame{observer, observation.time, 0, options.of.space, {}};
  frame.columns.push_back({column, options.unit, std::move(values)});
  observation.frames->write(frame);
}

void read_map_options(modelfile::ObserverContext& context, MapOptions& options) {
  modelfile::Section& section = context.section;
  options.of = read_field(section, "of");
  section.set_dimension("field", options.of.unit.dimension());
  options.threshold = section.quantity("threshold") / options.of.unit.factor();
  if (section.has("at")) options.places = read_locations(section, "at", *options.of.space);
}

void add_map_options(modelfile::Schema& schema) {
  schema.add("of", modelfile::Option::Type::field, "the field");
  schema.quantity("threshold", "field", "the value that counts as activation");
  add_locations_option(schema);
}

}  // namespace holon::observe

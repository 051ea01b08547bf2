// pseudo_ecg: the potential at electrodes outside of the tissue.
#include "holon/modelfile/loader.hpp"
#include "holon/observe/lead_field.hpp"
#include "holon/observe/observed.hpp"
#include "holon/observe/timed_observer.hpp"
#include "holon/observe/types.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace holon::observe {

namespace {

using modelfile::ObserverContext;
using modelfile::Option;
using modelfile::Schema;

constexpr std::size_t grain = 1024;  // sites of one partial sum: fixes the order of summation

struct Electrode {
  std::string name;
  Position position{};
};

struct EcgOptions {
  Observed of;
  std::vector<Electrode> electrodes;
  std::array<double, 3> ratio{1.0, 1.0, 1.0};  // of conductivities, inside over outside, per axis
  double missing_extent = 1.0;                 // area or length along the axes that the grid does not have
  Sampling sampling;
  Unit time_unit;
};

class PseudoEcg final : public SampledObserver {
 public:
  PseudoEcg(const std::string& name, const EcgOptions& options, const Model& model)
      : SampledObserver(options.sampling), name_(name), options_(options), values_(options.of, model) {
    const auto& grid = dynamic_cast<const GridSpace&>(*options.of.space);
    for (const Electrode& electrode : options.electrodes) {
      leads_.push_back(lead_field(grid, options.ratio, electrode.position));
      for (double& weight : leads_.back()) weight *= options.missing_extent;
    }
  }

  std::map<std::string, ResultValue> results() const override {
    std::map<std::string, ResultValue> results;
    const std::size_t width = leads_.size() + 1;
    for (std::size_t e = 0; e < leads_.size(); ++e) {
      double lowest = HUGE_VAL, highest = -HUGE_VAL;
      for (std::size_t row = 0; row < samples_.size(); row += width) {
        lowest = std::min(lowest, samples_[row + 1 + e]);
        highest = std::max(highest, samples_[row + 1 + e]);
      }
      const std::string& name = options_.electrodes[e].name;
      results[name + ".lowest"] = {lowest, options_.of.unit};
      results[name + ".highest"] = {highest, options_.of.unit};
    }
    return results;
  }

  std::map<std::string, Series> series() const override {
    Series table;
    table.columns = {{"time", options_.time_unit}};
    for (const Electrode& electrode : options_.electrodes)
      table.columns.push_back({electrode.name, options_.of.unit});
    const std::size_t width = leads_.size() + 1;
    for (std::size_t row = 0; row < samples_.size(); row += width) {
      table.rows.emplace_back(samples_.begin() + static_cast<std::ptrdiff_t>(row),
                              samples_.begin() + static_cast<std::ptrdiff_t>(row + width));
      table.rows.back()[0] /= options_.time_unit.factor();
    }
    return {{name_, std::move(table)}};
  }

 private:
  void look(const Observation& observation) override {
    const auto values = values_.all(observation.state, observation.time, observation.threads);
    samples_.push_back(observation.time);
    for (const std::vector<double>& lead : leads_)
      samples_.push_back(
          observation.threads.sum(values.size(), grain, [&](std::size_t begin, std::size_t end) {
            double sum = 0.0;
            for (std::size_t site = begin; site < end; ++site) sum += lead[site] * values[site];
            return sum;
          }));
  }
  void save_more(Archive& archive) const override {
    archive.put("samples", std::span<const double>(samples_));
  }
  void load_more(const Archive& archive) override { samples_ = archive.reals("samples"); }

  std::string name_;
  const EcgOptions& options_;
  ObservedValues values_;
  std::vector<std::vector<double>> leads_;
  std::vector<double> samples_;  // a row for each look: time, then one value for each electrode
};

class EcgRecipe final : public ObserverRecipe {
 public:
  EcgRecipe(const std::string& name, EcgOptions options)
      : ObserverRecipe(name), options_(std::move(options)) {}
  bool reads(FieldId field) const override { return options_.of.reads(field); }
  std::unique_ptr<Observer> start(const Model& model) const override {
    return std::make_unique<PseudoEcg>(name(), options_, model);
  }
  std::vector<std::string> outcomes() const override {
    std::vector<std::string> names;
    for (const Electrode& electrode : options_.electrodes)
      for (const char* outcome : {".lowest", ".highest"}) names.push_back(electrode.name + outcome);
    return names;
  }
  std::optional<Unit> outcome_unit(const std::string&) const override { return options_.of.unit; }

 private:
  EcgOptions options_;
};

void read_electrodes(const modelfile::Section& section, const GridSpace& grid, EcgOptions& options) {
  const auto* given = section.raw("electrodes");
  if (given == nullptr || given->mapping.empty()) {
    section.error("electrodes", "names no electrode", "{name: [x, y, z], ...}");
    throw modelfile::Abandoned{};
  }
  for (const auto& member : given->mapping) {
    const std::string key = section.path_of("electrodes") + '.' + member.key;
    const auto position = section.loader().position(member.value, key, 3);
    if (!position) continue;
    if (const auto site = too_near(grid, *position))
      section.loader().error(member.value.place, key,
                             "the electrode is nearer than a spacing to " + grid.site_text(*site),
                             "a place at least one spacing away from every site, where 1/r is resolved");
    options.electrodes.push_back({member.key, *position});
  }
}

void read_ratio(const modelfile::Section& section, const GridSpace& grid, EcgOptions& options) {
  const std::vector<double> given = section.quantities("ratio");
  const auto axes = static_cast<std::size_t>(grid.dimensions());
  if (given.size() != 1 && given.size() != axes) {
    section.error("ratio", "has " + std::to_string(given.size()) + " values",
                  "one, or one for each of " + std::to_string(axes) + " axes");
    return;
  }
  for (std::size_t a = 0; a < axes; ++a) {
    options.ratio.at(a) = given.at(std::min(a, given.size() - 1));
    if (!(options.ratio.at(a) >= 0.0))
      section.error("ratio", "is " + number_text(options.ratio.at(a)), "numbers that are not negative");
  }
}

double read_missing_extent(const modelfile::Section& section, const GridSpace& grid) {
  if (grid.dimensions() == 3) {
    if (section.has("thickness"))
      section.error("thickness", "is given", "nothing: '" + grid.name() + "' has three axes");
    return 1.0;
  }
  if (!section.has("thickness")) {
    section.error("thickness", "is missing: '" + grid.name() + "' has no third axis",
                  "the extent of the tissue along the axes that the grid does not have");
    return 1.0;
  }
  const double thickness = section.quantity("thickness");
  if (!(thickness > 0.0)) section.error("thickness", "is not positive", "a positive length");
  return grid.dimensions() == 2 ? thickness : thickness * thickness;
}

std::unique_ptr<ObserverRecipe> make(ObserverContext& context) {
  const modelfile::Section& section = context.section;
  EcgOptions options;
  options.of = read_observed(section, "of");
  const auto* grid = dynamic_cast<const GridSpace*>(options.of.space.get());
  if (grid == nullptr || grid->axis(0).periodic || (grid->dimensions() > 1 && grid->axis(1).periodic) ||
      (grid->dimensions() > 2 && grid->axis(2).periodic)) {
    section.error("of", "'" + options.of.name + "' lives on '" + options.of.space->name() + "'",
                  "a field on a grid without periodic axes");
    throw modelfile::Abandoned{};
  }
  read_electrodes(section, *grid, options);
  read_ratio(section, *grid, options);
  options.missing_extent = read_missing_extent(section, *grid);
  options.sampling = read_sampling(context);
  options.time_unit = context.model.schedule.time_unit;
  return std::make_unique<EcgRecipe>(context.name, std::move(options));
}

}  // namespace

modelfile::ObserverType pseudo_ecg_type() {
  Schema schema("pseudo_ecg", "The potential at electrodes outside of the tissue.");
  schema.add("of", Option::Type::anything, "the membrane potential: a field or an =equation");
  schema.add("electrodes", Option::Type::anything,
             "{name: [x, y, z], ...}, at least a spacing away from all sites");
  Option number;
  number.type = Option::Type::quantity;
  number.dimension = "1";
  schema
      .list("ratio", number,
            "conductivity inside of the cells over that of the medium: one number, or one for each axis")
      .with_default("1");
  schema.quantity("thickness", "length", "extent of the tissue along axes that the grid does not have")
      .make_optional();
  add_sampling_option(schema);
  return {"pseudo_ecg",
          "The potential at electrodes in an unbounded medium of uniform conductivity sigma_e: phi(e) = "
          "-1/(4 pi) times the "
          "integral over the tissue of (ratio grad V) . grad(1/r) with ratio = sigma_i/sigma_e and r the "
          "distance from e "
          "(Gima and Rudy 2002, Circulation Research 90:889), in the unit of V. A wave that comes nearer is "
          "positive. The "
          "integral is taken over differences between neighbouring sites, of second order in the spacing: a "
          "weighted sum "
          "of the values, with the electrode's lead field as weights. Outcomes: 'NAME.lowest' and "
          "'NAME.highest' of each "
          "electrode. The series NAME holds all of it.",
          std::move(schema), &make};
}

}  // namespace holon::observe

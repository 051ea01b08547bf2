// fields: frames of fields for pictures and animations.
#include "holon/modelfile/loader.hpp"
#include "holon/observe/observed.hpp"
#include "holon/observe/timed_observer.hpp"
#include "holon/observe/types.hpp"
#include "holon/space/population.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace holon::observe {

namespace {

using modelfile::ObserverContext;
using modelfile::Schema;

constexpr double no_value = std::numeric_limits<double>::quiet_NaN();

/// What is written of a grid: every stride-th site along each axis, as a grid of nodes.
struct Thinned {
  std::shared_ptr<const Space> space;
  std::vector<std::size_t> sites;  ///< of the whole grid; empty: all of them
};

struct FieldsOptions {
  std::vector<Observed> of;
  Thinned written;
  Sampling sampling;
};

Thinned thin(const std::shared_ptr<const Space>& space, std::size_t stride) {
  if (stride == 1) return {space, {}};
  const auto& grid = dynamic_cast<const GridSpace&>(*space);
  const Position first = grid.position(0);
  std::vector<GridSpace::Axis> axes;
  std::array<std::size_t, 3> counts{1, 1, 1};
  for (int a = 0; a < grid.dimensions(); ++a) {
    const auto k = static_cast<std::size_t>(a);
    counts[k] = (grid.count(a) - 1) / stride + 1;
    axes.push_back({.intervals = counts[k] - 1,
                    .spacing = grid.axis(a).spacing * static_cast<double>(stride),
                    .origin = first[k]});
  }
  Thinned thinned{
      std::make_shared<GridSpace>(grid.name(), GridSpace::Sites::nodes, axes, grid.length_dimension()), {}};
  for (std::size_t k = 0; k < counts[2]; ++k)
    for (std::size_t j = 0; j < counts[1]; ++j)
      for (std::size_t i = 0; i < counts[0]; ++i)
        thinned.sites.push_back(grid.index(i * stride, j * stride, k * stride));
  return thinned;
}

class Fields final : public SampledObserver {
 public:
  Fields(const std::string& name, const FieldsOptions& options, const Model& model)
      : SampledObserver(options.sampling), name_(name), options_(options) {
    for (const Observed& observed : options.of) values_.emplace_back(observed, model);
  }

 private:
  /// Places, ids and radii of the agents that there are.
  static void add_agents(const State& state, FieldFrame& frame) {
    const Space& population = *frame.space;
    const PopulationFields fields = population_fields(state.fields(), population);
    const auto id = state.integer(fields.id);
    const auto radius = state.real(*fields.radius);
    frame.points.resize(id.size());
    for (int a = 0; a < population.dimensions(); ++a) {
      const auto x = state.real(*fields.position, a);
      for (std::size_t k = 0; k < id.size(); ++k) frame.points[k][static_cast<std::size_t>(a)] = x[k];
    }
    frame.columns.push_back({"id", Unit{}, {id.begin(), id.end()}});
    frame.columns.push_back(
        {"radius", Unit::coherent(population.length_dimension()), {radius.begin(), radius.end()}});
  }
  void look(const Observation& observation) override {
    FieldFrame frame{name_, observation.time, frames_++, options_.written.space, {}};
    if (observation.frames == nullptr) return;
    if (frame.space->varies()) add_agents(observation.state, frame);
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const auto all = values_[i].all(observation.state, observation.time, observation.threads);
      const Space& space = *options_.of[i].space;
      std::vector<double> numbers;
      const auto write = [&](std::size_t site) {
        numbers.push_back(space.inside(site) ? all[site] : no_value);
      };
      if (options_.written.sites.empty())
        for (std::size_t site = 0; site < all.size(); ++site) write(site);
      for (const std::size_t site : options_.written.sites) write(site);
      frame.columns.push_back({options_.of[i].name, options_.of[i].unit, std::move(numbers)});
    }
    observation.frames->write(frame);
  }
  void save_more(Archive& archive) const override { archive.put("frames", frames_); }
  void load_more(const Archive& archive) override { frames_ = archive.integers("frames").at(0); }

  std::string name_;
  const FieldsOptions& options_;
  std::vector<ObservedValues> values_;
  std::int64_t frames_ = 0;
};

class FieldsRecipe final : public ObserverRecipe {
 public:
  FieldsRecipe(const std::string& name, FieldsOptions options)
      : ObserverRecipe(name), options_(std::move(options)) {}
  bool reads(FieldId field) const override {
    return std::any_of(options_.of.begin(), options_.of.end(),
                       [&](const auto& each) { return each.reads(field); });
  }
  std::unique_ptr<Observer> start(const Model& model) const override {
    return std::make_unique<Fields>(name(), options_, model);
  }

 private:
  FieldsOptions options_;
};

std::unique_ptr<ObserverRecipe> make(ObserverContext& context) {
  const modelfile::Section& section = context.section;
  FieldsOptions options;
  options.of = read_all_observed(section, "of", Sites::may_change);
  for (const Observed& observed : options.of) {
    const bool placed = observed.space->varies() && observed.space->dimensions() > 0;
    if (dynamic_cast<const StructuredSpace*>(observed.space.get()) == nullptr && !placed)
      section.error("of",
                    "'" + observed.name + "' lives on '" + observed.space->name() + "', which is no grid",
                    "fields on a grid or radial grid, or of a population in a grid",
                    "an observer of type 'probe' gives a series");
    else if (observed.space != options.of.front().space)
      section.error("of",
                    "'" + options.of.front().name + "' and '" + observed.name + "' live on different spaces",
                    "fields of one space", "use one observer for each space");
  }
  options.sampling = read_sampling(context);
  const std::int64_t stride = section.integer("stride");
  if (options.of.front().space->varies()) {
    if (stride != 1) section.error("stride", "is for grids, and this is a population", "1");
    options.written.space = options.of.front().space;
    return std::make_unique<FieldsRecipe>(context.name, std::move(options));
  }
  const auto* grid = dynamic_cast<const StructuredSpace*>(options.of.front().space.get());
  if (grid == nullptr) throw modelfile::Abandoned{};
  std::size_t most = grid->count(0);
  for (int a = 1; a < grid->dimensions(); ++a) most = std::min(most, grid->count(a));
  if (stride != 1 && grid->type() == Space::Type::radial)
    section.error("stride", "is " + std::to_string(stride) + ", and '" + grid->name() + "' is radial",
                  "1: shells that differ in width are written all");
  else if (stride != 1 && (stride < 1 || static_cast<std::size_t>(stride) >= most))
    section.error("stride", "is " + std::to_string(stride),
                  "1, or as many as leave at least two sites along each axis");
  else
    options.written = thin(options.of.front().space, static_cast<std::size_t>(stride));
  return std::make_unique<FieldsRecipe>(context.name, std::move(options));
}

}  // namespace

modelfile::ObserverType fields_type() {
  Schema schema("fields", "Frames of fields for pictures and animations.");
  schema.add(
      "of", modelfile::Option::Type::anything,
      "a process (all its fields), a field, an =equation, or a list of them, on one grid or population");
  schema
      .add("stride", modelfile::Option::Type::integer,
           "1: all sites; n: every n-th site along each axis, for large grids")
      .with_default("1");
  add_sampling_option(schema);
  return {"fields",
          "Writes fields on a grid (or, as points with ids and radii in .vtp files, of a population) as "
          "frames for pictures and animations: the files fields/NAME_000000.vti (.vtr of radial grids) "
          "and so on, "
          "and fields/NAME.pvd, which ParaView opens, and from which the report's animation is made.",
          std::move(schema), &make};
}

}  // namespace holon::observe

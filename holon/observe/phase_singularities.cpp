// phase_singularities: the tips of spiral waves, where two fields of a plane have their levels at one place.
#include "holon/modelfile/loader.hpp"
#include "holon/observe/bilinear_root.hpp"
#include "holon/observe/observed.hpp"
#include "holon/observe/timed_observer.hpp"
#include "holon/observe/types.hpp"

#include <algorithm>
#include <array>

namespace holon::observe {

namespace {

using modelfile::ObserverContext;
using modelfile::Option;
using modelfile::Schema;

struct TipOptions {
  std::array<Observed, 2> of;
  std::array<double, 2> level{};  // in the units of the fields
  Sampling sampling;
  Unit time_unit, length_unit;
};

struct Tip {
  double x, y;  // coherent
  int charge;
};

class PhaseSingularities final : public SampledObserver {
 public:
  PhaseSingularities(const std::string& name, const TipOptions& options, const Model& model)
      : SampledObserver(options.sampling),
        name_(name),
        options_(options),
        grid_(dynamic_cast<const GridSpace&>(*options.of[0].space)),
        first_(options.of[0], model),
        second_(options.of[1], model) {}

  std::map<std::string, ResultValue> results() const override {
    if (counts_.empty()) return {{"", missing("the run did not come to its end")}};
    return {{"", {counts_.back(), Unit{}}},
            {"most", {*std::max_element(counts_.begin(), counts_.end()), Unit{}}}};
  }

  std::map<std::string, Series> series() const override {
    Series tips, count;
    tips.columns = {{"time", options_.time_unit},
                    {"x", options_.length_unit},
                    {"y", options_.length_unit},
                    {"charge", Unit{}}};
    for (std::size_t i = 0; i < tips_.size(); i += 4)
      tips.rows.push_back({tips_[i] / options_.time_unit.factor(),
                           tips_[i + 1] / options_.length_unit.factor(),
                           tips_[i + 2] / options_.length_unit.factor(), tips_[i + 3]});
    count.columns = {{"time", options_.time_unit}, {"count", Unit{}}};
    for (std::size_t i = 0; i < counts_.size(); ++i)
      count.rows.push_back({times_[i] / options_.time_unit.factor(), counts_[i]});
    return {{name_, std::move(tips)}, {name_ + "_count", std::move(count)}};
  }

 private:
  void look(const Observation& observation) override {
    const auto u = first_.all(observation.state, observation.time, observation.threads);
    const auto v = second_.all(observation.state, observation.time, observation.threads);
    // A row of squares lies between two rows of sites; on a periodic axis the last one closes the ring.
    const std::size_t nx = grid_.count(0), ny = grid_.count(1);
    const std::size_t across = grid_.axis(0).periodic ? nx : nx - 1,
                      rows = grid_.axis(1).periodic ? ny : ny - 1;
    std::vector<std::vector<Tip>> found(rows);
    observation.threads.for_range(rows, 8, [&](std::size_t begin, std::size_t end) {
      for (std::size_t j = begin; j < end; ++j)
        for (std::size_t i = 0; i < across; ++i) look_at_square(u, v, i, j, found[j]);
    });
    std::size_t count = 0;
    for (const auto& row : found)
      for (const Tip& tip : row) {
        tips_.insert(tips_.end(), {observation.time, tip.x, tip.y, static_cast<double>(tip.charge)});
        ++count;
      }
    times_.push_back(observation.time);
    counts_.push_back(static_cast<double>(count));
  }

  void look_at_square(std::span<const double> u, std::span<const double> v, std::size_t i, std::size_t j,
                      std::vector<Tip>& found) const {
    const std::size_t right = (i + 1) % grid_.count(0), above = (j + 1) % grid_.count(1);
    const std::array<std::size_t, 4> corner{grid_.index(i, j), grid_.index(right, j), grid_.index(i, above),
                                            grid_.index(right, above)};
    for (const std::size_t site : corner)
      if (!grid_.inside(site)) return;
    BilinearPair pair;
    for (std::size_t k = 0; k < 4; ++k) {
      pair.u[k] = u[corner[k]] - options_.level[0];
      pair.v[k] = v[corner[k]] - options_.level[1];
    }
    const int charge = winding(pair);
    if (charge == 0) return;
    const auto place = bilinear_root(pair);
    const Position origin = grid_.position(corner[0]);
    found.push_back(
        {origin[0] + place[0] * grid_.axis(0).spacing, origin[1] + place[1] * grid_.axis(1).spacing, charge});
  }

  void save_more(Archive& archive) const override {
    archive.put("times", std::span<const double>(times_));
    archive.put("counts", std::span<const double>(counts_));
    archive.put("tips", std::span<const double>(tips_));
  }
  void load_more(const Archive& archive) override {
    times_ = archive.reals("times");
    counts_ = archive.reals("counts");
    tips_ = archive.reals("tips");
  }

  std::string name_;
  const TipOptions& options_;
  const GridSpace& grid_;
  ObservedValues first_, second_;
  std::vector<double> times_, counts_;  // one per look
  std::vector<double> tips_;            // four per tip: time, x, y, charge
};

class TipRecipe final : public ObserverRecipe {
 public:
  TipRecipe(const std::string& name, TipOptions options)
      : ObserverRecipe(name), options_(std::move(options)) {}
  bool reads(FieldId field) const override {
    return options_.of[0].reads(field) || options_.of[1].reads(field);
  }
  std::unique_ptr<Observer> start(const Model& model) const override {
    return std::make_unique<PhaseSingularities>(name(), options_, model);
  }
  std::vector<std::string> outcomes() const override { return {"", "most"}; }
  std::optional<Unit> outcome_unit(const std::string&) const override { return Unit{}; }

 private:
  TipOptions options_;
};

std::unique_ptr<ObserverRecipe> make(ObserverContext& context) {
  modelfile::Section& section = context.section;
  TipOptions options;
  modelfile::Loader& loader = section.loader();
  const auto *of = section.raw("of"), *levels = section.raw("levels");
  if (of == nullptr || levels == nullptr || of->list.size() != 2 || levels->list.size() != 2) {
    section.error("of", "is not a list of two", "the two fields and, in 'levels', their values at a tip");
    throw modelfile::Abandoned{};
  }
  for (std::size_t k = 0; k < 2; ++k) {
    const std::string at = '[' + std::to_string(k) + ']';
    options.of.at(k) = read_observed(section, of->list[k], section.path_of("of") + at, "");
    const Unit& unit = options.of.at(k).unit;
    options.level.at(k) =
        loader.quantity(levels->list[k], section.path_of("levels") + at, unit.dimension()).value_or(0.0) /
        unit.factor();
  }
  const auto space = options.of[0].space;
  if (space->type() != Space::Type::grid || space->dimensions() != 2 ||
      dynamic_cast<const GridSpace&>(*space).count(0) < 2 ||
      dynamic_cast<const GridSpace&>(*space).count(1) < 2) {
    section.error("of", "'" + options.of[0].name + "' lives on '" + space->name() + "'",
                  "a field on a grid of two axes");
    throw modelfile::Abandoned{};
  }
  if (options.of[1].space != space)
    section.error("of", "'" + options.of[1].name + "' lives on '" + options.of[1].space->name() + "'",
                  "a field on '" + space->name() + "', as '" + options.of[0].name + "' does");
  options.sampling = read_sampling(context);
  options.time_unit = context.model.schedule.time_unit;
  options.length_unit = Unit::coherent(space->length_dimension());
  return std::make_unique<TipRecipe>(context.name, std::move(options));
}

}  // namespace

modelfile::ObserverType phase_singularities_type() {
  Schema schema("phase_singularities", "The tips of spiral waves in a plane.");
  schema.add("of", Option::Type::anything,
             "two fields or =equations of one plane: [one that rises with excitation, one that follows]");
  schema.add("levels", Option::Type::anything, "their values at a tip: [first, second]");
  add_sampling_option(schema);
  return {"phase_singularities",
          "The tips of spiral waves in a plane: where two fields have their levels at one place, so that the "
          "phase "
          "around it is not defined. A square of four sites holds one where the phase winds round its sides "
          "once; its "
          "place is that of the fields interpolated between the four sites, its charge +1 where the phase of "
          "(first, "
          "second) turns with the axes (from x to y) and -1 where it turns against them. Outcomes: how many "
          "there are at "
          "the end; 'most' at any look. Series: NAME with a line for each tip of each look, and NAME_count.",
          std::move(schema), &make};
}

}  // namespace holon::observe

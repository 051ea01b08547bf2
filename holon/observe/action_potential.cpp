// action_potential: the shape of one action potential, from the onset of its stimulus.
#include "holon/modelfile/loader.hpp"
#include "holon/observe/action_potential_shape.hpp"
#include "holon/observe/field_rate.hpp"
#include "holon/observe/locations.hpp"
#include "holon/observe/observed.hpp"
#include "holon/observe/timed_observer.hpp"
#include "holon/observe/types.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace holon::observe {

namespace {

using modelfile::ObserverContext;
using modelfile::Option;
using modelfile::Schema;

struct PotentialOptions {
  Observed of;
  Location place;
  std::optional<Observed> calcium;
  Location calcium_place;
  std::string no_calcium = "the observer was given no field for calcium";
  double onset = 0.0;  // coherent time
  double level = 0.0;  // in the field's unit
  Unit time_unit;
  Sampling sampling;
};

class ActionPotentialObserver final : public SampledObserver {
 public:
  ActionPotentialObserver(const PotentialOptions& options, const Model& model)
      : SampledObserver(options.sampling),
        options_(options),
        time_unit_(options.time_unit),
        first_(static_cast<std::int64_t>(std::floor(options.onset / model.schedule.step)) - 1),
        potential_(options.of, model) {
    if (options.of.field) rate_ = FieldRate::of(*options.of.field, model);
    if (options.calcium) calcium_.emplace(*options.calcium, model);
  }

  bool wants(std::int64_t index) const override { return index >= first_; }
  std::vector<Fraction> between(std::int64_t index) const override {
    return index >= first_ ? SampledObserver::between(index) : std::vector<Fraction>{};
  }

  std::map<std::string, ResultValue> results() const override {
    PotentialSamples samples{times_, values_, rate_ ? rates_ : differences(times_, values_)};
    const ActionPotential shape = measure(samples, options_.onset, options_.level);
    const double unit = time_unit_.factor();
    const Unit& volt = options_.of.unit;
    const Unit slope = volt / time_unit_;
    const std::string onset = "the run does not reach the onset of the stimulus";
    const std::string flat =
        !shape.peak ? onset : "no action potential: " + options_.of.name + " " + why_flat(shape);
    const std::string open = shape.rise_time ? "the run ends before this repolarisation" : flat;
    const auto value = [](const std::optional<double>& x, double factor, const Unit& in,
                          const std::string& why) {
      return x ? ResultValue{*x * factor, in} : missing(why, in);
    };
    const auto since_rise = [&](const std::optional<double>& time) {
      return time && shape.rise_time ? std::optional(*time - *shape.rise_time) : std::nullopt;
    };
    std::map<std::string, ResultValue> results;
    results["resting_potential"] = value(shape.resting, 1.0, volt, onset);
    results["v_max"] =
        value(shape.rise_time ? std::optional(shape.peak->value) : std::nullopt, 1.0, volt, flat);
    results["dvdt_max"] = value(shape.steepest, unit, slope, flat);
    results["apd50"] = value(since_rise(shape.crossing_50), 1.0 / unit, time_unit_, open);
    results["apd90"] = value(since_rise(shape.crossing_90), 1.0 / unit, time_unit_, open);
    add_calcium(shape, flat, results);
    return results;
  }

 private:
  /// Why V does not rise through the level after the onset.
  std::string why_flat(const ActionPotential& shape) const {
    const std::string level = number_text(options_.level) + " " + options_.of.unit.text();
    if (*shape.resting < options_.level) return "stays below " + level + " after the onset";
    return fmt::format("is at {:.3g} {} at the onset already, and does not rise through {} after it",
                       *shape.resting, options_.of.unit.text(), level);
  }

  void add_calcium(const ActionPotential& shape, const std::string& flat,
                   std::map<std::string, ResultValue>& results) const {
    ResultValue &peak = results["cai_peak"], &time = results["cai_peak_time"];
    if (!calcium_) {
      peak = missing(options_.no_calcium);
      time = missing(options_.no_calcium, time_unit_);
      return;
    }
    if (!shape.rise_time) {
      peak = missing(flat, options_.calcium->unit);
      time = missing(flat, time_unit_);
      return;
    }
    std::size_t begin = 0;
    while (begin + 1 < times_.size() && times_[begin] < options_.onset) ++begin;
    const auto highest = static_cast<std::size_t>(
        std::max_element(concentrations_.begin() + static_cast<std::ptrdiff_t>(begin),
                         concentrations_.end()) -
        concentrations_.begin());
    const Peak found = peak_around(times_, concentrations_, highest);
    peak = {found.value, options_.calcium->unit};
    time = {(found.time - *shape.rise_time) / time_unit_.factor(), time_unit_};
  }

  void look(const Observation& observation) override {
    const State& state = observation.state;
    times_.push_back(observation.time);
    values_.push_back(potential_.at(state, observation.time, options_.place.stencil));
    if (rate_) rates_.push_back((*rate_)(state, observation.time, observation.threads));
    if (calcium_)
      concentrations_.push_back(calcium_->at(state, observation.time, options_.calcium_place.stencil));
  }

  void save_more(Archive& archive) const override {
    archive.put("times", std::span<const double>(times_));
    archive.put("values", std::span<const double>(values_));
    archive.put("rates", std::span<const double>(rates_));
    archive.put("concentrations", std::span<const double>(concentrations_));
  }
  void load_more(const Archive& archive) override {
    times_ = archive.reals("times");
    values_ = archive.reals("values");
    rates_ = archive.reals("rates");
    concentrations_ = archive.reals("concentrations");
  }

  const PotentialOptions& options_;
  Unit time_unit_;
  std::int64_t first_;
  ObservedValues potential_;
  std::optional<FieldRate> rate_;
  std::optional<ObservedValues> calcium_;
  std::vector<double> times_, values_, rates_, concentrations_;
};

class ActionPotentialRecipe final : public ObserverRecipe {
 public:
  ActionPotentialRecipe(const std::string& name, PotentialOptions options)
      : ObserverRecipe(name), options_(std::move(options)) {}
  std::unique_ptr<Observer> start(const Model& model) const override {
    return std::make_unique<ActionPotentialObserver>(options_, model);
  }
  std::vector<std::string> outcomes() const override {
    return {"resting_potential", "v_max", "dvdt_max", "apd50", "apd90", "cai_peak", "cai_peak_time"};
  }
  std::optional<Unit> outcome_unit(const std::string& outcome) const override {
    const Unit& volt = options_.of.unit;
    if (outcome == "resting_potential" || outcome == "v_max") return volt;
    if (outcome == "dvdt_max") return volt / options_.time_unit;
    if (outcome == "cai_peak") return options_.calcium ? std::optional(options_.calcium->unit) : std::nullopt;
    return options_.time_unit;
  }

 private:
  PotentialOptions options_;
};

/// Cells differ in whether they have calcium: a field that its process does not have is no mistake of the
/// model, but worth a word.
void read_calcium(const modelfile::Section& section, PotentialOptions& options) {
  const std::string name = section.text("calcium");
  const Model& model = section.loader().model();
  const std::string owner = name.substr(0, name.find('.'));
  bool owner_known = false;
  for (const std::string& field : model.fields->names())
    owner_known = owner_known || field.starts_with(owner + ".");
  if (owner_known && !model.fields->contains(name)) {
    options.no_calcium = "the model has no field '" + name + "'";
    section.warning("calcium", options.no_calcium + ": the calcium results will be null");
    return;
  }
  const FieldId id = section.field("calcium");
  const Field& field = (*model.fields)[id];
  options.calcium = Observed{field.name, field.unit, field.space, id, {}};
  options.calcium_place = read_location(section, "at", *field.space);
}

/// Where all processes that change the field choose their steps by the error, what the field does is resolved
/// between macro steps too. Elsewhere the trajectory is that of the steps.
bool resolved_between_steps(FieldId field, const Model& model) {
  return std::all_of(model.processes.begin(), model.processes.end(), [&](const auto& process) {
    const Ports ports = process->ports();
    const bool changes = std::any_of(ports.begin(), ports.end(), [&](const Port& port) {
      return port.field == field && port.role != Port::Role::read;
    });
    return !changes || process->traits().error_controlled;
  });
}

Sampling read_resolution(const modelfile::Section& section, const Observed& of, const Model& model) {
  if (!section.has("resolution")) return {};
  const double resolution = section.quantity("resolution"), longest = resolution / model.schedule.step;
  constexpr double most_in_a_step = 1e6;
  if (!(longest * most_in_a_step >= 1.0)) {
    section.error("resolution", resolution > 0.0 ? "is less than a millionth of the step" : "is not positive",
                  "a positive time");
    return {};
  }
  return of.field && resolved_between_steps(*of.field, model) ? Sampling::at_least_every(longest)
                                                              : Sampling{};
}

std::unique_ptr<ObserverRecipe> make(ObserverContext& context) {
  modelfile::Section& section = context.section;
  PotentialOptions options;
  options.of = read_field(section, "of");
  options.place = read_location(section, "at", *options.of.space);
  section.set_dimension("field", options.of.unit.dimension());
  options.level = section.quantity("level") / options.of.unit.factor();
  options.time_unit = context.model.schedule.time_unit;
  options.onset = section.quantity("onset");
  options.sampling = read_resolution(section, options.of, context.model);
  if (section.has("calcium")) read_calcium(section, options);
  return std::make_unique<ActionPotentialRecipe>(context.name, std::move(options));
}

}  // namespace

modelfile::ObserverType action_potential_type() {
  Schema schema("action_potential", "The shape of one action potential.");
  schema.add("of", Option::Type::field, "the membrane potential");
  schema
      .add("calcium", Option::Type::text,
           "the field of the calcium concentration; null results where a cell has none")
      .make_optional();
  schema.quantity("onset", "time", "onset of the stimulus of the beat that is measured");
  schema.quantity("level", "field", "the potential whose upward crossing is time zero of the durations")
      .with_default("0");
  schema
      .quantity(
          "resolution", "time",
          "with an integrator that chooses its own steps (cvode, dormand_prince, rosenbrock), the longest "
          "time between looks at the potential where the schedule's step is longer; every step if left out")
      .make_optional();
  add_locations_option(schema);
  return {
      "action_potential",
      "The shape of the action potential that follows a stimulus onset. Outcomes: 'resting_potential', V at "
      "the "
      "onset; 'v_max', by the parabola through the highest samples; 'dvdt_max', the largest rate of V from "
      "the "
      "onset to the peak, stimulus included (the rate that the processes state at each look; on spaces "
      "of "
      "several sites and for outputs the difference of samples); 'apd50' and 'apd90', from V rising through "
      "the "
      "level to V falling through v_max - x (v_max - resting_potential); 'cai_peak' and 'cai_peak_time', the "
      "latter since V rose. Between looks (each macro step, or 'resolution') by cubics with the slopes.",
      std::move(schema), &make};
}

}  // namespace holon::observe

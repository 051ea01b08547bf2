// final: values at the end of a run, or at a moment of it.
#include "holon/modelfile/loader.hpp"
#include "holon/observe/locations.hpp"
#include "holon/observe/observed.hpp"
#include "holon/observe/timed_observer.hpp"
#include "holon/observe/types.hpp"
#include "holon/space/population.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace holon::observe {

namespace {

using modelfile::ObserverContext;
using modelfile::Schema;

/// One field or equation, at all sites of its space or at one place.
struct FinalValue {
  Observed observed;
  std::optional<Location> at;
};

std::vector<std::size_t> in_order_of_ids(const State& state, const Space& population) {
  const auto ids = state.integer(population_fields(state.fields(), population).id);
  std::vector<std::size_t> order(ids.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return ids[a] < ids[b]; });
  return order;
}

/// When they are taken: at the end where no time is given.
struct Moment {
  std::optional<double> time;  ///< coherent
  Sampling sampling = Sampling::never();
};

class Final final : public SampledObserver {
 public:
  Final(const std::vector<FinalValue>& values, const Moment& moment, const Model& model)
      : SampledObserver(moment.sampling), what_(values), time_(moment.time) {
    for (const FinalValue& value : values) readers_.emplace_back(value.observed, model);
  }

  std::map<std::string, ResultValue> results() const override {
    const Unit& unit = what_.front().observed.unit;
    if (!taken_)
      return {{"", missing(time_ ? "the run ended before" : "the run did not come to its end", unit)}};
    if (numbers_.size() == 1) return {{"", result_or(numbers_.front(), unit, "the value is not a number")}};
    return {{"", {numbers_, unit}}};
  }

 private:
  void look(const Observation& observation) override {
    constexpr double same = 1e-9;
    if (time_ && !taken_ && std::abs(observation.time - *time_) <= same * std::abs(*time_)) take(observation);
  }
  void end(const Observation& observation) override {
    if (!time_) take(observation);
  }
  void take(const Observation& observation) {
    taken_ = true;
    numbers_.clear();
    for (std::size_t i = 0; i < readers_.size(); ++i) {
      if (what_[i].at) {
        const Location& at = *what_[i].at;
        numbers_.push_back(at.agent ? readers_[i].of_agent(observation.state, observation.time, *at.agent)
                                    : readers_[i].at(observation.state, observation.time, at.stencil));
        continue;
      }
      const auto all = readers_[i].all(observation.state, observation.time, observation.threads);
      if (what_[i].observed.space->varies()) {
        for (const std::size_t site : in_order_of_ids(observation.state, *what_[i].observed.space))
          numbers_.push_back(all[site]);
        continue;
      }
      numbers_.insert(numbers_.end(), all.begin(), all.end());
    }
  }
  void save_more(Archive& archive) const override {
    archive.put("numbers", std::span<const double>(numbers_));
    archive.put("ended", std::int64_t{taken_ ? 1 : 0});
  }
  void load_more(const Archive& archive) override {
    numbers_ = archive.reals("numbers");
    taken_ = archive.integers("ended").at(0) != 0;
  }

  const std::vector<FinalValue>& what_;
  std::vector<ObservedValues> readers_;
  std::optional<double> time_;
  std::vector<double> numbers_;
  bool taken_ = false;
};

class FinalRecipe final : public ObserverRecipe {
 public:
  FinalRecipe(const std::string& name, std::vector<FinalValue> values, const Moment& moment)
      : ObserverRecipe(name), values_(std::move(values)), moment_(moment) {}
  bool reads(FieldId field) const override {
    return std::any_of(values_.begin(), values_.end(),
                       [&](const auto& each) { return each.observed.reads(field); });
  }
  std::unique_ptr<Observer> start(const Model& model) const override {
    return std::make_unique<Final>(values_, moment_, model);
  }
  std::vector<std::string> outcomes() const override { return {""}; }
  std::optional<Unit> outcome_unit(const std::string&) const override {
    return values_.front().observed.unit;
  }

 private:
  std::vector<FinalValue> values_;
  Moment moment_;
};

Moment read_moment(const ObserverContext& context) {
  Moment moment;
  if (!context.section.has("time")) return moment;
  const double time = context.section.quantity("time");
  if (!(time > 0.0) || !std::isfinite(time)) {
    context.section.error("time", "is no moment after the start", "a positive, finite time");
    throw modelfile::Abandoned{};
  }
  moment.time = time;
  moment.sampling = Sampling::every(time / context.model.schedule.step);
  return moment;
}

std::unique_ptr<ObserverRecipe> make(ObserverContext& context) {
  const modelfile::Section& section = context.section;
  std::vector<FinalValue> values;
  for (const Observed& observed : read_all_observed(section, "of", Sites::may_change)) {
    FinalValue value{observed, std::nullopt};
    if (section.has("at")) value.at = read_location(section, "at", *observed.space);
    if (!values.empty() && observed.unit.text() != values.front().observed.unit.text()) {
      section.error("of",
                    "'" + values.front().observed.name + "' is in " + values.front().observed.unit.text() +
                        " and '" + observed.name + "' in " + observed.unit.text(),
                    "values of one unit: an array has one", "use one observer for each");
      throw modelfile::Abandoned{};
    }
    values.push_back(std::move(value));
  }
  return std::make_unique<FinalRecipe>(context.name, std::move(values), read_moment(context));
}

}  // namespace

modelfile::ObserverType final_type() {
  Schema schema("final", "Values at the end of a run.");
  schema.add("of", modelfile::Option::Type::anything,
             "a process (all its fields), a field, an =equation, or a list of them, of one unit");
  add_locations_option(schema);
  schema
      .quantity("time", "time",
                "the moment at which they are taken instead, which need not be a multiple of the step")
      .make_optional();
  return {"final",
          "Values at the end of a run, or at a moment of it: a number, or an array (one field after the "
          "other; within a field site "
          "after "
          "site, agents in order of their ids).",
          std::move(schema), &make};
}

}  // namespace holon::observe

#include "holon/analysis/scales_observer.hpp"

#include "holon/analysis/scale_map.hpp"

#include <algorithm>

namespace holon::analysis {

namespace {

using modelfile::ObserverContext;
using modelfile::Option;
using modelfile::Schema;

class ScalesObserver final : public Observer {
 public:
  ScalesObserver(const Model& model, const std::string& micro, const std::string& macro)
      : model_(model), micro_(micro), macro_(macro) {}
  bool wants(std::int64_t) const override { return false; }  // the end is shown to everybody

  void observe(const Observation& observation) override {
    const ScaleMap map = scale_map(model_, {&observation.state}, {observation.time}, observation.threads);
    const auto found = std::find_if(map.pairs.begin(), map.pairs.end(), [&](const PairScales& pair) {
      const std::string &a = map.processes[pair.fast].name, &b = map.processes[pair.slow].name;
      return (a == micro_ && b == macro_) || (a == macro_ && b == micro_);
    });
    if (found == map.pairs.end()) return;
    values_ = {found->epsilon, found->tau_ratio_diffusion, found->tau_ratio_advection, found->epsilon_time,
               found->time_ratio};
    // The stated roles, not the order that the numbers suggest.
    if (map.processes[found->small].name != micro_)
      for (std::size_t k = 0; k < 3; ++k)
        if (values_[k] > 0.0) values_[k] = 1.0 / values_[k];
  }

  std::map<std::string, ResultValue> results() const override {
    std::map<std::string, ResultValue> results;
    const std::vector<std::string> names = outcome_names();
    for (std::size_t k = 0; k < names.size(); ++k) {
      if (k < values_.size() && values_[k] > 0.0)
        results[names[k]] = {values_[k], {}};
      else
        results[names[k]] = {
            ResultValue::Missing{"the scales of '" + micro_ + "' and '" + macro_ + "' are not both known"},
            {}};
    }
    return results;
  }
  static std::vector<std::string> outcome_names() {
    return {"epsilon", "tau_ratio_diffusion", "tau_ratio_advection", "epsilon_time", "time_ratio"};
  }

  void save(Archive& archive) const override { archive.put("values", std::span<const double>(values_)); }
  void load(const Archive& archive) override { values_ = archive.reals("values"); }

 private:
  const Model& model_;
  std::string micro_, macro_;
  std::vector<double> values_;
};

class ScalesRecipe final : public ObserverRecipe {
 public:
  ScalesRecipe(const std::string& name, std::string micro, std::string macro)
      : ObserverRecipe(name), micro_(std::move(micro)), macro_(std::move(macro)) {}
  std::unique_ptr<Observer> start(const Model& model) const override {
    return std::make_unique<ScalesObserver>(model, micro_, macro_);
  }
  std::vector<std::string> outcomes() const override { return ScalesObserver::outcome_names(); }
  std::optional<Unit> outcome_unit(const std::string&) const override { return Unit{}; }

 private:
  std::string micro_, macro_;
};

std::unique_ptr<ObserverRecipe> make_scales(ObserverContext& context) {
  return std::make_unique<ScalesRecipe>(context.name, context.section.text("micro"),
                                        context.section.text("macro"));
}

}  // namespace

modelfile::ObserverType scales_type() {
  Schema schema("scales", "How two processes stand to each other in space and time.");
  schema.add("micro", Option::Type::process, "the process of the smaller scale");
  schema.add("macro", Option::Type::process, "the process of the larger scale");
  return {
      "scales",
      "How two processes stand to each other on the scale-separation map (see `holon scales`), at the end of "
      "the run. Outcomes: 'epsilon' = l/L, the extent in space of 'micro' over that of 'macro'; "
      "'tau_ratio_diffusion' = epsilon^2, their times at one diffusivity; 'tau_ratio_advection' = epsilon, "
      "their "
      "times at one speed; 'epsilon_time', the extent in time of the faster over the resolution of the "
      "slower; "
      "'time_ratio', the slowest time of the faster over the fastest time of the slower.",
      schema, &make_scales};
}

}  // namespace holon::analysis

// lineages: how many descendants the agents of the start have.
#include "holon/modelfile/loader.hpp"
#include "holon/observe/timed_observer.hpp"
#include "holon/observe/types.hpp"
#include "holon/space/population.hpp"

#include <algorithm>

namespace holon::observe {

namespace {

using modelfile::ObserverContext;
using modelfile::Option;
using modelfile::Schema;

struct LineagesOptions {
  std::shared_ptr<const Space> population;
  Unit time_unit;
  bool tabulate = false;
  Sampling sampling;
};

/// Over the lineages, each of which began with one agent.
struct LineageNumbers {
  double time = 0.0, agents = 0.0, mean = 0.0, variance = 0.0, extinct = 0.0;
};

class Lineages final : public SampledObserver {
 public:
  Lineages(const std::string& name, const LineagesOptions& options, const Model& model)
      : SampledObserver(options.tabulate ? options.sampling : Sampling::never()),
        name_(name),
        options_(options),
        founder_(population_fields(*model.fields, *options.population).founder) {}

  std::map<std::string, ResultValue> results() const override {
    const Unit one;
    std::map<std::string, ResultValue> results;
    for (const char* outcome : {"agents", "mean", "variance", "extinct"})
      results[outcome] = missing("the run did not come to its end", one);
    if (rows_.empty()) return results;
    const LineageNumbers last = numbers(rows_.size() - width);
    results["agents"] = {last.agents, one};
    results["mean"] = result_or(last.mean, one, "there were no agents at the start");
    results["variance"] = result_or(last.variance, one, "a variance needs two lineages");
    results["extinct"] = result_or(last.extinct, one, "there were no agents at the start");
    return results;
  }

  std::map<std::string, Series> series() const override {
    if (!options_.tabulate) return {};
    Series table;
    const Unit one;
    table.columns = {
        {"time", options_.time_unit}, {"agents", one}, {"mean", one}, {"variance", one}, {"extinct", one}};
    for (std::size_t at = 0; at < rows_.size(); at += width) {
      const LineageNumbers row = numbers(at);
      table.rows.push_back(
          {row.time / options_.time_unit.factor(), row.agents, row.mean, row.variance, row.extinct});
    }
    return {{name_, std::move(table)}};
  }

 private:
  static constexpr std::size_t width = 5;
  LineageNumbers numbers(std::size_t at) const {
    return {rows_[at], rows_[at + 1], rows_[at + 2], rows_[at + 3], rows_[at + 4]};
  }

  void look(const Observation& observation) override {
    const auto founder = observation.state.integer(founder_);
    counts_.assign(options_.population->sites(), 0);
    for (const std::int64_t id : founder) ++counts_[static_cast<std::size_t>(id)];
    const auto lineages = static_cast<double>(counts_.size());
    const double mean = static_cast<double>(founder.size()) / lineages;
    double squares = 0.0;
    for (const std::int64_t count : counts_) {
      const double difference = static_cast<double>(count) - mean;
      squares += difference * difference;
    }
    const auto extinct = static_cast<double>(std::count(counts_.begin(), counts_.end(), 0));
    rows_.insert(rows_.end(), {observation.time, static_cast<double>(founder.size()), mean,
                               squares / (lineages - 1.0), extinct / lineages});
  }
  void save_more(Archive& archive) const override { archive.put("rows", std::span<const double>(rows_)); }
  void load_more(const Archive& archive) override { rows_ = archive.reals("rows"); }

  std::string name_;
  const LineagesOptions& options_;
  FieldId founder_;
  std::vector<std::int64_t> counts_;
  std::vector<double> rows_;  // width numbers each
};

class LineagesRecipe final : public ObserverRecipe {
 public:
  LineagesRecipe(const std::string& name, LineagesOptions options)
      : ObserverRecipe(name), options_(std::move(options)) {}
  bool reads(FieldId) const override { return false; }  // nothing that is determined
  std::unique_ptr<Observer> start(const Model& model) const override {
    return std::make_unique<Lineages>(name(), options_, model);
  }
  std::vector<std::string> outcomes() const override { return {"agents", "mean", "variance", "extinct"}; }
  std::optional<Unit> outcome_unit(const std::string&) const override { return Unit{}; }

 private:
  LineagesOptions options_;
};

std::unique_ptr<ObserverRecipe> make(ObserverContext& context) {
  LineagesOptions options;
  options.population = context.section.space("of");
  if (options.population->type() != Space::Type::population) {
    context.section.error("of", "'" + options.population->name() + "' is no population",
                          "a space of type population");
    throw modelfile::Abandoned{};
  }
  options.time_unit = context.model.schedule.time_unit;
  options.tabulate = context.section.has("every");
  options.sampling = read_sampling(context);
  return std::make_unique<LineagesRecipe>(context.name, std::move(options));
}

}  // namespace

modelfile::ObserverType lineages_type() {
  Schema schema("lineages", "How many descendants the agents of the start have.");
  schema.add("of", Option::Type::space, "a population");
  add_sampling_option(schema);
  return {
      "lineages",
      "How many descendants the agents of the start have, each of which began a lineage. Outcomes, at the "
      "end: "
      "'agents' in all, and over the lineages the 'mean' and the 'variance' (n - 1) of the number of living "
      "descendants and the part that is 'extinct'. With 'every' the series NAME holds them over time.",
      std::move(schema), &make};
}

}  // namespace holon::observe

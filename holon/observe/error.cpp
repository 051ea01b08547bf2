// error: distance of fields to equations, in a norm over the sites.
#include "holon/modelfile/loader.hpp"
#include "holon/observe/observed.hpp"
#include "holon/observe/timed_observer.hpp"
#include "holon/observe/types.hpp"

#include <cmath>

namespace holon::observe {

namespace {

using modelfile::ObserverContext;
using modelfile::Option;
using modelfile::Schema;

enum class Norm { maximum, root_mean_square, euclidean };

struct Pair {
  Observed of;
  Coefficient against;  // coherent
};

struct ErrorOptions {
  std::vector<Pair> pairs;
  std::optional<Coefficient> where;
  Norm norm = Norm::maximum;
  bool at_end = true;
  Sampling sampling;
};

/// Field minus equation in the field's unit, and whether the site counts.
SiteKernel difference_kernel(const Pair& pair, const ErrorOptions& options, const Model& model) {
  expr::Graph graph;
  const expr::Node value = graph.symbol("field:" + pair.of.name);
  const expr::Node exact = graph.divide(pair.against.lower(graph), graph.constant(pair.of.unit.factor()));
  SiteKernel::Source source;
  source.name = "distance of " + pair.of.name;
  source.graph = &graph;
  source.outputs = {graph.subtract(value, exact),
                    options.where ? options.where->lower(graph) : graph.constant(1.0)};
  expr::KernelOptions kernels = model.kernels;
  kernels.tier = expr::Tier::interpreter;  // run once or now and then
  return {source, pair.of.space, *model.fields, *model.parameters, kernels};
}

class Error final : public SampledObserver {
 public:
  Error(const ErrorOptions& options, const Model& model)
      : SampledObserver(options.at_end ? Sampling::never() : options.sampling), options_(options) {
    for (const Pair& pair : options.pairs) kernels_.push_back(difference_kernel(pair, options, model));
  }

  std::map<std::string, ResultValue> results() const override {
    const Unit& unit = options_.pairs.front().of.unit;
    if (!seen_) return {{"", missing("the run did not come to the time of the comparison", unit)}};
    return {{"", result_or(error_, unit, "the field or the equation is not a number at some site")}};
  }

 private:
  void look(const Observation& observation) override {
    if (!options_.at_end) take(observation);
  }
  void end(const Observation& observation) override {
    if (options_.at_end) take(observation);
  }

  void take(const Observation& observation) {
    seen_ = true;
    for (std::size_t p = 0; p < kernels_.size(); ++p) {
      const double found = distance(p, observation);
      // Written so that not-a-number, once there, stays.
      if (!(found <= error_) && !std::isnan(error_)) error_ = found;
    }
  }

  double distance(std::size_t pair, const Observation& observation) {
    const Space& space = *options_.pairs[pair].of.space;
    difference_.resize(observation.state.sites(space));
    counts_.resize(difference_.size());
    SiteKernel::Call call;
    call.time = observation.time;
    double* const columns[] = {difference_.data(), counts_.data()};
    kernels_[pair].run(observation.state, call, columns, observation.threads);
    double largest = 0.0, squares = 0.0, weighted = 0.0, measure = 0.0;
    for (std::size_t site = 0; site < difference_.size(); ++site) {
      if (counts_[site] == 0.0 || !space.inside(site)) continue;
      const double d = std::fabs(difference_[site]), m = space.measure(site);
      if (!(d <= largest) && !std::isnan(largest)) largest = d;
      squares += d * d;
      weighted += m * d * d;
      measure += m;
    }
    switch (options_.norm) {
      case Norm::maximum:
        return largest;
      case Norm::root_mean_square:
        return std::sqrt(weighted / measure);
      case Norm::euclidean:
        return std::sqrt(squares);
    }
    return largest;
  }

  void save_more(Archive& archive) const override {
    archive.put("error", error_);
    archive.put("seen_any", static_cast<std::int64_t>(seen_));
  }
  void load_more(const Archive& archive) override {
    error_ = archive.reals("error").at(0);
    seen_ = archive.integers("seen_any").at(0) != 0;
  }

  const ErrorOptions& options_;
  std::vector<SiteKernel> kernels_;
  std::vector<double> difference_, counts_;
  double error_ = 0.0;
  bool seen_ = false;
};

class ErrorRecipe final : public ObserverRecipe {
 public:
  ErrorRecipe(const std::string& name, ErrorOptions options)
      : ObserverRecipe(name), options_(std::move(options)) {}
  std::unique_ptr<Observer> start(const Model& model) const override {
    return std::make_unique<Error>(options_, model);
  }
  std::vector<std::string> outcomes() const override { return {""}; }
  std::optional<Unit> outcome_unit(const std::string&) const override {
    return options_.pairs.front().of.unit;
  }

 private:
  ErrorOptions options_;
};

/// One equation for one field, or a list of as many.
std::vector<Coefficient> read_references(const modelfile::Section& section,
                                         const std::vector<Observed>& fields) {
  const auto* value = section.raw("against");
  std::vector<Coefficient> references;
  if (value == nullptr || value->kind != modelfile::Document::Value::Kind::list) {
    if (fields.size() == 1) return {section.coefficient("against", fields.front().unit.dimension())};
  } else if (value->list.size() == fields.size()) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const auto found = section.loader().coefficient(
          value->list[i], section.path() + ".against[" + std::to_string(i) + "]", fields[i].unit.dimension());
      if (!found) throw modelfile::Abandoned{};
      references.push_back(*found);
    }
    return references;
  }
  section.error("against", "does not give one equation for each field of 'of'",
                std::to_string(fields.size()) + (fields.size() == 1 ? " equation" : " equations in a list"));
  throw modelfile::Abandoned{};
}

std::unique_ptr<ObserverRecipe> make(ObserverContext& context) {
  const modelfile::Section& section = context.section;
  ErrorOptions options;
  const std::vector<Observed> fields = read_all_observed(section, "of", Sites::may_change);
  const std::vector<Coefficient> references = read_references(section, fields);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (!fields[i].field || fields[i].unit.dimension() != fields.front().unit.dimension()) {
      section.error("of", "'" + fields[i].name + "' can't be compared",
                    "fields of one dimension; the largest of their distances is the result");
      throw modelfile::Abandoned{};
    }
    Observed field = fields[i];
    field.name = (*context.model.fields)[*field.field].name;
    options.pairs.push_back({std::move(field), references[i]});
  }
  if (section.has("where")) options.where = section.coefficient("where", Dimension{});
  const std::string norm = section.text("norm");
  options.norm = norm == "maximum"     ? Norm::maximum
                 : norm == "euclidean" ? Norm::euclidean
                                       : Norm::root_mean_square;
  options.at_end = section.flag("at_end");
  options.sampling = read_sampling(context);
  return std::make_unique<ErrorRecipe>(context.name, std::move(options));
}

}  // namespace

modelfile::ObserverType error_type() {
  Schema schema("error", "Distance of fields to equations.");
  schema.add("of", Option::Type::anything, "a field, a process or a list of fields of one dimension");
  schema.add("against", Option::Type::anything,
             "an =equation of time, place, fields and parameters for each field (a list for several)");
  schema.coefficient("where", "1", "a condition such as =abs(position.x) < 20: other sites are left out")
      .make_optional();
  schema
      .choice("norm", {"maximum", "root_mean_square", "euclidean"},
              "over the sites; root_mean_square weighs them by their measure, euclidean is the root of the "
              "sum of "
              "squares")
      .with_default("maximum");
  schema
      .add("at_end", Option::Type::flag,
           "compare at the end alone, or else keep the largest over the samples")
      .with_default("true");
  add_sampling_option(schema);
  return {
      "error",
      "Distance of fields to equations, in a norm over the sites: the largest over the fields, at the end or "
      "over all samples. Outcome: the distance in the (first) field's unit.",
      std::move(schema), &make};
}

}  // namespace holon::observe

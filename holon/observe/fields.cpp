// fields: frames of fields for pictures and animations.
#include "holon/observe/observed.hpp"
#include "holon/observe/timed_observer.hpp"
#include "holon/observe/types.hpp"

namespace holon::observe {

namespace {

using modelfile::ObserverContext;
using modelfile::Schema;

struct FieldsOptions {
  std::vector<Observed> of;
  Sampling sampling;
};

class Fields final : public SampledObserver {
 public:
  Fields(const std::string& name, const FieldsOptions& options, const Model& model)
      : SampledObserver(options.sampling), name_(name), options_(options) {
    for (const Observed& observed : options.of) values_.emplace_back(observed, model);
  }

 private:
  void look(const Observation& observation) override {
    FieldFrame frame{name_, observation.time, frames_++, options_.of.front().space, {}};
    if (observation.frames == nullptr) return;
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const auto all = values_[i].all(observation.state, observation.time, observation.threads);
      frame.columns.push_back({options_.of[i].name, options_.of[i].unit, {all.begin(), all.end()}});
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
  options.of = read_all_observed(section, "of");
  for (const Observed& observed : options.of) {
    if (observed.space->type() != Space::Type::grid)
      section.error("of",
                    "'" + observed.name + "' lives on '" + observed.space->name() + "', which is no grid",
                    "fields on a grid", "an observer of type 'probe' gives a series");
    else if (observed.space != options.of.front().space)
      section.error("of",
                    "'" + options.of.front().name + "' and '" + observed.name + "' live on different spaces",
                    "fields of one space", "use one observer for each space");
  }
  options.sampling = read_sampling(context);
  return std::make_unique<FieldsRecipe>(context.name, std::move(options));
}

}  // namespace

modelfile::ObserverType fields_type() {
  Schema schema("fields", "Frames of fields for pictures and animations.");
  schema.add("of", modelfile::Option::Type::anything,
             "a process (all its fields), a field, an =equation, or a list of them, on one grid");
  add_sampling_option(schema);
  return {"fields",
          "Writes fields on a grid as frames for pictures and animations: the files fields/NAME_000000.vti "
          "and so on, "
          "and fields/NAME.pvd, which ParaView opens, and from which the report's animation is made.",
          std::move(schema), &make};
}

}  // namespace holon::observe

// Events, observers, results and studies.
#include "holon/modelfile/build.hpp"
#include "holon/modelfile/model_schema.hpp"
#include "holon/modelfile/study.hpp"

#include <algorithm>
#include <cmath>

namespace holon::modelfile {

using Value = Document::Value;

namespace {

/// The space whose sites an event looks at: that of the fields in its function.
std::shared_ptr<const Space> event_space(Loader& loader, const Value& event, const std::string& path) {
  if (const Value* named = event.find("space")) {
    const auto name = loader.text(*named, path + ".space");
    return name ? loader.space(*name, named->place, path + ".space") : nullptr;
  }
  const Value& when = *event.find("when");
  const Model& model = loader.model();
  std::shared_ptr<const Space> space;
  if (when.is_equation()) {
    const auto equation = loader.equation(when, path + ".when", Scope::coefficient);
    if (!equation) return nullptr;
    for (const auto& [name, meaning] : equation->names()) {
      if (!model.fields->contains(name) || loader.parameters().contains(name)) continue;
      const auto& candidate = (*model.fields)[model.fields->id(name)].space;
      if (space && space != candidate && !space->single() && !candidate->single()) {
        loader.error(when.place, path + ".when",
                     "joins fields of the spaces '" + space->name() + "' and '" + candidate->name() + "'");
        return nullptr;
      }
      if (!space || space->single()) space = candidate;
    }
  }
  if (space) return space;
  for (const auto& [name, candidate] : model.spaces)
    if (candidate->single()) return candidate;
  return std::make_shared<PointSpace>("event");
}

/// The site that stands at a place; an error if there is none.
std::optional<std::size_t> site_at(Loader& loader, const Space& space, const Value& at,
                                   const std::string& path) {
  const auto place = loader.position(at, path, space.dimensions());
  if (!place) return std::nullopt;
  const auto site = space.nearest(*place);
  if (!site) {
    loader.error(at.place, path, "is outside the space '" + space.name() + "'");
    return std::nullopt;
  }
  const Position found = space.position(*site);
  double distance = 0.0, scale = 0.0;
  for (std::size_t a = 0; a < 3; ++a) {
    distance = std::max(distance, std::abs(found.at(a) - place->at(a)));
    scale = std::max({scale, std::abs(found.at(a)), std::abs(place->at(a))});
  }
  if (distance > 1e-9 * scale) {
    loader.error(at.place, path, "there is no site at this place", "",
                 "the nearest is " + space.site_text(*site));
    return std::nullopt;
  }
  return site;
}

void build_event(Loader& loader, const Value::Member& entry) {
  const std::string path = "events." + entry.key;
  const Value& value = entry.value;
  if (value.kind != Value::Kind::mapping || value.find("when") == nullptr)
    return;  // reported by validate_model
  const Section section(loader, &value, &event_schema(), path, loader.dimensions());
  EventRecipe event;
  event.name = entry.key;
  const auto function = loader.coefficient(*value.find("when"), path + ".when", std::nullopt);
  if (!function) return;
  event.function = *function;
  event.space = event_space(loader, value, path);
  const std::string direction = section.text("direction");
  event.direction = direction == "falling"  ? EventRecipe::Direction::falling
                    : direction == "either" ? EventRecipe::Direction::either
                                            : EventRecipe::Direction::rising;
  event.action = section.text("then") == "stop" ? EventRecipe::Action::stop : EventRecipe::Action::record;
  const Value* at = value.find("at");
  if (at != nullptr && at->kind == Value::Kind::list) {
    event.reduction = EventRecipe::Reduction::site;
    if (event.space && event.space->varies())
      section.error("at", "is a place, but '" + event.space->name() + "' is a population, whose agents move",
                    "any or every");
    else if (event.space)
      event.site = site_at(loader, *event.space, *at, path + ".at").value_or(0);
  } else {
    const std::string which = section.text("at");
    if (which != "any" && which != "every")
      section.error("at", "'" + which + "' is not known here", "any, every, or a place such as [1 mm]");
    event.reduction = which == "every" ? EventRecipe::Reduction::every : EventRecipe::Reduction::any;
  }
  if (event.space) loader.model().events.push_back(std::move(event));
}

class ResultReader {
 public:
  ResultReader(Loader& loader, const Value::Member& entry)
      : loader_(loader), value_(entry.value), path_("results." + entry.key) {
    recipe_.name = entry.key;
  }

  /// Everything but an equation, which needs to know all other results first.
  ResultRecipe& read() {
    if (const Value* unit = value_.find("unit")) recipe_.unit = read_unit(loader_, *unit, path_ + ".unit");
    if (const Value* description = value_.find("description"))
      recipe_.description = loader_.text(*description, path_ + ".description").value_or("");
    published();
    const Value* of = value_.find("of");
    const Value* value = value_.find("value");
    if ((of == nullptr) == (value == nullptr))
      loader_.error(value_.place, path_, of == nullptr ? "does not say what it is" : "is stated twice",
                    "either 'of' or 'value'");
    if (of != nullptr) outcome(*of);
    if (value == nullptr)
      loader_.set_result(recipe_.name,
                         recipe_.unit ? std::optional(recipe_.unit->dimension()) : unit_of_outcome_);
    return recipe_;
  }

  const std::string& path() const { return path_; }

 private:
  void outcome(const Value& of) {
    const auto name = loader_.text(of, path_ + ".of");
    if (!name) return;
    const std::size_t dot = name->find('.');
    recipe_.observer = name->substr(0, dot);
    recipe_.outcome = dot == std::string::npos ? "" : name->substr(dot + 1);
    const auto& observers = loader_.model().observers;
    const auto found = std::find_if(observers.begin(), observers.end(),
                                    [&](const auto& o) { return o->name() == recipe_.observer; });
    if (found == observers.end()) return;  // a missing observer was reported by validate_model
    const std::vector<std::string> outcomes = (*found)->outcomes();
    const bool known = std::find(outcomes.begin(), outcomes.end(), recipe_.outcome) != outcomes.end();
    if (const auto unit = (*found)->outcome_unit(recipe_.outcome)) {
      unit_of_outcome_ = unit->dimension();
      if (recipe_.unit && recipe_.unit->dimension() != *unit_of_outcome_)
        loader_.error(
            value_.find("unit")->place, path_ + ".unit",
            "'" + recipe_.unit->text() + "' is a unit of " + dimension_words(recipe_.unit->dimension()) +
                ", but the result is " +
                (unit_of_outcome_->dimensionless() ? "a plain number"
                                                   : "a quantity of " + dimension_words(*unit_of_outcome_)));
    }
    if (const Value* at = value_.find("at")) {
      place(**found, *at);
    } else if (!outcomes.empty() && !known) {
      std::vector<std::string> named;
      std::copy_if(outcomes.begin(), outcomes.end(), std::back_inserter(named),
                   [](const std::string& outcome) { return !outcome.empty(); });
      const bool unnamed = named.size() < outcomes.size();
      loader_.error(
          of.place, path_ + ".of",
          recipe_.outcome.empty()
              ? "the observer '" + recipe_.observer + "' has several outcomes"
              : "the observer '" + recipe_.observer + "' has no outcome '" + recipe_.outcome + "'",
          "", suggestion(recipe_.outcome, named) + (unnamed ? ", or '" + recipe_.observer + "' alone" : ""));
    }
  }

  void place(ObserverRecipe& observer, const Value& at) {
    const int axes = at.kind == Value::Kind::list ? std::clamp(static_cast<int>(at.list.size()), 1, 3) : 1;
    const auto position = loader_.position(at, path_ + ".at", axes);
    if (!position) return;
    try {
      const auto outcome = observer.outcome_at(*position);
      if (!outcome)
        loader_.error(at.place, path_ + ".at",
                      "the observer '" + observer.name() + "' has no outcomes at places");
      recipe_.outcome = outcome.value_or("");
    } catch (const InputError& problem) { loader_.take(problem, at.place, path_ + ".at"); }
  }

  void published() {
    const Value* section = value_.find("published");
    const Value* number = section != nullptr ? section->find("value") : nullptr;
    if (number == nullptr) return;
    const Parameters::BesideTheModel reading(loader_.parameters());
    const auto value = loader_.constant(*number, path_ + ".published.value");
    if (!value) return;
    ResultRecipe::Published published;
    published.value = value->value;
    published.unit = value->unit;
    if (recipe_.unit && !value->unit.compatible(*recipe_.unit))
      loader_.error(number->place, path_ + ".published.value",
                    "'" + number->scalar + "' can't be held against a result in " + recipe_.unit->text(),
                    quantity_of(recipe_.unit->dimension()));
    if (const Value* source = section->find("source"))
      published.source = loader_.text(*source, path_ + ".published.source").value_or("");
    const Value* stated = section->find("tolerance");
    const auto tolerance =
        stated != nullptr ? loader_.constant(*stated, path_ + ".published.tolerance") : std::nullopt;
    if (tolerance) {
      const bool relative = tolerance->unit.text() == "%";
      if (std::isinf(tolerance->value))
        published.tolerance.reset();  // none is published for these parameters
      else if (relative)
        published.tolerance = std::abs(value->value) * tolerance->si();
      else if (loader_.fits(*stated, path_ + ".published.tolerance", tolerance->unit.dimension(),
                            value->unit.dimension()))
        published.tolerance = tolerance->value * tolerance->unit.factor() / value->unit.factor();
    }
    recipe_.published = published;
  }

  Loader& loader_;
  const Value& value_;
  std::string path_;
  ResultRecipe recipe_;
  std::optional<Dimension> unit_of_outcome_;
};

}  // namespace

void build_events(Loader& loader, const Value& root) {
  for (const auto* entry : entries(root, "events")) {
    try {
      build_event(loader, *entry);
    } catch (const Abandoned&) {
      continue;  // reported where it was thrown
    }
  }
}

void build_observers(Loader& loader, const Value& root) {
  for (const auto* entry : entries(root, "observe")) {
    const ObserverType* type = loader.registry().observer(entry->value.find("type")->scalar);
    ObserverContext context{
        entry->key,
        Section(loader, &entry->value, &type->schema, "observe." + entry->key, loader.dimensions()),
        loader.model()};
    try {
      if (auto observer = type->make(context)) loader.model().observers.push_back(std::move(observer));
    } catch (const Abandoned&) {
      continue;  // reported where it was thrown
    } catch (const InputError& problem) { loader.take(problem, entry->value.place, "observe." + entry->key); }
  }
}

std::vector<std::unique_ptr<Study>> build_studies(Loader& loader, const Value& root) {
  const Parameters::BesideTheModel reading(loader.parameters());
  std::vector<std::unique_ptr<Study>> studies;
  for (const auto* entry : entries(root, "study")) {
    const StudyType* type = loader.registry().study(entry->value.find("type")->scalar);
    StudyContext context{
        entry->key, Section(loader, &entry->value, &type->schema, "study." + entry->key, loader.dimensions()),
        loader.model()};
    try {
      if (auto study = type->make(context)) {
        study->set_place(entry->key_place);
        studies.push_back(std::move(study));
      }
    } catch (const Abandoned&) {
      continue;  // reported where it was thrown
    }
  }
  return studies;
}

void build_results(Loader& loader, const Value& root) {
  Model& model = loader.model();
  std::vector<const Value::Member*> waiting;
  if (const Value* section = root.find("results"))
    for (const Value::Member& entry : section->mapping) {  // in the order in which they are to be shown
      model.results.push_back(ResultReader(loader, entry).read());
      if (entry.value.find("value") != nullptr) waiting.push_back(&entry);
    }
  // Equations over results that are equations themselves wait until those are read.
  const auto depends_on_waiting = [&](const Value::Member* entry) {
    Diagnostics ignored;
    const auto syntax =
        expr::parse_expression(entry->value.find("value")->scalar.substr(1), {}, true, ignored);
    if (!syntax) return false;
    const auto names = expr::names_used(*syntax);
    return std::any_of(waiting.begin(), waiting.end(), [&](const Value::Member* other) {
      return std::find(names.begin(), names.end(), "results." + other->key) != names.end();
    });
  };
  while (!waiting.empty()) {
    const auto next = std::find_if_not(waiting.begin(), waiting.end(), [&](const Value::Member* entry) {
      return entry->value.find("value")->is_equation() && depends_on_waiting(entry);
    });
    if (next == waiting.end()) {
      loader.error(waiting.front()->value.place, "results." + waiting.front()->key,
                   "results depend on each other in a circle");
      return;
    }
    const Value::Member* entry = *next;
    waiting.erase(next);
    const std::string path = "results." + entry->key;
    const Value& value = *entry->value.find("value");
    ResultRecipe& recipe = *std::find_if(model.results.begin(), model.results.end(),
                                         [&](const ResultRecipe& r) { return r.name == entry->key; });
    if (value.is_equation()) {
      const auto equation = loader.equation(value, path + ".value", Scope::result);
      loader.set_result(entry->key, recipe.unit ? std::optional(recipe.unit->dimension()) : std::nullopt);
      if (!equation) continue;
      recipe.dimension = equation->dimension();
      recipe.equation = Coefficient::equation(
          [equation = *equation](expr::Graph& graph) { return equation.lower(graph).nodes.front(); });
    } else if (const auto constant = loader.constant(value, path + ".value")) {
      recipe.dimension = constant->unit.dimension();
      recipe.equation = Coefficient(constant->si());
    } else {
      continue;
    }
    if (recipe.unit) loader.fits(value, path + ".value", recipe.dimension, recipe.unit->dimension());
    loader.set_result(entry->key, recipe.dimension);
  }
}

}  // namespace holon::modelfile

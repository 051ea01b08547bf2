#include "holon/modelfile/build.hpp"
#include "holon/modelfile/conserved_weight.hpp"
#include "holon/modelfile/model_schema.hpp"
#include "holon/modelfile/on_division.hpp"
#include "holon/modelfile/validate.hpp"
#include "holon/space/population.hpp"

namespace holon::modelfile {

using Value = Document::Value;

namespace {

void declare_populations(Loader& loader, const Value& root) {
  for (const auto* entry : entries(root, "spaces")) {
    const auto found = loader.model().spaces.find(entry->key);
    if (found == loader.model().spaces.end()) continue;
    const auto population = std::dynamic_pointer_cast<const Population>(found->second);
    if (!population) continue;
    try {
      declare_population_fields(*loader.model().fields, population);
    } catch (const InputError& error) { loader.take(error, entry->value.place, "spaces." + entry->key); }
    const Value* processes = root.find("processes");
    if (processes != nullptr && processes->find(entry->key) != nullptr)
      loader.error(entry->key_place, "spaces." + entry->key,
                   "'" + entry->key + "' is also the name of a process, and both have fields", "",
                   "give one of them another name");
  }
}

}  // namespace

void build_fields(Loader& loader, const Value& root) {
  declare_populations(loader, root);
  for (const auto* entry : entries(root, "fields")) {
    const std::string path = "fields." + entry->key;
    const Value& value = entry->value;
    const auto problem = [&](const std::string& message, const std::string& hint) {
      loader.error(entry->key_place, path, message, "", hint);
    };
    if (loader.parameters().contains(entry->key))
      problem("'" + entry->key + "' is also the name of a parameter", "give one of them another name");
    if (single_name("=" + entry->key) != entry->key || expr::is_reserved(entry->key))
      problem("'" + entry->key + "' can't be the name of a field",
              "use letters, digits and _ , and no name of the equation language");
    Section section(loader, &value, &field_schema(), path, loader.dimensions());
    Field field;
    field.name = entry->key;
    const Value* unit = value.find("unit");
    const auto found = unit != nullptr ? read_unit(loader, *unit, path + ".unit") : std::optional(Unit{});
    try {
      if (value.kind != Value::Kind::mapping || !section.has("space") || !found) throw Abandoned{};
      field.unit = *found;
      if (field.unit.offset() != 0.0) {
        section.error("unit", "'" + field.unit.text() + "' has an offset", "a unit whose zero is zero",
                      "use K");
        throw Abandoned{};
      }
      field.space = section.space("space");
      const std::string kind = section.text("kind");
      field.kind = kind == "density"  ? FieldKind::density
                   : kind == "amount" ? FieldKind::amount
                                      : FieldKind::value;
      field.positive = section.flag("positive");
      field.on_division = read_on_division(loader, section.raw("on_division"), path + ".on_division", field);
      if (section.has("description")) field.description = section.text("description");
      if (const Value* conserved = section.raw("conserved"))
        for (const Value::Member& quantity : conserved->mapping)
          field.conserved[quantity.key] =
              read_conserved_weight(loader, quantity.value, path + ".conserved." + quantity.key);
      loader.model().fields->add(std::move(field));
    } catch (const Abandoned&) { loader.mark_broken(entry->key); } catch (const InputError& error) {
      loader.take(error, value.place, path);
      loader.mark_broken(entry->key);
    }
  }
}

void build_initial_values(Loader& loader, const Value& root) {
  Model& model = loader.model();
  for (const auto* entry : entries(root, "spaces")) {
    const Value* radius = entry->value.find("radius");
    if (radius == nullptr || !model.fields->contains(entry->key + ".radius")) continue;
    if (auto coefficient =
            loader.coefficient(*radius, "spaces." + entry->key + ".radius", loader.dimensions().at("length")))
      model.initial.emplace_back(model.fields->id(entry->key + ".radius"), std::move(*coefficient));
  }
  for (const auto* entry : entries(root, "fields")) {
    const Value* initial = entry->value.find("initial");
    if (initial == nullptr || !model.fields->contains(entry->key)) continue;
    const FieldId id = model.fields->id(entry->key);
    if (auto coefficient = loader.coefficient(*initial, "fields." + entry->key + ".initial",
                                              (*model.fields)[id].unit.dimension())) {
      const std::string path = "fields." + entry->key;
      check_drawn(loader, *initial, path + ".initial", *coefficient, entry->value.find("on_division"),
                  path + ".on_division", (*model.fields)[id]);
      if ((*model.fields)[id].space->varies())
        model.at_birth.push_back({id, *coefficient, 1.0 / (*model.fields)[id].unit.factor()});
      model.initial.emplace_back(id, std::move(*coefficient));
    }
  }
}

namespace {

/// Runs one step of a process's type; false if it could not go on.
template <class Step>
bool attempt(Loader& loader, const ProcessContext& context, Step&& step) {
  try {
    step();
    return true;
  } catch (const Abandoned&) { return false; } catch (const InputError& problem) {
    loader.take(problem, context.section.place(), context.section.path());
    return false;
  } catch (const NumericalFailure& problem) {  // a coefficient that is wrong at the start
    loader.error(context.section.place(), context.section.path(), problem.what());
    return false;
  }
}

}  // namespace

std::vector<ProcessPlan> declare_processes(Loader& loader, const Value& root) {
  std::vector<ProcessPlan> plans;
  for (const auto* entry : entries(root, "processes")) {
    const Value* type_name = entry->value.find("type");
    const ProcessType* type = type_name != nullptr && type_name->kind == Value::Kind::scalar
                                  ? loader.registry().process(type_name->scalar)
                                  : nullptr;
    if (type == nullptr) {
      loader.mark_broken(entry->key);  // reported by validate_model
      continue;
    }
    const Section section(loader, &entry->value, &type->schema, "processes." + entry->key,
                          loader.dimensions());
    plans.push_back({type, &entry->value, {entry->key, section, nullptr, loader.model()}, type->recipe()});
  }
  for (ProcessPlan& plan : plans) {
    ProcessContext& context = plan.context;
    const bool declared = attempt(loader, context, [&] {
      const Option* space = plan.type->schema.find("space");
      if (space != nullptr && context.section.has("space")) context.space = context.section.space("space");
      if (plan.type->needs_space && !context.space) throw Abandoned{};
      plan.recipe->declare(context);
    });
    if (!declared) loader.mark_broken(context.name);
  }
  return plans;
}

void check_processes(Loader& loader, const std::vector<ProcessPlan>& plans) {
  // Also where a process itself is wrong.
  for (const ProcessPlan& plan : plans) {
    const Section& section = plan.context.section;
    validate(loader, *plan.value, plan.type->schema, section.path(), section.dimensions(), Phase::contents);
  }
}

void make_processes(Loader& loader, std::vector<ProcessPlan>& plans) {
  for (ProcessPlan& plan : plans)
    attempt(loader, plan.context, [&] {
      auto process = plan.recipe->make(plan.context);
      if (process) loader.model().processes.push_back(std::move(process));
    });
}

}  // namespace holon::modelfile

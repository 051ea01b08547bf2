#include "holon/modelfile/build.hpp"
#include "holon/modelfile/model_schema.hpp"
#include "holon/modelfile/validate.hpp"

#include <algorithm>
#include <cctype>

namespace holon::modelfile {

using Value = Document::Value;

namespace {

/// The type of an entry, from `type:`; an error where it is missing or unknown.
template <class Find>
auto typed(Loader& loader, const Value::Member& entry, const std::string& path,
           const std::vector<std::string>& known, Find&& find) -> decltype(find(std::string())) {
  if (entry.value.kind != Value::Kind::mapping) {
    loader.error(entry.value.place, path, "is " + entry.value.description(), "a mapping with 'type'");
    return nullptr;
  }
  const Value* type = entry.value.find("type");
  if (type == nullptr) {
    loader.error(entry.value.place, path + ".type", "the key 'type' is missing", "", suggestion("", known));
    return nullptr;
  }
  const auto name = loader.text(*type, path + ".type");
  if (!name) return nullptr;
  auto found = find(*name);
  if (found == nullptr)
    loader.error(type->place, path + ".type", "'" + *name + "' is not known here", "",
                 suggestion(*name, known));
  return found;
}

void check_name(Loader& loader, const Value::Member& entry, const std::string& path) {
  const auto plain = [](char c) { return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0; };
  const bool begins = !entry.key.empty() && std::isdigit(static_cast<unsigned char>(entry.key.front())) == 0;
  if (begins && std::all_of(entry.key.begin(), entry.key.end(), plain)) return;
  loader.error(entry.key_place, path, "'" + entry.key + "' can't be a name",
               "letters, digits and _, beginning with a letter");
}

void check_results(Loader& loader, const Value& root) {
  std::vector<std::string> observers;
  for (const auto* entry : entries(root, "observe")) observers.push_back(entry->key);
  for (const auto* entry : entries(root, "results")) {
    const std::string path = "results." + entry->key;
    const Parameters::BesideTheModel reading(loader.parameters());
    validate(loader, entry->value, result_schema(), path, loader.dimensions(), Phase::keys);
    const Value* of = entry->value.find("of");
    const auto name = of != nullptr ? loader.text(*of, path + ".of") : std::nullopt;
    if (!name ||
        std::find(observers.begin(), observers.end(), name->substr(0, name->find('.'))) != observers.end())
      continue;
    loader.error(of->place, path + ".of", "there is no observer '" + name->substr(0, name->find('.')) + "'",
                 "", suggestion(name->substr(0, name->find('.')), observers));
  }
}

}  // namespace

void validate_model(Loader& loader, const Value& root) {
  const auto& dimensions = loader.dimensions();
  const Registry& registry = loader.registry();
  validate(loader, root, model_schema(), "", dimensions, Phase::keys);
  for (const auto* entry : entries(root, "spaces")) {
    const std::string path = "spaces." + entry->key;
    check_name(loader, *entry, path);
    if (const Schema* schema =
            typed(loader, *entry, path, space_types(), [](const std::string& n) { return space_schema(n); }))
      validate(loader, entry->value, *schema, path, dimensions, Phase::keys);
  }
  for (const auto* entry : entries(root, "fields"))
    validate(loader, entry->value, field_schema(), "fields." + entry->key, dimensions, Phase::keys);
  for (const auto* entry : entries(root, "couplings")) {
    const std::string path = "couplings." + entry->key;
    check_name(loader, *entry, path);
    validate(loader, entry->value, coupling_schema(), path, dimensions, Phase::keys);
  }
  for (const auto* entry : entries(root, "connections")) {
    const std::string path = "connections." + entry->key;
    check_name(loader, *entry, path);
    validate(loader, entry->value, connection_schema(), path, dimensions, Phase::keys);
  }
  for (const auto* entry : entries(root, "processes")) {
    const std::string path = "processes." + entry->key;
    check_name(loader, *entry, path);
    if (const ProcessType* type = typed(loader, *entry, path, registry.process_names(),
                                        [&](const std::string& n) { return registry.process(n); }))
      validate(loader, entry->value, type->schema, path, dimensions, Phase::keys);
  }
  for (const auto* entry : entries(root, "observe")) {
    const std::string path = "observe." + entry->key;
    check_name(loader, *entry, path);
    if (const ObserverType* type = typed(loader, *entry, path, registry.observer_names(),
                                         [&](const std::string& n) { return registry.observer(n); }))
      validate(loader, entry->value, type->schema, path, dimensions, Phase::keys);
  }
  for (const auto* entry : entries(root, "study")) {
    const std::string path = "study." + entry->key;
    check_name(loader, *entry, path);
    const Parameters::BesideTheModel reading(loader.parameters());
    if (const StudyType* type = typed(loader, *entry, path, registry.study_names(),
                                      [&](const std::string& n) { return registry.study(n); }))
      validate(loader, entry->value, type->schema, path, dimensions, Phase::keys);
  }
  for (const auto* entry : entries(root, "events")) {
    const std::string path = "events." + entry->key;
    check_name(loader, *entry, path);
    validate(loader, entry->value, event_schema(), path, dimensions, Phase::keys);
  }
  check_results(loader, root);
  if (const Value* processes = root.find("processes");
      processes != nullptr && processes->mapping.empty() && processes->kind == Value::Kind::mapping)
    loader.error(processes->place, "processes", "the model has no processes", "at least one");
}

void validate_observers(Loader& loader, const Value& root) {
  for (const auto* entry : entries(root, "observe")) {
    const Value* type_name = entry->value.find("type");
    const ObserverType* type = type_name != nullptr ? loader.registry().observer(type_name->scalar) : nullptr;
    if (type != nullptr)
      validate(loader, entry->value, type->schema, "observe." + entry->key, loader.dimensions(),
               Phase::contents);
  }
}

}  // namespace holon::modelfile

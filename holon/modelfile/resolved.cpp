#include "holon/modelfile/build.hpp"
#include "holon/modelfile/model_schema.hpp"

#include <algorithm>

namespace holon::modelfile {

using Value = Document::Value;

namespace {

void sort_members(Value& value) {
  std::sort(value.mapping.begin(), value.mapping.end(),
            [](const auto& a, const auto& b) { return a.key < b.key; });
}

/// Writes a section as its schema says: every option in the schema's order, defaults in the place of what is
/// left out, component files in the place of their names.
class Resolver {
 public:
  explicit Resolver(Loader& loader) : loader_(loader) {}

  Value section(const Value& given, const Schema& schema, const std::string& path) {
    Value result = given;
    result.mapping.clear();
    std::vector<Option> options = schema.options();
    std::stable_partition(options.begin(), options.end(),
                          [](const Option& option) { return option.key == "type"; });
    for (const Option& option : options) {
      const Value* stated = given.find(option.key);
      if (stated == nullptr && !option.default_value) continue;
      Value value = stated != nullptr ? *stated : default_of(option);
      result.mapping.push_back(
          {option.key, given.place, resolve(std::move(value), option, path + '.' + option.key)});
    }
    return result;
  }

 private:
  static Value default_of(const Option& option) {
    Diagnostics found;
    return Document::parse(*option.default_value, "default", {}, found);
  }

  Value resolve(Value value, const Option& option, const std::string& path) {
    switch (option.type) {
      case Option::Type::section:
        return value.kind == Value::Kind::mapping ? section(value, *option.schema, path) : value;
      case Option::Type::mapping:
        sort_members(value);
        if (option.element.size() == 1)
          for (Value::Member& member : value.mapping)
            member.value = resolve(std::move(member.value), option.element.front(), path + '.' + member.key);
        return value;
      case Option::Type::list:
        if (value.kind == Value::Kind::mapping && option.schema != nullptr && value.find("file") == nullptr &&
            value.find("values") == nullptr)
          return section(value, *option.schema, path);
        if (option.element.size() == 1)
          for (std::size_t i = 0; i < value.list.size(); ++i)
            value.list[i] = resolve(std::move(value.list[i]), option.element.front(), path);
        return value;
      case Option::Type::equations:
        return component(value, path);
      default:
        return value;
    }
  }

  /// The content of a component file, without the file.
  Value component(const Value& value, const std::string& path) {
    if (value.kind != Value::Kind::scalar || value.block) return value;
    Value content = loader_.component(value, path);
    std::erase_if(content.mapping, [](const Value::Member& m) { return m.key == "extends"; });
    return content;
  }

  Loader& loader_;
};

/// {file: values.txt, unit: mV} becomes {values: [...], unit: mV}.
void put_in_values(Loader& loader, Value& value, const std::string& path) {
  for (Value& element : value.list) put_in_values(loader, element, path);
  for (Value::Member& member : value.mapping) put_in_values(loader, member.value, path + '.' + member.key);
  Value* name = value.find("file");
  if (name == nullptr || value.mapping.size() != (value.find("unit") != nullptr ? 2U : 1U)) return;
  const auto file = loader.file(*name, path);
  if (!file) return;
  name->kind = Value::Kind::list;
  name->list = read_values(*file);
  for (Value::Member& member : value.mapping)
    if (member.key == "file") member.key = "values";
}

const Schema* schema_of(const Loader& loader, std::string_view section, const Value& entry) {
  const Value* type = entry.find("type");
  const std::string name = type != nullptr ? type->scalar : "";
  if (section == "spaces") return space_schema(name);
  if (section == "fields") return &field_schema();
  if (section == "couplings") return &coupling_schema();
  if (section == "events") return &event_schema();
  if (section == "results") return &result_schema();
  if (section == "processes") {
    const ProcessType* known = loader.registry().process(name);
    return known != nullptr ? &known->schema : nullptr;
  }
  if (section == "observe") {
    const ObserverType* known = loader.registry().observer(name);
    return known != nullptr ? &known->schema : nullptr;
  }
  if (section == "study") {
    const StudyType* known = loader.registry().study(name);
    return known != nullptr ? &known->schema : nullptr;
  }
  return nullptr;
}

}  // namespace

std::string resolved_text(Loader& loader, const Value& root) {
  Resolver resolver(loader);
  Value result = resolver.section(root, model_schema(), "");
  for (Value::Member& member : result.mapping) {
    if (member.value.kind != Value::Kind::mapping) continue;
    if (model_schema().find(member.key)->type == Option::Type::mapping) sort_members(member.value);
    for (Value::Member& entry : member.value.mapping)
      if (const Schema* schema = schema_of(loader, member.key, entry.value))
        entry.value = resolver.section(entry.value, *schema, member.key + '.' + entry.key);
  }
  put_in_values(loader, result, "");
  return Document::write(result);
}

}  // namespace holon::modelfile

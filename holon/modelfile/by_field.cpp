#include "holon/modelfile/by_field.hpp"

#include <algorithm>

namespace holon::modelfile {

using Value = Document::Value;

std::vector<std::string> listed_fields(const Value& mapping) {
  std::vector<std::string> names;
  if (const Value* list = mapping.find("fields"))
    for (const Value& name : list->list) names.push_back(name.scalar);
  return names;
}

bool given_by_field(const Option& option, const Value& value, const std::vector<std::string>& fields) {
  return option.by_field && value.kind == Value::Kind::mapping &&
         std::any_of(fields.begin(), fields.end(),
                     [&](const std::string& field) { return value.find(field) != nullptr; });
}

Value for_field(const Value& mapping, const Schema& schema, const std::string& field) {
  const std::vector<std::string> fields = listed_fields(mapping);
  Value one = mapping;
  one.mapping.clear();
  for (const Value::Member& member : mapping.mapping) {
    Value::Member own = member;
    const Option* option = schema.find(member.key);
    if (member.key == "fields") {
      own.key = "field";
      for (const Value& name : member.value.list)
        if (name.scalar == field) own.value = name;
    } else if (option != nullptr && given_by_field(*option, member.value, fields)) {
      const Value* value = member.value.find(field);
      if (value == nullptr) continue;
      own.value = *value;
    }
    one.mapping.push_back(std::move(own));
  }
  return one;
}

}  // namespace holon::modelfile

#include "holon/space/field.hpp"

#include "holon/base/error.hpp"

#include <fmt/format.h>

namespace holon {

std::string_view name(FieldKind kind) {
  switch (kind) {
    case FieldKind::value:
      return "value";
    case FieldKind::density:
      return "density";
    case FieldKind::amount:
      return "amount";
  }
  return "";
}

std::string_view name(OnDivision rule) {
  switch (rule) {
    case OnDivision::copy:
      return "copy";
    case OnDivision::share:
      return "share";
    case OnDivision::reset:
      return "reset";
    case OnDivision::draw:
      return "draw";
  }
  return "";
}

FieldId FieldTable::add(Field field) {
  if (by_name_.contains(field.name)) throw InputError(fmt::format("two fields are named '{}'", field.name));
  const auto id = static_cast<FieldId>(fields_.size());
  by_name_.emplace(field.name, id);
  fields_.push_back(std::move(field));
  return id;
}

bool FieldTable::contains(std::string_view name) const { return by_name_.contains(name); }

FieldId FieldTable::id(std::string_view name) const {
  const auto found = by_name_.find(name);
  if (found == by_name_.end())
    throw InputError(fmt::format("there is no field '{}'; {}", name, suggestion(name, names())));
  return found->second;
}

std::vector<std::string> FieldTable::names() const {
  std::vector<std::string> names;
  names.reserve(fields_.size());
  for (const Field& field : fields_) names.push_back(field.name);
  return names;
}

}  // namespace holon

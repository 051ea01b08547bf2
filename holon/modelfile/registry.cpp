#include "holon/modelfile/registry.hpp"

#include "holon/base/error.hpp"

#include <algorithm>

namespace holon::modelfile {

namespace {

void add_common(Schema& schema, const std::string& type) {
  if (schema.find("type") == nullptr) schema.choice("type", {type}, "the name of the type");
  if (schema.find("description") == nullptr)
    schema.add("description", Option::Type::text, "a remark for readers").make_optional();
}

template <class Type>
const Type* find(const std::vector<Type>& types, std::string_view name) {
  const auto found = std::find_if(types.begin(), types.end(), [&](const Type& t) { return t.name == name; });
  return found == types.end() ? nullptr : &*found;
}

template <class Type>
std::vector<std::string> names(const std::vector<Type>& types) {
  std::vector<std::string> names;
  for (const Type& type : types) names.push_back(type.name);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

void Registry::add(ProcessType type) {
  require(find(processes_, type.name) == nullptr, "a process type is registered once");
  require(type.recipe != nullptr, "a process type can make its processes");
  add_common(type.schema, type.name);
  if (type.needs_space && type.schema.find("space") == nullptr)
    type.schema.add("space", Option::Type::space, "the space on which the process lives");
  processes_.push_back(std::move(type));
}

void Registry::add(ObserverType type) {
  require(find(observers_, type.name) == nullptr, "an observer type is registered once");
  require(type.make != nullptr, "an observer type can make its observers");
  add_common(type.schema, type.name);
  observers_.push_back(std::move(type));
}

void Registry::add(StudyType type) {
  require(find(studies_, type.name) == nullptr, "a study type is registered once");
  require(type.make != nullptr, "a study type can make its studies");
  add_common(type.schema, type.name);
  studies_.push_back(std::move(type));
}

const ProcessType* Registry::process(std::string_view name) const { return find(processes_, name); }
const ObserverType* Registry::observer(std::string_view name) const { return find(observers_, name); }
const StudyType* Registry::study(std::string_view name) const { return find(studies_, name); }
std::vector<std::string> Registry::process_names() const { return names(processes_); }
std::vector<std::string> Registry::observer_names() const { return names(observers_); }
std::vector<std::string> Registry::study_names() const { return names(studies_); }

}  // namespace holon::modelfile

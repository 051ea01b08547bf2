// JSON Schema (2020-12) of model files, from the same schemas that the reader uses.
#include "holon/modelfile/load.hpp"
#include "holon/modelfile/model_schema.hpp"

#include <nlohmann/json.hpp>

namespace holon::modelfile {

namespace {

using Json = nlohmann::ordered_json;

/// Every value may be an equation or name a parameter, a text that begins with '='.
Json equation() { return {{"type", "string"}, {"pattern", "^="}}; }
Json reference_to(const char* definition) { return {{"$ref", std::string("#/$defs/") + definition}}; }
Json any_of(std::vector<Json> alternatives) { return {{"anyOf", std::move(alternatives)}}; }

Json mapping(const Schema& schema);

Json plain(const Option& option) {
  using Type = Option::Type;
  switch (option.type) {
    case Type::quantity:
    case Type::any_quantity:
    case Type::number:
      return reference_to("quantity");
    case Type::integer:
      return any_of({{{"type", "integer"}}, equation()});
    case Type::flag:
      return any_of({{{"type", "boolean"}}, equation()});
    case Type::choice: {
      Json choices = Json::array();
      for (const std::string& choice : option.choices) {
        choices.push_back(choice);
        if (const auto number = parse_number(choice))
          choices.push_back(*number == static_cast<double>(static_cast<std::int64_t>(*number))
                                ? Json(static_cast<std::int64_t>(*number))
                                : Json(*number));
      }
      return any_of({{{"enum", choices}}, equation()});
    }
    case Type::coefficient:
      return any_of({reference_to("quantity"), {{"type", "object"}}});
    case Type::text:
    case Type::file:
    case Type::space:
    case Type::process:
    case Type::field:
    case Type::observer:
      return {{"type", {"string", "number", "boolean"}}};
    case Type::equations:
      return {{"type", {"string", "object", "array"}}};
    case Type::schedule_node:
      return reference_to("node");
    case Type::section:
      return mapping(*option.schema);
    case Type::list:
    case Type::mapping: {
      std::vector<Json> elements;
      for (const Option& element : option.element)
        elements.push_back(any_of({plain(element), reference_to("choose")}));
      const Json element = elements.empty()       ? Json(true)
                           : elements.size() == 1 ? elements.front()
                                                  : any_of(elements);
      if (option.type == Type::mapping) return {{"type", "object"}, {"additionalProperties", element}};
      std::vector<Json> forms{{{"type", "array"}, {"items", element}},
                              {{"type", {"string", "number", "boolean"}}}};
      if (option.schema != nullptr) forms.push_back(mapping(*option.schema));
      return any_of(std::move(forms));
    }
    case Type::anything:
      break;
  }
  return Json::object();
}

Json property(const Option& option) {
  std::vector<Json> forms{plain(option), reference_to("choose")};
  if (option.by_field) forms.push_back({{"type", "object"}, {"additionalProperties", plain(option)}});
  Json value = option.type == Option::Type::anything ? Json::object() : any_of(std::move(forms));
  value["description"] = option.documentation;
  if (option.default_value) value["default"] = *option.default_value;
  return value;
}

Json mapping(const Schema& schema) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const Option& option : schema.options()) {
    properties[option.key] = property(option);
    if (!option.optional && !option.default_value) required.push_back(option.key);
  }
  Json result = {{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
  if (!required.empty()) result["required"] = required;
  return result;
}

/// One of several types, told apart by `type`.
Json by_type(const std::vector<std::pair<std::string, const Schema*>>& types) {
  Json names = Json::array();
  Json branches = Json::array();
  for (const auto& [name, schema] : types) {
    names.push_back(name);
    Json body = mapping(*schema);
    body["properties"]["type"] = {{"const", name}};
    branches.push_back(
        {{"if", {{"properties", {{"type", {{"const", name}}}}}, {"required", {"type"}}}}, {"then", body}});
  }
  const Json named = {{"type", "object"},
                      {"required", {"type"}},
                      {"properties", {{"type", {{"enum", names}}}}},
                      {"allOf", branches}};
  return {{"type", "object"}, {"additionalProperties", any_of({reference_to("choose"), named})}};
}

Json free_mapping(const Schema& schema) {
  return {{"type", "object"}, {"additionalProperties", any_of({mapping(schema), reference_to("choose")})}};
}

}  // namespace

std::string json_schema(const Registry& registry) {
  std::vector<std::pair<std::string, const Schema*>> spaces, processes, observers, studies;
  for (const std::string& name : space_types()) spaces.emplace_back(name, space_schema(name));
  for (const std::string& name : registry.process_names())
    processes.emplace_back(name, &registry.process(name)->schema);
  for (const std::string& name : registry.observer_names())
    observers.emplace_back(name, &registry.observer(name)->schema);
  for (const std::string& name : registry.study_names())
    studies.emplace_back(name, &registry.study(name)->schema);
  Json schema = mapping(model_schema());
  Json& properties = schema["properties"];
  properties["holon"] = {{"enum", {1, "1"}}, {"description", model_schema().find("holon")->documentation}};
  properties["spaces"] = by_type(spaces);
  properties["processes"] = by_type(processes);
  properties["observe"] = by_type(observers);
  properties["study"] = by_type(studies);
  properties["fields"] = free_mapping(field_schema());
  properties["couplings"] = free_mapping(coupling_schema());
  properties["events"] = free_mapping(event_schema());
  properties["results"] = free_mapping(result_schema());
  // Parts of a model may stand in files that it includes.
  schema["required"] = {"holon"};
  const Json list_of_nodes = {{"type", "array"}, {"items", reference_to("node")}};
  const Json repeated = {{"type", "object"},
                         {"properties", {{"do", reference_to("node")}, {"steps", true}}},
                         {"required", {"do", "steps"}},
                         {"additionalProperties", false}};
  schema["$defs"] = {
      {"quantity",
       {{"type", {"number", "string"}},
        {"description", "a number, a quantity such as 0.2 mm, or an equation that begins with '='"}}},
      {"choose",
       {{"type", "object"}, {"required", {"choose"}}, {"description", "the branch that a parameter names"}}},
      {"node", any_of({{{"type", "string"}},
                       reference_to("choose"),
                       {{"type", "object"},
                        {"properties",
                         {{"lie", list_of_nodes},
                          {"strang", list_of_nodes},
                          {"do", reference_to("node")},
                          {"subcycle", repeated},
                          {"every", repeated},
                          {"iterate", mapping(iterate_schema())},
                          {"steady", mapping(steady_schema())},
                          {"together", mapping(together_schema())},
                          {"boundary_correction", {{"type", "boolean"}}},
                          {"restructure", {{"type", "string"}}},
                          {"merge", {{"type", "boolean"}}}}},
                        {"additionalProperties", false}}})}};
  Json result = {{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", "Holon model file"}};
  result.update(schema);
  return result.dump(2) + '\n';
}

}  // namespace holon::modelfile

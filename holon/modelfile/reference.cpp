// Reference pages in Markdown, from the schemas.
#include "holon/modelfile/load.hpp"

namespace holon::modelfile {

namespace {

std::string type_text(const Option& option) {
  using Type = Option::Type;
  const std::string of = option.element.empty() ? "" : " of " + type_text(option.element.front());
  switch (option.type) {
    case Type::quantity:
      return "quantity";
    case Type::number:
      return "number";
    case Type::integer:
      return "whole number";
    case Type::flag:
      return "true or false";
    case Type::text:
      return "text";
    case Type::choice: {
      std::string text;
      for (const std::string& choice : option.choices) text += (text.empty() ? "`" : ", `") + choice + '`';
      return text;
    }
    case Type::file:
      return "file";
    case Type::coefficient:
      return "coefficient";
    case Type::any_quantity:
      return "quantity of any dimension";
    case Type::space:
      return "space";
    case Type::process:
      return "process";
    case Type::field:
      return "field";
    case Type::observer:
      return "observer";
    case Type::equations:
      return "equations or component file";
    case Type::list:
      return "list" + of;
    case Type::section:
      return "section";
    case Type::mapping:
      return "names" + (option.element.empty() ? "" : " with " + type_text(option.element.front()));
    case Type::schedule_node:
      return "schedule node";
    case Type::anything:
      break;
  }
  return "see description";
}

bool dimensional(const Option& option) {
  return option.type == Option::Type::quantity || option.type == Option::Type::coefficient;
}

/// '|' would end a cell of the table.
std::string cell(std::string text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.insert(at, 1, '\\');
  return text;
}

std::string dimension_text(const Option& option) {
  if (dimensional(option)) return option.dimension;
  return option.element.empty() ? "" : dimension_text(option.element.front());
}

void rows(const Schema& schema, const std::string& prefix, std::string& text) {
  for (const Option& option : schema.options()) {
    const std::string needed = option.default_value ? '`' + *option.default_value + '`'
                               : option.optional    ? ""
                                                    : "required";
    text += "| `" + prefix + option.key + "` | " + cell(type_text(option)) +
            (option.by_field ? ", or by field" : "") + " | " + cell(dimension_text(option)) + " | " +
            cell(needed) + " | " + cell(option.documentation) + " |\n";
    const Schema* inner = option.schema.get();
    std::string below = prefix + option.key + '.';
    if (inner == nullptr && !option.element.empty()) {
      inner = option.element.front().schema.get();
      below += option.type == Option::Type::mapping ? "NAME." : "[].";
    }
    if (inner != nullptr) rows(*inner, below, text);
  }
}

std::string page(const std::string& kind, const std::string& name, const std::string& documentation,
                 const Schema& schema) {
  std::string text = "# " + kind + " `" + name + "`\n\n" + documentation + "\n\n## Options\n\n";
  text += "| option | type | dimension | default | meaning |\n| --- | --- | --- | --- | --- |\n";
  rows(schema, "", text);
  return text;
}

}  // namespace

std::string reference(const ProcessType& type) {
  return page("Process type", type.name, type.documentation, type.schema);
}

std::string reference(const ObserverType& type) {
  return page("Observer type", type.name, type.documentation, type.schema);
}

std::string reference(const StudyType& type) {
  return page("Study type", type.name, type.documentation, type.schema);
}

}  // namespace holon::modelfile

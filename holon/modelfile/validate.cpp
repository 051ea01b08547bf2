#include "holon/modelfile/validate.hpp"

#include "holon/modelfile/by_field.hpp"

#include <algorithm>

namespace holon::modelfile {

using Value = Document::Value;
using Type = Option::Type;
using Dimensions = std::map<std::string, Dimension>;

namespace {

/// True if an option of this type may be written in this form at all: used to find the alternative meant.
bool form_fits(const Option& option, const Value& value) {
  switch (option.type) {
    case Type::list:
      return value.kind == Value::Kind::list;
    case Type::section:
      return value.kind == Value::Kind::mapping;
    case Type::mapping:
      return value.kind == Value::Kind::mapping;
    case Type::coefficient:
      return value.kind == Value::Kind::scalar ||
             (value.kind == Value::Kind::mapping &&
              (value.find("file") != nullptr || value.find("values") != nullptr ||
               value.find("share_in_box") != nullptr));
    case Type::anything:
    case Type::schedule_node:
      return true;
    case Type::equations:
      return value.kind != Value::Kind::null;
    default:
      return value.kind == Value::Kind::scalar;
  }
}

std::string form_text(const Option& option) {
  switch (option.type) {
    case Type::list:
      return "a list";
    case Type::section:
    case Type::mapping:
      return "a mapping";
    case Type::quantity:
    case Type::any_quantity:
      return "a quantity";
    case Type::coefficient:
      return "a quantity or an equation";
    case Type::number:
    case Type::integer:
      return "a number";
    case Type::flag:
      return "true or false";
    default:
      return "a text";
  }
}

void validate_choice(Loader& loader, const Value& value, const Option& option, const std::string& path) {
  const auto text = loader.text(value, path);
  if (!text || std::find(option.choices.begin(), option.choices.end(), *text) != option.choices.end()) return;
  loader.error(value.place, path, "'" + *text + "' is not known here", "", suggestion(*text, option.choices));
}

void validate_equations(Loader& loader, const Value& value, const std::string& path) {
  if (value.block || value.kind == Value::Kind::mapping || value.kind == Value::Kind::list) return;
  loader.component(value, path);
}

/// A value of one of several forms: a list's or mapping's element, or the option itself.
void validate_element(Loader& loader, const Value& value, const std::vector<Option>& alternatives,
                      const std::string& path, const Dimensions& dimensions, Phase phase) {
  if (alternatives.empty()) return;
  for (const Option& alternative : alternatives)
    if (form_fits(alternative, value)) {
      validate(loader, value, alternative, path, dimensions, phase);
      return;
    }
  std::string expected;
  for (const Option& alternative : alternatives) {
    if (!expected.empty()) expected += " or ";
    expected += form_text(alternative);
  }
  loader.error(value.place, path, "is " + value.description(), expected);
}

void validate_list(Loader& loader, const Value& value, const Option& option, const std::string& path,
                   const Dimensions& dimensions, Phase phase) {
  // One value may stand for a list of one, where no number of elements is asked for.
  if (value.kind == Value::Kind::scalar && option.least == 0) {
    validate_element(loader, value, option.element, path, dimensions, phase);
    return;
  }
  // So may values per site, and where a list states a schema a mapping of that.
  if (value.kind == Value::Kind::mapping) {
    const bool element =
        std::any_of(option.element.begin(), option.element.end(),
                    [&](const Option& alternative) { return form_fits(alternative, value); });
    if (element && option.least == 0) {
      validate_element(loader, value, option.element, path, dimensions, phase);
      return;
    }
    if (option.schema != nullptr) {
      validate(loader, value, *option.schema, path, dimensions, phase);
      return;
    }
  }
  if (value.kind != Value::Kind::list) {
    loader.error(value.place, path, "is " + value.description(),
                 "a list" + (value.kind == Value::Kind::scalar ? ": [" + value.scalar + ']' : ""));
    return;
  }
  const auto count = static_cast<int>(value.list.size());
  if (count < option.least || count > option.most) {
    const bool fixed = option.least == option.most;
    const std::string expected = fixed                  ? std::to_string(option.least) + " values"
                                 : count < option.least ? "at least " + std::to_string(option.least)
                                                        : "at most " + std::to_string(option.most);
    loader.error(value.place, path,
                 "is a list of " + std::to_string(count) + (count == 1 ? " value" : " values"), expected);
  }
  for (std::size_t i = 0; i < value.list.size(); ++i)
    validate_element(loader, value.list[i], option.element, path + '[' + std::to_string(i) + ']', dimensions,
                     phase);
}

/// Content of types that need nothing but the parameters.
void validate_value(Loader& loader, const Value& value, const Option& option, const std::string& path,
                    const Dimensions& dimensions) {
  switch (option.type) {
    case Type::quantity:
      if (const auto dimension = read_dimension(option.dimension, dimensions))
        loader.quantity(value, path, *dimension);
      else
        loader.constant(value, path);
      break;
    case Type::any_quantity:
      loader.constant(value, path);
      break;
    case Type::number:
      loader.number(value, path);
      break;
    case Type::integer:
      loader.integer(value, path);
      break;
    case Type::flag:
      loader.flag(value, path);
      break;
    case Type::choice:
      validate_choice(loader, value, option, path);
      break;
    case Type::file:
      loader.file(value, path);
      break;
    case Type::equations:
      validate_equations(loader, value, path);
      break;
    case Type::text:
    case Type::space:
    case Type::process:
    case Type::field:
    case Type::observer:
      loader.text(value, path);
      break;
    default:
      break;
  }
}

/// References to other parts of the model, and equations over its fields.
void validate_reference(Loader& loader, const Value& value, const Option& option, const std::string& path,
                        const Dimensions& dimensions) {
  if (option.type == Type::coefficient) {
    loader.coefficient(value, path, read_dimension(option.dimension, dimensions));
    return;
  }
  if (option.type != Type::space && option.type != Type::field) return;
  const auto name = loader.text(value, path);
  if (!name) return;
  if (option.type == Type::space) loader.space(*name, value.place, path);
  if (option.type == Type::field) loader.field(*name, value.place, path);
}

/// A mapping from fields to values of the option.
void validate_by_field(Loader& loader, const Value& value, const Option& option,
                       const std::vector<std::string>& fields, const std::string& path,
                       const Dimensions& dimensions, Phase phase) {
  for (const Value::Member& member : value.mapping) {
    const std::string place = path + '.' + member.key;
    if (std::find(fields.begin(), fields.end(), member.key) != fields.end())
      validate(loader, member.value, option, place, dimensions, phase);
    else if (phase == Phase::keys)
      loader.error(member.key_place, place, "'" + member.key + "' is none of the fields", "",
                   suggestion(member.key, fields));
  }
  if (phase != Phase::keys || option.default_value || option.type == Type::section) return;
  for (const std::string& field : fields)
    if (value.find(field) == nullptr)
      loader.error(value.place, path, "has no value for '" + field + "'", "one value for each of the fields");
}

}  // namespace

void validate(Loader& loader, const Value& value, const Option& option, const std::string& path,
              const Dimensions& dimensions, Phase phase) {
  if (value.reported) return;
  if (value.kind == Value::Kind::null && option.type != Type::anything) {
    if (phase == Phase::keys) loader.error(value.place, path, "has no value", form_text(option));
    return;
  }
  switch (option.type) {
    case Type::list:
      validate_list(loader, value, option, path, dimensions, phase);
      break;
    case Type::section:
      validate(loader, value, *option.schema, path, dimensions, phase);
      break;
    case Type::mapping:
      if (value.kind != Value::Kind::mapping) {
        if (phase == Phase::keys) loader.error(value.place, path, "is " + value.description(), "a mapping");
        break;
      }
      for (const Value::Member& member : value.mapping)
        validate_element(loader, member.value, option.element, path + '.' + member.key, dimensions, phase);
      break;
    default:
      if (phase == Phase::keys)
        validate_value(loader, value, option, path, dimensions);
      else
        validate_reference(loader, value, option, path, dimensions);
  }
}

void validate(Loader& loader, const Value& value, const Schema& schema, const std::string& path,
              const Dimensions& dimensions, Phase phase) {
  if (value.reported) return;
  if (value.kind != Value::Kind::mapping) {
    if (phase == Phase::keys) loader.error(value.place, path, "is " + value.description(), "a mapping");
    return;
  }
  const std::string prefix = path.empty() ? "" : path + '.';
  const std::vector<std::string> fields = listed_fields(value);
  std::vector<std::string> misspelt;  // keys that are there under another name: they are not missing as well
  for (const Value::Member& member : value.mapping) {
    const Option* option = schema.find(member.key);
    if (option != nullptr && given_by_field(*option, member.value, fields)) {
      validate_by_field(loader, member.value, *option, fields, prefix + member.key, dimensions, phase);
    } else if (option != nullptr) {
      validate(loader, member.value, *option, prefix + member.key, dimensions, phase);
    } else if (phase == Phase::keys) {
      loader.error(member.key_place, prefix + member.key, "unknown key '" + member.key + "'", "",
                   suggestion(member.key, schema.keys()));
      misspelt.push_back(nearest_name(member.key, schema.keys()));
    }
  }
  if (phase != Phase::keys) return;
  for (const Option& option : schema.options())
    if (!option.default_value && !option.optional && value.find(option.key) == nullptr &&
        std::find(misspelt.begin(), misspelt.end(), option.key) == misspelt.end())
      loader.error(value.place, prefix + option.key, "the key '" + option.key + "' is missing", "",
                   option.documentation);
}

}  // namespace holon::modelfile

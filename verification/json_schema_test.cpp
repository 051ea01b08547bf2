// The JSON Schema that `holon schema` prints takes every model of the cookbook, as it stands and resolved,
// and refuses what an editor should underline. The validator below knows the keywords that the schema uses,
// and fails on any other.
#include "holon/base/file.hpp"
#include "holon/modelfile/document.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>

#include "verification/model_run.hpp"
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace holon::verification {
namespace {

using Json = nlohmann::json;
using Value = modelfile::Document::Value;

/// What a YAML 1.2 core reader makes of a value.
Json json_of(const Value& value) {
  switch (value.kind) {
    case Value::Kind::null:
      return nullptr;
    case Value::Kind::list: {
      Json list = Json::array();
      for (const Value& element : value.list) list.push_back(json_of(element));
      return list;
    }
    case Value::Kind::mapping: {
      Json mapping = Json::object();
      for (const Value::Member& member : value.mapping) mapping[member.key] = json_of(member.value);
      return mapping;
    }
    case Value::Kind::scalar:
      break;
  }
  static const std::regex integer("[-+]?[0-9]+"),
      real(R"([-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?)");
  if (value.quoted || value.block) return value.scalar;
  if (value.scalar == "true" || value.scalar == "false") return value.scalar == "true";
  if (std::regex_match(value.scalar, integer)) return std::stoll(value.scalar);
  if (std::regex_match(value.scalar, real)) return std::stod(value.scalar);
  return value.scalar;
}

class Validator {
 public:
  explicit Validator(Json schema) : root_(std::move(schema)) {}

  /// Empty, or where the value breaks the schema and how.
  std::string broken(const Json& value) const { return broken(root_, value, "$"); }

 private:
  std::string broken(const Json& schema, const Json& value, const std::string& at) const {
    if (schema.is_boolean()) return schema.get<bool>() ? "" : at + ": nothing is allowed here";
    for (const auto& [keyword, rule] : schema.items()) {
      const std::string found = keyword_broken(schema, keyword, rule, value, at);
      if (!found.empty()) return found;
    }
    return "";
  }

  std::string keyword_broken(const Json& schema, const std::string& keyword, const Json& rule,
                             const Json& value, const std::string& at) const {
    static const std::set<std::string> remarks{"$schema", "$defs", "title", "description", "default", "then"};
    if (remarks.contains(keyword)) return "";
    if (keyword == "$ref")
      return broken(root_.at(Json::json_pointer(rule.get<std::string>().substr(1))), value, at);
    if (keyword == "type") {
      const Json types = rule.is_array() ? rule : Json::array({rule});
      return std::any_of(types.begin(), types.end(), [&](const Json& type) { return is(value, type); })
                 ? ""
                 : at + ": is no " + rule.dump();
    }
    if (keyword == "const") return value == rule ? "" : at + ": is not " + rule.dump();
    if (keyword == "enum")
      return std::find(rule.begin(), rule.end(), value) != rule.end() ? "" : at + ": none of " + rule.dump();
    if (keyword == "pattern") {
      EXPECT_EQ(rule, "^=");
      return !value.is_string() || value.get<std::string>().starts_with('=') ? "" : at + ": is no equation";
    }
    if (keyword == "required") {
      for (const Json& key : rule)
        if (value.is_object() && !value.contains(key.get<std::string>())) return at + ": lacks " + key.dump();
      return "";
    }
    if (keyword == "properties") {
      for (const auto& [key, inner] : rule.items()) {
        if (!value.is_object() || !value.contains(key)) continue;
        if (std::string found = broken(inner, value.at(key), at + '.' + key); !found.empty()) return found;
      }
      return "";
    }
    if (keyword == "additionalProperties") {
      if (!value.is_object()) return "";
      for (const auto& [key, inner] : value.items()) {
        if (schema.contains("properties") && schema.at("properties").contains(key)) continue;
        if (std::string found = broken(rule, inner, at + '.' + key); !found.empty()) return found;
      }
      return "";
    }
    if (keyword == "items") {
      for (std::size_t i = 0; value.is_array() && i < value.size(); ++i)
        if (std::string found = broken(rule, value[i], at + '[' + std::to_string(i) + ']'); !found.empty())
          return found;
      return "";
    }
    if (keyword == "anyOf") {
      std::string all;
      for (const Json& alternative : rule) {
        const std::string found = broken(alternative, value, at);
        if (found.empty()) return "";
        all += (all.empty() ? "" : " | ") + found;
      }
      return all;
    }
    if (keyword == "allOf") {
      for (const Json& part : rule)
        if (std::string found = broken(part, value, at); !found.empty()) return found;
      return "";
    }
    if (keyword == "if")
      return broken(rule, value, at).empty() && schema.contains("then") ? broken(schema.at("then"), value, at)
                                                                        : "";
    ADD_FAILURE() << "the schema uses the keyword '" << keyword << "', which this test does not know";
    return "";
  }

  static bool is(const Json& value, const Json& type) {
    const std::string name = type;
    return (name == "object" && value.is_object()) || (name == "array" && value.is_array()) ||
           (name == "string" && value.is_string()) || (name == "boolean" && value.is_boolean()) ||
           (name == "number" && value.is_number()) || (name == "integer" && value.is_number_integer()) ||
           (name == "null" && value.is_null());
  }

  Json root_;
};

const Validator& validator() {
  static const Validator made = [] {
    const auto file = std::filesystem::temp_directory_path() / ("holon-schema-" + std::to_string(::getpid()));
    const std::string command = std::string("'") + HOLON_PROGRAM + "' schema > '" + file.string() + "'";
    EXPECT_EQ(std::system(command.c_str()), 0);
    Json schema = Json::parse(read_file(file));
    std::filesystem::remove(file);
    return Validator(std::move(schema));
  }();
  return made;
}

std::string broken(const std::string& text) {
  Diagnostics found;
  const Value value = modelfile::Document::parse(text, "test", {}, found);
  EXPECT_FALSE(found.has_errors());
  return validator().broken(json_of(value));
}

TEST(JsonSchema, TakesEveryModelOfTheCookbook) {
  const std::filesystem::path models = std::filesystem::path(HOLON_SOURCE_DIR) / "models";
  int seen = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(models)) {
    if (entry.path().extension() != ".yaml") continue;
    const std::string text = read_file(entry.path());
    if (text.find("\nprocesses:") == std::string::npos) continue;  // a component
    ++seen;
    EXPECT_EQ(broken(text), "") << entry.path();
    const std::string name = std::filesystem::relative(entry.path(), HOLON_SOURCE_DIR).string();
    EXPECT_EQ(broken(ModelRun(name).model().resolved), "") << name << ", resolved";
  }
  EXPECT_GE(seen, 9);
}

TEST(JsonSchema, RefusesWhatAnEditorShouldUnderline) {
  const std::string good = R"(holon: 1
spaces: {line: {type: grid, size: [1 mm], spacing: 0.1 mm}}
processes:
  a: {type: diffusion, field: c, diffusivity: 1 mm^2/s, order: 2}
schedule: {step: 1 ms, until: 1 s, strang: [a, {lie: [b]}]}
observe: {end: {type: final, of: c}}
results: {c: {of: end}}
)";
  ASSERT_EQ(broken(good), "");
  const auto with = [&](const std::string& part, const std::string& other) {
    std::string text = good;
    EXPECT_NE(text.find(part), std::string::npos) << part;
    return broken(text.replace(text.find(part), part.size(), other));
  };
  EXPECT_NE(with("spaces:", "space:"), "");
  EXPECT_NE(with("type: grid", "type: gird"), "");
  EXPECT_NE(with("type: grid, ", ""), "");
  EXPECT_NE(with("diffusivity:", "difusivity:"), "");
  EXPECT_NE(with("order: 2", "order: [2]"), "");
  EXPECT_NE(with("step: 1 ms", "stap: 1 ms"), "");
  EXPECT_NE(with("lie: [b]", "lei: [b]"), "");
  EXPECT_NE(with("type: final", "type: finale"), "");
  EXPECT_NE(with("of: end", "off: end"), "");
  EXPECT_NE(with("holon: 1", "holon: 2"), "");
}

}  // namespace
}  // namespace holon::verification

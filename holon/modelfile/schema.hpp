// Schemas: what options a component type has, of which type, dimension and default, and one line about each.
// The schema serves validation, `holon show`, the manual and the JSON Schema, so they can't drift apart.
#pragma once

#include "holon/base/unit.hpp"
#include "holon/modelfile/document.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holon::modelfile {

class Schema;

/// One option.
struct Option {
  enum class Type {
    quantity,  ///< a constant of `dimension`: "0.2 mm", "=L/100"
    number,
    integer,
    flag,
    text,
    choice,
    file,
    coefficient,   ///< of `dimension`; may depend on place, time, fields and parameters; or {file: ...}
    any_quantity,  ///< of whatever dimension
    space,
    process,
    field,
    observer,   ///< the name of one
    equations,  ///< a `|` block, or a component file
    list,       ///< of `element`
    section,    ///< a mapping with `schema`
    mapping,    ///< free keys, each value as `element`
    schedule_node,
    anything,  ///< read by their own code
  };
  std::string key;
  Type type = Type::text;
  std::string dimension = "1";  ///< in terms of length, time, mass, current, temperature, amount, and what
                                ///< the type declares: "length^2/time", "field/time"
  std::string documentation;
  std::optional<std::string> default_value;  ///< as it would be written; absent: required unless `optional`
  bool optional = false;
  std::vector<std::string> choices;
  std::vector<Option>
      element;  ///< at most one: the type of a list's or mapping's values; several: alternatives
  std::shared_ptr<const Schema> schema;  ///< of a section; of a list: of the mapping that may stand instead
  int least = 0, most = 1 << 30;         ///< number of elements of a list
  bool by_field = false;  ///< beside an option `fields`: may also be a mapping from those to such values

  Option& with_default(std::string text);
  Option& make_optional();
  Option& make_by_field();
};

/// The options of a mapping.
class Schema {
 public:
  Schema() = default;
  Schema(std::string title, std::string documentation)
      : title_(std::move(title)), documentation_(std::move(documentation)) {}
  Option& add(std::string key, Option::Type type, std::string documentation);
  Option& quantity(std::string key, std::string dimension, std::string documentation);
  Option& coefficient(std::string key, std::string dimension, std::string documentation);
  Option& choice(std::string key, std::vector<std::string> choices, std::string documentation);
  Option& section(std::string key, Schema schema, std::string documentation);
  Option& mapping(std::string key, Option element, std::string documentation);
  Option& list(std::string key, Option element, std::string documentation);
  const Option* find(std::string_view key) const;
  const std::vector<Option>& options() const { return options_; }
  const std::string& title() const { return title_; }
  const std::string& documentation() const { return documentation_; }
  std::vector<std::string> keys() const;

 private:
  std::string title_, documentation_;
  std::vector<Option> options_;
};

/// The dimension that a text such as "length^2/time" stands for, or nothing where a name is not known (yet).
std::optional<Dimension> read_dimension(std::string_view text, const std::map<std::string, Dimension>& names);

}  // namespace holon::modelfile

// What a component type reads its options through: one validated mapping of the model file.
//
// Readers never guess: a value was checked against the schema before, equations (`=...`) are evaluated, units
// converted to the coherent unit of the option's dimension, and every mistake found here goes to the same
// Diagnostics as all others.
#pragma once

#include "holon/engine/coefficient.hpp"
#include "holon/expr/language.hpp"
#include "holon/modelfile/document.hpp"
#include "holon/modelfile/schema.hpp"
#include "holon/space/field.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace holon::modelfile {

class Loader;

/// A parameter or option that turned out to be a number with a dimension, a text, a truth value, or a list of
/// such.
struct Evaluated {
  enum class Kind { quantity, text, flag, list };
  Kind kind = Kind::quantity;
  Quantity quantity;
  std::string text;
  bool flag = false;
  std::vector<Evaluated> list;
};

class Section {
 public:
  Section(Loader& loader, const Document::Value* value, const Schema* schema, std::string path,
          std::map<std::string, Dimension> dimensions);

  const std::string& path() const { return path_; }
  Place place() const;                          ///< of the mapping
  Place place(std::string_view key) const;      ///< of a key's value; of the mapping if the key is absent
  Place key_place(std::string_view key) const;  ///< of the key itself; of the mapping if it is absent
  bool has(std::string_view key) const;         ///< given in the file (not by default)

  // Typed reading. Where a key is absent its default is read; the schema says which keys are required. After
  // an error a harmless value of the type is returned: nothing is built when there are errors.
  double quantity(std::string_view key) const;  ///< in the coherent unit of the schema's dimension
  Unit unit_of(std::string_view key) const;     ///< the unit that it was written in
  double number(std::string_view key) const;
  std::int64_t integer(std::string_view key) const;
  bool flag(std::string_view key) const;
  std::string text(std::string_view key) const;  ///< texts, names and choices; {parameter} is replaced
  std::optional<Unit> unit(std::string_view key) const;    ///< that a text names; nothing if it is absent
  std::filesystem::path file(std::string_view key) const;  ///< relative to the file that names it
  Coefficient coefficient(std::string_view key) const;     ///< in the coherent unit of the schema's dimension
  Coefficient coefficient(std::string_view key,
                          const Dimension& dimension) const;  ///< where only the type knows the dimension
  std::vector<Coefficient> coefficients(
      std::string_view key) const;                    ///< a list of them; one alone is a list of one
  Quantity any_quantity(std::string_view key) const;  ///< of whatever dimension
  std::vector<double> quantities(std::string_view key) const;
  std::vector<std::string> texts(std::string_view key) const;
  Section section(std::string_view key) const;
  std::vector<Section> sections(std::string_view key) const;         ///< a list of mappings
  std::vector<std::string> keys(std::string_view key) const;         ///< of a mapping with free keys
  Section child(std::string_view key, std::string_view name) const;  ///< the section under a free key
  const Document::Value* raw(std::string_view key) const;            ///< null if absent
  const Document::Value& mapping() const;                            ///< as a whole; not of defaults alone
  Section with(
      const Document::Value& mapping) const;  ///< another mapping in its place, which must outlive it

  // References to other parts of the model, with the nearest name in the error. Where there is none of that
  // name nothing sensible could go on: Abandoned is thrown, which the loader catches.
  std::shared_ptr<const Space> space(std::string_view key) const;
  FieldId field(std::string_view key) const;

  /// Declares what a dimension name in the schema ("field", "flux") means from here on.
  void set_dimension(const std::string& name, const Dimension& dimension);
  void error(std::string_view key, std::string message, std::string expected = "",
             std::string hint = "") const;
  void warning(std::string_view key, std::string message, std::string hint = "") const;
  Loader& loader() const { return *loader_; }
  const Schema* schema() const { return schema_; }
  const std::map<std::string, Dimension>& dimensions() const { return dimensions_; }
  std::string path_of(std::string_view key) const;

 private:
  const Option& option(std::string_view key) const;
  std::optional<Document::Value> value(std::string_view key) const;  // as given, else the default
  Dimension dimension(std::string_view key) const;

  Loader* loader_;
  const Document::Value* value_;  // null: everything by default
  const Schema* schema_;
  std::string path_;
  std::map<std::string, Dimension> dimensions_;
};

}  // namespace holon::modelfile

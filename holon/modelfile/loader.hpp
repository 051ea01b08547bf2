// What one loading of a model file knows: the messages so far, the parameters, the model under construction.
// Component types reach it through Section::loader() when they read files of their own.
#pragma once

#include "holon/modelfile/equation.hpp"
#include "holon/modelfile/load.hpp"
#include "holon/modelfile/parameters.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace holon::modelfile {

/// Thrown by a Section where reading can't go on; the mistake has been reported. Component types let it pass.
struct Abandoned {};

class Loader {
 public:
  using Value = Document::Value;
  Loader(const Registry& registry, const LoadOptions& options);
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  const Registry& registry() const { return registry_; }
  const LoadOptions& options() const { return options_; }
  Model& model() { return *model_; }
  std::shared_ptr<Model> release_model() { return std::move(model_); }
  Parameters& parameters() { return parameters_; }

  // Messages. The same mistake is reported once, however often it is met.
  const Diagnostics& diagnostics() const { return diagnostics_; }
  bool has_errors() const { return diagnostics_.has_errors(); }
  void error(const Place& place, const std::string& path, std::string message, std::string expected = "",
             std::string hint = "");
  void warning(const Place& place, const std::string& path, std::string message, std::string hint = "");
  void take(const Diagnostics& found);
  /// Takes in what a part of Holon without a place in the file threw.
  void take(const InputError& problem, const Place& place, const std::string& path);
  /// What stands at a place comes from a parameter: messages about it name the --set that gave it.
  void note_parameter(const Place& place, const std::string& name);
  /// A branch that the parameters do not choose: looked at by check_untaken() when all names are known.
  void note_untaken(std::string path, Value branch) {
    untaken_.push_back({std::move(path), std::move(branch)});
  }
  struct Untaken {
    std::string path;
    Value value;
  };
  const std::vector<Untaken>& untaken() const { return untaken_; }
  const std::map<std::string, Place>& announced() const { return announced_; }
  void note_conversion(std::string line) { conversions_.push_back(std::move(line)); }
  const std::vector<std::string>& conversions() const { return conversions_; }

  /// What dimension names mean in this model: length and time are 1 in a dimensionless model.
  const std::map<std::string, Dimension>& dimensions() const { return dimensions_; }
  void set_dimension(const std::string& name, const Dimension& dimension) { dimensions_[name] = dimension; }

  // Values. Nothing is returned where the value is wrong; that has been reported then. `path` is the key path
  // for messages. Plain numbers are dimensionless, but 0 and inf fit any dimension.
  std::optional<Quantity> constant(const Value& value, const std::string& path);  ///< of whatever dimension
  std::optional<double> quantity(const Value& value, const std::string& path,
                                 const Dimension& needed);  ///< coherent
  /// For components with units of their own: a plain number is in `unit`, a quantity is converted to it.
  std::optional<double> number_in(const Value& value, const std::string& path, const Unit& unit);
  std::optional<double> number(const Value& value, const std::string& path);
  std::optional<std::int64_t> integer(const Value& value, const std::string& path);
  std::optional<bool> flag(const Value& value, const std::string& path);
  std::optional<std::string> text(const Value& value, const std::string& path);
  std::optional<std::filesystem::path> file(const Value& value, const std::string& path);
  std::optional<Position> position(const Value& value, const std::string& path, int axes);
  /// Coherent. Without `needed` of whatever dimension.
  std::optional<Coefficient> coefficient(const Value& value, const std::string& path,
                                         const std::optional<Dimension>& needed, const Unit* unit = nullptr);
  /// As number_in, but an equation of place, time, fields and parameters; in `unit`, not coherent.
  std::optional<Coefficient> coefficient_in(const Value& value, const std::string& path, const Unit& unit);
  std::optional<Equation> equation(const Value& value, const std::string& path, Scope scope);
  /// Reports a dimension that does not fit; where what is needed has a unit of its own, with that.
  bool fits(const Value& value, const std::string& path, const Dimension& found, const Dimension& needed,
            const Unit* unit = nullptr);

  /// A component: what a file name stands for (read, with `extends:` followed), or the mapping itself, or for
  /// a block of equations a mapping with `equations` alone. A mapping without keys where it is wrong.
  Value component(const Value& value, const std::string& path);

  /// The statements of a component's `equations`: a block, or several, each of which redefines statements of
  /// those before it.
  std::vector<expr::Statement> statements(const Value& equations, const std::string& path);

  // Names in equations.
  std::optional<Meaning> meaning(const std::string& name, Scope scope, const Place& place,
                                 const std::string& path);
  std::vector<std::string> names(Scope scope);
  /// Names that will be fields, or processes that will have some: not to be told that they are not defined.
  void announce(const std::string& name, const Place& where) { announced_.emplace(name, where); }
  /// Fields of this process are not to be missed in messages: its own declaration failed.
  void mark_broken(const std::string& process) { broken_.insert(process); }
  bool broken(const std::string& name) const;
  /// Results that others may use, with their units.
  void set_result(const std::string& name, std::optional<Dimension> dimension) { results_[name] = dimension; }
  /// The unit in which lengths of a space are written: of its spacing, or of its size.
  void note_length_unit(const std::string& space, const Unit& unit) { length_units_.emplace(space, unit); }
  Unit length_unit(const Space& space) const;
  std::shared_ptr<const Space> space(const std::string& name, const Place& place, const std::string& path);
  std::optional<FieldId> field(const std::string& name, const Place& place, const std::string& path);

 private:
  /// "'here' is in mM (model.yaml:5:3)", for the fields that an equation reads.
  std::string units_of_fields_in(const Value& value) const;
  /// True for a text that lacks nothing but its '=': "L/100", "1/64".
  bool reads_as_expression(const Value& value) const;
  std::optional<Meaning> field_meaning(FieldId id, const Place& place, const std::string& path);
  std::optional<Coefficient> values_per_site(const Value& value, const std::string& path,
                                             const std::optional<Dimension>& needed);
  std::optional<Coefficient> share_in_box(const Value& value, const std::string& path,
                                          const std::optional<Dimension>& needed);
  Value read_component(const std::filesystem::path& file, const std::string& path, int depth);

  const Registry& registry_;
  const LoadOptions& options_;
  std::shared_ptr<Model> model_;
  Diagnostics diagnostics_;
  void add(Diagnostic diagnostic);

  std::set<std::string> reported_;
  std::map<std::string, std::string> settings_at_;  // by Place::text()
  std::vector<std::string> conversions_;
  std::map<std::string, Dimension> dimensions_;
  Parameters parameters_;
  std::vector<Untaken> untaken_;
  std::map<std::string, Place> announced_;
  std::set<std::string> broken_;
  std::map<std::string, Unit> length_units_;  // by space
  std::map<std::string, std::optional<Dimension>> results_;
  std::map<std::string, Value> components_;
};

/// "electric potential", "length^2/time".
std::string dimension_words(const Dimension& dimension);
/// "a quantity of length, such as 0.2 mm"; "a plain number" without dimension.
std::string quantity_of(const Dimension& dimension);

/// A unit text; nothing if it is wrong, which has been reported then.
std::optional<Unit> read_unit(Loader& loader, const Document::Value& value, const std::string& path);

/// To 12 digits, for proposals that are to be typed in.
std::string rounded_text(const Quantity& quantity);

/// Replaces {choose: ...}, `=name` of texts, truth values and lists, and {name} inside texts, below a value.
void complete(Loader& loader, Document::Value& value, const std::string& path);

}  // namespace holon::modelfile

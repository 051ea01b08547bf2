// The parameters of a model: named quantities, texts, truth values and lists, which may be equations over
// each other. Their order in the file does not matter.
#pragma once

#include "holon/modelfile/equation.hpp"
#include "holon/modelfile/section.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace holon::modelfile {

class Loader;

class Parameters {
 public:
  explicit Parameters(Loader& loader) : loader_(loader) {}

  /// Takes the `parameters:` section in. `stated` is the section before --set.
  void read(const Document::Value& section, const Document::Value& stated);
  /// Evaluates all of them, so that every mistake is found, and holds those given by --set against the
  /// dimensions and choices that the file states.
  void check();

  bool contains(const std::string& name) const { return entries_.contains(name); }
  std::vector<std::string> names() const;
  /// Its value; null if there is none of that name, or if it is wrong (which has been reported then).
  const Evaluated* value(const std::string& name);
  /// Its text_of() for a place where no run can change it any more; nothing if it is wrong or has no text.
  std::optional<std::string> text(const std::string& name);
  /// As it stands in the file, with texts completed: what `=name` means where a text or list is needed.
  const Document::Value* written(const std::string& name);
  /// The choices that it states; none where any value will do.
  std::vector<std::string> choices(const std::string& name) const;
  /// The --set texts that its value comes from, through other parameters too.
  std::vector<std::string> settings(const std::string& name) const;
  /// Whether something was built from its value that setting it on a State would not change.
  bool is_structural(const std::string& name) const { return structural_.contains(name); }
  /// While one lives, values are read for what is not part of the model: studies, published numbers.
  class BesideTheModel {
   public:
    explicit BesideTheModel(Parameters& parameters) : parameters_(parameters) { ++parameters_.beside_; }
    ~BesideTheModel() { --parameters_.beside_; }
    BesideTheModel(const BesideTheModel&) = delete;
    BesideTheModel& operator=(const BesideTheModel&) = delete;

   private:
    Parameters& parameters_;
  };
  /// What it means in an equation; nothing if it is wrong or no number.
  std::optional<Meaning> meaning(const std::string& name, Scope scope);

 private:
  struct Entry {
    Document::Value value, stated;
    bool overridden = false;
    bool whole = false;  // only whole numbers are allowed
    std::vector<std::string> choices;
    std::vector<std::pair<std::string, Document::Value>> bounds;  // "below", and what it is to be below
    std::string description;
    enum class Progress { waiting, running, done } progress = Progress::waiting;
    std::optional<Evaluated> evaluated;
    std::optional<Equation> equation;  // over other parameters, if it is one
  };
  static std::string path(const std::string& name) { return "parameters." + name; }
  void add(const std::string& name, const Document::Value& value);
  void evaluate(const std::string& name, Entry& entry);
  std::optional<Evaluated> evaluate(const Document::Value& value, const std::string& path);
  /// False, with a message, where its value breaks what the file says of it.
  bool allowed(const std::string& name, const Entry& entry);
  bool is_choice(const std::string& name, const Entry& entry);
  bool is_whole(const std::string& name, const Entry& entry);
  bool is_within_bounds(const std::string& name, const Entry& entry);
  bool is_like_stated(const std::string& name, const Entry& entry, const std::optional<Evaluated>& stated);
  bool has_dimension(const std::string& name, const Entry& entry, const Evaluated& now,
                     const Evaluated& stated);
  /// The value in the file, or the first choice: what stands in for a broken value, so that nothing that
  /// follows from it is reported as well.
  void take_stand_in(const std::string& name, Entry& entry);
  std::optional<Meaning> leaf(const std::string& name, const Evaluated& evaluated, Scope scope);

  Loader& loader_;
  std::map<std::string, Entry> entries_;
  std::vector<std::string> running_;  // being evaluated: for the text of a cycle
  int beside_ = 0;                    // how many BesideTheModel there are
  std::set<std::string> structural_;  // used where a run can't change it any more
};

/// As a text: that of a text, a number without unit as it is written, true or false.
std::optional<std::string> text_of(const Evaluated& value);
/// "a quantity of time", "a text" ... for messages.
std::string kind_text(const Evaluated& value);

}  // namespace holon::modelfile

// --set PATH=VALUE.
#include "holon/modelfile/build.hpp"
#include "holon/modelfile/model_schema.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>

namespace holon::modelfile {

using Value = Document::Value;

Override parse_override(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    throw InputError(Diagnostic{.place = {"--set " + text, 0, 0},
                                .message = "'" + text + "' is no setting",
                                .expected = "PATH=VALUE, such as parameters.step=0.01 ms"});
  return {text.substr(0, equals), text.substr(equals + 1)};
}

namespace {

constexpr std::array free_sections{"parameters", "spaces", "fields",  "processes", "couplings",
                                   "observe",    "events", "results", "study"};

bool has_free_names(const std::string& section) {
  return std::find(free_sections.begin(), free_sections.end(), section) != free_sections.end();
}

/// All key paths below a value, to find the nearest.
void collect(const Value& value, const std::string& path, std::vector<std::string>& paths) {
  if (!path.empty()) paths.push_back(path);
  const std::string prefix = path.empty() ? "" : path + '.';
  for (const Value::Member& member : value.mapping) collect(member.value, prefix + member.key, paths);
  for (std::size_t i = 0; i < value.list.size(); ++i)
    collect(value.list[i], prefix + std::to_string(i), paths);
}

/// The one parameter that an equation contains (`=200*step`, `=a/400`); empty if it contains several or none.
std::string only_parameter(const std::string& equation, const Value& parameters) {
  std::string only;
  const auto letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  const auto digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
  bool after_number = false;  // where a name is a unit
  for (std::size_t at = 1; at < equation.size();) {
    std::size_t end = at + 1;
    if (letter(equation[at]) || digit(equation[at])) {
      while (end < equation.size() && (letter(equation[end]) || digit(equation[end]) || equation[end] == '.'))
        ++end;
      const std::string word = equation.substr(at, end - at);
      const bool number = digit(word.front());
      if (!number && !after_number && parameters.find(word) != nullptr) {
        if (!only.empty() && only != word) return "";
        only = word;
      }
      after_number = number;
    } else if (equation[at] != ' ') {
      after_number = false;
    }
    at = end;
  }
  return only;
}

/// The value that a path states, through equations that contain one parameter: `=step`, `=200*step`.
const Value* stated_value(const Value& root, const Value& stated) {
  const Value* parameters = root.find("parameters");
  const Value* value = &stated;
  for (int depth = 0; parameters != nullptr && value->is_equation() && depth < 8; ++depth) {
    const Value* parameter = parameters->find(only_parameter(value->scalar, *parameters));
    if (parameter == nullptr) return value;
    const Value* inner = parameter->find("value");
    value = inner != nullptr ? inner : parameter;
  }
  return value;
}

/// A number takes the unit in which the file states the value that it replaces: a plain one as it is, one
/// with another unit converted.
void take_unit(Value& value, const Value& root, const Value& before) {
  const Value* stated = stated_value(root, before);
  if (stated == nullptr) return;
  if (value.kind == Value::Kind::list && stated->kind == Value::Kind::list) {
    // Further elements are like the last one of the file.
    for (std::size_t i = 0; i < value.list.size() && !stated->list.empty(); ++i)
      take_unit(value.list[i], root, stated->list[std::min(i, stated->list.size() - 1)]);
    return;
  }
  if (value.kind != Value::Kind::scalar || value.quoted || value.is_equation()) return;
  if (stated->kind != Value::Kind::scalar || stated->quoted || stated->is_equation()) return;
  try {
    const Unit unit = parse_quantity(stated->scalar).unit;
    const Quantity given = parse_quantity(value.scalar);
    if (unit.text() == "1" || given.unit.text() == unit.text()) return;
    if (given.unit.text() == "1")
      value.scalar += ' ' + unit.text();
    else if (given.unit.compatible(unit))
      value.scalar = Quantity{given.in(unit), unit}.text();
  } catch (const InputError&) {
    return;  // one of them is no quantity: there is no unit to take
  }
}

class Setter {
 public:
  Setter(Loader& loader, Value& root, const std::filesystem::path& folder)
      : loader_(loader), root_(root), folder_(folder) {}

  void set(const Override& override) {
    const std::string name = "--set " + override.path + '=' + override.value;
    place_ = {name, 0, 0};
    Diagnostics found;
    Value value = Document::parse(override.value, name, folder_, found);
    if (found.has_errors()) {
      // What is no YAML (a text with ': ' or brackets, say) is taken as it stands.
      value = Value{};
      value.kind = Value::Kind::scalar;
      value.scalar = override.value;
    }
    mark(value);
    if (value.kind == Value::Kind::null) {
      loader_.error(place_, override.path, "no value is given");
      return;
    }
    Value* target = &root_;
    const std::string as_written = path_in_file(override.path);
    std::string_view rest = as_written;
    std::string path;
    while (!rest.empty()) {
      Step step = descend(*target, rest);
      if (step.value == nullptr) break;
      target = step.value;
      path += (path.empty() ? "" : ".") + std::string(rest.substr(0, step.length));
      rest.remove_prefix(std::min(rest.size(), step.length + 1));
    }
    if (!rest.empty()) {
      target = make(*target, path, rest, override.path);
      if (target == nullptr) return;
    }
    assign(*target, std::move(value));
  }

 private:
  struct Step {
    Value* value = nullptr;
    std::size_t length = 0;
  };

  /// The frames of `output` are an observer named `fields` in the resolved model, and may be called that.
  std::string path_in_file(const std::string& path) const {
    constexpr std::string_view observer = "observe.fields";
    const Value* output = root_.find("output");
    const Value* observe = root_.find("observe");
    const bool frames = output != nullptr && output->find("fields") != nullptr &&
                        (observe == nullptr || observe->find("fields") == nullptr);
    const bool meant =
        path.starts_with(observer) && (path.size() == observer.size() || path[observer.size()] == '.');
    return frames && meant ? "output.fields" + path.substr(observer.size()) : path;
  }

  /// The member that the path leads into: the longest key that fits, since keys may hold dots.
  static Step descend(Value& at, std::string_view rest) {
    Step best;
    for (Value::Member& member : at.mapping)
      if (rest.starts_with(member.key) &&
          (rest.size() == member.key.size() || rest[member.key.size()] == '.') &&
          (best.value == nullptr || member.key.size() > best.length))
        best = {&member.value, member.key.size()};
    if (best.value != nullptr || at.kind != Value::Kind::list) return best;
    const std::string_view index = rest.substr(0, rest.find('.'));
    const auto number = parse_number(index);
    if (number && *number >= 0 && *number < static_cast<double>(at.list.size()) &&
        index.find_first_not_of("0123456789") == std::string_view::npos)
      return {&at.list[static_cast<std::size_t>(*number)], index.size()};
    return best;
  }

  /// Makes what the schema allows and the file leaves out; `path` is what exists of `whole`.
  Value* make(Value& at, const std::string& path, std::string_view rest, const std::string& whole) {
    const std::string key(rest.substr(0, rest.find('.')));
    const bool section = path.empty() && model_schema().find(key) != nullptr;
    const bool last = rest.size() == key.size();
    const bool inside = !path.empty() && !has_free_names(path) && at.kind == Value::Kind::mapping;
    if (key.empty() ||
        !(inside || (section && (!has_free_names(key) && (last || key == "schedule" || key == "output"))))) {
      report(whole);
      return nullptr;
    }
    at.mapping.push_back({key, place_, Value{}});
    Value& made = at.mapping.back().value;
    made.place = place_;
    made.folder = folder_;
    if (last) return &made;
    made.kind = Value::Kind::mapping;
    rest.remove_prefix(key.size() + 1);
    return make(made, path.empty() ? key : path + '.' + key, rest, whole);
  }

  void report(const std::string& whole) {
    std::vector<std::string> paths;
    collect(root_, "", paths);
    // Names of the same section are the likely ones.
    const std::string section = whole.substr(0, whole.find('.') + 1);
    std::vector<std::string> near;
    for (const std::string& path : paths)
      if (!section.empty() && path.starts_with(section)) near.push_back(path);
    std::string hint = nearest_name(whole, paths);
    if (hint.empty() && whole.find('.') == std::string::npos) {
      std::vector<std::string> parameters;
      if (const Value* stated = root_.find("parameters"))
        for (const Value::Member& member : stated->mapping) parameters.push_back(member.key);
      const std::string meant = nearest_name(whole, parameters);
      if (!meant.empty()) hint = "parameters." + meant;
    }
    hint = !hint.empty() ? "did you mean '" + hint + "'?"
                         : suggestion(whole, near.empty() ? model_schema().keys() : near);
    loader_.error(place_, whole, "the model has no '" + whole + "'", "", hint);
  }

  void mark(Value& value) {
    value.place = place_;
    value.folder = folder_;
    // A file given on the command line is looked up where the command is given first.
    std::error_code ignored;
    if (value.kind == Value::Kind::scalar && std::filesystem::is_regular_file(value.scalar, ignored))
      value.folder = std::filesystem::path{};
    for (Value& element : value.list) mark(element);
    for (Value::Member& member : value.mapping) {
      member.key_place = place_;
      mark(member.value);
    }
  }

  void assign(Value& target, Value value) const {
    // A parameter with choices or a description keeps them.
    if (target.kind == Value::Kind::mapping && value.kind != Value::Kind::mapping)
      if (Value* inner = target.find("value")) {
        assign(*inner, std::move(value));
        return;
      }
    take_unit(value, root_, target);
    target = std::move(value);
  }

  Loader& loader_;
  Value& root_;
  std::filesystem::path folder_;
  Place place_;
};

}  // namespace

void apply_overrides(Loader& loader, Value& root, const std::vector<Override>& overrides,
                     const std::filesystem::path& folder) {
  Setter setter(loader, root, folder);
  std::map<std::string, std::string> seen;
  for (const Override& override : overrides) {
    const std::string text = "--set " + override.path + '=' + override.value;
    if (const auto before = seen.find(override.path); before != seen.end())
      loader.warning({text, 0, 0}, override.path, "is set twice: this takes the place of " + before->second);
    seen[override.path] = text;
    setter.set(override);
  }
}

}  // namespace holon::modelfile

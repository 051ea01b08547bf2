#include "holon/modelfile/build.hpp"
#include "holon/modelfile/model_schema.hpp"

#include <algorithm>
#include <set>

namespace holon::modelfile {

using Value = Document::Value;

namespace {

class UntakenReader {
 public:
  explicit UntakenReader(Loader& loader) : loader_(loader) {
    for (const auto& [name, where] : loader.announced()) names_.insert(name);
    // A branch may hold the whole section, and another name processes that only it has.
    for (const Loader::Untaken& branch : loader.untaken())
      if (std::count(branch.path.begin(), branch.path.end(), '.') == 1)
        for (const Value::Member& member : branch.value.mapping) names_.insert(member.key);
  }

  void read(const Value& value, const std::string& path, bool node) {
    if (value.kind == Value::Kind::list)
      for (std::size_t i = 0; i < value.list.size(); ++i)
        read(value.list[i], path + '[' + std::to_string(i) + ']', node);
    if (value.kind == Value::Kind::mapping) mapping(value, path, node);
    if (value.kind != Value::Kind::scalar || value.block) return;
    if (value.is_equation())
      equation(value, path);
    else if (node)
      process(value, path);
    else
      quantity(value, path);
  }

 private:
  /// Keys of nodes, and of those the ones below which processes are named.
  static std::vector<std::string> node_keys() {
    std::vector<std::string> keys = names_below();
    for (const std::string& key : iterate_schema().keys()) keys.push_back(key);
    for (const std::string& key : together_schema().keys()) keys.push_back(key);
    for (const std::string& key : average_schema().keys()) keys.push_back(key);
    keys.insert(keys.end(), {"merge", "boundary_correction", "steps", "order", "restructure"});
    return keys;
  }
  static std::vector<std::string> names_below() {
    return {"lie",     "strang", "do",   "subcycle", "every",   "iterate",
            "average", "fast",   "slow", "steady",   "together"};
  }

  void mapping(const Value& value, const std::string& path, bool node) {
    const bool choose = value.find("choose") != nullptr;
    const std::vector<std::string> known_keys = node_keys(), nodes = names_below();
    for (const Value::Member& member : value.mapping) {
      if (member.key == "description" || member.key == "source") continue;
      const bool known = std::find(known_keys.begin(), known_keys.end(), member.key) != known_keys.end();
      if (node && !choose && !known)
        loader_.error(member.key_place, path + '.' + member.key, "unknown key '" + member.key + "'", "",
                      suggestion(member.key, known_keys));
      const bool names = node && (choose ? member.key != "choose"
                                         : std::find(nodes.begin(), nodes.end(), member.key) != nodes.end());
      read(member.value, path + '.' + member.key, names);
    }
  }

  void process(const Value& value, const std::string& path) {
    if (!names_.contains(value.scalar))
      loader_.error(value.place, path, "there is no process '" + value.scalar + "'", "",
                    suggestion(value.scalar, {names_.begin(), names_.end()}));
  }

  void equation(const Value& value, const std::string& path) {
    Diagnostics found;
    expr::TextOrigin origin{value.place, path, 0};
    if (origin.start.column > 0) origin.start.column += value.quoted ? 2 : 1;
    const auto syntax = expr::parse_expression(std::string_view(value.scalar).substr(1), origin, true, found);
    loader_.take(found);
    if (!syntax || found.has_errors()) return;
    for (const std::string& name : expr::names_used(*syntax)) {
      const bool own = name.starts_with("parameters.");
      const std::string first = name.substr(0, name.find('.'));
      const bool known = loader_.parameters().contains(own ? name.substr(11) : name) || name == "time" ||
                         first == "position" || first == "random" || first == "results" ||
                         names_.contains(first);
      if (!known)
        loader_.error(value.place, path, "'" + name + "' is not defined", "",
                      suggestion(name, loader_.parameters().names()));
    }
  }

  /// A text that begins with a number is a quantity.
  void quantity(const Value& value, const std::string& path) {
    const std::size_t space = value.scalar.find(' ');
    if (value.quoted || space == std::string::npos || !parse_number(value.scalar.substr(0, space))) return;
    try {
      parse_quantity(value.scalar);
    } catch (const InputError& problem) { loader_.take(problem, value.place, path); }
  }

  Loader& loader_;
  std::set<std::string> names_;  // of processes and fields
};

}  // namespace

void check_untaken(Loader& loader) {
  UntakenReader reader(loader);
  for (const Loader::Untaken& branch : loader.untaken())
    reader.read(branch.value, branch.path,
                branch.path.starts_with("schedule.do") || branch.path.starts_with("schedule.lie") ||
                    branch.path.starts_with("schedule.strang"));
}

}  // namespace holon::modelfile

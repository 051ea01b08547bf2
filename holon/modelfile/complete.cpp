// What a model file says through its parameters: branches, references and names inside texts.
#include "holon/modelfile/loader.hpp"

#include <algorithm>
#include <cctype>

namespace holon::modelfile {

using Value = Document::Value;

namespace {

std::string join(const std::string& path, const std::string& key) {
  return path.empty() ? key : path + '.' + key;
}

Value missing(const Place& place) {
  Value value;
  value.place = place;
  value.reported = true;
  return value;
}

/// {choose: =parameter, a: VALUE, b: VALUE} becomes the VALUE that the parameter names.
void choose(Loader& loader, Value& value, const std::string& path) {
  const Value& selector = *value.find("choose");
  const auto chosen = loader.text(selector, join(path, "choose"));
  if (!chosen) {
    value = missing(value.place);
    return;
  }
  std::vector<std::string> branches;
  for (const Value::Member& member : value.mapping)
    if (member.key != "choose") branches.push_back(member.key);
  const std::vector<std::string> choices = loader.parameters().choices(single_name(selector.scalar));
  for (const std::string& choice : choices)
    if (choice != *chosen && std::find(branches.begin(), branches.end(), choice) == branches.end())
      loader.error(
          value.place, path,
          "there is no branch for '" + choice + "', a choice of '" + single_name(selector.scalar) + "'");
  for (const Value::Member& member : value.mapping) {
    if (member.key == "choose" || member.key == *chosen) continue;
    if (!choices.empty() && std::find(choices.begin(), choices.end(), member.key) == choices.end())
      loader.error(member.key_place, join(path, member.key),
                   "'" + member.key + "' is no choice of '" + single_name(selector.scalar) + "'", "",
                   suggestion(member.key, choices));
    loader.note_untaken(join(path, member.key), member.value);
  }
  const Value* branch = *chosen == "choose" ? nullptr : value.find(*chosen);
  if (branch == nullptr) {
    loader.error(value.place, path,
                 "there is no branch for '" + *chosen + "' (choose: " + selector.scalar + ")", "",
                 suggestion(*chosen, branches));
    // Any branch shows what else is wrong, without mistakes that follow from this one.
    branch = branches.empty() ? nullptr : value.find(branches.front());
  }
  if (branch == nullptr) {
    value = missing(value.place);
    return;
  }
  Value taken = *branch;
  value = std::move(taken);
}

/// "stiff/{problem}.yaml": {name} becomes the text of the parameter.
void fill_in(Loader& loader, Value& value, const std::string& path) {
  std::string text;
  std::string_view rest = value.scalar;
  while (true) {
    const std::size_t open = rest.find('{');
    text += rest.substr(0, open);
    if (open == std::string_view::npos) break;
    rest.remove_prefix(open);
    const std::size_t close = rest.find('}');
    const std::string name = close == std::string_view::npos ? "" : std::string(rest.substr(1, close - 1));
    if (single_name("=" + name) != name || name.empty()) {
      text += '{';
      rest.remove_prefix(1);
      continue;
    }
    rest.remove_prefix(close + 1);
    Parameters& parameters = loader.parameters();
    const Evaluated* parameter = parameters.value(name);
    loader.note_parameter(value.place, name);
    if (!parameters.contains(name))
      loader.error(value.place, path, "'{" + name + "}' names no parameter", "",
                   suggestion(name, parameters.names()));
    else if (const auto known = parameters.text(name))
      text += *known;
    else {
      if (parameter != nullptr)
        loader.error(value.place, path, "'{" + name + "}' is " + kind_text(*parameter),
                     "a text, choice, file or plain number");
      value = missing(value.place);
      return;
    }
  }
  value.scalar = std::move(text);
}

/// `choose` that names a part of the model instead of a parameter. What else stands beside it is kept.
bool refuse_as_a_name(Loader& loader, Value& value, const std::string& path) {
  const auto member = std::find_if(value.mapping.begin(), value.mapping.end(),
                                   [](const Value::Member& m) { return m.key == "choose"; });
  if (member->value.kind != Value::Kind::mapping && member->value.kind != Value::Kind::list) return false;
  loader.error(
      member->key_place, join(path, "choose"),
      "'choose' is reserved: {choose: =PARAMETER, BRANCH: ..., ...} takes one of the branches beside it",
      "choose: =PARAMETER", "give what is meant here another name");
  loader.mark_broken("choose");
  value.mapping.erase(member);
  return true;
}

bool free_text(const std::string& key) { return key == "description" || key == "source"; }

}  // namespace

void complete(Loader& loader, Value& value, const std::string& path) {
  for (int depth = 0; value.kind == Value::Kind::mapping && value.find("choose") != nullptr; ++depth) {
    if (depth == Document::deepest) return;
    if (refuse_as_a_name(loader, value, path)) break;
    choose(loader, value, path);
  }
  switch (value.kind) {
    case Value::Kind::null:
      break;
    case Value::Kind::mapping:
      for (Value::Member& member : value.mapping)
        if (!free_text(member.key)) complete(loader, member.value, join(path, member.key));
      break;
    case Value::Kind::list:
      for (std::size_t i = 0; i < value.list.size(); ++i)
        complete(loader, value.list[i], path + '[' + std::to_string(i) + ']');
      break;
    case Value::Kind::scalar:
      if (value.block) break;
      if (!value.is_equation()) {
        if (value.scalar.find('{') != std::string::npos) fill_in(loader, value, path);
        break;
      }
      const std::string name = single_name(value.scalar);
      const Evaluated* parameter = name.empty() ? nullptr : loader.parameters().value(name);
      if (parameter != nullptr && parameter->kind != Evaluated::Kind::quantity) {
        loader.note_parameter(value.place, name);
        Value written = *loader.parameters().written(name);
        written.place = value.place;
        value = std::move(written);
      }
      break;
  }
}

}  // namespace holon::modelfile

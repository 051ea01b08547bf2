#include "holon/modelfile/build.hpp"

#include <algorithm>

namespace holon::modelfile {

using Value = Document::Value;

namespace {

void report_twice(Loader& loader, const Value::Member& second, const Value::Member& first,
                  const std::string& path) {
  loader.error(second.key_place, path, "'" + path + "' is stated twice, first at " + first.key_place.text(),
               "", "leave one of them out");
}

/// Puts the sections of an included file into `root`.
void merge(Loader& loader, Value& root, const Value& included) {
  for (const Value::Member& section : included.mapping) {
    if (section.key == "holon" || section.key == "include") continue;
    const auto present = std::find_if(root.mapping.begin(), root.mapping.end(),
                                      [&](const Value::Member& m) { return m.key == section.key; });
    if (present == root.mapping.end()) {
      root.mapping.push_back(section);
      continue;
    }
    if (present->value.kind != Value::Kind::mapping || section.value.kind != Value::Kind::mapping) {
      report_twice(loader, section, *present, section.key);
      continue;
    }
    for (const Value::Member& member : section.value.mapping) {
      const auto same = std::find_if(present->value.mapping.begin(), present->value.mapping.end(),
                                     [&](const Value::Member& m) { return m.key == member.key; });
      if (same != present->value.mapping.end())
        report_twice(loader, member, *same, section.key + '.' + member.key);
      else
        present->value.mapping.push_back(member);
    }
  }
}

Value read_file_and_includes(Loader& loader, const std::filesystem::path& file,
                             std::vector<std::string>& open);

/// Takes in what a tree read from a file includes.
Value with_includes(Loader& loader, Value root, const Diagnostics& found, const std::string& file,
                    std::vector<std::string>& open) {
  loader.take(found);
  if (root.kind != Value::Kind::mapping) {
    if (!found.has_errors())
      loader.error(root.place, "", "the file holds " + root.description(),
                   "a mapping with the sections of a model");
    root = Value{};
    root.kind = Value::Kind::mapping;
    return root;
  }
  const Value* include = root.find("include");
  if (include == nullptr) return root;
  std::vector<Value> names = include->list;
  if (include->kind == Value::Kind::scalar) names = {*include};
  if (names.empty() && include->kind != Value::Kind::list)
    loader.error(include->place, "include", "is " + include->description(), "a list of files");
  open.push_back(file);
  for (const Value& name : names) {
    if (name.kind != Value::Kind::scalar || name.is_equation()) {
      loader.error(name.place, "include", "is " + name.description(), "the name of a file");
      continue;
    }
    const auto path = loader.file(name, "include");
    if (!path) continue;
    const std::string canonical = std::filesystem::weakly_canonical(*path).string();
    if (std::find(open.begin(), open.end(), canonical) != open.end()) {
      loader.error(name.place, "include", "'" + name.scalar + "' includes itself in the end");
      continue;
    }
    merge(loader, root, read_file_and_includes(loader, *path, open));
  }
  open.pop_back();
  std::erase_if(root.mapping, [](const Value::Member& m) { return m.key == "include"; });
  return root;
}

Value read_file_and_includes(Loader& loader, const std::filesystem::path& file,
                             std::vector<std::string>& open) {
  Diagnostics found;
  Value root = Document::read(file, found);
  return with_includes(loader, std::move(root), found, std::filesystem::weakly_canonical(file).string(),
                       open);
}

}  // namespace

Value read_model(Loader& loader, const std::filesystem::path& file) {
  std::vector<std::string> open;
  return read_file_and_includes(loader, file, open);
}

Value read_model_text(Loader& loader, std::string_view text, const std::string& name,
                      const std::filesystem::path& folder) {
  Diagnostics found;
  Value root = Document::parse(text, name, folder, found);
  std::vector<std::string> open;
  return with_includes(loader, std::move(root), found, "", open);
}

void output_to_observer(Loader& loader, Value& root) {
  const auto output = std::find_if(root.mapping.begin(), root.mapping.end(),
                                   [](const Value::Member& m) { return m.key == "output"; });
  if (output == root.mapping.end()) return;
  const Value section = output->value;
  root.mapping.erase(output);
  if (section.kind != Value::Kind::mapping) {
    loader.error(section.place, "output", "is " + section.description(), "{fields: {...}}");
    return;
  }
  for (const Value::Member& member : section.mapping) {
    if (member.key != "fields" || member.value.kind != Value::Kind::mapping) {
      loader.error(
          member.key_place, "output." + member.key,
          member.key == "fields" ? "is " + member.value.description() : "unknown key '" + member.key + "'",
          "fields: {every: TIME, of: [FIELDS]}");
      continue;
    }
    Value observer = member.value;
    Value type;
    type.kind = Value::Kind::scalar;
    type.place = member.key_place;
    type.scalar = "fields";
    observer.mapping.insert(observer.mapping.begin(), {"type", member.key_place, type});
    Value observe;
    observe.kind = Value::Kind::mapping;
    observe.place = member.key_place;
    observe.folder = section.folder;
    observe.mapping.push_back({"fields", member.key_place, std::move(observer)});
    Value addition;
    addition.kind = Value::Kind::mapping;
    addition.mapping.push_back({"observe", member.key_place, std::move(observe)});
    merge(loader, root, addition);
  }
}

std::vector<const Value::Member*> entries(const Value& root, std::string_view section) {
  std::vector<const Value::Member*> result;
  const Value* value = root.find(section);
  if (value == nullptr || value->kind != Value::Kind::mapping) return result;
  for (const Value::Member& member : value->mapping) result.push_back(&member);
  std::sort(result.begin(), result.end(), [](const auto* a, const auto* b) { return a->key < b->key; });
  return result;
}

std::optional<Unit> read_unit(Loader& loader, const Value& value, const std::string& path) {
  const auto text = loader.text(value, path);
  if (!text) return std::nullopt;
  try {
    return Unit::parse(*text);
  } catch (const InputError& problem) {
    loader.take(problem, value.place, path);
    return std::nullopt;
  }
}

}  // namespace holon::modelfile

#include "holon/modelfile/loader.hpp"

#include <algorithm>

namespace holon::modelfile {

using Value = Document::Value;

Loader::Loader(const Registry& registry, const LoadOptions& options)
    : registry_(registry),
      options_(options),
      model_(std::make_shared<Model>()),
      dimensions_{{"length", Dimension::length()}, {"time", Dimension::time()},
                  {"mass", Dimension::mass()},     {"current", Dimension::current()},
                  {"amount", Dimension::amount()}, {"temperature", Dimension::temperature()}},
      parameters_(*this) {
  model_->kernels = options.kernels;
}

void Loader::error(const Place& place, const std::string& path, std::string message, std::string expected,
                   std::string hint) {
  Diagnostics one;
  one.error(place, path, std::move(message), std::move(expected), std::move(hint));
  take(one);
}

void Loader::warning(const Place& place, const std::string& path, std::string message, std::string hint) {
  Diagnostics one;
  one.warning(place, path, std::move(message), std::move(hint));
  take(one);
}

void Loader::take(const Diagnostics& found) {
  for (const Diagnostic& d : found.list()) add(d);
}

void Loader::take(const InputError& problem, const Place& place, const std::string& path) {
  for (Diagnostic d : problem.diagnostics()) {
    if (d.place.file.empty()) d.place = place;
    if (d.path.empty()) d.path = path;
    add(std::move(d));
  }
}

void Loader::add(Diagnostic diagnostic) {
  const auto setting = settings_at_.find(diagnostic.place.text());
  if (setting != settings_at_.end())
    diagnostic.hint += (diagnostic.hint.empty() ? "" : "; ") + ("set by " + setting->second);
  if (reported_.insert(diagnostic.text()).second) diagnostics_.add(std::move(diagnostic));
}

void Loader::note_parameter(const Place& place, const std::string& name) {
  std::string& noted = settings_at_[place.text()];
  for (const std::string& setting : parameters_.settings(name))
    if (noted.find(setting) == std::string::npos) noted += (noted.empty() ? "" : " and ") + setting;
  if (noted.empty()) settings_at_.erase(place.text());
}

Unit Loader::length_unit(const Space& space) const {
  const auto written = length_units_.find(space.name());
  return written != length_units_.end() ? written->second : Unit::coherent(space.length_dimension());
}

std::shared_ptr<const Space> Loader::space(const std::string& name, const Place& place,
                                           const std::string& path) {
  const auto found = model_->spaces.find(name);
  if (found != model_->spaces.end()) return found->second;
  if (broken("spaces." + name)) return nullptr;
  std::vector<std::string> names;
  for (const auto& [known, space] : model_->spaces) names.push_back(known);
  error(place, path, "there is no space '" + name + "'", "", suggestion(name, names));
  return nullptr;
}

std::optional<FieldId> Loader::field(const std::string& name, const Place& place, const std::string& path) {
  if (model_->fields->contains(name)) return model_->fields->id(name);
  if (const std::size_t dot = name.rfind('.');
      dot != std::string::npos && model_->fields->contains(name.substr(0, dot)) &&
      (*model_->fields)[model_->fields->id(name.substr(0, dot))].space->varies()) {
    const std::string whole = name.substr(0, dot);
    error(place, path, "'" + name + "' is no field, but a part of the field '" + whole + "'", "a field",
          whole.ends_with(".position")
              ? "agents are moved by a process of type motion: velocity: [=..., =...]"
              : "");
    return std::nullopt;
  }
  if (!broken(name))
    error(place, path, "there is no field '" + name + "'", "", suggestion(name, model_->fields->names()));
  return std::nullopt;
}

namespace {

/// What `extension` states goes before what `base` states; mappings are merged; equations are put behind
/// those of the base, so that they take the place of statements of the same name.
Value extend(Value base, const Value& extension) {
  for (const Value::Member& member : extension.mapping) {
    if (member.key == "extends") continue;
    Value* before = base.find(member.key);
    if (before == nullptr) {
      base.mapping.push_back(member);
    } else if (member.key == "equations") {
      if (before->kind != Value::Kind::list) {
        Value list;
        list.kind = Value::Kind::list;
        list.place = before->place;
        list.folder = before->folder;
        list.list.push_back(*before);
        *before = std::move(list);
      }
      before->list.push_back(member.value);
    } else if (before->kind == Value::Kind::mapping && member.value.kind == Value::Kind::mapping) {
      *before = extend(*before, member.value);
    } else {
      *before = member.value;
    }
  }
  return base;
}

}  // namespace

Value Loader::read_component(const std::filesystem::path& file, const std::string& path, int depth) {
  const std::string key = std::filesystem::weakly_canonical(file).string();
  if (const auto known = components_.find(key); known != components_.end()) return known->second;
  Diagnostics found;
  Value content = Document::read(file, found);
  take(found);
  if (content.kind != Value::Kind::mapping) {
    if (!found.has_errors())
      error({file.string(), 1, 1}, path, "a component file holds " + content.description(), "a mapping");
    content = Value{};
    content.kind = Value::Kind::mapping;
  }
  if (const Value* version = content.find("holon"); version == nullptr || version->scalar != "1")
    if (!found.has_errors())
      error(
          version != nullptr ? version->place : Place{file.string(), 1, 1}, path,
          version != nullptr ? "'holon: " + version->scalar + "' is not known" : "the key 'holon' is missing",
          "holon: 1");
  if (const Value* extended = content.find("extends")) {
    if (depth == 20) {
      error(extended->place, path, "files extend each other in a circle, or more than 20 deep");
    } else if (const auto base = this->file(*extended, path + ".extends")) {
      content = extend(read_component(*base, path, depth + 1), content);
    }
  }
  components_[key] = content;
  return content;
}

Value Loader::component(const Value& value, const std::string& path) {
  if (value.kind == Value::Kind::mapping) return value;
  Value result;
  result.kind = Value::Kind::mapping;
  result.place = value.place;
  result.folder = value.folder;
  if (value.block || value.kind == Value::Kind::list) {
    result.mapping.push_back({"equations", value.place, value});
    return result;
  }
  if (value.kind != Value::Kind::scalar || value.is_equation()) {
    error(value.place, path, "is " + value.description(),
          "a '|' block of equations, or the name of a component file");
    return result;
  }
  const auto name = file(value, path);
  return name ? read_component(*name, path, 0) : result;
}

std::vector<expr::Statement> Loader::statements(const Value& equations, const std::string& path) {
  if (equations.kind == Value::Kind::list) {
    std::vector<expr::Statement> all;
    for (const Value& block : equations.list) {
      const std::size_t before =
          all.size();  // a block redefines what stands before it, but nothing of its own
      for (expr::Statement& statement : statements(block, path)) {
        const auto end = all.begin() + static_cast<std::ptrdiff_t>(before);
        const auto same = std::find_if(all.begin(), end, [&](const expr::Statement& s) {
          return s.name == statement.name && s.kind == statement.kind;
        });
        if (same != end)
          *same = std::move(statement);
        else
          all.push_back(std::move(statement));
      }
    }
    return all;
  }
  if (equations.kind != Value::Kind::scalar || equations.is_equation()) {
    error(equations.place, path, "is " + equations.description(), "a '|' block of equations");
    return {};
  }
  Diagnostics found;
  auto result = expr::parse_block(equations.scalar, {equations.place, path, equations.indent}, found);
  take(found);
  return result;
}

}  // namespace holon::modelfile

#include "holon/modelfile/equation.hpp"

#include "holon/modelfile/loader.hpp"

#include <cctype>
#include <cmath>

namespace holon::modelfile {

using Value = Document::Value;

Equation::Equation(expr::SyntaxPtr syntax, std::shared_ptr<const Names> names, const Dimension& dimension)
    : syntax_(std::move(syntax)), names_(std::move(names)), dimension_(dimension) {}

expr::Value Equation::lower(expr::Graph& graph) const {
  Diagnostics ignored;  // the same lowering succeeded when the equation was read
  const auto value = expr::lower(
      graph, *syntax_,
      [&](const std::string& name) -> std::optional<expr::Value> {
        const auto found = names_->find(name);
        return found == names_->end() ? std::nullopt : std::optional(found->second.lower(graph));
      },
      {}, "", ignored);
  require(value.has_value(), "an equation that was checked can be lowered again");
  return *value;
}

std::string single_name(std::string_view equation) {
  if (!equation.starts_with('=')) return {};
  const std::size_t begin = equation.find_first_not_of(" \t", 1);
  if (begin == std::string_view::npos) return {};
  const std::size_t end = equation.find_last_not_of(" \t") + 1;
  std::string_view name = equation.substr(begin, end - begin);
  if (name.starts_with("parameters.")) name.remove_prefix(11);
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name.front())) != 0) return {};
  for (const char c : name)
    if (c != '_' && std::isalnum(static_cast<unsigned char>(c)) == 0) return {};
  return std::string(name);
}

namespace {

const expr::Syntax* find_name(const expr::Syntax& syntax, const std::string& name) {
  if (syntax.kind == expr::Syntax::Kind::name && syntax.text == name) return &syntax;
  for (const expr::SyntaxPtr& part : syntax.parts)
    if (const expr::Syntax* found = find_name(*part, name)) return found;
  return nullptr;
}

/// Where an equation's text begins: behind '=', and the quotes.
expr::TextOrigin origin(const Value& value, const std::string& path) {
  expr::TextOrigin origin{value.place, path, 0};
  if (origin.start.column > 0) origin.start.column += value.quoted ? 2 : 1;
  return origin;
}

}  // namespace

std::optional<Equation> Loader::equation(const Value& value, const std::string& path, Scope scope) {
  require(value.is_equation(), "only an equation is read as one");
  Diagnostics found;
  const expr::SyntaxPtr syntax =
      expr::parse_expression(std::string_view(value.scalar).substr(1), origin(value, path), true, found);
  if (!syntax || found.has_errors()) {
    take(found);
    return std::nullopt;
  }
  auto names = std::make_shared<Equation::Names>();
  bool complete = true;
  for (const std::string& name : expr::names_used(*syntax)) {
    const expr::Syntax* use = find_name(*syntax, name);
    note_parameter(value.place, name.starts_with("parameters.") ? name.substr(11) : name);
    auto meaning = this->meaning(name, scope, use != nullptr ? use->place : syntax->place, path);
    if (meaning)
      names->emplace(name, std::move(*meaning));
    else
      complete = false;
  }
  if (!complete) return std::nullopt;
  const auto dimension = expr::dimension_of(
      *syntax,
      [&](const std::string& name) -> std::optional<Dimension> {
        const auto known = names->find(name);
        return known == names->end() ? std::nullopt : std::optional(known->second.dimension);
      },
      path, found);
  expr::Graph graph;
  const auto lowered = expr::lower(
      graph, *syntax,
      [&](const std::string& name) -> std::optional<expr::Value> {
        const auto known = names->find(name);
        return known == names->end() ? std::nullopt : std::optional(known->second.lower(graph));
      },
      this->names(scope), path, found);
  take(found);
  if (found.has_errors() || !dimension || !lowered) return std::nullopt;
  return Equation(syntax, std::move(names), *dimension);
}

std::optional<Meaning> Loader::field_meaning(FieldId id, const Place& place, const std::string& path) {
  const Field& field = (*model_->fields)[id];
  if (field.unit.offset() != 0.0) {
    error(place, path, "the field '" + field.name + "' is in " + field.unit.text() + ", which has an offset",
          "", "state its unit as K");
    return std::nullopt;
  }
  Meaning meaning;
  meaning.dimension = field.unit.dimension();
  if (field.components > 1) meaning.shape = {field.components};
  meaning.lower = [name = "field:" + field.name, factor = field.unit.factor(), components = field.components,
                   shape = meaning.shape](expr::Graph& graph) {
    expr::Value value{shape, {}};
    for (int c = 0; c < components; ++c) {
      const expr::Node node = graph.symbol(components == 1 ? name : name + '[' + std::to_string(c) + ']');
      value.nodes.push_back(graph.multiply(graph.constant(factor), node));
    }
    return value;
  };
  return meaning;
}

namespace {

/// The component of a place that a name such as cells.position.x stands for.
struct PlaceComponent {
  FieldId field = 0;
  int component = 0;
};
std::optional<PlaceComponent> component_of_place(const FieldTable& fields, const std::string& name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string::npos || dot + 2 != name.size() || name[dot + 1] < 'x' || name[dot + 1] > 'z')
    return std::nullopt;
  const std::string field = name.substr(0, dot);
  const int component = name[dot + 1] - 'x';
  if (!field.ends_with(".position") || !fields.contains(field) ||
      component >= fields[fields.id(field)].components)
    return std::nullopt;
  return PlaceComponent{fields.id(field), component};
}

}  // namespace

std::optional<Meaning> Loader::meaning(const std::string& name, Scope scope, const Place& place,
                                       const std::string& path) {
  const auto symbol = [](const Dimension& dimension, std::vector<std::string> symbols) {
    Meaning meaning{dimension, {}, {}};
    if (symbols.size() > 1) meaning.shape = {static_cast<int>(symbols.size())};
    meaning.lower = [symbols = std::move(symbols), shape = meaning.shape](expr::Graph& graph) {
      expr::Value value{shape, {}};
      for (const std::string& s : symbols) value.nodes.push_back(graph.symbol(s));
      return value;
    };
    return meaning;
  };
  const bool own_name = name.starts_with("parameters.");
  const std::string parameter = own_name ? name.substr(11) : name;
  if (parameters_.contains(parameter)) {
    const Evaluated* value = parameters_.value(parameter);
    if (value == nullptr) return std::nullopt;
    auto meaning = parameters_.meaning(parameter, scope);
    if (!meaning)
      error(place, path,
            "the parameter '" + parameter + "' is " + kind_text(*value) + " and has no place in an equation");
    return meaning;
  }
  const bool place_name = name == "position" || name == "position.x" || name == "position.y" ||
                          name == "position.z" || name == "position.r";
  const bool field = !own_name && model_->fields->contains(name);
  if (scope == Scope::geometry && name == "position")
    return symbol(dimensions_.at("length"), {"position.x", "position.y", "position.z"});
  if (scope == Scope::geometry && place_name) return symbol(dimensions_.at("length"), {name});
  if (scope == Scope::coefficient) {
    if (name == "time") return symbol(dimensions_.at("time"), {"time"});
    if (name == "position")
      return symbol(dimensions_.at("length"), {"position.x", "position.y", "position.z"});
    if (place_name) return symbol(dimensions_.at("length"), {name});
    if (name == "random.uniform" || name == "random.normal")
      return symbol(Dimension{}, {"random:" + name.substr(7)});
    if (field) return field_meaning(model_->fields->id(name), place, path);
    if (const auto found = component_of_place(*model_->fields, name); found && !own_name) {
      const Field& of = (*model_->fields)[found->field];
      return symbol(
          of.unit.dimension(),
          {"field:" + of.name + (of.components == 1 ? "" : '[' + std::to_string(found->component) + ']')});
    }
  } else if (name == "time" || place_name || field || announced_.contains(name.substr(0, name.find('.')))) {
    error(place, path,
          "this value can't depend on " + std::string(name == "time" || place_name ? "" : "the field ") +
              "'" + name + "'",
          scope == Scope::result     ? "an equation of results and parameters"
          : scope == Scope::geometry ? "an equation of place and parameters"
                                     : "a number or an equation of parameters");
    return std::nullopt;
  }
  if (scope == Scope::result && name.starts_with("results.")) {
    const auto found = results_.find(name.substr(8));
    if (found != results_.end() && !found->second) {
      error(place, path, "the unit of '" + name + "' is not known before the run", "",
            "give that result a unit: " + name + ".unit");
      return std::nullopt;
    }
    if (found != results_.end()) return symbol(*found->second, {"result:" + found->first});
  }
  if (!broken(name)) error(place, path, "'" + name + "' is not defined", "", suggestion(name, names(scope)));
  return std::nullopt;
}

std::vector<std::string> Loader::names(Scope scope) {
  std::vector<std::string> names = parameters_.names();
  if (scope == Scope::geometry) names.insert(names.end(), {"position.x", "position.y", "position.z"});
  if (scope == Scope::coefficient) {
    names.insert(names.end(), {"time", "position.x", "position.y", "position.z", "position.r",
                               "random.uniform", "random.normal"});
    for (const std::string& field : model_->fields->names()) names.push_back(field);
  }
  if (scope == Scope::result)
    for (const auto& [name, dimension] : results_) names.push_back("results." + name);
  return names;
}

bool Loader::broken(const std::string& name) const {
  const std::size_t dot = name.find('.');
  return broken_.contains(name) || (dot != std::string::npos && broken_.contains(name.substr(0, dot)));
}

}  // namespace holon::modelfile

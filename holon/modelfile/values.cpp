// From values of the file to numbers, texts and coefficients.
#include "holon/modelfile/build.hpp"
#include "holon/modelfile/loader.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <sstream>

namespace holon::modelfile {

using Value = Document::Value;

namespace {

/// In base dimensions: "length^2/time".
std::string dimension_factors(const Dimension& dimension) {
  static const std::map<std::string, std::string> names{
      {"m", "length"},      {"kg", "mass"},    {"s", "time"},       {"A", "current"},
      {"K", "temperature"}, {"mol", "amount"}, {"cd", "luminosity"}};
  std::string above, below;
  std::istringstream factors(dimension.text());
  for (std::string factor; factors >> factor;) {
    const std::size_t end = factor.find_first_of("-0123456789");
    const auto name = names.find(factor.substr(0, end));
    if (name == names.end()) return dimension.text();
    std::string exponent = end == std::string::npos ? "" : factor.substr(end);
    const bool over = exponent.starts_with('-');
    if (over) exponent.erase(0, 1);
    const std::string power = name->second + (exponent.empty() || exponent == "1" ? "" : '^' + exponent);
    if (over)
      below += '/' + power;
    else
      above += (above.empty() ? "" : "*") + power;
  }
  return (above.empty() ? "1" : above) + below;
}

}  // namespace

std::string dimension_words(const Dimension& dimension) {
  return dimension.name() != dimension.text() ? dimension.name() : dimension_factors(dimension);
}

std::string quantity_of(const Dimension& dimension) {
  if (dimension.dimensionless()) return "a plain number";
  static constexpr std::array examples{"0.2 mm",      "0.1 ms",  "10 uM",     "-80 mV",   "1 m/s",
                                       "0.1 mm^2/ms", "0.1 S/m", "10 pA",     "5 uA/uF",  "2 1/ms",
                                       "10 uM/s",     "310 K",   "1 uF/cm^2", "140 1/mm", "2 mm^2",
                                       "1 mol/m^3",   "10 kPa",  "5 mV/ms",   "1 mS/cm^2"};
  // "diffusivity (length^2/time)": said in both ways where the second is short.
  std::string words = dimension_words(dimension);
  const std::string factors = dimension_factors(dimension);
  if (words != factors && factors.size() < 16) words += " (" + factors + ')';
  for (const char* example : examples)
    if (parse_quantity(example).unit.dimension() == dimension)
      return "a quantity of " + words + ", such as " + example;
  return "a quantity of " + words + ", such as 1 " + Unit::coherent(dimension).text();
}

std::string rounded_text(const Quantity& quantity) {
  std::array<char, 40> digits{};
  std::snprintf(digits.data(), digits.size(), "%.12g", quantity.value);
  return Quantity{parse_number(digits.data()).value_or(quantity.value), quantity.unit}.text();
}

std::string found_text(Loader& loader, const Value& value, const std::string& path) {
  const auto number = value.is_equation() ? loader.constant(value, path) : std::nullopt;
  return number ? "'" + value.scalar + "' is " + rounded_text(*number) : "is " + value.description();
}

namespace {

/// 0 and infinity are what they are in every unit.
bool fits_any(double value) { return value == 0.0 || std::isinf(value); }

bool scalar_text(const Value& value) { return value.kind == Value::Kind::scalar && !value.block; }

}  // namespace

bool Loader::fits(const Value& value, const std::string& path, const Dimension& found,
                  const Dimension& needed, const Unit* unit) {
  if (found == needed) return true;
  const std::string text = value.kind == Value::Kind::scalar ? "'" + value.scalar + "'" : value.description();
  error(value.place, path,
        text + (found.dimensionless()
                    ? " has no unit"
                    : " is a quantity of " + dimension_words(found) + " [" + found.text() + ']'),
        quantity_of(needed) + (unit != nullptr ? ", as this is in " + unit->text() : ""),
        units_of_fields_in(value));
  return false;
}

std::string Loader::units_of_fields_in(const Value& value) const {
  std::string text;
  if (!value.is_equation()) return text;
  Diagnostics ignored;
  const auto syntax = expr::parse_expression(value.scalar.substr(1), {}, true, ignored);
  if (!syntax || ignored.has_errors()) return text;
  for (const std::string& name : expr::names_used(*syntax)) {
    const auto declared = announced_.find(name.substr(0, name.find('.')));
    if (declared == announced_.end() || !model_->fields->contains(name)) continue;
    const Unit& unit = (*model_->fields)[model_->fields->id(name)].unit;
    text +=
        (text.empty() ? "'" : ", '") + name + "' is in " + unit.text() + " (" + declared->second.text() + ')';
  }
  return text;
}

bool Loader::reads_as_expression(const Value& value) const {
  Diagnostics ignored;
  const auto syntax = expr::parse_expression(value.scalar, {}, true, ignored);
  if (!syntax || ignored.has_errors()) return false;
  const std::vector<std::string> names = expr::names_used(*syntax);
  return std::all_of(names.begin(), names.end(), [&](const std::string& name) {
    return parameters_.contains(name.starts_with("parameters.") ? name.substr(11) : name);
  });
}

std::optional<Quantity> Loader::constant(const Value& value, const std::string& path) {
  if (value.reported) return std::nullopt;
  if (!scalar_text(value)) {
    error(value.place, path, "is " + value.description(), "a number, a quantity or an equation");
    return std::nullopt;
  }
  if (!value.is_equation()) {
    if (value.quoted) {
      error(value.place, path, "is the quoted text '" + value.scalar + "'", "a number or a quantity",
            "leave the quotes out");
      return std::nullopt;
    }
    try {
      return parse_quantity(value.scalar);
    } catch (const InputError& problem) {
      const Diagnostic& d = problem.diagnostics().front();
      const bool expression = reads_as_expression(value);
      error(value.place, path, expression ? "'" + value.scalar + "' is no number" : d.message, d.expected,
            expression ? "an equation begins with '=': =" + value.scalar : d.hint);
      return std::nullopt;
    }
  }
  const std::string name = single_name(value.scalar);
  const Evaluated* parameter = name.empty() ? nullptr : parameters_.value(name);
  const auto equation = this->equation(value, path, Scope::constant);
  if (!equation) return std::nullopt;
  if (parameter != nullptr && parameter->kind == Evaluated::Kind::quantity) return parameter->quantity;
  expr::Graph graph;
  const expr::Value lowered = equation->lower(graph);
  if (!lowered.shape.empty()) {
    error(value.place, path, "'" + value.scalar + "' is a vector or matrix", "one number");
    return std::nullopt;
  }
  const std::vector<expr::Node> roots{lowered.nodes.front()};
  const double result =
      graph.is_constant(roots.front())
          ? graph.value(roots.front())
          : static_cast<double>(expr::evaluate(graph, roots, [](std::string_view) { return 0.0L; }).front());
  if (std::isnan(result)) {
    error(value.place, path, "'" + value.scalar + "' has no value (not a number)");
    return std::nullopt;
  }
  const Unit unit = Unit::coherent(equation->dimension());
  return Quantity{result, unit};
}

std::optional<double> Loader::quantity(const Value& value, const std::string& path, const Dimension& needed) {
  const auto found = constant(value, path);
  if (!found) return std::nullopt;
  const Dimension& dimension = found->unit.dimension();
  if (dimension.dimensionless() && fits_any(found->value)) return found->value;
  return fits(value, path, dimension, needed) ? std::optional(found->si()) : std::nullopt;
}

std::optional<double> Loader::number_in(const Value& value, const std::string& path, const Unit& unit) {
  const auto found = constant(value, path);
  if (!found) return std::nullopt;
  const bool plain = !value.is_equation() && found->unit.text() == "1";
  if (plain || (found->unit.dimension().dimensionless() && fits_any(found->value))) return found->value;
  if (!fits(value, path, found->unit.dimension(), unit.dimension())) return std::nullopt;
  return found->in(unit);
}

std::optional<double> Loader::number(const Value& value, const std::string& path) {
  return quantity(value, path, Dimension{});
}

std::optional<std::int64_t> Loader::integer(const Value& value, const std::string& path) {
  const auto found = number(value, path);
  if (!found) return std::nullopt;
  const double whole = std::round(*found);
  // An equation such as =L/spacing may miss a whole number by round-off.
  if (!(std::abs(*found - whole) <= 1e-9 * std::abs(*found)) || std::abs(whole) > 9e15) {
    error(value.place, path, "'" + value.scalar + "' is no whole number", "a whole number such as 4");
    return std::nullopt;
  }
  return static_cast<std::int64_t>(whole);
}

std::optional<bool> Loader::flag(const Value& value, const std::string& path) {
  if (value.reported) return std::nullopt;
  if (scalar_text(value) && !value.quoted) {
    if (value.scalar == "true") return true;
    if (value.scalar == "false") return false;
  }
  error(value.place, path, "is " + value.description(), "true or false");
  return std::nullopt;
}

std::optional<std::string> Loader::text(const Value& value, const std::string& path) {
  if (value.reported) return std::nullopt;
  if (value.is_equation()) {
    const std::string name = single_name(value.scalar);
    const Evaluated* parameter = name.empty() ? nullptr : parameters_.value(name);
    if (auto text = parameters_.text(name)) return text;
    if (!name.empty() && !parameters_.contains(name))
      error(value.place, path, "there is no parameter '" + name + "'", "",
            suggestion(name, parameters_.names()));
    else if (name.empty() || parameter != nullptr)
      error(value.place, path, "is " + value.description(), "a text, or the parameter that holds one");
    return std::nullopt;
  }
  if (value.kind == Value::Kind::scalar) return value.scalar;
  error(value.place, path, "is " + value.description(), "a text");
  return std::nullopt;
}

std::optional<std::filesystem::path> Loader::file(const Value& value, const std::string& path) {
  const auto name = text(value, path);
  if (!name) return std::nullopt;
  const std::filesystem::path file = value.folder / *name;
  std::error_code ignored;
  if (std::filesystem::is_regular_file(file, ignored)) return file;
  std::vector<std::string> near;
  for (std::filesystem::directory_iterator entry(file.parent_path(), ignored), end; !ignored && entry != end;
       entry.increment(ignored))
    near.push_back(entry->path().filename().string());
  std::sort(near.begin(), near.end());
  const std::string nearest = nearest_name(file.filename().string(), near);
  std::string hint = "files are looked up beside the file that names them";
  if (name->find('=') != std::string::npos) hint = "equations stand in a block, behind '|'";
  if (!nearest.empty()) hint = "did you mean '" + nearest + "'?";
  error(value.place, path, "there is no file '" + *name + "'", "", hint);
  return std::nullopt;
}

std::optional<Position> Loader::position(const Value& value, const std::string& path, int axes) {
  if (value.reported) return std::nullopt;
  if (value.kind != Value::Kind::list || value.list.size() != static_cast<std::size_t>(axes)) {
    error(value.place, path,
          "is " + (value.kind == Value::Kind::list ? "a list of " + std::to_string(value.list.size())
                                                   : value.description()),
          "a place: a list of " + std::to_string(axes) + (axes == 1 ? " coordinate" : " coordinates"));
    return std::nullopt;
  }
  Position place{};
  bool whole = true;
  for (std::size_t a = 0; a < value.list.size(); ++a) {
    const auto coordinate =
        quantity(value.list[a], path + '[' + std::to_string(a) + ']', dimensions_.at("length"));
    whole = whole && coordinate;
    place.at(a) = coordinate.value_or(0.0);
  }
  return whole ? std::optional(place) : std::nullopt;
}

std::optional<Coefficient> Loader::coefficient(const Value& value, const std::string& path,
                                               const std::optional<Dimension>& needed, const Unit* unit) {
  if (value.reported) return std::nullopt;
  if (value.kind == Value::Kind::mapping)
    return value.find("share_in_box") != nullptr ? share_in_box(value, path, needed)
                                                 : values_per_site(value, path, needed);
  if (!scalar_text(value)) {
    error(value.place, path, "is " + value.description(), "a number, a quantity, an equation or {file: ...}");
    return std::nullopt;
  }
  if (!value.is_equation()) {
    if (needed) {
      const auto number = quantity(value, path, *needed);
      return number ? std::optional(Coefficient(*number)) : std::nullopt;
    }
    const auto number = constant(value, path);
    return number ? std::optional(Coefficient(number->si())) : std::nullopt;
  }
  const auto equation = this->equation(value, path, Scope::coefficient);
  if (!equation) return std::nullopt;
  {
    expr::Graph graph;
    const expr::Value lowered = equation->lower(graph);
    if (!lowered.shape.empty()) {
      error(value.place, path, "'" + value.scalar + "' is a vector or matrix", "one number");
      return std::nullopt;
    }
  }
  auto result = Coefficient::equation(
      [equation = *equation](expr::Graph& graph) { return equation.lower(graph).nodes.front(); });
  if (const auto constant = result.constant(); constant && std::isnan(*constant)) {
    error(value.place, path, "'" + value.scalar + "' has no value (not a number)");
    return std::nullopt;
  }
  const bool any = equation->dimension().dimensionless() && result.constant() && fits_any(*result.constant());
  if (needed && !any && !fits(value, path, equation->dimension(), *needed, unit)) return std::nullopt;
  return result;
}

std::optional<Coefficient> Loader::coefficient_in(const Value& value, const std::string& path,
                                                  const Unit& unit) {
  if (scalar_text(value) && !value.is_equation()) {
    const auto number = number_in(value, path, unit);
    return number ? std::optional(Coefficient(*number)) : std::nullopt;
  }
  const auto coherent = coefficient(value, path, unit.dimension(), &unit);
  if (!coherent) return std::nullopt;
  if (const std::vector<double>* values = coherent->values_per_site()) {
    std::vector<double> scaled;
    for (const double v : *values) scaled.push_back(v / unit.factor());
    return Coefficient::per_site(std::move(scaled));
  }
  return Coefficient::equation([coherent = *coherent, factor = unit.factor()](expr::Graph& graph) {
    return graph.divide(coherent.lower(graph), graph.constant(factor));
  });
}

}  // namespace holon::modelfile

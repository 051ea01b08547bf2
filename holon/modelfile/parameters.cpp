#include "holon/modelfile/parameters.hpp"

#include "holon/modelfile/loader.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

namespace holon::modelfile {

using Value = Document::Value;

namespace {

/// What a parameter may be bounded by.
struct Bound {
  const char* key;
  const char* words;
  bool (*holds)(double value, double limit);
};
constexpr std::array<Bound, 4> bounds{{
    {"above", "above", [](double value, double limit) { return value > limit; }},
    {"at_least", "of at least", [](double value, double limit) { return value >= limit; }},
    {"at_most", "of at most", [](double value, double limit) { return value <= limit; }},
    {"below", "below", [](double value, double limit) { return value < limit; }},
}};
constexpr std::array attributes{"value",    "choices", "whole", "above",
                                "at_least", "at_most", "below", "description"};

}  // namespace

std::optional<std::string> text_of(const Evaluated& value) {
  switch (value.kind) {
    case Evaluated::Kind::text:
      return value.text;
    case Evaluated::Kind::flag:
      return value.flag ? "true" : "false";
    case Evaluated::Kind::quantity:
      if (value.quantity.unit.text() == "1") return number_text(value.quantity.value);
      return std::nullopt;
    case Evaluated::Kind::list:
      break;
  }
  return std::nullopt;
}

namespace {

/// "52uA/uF", "-.5 ms", "+1e3".
bool begins_like_a_number(std::string_view text) {
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  if (!text.empty() && text.front() == '.') text.remove_prefix(1);
  return !text.empty() && std::isdigit(static_cast<unsigned char>(text.front())) != 0;
}

}  // namespace

std::string kind_text(const Evaluated& value) {
  switch (value.kind) {
    case Evaluated::Kind::text:
      return "the text '" + value.text + "'";
    case Evaluated::Kind::flag:
      return value.flag ? "true" : "false";
    case Evaluated::Kind::list:
      return "a list";
    case Evaluated::Kind::quantity:
      break;
  }
  const Dimension& dimension = value.quantity.unit.dimension();
  return dimension.dimensionless() ? "a plain number" : "a quantity of " + dimension_words(dimension);
}

void Parameters::read(const Value& section, const Value& stated) {
  if (section.kind == Value::Kind::null) return;
  if (section.kind != Value::Kind::mapping) {
    loader_.error(section.place, "parameters", "is " + section.description(), "a mapping of names to values");
    return;
  }
  for (const Value::Member& member : section.mapping) {
    const auto problem = [&](const std::string& message, const std::string& hint) {
      loader_.error(member.key_place, path(member.key), message, "", hint);
    };
    if (single_name("=" + member.key) != member.key) {
      problem("'" + member.key + "' is no name", "use letters, digits and _, beginning with a letter");
      continue;
    }
    if (expr::is_reserved(member.key)) {
      problem("'" + member.key + "' is a reserved name of the equation language", "choose another name");
      continue;
    }
    add(member.key, member.value);
    Entry& entry = entries_[member.key];
    const Value* before = stated.kind == Value::Kind::mapping ? stated.find(member.key) : nullptr;
    entry.overridden = member.value.place.file.starts_with("--set ") ||
                       (entry.value.place.file.starts_with("--set ") && before != nullptr);
    if (entry.overridden && before != nullptr) {
      const Value* inner = before->kind == Value::Kind::mapping ? before->find("value") : nullptr;
      entry.stated = inner != nullptr ? *inner : *before;
    }
  }
}

void Parameters::add(const std::string& name, const Value& value) {
  Entry entry;
  entry.value = value;
  if (value.kind == Value::Kind::mapping && value.find("choose") == nullptr) {
    const Value* inner = value.find("value");
    for (const Value::Member& member : value.mapping)
      if (std::find(attributes.begin(), attributes.end(), member.key) == attributes.end())
        loader_.error(member.key_place, path(name) + '.' + member.key, "unknown key '" + member.key + "'", "",
                      suggestion(member.key, {attributes.begin(), attributes.end()}));
    if (const Value* whole = value.find("whole"))
      entry.whole = loader_.flag(*whole, path(name) + ".whole").value_or(false);
    for (const Bound& bound : bounds)
      if (const Value* at = value.find(bound.key)) entry.bounds.emplace_back(bound.key, *at);
    if (const Value* description = value.find("description"))
      entry.description = loader_.text(*description, path(name) + ".description").value_or("");
    if (inner == nullptr) {
      loader_.error(value.place, path(name), "the key 'value' is missing");
      entry.progress = Entry::Progress::done;
    } else {
      entry.value = *inner;
    }
    if (const Value* choices = value.find("choices")) {
      if (choices->kind != Value::Kind::list)
        loader_.error(choices->place, path(name) + ".choices", "is " + choices->description(), "a list");
      for (const Value& choice : choices->list)
        if (const auto text = loader_.text(choice, path(name) + ".choices")) entry.choices.push_back(*text);
    }
  }
  entries_[name] = std::move(entry);
}

void Parameters::check() {
  for (const auto& [name, entry] : entries_) value(name);
}

bool Parameters::allowed(const std::string& name, const Entry& entry) {
  if (!is_choice(name, entry) || !is_whole(name, entry) || !is_within_bounds(name, entry)) return false;
  if (!entry.overridden || entry.stated.kind == Value::Kind::null || !entry.choices.empty()) return true;
  Value before = entry.stated;
  complete(loader_, before, path(name));
  return is_like_stated(name, entry, evaluate(before, path(name)));
}

bool Parameters::is_choice(const std::string& name, const Entry& entry) {
  if (entry.choices.empty()) return true;
  const auto text = text_of(*entry.evaluated);
  if (text && std::find(entry.choices.begin(), entry.choices.end(), *text) != entry.choices.end())
    return true;
  loader_.error(entry.value.place, path(name),
                "'" + text.value_or(entry.value.description()) + "' is none of its choices", "",
                suggestion(text.value_or(""), entry.choices));
  return false;
}

bool Parameters::is_whole(const std::string& name, const Entry& entry) {
  if (!entry.whole) return true;
  const Evaluated& now = *entry.evaluated;
  if (now.kind == Evaluated::Kind::quantity && now.quantity.unit.dimension().dimensionless() &&
      now.quantity.si() == std::round(now.quantity.si()))
    return true;
  const bool plain = now.kind == Evaluated::Kind::quantity && now.quantity.unit.dimension().dimensionless();
  loader_.error(entry.value.place, path(name), "is " + (plain ? now.quantity.text() : kind_text(now)),
                "a whole number");
  return false;
}

bool Parameters::is_within_bounds(const std::string& name, const Entry& entry) {
  for (const auto& [key, stated] : entry.bounds) {
    const std::string where = path(name) + '.' + key;
    const auto limit = loader_.constant(stated, where);
    if (!limit) continue;
    const Evaluated& now = *entry.evaluated;
    if (now.kind != Evaluated::Kind::quantity) {
      loader_.error(stated.place, where, "is a bound of " + kind_text(now), "a parameter that is a quantity");
      continue;
    }
    if (!(now.quantity.unit.dimension() == limit->unit.dimension()) && limit->value != 0.0) {
      loader_.error(stated.place, where, "is " + limit->text() + ", a bound of " + kind_text(now),
                    quantity_of(now.quantity.unit.dimension()));
      continue;
    }
    const auto bound = std::find_if(bounds.begin(), bounds.end(),
                                    [&key = key](const Bound& each) { return key == each.key; });
    if (bound->holds(now.quantity.si(), limit->si())) continue;
    const std::string allowed = std::string(bound->words) + " " + rounded_text(*limit);
    loader_.error(entry.value.place, path(name), "is " + rounded_text(now.quantity), "a value " + allowed,
                  entry.description);
    return false;
  }
  return true;
}

bool Parameters::is_like_stated(const std::string& name, const Entry& entry,
                                const std::optional<Evaluated>& stated) {
  if (!stated) return true;
  const Evaluated& now = *entry.evaluated;
  if (stated->kind == now.kind && now.kind == Evaluated::Kind::list) {
    for (std::size_t i = 0; i < std::min(now.list.size(), stated->list.size()); ++i)
      if (!has_dimension(name, entry, now.list[i], stated->list[i])) return false;
    return true;
  }
  if (stated->kind == now.kind) return has_dimension(name, entry, now, *stated);
  loader_.error(entry.value.place, path(name),
                "is " + kind_text(now) + ", but the model file states " + kind_text(*stated) + " at " +
                    entry.stated.place.text());
  return false;
}

bool Parameters::has_dimension(const std::string& name, const Entry& entry, const Evaluated& now,
                               const Evaluated& stated) {
  if (now.kind != Evaluated::Kind::quantity || stated.kind != now.kind) return true;
  const Dimension& found = now.quantity.unit.dimension();
  const Dimension& needed = stated.quantity.unit.dimension();
  const auto fits_every_dimension = [](const Quantity& quantity) {
    return quantity.unit.dimension().dimensionless() && (quantity.value == 0.0 || std::isinf(quantity.value));
  };
  if (found == needed || fits_every_dimension(now.quantity) || fits_every_dimension(stated.quantity))
    return true;
  const std::string text =
      entry.stated.kind == Value::Kind::scalar ? entry.stated.scalar : rounded_text(stated.quantity);
  loader_.error(entry.value.place, path(name),
                "'" + now.quantity.text() + "' is " + kind_text(now) + ", but the model file states " +
                    kind_text(stated) + " (" + text + " at " + entry.stated.place.text() + ")",
                quantity_of(needed));
  return false;
}

void Parameters::take_stand_in(const std::string& name, Entry& entry) {
  entry.evaluated.reset();
  if (!entry.choices.empty()) {
    entry.value.scalar = entry.choices.front();
    entry.evaluated = Evaluated{};
    entry.evaluated->kind = Evaluated::Kind::text;
    entry.evaluated->text = entry.choices.front();
  }
  if (!entry.overridden || entry.stated.kind == Value::Kind::null) return;
  entry.value = entry.stated;
  complete(loader_, entry.value, path(name));
  entry.evaluated = evaluate(entry.value, path(name));
}

std::vector<std::string> Parameters::names() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries_) names.push_back(name);
  return names;
}

const Evaluated* Parameters::value(const std::string& name) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return nullptr;
  evaluate(name, found->second);
  return found->second.evaluated ? &*found->second.evaluated : nullptr;
}

std::optional<std::string> Parameters::text(const std::string& name) {
  const Evaluated* known = value(name);
  if (known == nullptr) return std::nullopt;
  if (beside_ == 0) structural_.insert(name);
  return text_of(*known);
}

const Value* Parameters::written(const std::string& name) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return nullptr;
  evaluate(name, found->second);
  return &found->second.value;
}

void Parameters::evaluate(const std::string& name, Entry& entry) {
  if (entry.progress == Entry::Progress::done) return;
  if (entry.progress == Entry::Progress::running) {
    std::string cycle;
    for (auto r = std::find(running_.begin(), running_.end(), name); r != running_.end(); ++r)
      cycle += *r + " -> ";
    loader_.error(entry.value.place, path(name),
                  "parameters depend on each other in a circle: " + cycle + name);
    return;
  }
  entry.progress = Entry::Progress::running;
  running_.push_back(name);
  complete(loader_, entry.value, path(name));
  entry.evaluated = evaluate(entry.value, path(name));
  if (entry.evaluated ? !allowed(name, entry) : entry.overridden) take_stand_in(name, entry);
  if (entry.value.is_equation() && entry.evaluated && entry.evaluated->kind == Evaluated::Kind::quantity)
    entry.equation = loader_.equation(entry.value, path(name), Scope::constant);
  running_.pop_back();
  entry.progress = Entry::Progress::done;
}

std::vector<std::string> Parameters::choices(const std::string& name) const {
  const auto entry = entries_.find(name);
  return entry == entries_.end() ? std::vector<std::string>{} : entry->second.choices;
}

std::vector<std::string> Parameters::settings(const std::string& name) const {
  std::vector<std::string> found;
  const auto entry = entries_.find(name);
  if (entry == entries_.end()) return found;
  if (entry->second.overridden && entry->second.value.place.file.starts_with("--set "))
    found.push_back(entry->second.value.place.file);
  if (!entry->second.equation) return found;
  for (const auto& [other, meaning] : entry->second.equation->names())
    for (std::string& text : settings(other.starts_with("parameters.") ? other.substr(11) : other))
      found.push_back(std::move(text));
  return found;
}

std::optional<Evaluated> Parameters::evaluate(const Value& value, const std::string& path) {
  if (value.reported) return std::nullopt;
  Evaluated result;
  if (value.kind == Value::Kind::list) {
    result.kind = Evaluated::Kind::list;
    bool whole = true;
    for (std::size_t i = 0; i < value.list.size(); ++i) {
      auto element = evaluate(value.list[i], path + '[' + std::to_string(i) + ']');
      if (element) result.list.push_back(std::move(*element));
      whole = whole && element.has_value();
    }
    return whole ? std::optional(result) : std::nullopt;
  }
  if (value.kind == Value::Kind::mapping || value.kind == Value::Kind::null) {
    loader_.error(value.place, path, "is " + value.description(),
                  "a quantity, number, text, truth value or list");
    return std::nullopt;
  }
  if (!value.quoted && (value.scalar == "true" || value.scalar == "false")) {
    result.kind = Evaluated::Kind::flag;
    result.flag = value.scalar == "true";
    return result;
  }
  // A number, also one with something that may be a unit behind a space, is a quantity; everything else a
  // text.
  const std::string_view text = value.scalar;
  const std::string_view first_word = text.substr(0, text.find(' '));
  bool numeric = !value.quoted && parse_number(first_word).has_value();
  if (!numeric && !value.quoted && begins_like_a_number(text)) {
    try {
      parse_quantity(text);
      numeric = true;
    } catch (const InputError&) {
      // "0.1.2 mm", "0,1 mm" and "1/64" are meant as numbers; other texts may begin with a digit, such as a
      // file's name.
      numeric = first_word.find_first_not_of("0123456789.,+-*/^()eE") == std::string_view::npos;
    }
  }
  if (!numeric && !value.is_equation()) {
    result.kind = Evaluated::Kind::text;
    result.text = value.scalar;
    return result;
  }
  const auto quantity = loader_.constant(value, path);
  if (!quantity) return std::nullopt;
  result.quantity = *quantity;
  return result;
}

std::optional<Meaning> Parameters::leaf(const std::string& name, const Evaluated& evaluated, Scope scope) {
  const Quantity& quantity = evaluated.quantity;
  Meaning meaning{quantity.unit.dimension(), {}, {}};
  if (quantity.unit.offset() != 0.0) {
    loader_.error(entries_.at(name).value.place, path(name),
                  "'" + quantity.text() + "' has a unit with an offset, which can't be used in equations", "",
                  "state it in K");
    return std::nullopt;
  }

  if (scope != Scope::coefficient && running_.empty() && beside_ == 0) structural_.insert(name);
  if (scope != Scope::coefficient || structural_.contains(name)) {
    meaning.lower = [value = quantity.si()](expr::Graph& graph) {
      return expr::Value::scalar(graph.constant(value));
    };
    return meaning;
  }
  ParameterTable& table = *loader_.model().parameters;
  if (!table.contains(path(name))) table.add({path(name), quantity.unit, quantity.value, ""});
  meaning.lower = [symbol = "parameter:" + path(name), factor = quantity.unit.factor()](expr::Graph& graph) {
    return expr::Value::scalar(graph.multiply(graph.constant(factor), graph.symbol(symbol)));
  };
  return meaning;
}

std::optional<Meaning> Parameters::meaning(const std::string& name, Scope scope) {
  const Evaluated* evaluated = value(name);
  if (evaluated == nullptr) return std::nullopt;
  Entry& entry = entries_.at(name);
  if (evaluated->kind == Evaluated::Kind::quantity) {
    if (!entry.equation) return leaf(name, *evaluated, scope);
    // Over the parameters that it depends on, so that setting one of those at run time reaches here.
    const auto equation =
        loader_.equation(entry.value, path(name), scope == Scope::coefficient ? scope : Scope::constant);
    if (!equation) return std::nullopt;
    Meaning meaning{equation->dimension(), {}, {}};
    meaning.lower = [equation = *equation](expr::Graph& graph) { return equation.lower(graph); };
    return meaning;
  }
  if (evaluated->kind == Evaluated::Kind::flag) {
    Meaning meaning;
    meaning.lower = [flag = evaluated->flag](expr::Graph& graph) {
      return expr::Value::scalar(graph.constant(flag ? 1.0 : 0.0));
    };
    return meaning;
  }
  if (evaluated->kind != Evaluated::Kind::list || evaluated->list.empty()) return std::nullopt;
  // A list of quantities of one dimension is a vector.
  std::vector<double> values;
  const Dimension dimension = evaluated->list.front().quantity.unit.dimension();
  for (const Evaluated& element : evaluated->list) {
    if (element.kind != Evaluated::Kind::quantity || element.quantity.unit.dimension() != dimension)
      return std::nullopt;
    values.push_back(element.quantity.si());
  }
  Meaning meaning{dimension, {static_cast<int>(values.size())}, {}};
  meaning.lower = [values, shape = meaning.shape](expr::Graph& graph) {
    expr::Value vector{shape, {}};
    for (const double v : values) vector.nodes.push_back(graph.constant(v));
    return vector;
  };
  return meaning;
}

}  // namespace holon::modelfile

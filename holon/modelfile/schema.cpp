#include "holon/modelfile/schema.hpp"

#include "holon/base/error.hpp"

#include <cctype>

namespace holon::modelfile {

Option& Option::with_default(std::string text) {
  default_value = std::move(text);
  return *this;
}

Option& Option::make_optional() {
  optional = true;
  return *this;
}

Option& Option::make_by_field() {
  by_field = true;
  return *this;
}

Option& Schema::add(std::string key, Option::Type type, std::string documentation) {
  require(find(key) == nullptr, "an option of a schema is declared once");
  Option option;
  option.key = std::move(key);
  option.type = type;
  option.documentation = std::move(documentation);
  options_.push_back(std::move(option));
  return options_.back();
}

Option& Schema::quantity(std::string key, std::string dimension, std::string documentation) {
  Option& option = add(std::move(key), Option::Type::quantity, std::move(documentation));
  option.dimension = std::move(dimension);
  return option;
}

Option& Schema::coefficient(std::string key, std::string dimension, std::string documentation) {
  Option& option = add(std::move(key), Option::Type::coefficient, std::move(documentation));
  option.dimension = std::move(dimension);
  return option;
}

Option& Schema::choice(std::string key, std::vector<std::string> choices, std::string documentation) {
  Option& option = add(std::move(key), Option::Type::choice, std::move(documentation));
  option.choices = std::move(choices);
  return option;
}

Option& Schema::section(std::string key, Schema schema, std::string documentation) {
  Option& option = add(std::move(key), Option::Type::section, std::move(documentation));
  option.schema = std::make_shared<const Schema>(std::move(schema));
  return option;
}

Option& Schema::mapping(std::string key, Option element, std::string documentation) {
  Option& option = add(std::move(key), Option::Type::mapping, std::move(documentation));
  option.element.push_back(std::move(element));
  return option;
}

Option& Schema::list(std::string key, Option element, std::string documentation) {
  Option& option = add(std::move(key), Option::Type::list, std::move(documentation));
  option.element.push_back(std::move(element));
  return option;
}

const Option* Schema::find(std::string_view key) const {
  for (const Option& option : options_)
    if (option.key == key) return &option;
  return nullptr;
}

std::vector<std::string> Schema::keys() const {
  std::vector<std::string> keys;
  for (const Option& option : options_) keys.push_back(option.key);
  return keys;
}

namespace {

/// Reads "length^2/time": names, '1', '*', '/', '^integer' and brackets, from left to right.
class DimensionReader {
 public:
  DimensionReader(std::string_view text, const std::map<std::string, Dimension>& names)
      : text_(text), names_(names) {}

  std::optional<Dimension> read() {
    std::optional<Dimension> result = product();
    return at_ == text_.size() ? result : std::nullopt;
  }

 private:
  char next() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  std::optional<Dimension> product() {
    std::optional<Dimension> left = power();
    while (left && (next() == '*' || next() == '/')) {
      const bool over = text_[at_++] == '/';
      const std::optional<Dimension> right = power();
      left = !right ? std::nullopt : std::optional(over ? *left / *right : *left * *right);
    }
    return left;
  }

  std::optional<Dimension> power() {
    std::optional<Dimension> base = name();
    if (!base || next() != '^') return base;
    const std::size_t begin = ++at_;
    while (next() == '-' || next() == '.' || std::isdigit(static_cast<unsigned char>(next())) != 0) ++at_;
    const auto exponent = parse_number(text_.substr(begin, at_ - begin));
    return exponent ? std::optional(base->pow(*exponent)) : std::nullopt;
  }

  std::optional<Dimension> name() {
    if (next() == '(') {
      ++at_;
      std::optional<Dimension> inner = product();
      return next() == ')' ? (++at_, inner) : std::nullopt;
    }
    const std::size_t begin = at_;
    while (next() == '_' || std::isalnum(static_cast<unsigned char>(next())) != 0) ++at_;
    const std::string name(text_.substr(begin, at_ - begin));
    if (name == "1") return Dimension{};
    const auto found = names_.find(name);
    return found == names_.end() ? std::nullopt : std::optional(found->second);
  }

  std::string_view text_;
  const std::map<std::string, Dimension>& names_;
  std::size_t at_ = 0;
};

}  // namespace

std::optional<Dimension> read_dimension(std::string_view text,
                                        const std::map<std::string, Dimension>& names) {
  return DimensionReader(text, names).read();
}

}  // namespace holon::modelfile

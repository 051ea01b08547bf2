#include "holon/modelfile/section.hpp"

#include "holon/modelfile/build.hpp"
#include "holon/modelfile/loader.hpp"

namespace holon::modelfile {

using Value = Document::Value;

Section::Section(Loader& loader, const Value* value, const Schema* schema, std::string path,
                 std::map<std::string, Dimension> dimensions)
    : loader_(&loader),
      value_(value),
      schema_(schema),
      path_(std::move(path)),
      dimensions_(std::move(dimensions)) {}

Place Section::place() const { return value_ != nullptr ? value_->place : Place{}; }

Place Section::place(std::string_view key) const {
  const Value* value = raw(key);
  return value != nullptr ? value->place : place();
}

Place Section::key_place(std::string_view key) const {
  if (value_ != nullptr)
    for (const Value::Member& member : value_->mapping)
      if (member.key == key) return member.key_place;
  return place();
}

bool Section::has(std::string_view key) const { return raw(key) != nullptr; }

const Value* Section::raw(std::string_view key) const {
  return value_ != nullptr ? value_->find(key) : nullptr;
}

const Value& Section::mapping() const {
  require(value_ != nullptr, "a section of defaults alone has no mapping");
  return *value_;
}

Section Section::with(const Value& mapping) const {
  return Section(*loader_, &mapping, schema_, path_, dimensions_);
}

std::string Section::path_of(std::string_view key) const { return path_ + '.' + std::string(key); }

const Option& Section::option(std::string_view key) const {
  const Option* option = schema_ != nullptr ? schema_->find(key) : nullptr;
  require(option != nullptr, "a type reads only options that its schema declares");
  return *option;
}

std::optional<Value> Section::value(std::string_view key) const {
  if (const Value* given = raw(key)) return *given;
  const Option& option = this->option(key);
  if (!option.default_value) {
    if (!option.optional) error(key, "the key '" + std::string(key) + "' is missing");
    return std::nullopt;
  }
  Diagnostics found;
  Value value = Document::parse(*option.default_value, "default of " + path_of(key), {}, found);
  require(!found.has_errors(), "the default of an option is a value");
  value.place = place();
  return value;
}

Dimension Section::dimension(std::string_view key) const {
  const auto dimension = read_dimension(option(key).dimension, dimensions_);
  require(dimension.has_value(), "a type declares its dimension names before it reads options of them");
  return *dimension;
}

double Section::quantity(std::string_view key) const {
  const auto value = this->value(key);
  return value ? loader_->quantity(*value, path_of(key), dimension(key)).value_or(0.0) : 0.0;
}

Unit Section::unit_of(std::string_view key) const {
  const auto value = this->value(key);
  const auto quantity = value ? loader_->constant(*value, path_of(key)) : std::nullopt;
  return quantity ? quantity->unit : Unit{};
}

double Section::number(std::string_view key) const {
  const auto value = this->value(key);
  return value ? loader_->number(*value, path_of(key)).value_or(0.0) : 0.0;
}

std::int64_t Section::integer(std::string_view key) const {
  const auto value = this->value(key);
  return value ? loader_->integer(*value, path_of(key)).value_or(0) : 0;
}

bool Section::flag(std::string_view key) const {
  const auto value = this->value(key);
  return value && loader_->flag(*value, path_of(key)).value_or(false);
}

std::string Section::text(std::string_view key) const {
  const auto value = this->value(key);
  return value ? loader_->text(*value, path_of(key)).value_or("") : "";
}

std::optional<Unit> Section::unit(std::string_view key) const {
  const auto value = this->value(key);
  return value ? read_unit(*loader_, *value, path_of(key)) : std::nullopt;
}

std::filesystem::path Section::file(std::string_view key) const {
  const auto value = this->value(key);
  return value ? loader_->file(*value, path_of(key)).value_or("") : "";
}

Coefficient Section::coefficient(std::string_view key) const { return coefficient(key, dimension(key)); }

Coefficient Section::coefficient(std::string_view key, const Dimension& dimension) const {
  const auto value = this->value(key);
  return value ? loader_->coefficient(*value, path_of(key), dimension).value_or(Coefficient(0.0))
               : Coefficient(0.0);
}

std::vector<Coefficient> Section::coefficients(std::string_view key) const {
  const auto value = this->value(key);
  if (!value) return {};
  const Option& option = this->option(key);
  require(!option.element.empty(), "a list states the type of its elements");
  const auto needed = read_dimension(option.element.front().dimension, dimensions_);
  require(needed.has_value(), "a type declares its dimension names before it reads options of them");
  if (value->kind != Value::Kind::list)
    return {loader_->coefficient(*value, path_of(key), *needed).value_or(Coefficient(0.0))};
  std::vector<Coefficient> result;
  for (std::size_t i = 0; i < value->list.size(); ++i)
    result.push_back(
        loader_->coefficient(value->list[i], path_of(key) + '[' + std::to_string(i) + ']', *needed)
            .value_or(Coefficient(0.0)));
  return result;
}

Quantity Section::any_quantity(std::string_view key) const {
  const auto value = this->value(key);
  return value ? loader_->constant(*value, path_of(key)).value_or(Quantity{}) : Quantity{};
}

std::vector<double> Section::quantities(std::string_view key) const {
  const auto value = this->value(key);
  if (!value) return {};
  const Option& option = this->option(key);
  const std::string& name = option.element.empty() ? option.dimension : option.element.front().dimension;
  const auto needed = read_dimension(name, dimensions_);
  require(needed.has_value(), "a type declares its dimension names before it reads options of them");
  std::vector<double> result;
  if (value->kind != Value::Kind::list) {
    result.push_back(loader_->quantity(*value, path_of(key), *needed).value_or(0.0));
    return result;
  }
  for (std::size_t i = 0; i < value->list.size(); ++i)
    result.push_back(loader_->quantity(value->list[i], path_of(key) + '[' + std::to_string(i) + ']', *needed)
                         .value_or(0.0));
  return result;
}

std::vector<std::string> Section::texts(std::string_view key) const {
  const auto value = this->value(key);
  if (!value) return {};
  if (value->kind != Value::Kind::list) return {loader_->text(*value, path_of(key)).value_or("")};
  std::vector<std::string> result;
  for (std::size_t i = 0; i < value->list.size(); ++i)
    result.push_back(
        loader_->text(value->list[i], path_of(key) + '[' + std::to_string(i) + ']').value_or(""));
  return result;
}

Section Section::section(std::string_view key) const {
  return Section(*loader_, raw(key), option(key).schema.get(), path_of(key), dimensions_);
}

std::vector<Section> Section::sections(std::string_view key) const {
  std::vector<Section> result;
  const Value* value = raw(key);
  const Option& option = this->option(key);
  require(!option.element.empty(), "a list of sections states their schema");
  if (value == nullptr || value->kind != Value::Kind::list) return result;
  for (std::size_t i = 0; i < value->list.size(); ++i)
    result.emplace_back(*loader_, &value->list[i], option.element.front().schema.get(),
                        path_of(key) + '[' + std::to_string(i) + ']', dimensions_);
  return result;
}

std::vector<std::string> Section::keys(std::string_view key) const {
  std::vector<std::string> result;
  if (const Value* value = raw(key))
    for (const Value::Member& member : value->mapping) result.push_back(member.key);
  return result;
}

Section Section::child(std::string_view key, std::string_view name) const {
  const Value* value = raw(key);
  const Option& option = this->option(key);
  const Schema* schema = option.element.empty() ? nullptr : option.element.front().schema.get();
  return Section(*loader_, value != nullptr ? value->find(name) : nullptr, schema,
                 path_of(key) + '.' + std::string(name), dimensions_);
}

std::shared_ptr<const Space> Section::space(std::string_view key) const {
  const std::string name = text(key);
  auto space = name.empty() ? nullptr : loader_->space(name, place(key), path_of(key));
  if (!space) throw Abandoned{};
  return space;
}

FieldId Section::field(std::string_view key) const {
  const std::string name = text(key);
  const auto id = name.empty() ? std::nullopt : loader_->field(name, place(key), path_of(key));
  if (!id) throw Abandoned{};
  return *id;
}

void Section::set_dimension(const std::string& name, const Dimension& dimension) {
  dimensions_[name] = dimension;
}

void Section::error(std::string_view key, std::string message, std::string expected, std::string hint) const {
  loader_->error(place(key), key.empty() ? path_ : path_of(key), std::move(message), std::move(expected),
                 std::move(hint));
}

void Section::warning(std::string_view key, std::string message, std::string hint) const {
  loader_->warning(place(key), key.empty() ? path_ : path_of(key), std::move(message), std::move(hint));
}

bool is_stated(const Section& section, std::string_view key) {
  const Document::Value* value = section.raw(key);
  if (value == nullptr) return false;
  const Option* option = section.schema()->find(key);
  const bool scalar = value->kind == Document::Value::Kind::scalar;
  return option == nullptr || !option->default_value || !scalar || value->scalar != *option->default_value;
}

}  // namespace holon::modelfile

#include "holon/engine/state.hpp"

#include "holon/base/column_memory.hpp"
#include "holon/base/error.hpp"
#include "holon/engine/archive.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

namespace holon {

ParameterId ParameterTable::add(Parameter parameter) {
  require(!by_path_.contains(parameter.path), "a parameter's path is declared once");
  const auto id = static_cast<ParameterId>(parameters_.size());
  by_path_.emplace(parameter.path, id);
  parameters_.push_back(std::move(parameter));
  return id;
}

bool ParameterTable::contains(std::string_view path) const { return by_path_.contains(path); }

ParameterId ParameterTable::id(std::string_view path) const {
  const auto found = by_path_.find(path);
  if (found == by_path_.end())
    throw InputError(fmt::format("there is no parameter '{}'; {}", path, suggestion(path, paths())));
  return found->second;
}

std::vector<std::string> ParameterTable::paths() const {
  std::vector<std::string> paths;
  paths.reserve(parameters_.size());
  for (const Parameter& parameter : parameters_) paths.push_back(parameter.path);
  return paths;
}

void CompensatedSum::add(double x) {
  const double total = sum + x;
  compensation += std::abs(sum) >= std::abs(x) ? (sum - total) + x : (x - total) + sum;
  sum = total;
}

/// One column per field component, 8 bytes an entry; real and integer columns lie in the same buffer.
struct State::Columns {
  std::vector<std::size_t> offset;  // of a field's first component, in entries
  std::vector<std::size_t> stride;  // between components, in entries
  std::size_t entries = 0;
  double* data = nullptr;

  explicit Columns(const FieldTable& fields) {
    constexpr std::size_t line = 8;  // 64 bytes
    std::size_t at = 0, column = 0;
    const auto place = [&](std::size_t sites) {
      const std::size_t here = at;
      // Columns of a power-of-two size would meet in the same cache sets: each begins a few lines later than
      // the last.
      at += (sites + line - 1) / line * line + line * (1 + column++ % 7) + line;
      return here;
    };
    for (FieldId id = 0; id < fields.size(); ++id) {
      const Field& field = fields[id];
      const std::size_t sites = field.space->sites();
      const std::size_t padded = (sites + line - 1) / line * line + 3 * line;
      offset.push_back(place(padded * static_cast<std::size_t>(field.components)));
      stride.push_back(padded);
    }
    entries = at + line;
    data = static_cast<double*>(allocate_column(entries * sizeof(double)));
    std::memset(data, 0, entries * sizeof(double));
  }
  ~Columns() { free_column(data, entries * sizeof(double)); }
  Columns(const Columns&) = delete;
  Columns& operator=(const Columns&) = delete;
};

State::State(std::shared_ptr<const FieldTable> fields, std::shared_ptr<const ParameterTable> parameters,
             std::size_t accounts)
    : fields_(std::move(fields)),
      parameter_table_(std::move(parameters)),
      columns_(std::make_unique<Columns>(*fields_)),
      accounts_(accounts) {
  parameters_.reserve(parameter_table_->size());
  for (ParameterId id = 0; id < parameter_table_->size(); ++id)
    parameters_.push_back((*parameter_table_)[id].value);
}

State::State(State&&) noexcept = default;
State& State::operator=(State&&) noexcept = default;
State::~State() = default;

State State::clone() const {
  State copy(fields_, parameter_table_, accounts_.size());
  copy.assign(*this);
  return copy;
}

void State::assign(const State& other) {
  require(fields_ == other.fields_, "states that are assigned belong to one model");
  std::memcpy(columns_->data, other.columns_->data, columns_->entries * sizeof(double));
  parameters_ = other.parameters_;
  accounts_ = other.accounts_;
  time = other.time;
  counter = other.counter;
  seed = other.seed;
}

std::span<double> State::real(FieldId field, int component) {
  return {columns_->data + columns_->offset[field] +
              columns_->stride[field] * static_cast<std::size_t>(component),
          (*fields_)[field].space->sites()};
}

std::span<const double> State::real(FieldId field, int component) const {
  return {columns_->data + columns_->offset[field] +
              columns_->stride[field] * static_cast<std::size_t>(component),
          (*fields_)[field].space->sites()};
}

std::span<std::int64_t> State::integer(FieldId field, int component) {
  const auto column = real(field, component);
  return {reinterpret_cast<std::int64_t*>(column.data()), column.size()};
}

std::span<const std::int64_t> State::integer(FieldId field, int component) const {
  const auto column = real(field, component);
  return {reinterpret_cast<const std::int64_t*>(column.data()), column.size()};
}

void State::write(Archive& archive) const {
  for (FieldId id = 0; id < fields_->size(); ++id) {
    const Field& field = (*fields_)[id];
    for (int c = 0; c < field.components; ++c) {
      const std::string path = fmt::format("fields/{}/{}", field.name, c);
      if (field.type == FieldType::real)
        archive.put(path, real(id, c));
      else
        archive.put(path, integer(id, c));
    }
  }
  archive.put("parameters", std::span<const double>(parameters_));
  std::vector<double> sums;
  for (const CompensatedSum& account : accounts_)
    sums.insert(sums.end(), {account.sum, account.compensation});
  archive.put("accounts", std::span<const double>(sums));
  const std::vector<std::int64_t> clock{time.index, time.fraction.numerator, time.fraction.denominator,
                                        counter.pending_half ? 1 : 0, static_cast<std::int64_t>(seed)};
  archive.put("clock", std::span<const std::int64_t>(clock));
}

void State::read(const Archive& archive) {
  for (FieldId id = 0; id < fields_->size(); ++id) {
    const Field& field = (*fields_)[id];
    for (int c = 0; c < field.components; ++c) {
      const std::string path = fmt::format("fields/{}/{}", field.name, c);
      const auto copy = [&](const auto& from, auto to) {
        if (from.size() != to.size())
          throw InputError(fmt::format("the checkpoint holds {} values of field '{}', the model {}",
                                       from.size(), field.name, to.size()));
        std::copy(from.begin(), from.end(), to.begin());
      };
      if (field.type == FieldType::real)
        copy(archive.reals(path), real(id, c));
      else
        copy(archive.integers(path), integer(id, c));
    }
  }
  const auto& parameters = archive.reals("parameters");
  const auto& sums = archive.reals("accounts");
  const auto& clock = archive.integers("clock");
  if (parameters.size() != parameters_.size() || sums.size() != 2 * accounts_.size() || clock.size() != 5)
    throw InputError("the checkpoint does not have this model's parameters, accounts and clock");
  parameters_ = parameters;
  for (std::size_t a = 0; a < accounts_.size(); ++a) accounts_[a] = {sums[2 * a], sums[2 * a + 1]};
  time = {clock[0], {clock[1], clock[2]}};
  counter.pending_half = clock[3] != 0;
  seed = static_cast<std::uint64_t>(clock[4]);
}

}  // namespace holon

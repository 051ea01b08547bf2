// State: all fields, parameters, ledger sums and the clock of one run. Many states of one model may live at
// once.
#pragma once

#include "holon/base/unit.hpp"
#include "holon/engine/time.hpp"
#include "holon/space/field.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace holon {

class Archive;

/// A parameter that can be set at run time, by its path ("processes.cell.parameters.g_Na"). The value is in
/// `unit`.
struct Parameter {
  std::string path;
  Unit unit;
  double value = 0.0;  ///< the model's value, with which a State starts
  std::string description;
};
using ParameterId = std::uint32_t;

class ParameterTable {
 public:
  ParameterId add(Parameter parameter);
  const Parameter& operator[](ParameterId id) const { return parameters_[id]; }
  std::size_t size() const { return parameters_.size(); }
  bool contains(std::string_view path) const;
  ParameterId id(std::string_view path) const;  ///< throws InputError with the nearest path
  std::vector<std::string> paths() const;

 private:
  std::vector<Parameter> parameters_;
  std::map<std::string, ParameterId, std::less<>> by_path_;
};

/// One account of the ledger: what a process put into a field through a channel ("decay", "boundary x_min",
/// "reaction").
struct LedgerAccount {
  FieldId field = 0;
  std::string process;
  std::string channel;
};
using AccountId = std::uint32_t;

/// A sum that keeps its rounding error (Neumaier 1974).
struct CompensatedSum {
  double sum = 0.0, compensation = 0.0;
  void add(double x);
  double value() const { return sum + compensation; }
};

/// Where the schedule stands inside a macro step, beyond the clock.
struct ProgramCounter {
  bool pending_half = false;  ///< a merged Strang half step of the previous macro step is still due
};

/// Columns are 64-byte aligned and start at different offsets modulo a page, so that many columns of a
/// power-of-two size don't collide in cache.
class State {
 public:
  State(std::shared_ptr<const FieldTable> fields, std::shared_ptr<const ParameterTable> parameters,
        std::size_t accounts);
  State(State&&) noexcept;
  State& operator=(State&&) noexcept;
  ~State();
  State clone() const;
  void assign(const State& other);  ///< copies contents without allocating

  std::span<double> real(FieldId field, int component = 0);
  std::span<const double> real(FieldId field, int component = 0) const;
  std::span<std::int64_t> integer(FieldId field, int component = 0);
  std::span<const std::int64_t> integer(FieldId field, int component = 0) const;

  double parameter(ParameterId id) const { return parameters_[id]; }
  void set_parameter(ParameterId id, double value) { parameters_[id] = value; }
  std::span<const double> parameters() const { return parameters_; }

  CompensatedSum& account(AccountId id) { return accounts_[id]; }
  const CompensatedSum& account(AccountId id) const { return accounts_[id]; }

  Time time;
  ProgramCounter counter;
  std::uint64_t seed = 0;

  const FieldTable& fields() const { return *fields_; }
  const ParameterTable& parameter_table() const { return *parameter_table_; }
  void write(Archive& archive) const;
  void read(const Archive& archive);

 private:
  struct Columns;
  std::shared_ptr<const FieldTable> fields_;
  std::shared_ptr<const ParameterTable> parameter_table_;
  std::unique_ptr<Columns> columns_;
  std::vector<double> parameters_;
  std::vector<CompensatedSum> accounts_;
};

}  // namespace holon

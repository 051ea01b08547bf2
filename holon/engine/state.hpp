// State: all fields, parameters, ledger sums and the clock of one run. Many states of one model may live at
// once.
#pragma once

#include "holon/base/parallel.hpp"
#include "holon/base/unit.hpp"
#include "holon/engine/event_queue.hpp"
#include "holon/engine/time.hpp"
#include "holon/space/field.hpp"

#include <cstdint>
#include <map>
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
/// "reaction"). What crosses a coupling is counted on both of its sides besides, in the field's unit times
/// measure: what left the one, what arrived on the other, and the sum of absolute amounts.
struct LedgerAccount {
  enum class Role { balance, left, arrived, moved };
  FieldId field = 0;
  std::string process;
  std::string channel;        ///< of a coupling: its name
  Role role = Role::balance;  ///< the others are no part of the balance
};
using AccountId = std::uint32_t;

/// A sum that keeps its rounding error (Neumaier 1974).
struct CompensatedSum {
  double sum = 0.0, compensation = 0.0;
  void add(double x);
  double value() const { return sum + compensation; }
};

/// How often the members of one iterated window of the program were evaluated.
struct WindowCount {
  std::int64_t windows = 0;      ///< that were advanced over
  std::int64_t evaluations = 0;  ///< in all of them
  std::int64_t last = 0, most = 0;
};

/// Where the schedule stands inside a macro step, beyond the clock, and how hard it was to get there.
struct ProgramCounter {
  bool pending_half = false;         ///< a merged Strang half step of the previous macro step is still due
  std::vector<WindowCount> windows;  ///< one per iterated window of the program
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
  /// Copies contents; allocates only where a population is larger than any that this state has held.
  void assign(const State& other);

  /// Spans are as long as the field's space has sites now; they are no longer valid after a population was
  /// resized or rearranged.
  std::span<double> real(FieldId field, int component = 0);
  std::span<const double> real(FieldId field, int component = 0) const;
  std::span<std::int64_t> integer(FieldId field, int component = 0);
  std::span<const std::int64_t> integer(FieldId field, int component = 0) const;

  /// Where what processes contribute to a field adds up: in the field itself, unless it is collected for
  /// whoever advances the field.
  std::span<double> receiving(FieldId field);
  /// Per field: what was contributed since it is collected. Empty between the steps of a schedule; no part of
  /// what is copied or kept.
  std::map<FieldId, std::vector<double>> collected;

  /// The number of sites: of a population, that of this state; of any other space, its own.
  std::size_t sites(const Space& space) const;
  /// A number that differs from all others of this process since the agents of the population were last made,
  /// removed or put in another order: what was computed for an arrangement holds as long as its number does
  /// (copies of a state keep it). Positions may change meanwhile. 0 for spaces that never change.
  std::uint64_t arrangement(const Space& space) const;
  /// Gives a population another number of sites: the first stay as they are, new ones are zero.
  void resize(const Space& population, std::size_t sites);
  /// Puts the sites of a population in another order, leaves some out, takes some several times: site k is
  /// then what site from[k] was, in all fields.
  void rearrange(const Space& population, std::span<const std::size_t> from, ThreadPool& threads);
  /// What messages call a site; agents by their id and place.
  std::string site_text(const Space& space, std::size_t site) const;

  /// Where ranks share a run: how many sites next to this rank's own hold right values besides those; all, if
  /// nobody has said less. Columns are always whole (Partition).
  static constexpr std::size_t all_sites = static_cast<std::size_t>(-1);
  std::size_t ghosts(FieldId field) const { return ghosts_[field]; }
  void set_ghosts(FieldId field, std::size_t sites) { ghosts_[field] = sites; }

  double parameter(ParameterId id) const { return parameters_[id]; }
  void set_parameter(ParameterId id, double value) { parameters_[id] = value; }
  std::span<const double> parameters() const { return parameters_; }

  CompensatedSum& account(AccountId id) { return accounts_[id]; }
  const CompensatedSum& account(AccountId id) const { return accounts_[id]; }

  Time time;
  ProgramCounter counter;
  std::uint64_t seed = 0;
  EventQueue events;
  std::vector<DelayLine> delay_lines;  ///< one per delayed coupling of the model

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
  std::vector<std::size_t> ghosts_;  // by field
};

}  // namespace holon

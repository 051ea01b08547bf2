// A process is one mechanism at one scale, told in two ways: it advances its fields over an interval, and,
// where it is smooth, it states its rate with derivative actions. It knows no other process.
#pragma once

#include "holon/base/parallel.hpp"
#include "holon/base/unit.hpp"
#include "holon/engine/state.hpp"
#include "holon/engine/waveform.hpp"
#include "holon/engine/way_back.hpp"
#include "holon/space/partition.hpp"

#include <any>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace holon {

class Model;

/// How a process uses a field.
struct Port {
  enum class Role { read, advance, determine, contribute, emit, receive };
  Role role = Role::read;
  FieldId field = 0;
  FieldKind kind = FieldKind::value;
  Unit unit;
};
std::string_view name(Port::Role role);
using Ports = std::vector<Port>;

/// What a process is, so that analyses can be allowed or refused with a reason.
struct Traits {
  bool smooth = true;
  bool stochastic = false;
  bool resizes = false;
  bool error_controlled =
      false;  ///< its own steps, chosen by their error, resolve it: the macro step need not
  bool follows_inputs =
      false;           ///< advance() takes Inputs at the times of its own stages; otherwise the engine puts
                       ///< their values in the middle of the interval into the State for it
  std::string reason;  ///< why it is not smooth
};

/// What went wrong, where and when.
struct Diagnosis {
  std::string process, field, message;
  std::string place;  ///< Space::site_text
  double time = 0.0;  ///< coherent
};

struct Outcome {
  enum class Why { done, event, rejected, failed };
  Why why = Why::done;
  Time reached;
  double suggested_dt = std::numeric_limits<double>::infinity();
  Diagnosis what;
  bool seen_finite = false;  ///< all values of the fields that it advanced are finite: nobody needs to look
};

/// Scratch that a process keeps between calls. Never part of the answer: it may be thrown away at any macro
/// step.
struct Scratch {
  virtual ~Scratch() = default;
};

/// Counters that tell why something is slow.
struct Counters {
  std::uint64_t steps = 0, rejected = 0, rate_evaluations = 0, jacobian_evaluations = 0,
                linear_iterations = 0, nonlinear_iterations = 0;
};

/// How ranks share a process's advance: each advances its own sites of a space (Partition). On all fields
/// that the process reads or changes there it finds right values on its own sites and on `halo` next to them
/// when the advance begins; right values on its own sites are what it leaves.
struct Sharing {
  const Space* space = nullptr;
  std::size_t halo = 0;   ///< sites
  std::size_t least = 1;  ///< sites that each rank has to own
};

/// What a process may use while it advances.
struct Workspace {
  ThreadPool* threads = nullptr;
  const Partition* share = nullptr;  ///< where ranks share the advance: this rank does its own sites alone
  std::unique_ptr<Scratch> scratch;
  std::vector<WayBackScratch> ways_back;  ///< one per coupling through which the process contributes
  Counters counters;
};

/// The real fields that the model's processes advance, one after the other: what a System's vectors are made
/// of.
class Layout {
 public:
  Layout(const FieldTable& fields, std::vector<FieldId> unknowns);
  std::size_t size() const { return size_; }
  const std::vector<FieldId>& fields() const { return unknowns_; }
  bool contains(FieldId field) const;
  std::size_t offset(FieldId field, int component = 0) const;
  std::size_t sites(FieldId field) const;

 private:
  std::vector<FieldId> unknowns_;
  std::map<FieldId, std::size_t> offset_, sites_;
  std::size_t size_ = 0;
};

/// A vector over a Layout.
class Vector {
 public:
  explicit Vector(const Layout& layout) : layout_(&layout), values_(layout.size(), 0.0) {}
  std::span<double> operator()(FieldId field, int component = 0);
  std::span<const double> operator()(FieldId field, int component = 0) const;
  const Layout& layout() const { return *layout_; }
  std::vector<double>& values() { return values_; }
  const std::vector<double>& values() const { return values_; }

 private:
  const Layout* layout_;
  std::vector<double> values_;
};

class Process;
/// The fields that a process advances or determines and those that it keeps for itself (PROCESS:NAME).
std::vector<FieldId> fields_changed_by(const Process& process, const FieldTable& fields);

/// The first site whose value is not finite, if there is one.
std::optional<std::size_t> first_not_finite(std::span<const double> values, ThreadPool& threads);

/// Collects entries d rate[row] / d unknown[column]; entries at one place add up.
class SparseBuilder {
 public:
  struct Entry {
    std::size_t row, column;
    double value;
  };
  explicit SparseBuilder(const Layout& layout) : layout_(&layout) {}
  void add(std::size_t row, std::size_t column, double value) { entries_.push_back({row, column, value}); }
  const Layout& layout() const { return *layout_; }
  const std::vector<Entry>& entries() const { return entries_; }
  /// Sorted by row and column, duplicates summed.
  std::vector<Entry> compressed() const;

 private:
  const Layout* layout_;
  std::vector<Entry> entries_;
};

/// The scales that a process resolves and spans (coherent units), for the scale-separation map.
struct Scales {
  double space_resolution = 0.0, space_extent = 0.0;
  double time_resolution = 0.0, time_extent = 0.0;
};

class Process {
 public:
  explicit Process(std::string name) : name_(std::move(name)) {}
  virtual ~Process() = default;
  const std::string& name() const { return name_; }
  virtual std::string_view type() const = 0;

  virtual Ports ports() const = 0;
  virtual Traits traits() const { return {}; }
  /// Accounts that advance() fills: rate integrals over the step by channel, in field unit times what a site
  /// holds per value (SiteContents). Asked once, when the model is built and fields know their capacities.
  virtual std::vector<LedgerAccount> ledger_accounts() const { return {}; }
  /// Told once, in the order of ledger_accounts(), which account is which.
  virtual void set_accounts(std::vector<AccountId> accounts) { accounts_ = std::move(accounts); }

  /// Sets the initial values of the fields that it owns.
  virtual void initialise(State& state, Workspace& work) const = 0;
  /// True if advance() itself fails where a value is not finite; otherwise the engine looks at the fields
  /// that the process advances after each advance.
  virtual bool detects_failure() const { return false; }
  /// Advances its fields in `state` from interval.begin to interval.end. Must not change the clock.
  virtual Outcome advance(State& state, const Interval& interval, const Inputs& inputs,
                          Workspace& work) const = 0;

  /// Computes the fields that it determines from the present state. The engine calls it before anybody reads
  /// them: another process, an observer, an event.
  virtual void determine(State& /*state*/, double /*time*/, Workspace& /*work*/) const {}
  /// True where determine() solves equations of its fields (elliptic ones) and does not just evaluate them.
  virtual bool solves_to_determine() const { return false; }
  /// The fields that determine() reads.
  virtual std::vector<FieldId> determined_from() const { return {}; }

  /// What a field that it spreads holds per value and measure; null where that is 1, and for all fields about
  /// which it knows nothing.
  virtual std::shared_ptr<const Capacity> capacity(FieldId) const { return nullptr; }
  /// Why it can't act on a field to which a process gave a capacity, and what would do; nothing where it can.
  virtual std::optional<std::pair<std::string, std::string>> capacity_obstacle(FieldId) const {
    return std::nullopt;
  }
  /// Of the fields that it advances: those to which it assigns what follows from others.
  virtual std::vector<FieldId> assigned() const { return {}; }

  /// Adds du/dt [field unit per coherent time] to `rates`; for a field that it determines or assigns, a
  /// residual that is zero where the field is what it should be. Fields that the vector does not hold are
  /// left out, here and in the derivative actions.
  virtual void rate(const State& state, double time, Workspace& work, Vector& rates) const = 0;
  /// Adds (d rate / du) du to `out`.
  virtual void jvp(const State& state, double time, const Vector& du, Workspace& work, Vector& out) const = 0;
  /// Adds (d rate / du)^T w to `out`.
  virtual void vjp(const State& state, double time, const Vector& w, Workspace& work, Vector& out) const = 0;
  virtual void jacobian(const State& state, double time, Workspace& work, SparseBuilder& entries) const = 0;

  /// Sites of a field that it advances at which the value is given (sides of given value), and what sets them
  /// to their values at a time.
  virtual std::vector<std::size_t> held_sites(const State&) const { return {}; }
  virtual void hold(State&, double /*time*/, Workspace&) const {}
  virtual bool held_values_depend_on_time() const { return false; }
  /// Adds d value / d field for those of the held sites whose value depends on fields that the layout holds.
  virtual void held_slopes(const State&, double /*time*/, Workspace&, SparseBuilder& /*entries*/) const {}
  /// The same process with a field (in the target's unit per coherent time) times a factor added to the rate
  /// of a field that it advances; null where that can't be.
  virtual std::unique_ptr<Process> with_added_rate(FieldId /*target*/, FieldId /*rate*/, double /*factor*/,
                                                   const Model&) const {
    return nullptr;
  }

  /// How ranks may share advance(); nothing where every rank has to do the whole of it, on complete fields.
  virtual std::optional<Sharing> sharing() const { return std::nullopt; }
  /// The largest stable step of its present scheme [coherent time]; infinity if unconditionally stable.
  virtual double stable_step(const State&) const { return std::numeric_limits<double>::infinity(); }
  /// What a step of this length [coherent time] gets wrong although it is stable, in a sentence about the
  /// process; nothing where it is fine.
  virtual std::optional<std::string> doubt(double /*step*/) const { return std::nullopt; }
  virtual Scales scales(const State&) const { return {}; }
  /// True if a step of any length brings its fields nearer to rest while all others stay as they are:
  /// L-stable implicit schemes, and error-controlled ones that do not step themselves to death there.
  virtual bool damps() const { return false; }
  /// Lines for `holon check`: scheme, order, limits, conversion factors.
  virtual std::vector<std::string> description() const { return {}; }

 protected:
  const std::vector<AccountId>& accounts() const { return accounts_; }

 private:
  std::string name_;
  std::vector<AccountId> accounts_;
};

}  // namespace holon

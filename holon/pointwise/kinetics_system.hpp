// Equations at every site of a space, lowered: what a process of type `kinetics` computes, without how it
// steps.
//
// Governing equation at each site: du/dt = f(u, t, x, other fields, parameters).
#pragma once

#include "holon/engine/site_kernel.hpp"
#include "holon/engine/way_back.hpp"
#include "holon/pointwise/ode_system.hpp"

#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace holon::pointwise {

/// Symbols of the nodes are those of SiteKernel. Rates are in the field's unit per unit of the component's
/// time.
struct KineticsSystem {
  struct Output {
    FieldId field = 0;
    Node value;  ///< in the field's unit
  };
  struct Column {
    std::string name;  ///< N of symbols column:N
    std::shared_ptr<const std::vector<double>> values;
  };
  std::string name;  ///< of the process
  std::shared_ptr<const Space> space;
  std::shared_ptr<const FieldTable> fields;
  std::shared_ptr<const ParameterTable> parameters;
  expr::KernelOptions options;
  std::shared_ptr<Graph> graph;
  std::vector<FieldId> states;
  std::vector<Node> rates;  ///< one per state
  /// The last of the states gather, over an advance, what is contributed to fields that other processes
  /// advance: one per field, beginning at zero.
  std::vector<FieldId> contributed;
  /// One per field contributed: through which coupling it is reached, if it lives on another space.
  std::vector<std::optional<WayBack>> through;
  std::vector<Output> outputs;
  /// States that take new values at once: where a condition crosses zero, or where something arrives. The
  /// new values are in the fields' units, over the values before.
  struct Assignment {
    std::size_t state = 0;
    Node value;
  };
  struct Event {
    enum class Direction { rising, falling, either };
    std::string name;
    FieldId channel = 0;  ///< counts them
    Node when;
    Direction direction = Direction::rising;
    int priority = 0;  ///< at one instant the higher comes first, then the one that is declared first
    std::vector<Assignment> then;
  };
  struct Receiver {
    std::string name;
    FieldId channel = 0;           ///< adds up the weights that arrived
    std::vector<Assignment> then;  ///< also over the symbol uniform:weight
  };
  std::vector<Event> events;
  std::vector<Receiver> receivers;
  std::optional<FieldId> sides;  ///< on which side of zero each event's condition is: -1, 1, or 0: not known
  std::vector<Column> columns;   ///< parameters that differ from site to site
  /// A field whose symbol stands in no rate: functions of time are in its place (driven_fields.hpp).
  struct Driven {
    FieldId field = 0;
    int component = 0;
    bool uniform = false;  ///< lives on a single site
    std::string symbol;
  };
  std::vector<Driven> driven;
  double time_unit = 1.0;  ///< coherent time per unit of the component's time

  std::size_t own_states() const { return states.size() - contributed.size(); }
  /// The field whose rate rates[i] is a part of.
  FieldId target(std::size_t i) const { return i < own_states() ? states[i] : contributed[i - own_states()]; }
  /// Null where rates[i] is a rate of the target itself.
  const WayBack* way_back(std::size_t i) const {
    return i >= own_states() && through[i - own_states()] ? &*through[i - own_states()] : nullptr;
  }
};

/// The fields that the nodes depend on, in order of their ids.
std::vector<FieldId> fields_in(const Graph& graph, std::span<const Node> nodes, const FieldTable& fields);

/// Whether run-time parameters are folded into the kernel at the model's values, which saves work, or read
/// from the State at each call.
enum class ParameterBinding { constants, uniforms };

/// Makes kernels of one system, when they are first needed. Safe to use from several threads.
class KernelFactory {
 public:
  explicit KernelFactory(KineticsSystem system);

  const KineticsSystem& system() const { return system_; }
  /// Constants where the State's parameters are all those of the model.
  ParameterBinding binding(const State& state) const;
  /// The equations as a kernel is built from them: states are the symbols of their fields.
  struct Equations {
    const OdeSystem& ode;
    const std::vector<Node>& outputs;
    const std::vector<Node>& jumps;  ///< of each event `when` and its new values, then those of each receiver
  };
  using Build = std::function<std::vector<Node>(const Equations&)>;
  /// Names N of further symbols column:N and uniform:N that the caller gives at each run.
  struct Extras {
    std::vector<std::string> columns, uniforms;
    std::optional<expr::Tier> tier;  ///< for kernels that run so seldom that compiling them would not pay
  };
  /// A kernel of the nodes that `build` makes; no one else changes the graph meanwhile.
  SiteKernel make(const std::string& purpose, ParameterBinding binding, const Extras& extras,
                  const Build& build) const;
  /// Looks at the equations, with constants, without making a kernel.
  void inspect(const std::function<void(const Equations&)>& look) const;
  /// Pointers to the system's own columns; callers append those of driving polynomials and of their extras.
  std::vector<const double*> columns() const;
  std::string field_symbol(FieldId field) const;
  /// The run-time parameters that the equations contain.
  const std::vector<ParameterId>& parameters() const { return used_; }

 private:
  KineticsSystem system_;
  OdeSystem with_uniforms_, with_constants_;
  std::vector<Node> outputs_with_uniforms_, outputs_with_constants_;
  std::vector<Node> jumps_with_uniforms_, jumps_with_constants_;
  std::vector<ParameterId> used_;
  mutable std::mutex graph_;
};

/// A kernel for either binding, made when it is first asked for.
class LazyKernel {
 public:
  using Build = std::function<SiteKernel(ParameterBinding)>;
  explicit LazyKernel(Build build) : build_(std::move(build)) {}
  const SiteKernel& get(ParameterBinding binding) const;

 private:
  Build build_;
  mutable std::array<std::once_flag, 2> made_;
  mutable std::array<SiteKernel, 2> kernel_;
};

}  // namespace holon::pointwise

// System: the whole model as one operator, the sum over its processes and couplings.
//
//   M dx/dt = F(x, t, p)
// The unknowns x are all real fields that some process advances, and of those that are determined (outputs,
// couplings, fields at rest) the ones that others read. M is diagonal: 1 where F is a rate, 0 where F is a
// residual: of determined and assigned fields, and of nodes that are held at a given value, where F = given -
// x. So the model is a differential-algebraic system of index 1, and nothing has to be eliminated.
#pragma once

#include "holon/engine/model.hpp"

#include <memory>
#include <string>
#include <vector>

namespace holon {

/// Steady states, continuation, monolithic implicit steps, filters and adjoints act on this.
class System {
 public:
  /// Throws Refused, with the process named, where the number of unknowns changes during a run.
  System(std::shared_ptr<const Model> model, ThreadPool& threads);
  /// Of some of its processes alone: the fields that they change are the unknowns, with what is determined
  /// between them; all others are as the State says.
  System(std::shared_ptr<const Model> model, ThreadPool& threads, const std::vector<ProcessId>& processes);
  /// The unknowns of such a part.
  static std::vector<FieldId> unknowns_of(const Model& model, const std::vector<ProcessId>& processes);
  const Layout& layout() const { return layout_; }
  const Model& model() const { return *model_; }
  std::size_t size() const { return layout_.size(); }

  Vector unknowns(const State& state) const;  ///< copies the fields out
  void set_unknowns(State& state, const Vector& x) const;
  /// Computes the determined fields of a state from the others.
  void determine(State& state, double time) const;

  /// F [field unit per coherent time, or field unit].
  Vector residual(const State& state, double time) const;
  Vector jvp(const State& state, double time, const Vector& dx) const;
  Vector vjp(const State& state, double time, const Vector& w) const;
  SparseBuilder jacobian(const State& state, double time) const;
  /// d F / d p, by central differences of F [per unit of the parameter].
  Vector parameter_derivative(const State& state, double time, ParameterId parameter) const;

  /// The processes whose rates add up, in order of their numbers.
  const std::vector<ProcessId>& processes() const { return processes_; }
  /// Adds the rates of one of them.
  void add_rate(ProcessId process, const State& state, double time, Vector& rates) const;

  /// The diagonal of M: 1 or 0.
  const std::vector<double>& mass() const { return mass_; }
  /// What one unit of each unknown holds: capacity times measure of its site; 1 for amounts and values at a
  /// point. Capacities follow the State's parameters.
  Vector contents(const State& state) const;
  /// Weights w with w . M dx/dt = 0 where nothing leaves or enters: one vector per conserved quantity.
  std::vector<std::pair<std::string, Vector>> invariants(const State& state) const;
  FieldId field_of(std::size_t unknown) const;
  /// "membrane.V at (1 mm, 2 mm)".
  std::string unknown_text(std::size_t unknown) const;

  /// All run-time parameters by path; set them on a State with State::set_parameter.
  const ParameterTable& parameters() const { return *model_->parameters; }
  /// Refuses (with the process named) when something ("what it is for") needs a smooth deterministic model.
  void require_smooth(const std::string& analysis) const;

 private:
  struct Held {
    std::size_t process;
    FieldId field;
    std::vector<std::size_t> sites;
  };
  System(std::shared_ptr<const Model> model, ThreadPool& threads, std::vector<ProcessId> processes,
         std::vector<ProcessId> determiners, const std::vector<FieldId>& unknowns);
  /// Calls visit(unknown) for all nodes held at a given value.
  template <class Visit>
  void for_held(Visit visit) const;
  /// d value / d unknowns for nodes that are held, minus 1 on the diagonal.
  std::vector<SparseBuilder::Entry> held_rows(const State& state, double time) const;

  std::shared_ptr<const Model> model_;
  Layout layout_;
  std::vector<ProcessId> processes_;
  std::vector<ProcessId> determiners_;  // of the unknowns, in their order
  std::vector<Held> held_;
  std::vector<double> mass_;
  mutable std::vector<Workspace> work_;
  mutable std::unique_ptr<State> given_;  // scratch: with the held nodes at their values
};

/// What a unit of change of each unknown counts: the largest value in its field, at least `floor` times the
/// largest of all that have the same dimension. Fields that are zero count as 1.
std::vector<double> sizes_of(const System& system, const Vector& x, double floor = 1e-6);

/// max over unknowns of |v| / size.
double scaled_norm(std::span<const double> v, std::span<const double> sizes);

}  // namespace holon

// System: the whole model as one operator, the sum of its processes' rates.
#pragma once

#include "holon/engine/model.hpp"

#include <memory>
#include <string>
#include <vector>

namespace holon {

/// du/dt = sum over processes of rate(u, t), over all fields that some process advances. Steady states,
/// continuation, monolithic implicit steps, filters and adjoints act on this.
class System {
 public:
  System(std::shared_ptr<const Model> model, ThreadPool& threads);
  const Layout& layout() const { return layout_; }
  const Model& model() const { return *model_; }

  Vector unknowns(const State& state) const;  ///< copies the fields out
  void set_unknowns(State& state, const Vector& u) const;
  Vector rate(const State& state, double time) const;  ///< [field unit per coherent time]
  Vector jvp(const State& state, double time, const Vector& du) const;
  Vector vjp(const State& state, double time, const Vector& w) const;
  SparseBuilder jacobian(const State& state, double time) const;
  /// Diagonal of the mass matrix: the measure of each unknown's site.
  Vector mass() const;
  /// Weights w with w . du/dt = 0 where nothing leaves or enters: one vector per conserved quantity.
  std::vector<std::pair<std::string, Vector>> invariants() const;
  /// All run-time parameters by path; set them on a State with State::set_parameter.
  const ParameterTable& parameters() const { return *model_->parameters; }
  /// Refuses (with the process named) when an analysis needs a smooth deterministic model.
  void require_smooth(const std::string& analysis) const;

 private:
  std::shared_ptr<const Model> model_;
  Layout layout_;
  mutable std::vector<Workspace> work_;
};

}  // namespace holon

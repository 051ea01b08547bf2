// The process type `map`: fields that follow from others by equations, assigned once at the end of each of
// its steps. y(t1) = f(t1, x, other fields, parameters); all right-hand sides are evaluated before any is
// assigned.
#pragma once

#include "holon/engine/field_dependence.hpp"
#include "holon/engine/process.hpp"
#include "holon/engine/site_kernel.hpp"
#include "holon/modelfile/registry.hpp"

#include <memory>
#include <string>
#include <vector>

namespace holon::pointwise {

class Map final : public Process {
 public:
  struct Assignment {
    FieldId field = 0;
    Coefficient value;  ///< in the field's unit
  };
  /// All fields live on one space. Throws InputError where they don't, where a right-hand side reads a field
  /// of another space with several sites, and where a field is conserved (an assignment has no books).
  Map(std::string name, std::vector<Assignment> assignments, const Model& model);

  std::string_view type() const override { return "map"; }
  Ports ports() const override;
  Traits traits() const override;
  void initialise(State&, Workspace&) const override {}
  Outcome advance(State& state, const Interval& interval, const Inputs& inputs,
                  Workspace& work) const override;
  std::vector<FieldId> assigned() const override { return assigned_; }
  void rate(const State& state, double time, Workspace& work, Vector& rates) const override;
  void jvp(const State& state, double time, const Vector& du, Workspace& work, Vector& out) const override;
  void vjp(const State& state, double time, const Vector& w, Workspace& work, Vector& out) const override;
  void jacobian(const State& state, double time, Workspace& work, SparseBuilder& entries) const override;

 private:
  std::vector<FieldDependence> dependence_;  // of the right-hand sides
  std::vector<FieldId> assigned_, read_;
  std::shared_ptr<const FieldTable> fields_;
  SiteKernel kernel_;
};

modelfile::ProcessType map_type();

}  // namespace holon::pointwise

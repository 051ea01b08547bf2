// The process type `map`: fields that follow from others by equations, assigned once at the end of each of
// its steps. y(t1) = f(t1, x, other fields, parameters); all right-hand sides are evaluated before any is
// assigned.
#pragma once

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
  // An assignment has no rate: traits() says so.
  void rate(const State&, double, Workspace&, Vector&) const override {}
  void jvp(const State&, double, const Vector&, Workspace&, Vector&) const override {}
  void vjp(const State&, double, const Vector&, Workspace&, Vector&) const override {}
  void jacobian(const State&, double, Workspace&, SparseBuilder&) const override {}

 private:
  std::vector<FieldId> assigned_, read_;
  std::shared_ptr<const FieldTable> fields_;
  SiteKernel kernel_;
};

modelfile::ProcessType map_type();

}  // namespace holon::pointwise

// Advection on a grid: du/dt + div(v u) = 0 with a velocity that is the same everywhere, by first-order
// upwind fluxes and forward Euler steps. Order 1 in space and time, conservative, positive.
//
// The step is limited by sum over axes of |v_a|/h_a <= 1/dt (Courant, Friedrichs & Lewy 1928), which is exact
// for forward Euler; for values to stay positive, nodes on sides through which the flow leaves, which stand
// for half a cell, need half of that.
//
// A side through which the flow enters carries a given value in; elsewhere the flow leaves freely.
#pragma once

#include "holon/transport/grid_transport.hpp"

#include <string>
#include <vector>

namespace holon::transport {

struct AdvectionOptions {
  FieldId field = 0;
  std::vector<Coefficient> velocity;  ///< one per axis [length/time]
  Sides sides;                        ///< of kind value where something flows in
};

class Advection final : public GridTransport {
 public:
  static std::vector<OptionFault> faults(const AdvectionOptions& options, const Field& field,
                                         const FieldTable& fields);
  Advection(std::string name, const Model& model, AdvectionOptions options);

  std::string_view type() const override { return "advection"; }
  Scales scales(const State& state) const override;
  std::vector<std::string> description() const override;

 private:
  Built build(const State& state) const override;
  double largest_step(const TransportOperator& op) const override;
  bool may_pass(int axis, int side) const override;
  std::optional<Reach> reach() const override;
  std::optional<DataFault> take(Step& step) const override;
  std::vector<double> velocities(const State& state) const;

  std::vector<UniformCoefficient> velocity_;
};

}  // namespace holon::transport

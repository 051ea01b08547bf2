// Diffusion whose coefficients vary from place to place, in tissue with fibres, inside a mask, or at rest:
//   capacity du/dt = div(D grad u) - decay u + source,   D = D_a along axis a, or across I + (along - across)
//   f f^T.
//
// Space: face fluxes of order 2 (flux_operator.hpp). Sites outside the mask keep their values.
//
// Diffusivities may follow fields, D(c, ...): steps then take them as they are at their beginning (order 1),
// and rates and derivatives know them (coefficient_slopes.hpp).
//
// Time:
//   explicit        Heun, order 2; also forward_euler (1) and rk4 (4); limited steps
//   implicit        order 2, unconditionally stable: along the axes Douglas' directional sweeps for the
//   change
//                   of the step (Hundsdorfer & Verwer 2003, IV.3); Crank-Nicolson with fibres off the axes
//                   and where data of sides change with time
//   backward_euler  order 1, unconditionally stable; along the axes one sweep after the other, which keeps
//                   values positive
//   steady          no time: the field is at rest with sides and sources as they are whenever somebody looks;
//   it
//                   is determined, not advanced
// On radial grids, where there is one axis, `implicit` is Alexander's L-stable scheme of order 2 and both
// implicit schemes take the whole operator at once (flux_line_steps.cpp).
//
// The process also determines the field's values on the faces of sides, where a model asks for them: from the
// cell behind and the flux through the half of it (FluxOperator::face_values).
//
// The linear systems of Crank-Nicolson, of backward Euler with fibres, and of fields at rest are solved by
// conjugate gradients with multigrid on the part without cross terms as preconditioner, until the residual is
// `krylov_tolerance` of the right-hand side. What is left of it in the content is put right by one shift of
// all values where nothing passes, and the rest has an account of its own in the ledger.
#pragma once

#include "holon/transport/coefficient_slopes.hpp"
#include "holon/transport/diffusion_options.hpp"
#include "holon/transport/spatial_coefficients.hpp"

#include <string>
#include <vector>

namespace holon::transport {

class FluxDiffusion final : public GridTransport {
 public:
  /// Throws InputError with the faults' messages if there are any.
  FluxDiffusion(std::string name, const Model& model, DiffusionOptions options);
  /// What is wrong with the coefficients at the sites, for the parameters that the model starts with.
  static std::vector<OptionFault> faults_at_sites(const DiffusionOptions& options, const Field& field,
                                                  const Model& model);

  std::string_view type() const override { return "diffusion"; }
  std::unique_ptr<Process> with_added_rate(FieldId target, FieldId rate, double factor,
                                           const Model& model) const override;
  Ports ports() const override;
  std::vector<FieldId> determined_from() const override;
  void rate(const State& state, double time, Workspace& work, Vector& rates) const override;
  void jvp(const State& state, double time, const Vector& du, Workspace& work, Vector& out) const override;
  void vjp(const State& state, double time, const Vector& w, Workspace& work, Vector& out) const override;
  void jacobian(const State& state, double time, Workspace& work, SparseBuilder& entries) const override;
  /// Brings a field at rest to rest, and finds the values at sides that the model asks for.
  void determine(State& state, double time, Workspace& work) const override;
  bool solves_to_determine() const override { return integrator_ == DiffusionIntegrator::steady; }
  Scales scales(const State& state) const override;
  bool damps() const override;
  /// Besides nodes on sides: what a mask leaves out of a field at rest.
  std::vector<std::size_t> held_sites(const State& state) const override;
  std::vector<std::string> description() const override;
  DiffusionIntegrator integrator() const { return integrator_; }

  /// Of a step's change, and of a field at rest.
  static constexpr double krylov_tolerance = 1e-10, rest_tolerance = 1e-12;

 private:
  bool holds_traces(const Layout& layout) const;
  /// Derivatives of the values on sides: visit(row field, face, field, component, site, value).
  template <class Visit>
  void each_trace_slope(const State& state, double time, const Layout& layout, Workspace& work,
                        Visit visit) const;
  struct FluxScratch;
  Built build(const State& state) const override;
  bool still_holds(const State& state, const TransportScratch& scratch, ThreadPool& threads) const override;
  void remember(const State& state, TransportScratch& scratch, ThreadPool& threads) const override;
  /// Derivatives through diffusivities, of fields that the layout holds.
  std::vector<CoefficientSlopes::Entry> coefficient_slopes(const State& state, double time,
                                                           const Layout& layout, Workspace& work) const;
  std::unique_ptr<TransportScratch> make_scratch() const override;
  double largest_step(const TransportOperator& op) const override;
  bool may_decay() const override;
  bool iterates() const override;
  bool may_pass(int axis, int side) const override;
  std::optional<Reach> reach() const override;
  std::optional<DataFault> take(Step& step) const override;
  /// Whether implicit steps are directional sweeps: coefficients along the axes, and for order 2 no sides
  /// whose data change with time, which would cost sweeps of the change up to an order.
  bool sweeps() const;
  std::optional<DataFault> take_line(Step& step) const;
  std::optional<DataFault> take_line_euler(Step& step) const;
  std::optional<DataFault> take_sweeps(Step& step) const;
  std::optional<DataFault> take_euler_sweeps(Step& step) const;
  std::optional<DataFault> take_implicit(Step& step) const;
  std::optional<DataFault> take_rest(Step& step) const;

  DiffusionOptions options_;
  SpatialCoefficients coefficients_;
  CoefficientSlopes slopes_;
  CoefficientKernel decay_;
  std::array<std::array<UniformCoefficient, 2>, 3> transfer_;
  DiffusionIntegrator integrator_;
  bool crossed_at_start_ = false;
  std::size_t inside_at_start_ = 0;
};

/// The process for some options: Diffusion where all coefficients are the same everywhere, else
/// FluxDiffusion.
std::unique_ptr<Process> make_diffusion(std::string name, const Model& model, DiffusionOptions options);

}  // namespace holon::transport

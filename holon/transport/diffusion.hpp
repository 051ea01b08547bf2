// Diffusion with decay and sources on a grid:
//   capacity du/dt = div(D grad u) - decay u + source,
// sides of given flux, given value, or exchange with an outside, periodic axes; D may differ from axis to
// axis.
//
// Space: finite volumes of order 2, or flux differences of order 4 (axis_stencil.hpp).
//
// Time:
//   explicit        Heun, order 2; also forward_euler (1) and rk4 (4); limited steps
//   implicit        order 2, unconditionally stable, directional sweeps:
//                   - nothing passes the sides, no source, uniform decay: the product of one-dimensional
//                   Crank-Nicolson
//                     steps (Strang 1968: the factors commute) times exp(-decay dt), so that the content
//                     decays exactly
//                   - otherwise Douglas' stabilising correction with theta = 1/2 (Douglas 1962; Hundsdorfer &
//                   Verwer
//                     2003, IV.3): steady states are exact, data are taken at the ends of the step
//                   Like Crank-Nicolson it damps waves that are short for the step (dt D/h^2 >> 1) slowly;
//                   start from smooth values, take shorter steps, or use backward_euler.
//   backward_euler  order 1, directional sweeps, keeps values positive
//   exact           the exact flow of the semi-discrete equation (spectral_flow.hpp)
#pragma once

#include "holon/transport/diffusion_options.hpp"
#include "holon/transport/directional_sweeps.hpp"
#include "holon/transport/grid_operator.hpp"
#include "holon/transport/spectral_flow.hpp"

#include <optional>
#include <string>
#include <vector>

namespace holon::transport {

class Diffusion final : public GridTransport {
 public:
  /// Throws InputError with the faults' messages if there are any.
  Diffusion(std::string name, const Model& model, DiffusionOptions options);

  std::string_view type() const override { return "diffusion"; }
  std::unique_ptr<Process> with_added_rate(FieldId target, FieldId rate, double factor,
                                           const Model& model) const override;
  Scales scales(const State& state) const override;
  std::vector<std::string> description() const override;
  DiffusionIntegrator integrator() const { return integrator_; }

  /// Whether a step is the product of one-dimensional Crank-Nicolson steps and nothing else.
  bool reflects() const { return integrator_ == DiffusionIntegrator::implicit && implicit_commutes(); }
  /// Such a step but for its sweeps: keeps the books, and says what to sweep.
  DirectionalSweeps::Reflection begin_reflection(State& state, const Interval& interval,
                                                 Workspace& work) const;
  /// After its sweeps.
  void end_reflection(State& state, const Interval& interval, Workspace& work) const;

 private:
  struct DiffusionScratch;
  Built build(const State& state) const override;
  std::unique_ptr<TransportScratch> make_scratch() const override;
  double largest_step(const TransportOperator& op) const override;
  bool may_decay() const override;
  bool may_pass(int axis, int side) const override;
  std::optional<Reach> reach() const override;
  std::optional<DataFault> take(Step& step) const override;
  std::optional<DataFault> take_implicit(Step& step) const;
  DirectionalSweeps::Reflection prepare_reflection(Step& step) const;
  std::optional<DataFault> take_backward_euler(Step& step) const;
  std::optional<DataFault> take_exact(Step& step) const;

  bool implicit_commutes() const;
  std::vector<double> diffusivities(const State& state) const;  ///< per axis, divided by the capacity

  DiffusionOptions options_;
  std::vector<UniformCoefficient> diffusivity_;
  UniformCoefficient capacity_, uniform_decay_;
  std::optional<CoefficientKernel> decay_by_site_;
  std::array<std::array<UniformCoefficient, 2>, 3> transfer_;
  DiffusionIntegrator integrator_;
  Reach reach_;
  std::optional<SpectralFlow> flow_;
};

}  // namespace holon::transport

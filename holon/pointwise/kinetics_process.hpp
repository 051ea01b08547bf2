// The process type `kinetics`: equations at every site of a space.
//
// Governing equation at each site: du/dt = f(u, t, x, other fields, parameters), with f given as equations in
// published form (component.hpp). Discretisation: one of the integrators of integrators/integrator.hpp, each
// a transformation of the equation graph, so that a step is one fused kernel over the sites; or CVODE. Steps
// end where the right-hand side switches with time alone (pulses). Other fields are read as they stand in the
// State, or from the waveforms of Inputs at the times of the method's own stages; adaptive steps end where
// one piece of a waveform meets the next. Failures: a state that is not finite, a step that meets no
// tolerance, an iteration that does not converge.
#pragma once

#include "holon/engine/site_rates.hpp"
#include "holon/pointwise/derivative_kernels.hpp"
#include "holon/pointwise/site_events.hpp"
#include "holon/pointwise/stepper.hpp"
#include "holon/pointwise/switching_times.hpp"
#include "holon/pointwise/system_integrator.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace holon::pointwise {

class Kinetics final : public Process, public SiteRates {
 public:
  struct Setup {
    KineticsSystem system;
    StepOptions step;
    std::vector<Coefficient> initial;  ///< per state, in its field's unit
    std::vector<FieldId> initialised;  ///< which of the states' fields it sets: all that it owns
  };
  /// Throws InputError where an integrator can't keep what is asked for.
  explicit Kinetics(Setup setup);

  std::string_view type() const override { return "kinetics"; }
  Ports ports() const override;
  Traits traits() const override;
  bool detects_failure() const override { return true; }
  /// Site by site, but for integrators of whole systems.
  std::optional<Sharing> sharing() const override;
  std::vector<LedgerAccount> ledger_accounts() const override;
  std::optional<std::pair<std::string, std::string>> capacity_obstacle(FieldId field) const override;
  void initialise(State& state, Workspace& work) const override;
  /// The component's outputs.
  void determine(State& state, double time, Workspace& work) const override;
  std::vector<FieldId> determined_from() const override { return output_reads_; }
  Outcome advance(State& state, const Interval& interval, const Inputs& inputs,
                  Workspace& work) const override;
  void rate(const State& state, double time, Workspace& work, Vector& rates) const override;
  void jvp(const State& state, double time, const Vector& du, Workspace& work, Vector& out) const override;
  void vjp(const State& state, double time, const Vector& w, Workspace& work, Vector& out) const override;
  void jacobian(const State& state, double time, Workspace& work, SparseBuilder& entries) const override;
  std::vector<SiteRates::Entry> jacobian_at(const State& state, double time, std::size_t site) const override;
  std::unique_ptr<Process> with_added_rate(FieldId target, FieldId rate, double factor,
                                           const Model& model) const override;
  /// Explicit methods: the stability limit over the spectral radius of the Jacobian at sampled sites of this
  /// state.
  double stable_step(const State& state) const override;
  Scales scales(const State& state) const override;
  bool damps() const override;
  std::vector<std::string> description() const override;

  const SiteKernel* step_kernel() const { return stepper_ ? &stepper_->kernel() : nullptr; }

 private:
  bool holds_outputs(const Layout& layout) const;
  /// The same equations with fields of others as functions of time, for advances in which they are.
  struct Driven {
    Driven(const KineticsSystem& system, const std::vector<FieldId>& fields)
        : factory(driven_by(system, fields)) {}
    KernelFactory factory;
    std::unique_ptr<Stepper> stepper;
  };
  const Driven& driven(const std::vector<FieldId>& fields) const;
  std::unique_ptr<Stepper> make_stepper(const KernelFactory& factory) const;
  double spectral_radius(const State& state, std::size_t site) const;
  /// Adds to the fields of others what was gathered for them, one column per state.
  void hand_over(State& state, const std::vector<std::vector<double>>& gathered, SiteRange sites,
                 Workspace& work) const;
  /// A failure where a field that has to stay positive does not.
  std::optional<Outcome> look_below_zero(const State& state, FieldId field, SiteRange sites,
                                         const Interval& interval) const;
  bool has_jumps() const { return !setup_.system.events.empty() || !setup_.system.receivers.empty(); }
  /// The accounts of jumps: which event or receiver assigns which conserved state, after those of reactions.
  struct JumpAccount {
    std::size_t jump = 0, state = 0;
  };
  std::vector<JumpAccount> jump_accounts() const;
  void book_jumps(State& state, EventRun& run) const;

  Setup setup_;
  KernelFactory factory_;
  const Integrator* integrator_ = nullptr;  // null: a system integrator
  std::unique_ptr<Stepper> stepper_;
  std::unique_ptr<SystemIntegrator> whole_;
  DerivativeKernels derivatives_, output_derivatives_;
  SwitchingTimes switching_times_;
  LazyKernel outputs_;
  std::unique_ptr<SiteEvents> site_events_;  // null where no state jumps
  mutable std::mutex driven_mutex_;
  mutable std::map<std::vector<FieldId>, std::unique_ptr<Driven>> driven_;
  std::vector<FieldId> rate_reads_, output_reads_;
  std::vector<CoefficientKernel> initial_;
  std::vector<std::size_t> conserved_;  // states that hold something conserved
  std::vector<double> measure_;         // of the sites; empty if nothing is conserved or every site counts 1
};

}  // namespace holon::pointwise

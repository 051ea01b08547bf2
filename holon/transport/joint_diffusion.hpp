// Several fields of one grid that diffuse side by side: one process instead of one per field.
//
// Each field is what a process of its own would make of it, to the last bit. Where a step is nothing but the
// product of one-dimensional Crank-Nicolson steps (diffusion.hpp), all fields are swept together, so that the
// threads meet twice per step and not twice per field.
#pragma once

#include "holon/transport/diffusion.hpp"

#include <memory>
#include <string>
#include <vector>

namespace holon::transport {

class JointDiffusion final : public Process {
 public:
  /// One set of options per field, all on one grid. Throws InputError with the faults' messages if there are
  /// any.
  JointDiffusion(std::string name, const Model& model, std::vector<DiffusionOptions> options);

  std::string_view type() const override { return "diffusion"; }
  Ports ports() const override;
  std::vector<LedgerAccount> ledger_accounts() const override;
  std::shared_ptr<const Capacity> capacity(FieldId field) const override;
  std::optional<std::pair<std::string, std::string>> capacity_obstacle(FieldId field) const override;
  void set_accounts(std::vector<AccountId> accounts) override;
  void initialise(State&, Workspace&) const override {}
  Outcome advance(State& state, const Interval& interval, const Inputs& inputs,
                  Workspace& work) const override;
  void determine(State& state, double time, Workspace& work) const override;
  void rate(const State& state, double time, Workspace& work, Vector& rates) const override;
  void jvp(const State& state, double time, const Vector& du, Workspace& work, Vector& out) const override;
  void vjp(const State& state, double time, const Vector& w, Workspace& work, Vector& out) const override;
  void jacobian(const State& state, double time, Workspace& work, SparseBuilder& entries) const override;
  double stable_step(const State& state) const override;
  Scales scales(const State& state) const override;
  std::vector<std::string> description() const override;

 private:
  struct Part {
    std::string field;
    std::unique_ptr<Process> process;
    const Diffusion* uniform = nullptr;  ///< the process, where its coefficients are the same everywhere
  };
  struct JointScratch;
  std::vector<Workspace>& workspaces(Workspace& work) const;
  /// Takes over the counters of the parts' workspaces.
  static void count(Workspace& work);

  std::vector<Part> parts_;
};

}  // namespace holon::transport

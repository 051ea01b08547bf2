// restructure: the point of the schedule at which agents divide and die.
//
// Processes queue structural edits by writing the field NAME.fate (space/population.hpp). Here they are
// committed:
//   die      the agent vanishes; what it held of conserved quantities is booked to the account `death`
//   divide   the agent keeps its id, and a daughter with a new id and `parent` appears right behind it; both
//   count
//            one `generation` more. Every other field follows its rule (Field::on_division); what copying,
//            resetting and drawing make of conserved quantities is booked to the account `division`. In a
//            frame the two stand side by side, touching, in a direction drawn by id, with their common centre
//            where the mother was (nearer together at walls).
// Afterwards the processes that set fates at times inside the step (FateProcess) go on with the agents just
// born, and whatever these decide is committed again, until nothing is left to do: several generations may
// follow each other in one macro step. Every so often the agents are sorted along a space-filling curve.
// Sites, new ids and draws follow from the order of the sites and the ids alone, so the result is the same
// bit by bit for any number of threads.
#pragma once

#include "holon/engine/process.hpp"
#include "holon/engine/site_kernel.hpp"
#include "holon/space/population.hpp"

#include <memory>
#include <string>
#include <vector>

namespace holon {

/// A process that writes NAME.fate and knows when, inside the step, agents divided.
class FateProcess {
 public:
  virtual ~FateProcess() = default;
  virtual const Space& population() const = 0;
  /// Goes on with the agents that were born since, from their birth to the end of the step, and may set their
  /// fates. `interval` is that of the restructure.
  virtual void live_on(State& state, const Interval& interval, Workspace& work) const = 0;
};

/// What a daughter begins with where a field's rule is reset or draw: coefficient times factor is the field's
/// number.
struct ValueAtBirth {
  FieldId field = 0;
  Coefficient value;
  double factor = 1.0;
};

class Restructure final : public Process {
 public:
  struct Options {
    bool share_volume = false;           ///< daughters have half the mother's volume each, or else her radius
    std::int64_t commits_per_sort = 10;  ///< 0: never sorted
  };
  /// Named "restructure NAME". `at_birth` may hold values of other spaces' fields too.
  Restructure(std::shared_ptr<const Population> space, const FieldTable& fields,
              const ParameterTable& parameters, const std::vector<ValueAtBirth>& at_birth,
              const expr::KernelOptions& kernels, Options options);

  std::string_view type() const override { return "restructure"; }
  Ports ports() const override;
  Traits traits() const override;
  bool detects_failure() const override { return true; }
  std::vector<LedgerAccount> ledger_accounts() const override;
  void initialise(State&, Workspace&) const override {}
  Outcome advance(State& state, const Interval& interval, const Inputs& inputs,
                  Workspace& work) const override;
  void rate(const State&, double, Workspace&, Vector&) const override {}
  void jvp(const State&, double, const Vector&, Workspace&, Vector&) const override {}
  void vjp(const State&, double, const Vector&, Workspace&, Vector&) const override {}
  void jacobian(const State&, double, Workspace&, SparseBuilder&) const override {}
  std::vector<std::string> description() const override;

  const Population& population() const { return *space_; }
  /// Told once, when the model is built. They must outlive it.
  void set_fate_processes(std::vector<const FateProcess*> processes) {
    fate_processes_ = std::move(processes);
  }

 private:
  struct Plan;
  struct Made {
    FieldId field;
    CoefficientKernel value;
    double factor;
  };
  struct Booked {
    FieldId field;
    std::size_t account;  // of death; that of division follows
  };
  /// Counts what is to be done and lays out who becomes what.
  void plan(const State& state, Plan& plan, ThreadPool& threads) const;
  void commit(State& state, double time, Plan& plan, ThreadPool& threads) const;
  void book_deaths(State& state, const Plan& plan, ThreadPool& threads) const;
  void name_daughters(State& state, const Plan& plan, ThreadPool& threads) const;
  void apply_rules(State& state, double time, Plan& plan, ThreadPool& threads) const;
  void place_daughters(State& state, const Plan& plan, ThreadPool& threads) const;
  void sort(State& state, Plan& plan, ThreadPool& threads) const;

  std::shared_ptr<const Population> space_;
  const FieldTable* fields_;
  PopulationFields own_;
  Options options_;
  std::vector<FieldId> shared_;  // real fields whose rule is share
  std::vector<FieldId> copied_;  // conserved real fields whose rule is copy
  std::vector<Made> made_;       // reset or drawn
  std::vector<Booked> booked_;   // conserved fields
  std::vector<const FateProcess*> fate_processes_;
};

}  // namespace holon

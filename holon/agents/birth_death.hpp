// The process type `birth_death`: agents divide and die, at random times or when a rule of theirs is met.
//
// An agent with birth rate b and death rate d divides or dies when its integrated rate reaches a threshold
// drawn from the exponential distribution of mean 1 (the random time change of a Poisson process; Gillespie,
// J. Comput. Phys. 22, 403 (1976), and Anderson, J. Chem. Phys. 127, 214107 (2007)), one threshold for each
// of the two, whichever comes first. Thresholds are drawn by seed, process, id and generation when an agent
// begins to live, and what is left of them is kept in its fields; daughters live on from the moment of their
// birth inside the step (FateProcess). So with constant rates the moments of division and death are exact for
// any macro step, with several generations inside one. Rates that depend on fields are those at the beginning
// of the step, or of the daughters' fields at their birth (order 1 in the macro step); where they depend on
// time, that of its middle.
//
// Rules are conditions, true or false of each agent: divide_when, die_when. They are looked at once, at the
// end of each step of the process, with the state and the time of then, at those for which no rate has
// decided (order 1 in the step). An agent for which both hold dies. Daughters are looked at at the end of the
// next step.
//
// Failures: a rate that is negative or not a number.
#pragma once

#include "holon/engine/model.hpp"

#include <memory>
#include <string>
#include <vector>

namespace holon::agents {

class BirthDeath final : public Process, public FateProcess {
 public:
  struct Setup {
    std::string name;
    std::shared_ptr<const Population> space;
    Coefficient birth, death;           ///< [1/coherent time]
    Coefficient divide_when, die_when;  ///< conditions: 1 where they hold, 0 where not
    /// Its own fields NAME:birth_left, NAME:death_left (what is left of the thresholds), NAME:rest (time
    /// that this process has gone through since a fate was decided, for those who are born then to live;
    /// coherent) and NAME:drawn (generation for which thresholds were drawn, + 1).
    FieldId birth_left = 0, death_left = 0, rest = 0, drawn = 0;
  };
  BirthDeath(Setup setup, const Model& model);
  /// Declares the fields of its own.
  static void declare(Setup& setup, FieldTable& fields);

  std::string_view type() const override { return "birth_death"; }
  Ports ports() const override;
  Traits traits() const override;
  bool detects_failure() const override { return true; }
  void initialise(State&, Workspace&) const override {}
  Outcome advance(State& state, const Interval& interval, const Inputs& inputs,
                  Workspace& work) const override;
  const Space& population() const override { return *setup_.space; }
  void live_on(State& state, const Interval& interval, Workspace& work) const override;
  // No smooth rate: what it does is jumps.
  void rate(const State&, double, Workspace&, Vector&) const override {}
  void jvp(const State&, double, const Vector&, Workspace&, Vector&) const override {}
  void vjp(const State&, double, const Vector&, Workspace&, Vector&) const override {}
  void jacobian(const State&, double, Workspace&, SparseBuilder&) const override {}
  /// 1 / rate, from the most to the least eager agent.
  Scales scales(const State& state) const override;
  std::vector<std::string> description() const override;

 private:
  struct Rates {
    std::vector<double> birth, death;  // of each site
  };
  struct Rules {
    std::vector<double> divide, die;  // of each site, 1 or 0
  };
  struct Kept;
  void evaluate(const State& state, double time, Rates& rates, ThreadPool& threads) const;
  std::optional<Diagnosis> wrong_rate(const State& state, double time, const Rates& rates,
                                      ThreadPool& threads) const;
  struct Columns;
  void decide_by_rules(const State& state, double time, const Columns& columns, Rules& rules,
                       ThreadPool& threads) const;
  /// Lets an agent live for `span`: it may be destined to divide or die then.
  void live(const Columns& columns, std::size_t site, double span, double birth, double death) const;

  Setup setup_;
  PopulationFields population_;
  std::uint32_t stream_;  // tells its draws from those of others
  CoefficientKernel birth_, death_, divide_, die_;
  std::vector<FieldId> reads_;
  bool random_ = false;  // there are rates, or rules that draw numbers
  bool has_rules_ = false;
  bool exact_ = true;  // the same rates for every agent at any time, and no rules
};

}  // namespace holon::agents

// The process type `motion`: agents move with a velocity and walk at random,
//   dx = v(t, x, what the agent has and sees) dt + sqrt(2 D) dW,
// x being the field POPULATION.position [m, or pure numbers].
//
// A step takes half of the walk, moves with the velocity by the explicit midpoint rule, and takes the other
// half (Strang's splitting). Without D that is of order 2 in the step; with the same D everywhere means over
// many agents are of order 2 as well. Couplings that see a field at the places of the agents are asked again
// at the places in between, so that gradients and samples cost no order. D that differs from place to place
// is that of the beginning of each half (Ito; no drift up its gradient is added).
//
// The walk's steps are normal, drawn by seed, process, id and the number of steps that the process has taken,
// so they do not depend on threads, on the order of the agents or on restarts.
//
// Agents stay in a box: along its periodic axes they come in on the other side, at other sides they are
// reflected, stop, or are an error. At the edge of an irregular domain (`where` of the frame) they stop.
//
// Failures: an agent that begins outside of the box, a velocity that is not finite, a diffusivity that is
// negative or not finite, an agent beyond a side where that is an error.
#pragma once

#include "holon/engine/model.hpp"

#include <memory>
#include <string>
#include <vector>

namespace holon::agents {

class Motion final : public Process {
 public:
  enum class AtSides { reflect, stop, fail };
  struct Setup {
    std::string name;
    std::shared_ptr<const Population> space;
    std::vector<Population::Side> box;    ///< in which the agents stay, one per axis
    std::vector<Coefficient> velocity;    ///< one per axis [coherent length/time]
    Coefficient diffusivity;              ///< [coherent length^2/time]
    AtSides at_sides = AtSides::reflect;  ///< of axes that are not periodic
    FieldId steps = 0;                    ///< its own field NAME:steps, on a single site
  };
  /// Keeps a reference to the model, of which it becomes a part.
  Motion(Setup setup, const Model& model);
  /// Declares the field of its own.
  static void declare(Setup& setup, FieldTable& fields);

  std::string_view type() const override { return "motion"; }
  Ports ports() const override;
  Traits traits() const override;
  bool detects_failure() const override { return true; }
  void initialise(State&, Workspace&) const override {}
  Outcome advance(State& state, const Interval& interval, const Inputs& inputs,
                  Workspace& work) const override;
  // Places are no unknowns of a System: populations are refused there.
  void rate(const State&, double, Workspace&, Vector&) const override {}
  void jvp(const State&, double, const Vector&, Workspace&, Vector&) const override {}
  void vjp(const State&, double, const Vector&, Workspace&, Vector&) const override {}
  void jacobian(const State&, double, Workspace&, SparseBuilder&) const override {}
  /// How long the fastest agent takes for its own diameter, the slowest for the box.
  Scales scales(const State& state) const override;
  std::vector<std::string> description() const override;

 private:
  struct Kept;
  enum class Half { first, second };
  std::optional<Diagnosis> walk(State& state, const Interval& interval, Half half, Kept& kept,
                                ThreadPool& threads) const;
  /// Moves all agents from `from` for a time, with the velocity at `time` where they are now.
  std::optional<Diagnosis> move(State& state, const std::vector<std::vector<double>>& from, double time,
                                double span, Kept& kept, ThreadPool& threads) const;
  /// An agent that begins outside of the box, which no rule for sides could mean.
  std::optional<Diagnosis> outside_at_start(const State& state, double time) const;
  /// Brings a coordinate back into the box; not a number where that is an error.
  double inside(double x, std::size_t axis) const;
  std::optional<Diagnosis> fault(const State& state, double time, ThreadPool& threads) const;
  /// Agents that would leave the frame's domain stay where they were.
  void stop_at_domain(State& state, const std::vector<std::vector<double>>& from, ThreadPool& threads) const;
  std::vector<std::vector<double>> places(const State& state) const;
  /// What the velocity reads and what depends on the places is determined anew.
  void look_again(State& state, double time, Kept& kept, ThreadPool& threads) const;

  Setup setup_;
  const Model* model_;
  PopulationFields population_;
  std::uint32_t stream_;
  std::vector<CoefficientKernel> velocity_;
  CoefficientKernel diffusivity_;
  std::vector<FieldId> reads_;
  bool walks_ = false, moves_ = false;
  bool irregular_ = false;  ///< the frame's domain is a part of its box
};

}  // namespace holon::agents

// The way to rest: macro steps that grow until nothing changes any more.
#pragma once

#include "holon/engine/archive.hpp"
#include "holon/engine/model.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace holon {

/// Runs of `until: inf` end where every advanced field is at rest. Macro steps of 1, 2, 4, ... base steps are
/// taken, each by the model's own schedule, so that the way there follows the dynamics closely enough to come
/// to the state of rest that it leads to:
///   - the next step is twice as long where no field has changed by more than `largest_change` of its largest
///     value, and half as long where one has changed by more;
///   - a step that is longer than the base step has to bring every field nearer to rest whatever its length:
///     steps grow only where every process damps (Process::damps) and none shares a field with another, whose
///     splitting would shift the state of rest.
/// Where processes exchange by fields that one of them advances alone, long steps amount to bringing one
/// after the other to rest (nonlinear Gauss-Seidel), and what does not move then is at rest exactly, whatever
/// the step.
///
/// The criterion: with change_n the largest change over step n relative to the field's largest value, and
/// q = change_n / change_(n-1) < 1, what is left is estimated as change_n q / (1 - q); it is below
/// `tolerance` after two steps in turn. A field that has fallen below `nothing` of the largest value that it
/// ever had is at rest at zero: what decays never stops changing by its own size.
class WayToRest {
 public:
  static constexpr double largest_change = 0.05, tolerance = 1e-10, nothing = 1e-12;
  static constexpr int most_steps = 200000, longest = 40;  ///< steps, and exponent of 2 of the longest

  explicit WayToRest(const Model& model);
  /// Base steps in the next macro step.
  std::int64_t steps() const { return std::int64_t{1} << exponent_; }
  /// What a step that led from one state to another says. Throws NumericalFailure after `most_steps`.
  void look(const State& before, const State& after);
  bool arrived() const { return calm_ >= 2; }
  double left() const { return left_; }  ///< estimated, relative
  double fraction_done() const;
  /// Why steps can't grow; empty where they can.
  const std::string& obstacle() const { return obstacle_; }

  void write(Archive& archive) const;
  void read(const Archive& archive);

 private:
  double change(const State& before, const State& after);
  const Model* model_;
  std::vector<FieldId> fields_;  ///< real, and advanced
  std::vector<double> largest_;  ///< value that each has had, by component, in its unit
  std::string obstacle_;
  int exponent_ = 0, ceiling_ = longest, calm_ = 0, taken_ = 0, since_ceiling_ = 0;
  double last_ = 0.0, left_ = 1.0;
};

}  // namespace holon

// One step of the methods by which a System is advanced as a whole (together.hpp says which, and in which
// formulas).
#pragma once

#include "holon/engine/implicit_system.hpp"
#include "holon/engine/schedule.hpp"

#include <optional>
#include <vector>

namespace holon {

/// The conserved quantities that processes bring in.
struct Bookings {
  struct Line {
    ProcessId process;
    FieldId field;
  };
  std::vector<Line> lines;      ///< an amount each
  std::vector<FieldId> fields;  ///< then, of each: what Newton's method leaves over, and given values
  std::size_t size() const { return lines.size() + 2 * fields.size(); }
};

/// Unknowns at t, t - h1 and t - h1 - h2; lengths of zero where there are none.
struct StepHistory {
  std::vector<double> now, one, two;
  double h1 = 0.0, h2 = 0.0;
  std::vector<double> brought;  ///< by the step that led to `now`
  /// The polynomial through them, a time after t.
  std::vector<double> extrapolated(double after) const;
  void push(std::vector<double> next, std::vector<double> brought_in, double h);
};

class TogetherMethods {
 public:
  TogetherMethods(ImplicitSystem& equations, const Bookings& bookings, TogetherOptions::Method method)
      : equations_(equations), bookings_(bookings), method_(method) {}

  struct Taken {
    std::vector<double> values, brought;
    std::optional<double> error;  ///< of this step, relative to the size of each field, where it can be told
  };
  /// From history.now at `time` over a step; the State is scratch. Nothing where its equations were not
  /// solved: failure().
  std::optional<Taken> step(State& state, const StepHistory& history, double time, double h);
  const ImplicitSystem::Failure& failure() const { return failure_; }

 private:
  void look_at_contents(const State& state);
  /// Solves from a guess, or, where that leads nowhere, from `safe`.
  bool solve(State& state, Vector& x, const std::vector<double>& guess, const std::vector<double>& safe,
             const std::vector<double>& r, double g, double time);
  /// Adds to `brought` the rates at the State times a factor, and what the equations of (r, g) leave over,
  /// times factor/g.
  void book(State& state, const Vector& x, double time, double factor, const std::vector<double>& r, double g,
            std::vector<double>& brought) const;
  bool bdf2(State& state, const StepHistory& history, double time, double h, Vector& x, Taken& taken);
  bool bdf1(State& state, const StepHistory& history, double time, double h, Vector& x, Taken& taken);
  bool sdirk(State& state, const StepHistory& history, double time, double h, Vector& x, Taken& taken);
  bool midpoint(State& state, const StepHistory& history, double time, double h, Vector& x, Taken& taken);

  ImplicitSystem& equations_;
  const Bookings& bookings_;
  TogetherOptions::Method method_;
  std::vector<double> contents_;    // of the unknowns: what one unit of each holds
  std::vector<double> parameters_;  // for which
  ImplicitSystem::Failure failure_;
};

}  // namespace holon

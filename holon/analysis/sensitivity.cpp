#include "holon/analysis/sensitivity.hpp"

#include "holon/base/error.hpp"
#include "holon/engine/implicit_system.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

namespace holon::analysis {

namespace {

const double first_stage = 1.0 - std::sqrt(0.5);
constexpr double solved = 1e-12;     // last correction, relative to sizes_of
constexpr double difference = 1e-6;  // of unknowns and parameters, relative

double dot(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

std::vector<double> along_constraints(const std::vector<Constraint>& constraints, const Slope& start) {
  std::vector<double> values;
  for (const Constraint& each : constraints) values.push_back(dot(each.weights, start));
  return values;
}

}  // namespace

Slope conserved_slope(const System& system, const State& start, const State& steady, ParameterId parameter,
                      Slope slope) {
  const double value = start.parameter(parameter), h = difference * (value != 0.0 ? std::abs(value) : 1.0);
  State moved = start.clone();
  moved.set_parameter(parameter, value + h);
  const Vector above = system.contents(moved);
  moved.set_parameter(parameter, value - h);
  const Vector below = system.contents(moved);
  const Vector from = system.unknowns(start), to = system.unknowns(steady);
  for (std::size_t i = 0; i < slope.size(); ++i)
    if (const double both = above.values()[i] + below.values()[i]; both > 0.0)
      slope[i] += (above.values()[i] - below.values()[i]) / (h * both) * (from.values()[i] - to.values()[i]);
  return slope;
}

std::vector<Slope> steady_slopes(const System& system, const State& steady, double time,
                                 const std::vector<Constraint>& constraints,
                                 const std::vector<ParameterId>& parameters,
                                 const std::vector<Slope>& start) {
  LinearisedModel linear(system, constraints);
  if (!linear.factor(steady, time, 0.0)) throw NumericalFailure(linear.why_singular());
  std::vector<Slope> slopes;
  for (std::size_t k = 0; k < parameters.size(); ++k) {
    Slope right = system.parameter_derivative(steady, time, parameters[k]).values();
    for (double& each : right) each = -each;
    slopes.push_back(linear.solve(right, along_constraints(constraints, start[k])).x);
  }
  return slopes;
}

std::vector<double> steady_adjoint(const System& system, const State& steady, double time,
                                   const std::vector<Constraint>& constraints,
                                   const std::vector<ParameterId>& parameters,
                                   const std::vector<Slope>& start, const Slope& gradient) {
  LinearisedModel linear(system, constraints);
  if (!linear.factor(steady, time, 0.0)) throw NumericalFailure(linear.why_singular());
  const auto [a, border, multipliers] = linear.solve_transposed(gradient);
  std::vector<double> derivatives;
  for (std::size_t k = 0; k < parameters.size(); ++k)
    derivatives.push_back(dot(multipliers, along_constraints(constraints, start[k])) -
                          dot(a, system.parameter_derivative(steady, time, parameters[k]).values()));
  return derivatives;
}

State Trajectory::at(const std::vector<double>& unknowns) const {
  State state = end_.clone();
  Vector x(system_->layout());
  x.values() = unknowns;
  system_->set_unknowns(state, x);
  return state;
}

Trajectory::Trajectory(const System& system, const State& start, double begin, double step,
                       std::int64_t steps, const std::function<bool(double)>& progress)
    : system_(&system), end_(start.clone()), begin_(begin), step_(step) {
  system.require_smooth("a sensitivity");
  system.determine(end_, begin);
  ImplicitSystem equations(system, solved, solve::SolverChoice::direct);
  Vector x = system.unknowns(end_);
  const auto stage = [&](const std::vector<double>& base, double at_time) {
    if (const auto failure = equations.solve(end_, x, base, first_stage * step, at_time))
      throw NumericalFailure(fmt::format("{} at {}, t = {}: {}", failure->field, failure->place,
                                         moment_text(at_time, system.model().schedule), failure->text));
    return x.values();
  };
  for (std::int64_t n = 0; n < steps; ++n) {
    const double t = time(static_cast<std::size_t>(n));
    const std::vector<double> before = x.values();
    equations.set_sizes(x);
    Step kept;
    kept.stage = stage(before, t + first_stage * step);
    // The rate of the stage, as it solved it.
    std::vector<double> base = before;
    for (std::size_t i = 0; i < base.size(); ++i)
      base[i] += (1.0 - first_stage) / first_stage * (kept.stage[i] - before[i]);
    kept.end = stage(base, t + step);
    steps_.push_back(std::move(kept));
    if (progress && !progress(static_cast<double>(n + 1) / static_cast<double>(steps))) {
      stopped_ = true;
      return;
    }
  }
}

std::vector<Slope> Trajectory::slopes(const std::vector<ParameterId>& parameters,
                                      const std::vector<Slope>& start) const {
  const System& system = *system_;
  const double weight = first_stage * step_, share = (1.0 - first_stage) / first_stage;
  LinearisedModel linear(system, {});
  std::vector<Slope> slopes = start;
  const auto stage = [&](const State& state, double t, std::vector<Slope>& base) {
    if (!linear.factor(state, t, 1.0 / weight)) throw NumericalFailure(linear.why_singular());
    for (std::size_t k = 0; k < parameters.size(); ++k) {
      // (J - M/weight) s = -M base/weight - F_p.
      std::vector<double> right = system.parameter_derivative(state, t, parameters[k]).values();
      for (std::size_t i = 0; i < right.size(); ++i)
        right[i] = -right[i] - (system.mass()[i] != 0.0 ? base[k][i] / weight : 0.0);
      base[k] = linear.solve(right).x;
    }
  };
  for (std::size_t n = 0; n < steps_.size(); ++n) {
    std::vector<Slope> inner = slopes;
    stage(at(steps_[n].stage), time(n) + first_stage * step_, inner);
    for (std::size_t k = 0; k < slopes.size(); ++k)
      for (std::size_t i = 0; i < slopes[k].size(); ++i) slopes[k][i] += share * (inner[k][i] - slopes[k][i]);
    stage(at(steps_[n].end), time(n) + step_, slopes);
  }
  return slopes;
}

std::vector<double> Trajectory::adjoint(const std::vector<ParameterId>& parameters,
                                        const std::vector<Slope>& start, const Slope& gradient) const {
  const System& system = *system_;
  const double weight = first_stage * step_, share = (1.0 - first_stage) / first_stage;
  LinearisedModel linear(system, {});
  std::vector<double> derivatives(parameters.size(), 0.0);
  // Through one stage s = -(J - M/weight)^-1 (F_p + M base/weight): what was asked of s is asked of base and
  // p.
  const auto stage = [&](const State& state, double t, const Slope& asked) {
    if (!linear.factor(state, t, 1.0 / weight)) throw NumericalFailure(linear.why_singular());
    std::vector<double> multiplier = linear.solve_transposed(asked).x;
    for (std::size_t k = 0; k < parameters.size(); ++k)
      derivatives[k] -= dot(multiplier, system.parameter_derivative(state, t, parameters[k]).values());
    for (std::size_t i = 0; i < multiplier.size(); ++i)
      multiplier[i] = system.mass()[i] != 0.0 ? -multiplier[i] / weight : 0.0;
    return multiplier;
  };
  Slope asked = gradient;
  for (std::size_t n = steps_.size(); n-- > 0;) {
    const Slope of_base = stage(at(steps_[n].end), time(n) + step_, asked);
    // base = x + share (y - x).
    Slope of_stage = of_base;
    for (double& each : of_stage) each *= share;
    const Slope through = stage(at(steps_[n].stage), time(n) + first_stage * step_, of_stage);
    for (std::size_t i = 0; i < asked.size(); ++i) asked[i] = (1.0 - share) * of_base[i] + through[i];
  }
  for (std::size_t k = 0; k < parameters.size(); ++k) derivatives[k] += dot(asked, start[k]);
  return derivatives;
}

std::vector<Slope> gradients(const System& system, const State& state,
                             const std::function<std::vector<double>(const State&)>& outcomes) {
  const Vector x = system.unknowns(state);
  const auto sizes = sizes_of(system, x);
  std::vector<Slope> slopes;
  State moved = state.clone();
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const double h = difference * sizes[i];
    const auto at = [&](double by) {
      Vector y = x;
      y.values()[i] += by;
      system.set_unknowns(moved, y);
      return outcomes(moved);
    };
    const auto above = at(h), below = at(-h);
    slopes.resize(above.size(), Slope(sizes.size(), 0.0));
    for (std::size_t r = 0; r < above.size(); ++r) slopes[r][i] = (above[r] - below[r]) / (2.0 * h);
  }
  return slopes;
}

std::vector<double> along(const System& system, const State& state, const Slope& slope, ParameterId parameter,
                          const std::function<std::vector<double>(const State&)>& outcomes) {
  const Vector x = system.unknowns(state);
  const double value = state.parameter(parameter);
  const double moves = scaled_norm(slope, sizes_of(system, x));
  const double of_parameter = value != 0.0 ? 1.0 / std::abs(value) : 0.0;
  const double fastest = std::max(moves, of_parameter);
  const double h = fastest > 0.0 ? 10.0 * difference / fastest : difference;
  State moved = state.clone();
  const auto at = [&](double by) {
    Vector y = x;
    for (std::size_t i = 0; i < slope.size(); ++i) y.values()[i] += by * slope[i];
    system.set_unknowns(moved, y);
    moved.set_parameter(parameter, value + by);
    return outcomes(moved);
  };
  std::vector<double> above = at(h);
  const auto below = at(-h);
  for (std::size_t r = 0; r < above.size(); ++r) above[r] = (above[r] - below[r]) / (2.0 * h);
  return above;
}

}  // namespace holon::analysis

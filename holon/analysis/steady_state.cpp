#include "holon/analysis/steady_state.hpp"

#include "holon/analysis/conservation_laws.hpp"
#include "holon/analysis/spectrum.hpp"
#include "holon/base/error.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace holon::analysis {

namespace {

constexpr int quick = 4, slow = 8;  // iterations of a step from which the next is longer, and that end it
constexpr double step_tolerance = 1e-6;
constexpr double at_rest = 1e-6;  // change in a step, of the size of a field
constexpr int most_retries = 3;

/// One step of implicit Euler, M (x - x0)/dt = F(x). Returns the iterations, or nothing where it failed.
std::optional<int> euler_step(const System& system, State& state, double time, double dt,
                              LinearisedModel& linear) {
  const Vector start = system.unknowns(state);
  Vector x = start;
  double before = 0.0;
  for (int k = 1; k <= slow; ++k) {
    const Vector f = system.residual(state, time);
    std::vector<double> defect = f.values();
    for (std::size_t i = 0; i < defect.size(); ++i)
      defect[i] -= system.mass()[i] * (x.values()[i] - start.values()[i]) / dt;
    if (!std::all_of(defect.begin(), defect.end(), [](double d) { return std::isfinite(d); })) break;
    if (!linear.factor(state, time, 1.0 / dt)) break;
    const auto d = linear.solve(defect).x;
    const double size = scaled_norm(d, sizes_of(system, x));
    if (!std::isfinite(size) || (k > 2 && size > 2.0 * before)) break;
    before = size;
    for (std::size_t i = 0; i < d.size(); ++i) x.values()[i] -= d[i];
    system.set_unknowns(state, x);
    if (size < step_tolerance) return k;
  }
  system.set_unknowns(state, start);
  return std::nullopt;
}

double shortest(double reached, const SteadyStateOptions& options) {
  return std::max(1e-300, 1e-12 * std::max(reached, options.first_step));
}

/// Unknowns that a step takes to the other side of zero, by more than what a step to zero may miss it by: a
/// few, those that go furthest.
std::vector<std::size_t> sign_changes(const System& system, const Vector& before, const Vector& after) {
  constexpr double noticeable = 1e-3;
  constexpr std::size_t most = 16;
  const auto sizes = sizes_of(system, before);
  std::vector<std::size_t> changed;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const double from = before.values()[i], to = after.values()[i];
    if (system.mass()[i] != 0.0 && from * to < 0.0 && std::abs(to) > noticeable * sizes[i])
      changed.push_back(i);
  }
  std::stable_sort(changed.begin(), changed.end(), [&](std::size_t a, std::size_t b) {
    return std::abs(after.values()[a]) / sizes[a] > std::abs(after.values()[b]) / sizes[b];
  });
  changed.resize(std::min(changed.size(), most));
  return changed;
}

/// Whether a step takes something over zero where the model itself would not go: at zero its rate is nothing
/// like those at both ends of the step. What is used up there, or has a pole behind, looks like that; what
/// passes zero smoothly does not, once steps are short enough to follow it.
bool leaps(const System& system, const State& after, const Vector& before, double time) {
  constexpr double like = 0.5;  // of the larger rate
  const Vector end = system.unknowns(after);
  const auto changed = sign_changes(system, before, end);
  if (changed.empty()) return false;
  State between = after.clone();
  const auto rates_at = [&](double share) {
    Vector x = before;
    for (std::size_t i = 0; i < x.values().size(); ++i)
      x.values()[i] += share * (end.values()[i] - before.values()[i]);
    system.set_unknowns(between, x);
    return system.residual(between, time);
  };
  const Vector at_begin = rates_at(0.0), at_end = rates_at(1.0);
  return std::any_of(changed.begin(), changed.end(), [&](std::size_t i) {
    const double share = before.values()[i] / (before.values()[i] - end.values()[i]);
    const double begin_rate = at_begin.values()[i], end_rate = at_end.values()[i];
    const double expected = (1.0 - share) * begin_rate + share * end_rate;
    const double found = rates_at(share).values()[i];
    return !(std::abs(found - expected) <= like * std::max(std::abs(begin_rate), std::abs(end_rate)));
  });
}

/// With steps of at most `longest_step`.
SteadyState follow(const System& system, const State& start, double time, const SteadyStateOptions& options,
                   const std::vector<Constraint>& constraints, double longest_step) {
  SteadyState found{start.clone(), 0.0, 0, 0, constraints, {}};
  State& state = found.state;
  system.determine(state, time);
  // Steps of implicit Euler keep what is conserved by themselves.
  LinearisedModel linear(system, {});
  Vector x = system.unknowns(state);
  double dt = options.first_step;
  if (dt <= 0.0) {
    const Vector f = system.residual(state, time);
    std::vector<double> rates(f.values().size());
    for (std::size_t i = 0; i < rates.size(); ++i) rates[i] = system.mass()[i] * f.values()[i];
    const double fastest = scaled_norm(rates, sizes_of(system, x));
    dt = fastest > 0.0 && std::isfinite(fastest) ? 0.01 / fastest : 1.0;
  }
  std::string why;
  double moved = 1.0;
  for (; found.steps < options.most_steps && found.reached < options.longest; ++found.steps) {
    const Vector before = system.unknowns(state);
    const auto iterations = euler_step(system, state, time, dt, linear);
    if (!iterations) {
      dt *= 0.25;
      if (dt < shortest(found.reached, options)) {
        why = "steps that can be solved become too short";
        break;
      }
      continue;
    }
    if (dt > shortest(found.reached, options) && leaps(system, state, before, time)) {
      system.set_unknowns(state, before);
      dt *= 0.25;
      continue;
    }
    found.reached += dt;
    found.iterations += *iterations;
    x = system.unknowns(state);
    std::vector<double> change(x.values().size());
    for (std::size_t i = 0; i < change.size(); ++i) change[i] = x.values()[i] - before.values()[i];
    moved = scaled_norm(change, sizes_of(system, x));
    // What does not move under a step as long as all steps before is at rest, up to slow drifts that longer
    // steps then show.
    if (moved < at_rest) {
      State end = state.clone();
      const NewtonOutcome outcome = newton(system, end, time, found.constraints, options.newton);
      found.iterations += outcome.iterations;
      if (outcome.converged) {
        const Vector at = system.unknowns(end);
        for (std::size_t i = 0; i < change.size(); ++i) change[i] = at.values()[i] - x.values()[i];
        // A root far from where the model came to rest is another one.
        if (scaled_norm(change, sizes_of(system, at)) < 1e-3) {
          state = std::move(end);
          return found;
        }
        why = "Newton's method leaves the state that the model comes to";
      } else {
        why = outcome.why;
      }
      if (moved == 0.0 || dt > 1e12 * found.reached / (found.steps + 1.0)) break;
    }
    dt = std::min(longest_step, dt * (*iterations <= quick ? (moved < 1e-2 ? 4.0 : 1.7) : 1.0));
  }
  // What moves most, and where.
  const Vector f = system.residual(state, time);
  const auto sizes = sizes_of(system, x);
  std::size_t worst = 0;
  for (std::size_t i = 0; i < f.values().size(); ++i)
    if (std::abs(f.values()[i]) / sizes[i] > std::abs(f.values()[worst]) / sizes[worst]) worst = i;
  throw NumericalFailure(fmt::format(
      "no steady state was found: after {} steps{} '{}' still changes{}{}", found.steps,
      moved > at_rest ? fmt::format(", the last of which moved it by {:.2g} of its size,", moved) : "",
      system.size() > 0 ? system.unknown_text(worst) : "", why.empty() ? "" : "; ", why));
}

}  // namespace

SteadyState steady_state(const System& system, const State& start, double time,
                         const SteadyStateOptions& options) {
  system.require_smooth("a steady state");
  State beginning = start.clone();
  system.determine(beginning, time);
  const auto [constraints, undeclared] = kept_quantities(system, beginning, time);
  SteadyState found = follow(system, start, time, options, constraints, HUGE_VAL);
  // Long steps of implicit Euler also lead to states that the model leaves. Steps that resolve how fast it
  // leaves them do not, unless it begins exactly there.
  for (int again = 0; again < most_retries; ++again) {
    const Spectrum leading = spectrum(system, found.state, time);
    if (leading.values.empty() || leading.unstable() == 0) break;
    SteadyState other =
        follow(system, start, time, options, constraints, 0.5 / leading.values.front().real());
    const Vector a = system.unknowns(found.state), b = system.unknowns(other.state);
    std::vector<double> apart(a.values().size());
    for (std::size_t i = 0; i < apart.size(); ++i) apart[i] = b.values()[i] - a.values()[i];
    const bool same = scaled_norm(apart, sizes_of(system, a)) < 1e-6;
    found = std::move(other);
    if (same) break;
  }
  found.undeclared = undeclared;
  return found;
}

}  // namespace holon::analysis

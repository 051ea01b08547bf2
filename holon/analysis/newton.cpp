#include "holon/analysis/newton.hpp"

#include "holon/base/error.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include <fmt/format.h>

namespace holon::analysis {

namespace {

constexpr double conserves = 1e-9;  // |w . F| and |w^T J|, relative to the sums of absolute terms

double largest(std::span<const double> values) {
  double most = 0.0;
  for (const double value : values) most = std::max(most, std::abs(value));
  return most;
}

bool finite(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
}

double dot(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

}  // namespace

std::vector<Constraint> active_constraints(const System& system, const State& state, double time) {
  std::vector<Constraint> active;
  const auto declared = system.invariants(state);
  if (declared.empty()) return active;
  const auto entries = system.jacobian(state, time).compressed();
  const Vector f = system.residual(state, time);
  for (const auto& [quantity, weights] : declared) {
    std::vector<double> w = weights.values();
    const double most = largest(w);
    if (most == 0.0) continue;
    for (double& each : w) each /= most;
    double sum = 0.0, size = 0.0;
    for (std::size_t i = 0; i < w.size(); ++i) {
      sum += w[i] * f.values()[i];
      size += std::abs(w[i] * f.values()[i]);
    }
    if (std::abs(sum) > conserves * size) continue;
    std::vector<double> column(w.size(), 0.0), magnitude(w.size(), 0.0);
    for (const auto& entry : entries) {
      column[entry.column] += w[entry.row] * entry.value;
      magnitude[entry.column] += std::abs(w[entry.row] * entry.value);
    }
    const double scale = largest(magnitude);
    bool zero = true;
    for (std::size_t i = 0; i < column.size(); ++i) zero = zero && std::abs(column[i]) <= conserves * scale;
    if (zero) active.push_back({quantity, std::move(w)});
  }
  return active;
}

bool LinearisedModel::factor(const State& state, double time, double shift, std::span<const Border> borders) {
  const std::size_t n = system_->size();
  std::vector<solve::MatrixEntry> entries;
  for (const auto& entry : system_->jacobian(state, time).compressed())
    entries.push_back({entry.row, entry.column, entry.value});
  const auto add = [&](std::size_t row, std::size_t column, double value) {
    if (value != 0.0) entries.push_back({row, column, value});
  };
  for (std::size_t i = 0; i < n; ++i) add(i, i, -shift * system_->mass()[i]);
  for (std::size_t q = 0; q < constraints_.size(); ++q)
    for (std::size_t i = 0; i < n; ++i) {
      add(i, n + q, constraints_[q].weights[i]);
      add(n + q, i, constraints_[q].weights[i]);
    }
  borders_ = borders.size();
  for (std::size_t b = 0; b < borders.size(); ++b) {
    const std::size_t at = n + constraints_.size() + b;
    for (std::size_t i = 0; i < n; ++i) {
      add(i, at, borders[b].column[i]);
      add(at, i, borders[b].row[i]);
    }
    add(at, at, borders[b].corner);
  }
  return lu_.factor(n + constraints_.size() + borders.size(), entries, constraints_.size() + borders.size());
}

namespace {

LinearisedModel::Solution parts(std::vector<double> all, std::size_t n, std::size_t constraints) {
  LinearisedModel::Solution solution;
  solution.multipliers.assign(all.begin() + static_cast<std::ptrdiff_t>(n),
                              all.begin() + static_cast<std::ptrdiff_t>(n + constraints));
  solution.border.assign(all.begin() + static_cast<std::ptrdiff_t>(n + constraints), all.end());
  all.resize(n);
  solution.x = std::move(all);
  return solution;
}

}  // namespace

LinearisedModel::Solution LinearisedModel::solve(std::span<const double> b, std::span<const double> along,
                                                 std::span<const double> border) const {
  std::vector<double> x(lu_.size(), 0.0);
  std::copy(b.begin(), b.end(), x.begin());
  std::copy(along.begin(), along.end(), x.begin() + static_cast<std::ptrdiff_t>(system_->size()));
  std::copy(border.begin(), border.end(),
            x.begin() + static_cast<std::ptrdiff_t>(system_->size() + constraints_.size()));
  lu_.solve(x);
  return parts(std::move(x), system_->size(), constraints_.size());
}

LinearisedModel::Solution LinearisedModel::solve_transposed(std::span<const double> b,
                                                            std::span<const double> border) const {
  std::vector<double> x(lu_.size(), 0.0);
  std::copy(b.begin(), b.end(), x.begin());
  std::copy(border.begin(), border.end(),
            x.begin() + static_cast<std::ptrdiff_t>(system_->size() + constraints_.size()));
  lu_.solve_transposed(x);
  return parts(std::move(x), system_->size(), constraints_.size());
}

std::string LinearisedModel::why_singular() const {
  if (const auto column = lu_.singular_column(); column && *column < system_->size())
    return fmt::format(
        "the Jacobian is singular: what happens does not depend on '{}', or depends on it only "
        "together with others. Is something conserved that `conserved:` does not declare?",
        system_->unknown_text(*column));
  return "the Jacobian is singular to working accuracy. Is something conserved that `conserved:` does not "
         "declare?";
}

namespace {

/// A direction in which nothing changes the rates, and its left partner: v with J v = 0 and w with w^T J = 0
/// to working accuracy, by inverse iteration.
Border neutral_direction(const System& system, const LinearisedModel& linear, std::span<const double> sizes) {
  const std::size_t n = system.size();
  const auto sweep = [&](auto&& solve) {
    std::vector<double> v(n);
    for (std::size_t i = 0; i < n; ++i) v[i] = sizes[i] * std::sin(1.0 + 1.3 * static_cast<double>(i));
    for (int k = 0; k < 3; ++k) {
      v = solve(v);
      const double length = scaled_norm(v, sizes);
      for (double& each : v) each /= length;
    }
    return v;
  };
  return {sweep([&](const std::vector<double>& v) { return linear.solve_transposed(v).x; }),
          sweep([&](const std::vector<double>& v) { return linear.solve(v).x; }), 0.0};
}

/// `neutral`: leaves out the part of each correction along a neutral direction.
NewtonOutcome iterate(const System& system, State& state, double time,
                      const std::vector<Constraint>& constraints, const NewtonOptions& options,
                      bool neutral) {
  NewtonOutcome outcome;
  LinearisedModel linear(system, constraints);
  Vector x = system.unknowns(state);
  std::vector<double> held;
  for (const Constraint& each : constraints) held.push_back(dot(each.weights, x.values()));
  Vector f = system.residual(state, time);
  double last_factor = 1.0;
  for (outcome.iterations = 1; outcome.iterations <= options.most; ++outcome.iterations) {
    if (!finite(f.values())) {
      outcome.why = "rates are not finite";
      return outcome;
    }
    if (!linear.factor(state, time, 0.0)) {
      outcome.why = linear.why_singular();
      return outcome;
    }
    if (neutral) {
      const Border border = neutral_direction(system, linear, sizes_of(system, x));
      if (!linear.factor(state, time, 0.0, std::span(&border, 1))) {
        outcome.why = linear.why_singular();
        return outcome;
      }
    }
    const auto correction_at = [&](const Vector& at, const Vector& residual) {
      std::vector<double> along;
      for (std::size_t q = 0; q < constraints.size(); ++q)
        along.push_back(dot(constraints[q].weights, at.values()) - held[q]);
      return linear.solve(residual.values(), along).x;
    };
    const std::vector<double> d = correction_at(x, f);
    const auto sizes = sizes_of(system, x);
    const double size = scaled_norm(d, sizes);
    outcome.correction = size;
    if (!std::isfinite(size)) {
      outcome.why = linear.why_singular();
      return outcome;
    }
    // Full steps near the solution; before, as long as the next (simplified) correction is no longer than
    // this one.
    double factor = std::min(1.0, 4.0 * last_factor);
    Vector next = x;
    for (;;) {
      for (std::size_t i = 0; i < d.size(); ++i) next.values()[i] = x.values()[i] - factor * d[i];
      system.set_unknowns(state, next);
      f = system.residual(state, time);
      if (size <= 1e-6) break;
      if (finite(f.values()) && scaled_norm(correction_at(next, f), sizes) < (1.0 - 0.25 * factor) * size)
        break;
      factor *= 0.5;
      if (factor < 1e-4) {
        system.set_unknowns(state, x);
        outcome.why = fmt::format(
            "corrections don't get smaller (the last one changes by {:.2g} of their size "
            "what it changes most)",
            size);
        return outcome;
      }
    }
    last_factor = factor;
    x = next;
    if (size <= options.tolerance && factor == 1.0) {
      outcome.converged = true;
      return outcome;
    }
  }
  outcome.why = fmt::format("the {}th correction is still {:.2g} of the unknowns' size", options.most,
                            outcome.correction);
  return outcome;
}

/// Whether F is zero to round-off, row by row.
bool at_zero(const System& system, const State& state, double time) {
  const Vector x = system.unknowns(state), f = system.residual(state, time);
  const auto sizes = sizes_of(system, x);
  std::vector<double> terms(x.values().size(), 0.0);
  for (const auto& entry : system.jacobian(state, time).compressed())
    terms[entry.row] += std::abs(entry.value) * sizes[entry.column];
  for (std::size_t i = 0; i < terms.size(); ++i)
    if (std::abs(f.values()[i]) > 1e-11 * terms[i]) return false;
  return true;
}

}  // namespace

NewtonOutcome newton(const System& system, State& state, double time,
                     const std::vector<Constraint>& constraints, const NewtonOptions& options) {
  State start = state.clone();
  NewtonOutcome outcome = iterate(system, state, time, constraints, options, false);
  if (outcome.converged) return outcome;
  // Where it is at rest, corrections by a Jacobian that happens to be nearly singular are round-off.
  if (at_zero(system, state, time)) {
    outcome.converged = true;
    return outcome;
  }
  NewtonOutcome other = iterate(system, start, time, constraints, options, true);
  if (!other.converged || !at_zero(system, start, time)) return outcome;
  state = std::move(start);
  return other;
}

}  // namespace holon::analysis

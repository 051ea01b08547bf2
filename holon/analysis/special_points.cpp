#include "holon/analysis/special_points.hpp"

#include "holon/base/error.hpp"
#include "holon/solve/sparse_lu.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace holon::analysis {

namespace {

using Values = std::vector<double>;

constexpr int most_iterations = 20;
constexpr double located = 1e-11;  // the last correction, relative

double dot(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

void normalise(Values& v) {
  const double length = std::sqrt(dot(v, v));
  for (double& each : v) each /= length;
}

/// Second derivatives, as differences of first ones: what they cut off slows Newton's method down by a little
/// and does not change what it converges to.
class SecondDerivatives {
 public:
  SecondDerivatives(const System& system, const State& state, double time, ParameterId parameter,
                    std::span<const double> sizes)
      : system_(system),
        state_(state),
        time_(time),
        parameter_(parameter),
        sizes_(sizes.begin(), sizes.end()) {}

  /// The gradient of w . J v with respect to x: (d/de) J(x + e v)^T w.
  Values gradient(const Values& w, const Values& v) const {
    const double h = 1e-5 / std::max(1e-300, scaled_norm(v, sizes_));
    const auto at = [&](double factor) {
      State moved = state_.clone();
      Vector x = system_.unknowns(state_);
      for (std::size_t i = 0; i < v.size(); ++i) x.values()[i] += factor * v[i];
      system_.set_unknowns(moved, x);
      Vector left(system_.layout());
      left.values() = w;
      return system_.vjp(moved, time_, left).values();
    };
    Values above = at(h);
    const Values below = at(-h);
    for (std::size_t i = 0; i < above.size(); ++i) above[i] = (above[i] - below[i]) / (2.0 * h);
    return above;
  }
  /// d (w . J v) / d p.
  double by_parameter(const Values& w, const Values& v) const {
    const double value = state_.parameter(parameter_);
    const double h = value != 0.0 ? 1e-5 * std::abs(value) : 1e-5;
    const auto at = [&](double to) {
      State moved = state_.clone();
      moved.set_parameter(parameter_, to);
      Vector direction(system_.layout());
      direction.values() = v;
      return dot(w, system_.jvp(moved, time_, direction).values());
    };
    return (at(value + h) - at(value - h)) / (2.0 * h);
  }

 private:
  const System& system_;
  const State& state_;
  double time_;
  ParameterId parameter_;
  Values sizes_;
};

void move(const System& system, State& state, ParameterId parameter, const Values& dx, double dp) {
  Vector x = system.unknowns(state);
  for (std::size_t i = 0; i < dx.size(); ++i) x.values()[i] -= dx[i];
  system.set_unknowns(state, x);
  state.set_parameter(parameter, state.parameter(parameter) - dp);
}

}  // namespace

std::optional<SpecialPoint> locate_fold(const System& system, const State& guess, double time,
                                        const std::vector<Constraint>& constraints,
                                        const ContinuationOptions& options, const Values& null) {
  const std::size_t n = system.size();
  const double range = options.high - options.low;
  SpecialPoint found{.kind = SpecialPoint::Kind::fold, .state = guess.clone()};
  State& state = found.state;
  LinearisedModel bordered(system, constraints), full(system, constraints);
  Border border{null, null, 0.0};
  normalise(border.row);
  normalise(border.column);
  const Values none(n, 0.0);
  const double one = 1.0;
  for (int k = 0; k < most_iterations; ++k) {
    if (!bordered.factor(state, time, 0.0, std::span(&border, 1))) return std::nullopt;
    const auto [v, g, v_multipliers] = bordered.solve(none, {}, std::span(&one, 1));
    const auto [w, g_left, w_multipliers] = bordered.solve_transposed(none, std::span(&one, 1));
    const Values sizes = sizes_of(system, system.unknowns(state));
    const SecondDerivatives second(system, state, time, options.parameter, sizes);
    // g_x = -w . J_x v.
    Border last{system.parameter_derivative(state, time, options.parameter).values(), second.gradient(w, v),
                -second.by_parameter(w, v)};
    const double curvature = dot(last.row, v), transversality = dot(last.column, w);
    for (double& each : last.row) each = -each;
    if (!full.factor(state, time, 0.0, std::span(&last, 1))) return std::nullopt;
    const Vector f = system.residual(state, time);
    const auto [dx, dp, multipliers] = full.solve(f.values(), {}, g);
    const double size = std::max(scaled_norm(dx, sizes), std::abs(dp[0]) / range);
    if (!std::isfinite(size) || std::abs(dp[0]) > range) return std::nullopt;
    move(system, state, options.parameter, dx, dp[0]);
    found.parameter = state.parameter(options.parameter);
    found.uncertainty = std::abs(dp[0]) / std::max(std::abs(found.parameter), 1e-12 * range);
    const double length_v = std::sqrt(dot(v, v)), length_w = std::sqrt(dot(w, w));
    found.curvature = curvature / (length_v * length_v * length_w);
    found.transversality = transversality / length_w;
    // The borders follow the null vectors, so that the bordered matrix stays far from singular.
    border.row = v;
    border.column = w;
    normalise(border.row);
    normalise(border.column);
    if (size <= located) return found;
    if (k + 1 == most_iterations && size <= 1e-8) return found;
  }
  return std::nullopt;
}

namespace {

/// v = v_r + i v_i and its left partner, of J - shift M bordered by two real rows and columns each.
struct ComplexNull {
  Values vr, vi, wr, wi;
  std::complex<double> g;
};

std::optional<ComplexNull> complex_null(const System& system, const State& state, double time,
                                        std::complex<double> shift, const ComplexNull& border) {
  const std::size_t n = system.size();
  std::vector<solve::MatrixEntry> entries;
  const auto add = [&](std::size_t row, std::size_t column, double value) {
    if (value != 0.0) entries.push_back({row, column, value});
  };
  for (const auto& entry : system.jacobian(state, time).compressed()) {
    add(entry.row, entry.column, entry.value);
    add(n + entry.row, n + entry.column, entry.value);
  }
  for (std::size_t i = 0; i < n; ++i) {
    // (J - (a + i omega) M)(vr + i vi): real part (J - a M) vr + omega M vi.
    add(i, i, -shift.real() * system.mass()[i]);
    add(n + i, n + i, -shift.real() * system.mass()[i]);
    add(i, n + i, shift.imag() * system.mass()[i]);
    add(n + i, i, -shift.imag() * system.mass()[i]);
    // c^H v, and b g.
    add(2 * n, i, border.vr[i]);
    add(2 * n, n + i, border.vi[i]);
    add(2 * n + 1, i, -border.vi[i]);
    add(2 * n + 1, n + i, border.vr[i]);
    add(i, 2 * n, border.wr[i]);
    add(i, 2 * n + 1, -border.wi[i]);
    add(n + i, 2 * n, border.wi[i]);
    add(n + i, 2 * n + 1, border.wr[i]);
  }
  solve::SparseLu lu;
  if (!lu.factor(2 * n + 2, entries, 2)) return std::nullopt;
  Values right(2 * n + 2, 0.0), left(2 * n + 2, 0.0);
  right[2 * n] = 1.0;
  left[2 * n] = 1.0;
  lu.solve(right);
  lu.solve_transposed(left);
  const auto part = [n](const Values& all, std::size_t first) {
    return Values(all.begin() + static_cast<std::ptrdiff_t>(first),
                  all.begin() + static_cast<std::ptrdiff_t>(first + n));
  };
  return ComplexNull{
      part(right, 0), part(right, n), part(left, 0), part(left, n), {right[2 * n], right[2 * n + 1]}};
}

void normalise(Values& real, Values& imaginary) {
  const double length = std::sqrt(dot(real, real) + dot(imaginary, imaginary));
  for (double& each : real) each /= length;
  for (double& each : imaginary) each /= length;
}

}  // namespace

std::optional<SpecialPoint> locate_hopf(const System& system, const State& guess, double time,
                                        const std::vector<Constraint>& constraints,
                                        const ContinuationOptions& options, std::complex<double> eigenvalue) {
  const std::size_t n = system.size();
  const double range = options.high - options.low;
  SpecialPoint found{.kind = SpecialPoint::Kind::hopf, .state = guess.clone()};
  State& state = found.state;
  double omega = eigenvalue.imag();
  // Inverse iteration with borders that are in general position first.
  ComplexNull null;
  for (std::size_t i = 0; i < n; ++i) {
    const auto k = static_cast<double>(i);
    null.vr.push_back(std::sin(1.0 + 2.3 * k));
    null.vi.push_back(std::cos(2.0 + 1.1 * k));
    null.wr.push_back(std::cos(0.3 + 1.9 * k));
    null.wi.push_back(std::sin(4.0 + 0.7 * k));
  }
  normalise(null.vr, null.vi);
  normalise(null.wr, null.wi);
  for (int k = 0; k < 3; ++k) {
    auto next = complex_null(system, state, time, eigenvalue, null);
    if (!next) return std::nullopt;
    null = std::move(*next);
    normalise(null.vr, null.vi);
    normalise(null.wr, null.wi);
  }
  LinearisedModel linear(system, constraints);
  for (int k = 0; k < most_iterations; ++k) {
    const auto at = complex_null(system, state, time, {0.0, omega}, null);
    if (!at || !linear.factor(state, time, 0.0)) return std::nullopt;
    const Values sizes = sizes_of(system, system.unknowns(state));
    const SecondDerivatives second(system, state, time, options.parameter, sizes);
    // The real bordered system stands for w^T A v with A = [J, omega M; -omega M, J]: its two left vectors
    // are (wr, wi) for the real part of g and (-wi, wr) for the imaginary one.
    const auto combine = [&](auto&& of) {
      return std::complex<double>(-(of(at->wr, at->vr) + of(at->wi, at->vi)),
                                  -(of(at->wr, at->vi) - of(at->wi, at->vr)));
    };
    const Vector f = system.residual(state, time);
    const Values xf = linear.solve(f.values()).x;
    const Values xp = linear.solve(system.parameter_derivative(state, time, options.parameter).values()).x;
    const auto along = [&](const Values& d) {
      return combine([&](const Values& w, const Values& v) { return dot(second.gradient(w, v), d); });
    };
    const std::complex<double> g_f = along(xf), g_p0 = along(xp);
    const std::complex<double> g_p =
        combine([&](const Values& w, const Values& v) { return second.by_parameter(w, v); }) - g_p0;
    // d A / d omega = [0, M; -M, 0].
    const auto by_omega = [&](const Values& wr, const Values& wi, const Values& vr, const Values& vi) {
      double sum = 0.0;
      for (std::size_t i = 0; i < n; ++i) sum += system.mass()[i] * (wr[i] * vi[i] - wi[i] * vr[i]);
      return sum;
    };
    double mass_real = 0.0;
    for (std::size_t i = 0; i < n; ++i)
      mass_real += system.mass()[i] * (at->wr[i] * at->vr[i] + at->wi[i] * at->vi[i]);
    const std::complex<double> g_omega(-by_omega(at->wr, at->wi, at->vr, at->vi), mass_real);
    const std::complex<double> right = at->g - g_f;
    const double determinant = g_p.real() * g_omega.imag() - g_p.imag() * g_omega.real();
    if (determinant == 0.0 || !std::isfinite(determinant)) return std::nullopt;
    const double dp = (right.real() * g_omega.imag() - right.imag() * g_omega.real()) / determinant;
    const double domega = (g_p.real() * right.imag() - g_p.imag() * right.real()) / determinant;
    if (!std::isfinite(dp) || std::abs(dp) > range) return std::nullopt;
    Values dx = xf;
    for (std::size_t i = 0; i < n; ++i) dx[i] -= xp[i] * dp;
    move(system, state, options.parameter, dx, dp);
    omega -= domega;
    found.parameter = state.parameter(options.parameter);
    found.omega = omega;
    found.uncertainty = std::abs(dp) / std::max(std::abs(found.parameter), 1e-12 * range);
    found.transversality = std::abs(g_p);
    null = *at;
    normalise(null.vr, null.vi);
    normalise(null.wr, null.wi);
    const double size = std::max({scaled_norm(dx, sizes), std::abs(dp) / range, std::abs(domega / omega)});
    if (size <= located || (k + 1 == most_iterations && size <= 1e-8)) return found;
  }
  return std::nullopt;
}

}  // namespace holon::analysis

#include "holon/analysis/spectrum.hpp"

#include "holon/analysis/arnoldi_modes.hpp"
#include "holon/analysis/newton.hpp"
#include "holon/analysis/time_scales.hpp"
#include "holon/base/error.hpp"
#include "holon/solve/sparse_lu.hpp"

#include <algorithm>
#include <cmath>

#include <Eigen/Dense>

namespace holon::analysis {

namespace {

constexpr double zero = 1e-9;  // of the largest eigenvalue that was found

/// The unknowns that have a rate.
std::vector<std::size_t> differential(const System& system) {
  std::vector<std::size_t> list;
  for (std::size_t i = 0; i < system.size(); ++i)
    if (system.mass()[i] != 0.0) list.push_back(i);
  return list;
}

constexpr const char* singular_residuals =
    "the algebraic equations of the model are singular: they don't determine what they should";

std::vector<std::complex<double>> all_eigenvalues(const System& system, const State& state, double time) {
  const auto rates = differential(system);
  const std::size_t n = rates.size(), m = system.size() - n;
  // Where each unknown stands among the rates or among the residuals.
  std::vector<std::size_t> place(system.size());
  for (std::size_t i = 0, rate = 0, residual = 0; i < place.size(); ++i)
    place[i] = system.mass()[i] != 0.0 ? rate++ : residual++;
  std::vector<double> a(n * n, 0.0);
  std::vector<solve::MatrixEntry> j22, j12;
  std::vector<std::vector<solve::MatrixEntry>> j21(n);  // by column
  for (const auto& entry : system.jacobian(state, time).compressed()) {
    const bool rate = system.mass()[entry.row] != 0.0, by_rate = system.mass()[entry.column] != 0.0;
    const solve::MatrixEntry at{place[entry.row], place[entry.column], entry.value};
    if (rate && by_rate)
      a[at.row * n + at.column] += at.value;
    else if (rate)
      j12.push_back(at);
    else if (by_rate)
      j21[at.column].push_back(at);
    else
      j22.push_back(at);
  }
  if (m > 0) {
    solve::SparseLu lu;
    if (!lu.factor(m, j22)) throw NumericalFailure(singular_residuals);
    std::vector<double> y(m);
    for (std::size_t column = 0; column < n; ++column) {
      if (j21[column].empty()) continue;
      std::fill(y.begin(), y.end(), 0.0);
      for (const auto& entry : j21[column]) y[entry.row] += entry.value;
      lu.solve(y);
      for (const auto& entry : j12) a[entry.row * n + column] -= entry.value * y[entry.column];
    }
  }
  return eigenvalues(n, std::move(a));
}

/// Differences of round-off between the two of a pair of real eigenvalues that lie close together.
void make_real(std::vector<std::complex<double>>& values) {
  constexpr double round_off = 1e-7;
  for (auto& value : values)
    if (std::abs(value.imag()) <= round_off * std::abs(value.real())) value = value.real();
}

}  // namespace

int Spectrum::unstable() const {
  return static_cast<int>(std::count_if(values.begin(), values.end(),
                                        [&](const auto& value) { return value.real() > tolerance; }));
}

std::span<const std::complex<double>> Spectrum::first(std::size_t count) const {
  std::size_t shown = std::min(count, values.size());
  // Of a pair the one with the positive imaginary part stands first.
  if (shown > 0 && shown < values.size() && values[shown - 1].imag() > 0.0 &&
      values[shown].imag() == -values[shown - 1].imag())
    ++shown;
  return {values.data(), shown};
}

Spectrum spectrum(const System& system, const State& state, double time, std::size_t count) {
  Spectrum found;
  const std::size_t rates = differential(system).size();
  found.whole = rates <= std::max(most_dense, 3 * count);
  try {
    if (found.whole) {
      found.values = all_eigenvalues(system, state, time);
    } else {
      LeadingEigenvalues leading = leading_eigenvalues(system, state, time, std::min(count, rates / 3));
      found.values = std::move(leading.values);
      found.counted = leading.counted;
    }
  } catch (const NumericalFailure& failure) { found.why_none = failure.what(); }
  make_real(found.values);
  std::stable_sort(found.values.begin(), found.values.end(), [](const auto& a, const auto& b) {
    if (a.real() != b.real()) return a.real() > b.real();
    const double swing_a = std::abs(a.imag()), swing_b = std::abs(b.imag());
    return swing_a != swing_b ? swing_a < swing_b : a.imag() > b.imag();
  });
  for (const auto& value : found.values) found.tolerance = std::max(found.tolerance, zero * std::abs(value));
  if (!found.counted && found.unstable() == 0)
    found.why_none = "modes grow, but they lie too close together to be told apart";
  return found;
}

Spectrum without_conserved(Spectrum spectrum, std::size_t quantities) {
  constexpr double nothing = 1e-6;  // of the largest: several zeros together are told to half of the digits
  double largest = 0.0;
  for (const auto& value : spectrum.values) largest = std::max(largest, std::abs(value));
  const auto smaller = [](const auto& a, const auto& b) { return std::abs(a) < std::abs(b); };
  for (std::size_t k = 0; k < quantities && !spectrum.values.empty(); ++k) {
    const auto least = std::min_element(spectrum.values.begin(), spectrum.values.end(), smaller);
    if (std::abs(*least) > nothing * largest) break;
    spectrum.values.erase(least);
    ++spectrum.conserved;
  }
  return spectrum;
}

std::optional<std::vector<std::complex<double>>> mode(const System& system, const State& state, double time,
                                                      std::complex<double> eigenvalue) {
  const std::size_t n = system.size();
  const auto sizes = sizes_of(system, system.unknowns(state));
  // Beside the eigenvalue, so that the matrix can be factored.
  const double scale = std::abs(eigenvalue);
  const std::complex<double> shift = eigenvalue + 1e-7 * (scale > 0.0 ? scale : 1.0);
  std::vector<solve::MatrixEntry> entries;
  for (const auto& entry : system.jacobian(state, time).compressed()) {
    entries.push_back({entry.row, entry.column, entry.value});
    entries.push_back({n + entry.row, n + entry.column, entry.value});
  }
  for (std::size_t i = 0; i < n; ++i) {
    if (system.mass()[i] == 0.0) continue;
    entries.push_back({i, i, -shift.real()});
    entries.push_back({n + i, n + i, -shift.real()});
    entries.push_back({i, n + i, shift.imag()});
    entries.push_back({n + i, i, -shift.imag()});
  }
  solve::SparseLu lu;
  if (!lu.factor(2 * n, entries)) return std::nullopt;
  std::vector<double> v(2 * n);
  for (std::size_t i = 0; i < n; ++i) {
    v[i] = sizes[i] * (1.0 + 0.5 * std::sin(1.0 + 1.7 * static_cast<double>(i)));
    v[n + i] = sizes[i] * 0.5 * std::cos(2.0 + 1.3 * static_cast<double>(i));
  }
  constexpr int most = 12;
  constexpr double converged = 1e-8;
  for (int k = 0; k < most; ++k) {
    std::vector<double> next = v;
    for (std::size_t i = 0; i < n; ++i)
      if (system.mass()[i] == 0.0) next[i] = next[n + i] = 0.0;
    lu.solve(next);
    // Of largest magnitude 1, real where it is largest.
    std::size_t top = 0;
    const auto at = [&](const std::vector<double>& of, std::size_t i) {
      return std::complex<double>(of[i], of[n + i]) / sizes[i];
    };
    for (std::size_t i = 0; i < n; ++i)
      if (std::abs(at(next, i)) > std::abs(at(next, top))) top = i;
    const std::complex<double> largest = at(next, top);
    if (!(std::abs(largest) > 0.0)) return std::nullopt;
    double changed = 0.0;
    for (std::size_t i = 0; i < n; ++i) {
      const std::complex<double> each = std::complex<double>(next[i], next[n + i]) / largest;
      changed = std::max(changed, std::abs(each - std::complex<double>(v[i], v[n + i])) / sizes[i]);
      v[i] = each.real();
      v[n + i] = each.imag();
    }
    if (changed > converged) continue;
    std::vector<std::complex<double>> found(n);
    for (std::size_t i = 0; i < n; ++i) found[i] = {v[i], v[n + i]};
    return found;
  }
  return std::nullopt;
}

}  // namespace holon::analysis

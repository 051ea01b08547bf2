#include "holon/analysis/spectrum.hpp"

#include "holon/analysis/newton.hpp"
#include "holon/analysis/time_scales.hpp"
#include "holon/base/error.hpp"
#include "holon/solve/sparse_lu.hpp"

#include <algorithm>
#include <cmath>

#include <Eigen/Dense>
#include <Spectra/GenEigsRealShiftSolver.h>
#include <Spectra/GenEigsSolver.h>

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

/// x -> (J - shift M)^-1 M x on the unknowns that have a rate.
class ShiftedInverse {
 public:
  using Scalar = double;
  ShiftedInverse(const System& system, const State& state, double time) : system_(&system) {
    rates_ = differential(system);
    // Spreading between sites of different content is symmetric in amounts over roots of contents, and
    // fields in different units count alike in their sizes.
    const Vector contents = system.contents(state);
    const auto sizes = sizes_of(system, system.unknowns(state));
    for (const std::size_t i : rates_)
      weight_.push_back(std::sqrt(std::max(contents.values()[i], 1e-300)) / sizes[i]);
    for (const auto& entry : system.jacobian(state, time).compressed()) {
      entries_.push_back({entry.row, entry.column, entry.value});
      if (entry.row == entry.column && system.mass()[entry.row] != 0.0)
        fastest_ = std::max(fastest_, std::abs(entry.value));
    }
  }
  /// The largest rate on the diagonal [1/coherent time].
  double fastest() const { return fastest_; }
  Eigen::Index rows() const { return static_cast<Eigen::Index>(rates_.size()); }
  Eigen::Index cols() const { return rows(); }
  void set_shift(double shift) {
    auto entries = entries_;
    for (const std::size_t i : rates_) entries.push_back({i, i, -shift});
    if (!lu_.factor(system_->size(), entries))
      throw NumericalFailure(
          "the Jacobian is singular, so that its eigenvalues nearest to zero can't be found");
  }
  void perform_op(const double* x, double* y) const {
    std::vector<double> all(system_->size(), 0.0);
    for (std::size_t k = 0; k < rates_.size(); ++k) all[rates_[k]] = x[k] / weight_[k];
    lu_.solve(all);
    for (std::size_t k = 0; k < rates_.size(); ++k) y[k] = all[rates_[k]] * weight_[k];
  }

 private:
  const System* system_;
  std::vector<std::size_t> rates_;
  std::vector<double> weight_;
  double fastest_ = 0.0;
  std::vector<solve::MatrixEntry> entries_;
  solve::SparseLu lu_;
};

/// x -> (M - J/s)^-1 (M + J/s) x on the unknowns that have a rate: an eigenvalue lambda becomes
/// (s + lambda)/(s - lambda), which is above 1 in magnitude where the mode grows.
class Cayley {
 public:
  using Scalar = double;
  Cayley(ShiftedInverse& inverse, double s) : inverse_(&inverse), s_(s) { inverse.set_shift(s); }
  Eigen::Index rows() const { return inverse_->rows(); }
  Eigen::Index cols() const { return rows(); }
  void perform_op(const double* x, double* y) const {
    inverse_->perform_op(x, y);
    for (Eigen::Index k = 0; k < rows(); ++k) y[k] = -x[k] - 2.0 * s_ * y[k];
  }

 private:
  ShiftedInverse* inverse_;
  double s_;
};

/// The same start every time.
std::vector<double> start_vector(Eigen::Index size) {
  std::vector<double> start(static_cast<std::size_t>(size));
  for (std::size_t i = 0; i < start.size(); ++i)
    start[i] = 1.0 + 0.3 * std::sin(1.7 * static_cast<double>(i));
  return start;
}

/// As many as can be told apart: bands of modes that are about equally near hardly can, whatever it costs.
std::vector<std::complex<double>> nearest_to_zero(ShiftedInverse& inverse, std::size_t count) {
  constexpr Eigen::Index restarts = 40;
  // Not quite zero, so that an eigenvalue of zero does no harm.
  const double shift = 1e-7 * inverse.fastest();
  const auto wanted = static_cast<Eigen::Index>(count);
  Spectra::GenEigsRealShiftSolver<ShiftedInverse> solver(
      inverse, wanted, std::min<Eigen::Index>(inverse.rows(), 4 * wanted), shift);
  const std::vector<double> start = start_vector(inverse.rows());
  solver.init(start.data());
  solver.compute(Spectra::SortRule::LargestMagn, restarts, 1e-10);
  const auto found = solver.eigenvalues();
  return {found.data(), found.data() + found.size()};
}

/// The largest magnitude of the Ritz values after a few steps of Arnoldi's method: a first look at whether
/// anything lies outside of the unit circle.
double first_look(const Cayley& cayley, Eigen::Index steps) {
  const Eigen::Index n = cayley.rows(), m = std::min(n, steps);
  Eigen::MatrixXd basis = Eigen::MatrixXd::Zero(n, m + 1), h = Eigen::MatrixXd::Zero(m + 1, m);
  const std::vector<double> start = start_vector(n);
  basis.col(0) = Eigen::Map<const Eigen::VectorXd>(start.data(), n).normalized();
  Eigen::Index k = 0;
  for (; k < m; ++k) {
    Eigen::VectorXd next(n);
    cayley.perform_op(basis.col(k).data(), next.data());
    for (int pass = 0; pass < 2; ++pass) {
      const Eigen::VectorXd along = basis.leftCols(k + 1).transpose() * next;
      next -= basis.leftCols(k + 1) * along;
      h.col(k).head(k + 1) += along;
    }
    h(k + 1, k) = next.norm();
    if (h(k + 1, k) < 1e-12) {
      ++k;
      break;
    }
    basis.col(k + 1) = next / h(k + 1, k);
  }
  return Eigen::EigenSolver<Eigen::MatrixXd>(h.topLeftCorner(k, k), false)
      .eigenvalues()
      .cwiseAbs()
      .maxCoeff();
}

/// Modes that grow about as fast as `s`: the largest in Cayley's transform. What grows in a band of many
/// modes lies close together and takes a large space to be told apart.
std::vector<std::complex<double>> growing_about(ShiftedInverse& inverse, double s) {
  constexpr Eigen::Index look = 18, wanted = 4;
  constexpr double outside = 1e-6;
  constexpr double reach = 100.0;  // lambda within these times of s is told well
  Cayley cayley(inverse, s);
  if (first_look(cayley, look) <= 1.0 + outside) return {};
  std::vector<std::complex<double>> found;
  // One mode that stands out is told within a small space, a band of them in a large one alone.
  for (const auto& [space, restarts] : {std::pair{28, 4}, std::pair{80, 8}}) {
    Spectra::GenEigsSolver<Cayley> solver(cayley, wanted, std::min<Eigen::Index>(cayley.rows(), space));
    const std::vector<double> start = start_vector(cayley.rows());
    solver.init(start.data());
    solver.compute(Spectra::SortRule::LargestMagn, restarts, 1e-9);
    const auto values = solver.eigenvalues();
    for (Eigen::Index k = 0; k < values.size(); ++k) {
      if (std::abs(values[k] + 1.0) < 1e-9) continue;
      const std::complex<double> lambda = s * (values[k] - 1.0) / (values[k] + 1.0);
      if (std::abs(lambda) > s / reach && std::abs(lambda) < s * reach) found.push_back(lambda);
    }
    if (values.size() > 0) break;
  }
  return found;
}

/// Those nearest to zero, and those that grow at any rate between them and the fastest of the model: many
/// slow modes can stand between zero and a mode that grows.
std::vector<std::complex<double>> leading(const System& system, const State& state, double time,
                                          std::size_t count) {
  ShiftedInverse inverse(system, state, time);
  const double fastest = inverse.fastest();
  auto values = nearest_to_zero(inverse, count);
  double reached = 0.0;
  for (const auto& value : values) reached = std::max(reached, std::abs(value));
  constexpr double between = 100.0;
  constexpr double same = 1e-6;
  const auto known = [&](std::complex<double> lambda) {
    return std::any_of(values.begin(), values.end(), [&](std::complex<double> other) {
      return std::abs(other - lambda) <= same * std::abs(lambda);
    });
  };
  for (double s = std::max(reached, 1e-9 * fastest); s < 10.0 * fastest; s *= between)
    for (const auto lambda : growing_about(inverse, s))
      if (!known(lambda)) values.push_back(lambda);
  return values;
}

}  // namespace

int Spectrum::unstable() const {
  return static_cast<int>(std::count_if(values.begin(), values.end(),
                                        [&](const auto& value) { return value.real() > tolerance; }));
}

Spectrum spectrum(const System& system, const State& state, double time, std::size_t count) {
  Spectrum found;
  const std::size_t rates = differential(system).size();
  found.whole = rates <= std::max(most_dense, 3 * count);
  try {
    found.values = found.whole ? all_eigenvalues(system, state, time)
                               : leading(system, state, time, std::min(count, rates / 3));
  } catch (const NumericalFailure& failure) { found.why_none = failure.what(); }
  std::stable_sort(found.values.begin(), found.values.end(), [](const auto& a, const auto& b) {
    return a.real() != b.real() ? a.real() > b.real() : a.imag() > b.imag();
  });
  for (const auto& value : found.values) found.tolerance = std::max(found.tolerance, zero * std::abs(value));
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

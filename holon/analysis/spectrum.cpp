#include "holon/analysis/spectrum.hpp"

#include "holon/analysis/time_scales.hpp"
#include "holon/base/error.hpp"
#include "holon/solve/sparse_lu.hpp"

#include <algorithm>
#include <cmath>

#include <Eigen/Dense>
#include <Spectra/GenEigsRealShiftSolver.h>

namespace holon::analysis {

namespace {

constexpr double zero = 1e-9;  // of the largest eigenvalue that was found

/// The unknowns that have a rate.
std::vector<Eigen::Index> differential(const System& system) {
  std::vector<Eigen::Index> list;
  for (std::size_t i = 0; i < system.size(); ++i)
    if (system.mass()[i] != 0.0) list.push_back(static_cast<Eigen::Index>(i));
  return list;
}

std::vector<std::complex<double>> all_eigenvalues(const System& system, const State& state, double time) {
  const auto rates = differential(system);
  std::vector<Eigen::Index> residuals;
  for (std::size_t i = 0; i < system.size(); ++i)
    if (system.mass()[i] == 0.0) residuals.push_back(static_cast<Eigen::Index>(i));
  const auto n = static_cast<Eigen::Index>(system.size());
  Eigen::MatrixXd j = Eigen::MatrixXd::Zero(n, n);
  for (const auto& entry : system.jacobian(state, time).compressed())
    j(static_cast<Eigen::Index>(entry.row), static_cast<Eigen::Index>(entry.column)) = entry.value;
  Eigen::MatrixXd a = j(rates, rates);
  if (!residuals.empty())
    a -= j(rates, residuals) *
         Eigen::MatrixXd(j(residuals, residuals)).partialPivLu().solve(Eigen::MatrixXd(j(residuals, rates)));
  std::vector<double> rows;
  for (Eigen::Index r = 0; r < a.rows(); ++r)
    for (Eigen::Index c = 0; c < a.cols(); ++c) rows.push_back(a(r, c));
  return eigenvalues(static_cast<std::size_t>(a.rows()), std::move(rows));
}

/// x -> (J - shift M)^-1 M x on the unknowns that have a rate.
class ShiftedInverse {
 public:
  using Scalar = double;
  ShiftedInverse(const System& system, const State& state, double time) : system_(&system) {
    rates_ = differential(system);
    for (const auto& entry : system.jacobian(state, time).compressed())
      entries_.push_back({entry.row, entry.column, entry.value});
  }
  Eigen::Index rows() const { return static_cast<Eigen::Index>(rates_.size()); }
  Eigen::Index cols() const { return rows(); }
  void set_shift(double shift) {
    auto entries = entries_;
    for (const Eigen::Index i : rates_)
      entries.push_back({static_cast<std::size_t>(i), static_cast<std::size_t>(i), -shift});
    if (!lu_.factor(system_->size(), entries))
      throw NumericalFailure(
          "the Jacobian is singular, so that its eigenvalues nearest to zero can't be found");
  }
  void perform_op(const double* x, double* y) const {
    std::vector<double> all(system_->size(), 0.0);
    for (std::size_t k = 0; k < rates_.size(); ++k) all[static_cast<std::size_t>(rates_[k])] = x[k];
    lu_.solve(all);
    for (std::size_t k = 0; k < rates_.size(); ++k) y[k] = all[static_cast<std::size_t>(rates_[k])];
  }

 private:
  const System* system_;
  std::vector<Eigen::Index> rates_;
  std::vector<solve::MatrixEntry> entries_;
  solve::SparseLu lu_;
};

std::vector<std::complex<double>> nearest_to_zero(const System& system, const State& state, double time,
                                                  std::size_t count) {
  ShiftedInverse inverse(system, state, time);
  // Not quite zero, so that an eigenvalue of zero does no harm.
  double fastest = 0.0;
  for (const auto& entry : system.jacobian(state, time).compressed())
    if (entry.row == entry.column && system.mass()[entry.row] != 0.0)
      fastest = std::max(fastest, std::abs(entry.value));
  const double shift = 1e-7 * fastest;
  const auto wanted = static_cast<Eigen::Index>(count);
  Spectra::GenEigsRealShiftSolver<ShiftedInverse> solver(
      inverse, wanted, std::min<Eigen::Index>(inverse.rows(), 4 * wanted), shift);
  // The same start every time.
  std::vector<double> start(static_cast<std::size_t>(inverse.rows()));
  for (std::size_t i = 0; i < start.size(); ++i)
    start[i] = 1.0 + 0.3 * std::sin(1.7 * static_cast<double>(i));
  solver.init(start.data());
  solver.compute(Spectra::SortRule::LargestMagn, 500, 1e-10);
  if (solver.info() != Spectra::CompInfo::Successful)
    throw NumericalFailure("the iteration for the leading eigenvalues did not converge");
  const auto found = solver.eigenvalues();
  return {found.data(), found.data() + found.size()};
}

}  // namespace

int Spectrum::unstable() const {
  return static_cast<int>(std::count_if(values.begin(), values.end(),
                                        [&](const auto& value) { return value.real() > tolerance; }));
}

Spectrum spectrum(const System& system, const State& state, double time, std::size_t count) {
  Spectrum found;
  const std::size_t rates = differential(system).size();
  found.whole = system.size() <= most_dense || rates <= 3 * count;
  found.values = found.whole ? all_eigenvalues(system, state, time)
                             : nearest_to_zero(system, state, time, std::min(count, rates / 3));
  std::stable_sort(found.values.begin(), found.values.end(), [](const auto& a, const auto& b) {
    return a.real() != b.real() ? a.real() > b.real() : a.imag() > b.imag();
  });
  for (const auto& value : found.values) found.tolerance = std::max(found.tolerance, zero * std::abs(value));
  return found;
}

}  // namespace holon::analysis

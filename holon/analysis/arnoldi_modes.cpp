#include "holon/analysis/arnoldi_modes.hpp"

#include "holon/base/error.hpp"
#include "holon/solve/sparse_lu.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include <Eigen/Dense>
#include <Spectra/GenEigsRealShiftSolver.h>
#include <Spectra/GenEigsSolver.h>

namespace holon::analysis {

namespace {

constexpr double told = 1e-6;  // how well an eigenvalue has to be known, of its magnitude

/// x -> (J - shift M)^-1 M x on the unknowns that have a rate.
class ShiftedInverse {
 public:
  using Scalar = double;
  ShiftedInverse(const System& system, const State& state, double time) : system_(&system) {
    for (std::size_t i = 0; i < system.size(); ++i)
      if (system.mass()[i] != 0.0) rates_.push_back(i);
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

/// What is known: an orthonormal basis of the modes that were found.
class KnownModes {
 public:
  void add(const Eigen::VectorXcd& mode) {
    for (const Eigen::VectorXd& part : {Eigen::VectorXd(mode.real()), Eigen::VectorXd(mode.imag())}) {
      constexpr double new_part = 1e-8;
      Eigen::VectorXd rest = part;
      take_out(rest);
      if (rest.norm() <= new_part * mode.norm()) continue;
      basis_.conservativeResize(rest.size(), basis_.cols() + 1);
      basis_.rightCols(1) = rest.normalized();
    }
  }
  void take_out(Eigen::Ref<Eigen::VectorXd> x) const {
    for (int pass = 0; pass < 2 && basis_.cols() > 0; ++pass) {
      const Eigen::VectorXd along = basis_.transpose() * x;
      x -= basis_ * along;
    }
  }

 private:
  Eigen::MatrixXd basis_;
};

/// x -> (M - J/s)^-1 (M + J/s) x on the unknowns that have a rate: an eigenvalue lambda becomes
/// (s + lambda)/(s - lambda), which is above 1 in magnitude where the mode grows. Modes that are known are
/// taken out: across the space that they span, the others keep their eigenvalues.
class Cayley {
 public:
  using Scalar = double;
  Cayley(ShiftedInverse& inverse, double s, const KnownModes& known)
      : inverse_(&inverse), s_(s), known_(&known) {
    inverse.set_shift(s);
  }
  Eigen::Index rows() const { return inverse_->rows(); }
  Eigen::Index cols() const { return rows(); }
  void perform_op(const double* x, double* y) const {
    inverse_->perform_op(x, y);
    for (Eigen::Index k = 0; k < rows(); ++k) y[k] = -x[k] - 2.0 * s_ * y[k];
    known_->take_out(Eigen::Map<Eigen::VectorXd>(y, rows()));
  }
  /// The same start every time.
  Eigen::VectorXd start() const {
    Eigen::VectorXd start(rows());
    for (Eigen::Index i = 0; i < rows(); ++i) start[i] = 1.0 + 0.3 * std::sin(1.7 * static_cast<double>(i));
    known_->take_out(start);
    return start;
  }

 private:
  ShiftedInverse* inverse_;
  double s_;
  const KnownModes* known_;
};

/// |A x - value x| / |x|.
template <class Operator>
double residual(const Operator& op, const Eigen::VectorXcd& x, std::complex<double> value) {
  const Eigen::VectorXd real = x.real(), imaginary = x.imag();
  Eigen::VectorXd of_real(x.size()), of_imaginary(x.size());
  op.perform_op(real.data(), of_real.data());
  op.perform_op(imaginary.data(), of_imaginary.data());
  const Eigen::VectorXcd image = of_real + std::complex<double>(0.0, 1.0) * of_imaginary;
  return (image - value * x).norm() / x.norm();
}

/// As many as can be told apart: bands of modes that are about equally near hardly can, whatever it costs.
/// They are known afterwards.
std::vector<std::complex<double>> nearest_to_zero(ShiftedInverse& inverse, std::size_t count,
                                                  KnownModes& known) {
  constexpr Eigen::Index restarts = 40;
  // Not quite zero, so that an eigenvalue of zero does no harm.
  const double shift = 1e-7 * inverse.fastest();
  const auto wanted = static_cast<Eigen::Index>(count);
  Spectra::GenEigsRealShiftSolver<ShiftedInverse> solver(
      inverse, wanted, std::min<Eigen::Index>(inverse.rows(), 4 * wanted), shift);
  solver.init(Cayley(inverse, shift, KnownModes{}).start().data());
  solver.compute(Spectra::SortRule::LargestMagn, restarts, 1e-10);
  const Eigen::VectorXcd values = solver.eigenvalues();
  const Eigen::MatrixXcd modes = solver.eigenvectors();
  std::vector<std::complex<double>> found;
  for (Eigen::Index k = 0; k < values.size(); ++k) {
    const std::complex<double> inverted = 1.0 / (values[k] - shift);
    if (residual(inverse, modes.col(k), inverted) > told * std::abs(inverted)) continue;
    found.push_back(values[k]);
    known.add(modes.col(k));
  }
  return found;
}

constexpr double outside = 1e-6;  // of the unit circle

/// A first look at whether anything lies outside of the unit circle: the Ritz values after a few steps of
/// Arnoldi's method.
bool something_grows(const Cayley& cayley) {
  constexpr Eigen::Index steps = 18;
  const Eigen::Index n = cayley.rows(), m = std::min(n, steps);
  Eigen::MatrixXd basis = Eigen::MatrixXd::Zero(n, m + 1), h = Eigen::MatrixXd::Zero(m + 1, m);
  basis.col(0) = cayley.start().normalized();
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
  const Eigen::EigenSolver<Eigen::MatrixXd> ritz(h.topLeftCorner(k, k), false);
  return ritz.eigenvalues().cwiseAbs().maxCoeff() > 1.0 + outside;
}

/// Whether powers grow for good: Ritz values of an operator whose modes are far from orthogonal lie outside
/// of the circle although none of its eigenvalues does.
bool powers_grow(const Cayley& cayley) {
  constexpr int half = 100;
  constexpr double per_step = 1.005;
  Eigen::VectorXd v = cayley.start().normalized(), next(cayley.rows());
  double growth = 0.0;
  for (int step = 0; step < 2 * half; ++step) {
    cayley.perform_op(v.data(), next.data());
    const double norm = next.norm();
    if (!(norm > 0.0)) return false;
    if (step >= half) growth += std::log(norm);
    v = next / norm;
  }
  return growth > half * std::log(per_step);
}

struct Growing {
  std::vector<std::complex<double>> values;
  bool all = false;
};

/// Modes that grow about as fast as `s`: the largest in Cayley's transform. What grows in a band of many
/// modes lies close together and takes a large space to be told apart. They are known afterwards.
Growing growing_about(ShiftedInverse& inverse, double s, KnownModes& known) {
  constexpr Eigen::Index wanted = 4;
  constexpr double reach = 100.0;  // lambda within these times of s is told well
  constexpr int rounds = 2;
  Cayley cayley(inverse, s, known);
  Growing found;
  for (int round = 0; round < rounds; ++round) {
    found.all = !something_grows(cayley);
    if (found.all) break;
    const std::size_t before = found.values.size();
    // One mode that stands out is told within a small space, a band of them in a large one alone.
    for (const auto& [space, restarts] : {std::pair{28, 4}, std::pair{80, 8}}) {
      Spectra::GenEigsSolver<Cayley> solver(cayley, wanted, std::min<Eigen::Index>(cayley.rows(), space));
      solver.init(cayley.start().data());
      solver.compute(Spectra::SortRule::LargestMagn, restarts, 1e-9);
      const Eigen::VectorXcd values = solver.eigenvalues();
      const Eigen::MatrixXcd modes = solver.eigenvectors();
      std::vector<Eigen::Index> good;
      for (Eigen::Index k = 0; k < values.size(); ++k) {
        if (std::abs(values[k] + 1.0) < 1e-9 || std::abs(values[k]) <= 1.0 + outside) continue;
        const std::complex<double> lambda = s * (values[k] - 1.0) / (values[k] + 1.0);
        if (std::abs(lambda) < s / reach || std::abs(lambda) > s * reach) continue;
        // d lambda / d mu = 2 s / (mu + 1)^2
        const double error = 2.0 * s / std::norm(values[k] + 1.0) * residual(cayley, modes.col(k), values[k]);
        if (error > told * std::abs(lambda)) continue;
        found.values.push_back(lambda);
        good.push_back(k);
      }
      for (const Eigen::Index k : good) known.add(modes.col(k));
      if (values.size() > 0) break;
    }
    if (found.values.size() == before) break;
  }
  return found;
}

}  // namespace

LeadingEigenvalues leading_eigenvalues(const System& system, const State& state, double time,
                                       std::size_t count) {
  ShiftedInverse inverse(system, state, time);
  const double fastest = inverse.fastest();
  KnownModes modes;
  LeadingEigenvalues leading{nearest_to_zero(inverse, count, modes), true};
  double reached = 0.0;
  for (const auto& value : leading.values) reached = std::max(reached, std::abs(value));
  // Many slow modes can stand between zero and a mode that grows.
  constexpr double between = 100.0;
  std::vector<double> open;  // where more seemed to grow than was found
  for (double s = std::max(reached, 1e-9 * fastest); s < 10.0 * fastest; s *= between) {
    const Growing found = growing_about(inverse, s, modes);
    if (!found.all) open.push_back(s);
    leading.values.insert(leading.values.end(), found.values.begin(), found.values.end());
  }
  // It may have been found about another rate.
  const bool grows = std::any_of(leading.values.begin(), leading.values.end(),
                                 [&](const auto& value) { return value.real() > 1e-9 * fastest; });
  leading.counted = std::all_of(open.begin(), open.end(), [&](double s) {
    const Cayley cayley(inverse, s, modes);
    return !something_grows(cayley) || (!grows && !powers_grow(cayley));
  });
  return leading;
}

}  // namespace holon::analysis

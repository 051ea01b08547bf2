#include "holon/solve/krylov.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace holon::solve {

namespace {

/// Modified Gram-Schmidt, and the least squares problem by Givens' rotations as columns come.
class Arnoldi {
 public:
  /// The basis is grown as it is needed, and kept.
  Arnoldi(std::vector<std::vector<double>>& basis, std::size_t most) : basis_(basis), most_(most) {}

  /// Begins with what is left; 0 where that is nothing.
  double begin(std::span<const double> left) {
    const double norm = norm_of(left);
    want(0, left.size());
    for (std::size_t i = 0; i < left.size(); ++i) basis_[0][i] = norm > 0.0 ? left[i] / norm : 0.0;
    steps_ = 0;
    columns_.clear();
    cosine_.clear();
    sine_.clear();
    right_.assign(1, norm);
    return norm;
  }
  std::span<double> last() { return basis_[steps_]; }
  /// Takes the operator's image of last(), which is overwritten. What is left afterwards.
  double take(std::span<double> image) {
    std::vector<double> column(steps_ + 2, 0.0);
    for (std::size_t j = 0; j <= steps_; ++j) {
      double product = 0.0;
      for (std::size_t i = 0; i < image.size(); ++i) product += basis_[j][i] * image[i];
      for (std::size_t i = 0; i < image.size(); ++i) image[i] -= product * basis_[j][i];
      column[j] = product;
    }
    const double norm = norm_of(image);
    column[steps_ + 1] = norm;
    want(steps_ + 1, image.size());
    for (std::size_t i = 0; i < image.size(); ++i) basis_[steps_ + 1][i] = norm > 0.0 ? image[i] / norm : 0.0;
    for (std::size_t j = 0; j < steps_; ++j) {
      const double above = column[j];
      column[j] = cosine_[j] * above + sine_[j] * column[j + 1];
      column[j + 1] = -sine_[j] * above + cosine_[j] * column[j + 1];
    }
    // Rotations have the determinant 1, and all diagonal entries before are positive.
    square_sign_ = column[steps_] > 0.0 ? 1 : column[steps_] < 0.0 ? -1 : 0;
    const double length = std::hypot(column[steps_], norm);
    cosine_.push_back(length > 0.0 ? column[steps_] / length : 1.0);
    sine_.push_back(length > 0.0 ? norm / length : 0.0);
    column[steps_] = length;
    right_.push_back(-sine_.back() * right_[steps_]);
    right_[steps_] *= cosine_.back();
    columns_.push_back(std::move(column));
    ++steps_;
    return std::abs(right_[steps_]);
  }
  bool full() const { return steps_ == most_; }
  /// Of the determinant of the square Hessenberg matrix.
  int sign() const { return square_sign_; }
  void add_solution(std::span<double> x) const {
    std::vector<double> y(right_.begin(), right_.end() - 1);
    for (std::size_t j = steps_; j-- > 0;) {
      for (std::size_t k = j + 1; k < steps_; ++k) y[j] -= columns_[k][j] * y[k];
      y[j] = columns_[j][j] > 0.0 ? y[j] / columns_[j][j] : 0.0;
    }
    for (std::size_t j = 0; j < steps_; ++j)
      for (std::size_t i = 0; i < x.size(); ++i) x[i] += y[j] * basis_[j][i];
  }

 private:
  static double norm_of(std::span<const double> v) {
    double sum = 0.0;
    for (const double value : v) sum += value * value;
    return std::sqrt(sum);
  }
  void want(std::size_t k, std::size_t n) {
    if (k >= basis_.size()) basis_.resize(k + 1);
    basis_[k].resize(n);
  }
  std::vector<std::vector<double>>& basis_;
  std::vector<std::vector<double>> columns_;
  std::vector<double> cosine_, sine_, right_;
  std::size_t most_, steps_ = 0;
  int square_sign_ = 1;
};

}  // namespace

bool Krylov::factor(std::span<const MatrixEntry> entries, std::span<const double> sizes) {
  if (matrix_.fill(entries, sizes)) order_ = narrow_order(Sparsity(sizes.size(), matrix_.places()));
  sizes_.assign(sizes.begin(), sizes.end());
  sign_ = 0;
  return factors_.factor(matrix_, order_, limits_.factors);
}

bool Krylov::solve(std::span<double> b) {
  const std::size_t n = matrix_.size();
  std::vector<double> x(n, 0.0), left(n);
  Arnoldi arnoldi(basis_, std::min(limits_.restart, std::max<std::size_t>(n, 1)));
  double first = 0.0, before = 0.0;
  for (std::size_t steps = 0;;) {
    matrix_.multiply(x, left);
    for (std::size_t i = 0; i < n; ++i) left[i] = b[i] - left[i];
    factors_.solve(left);
    double rest = arnoldi.begin(left);
    if (steps == 0) first = before = rest;
    if (!std::isfinite(rest)) {
      obstacle_ = "its incomplete factors are not numbers";
      return false;
    }
    if (rest <= limits_.tolerance * first) break;
    if (steps > 0 && (rest > limits_.progress * before || steps >= limits_.most)) {
      obstacle_ = fmt::format("GMRES stagnates with {:.2g} of the first residual left after {} iterations",
                              rest / first, steps);
      return false;
    }
    before = rest;
    while (!arnoldi.full() && rest > 0.5 * limits_.tolerance * first) {
      matrix_.multiply(arnoldi.last(), left);
      factors_.solve(left);
      rest = arnoldi.take(left);
      ++steps;
      ++iterations_;
    }
    sign_ = factors_.determinant_sign() * arnoldi.sign();
    arnoldi.add_solution(x);
  }
  for (std::size_t i = 0; i < n; ++i) b[i] = sizes_[i] * x[i];
  return true;
}

std::string Krylov::description() const { return "GMRES with incomplete LU"; }

}  // namespace holon::solve

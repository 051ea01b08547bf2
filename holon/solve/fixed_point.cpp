#include "holon/solve/fixed_point.hpp"

#include "holon/base/error.hpp"

#include <algorithm>
#include <cmath>

namespace holon::solve {

namespace {

constexpr double dependent = 1e-8;  // what is left of a difference after orthogonalisation, relative to it

}  // namespace

FixedPointAcceleration::FixedPointAcceleration(const FixedPointOptions& options, std::vector<double> weights)
    : options_(options),
      weights_(std::move(weights)),
      residual_(weights_.size()),
      former_residual_(weights_.size()),
      former_image_(weights_.size()),
      omega_(options.relaxation) {
  for (double& weight : weights_) weight *= weight;
}

double FixedPointAcceleration::product(std::span<const double> a, std::span<const double> b) const {
  double sum = 0.0;
  for (std::size_t i = 0; i < weights_.size(); ++i) sum += weights_[i] * a[i] * b[i];
  return sum;
}

void FixedPointAcceleration::relax(std::span<double> g, double omega) const {
  for (std::size_t i = 0; i < g.size(); ++i) g[i] += omega * residual_[i];
}

void FixedPointAcceleration::next(std::span<double> g, std::span<const double> image) {
  require(g.size() == weights_.size() && image.size() == g.size(), "an iterate keeps its size");
  for (std::size_t i = 0; i < g.size(); ++i) residual_[i] = image[i] - g[i];
  switch (options_.acceleration) {
    case FixedPointOptions::Acceleration::constant:
      relax(g, omega_);
      break;
    case FixedPointOptions::Acceleration::aitken:
      step_aitken(g);
      break;
    case FixedPointOptions::Acceleration::anderson:
      step_anderson(g, image);
      break;
  }
  former_residual_ = residual_;
  std::copy(image.begin(), image.end(), former_image_.begin());
  first_ = false;
}

void FixedPointAcceleration::step_aitken(std::span<double> g) {
  if (!first_) {
    double along = 0.0, square = 0.0;
    for (std::size_t i = 0; i < g.size(); ++i) {
      const double change = residual_[i] - former_residual_[i];
      along += weights_[i] * former_residual_[i] * change;
      square += weights_[i] * change * change;
    }
    // A residual that did not change says nothing about the map: the factor stays.
    const double omega = -omega_ * along / square;
    if (std::isfinite(omega) && omega != 0.0) omega_ = omega;
  }
  relax(g, omega_);
}

void FixedPointAcceleration::step_anderson(std::span<double> g, std::span<const double> image) {
  if (first_) {
    relax(g, omega_);
    return;
  }
  Difference latest{residual_, std::vector<double>(image.begin(), image.end())};
  for (std::size_t i = 0; i < g.size(); ++i) {
    latest.residual[i] -= former_residual_[i];
    latest.image[i] -= former_image_[i];
  }
  differences_.insert(differences_.begin(), std::move(latest));
  if (differences_.size() > options_.columns) differences_.pop_back();

  // Modified Gram-Schmidt, twice. Images are combined alongside, so that no triangular system is left to
  // solve.
  std::vector<Difference> basis;  // orthonormal residuals, and the images that belong to them
  std::vector<Difference> kept;
  for (Difference& difference : differences_) {
    const double size = std::sqrt(product(difference.residual, difference.residual));
    Difference q = difference;
    for (int pass = 0; pass < 2; ++pass)
      for (const Difference& other : basis) {
        const double share = product(other.residual, q.residual);
        for (std::size_t i = 0; i < g.size(); ++i) {
          q.residual[i] -= share * other.residual[i];
          q.image[i] -= share * other.image[i];
        }
      }
    const double left = std::sqrt(product(q.residual, q.residual));
    if (!(left > dependent * size)) {
      ++dropped_;
      continue;
    }
    for (std::size_t i = 0; i < g.size(); ++i) {
      q.residual[i] /= left;
      q.image[i] /= left;
    }
    basis.push_back(std::move(q));
    kept.push_back(std::move(difference));
  }
  differences_ = std::move(kept);
  if (basis.empty()) {
    relax(g, omega_);
    return;
  }
  std::copy(image.begin(), image.end(), g.begin());
  for (const Difference& q : basis) {
    const double share = product(q.residual, residual_);
    for (std::size_t i = 0; i < g.size(); ++i) g[i] -= share * q.image[i];
  }
}

}  // namespace holon::solve

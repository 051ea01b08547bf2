// Fixed points g = H(g) of maps that are only known by evaluating them: relaxation, Aitken's and Anderson's
// acceleration.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace holon::solve {

/// What turns an iterate and its image into the next iterate. With the residual r = H(g) - g:
///   constant  g + omega r                                                       (omega = 1: plain iteration)
///   aitken    g + omega_k r_k, omega_k = -omega_{k-1} <r_{k-1}, r_k - r_{k-1}> / |r_k - r_{k-1}|^2
///             (Irons & Tuck, Int. J. Numer. Methods Eng. 1, 1969): exact after two evaluations for a scalar
///             linear map
///   anderson  H(g) - sum_j gamma_j (H(g_j) - H(g_{j-1})), gamma minimises |r - sum_j gamma_j (r_j -
///   r_{j-1})|
///             (Anderson, J. ACM 12, 1965; type II). Differences are orthogonalised from the latest on; one
///             that depends on later ones but for a relative 1e-8 is dropped (the filter QR2 of Haelterman et
///             al., Comput. Struct. 171, 2016), so that equal columns do no harm.
/// The first step is relaxed with omega in all three.
struct FixedPointOptions {
  enum class Acceleration { constant, aitken, anderson };
  Acceleration acceleration = Acceleration::anderson;
  double relaxation = 0.5;   ///< omega of the first step (of all steps: constant)
  std::size_t columns = 20;  ///< most differences that anderson looks back on
};

class FixedPointAcceleration {
 public:
  /// `weights` multiply the components in inner products, so that quantities of different units can be added.
  FixedPointAcceleration(const FixedPointOptions& options, std::vector<double> weights);
  /// Replaces the iterate g by the next, given its image H(g).
  void next(std::span<double> g, std::span<const double> image);
  /// Differences that are not looked back on because they depend on others.
  std::size_t dropped() const { return dropped_; }

 private:
  void relax(std::span<double> g, double omega) const;
  void step_aitken(std::span<double> g);
  void step_anderson(std::span<double> g, std::span<const double> image);
  double product(std::span<const double> a, std::span<const double> b) const;

  struct Difference {
    std::vector<double> residual, image;
  };
  FixedPointOptions options_;
  std::vector<double> weights_;  // squared
  std::vector<double> residual_, former_residual_, former_image_;
  std::vector<Difference> differences_;  // the latest first
  double omega_;
  bool first_ = true;
  std::size_t dropped_ = 0;
};

}  // namespace holon::solve

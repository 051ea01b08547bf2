// The exact flow of a semi-discrete diffusion operator with constant coefficients, by its eigenvectors.
#pragma once

#include "holon/space/space.hpp"
#include "holon/transport/axis_stencil.hpp"

#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace holon::transport {

/// u(t + dt) = exp(dt L) u(t) for L = sum_axes D_a d2_a - decay, where every side is closed (zero flux),
/// periodic, or held at zero (order 2). The eigenvectors are cosines, sines or waves, which FFTW's real
/// transforms find: DCT-I on nodes and DCT-II on cells between closed sides, DST-I and DST-II between sides
/// of value zero, the mixed kinds between one of each, real Fourier on periodic axes. The eigenvalue of the
/// wave of angle theta per site is that of the stencil,
///   order 2: -(4 D/h^2) sin^2(theta/2),   order 4: -(D/(12 h^2)) (30 - 32 cos theta + 2 cos 2 theta).
/// The error is that of the transforms, some 1e-15 relative. Plans are estimated, not measured, so that
/// results are the same in every run.
class SpectralFlow {
 public:
  struct Axis {
    Line line;
    int order = 2;
    /// Whether the low and the high side are of given value zero (otherwise closed); both false when
    /// periodic.
    std::array<bool, 2> zero_value{};
  };
  /// Why there is no such flow for these axes; empty if there is.
  static std::string refusal(const std::vector<Axis>& axes);
  explicit SpectralFlow(const std::vector<Axis>& axes);

  /// Factors exp(eigenvalue dt) along each axis for diffusivities D_a; times exp(-decay dt) and the
  /// transforms' normalisation along the first.
  struct Factors {
    double dt = 0.0;
    std::array<std::vector<double>, 3> axis;
  };
  Factors factors(std::span<const double> diffusivity, double decay, double dt) const;
  /// u = exp(dt L) u in place; held nodes are left as they are.
  void advance(std::span<double> u, const Factors& factors) const;

 private:
  struct Mode {
    std::size_t first = 0, count = 1, stride = 1;  ///< sites that take part
    double normalisation = 1.0;                    ///< length of the logical transform
    std::vector<double> angle;                     ///< of each mode
  };
  struct Plans;
  std::vector<Axis> axes_;
  std::array<Mode, 3> modes_;
  std::size_t origin_ = 0;
  std::shared_ptr<const Plans> plans_;
};

}  // namespace holon::transport

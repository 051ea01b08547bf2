// The field of a point source on an unbounded lattice, as the discrete diffusion operator makes it.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace holon {

/// What the field spreads in.
struct DiffusiveMedium {
  int dimensions = 3;
  std::array<double, 3> spacing{1.0, 1.0, 1.0};      ///< of the lattice along each axis [length]
  std::array<double, 3> diffusivity{1.0, 1.0, 1.0};  ///< along each axis [length^2/time]
  double decay = 0.0;                                ///< [1/time]
  bool operator==(const DiffusiveMedium&) const = default;
};

/// G(l) solves  - sum_a D_a (G(l + e_a) - 2 G(l) + G(l - e_a))/h_a^2 + k G(l) = delta_l0 / (h_x h_y h_z):
/// the concentration at site l per amount that site 0 gives off in unit time. By the heat kernel of each
/// axis,
///   G(l) = int_0^inf e^{-k t} prod_a [ e^{-2 D_a t/h_a^2} I_{l_a}(2 D_a t/h_a^2) / h_a ] dt
/// (Montroll & Weiss, J. Math. Phys. 6, 167 (1965)), with Gauss-Legendre panels in t^{1/2} and t^{-1/2}.
///
/// On a line or in a plane the integral diverges without decay: the field of a source has no level. There G
/// is taken relative to that of a source of the size reference_radius() in the continuum (a circle, or a
/// plane of thickness zero): the integrand is reduced by the continuum's heat kernel between such a source
/// and itself. In space nothing is subtracted.
class LatticeGreenFunction {
 public:
  /// For |l_a| <= reach along each axis.
  LatticeGreenFunction(const DiffusiveMedium& medium, int reach);
  double operator()(std::int64_t x, std::int64_t y = 0, std::int64_t z = 0) const;
  int reach() const { return reach_; }
  const DiffusiveMedium& medium() const { return medium_; }
  /// Zero in space and on a line; the geometric mean of the spacings in a plane [length].
  double reference_radius() const { return reference_radius_; }
  /// The mean field on the surface of a sphere (circle, pair of planes) of a radius that gives off a unit
  /// amount in unit time evenly over it, in the continuum outside of it, relative to the same reference:
  ///   1/(4 pi D a (1 + a/lambda)),   ln(r0/a)/(2 pi D),   -a/(2 D),   lambda = (D/k)^{1/2};
  /// with D the geometric mean over the axes.
  double surface_field(double radius) const;

 private:
  double mean_diffusivity() const;
  DiffusiveMedium medium_;
  int reach_;
  double reference_radius_ = 0.0;
  std::size_t side_;
  std::vector<double> table_;
};

/// e^{-z} I_n(z) for n = 0 ... most.
std::vector<double> scaled_bessel_i(double z, int most);

}  // namespace holon

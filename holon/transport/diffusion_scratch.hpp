// What diffusion keeps between steps besides what every transport does: factors of its implicit operators for
// the few step lengths that a splitting asks for.
#pragma once

#include "holon/transport/diffusion.hpp"

namespace holon::transport {

struct Diffusion::DiffusionScratch final : TransportScratch {
  /// Of coefficients that are the same everywhere.
  const GridOperator& axes() const { return static_cast<const GridOperator&>(*op); }
  const DirectionalSweeps& sweeps_for(double c) {
    for (const DirectionalSweeps& known : sweeps)
      if (known.step() == c) return known;
    if (sweeps.size() == remembered) sweeps.erase(sweeps.begin());
    return sweeps.emplace_back(axes(), c);
  }
  const SpectralFlow::Factors& factors_for(const SpectralFlow& flow, std::span<const double> diffusivity,
                                           double dt) {
    for (const SpectralFlow::Factors& known : spectral)
      if (known.dt == dt) return known;
    if (spectral.size() == remembered) spectral.erase(spectral.begin());
    return spectral.emplace_back(flow.factors(diffusivity, op->decay(), dt));
  }
  /// Data of an axis' sides for its sweep of a Douglas step: what the sweeps that follow, along the higher
  /// axes, will still add at the sides is taken off the data at the step's end, half (A_m (g1 - g0)) for each
  /// of them. Without this, data that change with time would cost up to one order (Hundsdorfer & Verwer 2003,
  /// IV.3).
  const SideData& data_for_sweep(int axis, double half);

 private:
  static constexpr std::size_t remembered = 8;
  std::vector<DirectionalSweeps> sweeps;
  std::vector<SpectralFlow::Factors> spectral;
  SideData shifted;
};

}  // namespace holon::transport

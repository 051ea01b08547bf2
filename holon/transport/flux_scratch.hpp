// What diffusion by face fluxes keeps between steps: weights, and factors of sweeps and multigrid for the few
// step lengths that a splitting asks for.
#pragma once

#include "holon/solve/conjugate_gradients.hpp"
#include "holon/solve/grid_multigrid.hpp"
#include "holon/transport/flux_diffusion.hpp"
#include "holon/transport/flux_sweeps.hpp"

#include <list>

namespace holon::transport {

struct FluxDiffusion::FluxScratch final : TransportScratch {
  const FluxOperator& fluxes() const { return static_cast<const FluxOperator&>(*op); }
  const FluxSweeps& sweeps_for(double c);
  /// identity - c L of an operator of one axis.
  const FluxSweeps& line_for(double identity, double c);
  /// Solves (identity - c L) x = b at the free sites inside, from the x given; without data. b and x are zero
  /// at all other sites. `identity` is 1, or 0 for fields at rest. With ranks: at this rank's own sites.
  solve::KrylovReport invert(double identity, double c, std::span<const double> b, std::span<double> x,
                             const solve::KrylovLimits& limits, const Step& step);
  /// Sum of weight * a * b over the free sites inside: of all ranks, the same number on each.
  double inner(std::span<const double> a, std::span<const double> b, const Step& step) const;
  const std::vector<double>& weights();  ///< zero at held sites and outside
  /// Of which the operator was made, where diffusivities follow fields.
  std::array<std::vector<double>, 3> diffusivities;

 private:
  struct Preconditioner {
    double identity, c;
    solve::GridMultigrid multigrid;
  };
  solve::GridMultigrid& multigrid_for(double identity, double c, const Partition* share);
  static constexpr std::size_t remembered = 4;
  std::list<Preconditioner> preconditioners_;
  std::list<FluxSweeps> sweeps_, lines_;
  solve::ConjugateGradients solver_;
  std::vector<double> weights_, weighted_;
};

}  // namespace holon::transport

#include "holon/transport/register.hpp"

#include "holon/modelfile/registry.hpp"
#include "holon/transport/transport_recipe.hpp"
#include "holon/transport/tree_recipe.hpp"

namespace holon {

void register_transport(modelfile::Registry& registry) {
  modelfile::ProcessType diffusion;
  diffusion.name = "diffusion";
  diffusion.documentation =
      "capacity du/dt = div(D grad u) - decay u + source on a grid of one to three axes, each with its own "
      "spacing "
      "and, if wanted, its own D.\n\n"
      "Space: finite volumes of order 2 on nodes or cells (a node on a side stands for half a cell), "
      "conservative to "
      "round-off; or flux differences of order 4, F = D (-u[i+2] + 15 u[i+1] - 15 u[i] + u[i-1]) / (12 h), "
      "with "
      "mirrored values beyond closed sides.\n\n"
      "Time: explicit schemes are limited by a spectral bound of the very stencil (forward Euler and Heun: 2 "
      "divided by "
      "it, which is h^2/(2 d D) on cubes; Runge-Kutta 4: 2.785). `implicit` is of order 2: where nothing "
      "passes the "
      "sides and there is no source, one-dimensional Crank-Nicolson steps one after the other and exact "
      "decay, so that "
      "the content follows exp(-decay t) to round-off; otherwise Douglas' stabilising correction with theta "
      "= 1/2 "
      "(Douglas, Numer. Math. 4, 41 (1962); Hundsdorfer & Verwer, Numerical Solution of Time-Dependent "
      "Advection-Diffusion-Reaction Equations (2003), chapter IV.3), which leaves steady states exact and "
      "keeps order 2 "
      "with data that change in time. Both damp waves that are short for the step slowly: where a start is "
      "not smooth, "
      "take shorter steps or backward_euler. `exact` goes through fast Fourier transforms.\n\n"
      "Coefficients that vary from place to place, fibres off the axes (D = across I + (along - across) f "
      "f^T), "
      "masks and fields at rest: face fluxes of order 2, between two sites by their resistances in series "
      "(where D "
      "depends on the place along its own axis alone: the integral of 1/D, so that layers are exact wherever "
      "they "
      "meet), across the axes by the means of the gradients on both sides, symmetric and conservative. "
      "Explicit "
      "schemes as above, with a bound on the rates from Gershgorin's circles; `implicit` and "
      "`backward_euler` by "
      "directional sweeps along the axes; with fibres off the axes, and for order 2 where data of sides "
      "change with "
      "time, Crank-Nicolson and backward Euler by conjugate gradients with geometric multigrid. `steady`: "
      "the field "
      "is at rest with its sides and sources whenever somebody looks.\n\n"
      "Several fields of one grid (`fields:`) are, to the last bit, what processes of their own would make "
      "of "
      "them, but are stepped together.\n\n"
      "Ledger: decay, source, each side, and what an iterative solver leaves over, from the fluxes that the "
      "scheme took.";
  diffusion.schema = transport::diffusion_schema();
  diffusion.needs_space = false;
  diffusion.recipe = transport::diffusion_recipe;
  registry.add(std::move(diffusion));

  registry.add(transport::cable_type());

  modelfile::ProcessType advection;
  advection.name = "advection";
  advection.documentation =
      "du/dt + div(v u) = 0 on a grid, with a velocity that is the same everywhere.\n\n"
      "Space: first-order upwind fluxes, conservative. Time: forward Euler, order 1, for steps dt with sum "
      "over axes of "
      "|v| dt / h at most 1 (Courant, Friedrichs & Lewy, Math. Ann. 100, 32 (1928)). Values stay positive up "
      "to that "
      "step on cells and periodic axes, and up to half of it where the flow leaves through nodes on a "
      "side.\n\n"
      "Ledger: each side.";
  advection.schema = transport::advection_schema();
  advection.needs_space = false;
  advection.recipe = transport::advection_recipe;
  registry.add(std::move(advection));

  modelfile::ProcessType exchange;
  exchange.name = "exchange";
  exchange.documentation =
      "d(V_k c_k)/dt = sum_i w_ik (s_i - u_i c_k): points i (cells of a population, named points) with "
      "clearance u_i "
      "and secretion s_i exchange with the sites k of a grid by the weights of their kernels.\n\n"
      "All points of all members are solved together and implicitly, site by site: c' = (c + dt S/V)/(1 + dt "
      "K/V) "
      "with K = sum_i w_ik u_i and S = sum_i w_ik s_i, so that values stay positive for any step and any "
      "number of "
      "points in a site, and the order of points, members and threads does not matter. What each point has "
      "taken is "
      "exactly what the sites have lost.\n\n"
      "With a `diffusivity`, points smaller than the grid resolves sense the concentration at their own "
      "surface: "
      "effective clearance u/(1 + u R), R the difference between 1/(4 pi D a) and what the grid shows by its "
      "lattice "
      "Green function.\n\n"
      "Ledger: uptake and secretion of each member, and what points have taken.";
  exchange.schema = transport::exchange_schema();
  exchange.needs_space = false;
  exchange.recipe = transport::exchange_recipe;
  registry.add(std::move(exchange));
}

}  // namespace holon

// What a process of type diffusion is told, and what is wrong with it.
#pragma once

#include "holon/transport/fibre_conduction.hpp"
#include "holon/transport/grid_transport.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace holon::transport {

enum class DiffusionIntegrator {
  automatic,
  heun,
  forward_euler,
  rk4,
  implicit,
  backward_euler,
  exact,
  steady  ///< the field is at rest with its sides and sources at every time: determined, not advanced
};
DiffusionIntegrator diffusion_integrator(std::string_view option);  ///< "auto", "explicit", ...
bool is_explicit(DiffusionIntegrator integrator);
ExplicitScheme explicit_scheme(DiffusionIntegrator integrator);  ///< of one that is explicit

struct DiffusionOptions {
  FieldId field = 0;
  std::vector<Coefficient> diffusivity;   ///< one, or one per axis; of the flux: capacity [length^2/time]
  std::optional<FibreConduction> fibres;  ///< instead of `diffusivity`
  Coefficient capacity = Coefficient(1.0);
  Dimension capacity_dimension;
  Coefficient decay = Coefficient(0.0);   ///< [capacity/time]
  Coefficient source = Coefficient(0.0);  ///< [capacity field/time]
  std::optional<Coefficient> where;       ///< inside where it is not zero
  Sides sides;
  std::vector<TraceField> traces;  ///< of the field at its sides, which the process determines
  int order = 2;
  DiffusionIntegrator integrator = DiffusionIntegrator::automatic;
  double step = 0.0;  ///< the model's macro step, by which `automatic` chooses; 0 if unknown
};

/// Whether these options need the operator of face fluxes (flux_operator.hpp): coefficients that vary from
/// place to place, fibres off the axes, a mask, a field at rest, or a space whose intervals or faces differ.
bool needs_face_fluxes(const DiffusionOptions& options, const Space& space);
/// Everything wrong with the options that can be said without evaluating anything, all at once.
std::vector<OptionFault> diffusion_faults(const DiffusionOptions& options, const Field& field,
                                          const FieldTable& fields);

/// The capacity that these options give to their field; null where it is the number 1.
std::shared_ptr<const Capacity> capacity_of(const DiffusionOptions& options, const std::string& process,
                                            const Model& model);

/// The largest step of an explicit integrator with an operator: stable, and where the field must stay
/// positive, positive. Infinity for all others.
double explicit_limit(const TransportOperator& op, DiffusionIntegrator integrator, bool positive);
/// Whether anything may pass a side, whatever its datum.
bool is_zero_flux(const SideCondition& side);

}  // namespace holon::transport

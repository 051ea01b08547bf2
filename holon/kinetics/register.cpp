#include "holon/kinetics/register.hpp"

#include "holon/kinetics/cvode_integrator.hpp"

namespace holon {

// The process type itself is registered by the module `pointwise`, which offers a place for integrators like
// this.
void register_kinetics(modelfile::Registry&) { pointwise::install(kinetics::cvode_integrator()); }

}  // namespace holon

// Integrators that own a whole system, step size and history included (CVODE of SUNDIALS, supplied by the
// module `kinetics`). They are installed by name before models are read.
#pragma once

#include "holon/pointwise/derivative_kernels.hpp"
#include "holon/pointwise/stepper.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace holon::pointwise {

/// One integrator of one process. Immutable; what it remembers between calls is in the Workspace's scratch,
/// and what a resumed run needs is in the fields that it asked for.
class SystemIntegrator {
 public:
  virtual ~SystemIntegrator() = default;
  /// Moves the states over the interval of the call's pieces. `macro_step` tells which interval it is.
  virtual std::optional<SiteFailure> advance(AdvanceCall& call, const Interval& interval) const = 0;
  virtual std::vector<std::string> description() const { return {}; }
};

/// A field that the integrator wants to have, on the space of the process: "NAME" becomes PROCESS:NAME.
struct IntegratorField {
  std::string name;
  bool per_state = false;  ///< one for each state, named NAME_STATE
};

struct SystemIntegratorType {
  std::string name;
  std::string documentation;
  std::vector<IntegratorField> fields;
  /// `fields` are in the order of the declaration above, those per state expanded.
  std::unique_ptr<SystemIntegrator> (*make)(const KernelFactory& factory,
                                            const DerivativeKernels& derivatives, const StepOptions& options,
                                            std::vector<FieldId> fields) = nullptr;
};

/// Installing the same name again replaces it.
void install(SystemIntegratorType type);
const SystemIntegratorType* find_system_integrator(std::string_view name);

}  // namespace holon::pointwise

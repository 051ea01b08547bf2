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

struct SystemIntegratorType {
  std::string name;
  std::string documentation;
  /// What it keeps in the State at each site: so many numbers, and one for each state; they become the
  /// components of a field PROCESS:memory, which nobody else looks at.
  int numbers_kept = 0;
  bool keeps_states = false;
  std::unique_ptr<SystemIntegrator> (*make)(const KernelFactory& factory,
                                            const DerivativeKernels& derivatives,
                                            const StepOptions& options) = nullptr;
};

/// Installing the same name again replaces it.
void install(SystemIntegratorType type);
const SystemIntegratorType* find_system_integrator(std::string_view name);

}  // namespace holon::pointwise

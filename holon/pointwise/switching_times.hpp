// The times inside an interval at which the equations of a system switch with time alone, for whatever values
// the run-time parameters have.
#pragma once

#include "holon/expr/breakpoints.hpp"
#include "holon/pointwise/kinetics_system.hpp"
#include "holon/pointwise/stepper.hpp"

#include <memory>
#include <mutex>
#include <vector>

namespace holon::pointwise {

class SwitchingTimes {
 public:
  explicit SwitchingTimes(const KernelFactory& factory);
  /// [t0, t1] cut at the switching times; those within round-off of an end are left out.
  std::vector<Piece> pieces(const State& state, double t0, double t1) const;
  Surroundings surroundings(const State& state, double t0, double t1) const;

 private:
  std::shared_ptr<const expr::Breakpoints> breakpoints(const State& state) const;
  std::shared_ptr<const expr::Breakpoints> make(const std::function<double(ParameterId)>& value) const;

  const KernelFactory& factory_;
  std::vector<ParameterId> used_;
  std::shared_ptr<const expr::Breakpoints> of_model_;
  mutable std::mutex mutex_;
  mutable std::vector<double> last_values_;  // of parameters set at run time, and what they gave
  mutable std::shared_ptr<const expr::Breakpoints> last_;
};

}  // namespace holon::pointwise

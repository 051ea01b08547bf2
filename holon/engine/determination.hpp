// Which processes have to determine fields before somebody looks at them.
#pragma once

#include "holon/engine/process.hpp"
#include "holon/engine/schedule.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace holon {

/// A determined field follows from the present state, so it is computed when somebody is about to read it and
/// not after every step. Processes are called so that what one of them reads was determined before.
class Determination {
 public:
  Determination() = default;
  /// Throws InputError where two processes determine one field or fields depend on each other in a circle.
  /// `solved`: processes whose fields are solved for together with others in the steps of the schedule, so
  /// that they stand in the State like fields that are advanced.
  Determination(const std::vector<std::unique_ptr<Process>>& processes, const FieldTable& fields,
                std::vector<ProcessId> solved = {});

  /// The processes to call, in order, before the fields that `reads` names are read.
  std::vector<ProcessId> before(const std::function<bool(FieldId)>& reads) const;
  /// Before a process advances or states its rate.
  std::vector<ProcessId> before(const Process& process) const;
  /// All of them.
  const std::vector<ProcessId>& order() const { return order_; }
  const std::vector<ProcessId>& solved() const { return solved_; }

 private:
  struct Determiner {
    ProcessId process = 0;
    std::vector<FieldId> determines;
    std::vector<ProcessId> needs;  ///< determiners of what it reads, in order, itself last
  };
  const Determiner* find(ProcessId process) const;

  std::vector<Determiner> determiners_;
  std::vector<ProcessId> order_, solved_;
};

}  // namespace holon

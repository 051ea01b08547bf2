// A process whose rates at a site depend on that site alone can state its Jacobian there.
#pragma once

#include "holon/engine/state.hpp"

#include <vector>

namespace holon {

/// Beside Process: equations at every site. Time scales, fast and slow directions and quasi-steady states of
/// such a process are those of one small matrix per site.
class SiteRates {
 public:
  virtual ~SiteRates() = default;
  struct Entry {
    FieldId row = 0, column = 0;
    double value = 0.0;  ///< d (rate of row) / d column [unit of row per unit of column and coherent time]
  };
  /// The entries that may differ from 0. Columns may be fields that the process only reads.
  virtual std::vector<Entry> jacobian_at(const State& state, double time, std::size_t site) const = 0;
};

}  // namespace holon

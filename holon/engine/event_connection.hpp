// Connections: ways that events take from processes that emit them to processes that receive them.
#pragma once

#include "holon/base/error.hpp"
#include "holon/engine/coefficient.hpp"
#include "holon/space/field.hpp"
#include "holon/space/network.hpp"

#include <memory>
#include <string>

namespace holon {

/// Every event on the channel `from` at time t arrives on the channel `to` at t + delay with a weight.
struct EventConnection {
  /// Which sites an event reaches: the same one; all others (where both channels live on one space, else
  /// all); or those at the ends of the edges that leave its node.
  enum class Paths { one_to_one, all_to_all, edges };
  std::string name;
  FieldId from = 0, to = 0;  ///< channels
  Paths paths = Paths::one_to_one;
  std::shared_ptr<const EdgeSpace> edges;  ///< of paths along edges
  /// Coherent, and in the unit of the channel that receives; along edges they may differ from edge to edge
  /// and depend on fields there, else they are the same for all sites.
  Coefficient delay, weight;
  Place place;
};

}  // namespace holon

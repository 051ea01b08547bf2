// Events between processes as a part of a State: what has happened, and what is on its way.
#pragma once

#include "holon/space/field.hpp"

#include <cstddef>
#include <vector>

namespace holon {

class Archive;

/// An event on a channel. A channel is a field: of a process that emits an integer one, which counts the
/// events of each site; of one that receives a real one, which adds up the weights that arrived.
struct Event {
  double time = 0.0;  ///< coherent: when it happens, or arrives
  FieldId channel = 0;
  std::size_t site = 0;
  double weight = 1.0;  ///< in the unit of the channel that receives it
  FieldId source = 0;   ///< the channel and site that emitted it
  std::size_t source_site = 0;
  bool operator==(const Event&) const = default;
};

/// The order in which events take effect: by time; at one instant by channel, site and what emitted them.
bool earlier(const Event& a, const Event& b);

struct EventQueue {
  std::vector<Event> pending;   ///< on their way, in order
  std::vector<Event> happened;  ///< in the present macro step, in order
  void write(Archive& archive) const;
  void read(const Archive& archive);
};

/// Values of a field at past times, as far back as somebody looks.
struct DelayLine {
  std::vector<double> times;                ///< coherent, increasing
  std::vector<std::vector<double>> values;  ///< per time, one per site
};
void write(const std::vector<DelayLine>& lines, Archive& archive);
void read(std::vector<DelayLine>& lines, const Archive& archive);

}  // namespace holon

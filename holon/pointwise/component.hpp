// A component: equations in published form, with the units of time and of everything that goes in or out. It
// stands in a file of its own (a cell model) or in the process that uses it.
//
//   units: {time: ms, V: mV, m: 1, g_Na: nS/pF, stimulus: uA/uF}   time and every state, parameter, input,
//   output states: {V: -85.23, m: 0.00172}          values at the start, numbers in those units or quantities
//   parameters: {g_Na: 14.838}               run-time parameters
//   inputs: {stimulus: 0}                    values where nothing is connected
//   outputs: [I_Na]                          named intermediates that others may see
//   equations: |
//     V' = -(I_Na + stimulus)
//   events:                                  where a condition crosses zero, states take new values at once
//     spike: {when: V - V_threshold, direction: rising, then: {V: V_reset, w: w + b}, priority: 0}
//   on:                                      the same where an event of that name arrives with its `weight`
//     kick: {g: g + weight}
#pragma once

#include "holon/modelfile/section.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace holon::pointwise {

/// What goes in or out of a component.
struct ComponentPort {
  std::string name;
  Unit unit;
  std::optional<modelfile::Document::Value> value;  ///< as the component states it
  std::string path;                                 ///< key path of that value
};

/// States that take new values at once, over the values before.
struct ComponentJump {
  std::string name;
  Place place;
  std::string path;
  struct Assignment {
    std::size_t state = 0;
    expr::Node value;  ///< in the state's unit
  };
  std::vector<Assignment> then;
  // Of an event:
  expr::Node when;
  std::string direction = "rising";
  int priority = 0;
  // Of what arrives:
  Unit weight;  ///< of the symbol `weight`
};

struct Component {
  Unit time;
  std::optional<Unit> position;  ///< given where the equations use position.x
  std::vector<ComponentPort> states, parameters, inputs, outputs;  ///< states in order of their rates
  std::vector<ComponentJump> events, receivers;
  std::shared_ptr<expr::Graph> graph;
  expr::Component equations;  ///< symbols: names of states, parameters and inputs, time, position.x/y/z
};

/// Reads the component of a process from its options `equations`, `units`, `states`, `parameters`, `inputs`,
/// `outputs` and `initial`. Mistakes are reported to the section's loader; nothing is returned then.
std::optional<Component> read_component(const modelfile::Section& process);

}  // namespace holon::pointwise

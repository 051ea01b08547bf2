// Exponential integrators with one scalar exponential per state.
#include "holon/pointwise/integrators/integrator.hpp"
#include "holon/pointwise/own_linear.hpp"

#include <algorithm>

namespace holon::pointwise {

namespace {

OdeSystem with_dt(const OdeSystem& system, double fraction) {
  OdeSystem result = system;
  result.dt = system.graph->multiply(system.graph->constant(fraction), system.dt);
  return result;
}

Step first_order(const OdeSystem& system, const std::vector<std::optional<OwnLinear>>& parts) {
  Graph& g = *system.graph;
  Step step;
  for (std::size_t i = 0; i < system.size(); ++i) {
    const Node x = system.states[i], rate = system.rates[i];
    if (parts[i]) step.exponential.push_back(i);
    step.states.push_back(parts[i] ? exact_step(g, x, rate, *parts[i], system.dt)
                                   : g.add(x, g.multiply(system.dt, rate)));
  }
  return step;
}

// d rate_i / d state_i of every state.
std::vector<Node> own_slopes(const OdeSystem& system) {
  std::vector<Node> slopes;
  for (std::size_t i = 0; i < system.size(); ++i) {
    slopes.push_back(derivative(*system.graph, system.rates[i], system.states[i]));
  }
  return slopes;
}

Step generalised_first_order(const OdeSystem& system, const std::vector<Node>& slopes) {
  Step step;
  for (std::size_t i = 0; i < system.size(); ++i) {
    step.states.push_back(
        exponential_step(*system.graph, system.states[i], system.rates[i], slopes[i], system.dt));
    if (!system.graph->is_constant(slopes[i], 0.0)) step.exponential.push_back(i);
  }
  return step;
}

}  // namespace

Step rush_larsen(const OdeSystem& system) { return first_order(system, own_linear_states(system)); }

Step rush_larsen_2(const OdeSystem& system) {
  Graph& g = *system.graph;
  const auto parts = own_linear_states(system);
  Step step = first_order(with_dt(system, 0.5), parts);
  const std::vector<Node> middle = step.states;
  // A, x_inf and the other states' rates, all at the middle.
  std::vector<Node> coefficients;
  for (std::size_t i = 0; i < system.size(); ++i) {
    coefficients.push_back(parts[i] ? parts[i]->slope : system.rates[i]);
    if (parts[i] && parts[i]->rest) coefficients.push_back(*parts[i]->rest);
  }
  const std::vector<Node> at_middle = nodes_at(system, coefficients, middle, 0.5);
  std::size_t next = 0;
  for (std::size_t i = 0; i < system.size(); ++i) {
    const Node x = system.states[i], first = at_middle[next++];
    if (!parts[i]) {
      step.states[i] = g.add(x, g.multiply(system.dt, first));
      continue;
    }
    OwnLinear held{first, {}};
    Node rate = x;
    if (parts[i]->rest) {
      held.rest = at_middle[next++];
    } else {  // the rate with the other states at the middle and its own where it starts
      std::vector<Node> values = middle;
      values[i] = x;
      const std::vector<Node> own{system.rates[i]};
      rate = nodes_at(system, own, values, 0.5)[0];
    }
    step.states[i] = exact_step(g, x, rate, held, system.dt);
  }
  return step;
}

Step generalised_rush_larsen(const OdeSystem& system) {
  return generalised_first_order(system, own_slopes(system));
}

Step generalised_rush_larsen_2(const OdeSystem& system) {
  Graph& g = *system.graph;
  const std::vector<Node> slopes = own_slopes(system);
  Step step = generalised_first_order(with_dt(system, 0.5), slopes);
  const std::vector<Node> middle = step.states;
  const std::vector<Node> rates = rates_at(system, middle, 0.5);
  const std::vector<Node> slopes_at_middle = nodes_at(system, slopes, middle, 0.5);
  for (std::size_t i = 0; i < system.size(); ++i) {
    const Node x = system.states[i];
    const Node rate = g.add(rates[i], g.multiply(slopes_at_middle[i], g.subtract(x, middle[i])));
    step.states[i] = exponential_step(g, x, rate, slopes_at_middle[i], system.dt);
  }
  return step;
}

}  // namespace holon::pointwise

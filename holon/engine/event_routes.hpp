// Event routes: what happens to events between the process that emits them and those that receive them.
#pragma once

#include "holon/base/parallel.hpp"
#include "holon/engine/event_connection.hpp"
#include "holon/engine/site_kernel.hpp"
#include "holon/engine/state.hpp"
#include "holon/expr/kernel.hpp"

#include <vector>

namespace holon {

class EventRoutes {
 public:
  EventRoutes(const std::vector<EventConnection>& connections, const FieldTable& fields,
              const ParameterTable& parameters, const expr::KernelOptions& options);

  /// Puts everything that follows from the events that happened since there were `known` of them on its way,
  /// with the delays and weights of the present state. Throws NumericalFailure for a delay that is negative
  /// or not finite, and for a weight that is not finite.
  void send(State& state, std::size_t known, ThreadPool& threads) const;

  /// The smallest delay of a connection in a state; infinity where nothing is connected. Throws like send().
  double least_delay(const State& state, std::size_t connection, ThreadPool& threads) const;

 private:
  struct Route {
    const EventConnection* connection;
    std::shared_ptr<const Space> along;
    CoefficientKernel delay, weight;
    std::size_t to_sites;
    bool same_space;
  };
  std::vector<double> values(const Route& route, const CoefficientKernel& kernel, const State& state,
                             double time, ThreadPool& threads) const;
  std::vector<double> delays(const Route& route, const State& state, double time, ThreadPool& threads) const;
  std::vector<Route> routes_;
};

}  // namespace holon

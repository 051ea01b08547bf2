#include "holon/engine/event_routes.hpp"

#include "holon/base/error.hpp"
#include "holon/base/unit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace holon {

namespace {

/// A delay that the model states; of one that comes about later a failure of the run speaks.
[[noreturn]] void refuse_delay(const EventConnection& connection, const std::string& path, double delay) {
  throw InputError(Diagnostic{
      .place = connection.place,
      .path = "connections." + connection.name + ".delay",
      .message = fmt::format("the delay{} is {} (in seconds, or a plain number)", path, number_text(delay)),
      .expected = "a time that is finite and not below 0"});
}

}  // namespace

EventRoutes::EventRoutes(const std::vector<EventConnection>& connections, const FieldTable& fields,
                         const ParameterTable& parameters, const expr::KernelOptions& options) {
  for (const EventConnection& connection : connections) {
    std::shared_ptr<const Space> along = connection.edges;
    if (!along) along = std::make_shared<PointSpace>("connection " + connection.name);
    const Space& from = *fields[connection.from].space;
    const Space& to = *fields[connection.to].space;
    routes_.push_back(
        {&connection, along,
         CoefficientKernel(connection.name + " delay", connection.delay, along, fields, parameters, options),
         CoefficientKernel(connection.name + " weight", connection.weight, along, fields, parameters,
                           options),
         to.sites(), &from == &to});
  }
}

std::vector<double> EventRoutes::values(const Route& route, const CoefficientKernel& kernel,
                                        const State& state, double time, ThreadPool& threads) const {
  std::vector<double> values(route.along->sites());
  kernel.evaluate(state, time, values, threads);
  return values;
}

std::vector<double> EventRoutes::delays(const Route& route, const State& state, double time,
                                        ThreadPool& threads) const {
  std::vector<double> delays = values(route, route.delay, state, time, threads);
  for (std::size_t path = 0; path < delays.size(); ++path)
    if (!(delays[path] >= 0.0) || !std::isfinite(delays[path]))
      throw NumericalFailure(fmt::format("connection '{}': the delay of {} is {}", route.connection->name,
                                         route.along->site_text(path), number_text(delays[path])));
  return delays;
}

double EventRoutes::least_delay(const State& state, std::size_t connection, ThreadPool& threads) const {
  const Route& route = routes_[connection];
  const std::vector<double> delays = values(route, route.delay, state, 0.0, threads);
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t path = 0; path < delays.size(); ++path) {
    if (!(delays[path] >= 0.0) || !std::isfinite(delays[path]))
      refuse_delay(*route.connection, route.connection->edges ? " of " + route.along->site_text(path) : "",
                   delays[path]);
    least = std::min(least, delays[path]);
  }
  return least;
}

void EventRoutes::send(State& state, std::size_t known, ThreadPool& threads) const {
  if (state.events.happened.size() == known) return;
  std::vector<Event> sent;
  for (const Route& route : routes_) {
    const EventConnection& connection = *route.connection;
    std::vector<double> delays, weights;  // made at the first event that takes this way
    for (std::size_t e = known; e < state.events.happened.size(); ++e) {
      const Event& event = state.events.happened[e];
      if (event.channel != connection.from) continue;
      if (delays.empty()) {
        delays = this->delays(route, state, event.time, threads);
        weights = values(route, route.weight, state, event.time, threads);
      }
      const auto send = [&](std::size_t path, std::size_t to) {
        if (!std::isfinite(weights[path]))
          throw NumericalFailure(fmt::format("connection '{}': the weight of {} is {}", connection.name,
                                             route.along->site_text(path), number_text(weights[path])));
        sent.push_back(
            {event.time + delays[path], connection.to, to, weights[path], event.channel, event.site});
      };
      switch (connection.paths) {
        case EventConnection::Paths::one_to_one:
          send(0, event.site);
          break;
        case EventConnection::Paths::all_to_all:
          for (std::size_t to = 0; to < route.to_sites; ++to)
            if (!route.same_space || to != event.site) send(0, to);
          break;
        case EventConnection::Paths::edges:
          for (const std::uint32_t edge : connection.edges->network()->leaving(event.site))
            send(edge, connection.edges->network()->edges()[edge].to);
          break;
      }
    }
  }
  if (sent.empty()) return;
  std::sort(sent.begin(), sent.end(), earlier);
  std::vector<Event>& pending = state.events.pending;
  const auto middle = static_cast<std::ptrdiff_t>(pending.size());
  pending.insert(pending.end(), sent.begin(), sent.end());
  std::inplace_merge(pending.begin(), pending.begin() + middle, pending.end(), earlier);
}

}  // namespace holon

#include "holon/pointwise/switching_times.hpp"

#include <limits>
#include <string_view>

namespace holon::pointwise {

namespace {

constexpr std::string_view parameter_prefix = "parameter:";
constexpr double negligible = 1e-9;  // of an interval

}  // namespace

SwitchingTimes::SwitchingTimes(const KernelFactory& factory) : factory_(factory) {
  const KineticsSystem& system = factory.system();
  for (Node n : free_symbols(*system.graph, system.rates)) {
    const std::string& name = system.graph->symbol_name(n);
    if (name.starts_with(parameter_prefix)) {
      used_.push_back(system.parameters->id(name.substr(parameter_prefix.size())));
    }
  }
  of_model_ = make([&](ParameterId id) { return (*system.parameters)[id].value; });
}

std::shared_ptr<const expr::Breakpoints> SwitchingTimes::make(
    const std::function<double(ParameterId)>& value) const {
  const KineticsSystem& system = factory_.system();
  const auto number = [&](std::string_view symbol) -> std::optional<double> {
    if (!symbol.starts_with(parameter_prefix)) return std::nullopt;
    return value(system.parameters->id(symbol.substr(parameter_prefix.size())));
  };
  std::shared_ptr<const expr::Breakpoints> result;
  factory_.inspect([&](const KernelFactory::Equations& equations) {
    result =
        std::make_shared<const expr::Breakpoints>(*system.graph, system.rates, equations.ode.time, number);
  });
  return result;
}

std::shared_ptr<const expr::Breakpoints> SwitchingTimes::breakpoints(const State& state) const {
  if (factory_.binding(state) == ParameterBinding::constants) return of_model_;
  std::vector<double> values;
  for (ParameterId id : used_) values.push_back(state.parameter(id));
  const std::scoped_lock lock(mutex_);
  if (!last_ || values != last_values_) {
    last_ = make([&](ParameterId id) { return state.parameter(id); });
    last_values_ = std::move(values);
  }
  return last_;
}

std::vector<Piece> SwitchingTimes::pieces(const State& state, double t0, double t1) const {
  std::vector<Piece> result{{t0, t1}};
  const auto times = breakpoints(state);
  if (times->empty()) return result;
  const double margin = negligible * (t1 - t0);
  for (double t = times->next_after(t0); t < t1 - margin; t = times->next_after(t)) {
    if (t <= result.back().begin + margin) continue;
    result.back().end = t;
    result.push_back({t, t1});
  }
  return result;
}

Surroundings SwitchingTimes::surroundings(const State& state, double t0, double t1) const {
  Surroundings result;
  const auto times = breakpoints(state);
  if (times->empty()) return result;
  const double margin = negligible * (t1 - t0);
  result.begins_with_switch = times->next_after(t0 - margin) <= t0 + margin;
  result.next = times->next_after(t1 - margin);
  return result;
}

}  // namespace holon::pointwise

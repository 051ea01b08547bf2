#include "holon/pointwise/kinetics_system.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>

namespace holon::pointwise {

std::vector<FieldId> fields_in(const Graph& graph, std::span<const Node> nodes, const FieldTable& fields) {
  constexpr std::string_view prefix = "field:";
  std::set<FieldId> found;
  for (const Node n : free_symbols(graph, nodes)) {
    const std::string& symbol = graph.symbol_name(n);
    if (!symbol.starts_with(prefix)) continue;
    std::string name = symbol.substr(prefix.size());
    if (name.ends_with(']')) name.resize(name.rfind('['));
    found.insert(fields.id(name));
  }
  return {found.begin(), found.end()};
}

KernelFactory::KernelFactory(KineticsSystem system) : system_(std::move(system)) {
  Graph& g = *system_.graph;
  OdeSystem& ode = with_uniforms_;
  ode.graph = &g;
  for (FieldId field : system_.states) ode.states.push_back(g.symbol(field_symbol(field)));
  ode.rates = system_.rates;
  ode.time = g.symbol("time");
  ode.dt = g.symbol("dt");
  ode.time_per_dt = system_.time_unit;

  std::vector<Node> roots = system_.rates;
  for (const auto& output : system_.outputs) roots.push_back(output.value);
  const auto outputs_end = static_cast<std::ptrdiff_t>(roots.size());
  for (const auto& event : system_.events) {
    roots.push_back(event.when);
    for (const auto& assignment : event.then) roots.push_back(assignment.value);
  }
  for (const auto& receiver : system_.receivers)
    for (const auto& assignment : receiver.then) roots.push_back(assignment.value);
  constexpr std::string_view prefix = "parameter:";
  std::unordered_map<std::uint32_t, Node> values;
  for (Node n : free_symbols(g, roots)) {
    const std::string& name = g.symbol_name(n);
    if (!name.starts_with(prefix)) continue;
    const ParameterId id = system_.parameters->id(name.substr(prefix.size()));
    used_.push_back(id);
    values[n.id] = g.constant((*system_.parameters)[id].value);
  }
  const std::vector<Node> folded = substitute(g, roots, values);
  const auto rates_end = static_cast<std::ptrdiff_t>(system_.rates.size());
  with_constants_ = ode;
  with_constants_.rates.assign(folded.begin(), folded.begin() + rates_end);
  outputs_with_uniforms_.assign(roots.begin() + rates_end, roots.begin() + outputs_end);
  outputs_with_constants_.assign(folded.begin() + rates_end, folded.begin() + outputs_end);
  jumps_with_uniforms_.assign(roots.begin() + outputs_end, roots.end());
  jumps_with_constants_.assign(folded.begin() + outputs_end, folded.end());
}

ParameterBinding KernelFactory::binding(const State& state) const {
  const bool unchanged = std::all_of(used_.begin(), used_.end(), [&](ParameterId id) {
    return state.parameter(id) == (*system_.parameters)[id].value;
  });
  return unchanged ? ParameterBinding::constants : ParameterBinding::uniforms;
}

void KernelFactory::inspect(const std::function<void(const Equations&)>& look) const {
  const std::scoped_lock lock(graph_);
  look({with_constants_, outputs_with_constants_, jumps_with_constants_});
}

SiteKernel KernelFactory::make(const std::string& purpose, ParameterBinding binding, const Extras& extras,
                               const Build& build) const {
  const std::scoped_lock lock(graph_);
  const bool constants = binding == ParameterBinding::constants;
  SiteKernel::Source source;
  source.name = system_.name + " " + purpose;
  source.graph = system_.graph.get();
  source.outputs = build({constants ? with_constants_ : with_uniforms_,
                          constants ? outputs_with_constants_ : outputs_with_uniforms_,
                          constants ? jumps_with_constants_ : jumps_with_uniforms_});
  for (const auto& column : system_.columns) source.columns.push_back(column.name);
  if (!system_.driven.empty()) source.uniforms = {"driven begin", "driven length"};
  for (const auto& driven : system_.driven)
    for (int power = 0; power < 4; ++power)
      (driven.uniform ? source.uniforms : source.columns)
          .push_back("driven " + driven.symbol + " " + std::to_string(power));
  source.columns.insert(source.columns.end(), extras.columns.begin(), extras.columns.end());
  source.uniforms.insert(source.uniforms.end(), extras.uniforms.begin(), extras.uniforms.end());
  expr::KernelOptions options = system_.options;
  if (extras.tier) options.tier = *extras.tier;
  return SiteKernel(source, system_.space, *system_.fields, *system_.parameters, options);
}

std::vector<const double*> KernelFactory::columns() const {
  std::vector<const double*> result;
  for (const auto& column : system_.columns) result.push_back(column.values->data());
  return result;
}

std::string KernelFactory::field_symbol(FieldId field) const {
  return "field:" + (*system_.fields)[field].name;
}

const SiteKernel& LazyKernel::get(ParameterBinding binding) const {
  const auto slot = static_cast<std::size_t>(binding);
  std::call_once(made_[slot], [&] { kernel_[slot] = build_(binding); });
  return kernel_[slot];
}

}  // namespace holon::pointwise

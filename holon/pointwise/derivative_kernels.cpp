#include "holon/pointwise/derivative_kernels.hpp"

#include "holon/base/error.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace holon::pointwise {

namespace {

std::string direction(std::size_t i) { return "direction" + std::to_string(i); }

std::vector<std::string> directions(std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back(direction(i));
  return names;
}

std::vector<Node> direction_nodes(Graph& g, std::size_t count) {
  std::vector<Node> nodes;
  for (std::size_t i = 0; i < count; ++i) nodes.push_back(g.symbol("column:" + direction(i)));
  return nodes;
}

}  // namespace

struct DerivativeKernels::Table {
  std::size_t sites = 0;
  std::vector<double> values;
  double operator()(std::size_t row, std::size_t site) const { return values[row * sites + site]; }
  std::span<const double> row(std::size_t row) const { return std::span(values).subspan(row * sites, sites); }
};

DerivativeKernels::DerivativeKernels(const KernelFactory& factory, Of of)
    : factory_(factory),
      of_(of),
      value_([this](ParameterBinding binding) {
        return factory_.make("values", binding, {},
                             [this](const KernelFactory::Equations& e) { return nodes(e); });
      }),
      jvp_([this](ParameterBinding binding) {
        return factory_.make("Jacobian times vector", binding, {directions(variables_.size()), {}, {}},
                             [this](const KernelFactory::Equations& e) {
                               Graph& g = *e.ode.graph;
                               return jacobian_vector(g, nodes(e), variable_nodes(),
                                                      direction_nodes(g, variables_.size()));
                             });
      }),
      vjp_([this](ParameterBinding binding) {
        return factory_.make("transposed Jacobian times vector", binding, {directions(rows_.size()), {}, {}},
                             [this](const KernelFactory::Equations& e) {
                               Graph& g = *e.ode.graph;
                               return vector_jacobian(g, nodes(e), direction_nodes(g, rows_.size()),
                                                      variable_nodes());
                             });
      }),
      jacobian_([this](ParameterBinding binding) {
        return factory_.make("Jacobian", binding, {},
                             [this](const KernelFactory::Equations& e) { return entries(e); });
      }),
      jacobian_of_a_site_([this](ParameterBinding binding) {
        return factory_.make("Jacobian of a site", binding, {{}, {}, expr::Tier::interpreter},
                             [this](const KernelFactory::Equations& e) { return entries(e); });
      }) {
  const KineticsSystem& system = factory.system();
  std::vector<Node> values = system.rates;
  if (of == Of::rates) {
    factor_ = 1.0 / system.time_unit;
    for (std::size_t i = 0; i < system.states.size(); ++i) rows_.push_back(system.target(i));
  } else {
    values.clear();
    for (const KineticsSystem::Output& output : system.outputs) {
      rows_.push_back(output.field);
      values.push_back(output.value);
    }
  }
  variables_ = system.states;
  std::set<FieldId> others;
  for (Node n : free_symbols(*system.graph, values)) {
    const std::string& name = system.graph->symbol_name(n);
    if (!name.starts_with("field:") || name.ends_with("]")) continue;
    const FieldId id = system.fields->id(name.substr(6));
    if (std::find(variables_.begin(), variables_.end(), id) == variables_.end()) others.insert(id);
  }
  variables_.insert(variables_.end(), others.begin(), others.end());
  for (const auto& entry : sparse_jacobian(*system.graph, values, variable_nodes())) {
    pattern_.push_back({entry.row, entry.column});
  }
}

std::vector<Node> DerivativeKernels::variable_nodes() const {
  std::vector<Node> nodes;
  for (FieldId id : variables_) nodes.push_back(factory_.system().graph->symbol(factory_.field_symbol(id)));
  return nodes;
}

std::vector<Node> DerivativeKernels::entries(const KernelFactory::Equations& equations) const {
  // With parameters as constants some entries may vanish that do not otherwise: one pattern serves for both.
  Graph& g = *equations.ode.graph;
  std::map<std::pair<std::uint32_t, std::uint32_t>, Node> values;
  for (const auto& entry : sparse_jacobian(g, nodes(equations), variable_nodes())) {
    values[{entry.row, entry.column}] = entry.value;
  }
  std::vector<Node> nodes;
  for (const Pattern& place : pattern_) {
    const auto found = values.find({place.row, place.column});
    nodes.push_back(found == values.end() ? g.constant(0.0) : found->second);
  }
  return nodes;
}

DerivativeKernels::Table DerivativeKernels::evaluate(const LazyKernel& kernel, std::size_t outputs,
                                                     const State& state, double time,
                                                     std::vector<const double*> columns,
                                                     ThreadPool& threads) const {
  Table table;
  table.sites = state.sites(*factory_.system().space);
  table.values.resize(outputs * table.sites);
  std::vector<double*> out;
  for (std::size_t k = 0; k < outputs; ++k) out.push_back(table.values.data() + k * table.sites);
  SiteKernel::Call call;
  call.time = time;
  call.columns = columns;
  kernel.get(factory_.binding(state)).run(state, call, out, threads);
  return table;
}

void DerivativeKernels::value(const State& state, double time, ThreadPool& threads, Vector& values) const {
  const Table table = evaluate(value_, rows_.size(), state, time, factory_.columns(), threads);
  for (std::size_t i = 0; i < rows_.size(); ++i)
    if (values.layout().contains(rows_[i])) add(state, i, table.row(i), factor_, values(rows_[i]), threads);
}

void DerivativeKernels::jvp(const State& state, double time, const Vector& du, ThreadPool& threads,
                            Vector& out) const {
  const KineticsSystem& system = factory_.system();
  const std::size_t sites = state.sites(*system.space);
  std::vector<const double*> columns = factory_.columns();
  std::vector<std::vector<double>> made;  // directions that are no column of the vector as they stand
  made.reserve(variables_.size());
  for (FieldId id : variables_) {
    if (!du.layout().contains(id)) {
      made.emplace_back(sites, 0.0);
    } else if (du(id).size() != sites) {
      made.emplace_back(sites, du(id)[0]);
    } else {
      columns.push_back(du(id).data());
      continue;
    }
    columns.push_back(made.back().data());
  }
  const Table table = evaluate(jvp_, rows_.size(), state, time, columns, threads);
  for (std::size_t i = 0; i < rows_.size(); ++i)
    if (out.layout().contains(rows_[i])) add(state, i, table.row(i), factor_, out(rows_[i]), threads);
}

const WayBack* DerivativeKernels::way_back(std::size_t row) const {
  return of_ == Of::rates ? factory_.system().way_back(row) : nullptr;
}

void DerivativeKernels::add(const State& state, std::size_t row, std::span<const double> values,
                            double factor, std::span<double> target, ThreadPool& threads) const {
  WayBackScratch scratch;
  if (const WayBack* way = way_back(row)) values = brought_back(state, *way, values, scratch, threads);
  for (std::size_t site = 0; site < target.size(); ++site) target[site] += factor * values[site];
}

void DerivativeKernels::vjp(const State& state, double time, const Vector& w, ThreadPool& threads,
                            Vector& out) const {
  const KineticsSystem& system = factory_.system();
  std::vector<const double*> columns = factory_.columns();
  const std::vector<double> none(system.space->sites(), 0.0);
  std::vector<std::vector<double>> at_sites;  // of weights that lie in another space
  at_sites.reserve(rows_.size());
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (!w.layout().contains(rows_[i])) {
      columns.push_back(none.data());
    } else if (const WayBack* way = way_back(i)) {
      WayBackScratch scratch;
      at_sites.push_back(transposed(state, *way, w(rows_[i]), scratch, threads));
      columns.push_back(at_sites.back().data());
    } else {
      columns.push_back(w(rows_[i]).data());
    }
  }
  const Table table = evaluate(vjp_, variables_.size(), state, time, columns, threads);
  for (std::size_t v = 0; v < variables_.size(); ++v) {
    if (!out.layout().contains(variables_[v])) continue;
    const std::span<double> target = out(variables_[v]);
    const bool everywhere = target.size() == table.sites;  // else one value for all sites
    for (std::size_t s = 0; s < table.sites; ++s) { target[everywhere ? s : 0] += factor_ * table(v, s); }
  }
}

void DerivativeKernels::jacobian(const State& state, double time, ThreadPool& threads,
                                 SparseBuilder& entries) const {
  const Layout& layout = entries.layout();
  const Table table = evaluate(jacobian_, pattern_.size(), state, time, factory_.columns(), threads);
  for (std::size_t k = 0; k < pattern_.size(); ++k) {
    const FieldId column = variables_[pattern_[k].column];
    const FieldId row = rows_[pattern_[k].row];
    if (!layout.contains(column) || !layout.contains(row)) continue;
    const std::size_t row_offset = layout.offset(row);
    const std::size_t column_offset = layout.offset(column);
    const bool everywhere = layout.sites(column) == table.sites;
    const auto place = [&](std::size_t s) { return column_offset + (everywhere ? s : 0); };
    if (const WayBack* way = way_back(pattern_[k].row)) {
      WayBackScratch scratch;
      for (const LinearMap::Entry& entry : back_entries(state, *way, scratch, threads))
        entries.add(row_offset + entry.row, place(entry.column),
                    factor_ * entry.weight * table(k, entry.column));
      continue;
    }
    for (std::size_t s = 0; s < table.sites; ++s)
      entries.add(row_offset + s, place(s), factor_ * table(k, s));
  }
}

std::vector<DerivativeKernels::Entry> DerivativeKernels::jacobian_at(const State& state, double time,
                                                                     std::size_t site) const {
  std::vector<double> values(pattern_.size());
  std::vector<double*> out;
  for (double& value : values) out.push_back(&value - site);
  const std::vector<const double*> columns = factory_.columns();
  SiteKernel::Call call;
  call.time = time;
  call.columns = columns;
  jacobian_of_a_site_.get(factory_.binding(state)).run(state, call, out, site, site + 1);
  std::vector<Entry> entries;
  for (std::size_t k = 0; k < pattern_.size(); ++k) {
    entries.push_back({pattern_[k].row, variables_[pattern_[k].column], values[k]});
  }
  return entries;
}

}  // namespace holon::pointwise

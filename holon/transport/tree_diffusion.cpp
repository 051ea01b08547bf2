#include "holon/transport/tree_diffusion.hpp"

#include "holon/base/error.hpp"
#include "holon/transport/round_off.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace holon::transport {

struct TreeDiffusion::TreeScratch final : Scratch {
  std::vector<double> source, right, flow;
  std::vector<double> nodes, diagonal, values;  ///< of nodes
};

TreeDiffusion::TreeDiffusion(std::string name, const Model& model, TreeDiffusionOptions options)
    : Process(std::move(name)),
      options_(std::move(options)),
      fields_(model.fields),
      tree_(std::dynamic_pointer_cast<const TreeSpace>((*model.fields)[options_.field].space)),
      spreading_(options_.spreading),
      decay_(options_.decay) {
  const Field& field = (*fields_)[options_.field];
  if (!tree_)
    throw InputError(fmt::format("process '{}' needs a field on a tree; '{}' lives on '{}'", this->name(),
                                 field.name, field.space->name()));
  source_ = CoefficientKernel(this->name() + " source", options_.source, tree_, *model.fields,
                              *model.parameters, model.kernels);
  reads_ = fields_of(options_.source, *fields_);
  std::vector<double> conductance(tree_->sites(), 0.0);
  for (const TreeSpace::Node& node : tree_->nodes()) {
    if (node.parent == TreeSpace::Node::none) continue;
    for (const std::size_t site : {node.site, tree_->nodes()[node.parent].site})
      if (site != TreeSpace::Node::none) conductance[site] += node.conductance;
  }
  for (std::size_t site = 0; site < tree_->sites(); ++site) {
    measure_.push_back(tree_->measure(site));
    largest_exchange_ = std::max(largest_exchange_, conductance[site] / measure_[site]);
  }
  whole_ = tree_->whole_measure();
}

Ports TreeDiffusion::ports() const {
  const auto port = [&](Port::Role role, FieldId id) {
    return Port{role, id, (*fields_)[id].kind, (*fields_)[id].unit};
  };
  Ports ports{port(Port::Role::advance, options_.field)};
  for (const FieldId id : reads_) ports.push_back(port(Port::Role::read, id));
  return ports;
}

std::vector<LedgerAccount> TreeDiffusion::ledger_accounts() const {
  if ((*fields_)[options_.field].conserved.empty()) return {};
  return {{options_.field, name(), "decay"}, {options_.field, name(), "source"}};
}

TreeDiffusion::TreeScratch& TreeDiffusion::scratch(Workspace& work) const {
  auto* scratch = dynamic_cast<TreeScratch*>(work.scratch.get());
  if (scratch != nullptr) return *scratch;
  auto made = std::make_unique<TreeScratch>();
  const std::size_t sites = tree_->sites(), nodes = tree_->nodes().size();
  for (auto* column : {&made->source, &made->right, &made->flow}) column->resize(sites);
  for (auto* column : {&made->nodes, &made->diagonal, &made->values}) column->resize(nodes);
  scratch = made.get();
  work.scratch = std::move(made);
  return *scratch;
}

void TreeDiffusion::flows(std::span<const double> u, std::vector<double>& at_nodes,
                          std::span<double> out) const {
  const auto& nodes = tree_->nodes();
  using Node = TreeSpace::Node;
  // Where branches meet: the mean of the neighbours, weighted with their conductances. Neighbours of such a
  // node are segments, its parent among them.
  std::vector<double> weight(nodes.size(), 0.0);
  std::fill(at_nodes.begin(), at_nodes.end(), 0.0);
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    const Node& node = nodes[n];
    if (node.site != Node::none) {
      at_nodes[n] = u[node.site];
      if (node.parent == Node::none || nodes[node.parent].site != Node::none) continue;
      at_nodes[node.parent] += node.conductance * u[node.site];
      weight[node.parent] += node.conductance;
    } else {
      at_nodes[n] += node.conductance * u[nodes[node.parent].site];
      weight[n] += node.conductance;
    }
  }
  for (std::size_t n = 0; n < nodes.size(); ++n)
    if (nodes[n].site == Node::none) at_nodes[n] /= weight[n];
  std::fill(out.begin(), out.end(), 0.0);
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    const Node& node = nodes[n];
    if (node.parent == Node::none) continue;
    const double flow = node.conductance * (at_nodes[node.parent] - at_nodes[n]);
    if (node.site != Node::none) out[node.site] += flow;
    if (nodes[node.parent].site != Node::none) out[nodes[node.parent].site] -= flow;
  }
}

void TreeDiffusion::solve(double keep, double step, std::span<const double> right, std::span<double> u,
                          TreeScratch& scratch) const {
  const auto& nodes = tree_->nodes();
  using Node = TreeSpace::Node;
  std::vector<double>&diagonal = scratch.diagonal, &values = scratch.values;
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    const std::size_t site = nodes[n].site;
    diagonal[n] = site != Node::none ? keep * measure_[site] : 0.0;
    values[n] = site != Node::none ? right[site] : 0.0;
  }
  for (std::size_t n = 1; n < nodes.size(); ++n) {
    const double link = step * nodes[n].conductance;
    diagonal[n] += link;
    diagonal[nodes[n].parent] += link;
  }
  // From the leaves to the root: each node's share in its parent's equation.
  for (std::size_t n = nodes.size(); n-- > 1;) {
    const double link = step * nodes[n].conductance, share = link / diagonal[n];
    diagonal[nodes[n].parent] -= share * link;
    values[nodes[n].parent] += share * values[n];
  }
  values[0] /= diagonal[0];
  for (std::size_t n = 1; n < nodes.size(); ++n)
    values[n] = (values[n] + step * nodes[n].conductance * values[nodes[n].parent]) / diagonal[n];
  for (std::size_t n = 0; n < nodes.size(); ++n)
    if (nodes[n].site != Node::none) u[nodes[n].site] = values[n];
}

Outcome TreeDiffusion::advance(State& state, const Interval& interval, const Inputs&, Workspace& work) const {
  TreeScratch& scratch = this->scratch(work);
  const Field& field = (*fields_)[options_.field];
  const double spreading = spreading_.value(state), decay = decay_.value(state), dt = interval.dt();
  for (const auto& [what, value] : {std::pair("spreading", spreading), std::pair("decay", decay)})
    if (!(value >= 0.0) || !std::isfinite(value))
      return {Outcome::Why::failed,
              interval.begin,
              0.0,
              {name(), field.name, fmt::format("the {} is {:g}", what, value), "", interval.t0()}};
  const bool middle = options_.integrator == TreeIntegrator::crank_nicolson;
  const double now = middle ? 0.5 * dt : 0.0, then = middle ? 0.5 * dt : dt;
  source_.evaluate(state, interval.t0() + (middle ? 0.5 * dt : dt), scratch.source, *work.threads);
  const std::span<double> u = state.real(options_.field);
  const double unit = 1.0 / field.unit.factor();
  if (now > 0.0) flows(u, scratch.nodes, scratch.flow);
  CompensatedSum content, source, lost;
  for (std::size_t i = 0; i < u.size(); ++i) {
    scratch.source[i] *= unit;
    scratch.right[i] = measure_[i] * (u[i] * (1.0 - now * decay) + dt * scratch.source[i]);
    if (now > 0.0) scratch.right[i] += now * spreading * scratch.flow[i];
    content.add(measure_[i] * u[i]);
    source.add(dt * measure_[i] * scratch.source[i]);
    lost.add(-now * decay * measure_[i] * u[i]);
  }
  solve(1.0 + then * decay, then * spreading, scratch.right, u, scratch);
  for (std::size_t i = 0; i < u.size(); ++i) lost.add(-then * decay * measure_[i] * u[i]);
  if (!accounts().empty()) {
    state.account(accounts()[0]).add(lost.value());
    state.account(accounts()[1]).add(source.value());
    keep_content(u, content.value() + source.value() + lost.value(),
                 2.0 * dt * spreading * largest_exchange_);
  }
  ++work.counters.steps;
  return {.reached = interval.end};
}

void TreeDiffusion::keep_content(std::span<double> u, double expected, double stiffness) const {
  CompensatedSum content, square;
  for (std::size_t i = 0; i < u.size(); ++i) {
    content.add(measure_[i] * u[i]);
    square.add(measure_[i] * u[i] * u[i]);
  }
  const double lost = expected - content.value();
  if (!is_round_off(lost, content.value(), stiffness, std::sqrt(whole_ * square.value()))) return;
  const double share = lost / square.value();
  for (double& value : u) value += share * value * value;
}

void TreeDiffusion::add_rates(double factor, double decay, std::span<const double> u, Workspace& work,
                              std::span<double> out) const {
  TreeScratch& scratch = this->scratch(work);
  flows(u, scratch.nodes, scratch.flow);
  for (std::size_t i = 0; i < u.size(); ++i) out[i] += factor * scratch.flow[i] / measure_[i] - decay * u[i];
}

void TreeDiffusion::rate(const State& state, double time, Workspace& work, Vector& rates) const {
  TreeScratch& scratch = this->scratch(work);
  const auto out = rates(options_.field);
  add_rates(spreading_.value(state), decay_.value(state), state.real(options_.field), work, out);
  source_.evaluate(state, time, scratch.source, *work.threads);
  const double unit = 1.0 / (*fields_)[options_.field].unit.factor();
  for (std::size_t i = 0; i < out.size(); ++i) out[i] += unit * scratch.source[i];
}

void TreeDiffusion::jvp(const State& state, double, const Vector& du, Workspace& work, Vector& out) const {
  add_rates(spreading_.value(state), decay_.value(state), du(options_.field), work, out(options_.field));
}

// The operator is symmetric in the product weighted with the measure.
void TreeDiffusion::vjp(const State& state, double, const Vector& w, Workspace& work, Vector& out) const {
  TreeScratch& scratch = this->scratch(work);
  const auto weights = w(options_.field);
  const auto target = out(options_.field);
  const double spreading = spreading_.value(state), decay = decay_.value(state);
  for (std::size_t i = 0; i < weights.size(); ++i) scratch.right[i] = weights[i] / measure_[i];
  flows(scratch.right, scratch.nodes, scratch.flow);
  for (std::size_t i = 0; i < weights.size(); ++i)
    target[i] += spreading * scratch.flow[i] - decay * weights[i];
}

void TreeDiffusion::jacobian(const State& state, double, Workspace&, SparseBuilder& entries) const {
  const auto& nodes = tree_->nodes();
  using Node = TreeSpace::Node;
  const double spreading = spreading_.value(state), decay = decay_.value(state);
  const std::size_t offset = entries.layout().offset(options_.field);
  const auto join = [&](std::size_t i, std::size_t j, double conductance) {
    for (const auto& [row, column] : {std::pair(i, j), std::pair(j, i)}) {
      const double slope = spreading * conductance / measure_[row];
      entries.add(offset + row, offset + column, slope);
      entries.add(offset + row, offset + row, -slope);
    }
  };
  std::vector<std::vector<std::pair<std::size_t, double>>> meeting(nodes.size());
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    const Node& node = nodes[n];
    if (node.site != Node::none) entries.add(offset + node.site, offset + node.site, -decay);
    if (node.parent == Node::none) continue;
    const Node& parent = nodes[node.parent];
    if (node.site == Node::none)
      meeting[n].emplace_back(parent.site, node.conductance);
    else if (parent.site == Node::none)
      meeting[node.parent].emplace_back(node.site, node.conductance);
    else
      join(node.site, parent.site, node.conductance);
  }
  // A star of conductances is a mesh of g_i g_j / sum g between its ends.
  for (const auto& star : meeting) {
    double sum = 0.0;
    for (const auto& [site, conductance] : star) sum += conductance;
    for (std::size_t a = 0; a < star.size(); ++a)
      for (std::size_t b = a + 1; b < star.size(); ++b)
        join(star[a].first, star[b].first, star[a].second * star[b].second / sum);
  }
}

Scales TreeDiffusion::scales(const State& state) const {
  Scales scales;
  double longest = 0.0;
  scales.space_resolution = std::numeric_limits<double>::infinity();
  for (const TreeSpace::Segment& segment : tree_->segments()) {
    scales.space_resolution = std::min(scales.space_resolution, segment.length);
    longest = std::max(longest, segment.distance + 0.5 * segment.length);
  }
  scales.space_extent = longest;
  const double fastest = spreading_.value(state) * largest_exchange_ + decay_.value(state);
  scales.time_resolution = fastest > 0.0 ? 1.0 / fastest : 0.0;
  if (const double decay = decay_.value(state); decay > 0.0) scales.time_extent = 1.0 / decay;
  return scales;
}

std::vector<std::string> TreeDiffusion::description() const {
  return {fmt::format("space: finite volumes of order 2 on {} segments of {} branches, ends sealed",
                      tree_->sites(), tree_->branches().size()),
          options_.integrator == TreeIntegrator::crank_nicolson
              ? "time: Crank-Nicolson by one elimination over the tree, order 2, unconditionally stable"
              : "time: backward Euler by one elimination over the tree, order 1, keeps values positive"};
}

}  // namespace holon::transport

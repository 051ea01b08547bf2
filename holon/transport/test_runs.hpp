// Models of one transport process with a known solution, for the tests of its schemes.
#pragma once

#include "holon/engine/simulation.hpp"
#include "holon/expr/graph.hpp"
#include "holon/transport/flux_diffusion.hpp"

#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace holon::transport::test {

/// An expression under construction.
struct Term {
  expr::Graph* graph;
  expr::Node node;
  Term operator+(const Term& o) const { return {graph, graph->add(node, o.node)}; }
  Term operator-(const Term& o) const { return {graph, graph->subtract(node, o.node)}; }
  Term operator*(const Term& o) const { return {graph, graph->multiply(node, o.node)}; }
  Term operator+(double c) const { return {graph, graph->add(node, graph->constant(c))}; }
  Term operator*(double c) const { return {graph, graph->multiply(node, graph->constant(c))}; }
  Term call(expr::Op op) const { return {graph, graph->make(op, node)}; }
  Term d(const std::string& symbol) const {
    return {graph, expr::derivative(*graph, node, graph->symbol(symbol))};
  }
};
inline Term symbol(expr::Graph& graph, const std::string& name) { return {&graph, graph.symbol(name)}; }
using Solution = std::function<Term(expr::Graph&)>;

inline Coefficient equation(Solution solution) {
  return Coefficient::equation([solution](expr::Graph& graph) { return solution(graph).node; });
}

inline double evaluate(const Solution& solution, const Position& x, double time) {
  expr::Graph graph;
  const expr::Node node = solution(graph).node;
  return static_cast<double>(
      expr::evaluate(graph, std::span(&node, 1), [&](std::string_view name) -> long double {
        return name == "time" ? time : x[static_cast<std::size_t>(name.back() - 'x')];
      })[0]);
}

/// 2 + a wave in all directions that fades: it varies along every side, and with time.
inline Solution wave(int dimensions) {
  return [dimensions](expr::Graph& g) {
    Term product = (symbol(g, "time") * -0.9).call(expr::Op::exp);
    product = product * (symbol(g, "position.x") * 1.7 + 0.4).call(expr::Op::sin);
    if (dimensions > 1) product = product * (symbol(g, "position.y") * 1.1 + 0.2).call(expr::Op::cos);
    if (dimensions > 2) product = product * (symbol(g, "position.z") * 1.4 + 0.3).call(expr::Op::cos);
    return product + 2.0;
  };
}

inline const std::array<std::string, 3> axis_symbol{"position.x", "position.y", "position.z"};

/// Options under which `solution` solves the equation: its source, and its data at the sides of the given
/// kinds.
inline DiffusionOptions manufactured(const Solution& solution, const std::vector<double>& diffusivity,
                                     double decay, double capacity,
                                     const std::array<std::array<SideRule::Kind, 2>, 3>& kinds) {
  DiffusionOptions options;
  for (const double d : diffusivity) options.diffusivity.emplace_back(d);
  options.decay = Coefficient(decay);
  options.capacity = Coefficient(capacity);
  options.source = equation([=](expr::Graph& g) {
    const Term u = solution(g);
    Term source = u.d("time") * capacity + u * decay;
    for (std::size_t a = 0; a < diffusivity.size(); ++a)
      source = source - u.d(axis_symbol[a]).d(axis_symbol[a]) * diffusivity[a];
    return source;
  });
  const double transfer = 1.5;
  for (std::size_t a = 0; a < diffusivity.size(); ++a)
    for (std::size_t s = 0; s < 2; ++s) {
      const double outward = (s == 0 ? -1.0 : 1.0) * diffusivity[a];
      SideCondition& side = options.sides[a][s];
      side.kind = kinds[a][s];
      side.transfer = Coefficient(transfer);
      side.datum = equation([=](expr::Graph& g) {
        const Term u = solution(g), flux = u.d(axis_symbol[a]) * outward;
        if (kinds[a][s] == SideRule::Kind::value) return u;
        return kinds[a][s] == SideRule::Kind::flux ? flux : u + flux * (1.0 / transfer);
      });
    }
  return options;
}

/// Kinds of sides: given values, given fluxes, all kinds together.
inline constexpr std::array<std::array<SideRule::Kind, 2>, 3> values{
    {{SideRule::Kind::value, SideRule::Kind::value},
     {SideRule::Kind::value, SideRule::Kind::value},
     {SideRule::Kind::value, SideRule::Kind::value}}};
inline constexpr std::array<std::array<SideRule::Kind, 2>, 3> fluxes{
    {{SideRule::Kind::flux, SideRule::Kind::flux},
     {SideRule::Kind::flux, SideRule::Kind::flux},
     {SideRule::Kind::flux, SideRule::Kind::flux}}};
inline constexpr std::array<std::array<SideRule::Kind, 2>, 3> mixed{
    {{SideRule::Kind::value, SideRule::Kind::exchange},
     {SideRule::Kind::flux, SideRule::Kind::value},
     {SideRule::Kind::exchange, SideRule::Kind::flux}}};

/// Axes of n intervals with unequal spacings (ratio 2 : 1 : 4, as in the case V1).
inline std::vector<GridSpace::Axis> axes(std::size_t n, int dimensions) {
  std::vector<GridSpace::Axis> list;
  const std::array<double, 3> part{1.0, 2.0, 0.5};
  for (std::size_t a = 0; a < static_cast<std::size_t>(dimensions); ++a) {
    const auto intervals = static_cast<std::size_t>(static_cast<double>(n) * part[a]);
    list.push_back({intervals, 1.0 / static_cast<double>(intervals), 0.2, false});
  }
  return list;
}

inline const std::vector<double> diffusivity{0.6, 0.3, 0.9};

struct RunOptions {
  GridSpace::Sites sites = GridSpace::Sites::cells;
  std::vector<GridSpace::Axis> axes;
  double step = 0.1;
  std::int64_t steps = 1;
  int threads = 1;
  bool positive = false;
  std::map<std::string, ConservedWeight> conserved;
  Coefficient initial;
};

/// A model of one field u and one process made from it.
template <class MakeProcess>
std::shared_ptr<Model> model_of(const RunOptions& run, MakeProcess make) {
  auto model = std::make_shared<Model>();
  auto grid = std::make_shared<GridSpace>("grid", run.sites, run.axes, Dimension{});
  model->spaces["grid"] = grid;
  model->fields->add({.name = "u",
                      .space = grid,
                      .kind = FieldKind::density,
                      .positive = run.positive,
                      .conserved = run.conserved});
  model->initial = {{0, run.initial}};
  model->schedule.step = run.step;
  model->schedule.steps = run.steps;
  model->schedule.time_dimension = {};
  model->kernels.tier = expr::Tier::interpreter;
  model->processes.push_back(make(*model));
  model->schedule.root = {.kind = ScheduleNode::Kind::advance, .process = 0};
  model->finish();
  return model;
}

inline std::shared_ptr<Model> diffusion_model(const RunOptions& run, DiffusionOptions options) {
  options.field = 0;
  return model_of(run, [&](const Model& model) { return make_diffusion("spread", model, options); });
}

/// Largest error of u against a solution at the end of a run.
inline double error_at_end(const std::shared_ptr<const Model>& model, const Solution& solution,
                           int threads = 1) {
  Simulation simulation(model, {.threads = threads});
  simulation.run();
  const auto u = simulation.state().real(0);
  const Space& space = *(*model->fields)[0].space;
  double error = 0.0;
  for (std::size_t site = 0; site < u.size(); ++site)
    error = std::max(error, std::abs(u[site] - evaluate(solution, space.position(site), simulation.time())));
  return error;
}

}  // namespace holon::transport::test

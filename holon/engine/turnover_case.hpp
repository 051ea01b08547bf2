// A population whose agents divide and die all the time, for tests and benchmarks of restructure.
#pragma once

#include "holon/base/random.hpp"
#include "holon/engine/simulation.hpp"

#include <memory>
#include <string>
#include <utility>

namespace holon::test {

/// At each step every agent divides with one probability and dies with another, drawn by its id.
class Turnover final : public Process {
 public:
  Turnover(std::shared_ptr<const Population> space, const FieldTable& fields, double divide, double die)
      : Process("turnover"),
        space_(std::move(space)),
        own_(population_fields(fields, *space_)),
        divide_(divide),
        die_(die) {}
  std::string_view type() const override { return "turnover"; }
  Ports ports() const override { return {{Port::Role::advance, own_.fate, FieldKind::value, {}}}; }
  void initialise(State&, Workspace&) const override {}
  Outcome advance(State& state, const Interval& interval, const Inputs&, Workspace& work) const override {
    const auto id = state.integer(own_.id), fate = state.integer(own_.fate);
    const auto index = static_cast<std::uint64_t>(interval.begin.index);
    work.threads->for_range(id.size(), 4096, [&](std::size_t begin, std::size_t end) {
      for (std::size_t k = begin; k < end; ++k) {
        const double u = uniform({.seed = state.seed,
                                  .process = stream_of(name()),
                                  .site = static_cast<std::uint64_t>(id[k]),
                                  .interval = index},
                                 0);
        const Fate what = u < divide_ ? Fate::divide : u > 1.0 - die_ ? Fate::die : Fate::stay;
        fate[k] = static_cast<std::int64_t>(what);
      }
    });
    return {Outcome::Why::done, interval.end, {}, {}};
  }
  void rate(const State&, double, Workspace&, Vector&) const override {}
  void jvp(const State&, double, const Vector&, Workspace&, Vector&) const override {}
  void vjp(const State&, double, const Vector&, Workspace&, Vector&) const override {}
  void jacobian(const State&, double, Workspace&, SparseBuilder&) const override {}

 private:
  std::shared_ptr<const Population> space_;
  PopulationFields own_;
  double divide_, die_;
};

/// Agents in a box of side 100 with amounts that are shared, copied, reset and drawn at division, all of them
/// conserved together as `stuff`.
struct TurnoverCase {
  std::shared_ptr<Model> model = std::make_shared<Model>();
  std::shared_ptr<const Population> cells;

  TurnoverCase(std::size_t agents, std::int64_t steps, double divide, double die,
               Restructure::Options options = {}) {
    const GridSpace::Axis axis{.intervals = 10, .spacing = 10.0};
    const auto box = std::make_shared<GridSpace>("box", GridSpace::Sites::cells,
                                                 std::vector{axis, axis, axis}, Dimension{});
    cells = std::make_shared<Population>("cells", box, agents, Population::Placement{}, Dimension{});
    model->spaces = {{"box", box}, {"cells", cells}};
    FieldTable& fields = *model->fields;
    declare_population_fields(fields, cells);
    model->kernels.tier = expr::Tier::interpreter;
    const auto add = [&](const char* name, OnDivision rule, Coefficient initial) {
      const FieldId id = fields.add({.name = name,
                                     .space = cells,
                                     .kind = FieldKind::amount,
                                     .on_division = rule,
                                     .conserved = {{"stuff", 1.0}}});
      model->at_birth.push_back({id, initial, 1.0});
      model->initial.emplace_back(id, std::move(initial));
    };
    const auto symbol = [](const char* name) {
      return Coefficient::equation([name](expr::Graph& g) { return g.symbol(name); });
    };
    add("shared", OnDivision::share, symbol("position.x"));
    add("copied", OnDivision::copy, symbol("position.y"));
    add("reset", OnDivision::reset, Coefficient(3.0));
    add("drawn", OnDivision::draw, symbol("random:normal"));
    model->initial.emplace_back(fields.id("cells.radius"), Coefficient(0.5));
    model->processes.push_back(std::make_unique<Turnover>(cells, fields, divide, die));
    model->processes.push_back(std::make_unique<Restructure>(cells, fields, *model->parameters,
                                                             model->at_birth, model->kernels, options));
    model->schedule.root.kind = ScheduleNode::Kind::lie;
    model->schedule.root.children.resize(2);
    model->schedule.root.children[1].process = 1;
    model->schedule.step = 1.0;
    model->schedule.steps = steps;
    model->schedule.time_dimension = {};
    model->hash = "turnover";
    model->finish();
  }

  FieldId field(const std::string& name) const { return model->fields->id(name); }
};

/// All columns of a state, bit by bit.
inline Archive everything(const State& state) {
  Archive archive;
  state.write(archive);
  return archive;
}

}  // namespace holon::test

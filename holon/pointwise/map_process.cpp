#include "holon/pointwise/map_process.hpp"

#include "holon/base/error.hpp"
#include "holon/engine/coupling_line.hpp"
#include "holon/modelfile/loader.hpp"
#include "holon/modelfile/settable_field.hpp"
#include "holon/pointwise/kinetics_system.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace holon::pointwise {

namespace {

struct MapScratch final : Scratch {
  std::vector<std::vector<double>> values;
};

}  // namespace

Map::Map(std::string name, std::vector<Assignment> assignments, const Model& model)
    : Process(std::move(name)), fields_(model.fields) {
  const auto& space = (*fields_)[assignments.front().field].space;
  expr::Graph graph;
  SiteKernel::Source source;
  source.name = this->name();
  source.graph = &graph;
  for (const Assignment& assignment : assignments) {
    const Field& field = (*fields_)[assignment.field];
    if (field.space != space)
      throw InputError(fmt::format(
          "'{}' lives on space '{}' and '{}' on '{}': a map assigns fields of one space",
          (*fields_)[assignments.front().field].name, space->name(), field.name, field.space->name()));
    if (!field.conserved.empty())
      throw InputError(
          fmt::format("'{}' holds something conserved, and an assignment has no books", field.name));
    source.outputs.push_back(assignment.value.lower(graph));
    assigned_.push_back(assignment.field);
    dependence_.emplace_back(this->name() + ' ' + field.name, assignment.value, space, *fields_,
                             *model.parameters, model.kernels);
  }
  read_ = fields_in(graph, source.outputs, *fields_);
  for (const FieldId id : read_) {
    const Field& field = (*fields_)[id];
    if (field.space != space && field.space->sites() != 1)
      throw InputError(fmt::format("'{}' lives on space '{}' and what is assigned on '{}'; it takes {}",
                                   field.name, field.space->name(), space->name(),
                                   coupling_line(field, *space)));
  }
  kernel_ = SiteKernel(source, space, *fields_, *model.parameters, model.kernels);
}

Ports Map::ports() const {
  Ports ports;
  const auto add = [&](Port::Role role, FieldId id) {
    ports.push_back({role, id, (*fields_)[id].kind, (*fields_)[id].unit});
  };
  for (const FieldId id : assigned_) add(Port::Role::advance, id);
  for (const FieldId id : read_)
    if (std::find(assigned_.begin(), assigned_.end(), id) == assigned_.end()) add(Port::Role::read, id);
  return ports;
}

Traits Map::traits() const {
  Traits traits;
  traits.follows_inputs = true;
  return traits;
}

Outcome Map::advance(State& state, const Interval& interval, const Inputs& inputs, Workspace& work) const {
  if (!work.scratch) work.scratch = std::make_unique<MapScratch>();
  auto& values = dynamic_cast<MapScratch&>(*work.scratch).values;
  values.resize(assigned_.size());
  std::vector<double*> out;
  for (std::size_t k = 0; k < assigned_.size(); ++k) {
    values[k].resize(state.real(assigned_[k]).size());
    out.push_back(values[k].data());
  }
  SiteKernel::Call call;
  call.time = interval.t1();
  call.dt = interval.dt();
  call.inputs = &inputs;
  kernel_.run(state, call, out, *work.threads);
  for (std::size_t k = 0; k < assigned_.size(); ++k)
    std::copy(values[k].begin(), values[k].end(), state.real(assigned_[k]).begin());
  ++work.counters.steps;
  Outcome outcome;
  outcome.reached = interval.end;
  return outcome;
}

void Map::rate(const State& state, double time, Workspace& work, Vector& rates) const {
  std::vector<std::vector<double>> values;
  std::vector<double*> out;
  for (const FieldId id : assigned_) values.emplace_back(state.real(id).size());
  for (auto& column : values) out.push_back(column.data());
  kernel_.run(state, {.time = time}, out, *work.threads);
  for (std::size_t k = 0; k < assigned_.size(); ++k) {
    if (!rates.layout().contains(assigned_[k])) continue;
    const auto now = state.real(assigned_[k]);
    const auto row = rates(assigned_[k]);
    for (std::size_t site = 0; site < row.size(); ++site) row[site] += values[k][site] - now[site];
  }
}

void Map::jvp(const State& state, double time, const Vector& du, Workspace& work, Vector& out) const {
  for (std::size_t k = 0; k < assigned_.size(); ++k) {
    if (!out.layout().contains(assigned_[k])) continue;
    const auto row = out(assigned_[k]);
    const auto own = du(assigned_[k]);
    for (std::size_t site = 0; site < row.size(); ++site) row[site] -= own[site];
    for (const auto& slope : dependence_[k].slopes(state, time, *work.threads)) {
      if (!du.layout().contains(slope.field)) continue;
      const auto d = du(slope.field, slope.component);
      for (std::size_t site = 0; site < row.size(); ++site)
        row[site] += slope.value[site] * d[slope.site(site)];
    }
  }
}

void Map::vjp(const State& state, double time, const Vector& w, Workspace& work, Vector& out) const {
  for (std::size_t k = 0; k < assigned_.size(); ++k) {
    if (!w.layout().contains(assigned_[k])) continue;
    const auto row = w(assigned_[k]);
    const auto own = out(assigned_[k]);
    for (std::size_t site = 0; site < row.size(); ++site) own[site] -= row[site];
    for (const auto& slope : dependence_[k].slopes(state, time, *work.threads)) {
      if (!out.layout().contains(slope.field)) continue;
      const auto column = out(slope.field, slope.component);
      for (std::size_t site = 0; site < row.size(); ++site)
        column[slope.site(site)] += slope.value[site] * row[site];
    }
  }
}

void Map::jacobian(const State& state, double time, Workspace& work, SparseBuilder& entries) const {
  const Layout& layout = entries.layout();
  for (std::size_t k = 0; k < assigned_.size(); ++k) {
    if (!layout.contains(assigned_[k])) continue;
    const std::size_t row = layout.offset(assigned_[k]), sites = layout.sites(assigned_[k]);
    for (std::size_t site = 0; site < sites; ++site) entries.add(row + site, row + site, -1.0);
    for (const auto& slope : dependence_[k].slopes(state, time, *work.threads)) {
      if (!layout.contains(slope.field)) continue;
      const std::size_t column = layout.offset(slope.field, slope.component);
      for (std::size_t site = 0; site < sites; ++site)
        entries.add(row + site, column + slope.site(site), slope.value[site]);
    }
  }
}

namespace {

class MapRecipe final : public modelfile::ProcessRecipe {
 public:
  void declare(modelfile::ProcessContext&) override {}

  std::unique_ptr<Process> make(modelfile::ProcessContext& context) override {
    modelfile::Loader& loader = context.section.loader();
    const auto* assign = context.section.raw("assign");
    std::vector<Map::Assignment> assignments;
    for (const auto& member : assign->mapping) {
      const std::string where = context.section.path() + ".assign." + member.key;
      const auto field = loader.field(member.key, member.key_place, where);
      if (!field) continue;
      const Field& assigned = (*context.model.fields)[*field];
      if (!modelfile::settable_by_equation(loader, assigned, member.key_place, where)) continue;
      const auto value = loader.coefficient_in(member.value, where, assigned.unit);
      if (value) assignments.push_back({*field, *value});
    }
    if (loader.has_errors()) return nullptr;
    if (assignments.empty()) {
      context.section.error("assign", "assigns nothing", "{FIELD: =equation}");
      return nullptr;
    }
    return std::make_unique<Map>(context.name, std::move(assignments), context.model);
  }
};

std::unique_ptr<modelfile::ProcessRecipe> map_recipe() { return std::make_unique<MapRecipe>(); }

}  // namespace

modelfile::ProcessType map_type() {
  modelfile::Schema schema("map", "Fields that follow from others by equations.");
  modelfile::Option equation;
  equation.type = modelfile::Option::Type::anything;
  schema.mapping("assign", equation,
                 "FIELD: =equation of other fields, place, time and parameters. The fields are those of the "
                 "section 'fields', on one space.");
  return {
      "map",
      "Fields that follow from others by equations, assigned once at the end of each step of the process: "
      "y(t1) = f(t1, place, other fields, parameters). Right-hand sides are evaluated before any is "
      "assigned. Maps that read each other in a circle need an 'iterate' in the schedule.",
      std::move(schema), false, &map_recipe};
}

}  // namespace holon::pointwise

#include "holon/engine/system.hpp"

#include "holon/base/error.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

namespace holon {

namespace {

/// The processes that determine what some process reads, in their order.
std::vector<ProcessId> determiners_of(const Model& model) {
  std::set<FieldId> read;
  for (const auto& process : model.processes) {
    for (const Port& port : process->ports())
      if (port.role == Port::Role::read) read.insert(port.field);
    // Of a determiner that nobody else needs, this adds what is computed for nothing; it does no harm.
    for (const FieldId id : process->determined_from()) read.insert(id);
  }
  return model.determination.before([&](FieldId id) { return read.contains(id); });
}

std::vector<FieldId> unknown_fields(const Model& model, const std::vector<ProcessId>& determiners) {
  std::set<FieldId> unknowns;
  for (ProcessId p = 0; p < model.processes.size(); ++p) {
    const bool determines = std::find(determiners.begin(), determiners.end(), p) != determiners.end();
    for (const Port& port : model.processes[p]->ports())
      if (port.role == Port::Role::advance || (determines && port.role == Port::Role::determine))
        unknowns.insert(port.field);
  }
  std::erase_if(unknowns, [&](FieldId id) { return (*model.fields)[id].type != FieldType::real; });
  return {unknowns.begin(), unknowns.end()};
}

}  // namespace

System::System(std::shared_ptr<const Model> model, ThreadPool& threads)
    : model_(std::move(model)),
      layout_(*model_->fields, {}),
      determiners_(determiners_of(*model_)),
      work_(model_->processes.size()) {
  for (Workspace& work : work_) work.threads = &threads;
  for (const auto& process : model_->processes)
    if (process->traits().resizes)
      throw Refused(fmt::format("the number of unknowns changes: {} ('{}')", process->traits().reason,
                                process->name()));
  layout_ = Layout(*model_->fields, unknown_fields(*model_, determiners_));
  mass_.assign(layout_.size(), 1.0);
  const auto residuals = [&](FieldId field) {
    if (!layout_.contains(field)) return;
    const std::size_t count =
        layout_.sites(field) * static_cast<std::size_t>((*model_->fields)[field].components);
    std::fill_n(mass_.begin() + static_cast<std::ptrdiff_t>(layout_.offset(field)), count, 0.0);
  };
  for (const auto& process : model_->processes) {
    for (const Port& port : process->ports())
      if (port.role == Port::Role::determine) residuals(port.field);
    for (const FieldId field : process->assigned()) residuals(field);
  }
  const State state = model_->initial_state(threads, 0);
  for (std::size_t p = 0; p < work_.size(); ++p) {
    auto sites = model_->processes[p]->held_sites(state);
    if (sites.empty()) continue;
    for (const Port& port : model_->processes[p]->ports())
      if ((port.role == Port::Role::advance || port.role == Port::Role::determine) &&
          layout_.contains(port.field) && layout_.sites(port.field) > sites.back()) {
        held_.push_back({p, port.field, sites});
        break;
      }
  }
  for_held([&](std::size_t unknown) { mass_[unknown] = 0.0; });
}

template <class Visit>
void System::for_held(Visit visit) const {
  for (const Held& held : held_)
    for (const std::size_t site : held.sites) visit(layout_.offset(held.field) + site);
}

Vector System::unknowns(const State& state) const {
  Vector x(layout_);
  for (const FieldId field : layout_.fields())
    for (int c = 0; c < (*model_->fields)[field].components; ++c) {
      const auto from = state.real(field, c);
      std::copy(from.begin(), from.end(), x(field, c).begin());
    }
  return x;
}

void System::set_unknowns(State& state, const Vector& x) const {
  for (const FieldId field : layout_.fields())
    for (int c = 0; c < (*model_->fields)[field].components; ++c) {
      const auto from = x(field, c);
      std::copy(from.begin(), from.end(), state.real(field, c).begin());
    }
}

void System::determine(State& state, double time) const {
  for (const ProcessId p : determiners_) model_->processes[p]->determine(state, time, work_[p]);
}

Vector System::residual(const State& state, double time) const {
  Vector out(layout_);
  for (std::size_t p = 0; p < work_.size(); ++p) model_->processes[p]->rate(state, time, work_[p], out);
  if (held_.empty()) return out;
  State given = state.clone();
  for (const Held& held : held_) {
    model_->processes[held.process]->hold(given, time, work_[held.process]);
    const auto should = std::as_const(given).real(held.field), is = state.real(held.field);
    for (const std::size_t site : held.sites) out(held.field)[site] = should[site] - is[site];
  }
  return out;
}

Vector System::jvp(const State& state, double time, const Vector& dx) const {
  Vector out(layout_);
  for (std::size_t p = 0; p < work_.size(); ++p) model_->processes[p]->jvp(state, time, dx, work_[p], out);
  for_held([&](std::size_t unknown) { out.values()[unknown] = 0.0; });
  for (const auto& entry : held_rows(state, time))
    out.values()[entry.row] += entry.value * dx.values()[entry.column];
  return out;
}

std::vector<SparseBuilder::Entry> System::held_rows(const State& state, double time) const {
  if (held_.empty()) return {};
  SparseBuilder entries(layout_);
  for_held([&](std::size_t unknown) { entries.add(unknown, unknown, -1.0); });
  for (const Held& held : held_)
    model_->processes[held.process]->held_slopes(state, time, work_[held.process], entries);
  return entries.entries();
}

Vector System::vjp(const State& state, double time, const Vector& w) const {
  Vector free = w, out(layout_);
  for_held([&](std::size_t unknown) { free.values()[unknown] = 0.0; });
  for (std::size_t p = 0; p < work_.size(); ++p) model_->processes[p]->vjp(state, time, free, work_[p], out);
  for (const auto& entry : held_rows(state, time))
    out.values()[entry.column] += entry.value * w.values()[entry.row];
  return out;
}

SparseBuilder System::jacobian(const State& state, double time) const {
  SparseBuilder all(layout_);
  for (std::size_t p = 0; p < work_.size(); ++p) model_->processes[p]->jacobian(state, time, work_[p], all);
  if (held_.empty()) return all;
  std::vector<bool> held(layout_.size(), false);
  for_held([&](std::size_t unknown) { held[unknown] = true; });
  SparseBuilder entries(layout_);
  for (const SparseBuilder::Entry& entry : all.entries())
    if (!held[entry.row]) entries.add(entry.row, entry.column, entry.value);
  for (const auto& entry : held_rows(state, time)) entries.add(entry.row, entry.column, entry.value);
  return entries;
}

Vector System::parameter_derivative(const State& state, double time, ParameterId parameter) const {
  const double value = state.parameter(parameter);
  // The cube root of the accuracy of F balances what is cut off and what is lost to round-off.
  const double step =
      6e-6 * std::max(std::abs(value), 1e-3 * std::abs((*model_->parameters)[parameter].value));
  const double h = step > 0.0 ? step : 6e-6;
  State moved = state.clone();
  moved.set_parameter(parameter, value + h);
  const double above = moved.parameter(parameter);
  Vector slope = residual(moved, time);
  moved.set_parameter(parameter, value - h);
  const double below = moved.parameter(parameter);
  const Vector low = residual(moved, time);
  for (std::size_t i = 0; i < slope.values().size(); ++i)
    slope.values()[i] = (slope.values()[i] - low.values()[i]) / (above - below);
  return slope;
}

Vector System::measure() const {
  Vector measure(layout_);
  for (const FieldId id : layout_.fields()) {
    const Field& field = (*model_->fields)[id];
    for (int c = 0; c < field.components; ++c) {
      const auto column = measure(id, c);
      for (std::size_t site = 0; site < column.size(); ++site)
        column[site] = field.kind == FieldKind::amount ? 1.0 : field.space->measure(site);
    }
  }
  return measure;
}

std::vector<std::pair<std::string, Vector>> System::invariants() const {
  std::map<std::string, Vector> weights;
  std::map<std::string, Unit> units;
  const Vector measure = this->measure();
  for (const FieldId id : layout_.fields())
    for (const auto& [quantity, weight] : (*model_->fields)[id].conserved) {
      Vector& vector = weights.try_emplace(quantity, layout_).first->second;
      const Field& field = (*model_->fields)[id];
      const double factor =
          field.unit.factor() / units.try_emplace(quantity, field.unit).first->second.factor();
      const auto column = vector(id);
      const auto size = measure(id);
      for (std::size_t site = 0; site < column.size(); ++site)
        if (mass_[layout_.offset(id) + site] != 0.0) column[site] = weight * factor * size[site];
    }
  return {weights.begin(), weights.end()};
}

std::string System::unknown_text(std::size_t unknown) const {
  for (const FieldId id : layout_.fields()) {
    const Field& field = (*model_->fields)[id];
    const std::size_t begin = layout_.offset(id), sites = layout_.sites(id);
    if (unknown < begin || unknown >= begin + sites * static_cast<std::size_t>(field.components)) continue;
    const std::string name =
        field.components == 1 ? field.name : fmt::format("{}[{}]", field.name, (unknown - begin) / sites);
    return sites == 1 ? name
                      : fmt::format("{} at {}", name, field.space->site_text((unknown - begin) % sites));
  }
  return "";
}

void System::require_smooth(const std::string& analysis) const {
  for (const auto& process : model_->processes) {
    const Traits traits = process->traits();
    if (traits.stochastic || traits.resizes || !traits.smooth)
      throw Refused(fmt::format("{} needs a smooth deterministic model, but process '{}' ({}) {}{}{}",
                                analysis, process->name(), process->type(),
                                traits.stochastic ? "is stochastic"
                                : traits.resizes  ? "changes the number of sites"
                                                  : "is not smooth",
                                traits.reason.empty() ? "" : ": ", traits.reason));
  }
}

}  // namespace holon

#include "holon/engine/system.hpp"

#include "holon/base/error.hpp"
#include "holon/engine/site_contents.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace holon {

namespace {

bool contains(const std::vector<ProcessId>& list, ProcessId process) {
  return std::find(list.begin(), list.end(), process) != list.end();
}

std::vector<ProcessId> all_processes(const Model& model) {
  std::vector<ProcessId> all(model.processes.size());
  std::iota(all.begin(), all.end(), ProcessId{0});
  return all;
}

/// The processes that determine what some of these read, in their order.
std::vector<ProcessId> determiners_of(const Model& model, const std::vector<ProcessId>& processes) {
  std::set<FieldId> read;
  for (const ProcessId p : processes) {
    for (const Port& port : model.processes[p]->ports())
      if (port.role == Port::Role::read) read.insert(port.field);
    // Of a determiner that nobody else needs, this adds what is computed for nothing; it does no harm.
    for (const FieldId id : model.processes[p]->determined_from()) read.insert(id);
  }
  return model.determination.before([&](FieldId id) { return read.contains(id); });
}

std::vector<FieldId> unknown_fields(const Model& model, const std::vector<ProcessId>& processes,
                                    const std::vector<ProcessId>& determiners) {
  std::set<FieldId> unknowns;
  for (const ProcessId p : processes) {
    const bool determines = contains(determiners, p) || contains(model.determination.solved(), p);
    for (const Port& port : model.processes[p]->ports())
      if (port.role == Port::Role::advance || (determines && port.role == Port::Role::determine))
        unknowns.insert(port.field);
  }
  std::erase_if(unknowns, [&](FieldId id) { return (*model.fields)[id].type != FieldType::real; });
  return {unknowns.begin(), unknowns.end()};
}

/// The process that decides what one that changes the number of sites carries out; that one where nobody
/// else does.
const Process& cause_of(const Model& model, const Process& resizing) {
  for (const Port& read : resizing.ports()) {
    if (read.role != Port::Role::read) continue;
    for (const auto& other : model.processes)
      for (const Port& port : other->ports())
        if (other.get() != &resizing && port.role == Port::Role::advance && port.field == read.field)
          return *other;
  }
  return resizing;
}

/// Processes and what determines something between them.
std::vector<ProcessId> with_determiners(std::vector<ProcessId> processes,
                                        const std::vector<ProcessId>& determiners) {
  processes.insert(processes.end(), determiners.begin(), determiners.end());
  std::sort(processes.begin(), processes.end());
  processes.erase(std::unique(processes.begin(), processes.end()), processes.end());
  return processes;
}

}  // namespace

System::System(std::shared_ptr<const Model> model, ThreadPool& threads)
    : System(model, threads, all_processes(*model), determiners_of(*model, all_processes(*model)),
             unknown_fields(*model, all_processes(*model), determiners_of(*model, all_processes(*model)))) {}

System::System(std::shared_ptr<const Model> model, ThreadPool& threads,
               const std::vector<ProcessId>& processes)
    : System(model, threads, with_determiners(processes, determiners_of(*model, processes)),
             determiners_of(*model, processes), unknowns_of(*model, processes)) {}

std::vector<FieldId> System::unknowns_of(const Model& model, const std::vector<ProcessId>& processes) {
  const auto determiners = determiners_of(model, processes);
  std::vector<FieldId> unknowns =
      unknown_fields(model, with_determiners(processes, determiners), determiners);
  // What is contributed to a field that others advance adds up in it.
  for (const ProcessId p : processes)
    for (const Port& port : model.processes[p]->ports())
      if (port.role == Port::Role::contribute) {
        FieldId field = port.field;
        for (const WayBack& way : model.ways_back)
          if (way.field == field) field = way.of;
        unknowns.push_back(field);
      }
  std::sort(unknowns.begin(), unknowns.end());
  unknowns.erase(std::unique(unknowns.begin(), unknowns.end()), unknowns.end());
  return unknowns;
}

System::System(std::shared_ptr<const Model> model, ThreadPool& threads, std::vector<ProcessId> processes,
               std::vector<ProcessId> determiners, const std::vector<FieldId>& unknowns)
    : model_(std::move(model)),
      layout_(*model_->fields, {}),
      processes_(std::move(processes)),
      determiners_(std::move(determiners)),
      work_(model_->processes.size()) {
  for (Workspace& work : work_) work.threads = &threads;
  for (const ProcessId p : processes_)
    if (model_->processes[p]->traits().resizes) {
      const Process& cause = cause_of(*model_, *model_->processes[p]);
      throw Refused(fmt::format("process '{}' ({}) changes the number of unknowns: {}", cause.name(),
                                cause.type(), cause.traits().reason));
    }
  layout_ = Layout(*model_->fields, unknowns);
  mass_.assign(layout_.size(), 1.0);
  const auto residuals = [&](FieldId field) {
    if (!layout_.contains(field)) return;
    const std::size_t count =
        layout_.sites(field) * static_cast<std::size_t>((*model_->fields)[field].components);
    std::fill_n(mass_.begin() + static_cast<std::ptrdiff_t>(layout_.offset(field)), count, 0.0);
  };
  for (const ProcessId p : processes_) {
    for (const Port& port : model_->processes[p]->ports())
      if (port.role == Port::Role::determine) residuals(port.field);
    for (const FieldId field : model_->processes[p]->assigned()) residuals(field);
  }
  // Which nodes are held follows from the State's parameters alone.
  const State state(std::make_shared<FieldTable>(), model_->parameters, 0);
  for (const ProcessId p : processes_) {
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
  for (const ProcessId p : processes_) model_->processes[p]->rate(state, time, work_[p], out);
  if (held_.empty()) return out;
  if (!given_)
    given_ = std::make_unique<State>(state.clone());
  else
    given_->assign(state);
  for (const Held& held : held_) {
    model_->processes[held.process]->hold(*given_, time, work_[held.process]);
    const auto should = std::as_const(*given_).real(held.field), is = state.real(held.field);
    for (const std::size_t site : held.sites) out(held.field)[site] = should[site] - is[site];
  }
  return out;
}

void System::add_rate(ProcessId process, const State& state, double time, Vector& rates) const {
  model_->processes[process]->rate(state, time, work_[process], rates);
}

Vector System::jvp(const State& state, double time, const Vector& dx) const {
  Vector out(layout_);
  for (const ProcessId p : processes_) model_->processes[p]->jvp(state, time, dx, work_[p], out);
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
  for (const ProcessId p : processes_) model_->processes[p]->vjp(state, time, free, work_[p], out);
  for (const auto& entry : held_rows(state, time))
    out.values()[entry.column] += entry.value * w.values()[entry.row];
  return out;
}

SparseBuilder System::jacobian(const State& state, double time) const {
  SparseBuilder all(layout_);
  for (const ProcessId p : processes_) model_->processes[p]->jacobian(state, time, work_[p], all);
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
  // The cube root of the accuracy of F balances what is cut off and what is lost to round-off. Of a parameter
  // that is infinite in the model the present value alone says how large it is.
  const double stated = std::abs((*model_->parameters)[parameter].value);
  const double step = 6e-6 * std::max(std::abs(value), std::isfinite(stated) ? 1e-3 * stated : 0.0);
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

Vector System::contents(const State& state) const {
  Vector contents(layout_);
  for (const FieldId id : layout_.fields()) {
    const SiteContents of_site(state, id);
    for (int c = 0; c < (*model_->fields)[id].components; ++c) {
      const auto column = contents(id, c);
      for (std::size_t site = 0; site < column.size(); ++site) column[site] = of_site(site);
    }
  }
  return contents;
}

std::vector<std::pair<std::string, Vector>> System::invariants(const State& state) const {
  std::map<std::string, Vector> weights;
  std::map<std::string, Unit> units;
  const Vector contents = this->contents(state);
  for (const FieldId id : layout_.fields())
    for (const auto& [quantity, weight] : (*model_->fields)[id].conserved) {
      Vector& vector = weights.try_emplace(quantity, layout_).first->second;
      const Field& field = (*model_->fields)[id];
      const double factor =
          field.unit.factor() / units.try_emplace(quantity, field.unit).first->second.factor();
      const auto column = vector(id);
      const auto size = contents(id);
      for (std::size_t site = 0; site < column.size(); ++site)
        if (mass_[layout_.offset(id) + site] != 0.0) column[site] = weight.value * factor * size[site];
    }
  return {weights.begin(), weights.end()};
}

FieldId System::field_of(std::size_t unknown) const {
  require(unknown < size(), "an unknown belongs to a field");
  FieldId field = layout_.fields().front();
  for (const FieldId id : layout_.fields())
    if (layout_.offset(id) <= unknown) field = id;
  return field;
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
  for (const ProcessId p : processes_) {
    const Process& process = *model_->processes[p];
    const Traits traits = process.traits();
    if (traits.stochastic || traits.resizes || !traits.smooth)
      throw Refused(fmt::format("{} needs a smooth deterministic model, but process '{}' ({}) {}{}{}",
                                analysis, process.name(), process.type(),
                                traits.stochastic ? "is stochastic"
                                : traits.resizes  ? "changes the number of sites"
                                                  : "is not smooth",
                                traits.reason.empty() ? "" : ": ", traits.reason));
  }
}

std::vector<double> sizes_of(const System& system, const Vector& x, double floor) {
  std::vector<double> sizes(x.values().size(), 1.0);
  const Layout& layout = system.layout();
  std::map<std::string, double> by_dimension;
  std::map<FieldId, double> by_field;
  for (const FieldId id : layout.fields()) {
    const Field& field = (*system.model().fields)[id];
    double most = 0.0;
    for (int c = 0; c < field.components; ++c)
      for (const double value : x(id, c)) most = std::max(most, std::abs(value));
    by_field[id] = most;
    double& of_dimension = by_dimension[field.unit.dimension().text()];
    of_dimension = std::max(of_dimension, most * field.unit.factor());
  }
  for (const FieldId id : layout.fields()) {
    const Field& field = (*system.model().fields)[id];
    double size =
        std::max(by_field[id], floor * by_dimension[field.unit.dimension().text()] / field.unit.factor());
    if (!(size > 0.0) || !std::isfinite(size)) size = 1.0;
    const std::size_t count = layout.sites(id) * static_cast<std::size_t>(field.components);
    std::fill_n(sizes.begin() + static_cast<std::ptrdiff_t>(layout.offset(id)), count, size);
  }
  return sizes;
}

double scaled_norm(std::span<const double> v, std::span<const double> sizes) {
  double most = 0.0;
  for (std::size_t i = 0; i < v.size(); ++i) {
    const double part = std::abs(v[i]) / sizes[i];
    if (!(part <= most)) most = part;  // not a number counts as larger than all
  }
  return most;
}

}  // namespace holon

#include "holon/engine/system.hpp"

#include "holon/base/error.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace holon {

namespace {

std::vector<FieldId> advanced_fields(const Model& model) {
  std::vector<FieldId> unknowns;
  for (const auto& process : model.processes)
    for (const Port& port : process->ports())
      if (port.role == Port::Role::advance) unknowns.push_back(port.field);
  std::sort(unknowns.begin(), unknowns.end());
  unknowns.erase(std::unique(unknowns.begin(), unknowns.end()), unknowns.end());
  std::erase_if(unknowns, [&](FieldId id) { return (*model.fields)[id].type != FieldType::real; });
  return unknowns;
}

}  // namespace

System::System(std::shared_ptr<const Model> model, ThreadPool& threads)
    : model_(std::move(model)),
      layout_(*model_->fields, advanced_fields(*model_)),
      work_(model_->processes.size()) {
  for (Workspace& work : work_) work.threads = &threads;
  for (const auto& process : model_->processes)
    if (process->traits().resizes)
      throw Refused(fmt::format("the number of unknowns changes: {} ('{}')", process->traits().reason,
                                process->name()));
  for (const auto& process : model_->processes)
    if (!model_->determination.before(*process).empty())
      throw Refused(
          fmt::format("process '{}' reads fields that another process determines; how they follow "
                      "from the unknowns is not part of the derivatives",
                      process->name()));
}

Vector System::unknowns(const State& state) const {
  Vector u(layout_);
  for (const FieldId field : layout_.fields())
    for (int c = 0; c < (*model_->fields)[field].components; ++c) {
      const auto from = state.real(field, c);
      std::copy(from.begin(), from.end(), u(field, c).begin());
    }
  return u;
}

void System::set_unknowns(State& state, const Vector& u) const {
  for (const FieldId field : layout_.fields())
    for (int c = 0; c < (*model_->fields)[field].components; ++c) {
      const auto from = u(field, c);
      std::copy(from.begin(), from.end(), state.real(field, c).begin());
    }
}

Vector System::rate(const State& state, double time) const {
  Vector out(layout_);
  for (std::size_t p = 0; p < work_.size(); ++p) model_->processes[p]->rate(state, time, work_[p], out);
  return out;
}

Vector System::jvp(const State& state, double time, const Vector& du) const {
  Vector out(layout_);
  for (std::size_t p = 0; p < work_.size(); ++p) model_->processes[p]->jvp(state, time, du, work_[p], out);
  return out;
}

Vector System::vjp(const State& state, double time, const Vector& w) const {
  Vector out(layout_);
  for (std::size_t p = 0; p < work_.size(); ++p) model_->processes[p]->vjp(state, time, w, work_[p], out);
  return out;
}

SparseBuilder System::jacobian(const State& state, double time) const {
  SparseBuilder entries(layout_);
  for (std::size_t p = 0; p < work_.size(); ++p)
    model_->processes[p]->jacobian(state, time, work_[p], entries);
  return entries;
}

Vector System::mass() const {
  Vector mass(layout_);
  for (const FieldId id : layout_.fields()) {
    const Field& field = (*model_->fields)[id];
    for (int c = 0; c < field.components; ++c) {
      const auto column = mass(id, c);
      for (std::size_t site = 0; site < column.size(); ++site)
        column[site] = field.kind == FieldKind::amount ? 1.0 : field.space->measure(site);
    }
  }
  return mass;
}

std::vector<std::pair<std::string, Vector>> System::invariants() const {
  std::map<std::string, Vector> weights;
  const Vector measure = mass();
  for (const FieldId id : layout_.fields())
    for (const auto& [quantity, weight] : (*model_->fields)[id].conserved) {
      Vector& vector = weights.try_emplace(quantity, layout_).first->second;
      const auto column = vector(id);
      const auto size = measure(id);
      for (std::size_t site = 0; site < column.size(); ++site) column[site] = weight * size[site];
    }
  return {weights.begin(), weights.end()};
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

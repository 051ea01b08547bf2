#include "holon/observe/field_rate.hpp"

#include <algorithm>

namespace holon::observe {

namespace {

bool changes(const Port& port) {
  return port.role == Port::Role::advance || port.role == Port::Role::contribute;
}

}  // namespace

std::optional<FieldRate> FieldRate::of(FieldId field, const Model& model) {
  if (!(*model.fields)[field].space->single()) return std::nullopt;
  std::vector<const Process*> processes;
  std::vector<FieldId> unknowns;
  bool advanced = false;
  for (const auto& process : model.processes) {
    const Ports ports = process->ports();
    if (std::none_of(ports.begin(), ports.end(),
                     [&](const Port& port) { return port.field == field && changes(port); }))
      continue;
    processes.push_back(process.get());
    for (const Port& port : ports) {
      advanced = advanced || (port.field == field && port.role == Port::Role::advance);
      if (changes(port) && std::find(unknowns.begin(), unknowns.end(), port.field) == unknowns.end())
        unknowns.push_back(port.field);
    }
  }
  if (!advanced) return std::nullopt;
  return FieldRate(field, std::move(processes), Layout(*model.fields, std::move(unknowns)));
}

FieldRate::FieldRate(FieldId field, std::vector<const Process*> processes, Layout layout)
    : field_(field),
      processes_(std::move(processes)),
      layout_(std::make_unique<Layout>(std::move(layout))),
      rates_(std::make_unique<Vector>(*layout_)),
      work_(processes_.size()) {}

double FieldRate::operator()(const State& state, double time, ThreadPool& threads) {
  std::fill(rates_->values().begin(), rates_->values().end(), 0.0);
  for (std::size_t p = 0; p < processes_.size(); ++p) {
    work_[p].threads = &threads;
    processes_[p]->rate(state, time, work_[p], *rates_);
  }
  return (*rates_)(field_)[0];
}

}  // namespace holon::observe

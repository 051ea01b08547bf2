// The rate of one field on a space of one site, as the model's processes state it.
#pragma once

#include "holon/engine/model.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace holon::observe {

/// du/dt of a field at its only site: the sum over the processes that advance it or contribute to it.
class FieldRate {
 public:
  /// Nothing where no process advances the field (an output, for example) or it has several sites: then
  /// slopes follow from differences of samples.
  static std::optional<FieldRate> of(FieldId field, const Model& model);
  /// [field unit per coherent time]
  double operator()(const State& state, double time, ThreadPool& threads);

 private:
  FieldRate(FieldId field, std::vector<const Process*> processes, Layout layout);

  FieldId field_;
  std::vector<const Process*> processes_;
  std::unique_ptr<Layout> layout_;  // rates_ refers to it
  std::unique_ptr<Vector> rates_;
  std::vector<Workspace> work_;
};

}  // namespace holon::observe

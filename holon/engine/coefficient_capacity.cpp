#include "holon/engine/coefficient_capacity.hpp"

#include "holon/engine/model.hpp"

#include <algorithm>

namespace holon {

CoefficientCapacity::CoefficientCapacity(const std::string& name, const Coefficient& coefficient,
                                         const Dimension& dimension, std::shared_ptr<const Space> space,
                                         const Model& model)
    : Capacity(Unit::coherent(dimension)),
      space_(std::move(space)),
      table_(model.parameters),
      kernel_(name, coefficient, space_, FieldTable{}, *model.parameters, model.kernels),
      varies_(coefficient.values_per_site() != nullptr || coefficient.depends_on("position.*")) {}

std::shared_ptr<const std::vector<double>> CoefficientCapacity::at(std::span<const double> parameters) const {
  const std::lock_guard lock(guard_);
  if (values_ != nullptr && std::ranges::equal(parameters_, parameters)) return values_;
  State state(std::make_shared<FieldTable>(), table_, 0);
  for (ParameterId id = 0; id < parameters.size(); ++id) state.set_parameter(id, parameters[id]);
  std::vector<double> values(space_->sites());
  ThreadPool one(1);
  kernel_.evaluate(state, 0.0, values, one);
  if (!varies_) values.resize(1);
  parameters_.assign(parameters.begin(), parameters.end());
  values_ = std::make_shared<const std::vector<double>>(std::move(values));
  return values_;
}

}  // namespace holon

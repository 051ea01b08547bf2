// A capacity that is a coefficient of place and parameters.
#pragma once

#include "holon/engine/site_kernel.hpp"
#include "holon/space/capacity.hpp"

#include <mutex>

namespace holon {

class Model;

/// Keeps the numbers of the parameters that it was asked for last; may be asked from several threads.
class CoefficientCapacity final : public Capacity {
 public:
  /// The coefficient depends on place and parameters alone.
  CoefficientCapacity(const std::string& name, const Coefficient& coefficient, const Dimension& dimension,
                      std::shared_ptr<const Space> space, const Model& model);
  bool varies() const override { return varies_; }
  std::shared_ptr<const std::vector<double>> at(std::span<const double> parameters) const override;

 private:
  std::shared_ptr<const Space> space_;
  std::shared_ptr<const ParameterTable> table_;
  CoefficientKernel kernel_;
  bool varies_ = false;
  mutable std::mutex guard_;
  mutable std::vector<double> parameters_;
  mutable std::shared_ptr<const std::vector<double>> values_;
};

}  // namespace holon

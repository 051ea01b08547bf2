// The map of a coupling of type gradient: what points see of a field's slope, wherever they are.
#pragma once

#include "holon/engine/coupling_geometry.hpp"

namespace holon {

class GradientGeometry final : public CouplingGeometry {
 public:
  /// The slope along `axis`, with the weights of `points`.
  GradientGeometry(std::shared_ptr<const PointGeometry> points, int axis)
      : points_(std::move(points)), axis_(axis) {}
  const LinearMap& map(const State& state, std::unique_ptr<Kept>& kept, ThreadPool& threads) const override;
  std::vector<FieldId> reads() const override { return points_->reads(); }

 private:
  std::shared_ptr<const PointGeometry> points_;
  int axis_;
};

}  // namespace holon

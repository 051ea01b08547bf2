#include "holon/engine/gradient_geometry.hpp"

#include "holon/space/point_gradient.hpp"

namespace holon {

const LinearMap& GradientGeometry::map(const State& state, std::unique_ptr<Kept>& kept,
                                       ThreadPool& threads) const {
  struct Slopes final : Kept {
    std::unique_ptr<Kept> points;
    std::shared_ptr<const PointSampling> sampling;  // that the map was made from
  };
  if (kept == nullptr) kept = std::make_unique<Slopes>();
  auto& mine = static_cast<Slopes&>(*kept);
  const auto known = points_->at(state, mine.points, threads);
  if (known.sampling != mine.sampling) {
    mine.map = std::make_shared<PointGradient>(points_->grid(), axis_, *known.sampling);
    mine.sampling = known.sampling;
  }
  return *mine.map;
}

}  // namespace holon

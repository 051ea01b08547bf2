// Maps between a macro space and the product space that has a micro space at each of its sites.
#pragma once

#include "holon/space/linear_map.hpp"

namespace holon {

/// Macro to product: (T f)_ms = f_m. Its adjoint integrates over the micro space: (T* g)_m = sum_s measure_s
/// g_ms.
class LiftMap final : public LinearMap {
 public:
  explicit LiftMap(const ProductSpace& product);
  void apply(std::span<const double> from, std::span<double> to, ThreadPool& threads) const override;
  void apply_adjoint(std::span<const double> to, std::span<double> from, ThreadPool& threads) const override;
  std::vector<Entry> entries() const override;

 private:
  std::vector<double> micro_;  ///< measures of the micro space
};

/// Product to macro: the mean over the micro space, (T f)_m = sum_s measure_s f_ms / sum_s measure_s.
class MicroAverageMap final : public LinearMap {
 public:
  explicit MicroAverageMap(const ProductSpace& product);
  void apply(std::span<const double> from, std::span<double> to, ThreadPool& threads) const override;
  void apply_adjoint(std::span<const double> to, std::span<double> from, ThreadPool& threads) const override;
  std::vector<Entry> entries() const override;

 private:
  std::vector<double> share_;  ///< of each micro site: measure_s / sum_s measure_s
  double whole_ = 0.0;
};

}  // namespace holon

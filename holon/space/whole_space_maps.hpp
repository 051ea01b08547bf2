// Maps that need no geometry but measures: a space to itself, one site to a whole space and back.
#pragma once

#include "holon/space/linear_map.hpp"

namespace holon {

/// T f = f: the same numbers on the same sites.
class IdentityMap final : public LinearMap {
 public:
  explicit IdentityMap(const Space& space);
  explicit IdentityMap(std::vector<double> measures);
  void apply(std::span<const double> from, std::span<double> to, ThreadPool& threads) const override;
  void apply_adjoint(std::span<const double> to, std::span<double> from, ThreadPool& threads) const override;
  std::vector<Entry> entries() const override;

 private:
  explicit IdentityMap(const Measures& measures) : LinearMap(measures, measures) {}
};

/// One site to all sites of a space: (T f)_i = f. Its adjoint integrates: T* g = sum_i measure_i g_i.
class BroadcastMap final : public LinearMap {
 public:
  explicit BroadcastMap(const Space& space);
  /// Sites of these measures.
  explicit BroadcastMap(std::vector<double> measures) : LinearMap({1.0}, std::move(measures)) {}
  void apply(std::span<const double> from, std::span<double> to, ThreadPool& threads) const override;
  void apply_adjoint(std::span<const double> to, std::span<double> from, ThreadPool& threads) const override;
  std::vector<Entry> entries() const override;
};

/// The mean over a space: T f = sum_i measure_i f_i / sum_i measure_i. Its adjoint shares out evenly:
/// (T* g)_i = g / sum_i measure_i.
class AverageMap final : public LinearMap {
 public:
  explicit AverageMap(const Space& space);
  explicit AverageMap(std::vector<double> measures);
  void apply(std::span<const double> from, std::span<double> to, ThreadPool& threads) const override;
  void apply_adjoint(std::span<const double> to, std::span<double> from, ThreadPool& threads) const override;
  std::vector<Entry> entries() const override;

 private:
  double whole_ = 0.0;  ///< sum of measures
};

}  // namespace holon

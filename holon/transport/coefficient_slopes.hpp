// How face fluxes depend on fields through diffusivities that follow them, D(c, ...):
//   F = g(D_i, D_j) (u_j - u_i),   g the harmonic mean over the distance,
// and likewise at sides of given value or exchange on cells.
#pragma once

#include "holon/engine/field_dependence.hpp"
#include "holon/transport/diffusion_options.hpp"
#include "holon/transport/flux_operator.hpp"

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace holon::transport {

class CoefficientSlopes {
 public:
  CoefficientSlopes() = default;
  CoefficientSlopes(const std::string& process, const DiffusionOptions& options,
                    std::shared_ptr<const StructuredSpace> grid, const Model& model);
  bool none() const { return axes_.empty(); }
  /// The fields that diffusivities follow.
  const std::vector<FieldId>& reads() const { return reads_; }

  /// The diffusivities at the sites, one column per axis of the grid [coherent].
  std::array<std::vector<double>, 3> diffusivities(const State& state, ThreadPool& threads) const;
  struct Entry {
    std::size_t site;  ///< whose rate it is
    FieldId field;
    int component;
    std::size_t column;
    double value;
  };
  /// d rate / d field. `capacity`: what the operator's diffusivities have been divided by; `transfer`: of
  /// exchanges at sides, likewise.
  std::vector<Entry> entries(const State& state, const FluxOperator& op, std::span<const double> u,
                             const SideData& data, double capacity,
                             const std::array<std::array<double, 2>, 3>& transfer, ThreadPool& threads) const;

 private:
  struct Axis {
    CoefficientKernel diffusivity;
    FieldDependence dependence;
  };
  const Axis& axis(int a) const { return axes_[axes_.size() == 1 ? 0 : static_cast<std::size_t>(a)]; }

  std::shared_ptr<const StructuredSpace> grid_;
  Sides sides_;
  std::vector<Axis> axes_;  ///< one for all, or one each; none where no diffusivity follows a field
  std::vector<FieldId> reads_;
};

}  // namespace holon::transport

// The operator of coefficients that are the same everywhere: the sum of its axes' stencils and a decay,
//   (L u)_site = sum over axes of (A_axis u)_site - decay_site u_site   (+ data of the sides, + source),
// with the kernels that explicit and implicit steps are made of.
#pragma once

#include "holon/transport/axis_stencil.hpp"
#include "holon/transport/transport_operator.hpp"

#include <span>
#include <vector>

namespace holon::transport {

class GridOperator final : public TransportOperator {
 public:
  GridOperator() = default;
  /// One stencil per axis of the grid; `decay` [1/time].
  GridOperator(const StructuredSpace& grid, std::vector<AxisStencil> axes, double decay);

  const AxisStencil& axis(int a) const { return axes_[static_cast<std::size_t>(a)]; }
  /// Nothing passes any side whatever the data: periodic, or a flux that is a datum.
  bool closed() const;

  double spectral_bound() const override;
  double largest_diagonal() const override;
  std::vector<Entry> row(std::size_t site) const override;
  void stage(std::span<const double> u, StageWeights weights, std::span<double> out,
             ThreadPool& threads) const override;
  void add_all_data(const SideData& data, double factor, std::span<double> out,
                    ThreadPool& threads) const override;
  void add_transpose(std::span<const double> w, std::span<double> out, ThreadPool& threads) const override;
  double influx(int axis, int side, std::span<const double> u, const SideData& data) const override;

  /// out += factor A_axis u at the free sites (no decay, no data).
  void add_axis(int axis, std::span<const double> u, double factor, std::span<double> out,
                ThreadPool& threads) const;
  /// out += factor * data of the sides of an axis.
  void add_data(int axis, const SideData& data, double factor, std::span<double> out) const;

 private:
  template <int reach>
  void stage_row(std::span<const double> u, StageWeights weights, std::span<double> out, std::size_t row,
                 std::size_t begin, std::size_t end) const;

  std::vector<AxisStencil> axes_;
};

}  // namespace holon::transport

#include "holon/transport/diffusion_scratch.hpp"

namespace holon::transport {

namespace {

/// out -= factor d2/dm2 (g1 - g0) on a side's plane, along the plane's axis with `count` sites of that
/// stride.
void subtract_curvature(std::span<const double> g0, std::span<const double> g1, std::size_t stride,
                        std::size_t count, bool periodic, double factor, std::span<double> out) {
  if (count < 4) return;  // too short to have a curvature of its own
  const auto curvature = [&](std::size_t first, std::size_t i) {
    const auto change = [&](std::size_t j) { return g1[first + j * stride] - g0[first + j * stride]; };
    const std::size_t below = i == 0 ? count - 1 : i - 1, above = i == count - 1 ? 0 : i + 1;
    return (change(below) - change(i)) + (change(above) - change(i));
  };
  for (std::size_t site = 0; site < out.size(); ++site) {
    const std::size_t i = site / stride % count, first = site - i * stride;
    double value;
    if (periodic || (i > 0 && i < count - 1))
      value = curvature(first, i);
    else if (i == 0)  // from within the plane, linearly
      value = 2.0 * curvature(first, 1) - curvature(first, 2);
    else
      value = 2.0 * curvature(first, count - 2) - curvature(first, count - 3);
    out[site] -= factor * value;
  }
}

}  // namespace

const SideData& Diffusion::DiffusionScratch::data_for_sweep(int axis, double half) {
  const auto a = static_cast<std::size_t>(axis);
  const GridOperator& grid = axes();
  if (axis == grid.dimensions() - 1) return end.sides;
  const std::size_t low = axis == 0 ? 1 : 0;  // the plane's faster axis
  for (std::size_t s = 0; s < 2; ++s) {
    const std::vector<double>&g0 = begin.sides.side[a][s], &g1 = end.sides.side[a][s];
    std::vector<double>& g = shifted.side[a][s];
    g.assign(g1.begin(), g1.end());
    if (g.empty()) continue;
    for (int m = axis + 1; m < grid.dimensions(); ++m) {
      const AxisStencil& other = grid.axis(m);
      const double rate = other.reach == 1 ? other.interior[0] : -12.0 * other.interior[0];  // D_m / h_m^2
      const std::size_t stride = static_cast<std::size_t>(m) == low ? 1 : grid.count(static_cast<int>(low));
      subtract_curvature(g0, g1, stride, grid.count(m), other.line.periodic, half * rate, g);
    }
  }
  return shifted;
}

}  // namespace holon::transport

// Fluxes of a FluxOperator one site at a time: what its kernels do for whole rows, for the few sites where
// rows are too wide (walls, sides, assembled rows).
#pragma once

#include "holon/transport/flux_operator.hpp"

namespace holon::transport {

inline std::size_t FluxOperator::plane_position(int axis, const std::array<std::size_t, 3>& index) const {
  const int low = axis == 0 ? 1 : 0, high = axis == 2 ? 1 : 2;
  return index[static_cast<std::size_t>(low)] + count(low) * index[static_cast<std::size_t>(high)];
}

inline std::optional<std::size_t> FluxOperator::next(int axis, std::size_t site,
                                                     const std::array<std::size_t, 3>& index) const {
  if (index[static_cast<std::size_t>(axis)] + 1 < count(axis)) return site + stride(axis);
  if (!periodic(axis)) return std::nullopt;
  return site - (count(axis) - 1) * stride(axis);
}

inline std::optional<std::size_t> FluxOperator::previous(int axis, std::size_t site,
                                                         const std::array<std::size_t, 3>& index) const {
  if (index[static_cast<std::size_t>(axis)] > 0) return site - stride(axis);
  if (!periodic(axis)) return std::nullopt;
  return site + (count(axis) - 1) * stride(axis);
}

template <class Value>
std::array<double, 3> FluxOperator::coupling_at(std::size_t site, const std::array<std::size_t, 3>& index,
                                                Value value, const SideData* data) const {
  const double xy = 2.0 * correlation_[0][site], xz = 2.0 * correlation_[1][site],
               yz = 2.0 * correlation_[2][site];
  std::array<double, 3> mean{};     // of the known edges
  std::array<double, 3> unknown{};  // half the number of walls whose gradient the energy determines
  for (int a = 0; a < dimensions(); ++a) {
    const auto n = static_cast<std::size_t>(a);
    if (count(a) == 1 && !cells_) continue;
    double sum = 0.0;
    if (const auto other = next(a, site, index)) sum += face_[n][site] * (value(*other) - value(site));
    if (const auto other = previous(a, site, index)) sum += face_[n][*other] * (value(site) - value(*other));
    const bool low = !periodic(a) && index[n] == 0, high = !periodic(a) && index[n] + 1 == count(a);
    if (!cells_) {
      mean[n] = low || high ? sum : 0.5 * sum;  // the one edge that a node on a side has
      continue;
    }
    for (int side = 0; side < 2; ++side) {
      if (!(side == 0 ? low : high)) continue;
      const Wall& w = wall(a, side);
      const std::size_t position = plane_position(a, index);
      const double root = w.root[position];
      if (root == 0.0) continue;
      const double outward = side == 0 ? -1.0 : 1.0;
      const std::vector<double>* column =
          data != nullptr ? &data->side[n][static_cast<std::size_t>(side)] : nullptr;
      const double datum = column != nullptr && !column->empty() ? (*column)[position] : 0.0;
      if (w.kind == SideRule::Kind::value) {
        sum += outward * root * 2.0 / spacing_[n] * (datum - value(site));
      } else {
        unknown[n] += 0.5;
        sum += outward * datum / root;  // what is left of its gradient is minus the coupling
      }
    }
    mean[n] = 0.5 * sum;
  }
  if (unknown[0] != 0.0 || unknown[1] != 0.0 || unknown[2] != 0.0) {
    // <e_a> + unknown_a sum_b r_ab <e_b> = mean_a, by Cramer's rule.
    const auto [p, q, r] = unknown;
    const double m[3][3] = {{1.0, p * xy, p * xz}, {q * xy, 1.0, q * yz}, {r * xz, r * yz, 1.0}};
    const auto determinant = [](const double(&t)[3][3]) {
      return t[0][0] * (t[1][1] * t[2][2] - t[1][2] * t[2][1]) -
             t[0][1] * (t[1][0] * t[2][2] - t[1][2] * t[2][0]) +
             t[0][2] * (t[1][0] * t[2][1] - t[1][1] * t[2][0]);
    };
    const double whole = determinant(m);
    std::array<double, 3> solved{};
    for (std::size_t column = 0; column < 3; ++column) {
      double replaced[3][3];
      for (std::size_t i = 0; i < 3; ++i)
        for (std::size_t j = 0; j < 3; ++j) replaced[i][j] = j == column ? mean[i] : m[i][j];
      solved[column] = determinant(replaced) / whole;
    }
    mean = solved;
  }
  return {xy * mean[1] + xz * mean[2], xy * mean[0] + yz * mean[2], xz * mean[0] + yz * mean[1]};
}

template <class Value>
double FluxOperator::face_flux(int axis, std::size_t site, std::size_t other, Value value,
                               const SideData* data) const {
  const auto n = static_cast<std::size_t>(axis);
  const double f = face_[n][site], edge = f * (value(other) - value(site));
  if (!has_cross_terms()) return edge;
  const double coupling =
      coupling_at(site, indices(site), value, data)[n] + coupling_at(other, indices(other), value, data)[n];
  return f * spacing_[n] * (edge + 0.5 * coupling);
}

/// Into the domain.
template <class Value>
double FluxOperator::wall_flux(int axis, int side, std::size_t site, Value value,
                               const SideData* data) const {
  const auto n = static_cast<std::size_t>(axis);
  const Wall& w = wall(axis, side);
  const std::size_t position = plane_position(axis, indices(site));
  const std::vector<double>* column =
      data != nullptr ? &data->side[n][static_cast<std::size_t>(side)] : nullptr;
  const double datum = column != nullptr && !column->empty() ? (*column)[position] : 0.0;
  double flux = w.conductance[position] * (datum - value(site));
  if (!w.root.empty())
    flux += (side == 0 ? -1.0 : 1.0) * w.root[position] * coupling_at(site, indices(site), value, data)[n];
  return flux;
}

}  // namespace holon::transport

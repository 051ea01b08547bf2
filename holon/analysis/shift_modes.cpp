#include "holon/analysis/shift_modes.hpp"

#include <algorithm>
#include <cmath>

namespace holon::analysis {

namespace {

constexpr double nothing = 1e-6;  // of the largest eigenvalue that was found
constexpr double alike = 0.98;    // the cosine between a mode and a slope, which is a difference quotient
constexpr double uniform = 1e-6;  // of a field's size

/// The state's slope along an axis, in the sizes of the unknowns and with length 1; empty where the axis is
/// not periodic for all fields with rates, or nothing varies along it.
std::vector<double> slope(const System& system, const State& state, int axis) {
  const Layout& layout = system.layout();
  const Vector x = system.unknowns(state);
  const auto sizes = sizes_of(system, x);
  std::vector<double> along(system.size(), 0.0);
  for (const FieldId id : layout.fields()) {
    const Field& field = (*system.model().fields)[id];
    const std::size_t begin = layout.offset(id), sites = layout.sites(id);
    if (system.mass()[begin] == 0.0) continue;
    const auto* grid = dynamic_cast<const GridSpace*>(field.space.get());
    if (grid == nullptr || axis >= grid->dimensions() || !grid->periodic(axis)) return {};
    std::size_t stride = 1;
    for (int a = 0; a < axis; ++a) stride *= grid->count(a);
    const std::size_t count = grid->count(axis);
    for (int c = 0; c < field.components; ++c) {
      const std::size_t column = begin + static_cast<std::size_t>(c) * sites;
      for (std::size_t site = 0; site < sites; ++site) {
        const std::size_t index = site / stride % count, line = site - index * stride;
        const std::size_t next = line + (index + 1) % count * stride,
                          last = line + (index + count - 1) % count * stride;
        along[column + site] = (x.values()[column + next] - x.values()[column + last]) / sizes[column + site];
      }
    }
  }
  double square = 0.0, most = 0.0;
  for (const double each : along) {
    square += each * each;
    most = std::max(most, std::abs(each));
  }
  if (most <= uniform) return {};
  for (double& each : along) each /= std::sqrt(square);
  return along;
}

}  // namespace

Spectrum without_shifts(const System& system, const State& state, double time, Spectrum spectrum) {
  constexpr int axes = 3;
  std::vector<std::vector<double>> slopes;
  for (int axis = 0; axis < axes; ++axis)
    if (auto along = slope(system, state, axis); !along.empty()) slopes.push_back(std::move(along));
  if (slopes.empty()) return spectrum;
  double largest = 0.0;
  for (const auto& value : spectrum.values) largest = std::max(largest, std::abs(value));
  const auto sizes = sizes_of(system, system.unknowns(state));
  const auto shifts = [&](std::complex<double> value) {
    if (std::abs(value) > nothing * largest) return false;
    const auto found = mode(system, state, time, value);
    if (!found) return false;
    // How much of the mode lies in the plane of the slopes, which are orthogonal enough for this.
    double square = 0.0, within = 0.0;
    for (std::size_t i = 0; i < sizes.size(); ++i)
      if (system.mass()[i] != 0.0) square += std::norm((*found)[i]) / (sizes[i] * sizes[i]);
    for (const auto& along : slopes) {
      std::complex<double> part = 0.0;
      for (std::size_t i = 0; i < sizes.size(); ++i)
        if (system.mass()[i] != 0.0) part += along[i] * (*found)[i] / sizes[i];
      within += std::norm(part);
    }
    return within >= alike * alike * square;
  };
  const auto rest = std::remove_if(spectrum.values.begin(), spectrum.values.end(), shifts);
  spectrum.shifts = static_cast<int>(spectrum.values.end() - rest);
  spectrum.values.erase(rest, spectrum.values.end());
  return spectrum;
}

}  // namespace holon::analysis

#include "holon/transport/fibre_conduction.hpp"

#include <cmath>

namespace holon::transport {

namespace {

/// The axis that a constant unit vector points along (either way), if it does.
std::optional<std::size_t> axis_of(const std::vector<Coefficient>& direction) {
  std::optional<std::size_t> axis;
  for (std::size_t a = 0; a < direction.size(); ++a) {
    const auto component = direction[a].constant();
    if (!component) return std::nullopt;
    if (*component == 0.0) continue;
    if (axis || std::abs(*component) != 1.0) return std::nullopt;
    axis = a;
  }
  return axis;
}

}  // namespace

std::optional<std::vector<Coefficient>> diffusivity_per_axis(const FibreConduction& fibres) {
  std::vector<Coefficient> axes(fibres.fibre.size(), fibres.across);
  if (fibres.sheet) {
    const auto sheet = axis_of(fibres.sheet_direction);
    if (!sheet || *sheet >= axes.size()) return std::nullopt;
    axes[*sheet] = *fibres.sheet;
  }
  const auto along = axis_of(fibres.fibre);
  if (!along) return std::nullopt;
  axes[*along] = fibres.along;
  return axes;
}

}  // namespace holon::transport

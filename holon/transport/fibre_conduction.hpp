// How a field spreads in tissue with fibres (and sheets of fibres):
//   D = across I + (along - across) f f^T + (sheet - across) s s^T,
// f the unit vector along the fibres, s the unit vector within the sheet and across the fibres.
#pragma once

#include "holon/engine/coefficient.hpp"

#include <optional>
#include <vector>

namespace holon::transport {

struct FibreConduction {
  Coefficient along, across;  ///< diffusivities, or conductivities
  std::optional<Coefficient> sheet;
  std::vector<Coefficient> fibre;            ///< components of f, one per axis of the grid
  std::vector<Coefficient> sheet_direction;  ///< components of s; none where there is no `sheet`
};

/// One diffusivity per axis where f (and s) are the same everywhere and each points along an axis; nothing
/// otherwise.
std::optional<std::vector<Coefficient>> diffusivity_per_axis(const FibreConduction& fibres);

}  // namespace holon::transport

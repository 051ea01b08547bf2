// The lead field of an electrode in an unbounded uniform medium: what one unit of potential at each site adds
// to its reading.
#pragma once

#include "holon/space/space.hpp"

#include <array>
#include <optional>
#include <vector>

namespace holon::observe {

/// Weights w with sum w[i] V[i] = -1/(4 pi) integral (ratio grad V) . grad(1/r), r the distance from the
/// electrode and ratio the conductivity inside of the cells over that of the medium, along each axis. Between
/// neighbours along an axis, grad V and the change of 1/r are differences; the cross-section is that of the
/// control volumes (half of it at nodes on a side). Second order on nodes, on cells where nothing flows
/// through the sides; sum w = 0. On a grid of one or two axes missing extents count as 1 coherent unit of
/// length.
std::vector<double> lead_field(const GridSpace& grid, const std::array<double, 3>& ratio,
                               const Position& electrode);

/// A site nearer to a place than the smallest spacing; nothing if there is none.
std::optional<std::size_t> too_near(const GridSpace& grid, const Position& place);

}  // namespace holon::observe

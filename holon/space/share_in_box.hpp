// How much of each site of a grid lies in a box.
#pragma once

#include "holon/space/space.hpp"

#include <vector>

namespace holon {

/// The share (0 to 1) of each site's control volume that lies between two corners: the product over axes of
/// |[lower, upper] cut with [from, to]| / |[lower, upper]|. A node's control volume reaches half a spacing to
/// both sides, but not out of the grid; a cell's is the cell; on a periodic axis both go round. Summed with
/// the measures of the sites the shares give the volume of the box within the grid to round-off, for any
/// spacing. `from` and `to` [coherent length] may be infinite; axes that the grid does not have count for
/// nothing.
std::vector<double> share_in_box(const GridSpace& grid, const Position& from, const Position& to);

}  // namespace holon

// The gradient of numbers at the sites of a grid.
#pragma once

#include "holon/space/space.hpp"

#include <array>
#include <span>

namespace holon::observe {

/// The gradient at a site [value per coherent length]: central differences, at sides that are not periodic
/// the one-sided difference through three sites (two where there are no more); second order. Not a number
/// where a site that it needs has none; 0 along axes of one site.
std::array<double, 3> site_gradient(const GridSpace& grid, std::span<const double> values, std::size_t site);

}  // namespace holon::observe

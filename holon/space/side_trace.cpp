#include "holon/space/side_trace.hpp"

#include "holon/base/error.hpp"

#include <fmt/format.h>

namespace holon {

namespace {

struct Faces {
  SparseMap::Rows rows;
  std::vector<double> area;
};

Faces faces_of(const GridSpace& grid, int axis, int side) {
  if (axis < 0 || axis >= grid.dimensions() || grid.axis(axis).periodic)
    throw InputError(
        fmt::format("grid '{}' has no side {}_{}", grid.name(), "xyz"[axis], side == 0 ? "min" : "max"));
  Faces faces;
  const auto a = static_cast<std::size_t>(axis);
  for (std::size_t site = 0; site < grid.sites(); ++site) {
    const auto index = grid.indices(site);
    if (index[a] != (side == 0 ? 0 : grid.count(axis) - 1)) continue;
    faces.rows.add(static_cast<std::uint32_t>(site), 1.0);
    faces.rows.end_row();
    // A site's cell reaches as far into the grid as its share of the spacing.
    const double depth =
        grid.axis(axis).spacing * (grid.arrangement() == GridSpace::Sites::nodes ? 0.5 : 1.0);
    faces.area.push_back(grid.measure(site) / depth);
  }
  return faces;
}

}  // namespace

SideTrace::SideTrace(const GridSpace& grid, int axis, int side)
    : SparseMap(faces_of(grid, axis, side).rows, measures_of(grid), faces_of(grid, axis, side).area),
      half_distance_(grid.arrangement() == GridSpace::Sites::nodes ? 0.0 : 0.5 * grid.axis(axis).spacing) {}

}  // namespace holon

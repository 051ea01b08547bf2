#include "holon/space/side_trace.hpp"

#include "holon/base/error.hpp"

#include <fmt/format.h>

namespace holon {

namespace {

struct Faces {
  SparseMap::Rows rows;
  std::vector<double> area;
};

Faces faces_of(const StructuredSpace& grid, int axis, int side) {
  if (axis < 0 || axis >= grid.dimensions() || !grid.has_side(axis, side))
    throw InputError(fmt::format("grid '{}' has no side {}", grid.name(), grid.side_name(axis, side)));
  Faces faces;
  const auto a = static_cast<std::size_t>(axis);
  for (std::size_t site = 0; site < grid.sites(); ++site) {
    const auto index = grid.indices(site);
    if (index[a] != (side == 0 ? 0 : grid.count(axis) - 1)) continue;
    faces.rows.add(static_cast<std::uint32_t>(site), 1.0);
    faces.rows.end_row();
    faces.area.push_back(grid.side_area(axis, side) * grid.measure(site) / grid.width(axis, index[a]));
  }
  return faces;
}

}  // namespace

SideTrace::SideTrace(const StructuredSpace& grid, int axis, int side)
    : SparseMap(faces_of(grid, axis, side).rows,
                std::make_shared<const std::vector<double>>(measures_of(grid)),
                std::make_shared<const std::vector<double>>(faces_of(grid, axis, side).area)),
      half_distance_(grid.distance_to_side(axis, side) * grid.side_area(axis, side)) {}

}  // namespace holon

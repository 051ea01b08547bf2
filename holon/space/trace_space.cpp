#include "holon/space/trace_space.hpp"

#include "holon/base/error.hpp"

#include <fmt/format.h>

namespace holon {

TraceSpace::TraceSpace(std::string name, std::shared_ptr<const StructuredSpace> grid, int axis, int side)
    : Space(std::move(name), grid->length_dimension()), grid_(std::move(grid)), axis_(axis), side_(side) {
  if (axis < 0 || axis >= grid_->dimensions() || !grid_->has_side(axis, side))
    throw InputError(fmt::format("'{}' has no side {}", grid_->name(), grid_->side_name(axis, side)));
  sites_ = grid_->sites() / grid_->count(axis);
  for (std::size_t face = 0; face < sites_; ++face) sites_inside_ += inside(face) ? 1 : 0;
}

std::size_t TraceSpace::grid_site(std::size_t face) const {
  const int low = axis_ == 0 ? 1 : 0;
  std::array<std::size_t, 3> index{};
  index[static_cast<std::size_t>(axis_)] = side_ == 0 ? 0 : grid_->count(axis_) - 1;
  index[static_cast<std::size_t>(low)] = face % grid_->count(low);
  index[static_cast<std::size_t>(3 - axis_ - low)] = face / grid_->count(low);
  return grid_->index(index[0], index[1], index[2]);
}

Position TraceSpace::position(std::size_t site) const {
  Position place = grid_->position(grid_site(site));
  place[static_cast<std::size_t>(axis_)] = side_ == 0 ? grid_->low(axis_) : grid_->high(axis_);
  return place;
}

double TraceSpace::measure(std::size_t site) const {
  if (!inside(site)) return 0.0;
  const auto index = grid_->indices(grid_site(site));
  double area = grid_->side_area(axis_, side_);
  for (int a = 0; a < grid_->dimensions(); ++a)
    if (a != axis_) area *= grid_->width(a, index[static_cast<std::size_t>(a)]);
  return area;
}

std::optional<Stencil> TraceSpace::interpolation(const Position& place) const {
  // That of the grid at the side: only sites behind faces have weights there.
  Position at_side = place;
  at_side[static_cast<std::size_t>(axis_)] = side_ == 0 ? grid_->low(axis_) : grid_->high(axis_);
  auto stencil = grid_->interpolation(at_side);
  if (!stencil) return std::nullopt;
  const int low = axis_ == 0 ? 1 : 0;
  for (std::size_t& site : stencil->sites) {
    const auto index = grid_->indices(site);
    site = index[static_cast<std::size_t>(low)] +
           grid_->count(low) * index[static_cast<std::size_t>(3 - axis_ - low)];
  }
  return stencil;
}

std::optional<std::size_t> TraceSpace::nearest(const Position& place) const {
  const auto stencil = interpolation(place);
  if (!stencil) return std::nullopt;
  std::size_t best = 0;
  for (std::size_t k = 1; k < stencil->sites.size(); ++k)
    if (stencil->weights[k] > stencil->weights[best]) best = k;
  return stencil->sites[best];
}

std::string TraceSpace::site_text(std::size_t site) const {
  return fmt::format("side {} of {}", side_name(), grid_->site_text(grid_site(site)));
}

}  // namespace holon

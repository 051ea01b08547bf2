// One side of a grid or radial grid as a space of its own: its boundary faces.
#pragma once

#include "holon/space/space.hpp"

#include <string>

namespace holon {

/// The faces of a side, at the side itself (for cells: on their outer faces), in the order of the sites
/// behind them (the lower axis fastest). A radial grid's side is one face. The measure of a face is its area.
class TraceSpace final : public Space {
 public:
  /// `axis` 0 to 2; `side` 0 for the lower end and 1 for the upper one. Throws InputError where there is
  /// none.
  TraceSpace(std::string name, std::shared_ptr<const StructuredSpace> grid, int axis, int side);
  Type type() const override { return Type::trace; }
  std::size_t sites() const override { return sites_; }
  int dimensions() const override { return grid_->dimensions(); }
  int measure_power() const override { return grid_->measure_power() - 1; }
  Position position(std::size_t site) const override;
  double measure(std::size_t site) const override;
  /// Whether the site behind a face belongs to the grid's domain.
  bool inside(std::size_t face) const override { return grid_->inside(grid_site(face)); }
  std::size_t sites_inside() const override { return sites_inside_; }
  std::optional<Stencil> interpolation(const Position& place) const override;
  std::optional<std::size_t> nearest(const Position& place) const override;
  std::string site_text(std::size_t site) const override;

  const std::shared_ptr<const StructuredSpace>& grid() const { return grid_; }
  int axis() const { return axis_; }
  int side() const { return side_; }
  std::string side_name() const { return grid_->side_name(axis_, side_); }
  /// The site behind a face.
  std::size_t grid_site(std::size_t face) const;

 private:
  std::shared_ptr<const StructuredSpace> grid_;
  int axis_, side_;
  std::size_t sites_, sites_inside_ = 0;
};

}  // namespace holon

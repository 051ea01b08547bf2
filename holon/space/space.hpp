// Spaces: sets of sites on which fields live.
//
// Positions and measures are numbers in the coherent unit of the space's length dimension (metres, or pure
// numbers in a dimensionless model).
#pragma once

#include "holon/base/unit.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace holon {

using Position = std::array<double, 3>;

/// Sites and weights that give a field's value at a place: value = sum weight[k] f[site[k]].
struct Stencil {
  std::vector<std::size_t> sites;
  std::vector<double> weights;
};

/// A set of sites. Immutable. Which rank owns which of them is said by a Partition (partition.hpp).
class Space {
 public:
  enum class Type {
    point,
    grid,
    radial,
    trace,
    product,
    named_points,
    population,
    region,
    tree,
    network,
    edges
  };
  virtual ~Space() = default;
  Space(const Space&) = delete;
  Space& operator=(const Space&) = delete;

  const std::string& name() const { return name_; }
  virtual Type type() const = 0;
  virtual std::size_t sites() const = 0;
  /// True where the number of sites is part of the State (a population): State::sites(space) is the number
  /// then, and sites() that at the start.
  virtual bool varies() const { return false; }
  /// True for a space of one site for ever: fields on it are numbers that any other space may read.
  bool single() const { return sites() == 1 && !varies(); }
  /// Number of axes that positions have: 0 for a point.
  virtual int dimensions() const = 0;
  virtual Position position(std::size_t site) const = 0;
  /// Length, area or volume that a site stands for, so that sum measure * density is the content; 1 at a
  /// point.
  virtual double measure(std::size_t site) const = 0;
  /// Whether the site belongs to the domain: an irregular one is a part of a grid. What lies outside stands
  /// for nothing (its measure is zero), and nobody looks there.
  virtual bool inside(std::size_t) const { return true; }
  /// How many sites are inside.
  virtual std::size_t sites_inside() const { return sites(); }
  /// The power of length that a measure is: 0 to 3, of points 0; of a radial grid that of its symmetry, with
  /// one axis.
  virtual int measure_power() const { return dimensions(); }
  /// The dimension of a coordinate: length, or none in a dimensionless model.
  const Dimension& length_dimension() const { return length_; }
  /// How a value at any place follows from the sites' values (linear, of those inside); nothing when the
  /// place is outside.
  virtual std::optional<Stencil> interpolation(const Position& place) const = 0;
  /// The site nearest to a place; nothing when the place is outside.
  virtual std::optional<std::size_t> nearest(const Position& place) const = 0;
  /// What messages call a site: "site (3, 0, 1) at (0.6, 0, 0.2) mm".
  virtual std::string site_text(std::size_t site) const = 0;

  /// Coordinates of all sites along an axis (0, 1, 2) as one column, made on first use. Thread-safe.
  std::span<const double> coordinates(int axis) const;

 protected:
  Space(std::string name, Dimension length) : name_(std::move(name)), length_(length) {}

 private:
  std::string name_;
  Dimension length_;
  struct Columns;
  mutable std::shared_ptr<const Columns> columns_;  // published once, atomically
};

/// One site.
class PointSpace final : public Space {
 public:
  explicit PointSpace(std::string name, Dimension length = Dimension::length())
      : Space(std::move(name), length) {}
  Type type() const override { return Type::point; }
  std::size_t sites() const override { return 1; }
  int dimensions() const override { return 0; }
  Position position(std::size_t) const override { return {}; }
  double measure(std::size_t) const override { return 1.0; }
  std::optional<Stencil> interpolation(const Position&) const override { return Stencil{{0}, {1.0}}; }
  std::optional<std::size_t> nearest(const Position&) const override { return 0; }
  std::string site_text(std::size_t) const override { return "the point"; }
};

/// Sites arranged along 1 to 3 axes, with what schemes of finite volumes ask of them. The site of indices
/// (i, j, k) has number i + nx (j + ny k).
///
/// Along an axis a site's cell has a width and two faces: where all faces have the same area that counts as
/// 1, widths and distances are lengths, and a difference of values per distance is a gradient. Where faces
/// differ in area (radial grids) widths are volumes, and distances are integrals of ds / area, so that D
/// times a difference per distance is what passes the whole face.
class StructuredSpace : public Space {
 public:
  enum class Sites { nodes, cells };
  std::size_t sites() const final { return count_[0] * count_[1] * count_[2]; }
  int dimensions() const final { return dimensions_; }
  /// Nodes (n+1 along an axis of n intervals, n when periodic) or cell centres (n).
  Sites arrangement() const { return arrangement_; }
  /// Number of sites along an axis; 1 for axes that the space does not have.
  std::size_t count(int a) const { return count_[static_cast<std::size_t>(a)]; }
  std::size_t index(std::size_t i, std::size_t j = 0, std::size_t k = 0) const {
    return i + count_[0] * (j + count_[1] * k);
  }
  std::array<std::size_t, 3> indices(std::size_t site) const {
    return {site % count_[0], (site / count_[0]) % count_[1], site / (count_[0] * count_[1])};
  }
  /// "x", "y", "z", or "r".
  virtual std::string axis_name(int a) const = 0;
  /// "x_min" to "z_max", or "r_min" and "r_max".
  std::string side_name(int a, int side) const { return axis_name(a) + (side == 0 ? "_min" : "_max"); }
  virtual bool periodic(int a) const = 0;
  /// Whether there is a side: not along periodic axes, and not at the centre of a radial grid.
  virtual bool has_side(int a, int /*side*/) const { return !periodic(a); }
  /// Coordinates of the low and the high side.
  virtual double low(int a) const = 0;
  virtual double high(int a) const = 0;
  virtual double extent(int a) const = 0;
  /// The smallest distance between neighbours [coherent length].
  virtual double least_spacing(int a) const = 0;
  /// Whether all intervals of all axes are the same, with faces of the same area.
  virtual bool uniform() const = 0;
  virtual double width(int a, std::size_t i) const = 0;
  virtual double distance_to_next(int a, std::size_t i) const = 0;
  /// How much of the distance to the next site lies within the site's own cell.
  virtual double share_to_next(int a, std::size_t i) const = 0;
  /// From the first or last cell's centre to the side.
  virtual double distance_to_side(int a, int side) const = 0;
  virtual double side_area(int a, int side) const = 0;
  /// How much a piece of an axis counts within the distance between two sites; ratios of it matter alone.
  virtual double stretch(int a, double from, double to) const = 0;

 protected:
  StructuredSpace(std::string name, Dimension length, Sites arrangement)
      : Space(std::move(name), length), arrangement_(arrangement) {}
  void set_counts(int dimensions, const std::array<std::size_t, 3>& count) {
    dimensions_ = dimensions;
    count_ = count;
  }

 private:
  Sites arrangement_;
  int dimensions_ = 1;
  std::array<std::size_t, 3> count_{1, 1, 1};
};

/// A Cartesian grid of 1 to 3 axes.
class GridSpace final : public StructuredSpace {
 public:
  struct Axis {
    std::size_t intervals = 1;
    double spacing = 1.0;
    double origin = 0.0;
    bool periodic = false;
  };
  GridSpace(std::string name, Sites sites, std::vector<Axis> axes, Dimension length = Dimension::length());
  /// A part of that grid: the sites where `inside` is not zero, one number for each site of the whole.
  GridSpace(const GridSpace& whole, std::vector<char> inside);

  Type type() const override { return Type::grid; }
  Position position(std::size_t site) const override;
  /// Product of spacings; a node on a non-periodic side counts half along that axis (trapezoidal rule); zero
  /// outside a mask.
  double measure(std::size_t site) const override;
  bool inside(std::size_t site) const override { return inside_.empty() || inside_[site] != 0; }
  std::size_t sites_inside() const override { return inside_.empty() ? sites() : sites_inside_; }
  bool masked() const { return !inside_.empty(); }
  std::optional<Stencil> interpolation(const Position& place) const override;
  std::optional<std::size_t> nearest(const Position& place) const override;
  std::string site_text(std::size_t site) const override;

  const Axis& axis(int a) const { return axes_[static_cast<std::size_t>(a)]; }

  std::string axis_name(int a) const override { return std::string(1, "xyz"[a]); }
  bool periodic(int a) const override { return axis(a).periodic; }
  double low(int a) const override { return axis(a).origin; }
  double high(int a) const override { return axis(a).origin + extent(a); }
  double least_spacing(int a) const override { return axis(a).spacing; }
  double extent(int a) const override { return axis(a).spacing * static_cast<double>(axis(a).intervals); }
  bool uniform() const override { return true; }
  double width(int a, std::size_t i) const override;
  double distance_to_next(int a, std::size_t) const override { return axis(a).spacing; }
  double share_to_next(int, std::size_t) const override { return 0.5; }
  double distance_to_side(int a, int) const override {
    return arrangement() == Sites::cells ? 0.5 * axis(a).spacing : 0.0;
  }
  double side_area(int, int) const override { return 1.0; }
  double stretch(int, double from, double to) const override { return to - from; }

 private:
  std::vector<Axis> axes_;
  std::vector<char> inside_;  // empty: all
  std::size_t sites_inside_ = 0;
};

/// A micro space at every site of a macro space. The site (macro m, micro s) has number m * micro.sites() +
/// s. Positions are the macro site's; measure is the product.
class ProductSpace final : public Space {
 public:
  ProductSpace(std::string name, std::shared_ptr<const Space> macro, std::shared_ptr<const Space> micro);
  Type type() const override { return Type::product; }
  std::size_t sites() const override { return macro_->sites() * micro_->sites(); }
  int dimensions() const override { return macro_->dimensions(); }
  Position position(std::size_t site) const override { return macro_->position(macro_site(site)); }
  double measure(std::size_t site) const override {
    return macro_->measure(macro_site(site)) * micro_->measure(micro_site(site));
  }
  bool inside(std::size_t site) const override {
    return macro_->inside(macro_site(site)) && micro_->inside(micro_site(site));
  }
  std::size_t sites_inside() const override { return macro_->sites_inside() * micro_->sites_inside(); }
  int measure_power() const override { return macro_->measure_power() + micro_->measure_power(); }
  std::optional<Stencil> interpolation(const Position&) const override { return std::nullopt; }
  std::optional<std::size_t> nearest(const Position&) const override { return std::nullopt; }
  std::string site_text(std::size_t site) const override;
  const Space& macro() const { return *macro_; }
  const Space& micro() const { return *micro_; }
  std::size_t macro_site(std::size_t site) const { return site / micro_->sites(); }
  std::size_t micro_site(std::size_t site) const { return site % micro_->sites(); }

 private:
  std::shared_ptr<const Space> macro_, micro_;
};

/// Named points (electrodes, probes) in the coordinates of another space.
class NamedPoints final : public Space {
 public:
  NamedPoints(std::string name, std::vector<std::string> names, std::vector<Position> positions,
              int dimensions, Dimension length = Dimension::length());
  Type type() const override { return Type::named_points; }
  std::size_t sites() const override { return names_.size(); }
  int dimensions() const override { return dimensions_; }
  Position position(std::size_t site) const override { return positions_[site]; }
  double measure(std::size_t) const override { return 1.0; }
  int measure_power() const override { return 0; }
  std::optional<Stencil> interpolation(const Position&) const override { return std::nullopt; }
  std::optional<std::size_t> nearest(const Position& place) const override;
  std::string site_text(std::size_t site) const override { return names_[site]; }
  const std::vector<std::string>& names() const { return names_; }

 private:
  std::vector<std::string> names_;
  std::vector<Position> positions_;
  int dimensions_;
};

}  // namespace holon

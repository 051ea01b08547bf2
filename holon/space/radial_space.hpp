// Radial grids: concentric shells about a point or an axis.
#pragma once

#include "holon/space/space.hpp"

#include <string_view>
#include <vector>

namespace holon {

/// Shells between radii r_0 < r_1 < ... < r_n; a site is the middle of a shell. Volumes and areas are exact:
///   sphere     V = 4/3 pi (r_{i+1}^3 - r_i^3), A = 4 pi r^2
///   cylinder   V = pi (r_{i+1}^2 - r_i^2), A = 2 pi r, both for a unit of its length
/// Around a hole (inner radius above zero) distances are integrals of dr / A, so that fields without sources,
/// which go as 1/r or log r, are exact on any spacing. Without a hole, where fields are even in r, they are
/// lengths divided by the area of the face between; a parabola is then exact on equal shells.
class RadialSpace final : public StructuredSpace {
 public:
  enum class Symmetry { cylinder, sphere };
  /// The radii of the faces [coherent length], two at least. Throws InputError where they do not increase or
  /// begin below zero.
  RadialSpace(std::string name, Symmetry symmetry, std::vector<double> faces,
              Dimension length = Dimension::length());

  Type type() const override { return Type::radial; }
  Position position(std::size_t site) const override { return {centre(site), 0.0, 0.0}; }
  double measure(std::size_t site) const override { return volume_[site]; }
  int measure_power() const override { return symmetry_ == Symmetry::sphere ? 3 : 2; }
  /// Between two sites as a field without sources goes (without a hole: linear); the outermost values in the
  /// halves of shells beside the sides.
  std::optional<Stencil> interpolation(const Position& place) const override;
  std::optional<std::size_t> nearest(const Position& place) const override;
  std::string site_text(std::size_t site) const override;

  Symmetry symmetry() const { return symmetry_; }
  const std::vector<double>& faces() const { return faces_; }
  bool has_hole() const { return faces_.front() > 0.0; }
  /// Of the surface at a radius.
  double area(double radius) const;

  std::string axis_name(int) const override { return "r"; }
  bool periodic(int) const override { return false; }
  bool has_side(int, int side) const override { return side == 1 || has_hole(); }
  double low(int) const override { return faces_.front(); }
  double high(int) const override { return faces_.back(); }
  double extent(int) const override { return faces_.back() - faces_.front(); }
  double least_spacing(int) const override;
  bool uniform() const override { return false; }
  double width(int a, std::size_t i) const override { return a == 0 ? volume_[i] : 1.0; }
  double distance_to_next(int, std::size_t i) const override;
  double share_to_next(int, std::size_t i) const override;
  double distance_to_side(int, int side) const override;
  double side_area(int, int side) const override { return area(side == 0 ? low(0) : high(0)); }
  double stretch(int, double from, double to) const override;

 private:
  double centre(std::size_t shell) const { return 0.5 * (faces_[shell] + faces_[shell + 1]); }
  Symmetry symmetry_;
  std::vector<double> faces_, volume_;
};

/// Radii of shells from `inner` to `outer`: the first is `spacing` wide and each as much wider than the last
/// as the next, by a factor of at most `growth`; their number is the least with which that is possible. With
/// growth 1 all are `spacing` wide. Nothing where no such shells fit.
std::optional<std::vector<double>> graded_radii(double inner, double outer, double spacing, double growth);

}  // namespace holon

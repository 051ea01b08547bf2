#include "holon/space/radial_space.hpp"

#include "holon/base/error.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

namespace holon {

namespace {

constexpr double pi = std::numbers::pi;
constexpr double fits = 1e-9;  // how far, relative to the whole, equal shells may miss the outer radius
constexpr double most_shells = 1e8;

}  // namespace

RadialSpace::RadialSpace(std::string name, Symmetry symmetry, std::vector<double> faces, Dimension length)
    : StructuredSpace(std::move(name), length, Sites::cells), symmetry_(symmetry), faces_(std::move(faces)) {
  if (faces_.size() < 2) throw InputError(fmt::format("radial grid '{}' has no shell", this->name()));
  if (!(faces_.front() >= 0.0))
    throw InputError(fmt::format("radial grid '{}' begins at the radius {:g}; a radius is not negative",
                                 this->name(), faces_.front()));
  volume_.resize(faces_.size() - 1);
  for (std::size_t i = 0; i < volume_.size(); ++i) {
    const double a = faces_[i], b = faces_[i + 1];
    if (!(b > a) || !std::isfinite(b))
      throw InputError(
          fmt::format("radial grid '{}': shell {} reaches from {:g} to {:g}", this->name(), i, a, b));
    volume_[i] = symmetry_ == Symmetry::sphere ? 4.0 / 3.0 * pi * (b - a) * (a * a + a * b + b * b)
                                               : pi * (b - a) * (a + b);
  }
  set_counts(1, {volume_.size(), 1, 1});
}

double RadialSpace::area(double radius) const {
  return symmetry_ == Symmetry::sphere ? 4.0 * pi * radius * radius : 2.0 * pi * radius;
}

double RadialSpace::least_spacing(int) const {
  double least = faces_[1] - faces_[0];
  for (std::size_t i = 1; i + 1 < faces_.size(); ++i) least = std::min(least, faces_[i + 1] - faces_[i]);
  return least;
}

double RadialSpace::stretch(int, double from, double to) const {
  if (!has_hole()) return to - from;
  return symmetry_ == Symmetry::sphere ? (to - from) / (4.0 * pi * from * to)
                                       : std::log1p((to - from) / from) / (2.0 * pi);
}

double RadialSpace::distance_to_next(int, std::size_t i) const {
  const double whole = stretch(0, centre(i), centre(i + 1));
  return has_hole() ? whole : whole / area(faces_[i + 1]);
}

double RadialSpace::share_to_next(int, std::size_t i) const {
  return stretch(0, centre(i), faces_[i + 1]) / stretch(0, centre(i), centre(i + 1));
}

double RadialSpace::distance_to_side(int, int side) const {
  const double whole =
      side == 0 ? stretch(0, faces_.front(), centre(0)) : stretch(0, centre(sites() - 1), faces_.back());
  return has_hole() ? whole : whole / area(side == 0 ? faces_.front() : faces_.back());
}

std::optional<Stencil> RadialSpace::interpolation(const Position& place) const {
  const double r = place[0], slack = fits * faces_.back();
  if (!(r >= faces_.front() - slack && r <= faces_.back() + slack)) return std::nullopt;
  if (r <= centre(0)) return Stencil{{0}, {1.0}};
  if (r >= centre(sites() - 1)) return Stencil{{sites() - 1}, {1.0}};
  const auto above = std::upper_bound(faces_.begin(), faces_.end(), r);
  auto shell = static_cast<std::size_t>(above - faces_.begin()) - 1;
  if (r < centre(shell)) --shell;
  const double weight = stretch(0, centre(shell), r) / stretch(0, centre(shell), centre(shell + 1));
  if (weight == 0.0) return Stencil{{shell}, {1.0}};
  return Stencil{{shell, shell + 1}, {1.0 - weight, weight}};
}

std::optional<std::size_t> RadialSpace::nearest(const Position& place) const {
  const double r = place[0], slack = fits * faces_.back();
  if (!(r >= faces_.front() - slack && r <= faces_.back() + slack)) return std::nullopt;
  const auto above = std::upper_bound(faces_.begin(), faces_.end(), r);
  const auto shell = std::max<std::ptrdiff_t>(0, above - faces_.begin() - 1);
  return std::min(static_cast<std::size_t>(shell), sites() - 1);
}

std::string RadialSpace::site_text(std::size_t site) const {
  // Micrometres read best for cells; pure numbers stay as they are.
  const bool plain = length_dimension().dimensionless();
  const double scale = plain ? 1.0 : 1e6;
  return fmt::format("shell {} of {} at r = {:.6g}{}", site, name(), scale * centre(site),
                     plain ? "" : " um");
}

std::optional<std::vector<double>> graded_radii(double inner, double outer, double spacing, double growth) {
  const double extent = outer - inner, ratio = extent / spacing;
  if (!(growth >= 1.0) || !(ratio >= 1.0 - fits)) return std::nullopt;
  // Sum of the widths of n shells in units of the first.
  const auto sum = [](double g, double n) { return g == 1.0 ? n : std::expm1(n * std::log(g)) / (g - 1.0); };
  double shells = std::round(ratio), factor = 1.0;
  if (growth > 1.0 && ratio > 1.0 + fits) {
    shells = std::ceil(std::log1p(ratio * (growth - 1.0)) / std::log(growth) - fits);
    if (shells > ratio * (1.0 + fits)) return std::nullopt;  // even equal shells would reach too far
    // The factor with which they just fill the extent, by bisection: the sum rises with it.
    double low = 1.0, high = growth * (1.0 + fits);
    for (int pass = 0; pass < 200 && low < high; ++pass) {
      factor = 0.5 * (low + high);
      if (factor == low || factor == high) break;
      (sum(factor, shells) < ratio ? low : high) = factor;
    }
  } else if (std::abs(ratio - shells) > fits * ratio) {
    return std::nullopt;
  }
  if (!(shells <= most_shells)) return std::nullopt;
  const auto count = static_cast<std::size_t>(shells);
  std::vector<double> radii(count + 1);
  const double first = factor == 1.0 ? extent / shells : spacing;
  for (std::size_t i = 0; i <= count; ++i) radii[i] = inner + first * sum(factor, static_cast<double>(i));
  radii.back() = outer;
  return radii;
}

}  // namespace holon

#include "holon/space/radial_space.hpp"

#include "holon/base/error.hpp"

#include <cmath>
#include <numbers>
#include <numeric>

#include <gtest/gtest.h>

namespace holon {
namespace {

constexpr double pi = std::numbers::pi;

TEST(RadialSpace, shells_fill_the_body_and_faces_have_its_areas) {
  const auto radii = *graded_radii(1.0, 9.0, 0.1, 1.3);
  const RadialSpace sphere("s", RadialSpace::Symmetry::sphere, radii, Dimension{});
  const RadialSpace cylinder("c", RadialSpace::Symmetry::cylinder, radii, Dimension{});
  double volume = 0.0, section = 0.0;
  for (std::size_t i = 0; i < sphere.sites(); ++i) {
    volume += sphere.measure(i);
    section += cylinder.measure(i);
  }
  EXPECT_NEAR(volume, 4.0 / 3.0 * pi * (729.0 - 1.0), 1e-12 * volume);
  EXPECT_NEAR(section, pi * (81.0 - 1.0), 1e-12 * section);
  EXPECT_DOUBLE_EQ(sphere.side_area(0, 1), 4.0 * pi * 81.0);
  EXPECT_DOUBLE_EQ(cylinder.side_area(0, 0), 2.0 * pi);
  EXPECT_EQ(sphere.measure_power(), 3);
  EXPECT_EQ(cylinder.measure_power(), 2);
}

TEST(RadialSpace, widths_grow_by_one_factor_at_most_the_given_one_from_the_given_spacing) {
  const auto radii = *graded_radii(2.0, 100.0, 0.5, 1.1);
  EXPECT_EQ(radii.front(), 2.0);
  EXPECT_EQ(radii.back(), 100.0);
  EXPECT_NEAR(radii[1] - radii[0], 0.5, 1e-13);
  const double factor = (radii[2] - radii[1]) / (radii[1] - radii[0]);
  EXPECT_LE(factor, 1.1);
  EXPECT_GT(factor, 1.09);  // one shell fewer would need more than 1.1
  for (std::size_t i = 2; i + 1 < radii.size(); ++i)
    EXPECT_NEAR((radii[i + 1] - radii[i]) / (radii[i] - radii[i - 1]), factor, 1e-9) << i;
}

TEST(RadialSpace, shells_that_do_not_fit_are_none) {
  EXPECT_FALSE(graded_radii(0.0, 1.0, 0.3, 1.0));
  EXPECT_FALSE(graded_radii(0.0, 1.0, 2.0, 1.2));
  EXPECT_FALSE(graded_radii(0.0, 1.5, 1.0, 2.0));  // two shells of 1 already reach too far
  EXPECT_FALSE(graded_radii(0.0, 1.0, 0.1, 0.9));
  EXPECT_EQ(graded_radii(0.0, 1.0, 0.25, 1.0)->size(), 5U);
  EXPECT_EQ(graded_radii(0.0, 0.25, 0.25, 1.5)->size(), 2U);
}

TEST(RadialSpace, interpolation_is_exact_for_the_field_of_a_point_source_around_a_hole) {
  const RadialSpace space("s", RadialSpace::Symmetry::sphere, *graded_radii(1.0, 50.0, 0.2, 1.2),
                          Dimension{});
  for (const double r : {1.15, 2.0, 7.7, 40.0}) {
    const Stencil stencil = *space.interpolation({r, 0.0, 0.0});
    double value = 0.0;
    for (std::size_t k = 0; k < stencil.sites.size(); ++k)
      value += stencil.weights[k] / space.position(stencil.sites[k])[0];
    EXPECT_NEAR(value, 1.0 / r, 1e-14) << r;
  }
  EXPECT_FALSE(space.interpolation({0.5, 0.0, 0.0}));
  EXPECT_FALSE(space.interpolation({51.0, 0.0, 0.0}));
  EXPECT_EQ(*space.nearest({1.0, 0.0, 0.0}), 0U);
  EXPECT_EQ(*space.nearest({50.0, 0.0, 0.0}), space.sites() - 1);
}

TEST(RadialSpace, distances_add_up_and_a_sphere_without_a_hole_has_no_inner_side) {
  const RadialSpace shell("s", RadialSpace::Symmetry::cylinder, {1.0, 2.0, 4.0}, Dimension{});
  EXPECT_NEAR(shell.distance_to_side(0, 0) + shell.distance_to_next(0, 0) + shell.distance_to_side(0, 1),
              std::log(4.0) / (2.0 * pi), 1e-15);
  EXPECT_TRUE(shell.has_side(0, 0));
  const RadialSpace ball("b", RadialSpace::Symmetry::sphere, {0.0, 1.0, 2.0}, Dimension{});
  EXPECT_FALSE(ball.has_side(0, 0));
  EXPECT_TRUE(ball.has_side(0, 1));
  // A parabola's flux between equal shells is exact: 2 r A at the face.
  EXPECT_NEAR((1.5 * 1.5 - 0.5 * 0.5) / ball.distance_to_next(0, 0), 2.0 * 4.0 * pi, 1e-13);
}

TEST(RadialSpace, radii_that_do_not_increase_are_refused) {
  EXPECT_THROW(RadialSpace("s", RadialSpace::Symmetry::sphere, {-1.0, 1.0}), InputError);
  EXPECT_THROW(RadialSpace("s", RadialSpace::Symmetry::sphere, {1.0, 1.0}), InputError);
  EXPECT_THROW(RadialSpace("s", RadialSpace::Symmetry::sphere, {1.0}), InputError);
}

}  // namespace
}  // namespace holon

#include "holon/space/trace_space.hpp"

#include "holon/base/error.hpp"
#include "holon/space/radial_space.hpp"
#include "holon/space/side_trace.hpp"

#include <numbers>

#include <gtest/gtest.h>

namespace holon {
namespace {

using Sites = GridSpace::Sites;

std::shared_ptr<const GridSpace> box(Sites sites) {
  return std::make_shared<GridSpace>(
      "box", sites, std::vector<GridSpace::Axis>{{3, 1.0, 0.5, false}, {4, 0.5, 0.0, false}}, Dimension{});
}

TEST(TraceSpace, faces_lie_on_the_side_and_have_its_area) {
  for (const Sites sites : {Sites::cells, Sites::nodes}) {
    const TraceSpace right("right", box(sites), 0, 1);
    double area = 0.0;
    for (std::size_t face = 0; face < right.sites(); ++face) {
      EXPECT_DOUBLE_EQ(right.position(face)[0], 3.5);
      area += right.measure(face);
    }
    EXPECT_DOUBLE_EQ(area, 2.0);
  }
  EXPECT_EQ(TraceSpace("top", box(Sites::cells), 1, 1).sites(), 3U);
}

TEST(TraceSpace, values_between_faces_follow_linearly) {
  const TraceSpace right("right", box(Sites::nodes), 0, 1);
  const Stencil stencil = *right.interpolation({3.5, 0.6, 0.0});
  double y = 0.0;
  for (std::size_t k = 0; k < stencil.sites.size(); ++k)
    y += stencil.weights[k] * right.position(stencil.sites[k])[1];
  EXPECT_NEAR(y, 0.6, 1e-14);
  EXPECT_EQ(*right.nearest({3.5, 0.6, 0.0}), 1U);
}

TEST(TraceSpace, a_radial_grid_has_one_face_and_no_side_at_its_centre) {
  const auto shells = std::make_shared<RadialSpace>("m", RadialSpace::Symmetry::sphere,
                                                    std::vector<double>{1.0, 2.0, 4.0}, Dimension{});
  const TraceSpace surface("surface", shells, 0, 0);
  EXPECT_EQ(surface.sites(), 1U);
  EXPECT_DOUBLE_EQ(surface.measure(0), 4.0 * std::numbers::pi);
  EXPECT_EQ(surface.measure_power(), 2);
  EXPECT_EQ(surface.position(0)[0], 1.0);
  const auto ball = std::make_shared<RadialSpace>("b", RadialSpace::Symmetry::sphere,
                                                  std::vector<double>{0.0, 2.0, 4.0}, Dimension{});
  EXPECT_THROW(TraceSpace("centre", ball, 0, 0), InputError);
}

TEST(TraceSpace, what_enters_a_radial_side_arrives_in_the_shell_behind_it) {
  const RadialSpace shells("m", RadialSpace::Symmetry::cylinder, {1.0, 2.0, 4.0}, Dimension{});
  const SideTrace trace(shells, 0, 1);
  ThreadPool threads(1);
  const std::vector<double> f{0.3, 0.7}, g{2.0};
  std::vector<double> tf(1), tg(2);
  trace.apply(f, tf, threads);
  trace.apply_adjoint(g, tg, threads);
  EXPECT_DOUBLE_EQ(tf[0], 0.7);
  const double on_side = shells.side_area(0, 1) * tf[0] * g[0];
  double inside = 0.0;
  for (std::size_t i = 0; i < 2; ++i) inside += shells.measure(i) * f[i] * tg[i];
  EXPECT_NEAR(on_side, inside, 1e-14 * on_side);
  EXPECT_EQ(tg[0], 0.0);
}

}  // namespace
}  // namespace holon

// The lesson cases of multiscale modelling (engine case E11; Chopard, Borgdorff and Hoekstra 2014).
#include "holon/analysis/scale_box.hpp"

#include <gtest/gtest.h>

namespace holon::analysis {
namespace {

constexpr double minute = 60.0, hour = 3600.0, day = 86400.0;

TEST(ScaleBox, AtmosphereAndSurfaceOverlapInBothAndInteract) {
  const ScaleInterval atmosphere_time{1.0, day}, surface_time{10.0 * minute, day};
  const ScaleInterval atmosphere_space{0.1, 100.0}, surface_space{1.0, 100.0};
  EXPECT_EQ(relation(atmosphere_time, surface_time), Relation::overlap);
  EXPECT_EQ(relation(atmosphere_space, surface_space), Relation::overlap);
  EXPECT_EQ(fitting_pattern(relation(atmosphere_time, surface_time)), Pattern::interact);
}

TEST(ScaleBox, CalciumBindingInsideGrowthIsCalledAndReleased) {
  const ScaleInterval binding{1e-6, 10e-3}, growth{hour, 100.0 * day};
  EXPECT_EQ(relation(binding, growth), Relation::separated);
  EXPECT_EQ(relation(growth, binding), Relation::separated);
  EXPECT_NEAR(separation(growth, binding), 2.7777777777777778e-6, 1e-18);
  EXPECT_EQ(fitting_pattern(Relation::separated), Pattern::call_release);
}

TEST(ScaleBox, TouchingIntervalsAreAdjacent) {
  EXPECT_EQ(relation({1.0, 10.0}, {10.0, 100.0}), Relation::adjacent);
  EXPECT_EQ(relation({1.0, 10.0}, {10.1, 100.0}), Relation::separated);
  EXPECT_EQ(relation({1.0, 10.0}, {9.9, 100.0}), Relation::overlap);
  // One inside the other shares scales with it.
  EXPECT_EQ(relation({2.0, 5.0}, {1.0, 100.0}), Relation::overlap);
}

TEST(ScaleBox, NothingIsSaidAboutWhatHasNoExtent) {
  EXPECT_EQ(relation({}, {1.0, 2.0}), Relation::unknown);
  EXPECT_EQ(fitting_pattern(Relation::unknown), Pattern::interact);
}

}  // namespace
}  // namespace holon::analysis

// Which part of a colony a circuit's load kills (applications H3): the radius up to which cells have lost
// their energy is where nutrient is at the fold of a single cell.
//
// The reference is the quasi-static continuum: a core of collapsed cells and living ones around it, with
// nutrient at the fold where they meet; Runge-Kutta from the centre outwards, and bisection for the core's
// radius that meets the nutrient of the medium.
#include <cmath>
#include <functional>

#include "verification/model_run.hpp"
#include <fmt/format.h>
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

struct Colony {
  // SI units but mM for nutrient; the model file's defaults.
  double radius = 400e-6, diffusivity = 500e-12, K_n = 0.1, V = 100.0 / 60.0, yield = 0.04, alpha0 = 0.05,
         K = 10.0, growth = 2.0 / 60.0, load = 3.0 / 60.0;

  double nutrient_at_fold() const {
    const double half = 1.0 - 2.0 * alpha0;
    const double s = (half + std::sqrt(half * half - 4.0 * (1.0 + alpha0) * alpha0)) / (2.0 * (1.0 + alpha0));
    const double least = (growth + load) * K * std::sqrt(s) / (alpha0 + s / (1.0 + s));
    return K_n * least / (V - least);
  }
  /// Nutrient that cells with the higher or lower steady energy take up [mM/s].
  double consumed(double n, bool living) const {
    const double most = V * n / (K_n + n);
    double energy = living ? 1e3 : 0.0;
    for (int k = 0; k < 400; ++k)
      energy = most * (alpha0 + energy * energy / (K * K + energy * energy)) / (growth + load);
    return yield * most * (alpha0 + energy * energy / (K * K + energy * energy));
  }
  struct Profile {
    double n, flux;  // flux: r^2 n'
  };
  Profile outwards(Profile at, double from, double to, bool living) const {
    constexpr int steps = 200;
    const double h = (to - from) / steps;
    const auto slope = [&](double r, const Profile& p) {
      return Profile{r > 0.0 ? p.flux / (r * r) : 0.0, r * r * consumed(p.n, living) / diffusivity};
    };
    const auto moved = [](const Profile& p, double by, const Profile& k) {
      return Profile{p.n + by * k.n, p.flux + by * k.flux};
    };
    for (int i = 0; i < steps; ++i) {
      const double r = from + i * h;
      const Profile k1 = slope(r, at), k2 = slope(r + 0.5 * h, moved(at, 0.5 * h, k1)),
                    k3 = slope(r + 0.5 * h, moved(at, 0.5 * h, k2)), k4 = slope(r + h, moved(at, h, k3));
      at.n += h / 6.0 * (k1.n + 2.0 * k2.n + 2.0 * k3.n + k4.n);
      at.flux += h / 6.0 * (k1.flux + 2.0 * k2.flux + 2.0 * k3.flux + k4.flux);
    }
    return at;
  }
  static double bisect(double low, double high, const std::function<bool(double)>& above) {
    for (int k = 0; k < 40; ++k) (above(0.5 * (low + high)) ? high : low) = 0.5 * (low + high);
    return 0.5 * (low + high);
  }
  /// Nutrient in the medium when cells up to `core` have collapsed.
  double medium(double core) const {
    const double fold = nutrient_at_fold();
    const double centre =
        bisect(0.0, fold, [&](double n) { return outwards({n, 0.0}, 0.0, core, false).n > fold; });
    const double flux = outwards({centre, 0.0}, 0.0, core, false).flux;
    return outwards({fold * (1.0 + 1e-9), flux}, core, radius, true).n;
  }
  double collapse_radius(double nutrient) const {
    return bisect(1e-7, 0.999 * radius, [&](double core) { return medium(core) < nutrient; });
  }
};

TEST(BurdenInAColony, CollapsesUpToWhereNutrientIsAtTheFold) {
  for (const double nutrient : {3.0, 2.5, 2.2, 1.8}) {
    ModelRun run("models/circuits/burden_in_a_colony.yaml",
                 {fmt::format("parameters.n_end={} mM", nutrient)});
    run.to_the_end();
    const Colony colony;
    EXPECT_NEAR(run.result("n_fold"), colony.nutrient_at_fold(), 1e-9);
    EXPECT_NEAR(run.result("collapse_radius"), 1e6 * colony.collapse_radius(nutrient), 4.0) << nutrient;
    // The innermost living cell is at most one cell's share above the fold.
    EXPECT_GE(run.result("n_front"), colony.nutrient_at_fold());
    EXPECT_LT(run.result("n_front"), 1.03 * colony.nutrient_at_fold());
  }
}

TEST(BurdenInAColony, HasNoFrontWhereNothingLives) {
  ModelRun run("models/circuits/burden_in_a_colony.yaml",
               {"parameters.V=60 1/min", "parameters.ramp=400 min"});
  run.to_the_end();
  EXPECT_TRUE(std::isinf(run.result("n_fold")));
  EXPECT_NEAR(run.result("share_fallen"), 1.0, 1e-12);
  EXPECT_NE(run.why_missing("n_front").find("'where' holds at no site"), std::string::npos)
      << run.why_missing("n_front");
}

TEST(BurdenInAColony, FollowsOtherParameters) {
  Colony colony;
  colony.radius = 300e-6;
  colony.load = 2.5 / 60.0;
  colony.yield = 0.06;
  ModelRun run("models/circuits/burden_in_a_colony.yaml",
               {"parameters.R=300 um", "parameters.b=2.5 1/min", "parameters.yield=0.06 mM",
                "parameters.n_end=1.8 mM"});
  run.to_the_end();
  EXPECT_NEAR(run.result("n_fold"), colony.nutrient_at_fold(), 1e-9);
  EXPECT_NEAR(run.result("collapse_radius"), 1e6 * colony.collapse_radius(1.8), 4.0);
  EXPECT_GT(run.result("collapse_radius"), 20.0);
}

}  // namespace
}  // namespace holon::verification

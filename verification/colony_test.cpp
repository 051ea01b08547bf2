// A round colony of cells that make what switches its own making on (case: applications Q5). In units of the
// colony's radius, K and D the field obeys lap c + Phi^2 (alpha0 + c^2/(1 + c^2) - k_tilde c) = 0 inside and
// lap c - k_tilde Phi^2 c = 0 outside.
//
// The cells at a place hold p, p' = alpha0 + c^2/(1 + c^2) - p, which is what they make at rest. Outside the
// field falls as exp(-r/lambda)/r, which is an exchange at r = 1.
#include <cmath>

#include "verification/model_run.hpp"
#include <fmt/format.h>
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

const char* const colony = R"(
holon: 1
title: A colony
parameters: {Phi2: 5, k_tilde: 0, alpha0: 0.05, c_start: 0, p_start: 0, spacing: 0.01}
spaces:
  colony: {type: radial, outer: 1, spacing: =spacing}
fields:
  c: {space: colony, initial: =c_start}
processes:
  cells:
    type: kinetics
    space: colony
    integrator: rosenbrock
    tolerance: {relative: 1e-9, absolute: 1e-12}
    units: {time: 1, p: 1, c: 1, alpha0: 1}
    states: {p: 0}
    initial: {p: =p_start}
    inputs: {c: =c}
    parameters: {alpha0: =alpha0}
    equations: |
      p' = alpha0 + c^2/(1 + c^2) - p
  spreading:
    type: diffusion
    field: c
    diffusivity: 1
    decay: =k_tilde*Phi2
    source: =Phi2*cells.p
    integrator: implicit
    boundary: {r_max: {robin: {transfer: =1 + sqrt(k_tilde*Phi2), outside: 0}}}
schedule: {step: 0.1, until: inf, strang: [cells, spreading]}
observe:
  centre: {type: final, of: c, at: [0]}
results:
  u_centre: {of: centre}
)";

double u_centre(double Phi2, double k_tilde, double start) {
  return ModelRun::of_text(colony, {fmt::format("parameters.Phi2={:.17g}", Phi2),
                                    fmt::format("parameters.k_tilde={:.17g}", k_tilde),
                                    fmt::format("parameters.c_start={}", start),
                                    fmt::format("parameters.p_start={}", start > 0.0 ? 1.05 : 0.0)})
      .to_the_end()
      .result("u_centre");
}

struct Folds {
  double k_tilde, on, off;
  double u_on, u_off;  ///< at the centre; 0: not published
  friend void PrintTo(const Folds& folds, std::ostream* out) { *out << "k_tilde " << folds.k_tilde; }
};

class Colony : public testing::TestWithParam<Folds> {};

constexpr double tolerance = 1e-3;  // of the case

TEST_P(Colony, JumpsOnBetweenSteadyStatesOnBothSidesOfTheUpperFold) {
  const Folds& folds = GetParam();
  const double below = u_centre(folds.on * (1.0 - tolerance), folds.k_tilde, 0.0);
  const double above = u_centre(folds.on * (1.0 + tolerance), folds.k_tilde, 0.0);
  // Near a fold u - u_fold goes as the square root of the distance.
  if (folds.u_on > 0.0) { EXPECT_NEAR(below, folds.u_on, 0.1 * folds.u_on); }
  EXPECT_LT(below, 0.6);
  EXPECT_GT(above, 1.2);
}

TEST_P(Colony, FallsBackBetweenSteadyStatesOnBothSidesOfTheLowerFold) {
  const Folds& folds = GetParam();
  const double above = u_centre(folds.off * (1.0 + tolerance), folds.k_tilde, 10.0);
  const double below = u_centre(folds.off * (1.0 - tolerance), folds.k_tilde, 10.0);
  if (folds.u_off > 0.0) { EXPECT_NEAR(above, folds.u_off, 0.1 * folds.u_off); }
  EXPECT_GT(above, 0.8);
  EXPECT_LT(below, 0.4);
}

TEST_P(Colony, HasTwoStatesOfRestBetweenTheFolds) {
  const Folds& folds = GetParam();
  const double between = 0.5 * (folds.on + folds.off);
  EXPECT_GT(u_centre(between, folds.k_tilde, 10.0), 3.0 * u_centre(between, folds.k_tilde, 0.0));
}

INSTANTIATE_TEST_SUITE_P(Q5, Colony,
                         testing::Values(Folds{0.0, 5.637416, 4.488534, 0.310655, 1.122269},
                                         Folds{0.02, 7.599818, 5.890450, 0.0, 0.0}),
                         [](const auto& folds) {
                           return folds.param.k_tilde == 0.0 ? "WithoutDecay" : "WithDecay";
                         });

}  // namespace
}  // namespace holon::verification

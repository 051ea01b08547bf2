// Steady states, folds and Hopf points of whole models against exact ones.
#include "holon/analysis/continuation.hpp"
#include "holon/base/error.hpp"
#include "holon/study/analysed_model.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include "verification/model_run.hpp"
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

using analysis::SpecialPoint;

/// A model with its operator.
struct Whole {
  explicit Whole(const std::string& text)
      : run(ModelRun::of_text(text)), system(run.shared_model(), threads) {}
  analysis::SteadyState steady(ParameterId parameter, double value) {
    State start = run.model().initial_state(threads, 0);
    start.set_parameter(parameter, value);
    return analysis::steady_state(system, start, 0.0, {});
  }
  ParameterId parameter(const std::string& path) const { return run.model().parameters->id(path); }
  double value(const State& state, const std::string& field) const {
    return state.real(run.model().fields->id(field))[0];
  }
  ModelRun run;
  ThreadPool threads{2};
  System system;
};

/// u' = Lambda (alpha0 + u^2/(1 + u^2)) - u at a point.
std::string switch_text() {
  return R"yaml(holon: 1
title: A switch
parameters: {Lambda: 1.0, alpha0: 0.05}
spaces: {here: {type: point}}
processes:
  switch:
    type: kinetics
    space: here
    units: {time: s, u: 1, L: 1, alpha0: 1}
    states: {u: 0}
    parameters: {L: =Lambda, alpha0: =alpha0}
    equations: |
      u' = L*(alpha0 + u^2/(1 + u^2)) - u
    integrator: rk4
schedule: {step: 0.1 s, until: 1 s}
observe: {u: {type: final, of: switch.u}}
results: {u_final: {of: u}}
)yaml";
}

TEST(Continuation, FindsBothFoldsOfASwitchExactly) {
  Whole whole(switch_text());
  analysis::ContinuationOptions options;
  options.parameter = whole.parameter("parameters.Lambda");
  options.low = 1.0;
  options.high = 4.0;
  const auto first = whole.steady(options.parameter, 1.0);
  const auto branch = analysis::continuation(whole.system, first.state, 0.0, first.constraints, options);
  EXPECT_TRUE(branch.complete) << branch.why_ended;
  ASSERT_EQ(branch.special.size(), 2u);
  // (1 + alpha0) s^2 - (1 - 2 alpha0) s + alpha0 = 0 with s = u^2, Lambda = u / (alpha0 + s/(1 + s)).
  const double alpha0 = 0.05, p = 1.0 - 2.0 * alpha0, q = 1.0 + alpha0;
  for (const int fold : {0, 1}) {
    const double s = (p + (fold == 0 ? -1.0 : 1.0) * std::sqrt(p * p - 4.0 * q * alpha0)) / (2.0 * q);
    const double u = std::sqrt(s), lambda = u / (alpha0 + s / (1.0 + s));
    const SpecialPoint& point = branch.special[static_cast<std::size_t>(fold)];
    EXPECT_EQ(point.kind, SpecialPoint::Kind::fold);
    EXPECT_NEAR(point.parameter, lambda, 1e-9 * lambda);
    EXPECT_NEAR(whole.value(point.state, "switch.u"), u, 1e-7 * u);
    EXPECT_LT(point.uncertainty, 1e-8);
    EXPECT_GT(std::abs(point.curvature), 1e-3);
    EXPECT_GT(std::abs(point.transversality), 1e-3);
  }
  // Stable, unstable, stable; and on the branch everywhere.
  EXPECT_EQ(branch.points.front().unstable, 0);
  EXPECT_EQ(branch.points[branch.special[1].after].unstable, 1);
  EXPECT_EQ(branch.points.back().unstable, 0);
  for (const auto& point : branch.points) {
    const double u = whole.value(point.state, "switch.u");
    EXPECT_NEAR(point.parameter * (alpha0 + u * u / (1.0 + u * u)), u, 1e-10);
  }
}

TEST(Continuation, FindsTheHopfPointOfTheBrusselator) {
  Whole whole(R"yaml(holon: 1
title: The Brusselator at a point
parameters: {A: 2, B: 3}
spaces: {here: {type: point}}
processes:
  reaction:
    type: kinetics
    space: here
    units: {time: s, u: 1, v: 1, A: 1, B: 1}
    states: {u: 1.9, v: 1.4}
    parameters: {A: =A, B: =B}
    equations: |
      u' = A - (B + 1)*u + u^2*v
      v' = B*u - u^2*v
    integrator: rk4
schedule: {step: 0.1 s, until: 1 s}
observe: {u: {type: final, of: reaction.u}}
results: {u_final: {of: u}}
)yaml");
  analysis::ContinuationOptions options;
  options.parameter = whole.parameter("parameters.B");
  options.low = 3.0;
  options.high = 7.0;
  const auto first = whole.steady(options.parameter, 3.0);
  const auto branch = analysis::continuation(whole.system, first.state, 0.0, first.constraints, options);
  EXPECT_TRUE(branch.complete) << branch.why_ended;
  ASSERT_EQ(branch.special.size(), 1u);
  const SpecialPoint& hopf = branch.special.front();
  EXPECT_EQ(hopf.kind, SpecialPoint::Kind::hopf);
  EXPECT_NEAR(hopf.parameter, 5.0, 1e-9);        // 1 + A^2
  EXPECT_NEAR(std::abs(hopf.omega), 2.0, 1e-8);  // A
  EXPECT_GT(hopf.transversality, 1e-3);
  EXPECT_EQ(branch.points.back().unstable, 2);
}

/// A uniform Brusselator on a ring, in which every wave has a Hopf point of its own: two of them at each
/// B = 5 + 2 k^2, where k^2 = (2 sin(pi n / sites) / spacing)^2, and lambda = (B - 5)/2 - k^2 +- i omega.
TEST(Continuation, FindsTheFirstOfHundredsOfHopfPoints) {
  constexpr int sites = 400;
  constexpr double spacing = 0.2, before = 4.5, beyond = 6.0;
  Whole whole(fmt::format(R"yaml(holon: 1
title: A ring
parameters: {{B: 4.5}}
spaces: {{line: {{type: grid, sites: cells, size: [{}], spacing: {}, periodic: [x]}}}}
processes:
  reaction:
    type: kinetics
    space: line
    units: {{time: 1, u: 1, v: 1, B: 1}}
    states: {{u: 2, v: 2.25}}
    parameters: {{B: =B}}
    equations: |
      u' = 2 - (B + 1)*u + u^2*v
      v' = B*u - u^2*v
    integrator: rosenbrock
  su: {{type: diffusion, field: reaction.u, diffusivity: 1, integrator: implicit}}
  sv: {{type: diffusion, field: reaction.v, diffusivity: 1, integrator: implicit}}
schedule: {{step: 0.01, until: 1, strang: [reaction, {{lie: [su, sv]}}]}}
)yaml",
                          sites * spacing, spacing));
  const auto wave = [&](int n) { return 2.0 * std::sin(std::numbers::pi * n / sites) / spacing; };
  analysis::ContinuationOptions options;
  options.parameter = whole.parameter("parameters.B");
  options.low = before;
  options.high = beyond;
  const auto first = whole.steady(options.parameter, before);
  const auto branch = analysis::continuation(whole.system, first.state, 0.0, first.constraints, options);
  EXPECT_TRUE(branch.complete) << branch.why_ended;
  ASSERT_FALSE(branch.special.empty());
  EXPECT_NEAR(branch.special.front().parameter, 5.0, 1e-8);
  for (const SpecialPoint& point : branch.special) {
    double nearest = beyond;
    for (int n = 0; n < sites / 2; ++n)
      nearest = std::min(nearest, std::abs(point.parameter - 5.0 - 2.0 * wave(n) * wave(n)));
    EXPECT_LT(nearest, 1e-8) << point.parameter;
  }
  // Some fifty of them are crossed.
  EXPECT_FALSE(branch.points.back().eigenvalues.counted);
  ASSERT_FALSE(branch.doubts.empty());
  EXPECT_THAT(branch.doubts.back(), testing::HasSubstr("more modes grow than can be told apart"));
  EXPECT_LT(branch.points.size(), 60u);
  for (const auto& point : branch.points) {
    if (point.parameter < 5.0) {
      EXPECT_EQ(point.unstable, 0);
      EXPECT_TRUE(point.eigenvalues.counted);
    } else {
      ASSERT_TRUE(point.leading);
      EXPECT_NEAR(point.leading->real(), 0.5 * (point.parameter - 5.0), 1e-8);
    }
    // Nothing is given out as an eigenvalue that is none.
    for (const auto& value : point.eigenvalues.values) {
      double nearest = beyond;
      for (int n = 0; n <= sites / 2; ++n) {
        const double trace = point.parameter - 5.0, k2 = wave(n) * wave(n);
        const std::complex<double> root = std::sqrt(std::complex<double>(0.25 * trace * trace - 4.0));
        for (const double sign : {-1.0, 1.0})
          nearest = std::min(nearest, std::abs(value - (0.5 * trace - k2 + sign * root)));
      }
      EXPECT_LT(nearest, 1e-6) << value.real() << " " << value.imag();
    }
  }
}

/// x' = `rate`, of x and the parameter p, from p = -1 on.
std::string bend(const std::string& rate, const std::string& start) {
  return R"yaml(holon: 1
title: A bend
parameters: {p: -1}
spaces: {here: {type: point}}
processes:
  bend:
    type: kinetics
    space: here
    units: {time: s, x: 1, p: 1}
    states: {x: )yaml" +
         start + R"yaml(}
    parameters: {p: =p}
    equations: |
      x' = )yaml" +
         rate + R"yaml(
    integrator: rk4
schedule: {step: 0.1 s, until: 1 s}
)yaml";
}

// The branch of p + x - x^3 leads through x = 0, where the size of x says nothing about it.
TEST(Continuation, FollowsABranchThroughZero) {
  Whole whole(bend("p + x - x^3", "-1.3"));
  analysis::ContinuationOptions options;
  options.parameter = whole.parameter("parameters.p");
  options.low = -1.0;
  options.high = 1.0;
  const auto first = whole.steady(options.parameter, -1.0);
  const auto branch = analysis::continuation(whole.system, first.state, 0.0, first.constraints, options);
  EXPECT_TRUE(branch.complete) << branch.why_ended;
  ASSERT_EQ(branch.special.size(), 2u);
  const double fold = 2.0 / (3.0 * std::sqrt(3.0));
  EXPECT_NEAR(branch.special[0].parameter, fold, 1e-9);
  EXPECT_NEAR(branch.special[1].parameter, -fold, 1e-9);
  EXPECT_TRUE(branch.doubts.empty());
}

// The branch of p + x/100 - x^3 turns twice within one step: the folds are 1.5e-3 of the range apart.
TEST(Continuation, FindsTwoFoldsOfOneStep) {
  Whole whole(bend("p + x/100 - x^3", "-1"));
  analysis::ContinuationOptions options;
  options.parameter = whole.parameter("parameters.p");
  options.low = -1.0;
  options.high = 1.0;
  const auto first = whole.steady(options.parameter, -1.0);
  const auto branch = analysis::continuation(whole.system, first.state, 0.0, first.constraints, options);
  EXPECT_TRUE(branch.complete) << branch.why_ended;
  ASSERT_EQ(branch.special.size(), 2u);
  const double fold = 2.0 / 3.0 * 0.01 * std::sqrt(0.01 / 3.0);
  EXPECT_NEAR(branch.special[0].parameter, fold, 1e-9);
  EXPECT_NEAR(branch.special[1].parameter, -fold, 1e-9);
}

TEST(Continuation, SaysWhereAnotherBranchCrosses) {
  Whole whole(R"yaml(holon: 1
title: A pitchfork
parameters: {p: -1}
spaces: {here: {type: point}}
processes:
  choice:
    type: kinetics
    space: here
    units: {time: s, u: 1, p: 1}
    states: {u: 0}
    parameters: {p: =p}
    equations: |
      u' = p*u - u^3
    integrator: rk4
schedule: {step: 0.1 s, until: 1 s}
observe: {u: {type: final, of: choice.u}}
results: {u_final: {of: u}}
)yaml");
  analysis::ContinuationOptions options;
  options.parameter = whole.parameter("parameters.p");
  options.low = -1.0;
  options.high = 1.0;
  const auto first = whole.steady(options.parameter, -1.0);
  const auto branch = analysis::continuation(whole.system, first.state, 0.0, first.constraints, options);
  EXPECT_TRUE(branch.complete) << branch.why_ended;
  EXPECT_TRUE(branch.special.empty());
  ASSERT_EQ(branch.doubts.size(), 1u);
  EXPECT_THAT(branch.doubts.front(), testing::HasSubstr("another branch crosses"));
  EXPECT_EQ(branch.points.back().unstable, 1);
}

std::string dimers() {
  return R"yaml(holon: 1
title: Dimers
spaces: {line: {type: grid, sites: cells, size: [1 mm], spacing: 0.05 mm}}
processes:
  pairing:
    type: kinetics
    space: line
    units: {time: s, monomer: uM, dimer: uM}
    states: {monomer: 0, dimer: 0.5}
    initial: {monomer: "=if position.x < 0.3 mm then 4 uM else 1 uM"}
    conserved: {monomer: {protein: 1}, dimer: {protein: 2}}
    equations: |
      monomer' = -2*0.3*monomer^2 + 2*0.7*dimer
      dimer' = 0.3*monomer^2 - 0.7*dimer
    integrator: rk4
  spreading: {type: diffusion, field: pairing.monomer, diffusivity: 0.1 mm^2/s, integrator: implicit}
schedule: {step: 0.01 s, until: 1 s, strang: [pairing, spreading]}
observe: {m: {type: mean, of: pairing.monomer}}
results: {m_final: {of: m}}
)yaml";
}

/// Even everywhere: m + 2 d as in the mean of the start, 0.3 m^2 = 0.7 d.
double monomers_at_rest() {
  const double total = 0.3 * 4.0 + 0.7 * 1.0 + 2.0 * 0.5, ratio = 2.0 * 0.3 / 0.7;
  return (-1.0 + std::sqrt(1.0 + 4.0 * ratio * total)) / (2.0 * ratio);
}

TEST(SteadyState, KeepsWhatIsConservedWhereTheJacobianIsSingular) {
  Whole whole(dimers());
  const State start = whole.run.model().initial_state(whole.threads, 0);
  const auto found = analysis::steady_state(whole.system, start, 0.0, {});
  ASSERT_EQ(found.constraints.size(), 1u);
  EXPECT_EQ(found.constraints.front().quantity, "protein");
  for (const double value : found.state.real(whole.run.model().fields->id("pairing.monomer")))
    EXPECT_NEAR(value, monomers_at_rest(), 1e-10);
}

TEST(SteadyState, KeepsWhatNobodyDeclaresAsConserved) {
  std::string text = dimers();
  const std::string declared = "    conserved: {monomer: {protein: 1}, dimer: {protein: 2}}\n";
  text.erase(text.find(declared), declared.size());
  Whole whole(text);
  const State start = whole.run.model().initial_state(whole.threads, 0);
  const auto found = analysis::steady_state(whole.system, start, 0.0, {});
  EXPECT_EQ(found.constraints.size(), 1u);
  EXPECT_THAT(
      found.undeclared,
      testing::HasSubstr("what pairing.monomer holds in 'line' + 2 what pairing.dimer holds in 'line'"));
  EXPECT_THAT(found.undeclared, testing::HasSubstr("processes.pairing: {conserved: {monomer: {total: 1}, "
                                                   "dimer: {total: 2}}}"));
  for (const double value : found.state.real(whole.run.model().fields->id("pairing.monomer")))
    EXPECT_NEAR(value, monomers_at_rest(), 1e-10);
}

TEST(SteadyState, SaysThatRatesDependOnTime) {
  const auto warnings = [](const std::string& drive) {
    const ModelRun run = ModelRun::of_text(fmt::format(R"(
holon: 1
title: Driven or not
spaces: {{p: {{type: point}}}}
processes:
  one:
    type: kinetics
    space: p
    units: {{time: 1, x: 1}}
    states: {{x: 1}}
    equations: |
      x' = 1 - x + {}
schedule: {{step: 0.1, until: 2}}
)",
                                                       drive));
    ThreadPool threads(1);
    const System system(run.shared_model(), threads);
    return study::moving_with_time(system, run.model().initial_state(threads, 0), 0.0);
  };
  EXPECT_EQ(warnings("0"), "");
  EXPECT_THAT(warnings("0.001*sin(6*time)"), testing::HasSubstr("those of one.x"));
  EXPECT_THAT(warnings("0.001*sin(6*time)"), testing::HasSubstr("if time stood still at 0"));
}

TEST(SteadyState, SaysWhatGoesOnForEver) {
  Whole whole(R"yaml(holon: 1
title: Growth
spaces: {here: {type: point}}
processes:
  growth:
    type: kinetics
    space: here
    units: {time: s, n: 1}
    states: {n: 1}
    equations: |
      n' = 0.5*n
    integrator: rk4
schedule: {step: 0.1 s, until: 1 s}
observe: {n: {type: final, of: growth.n}}
results: {n_final: {of: n}}
)yaml");
  try {
    analysis::steady_state(whole.system, whole.run.model().initial_state(whole.threads, 0), 0.0, {});
    FAIL() << "no failure";
  } catch (const NumericalFailure& failure) { EXPECT_THAT(failure.what(), testing::HasSubstr("growth.n")); }
}

}  // namespace
}  // namespace holon::verification

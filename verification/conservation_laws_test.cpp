// What models keep, declared or not: laws that are found and named, modes along which nothing returns, and
// the units in which analyses speak of them.
#include "holon/analysis/conservation_laws.hpp"

#include "holon/base/error.hpp"

#include "verification/model_run.hpp"
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

using testing::HasSubstr;

/// A <-> B in minutes, with what is declared of it.
std::string exchange(const std::string& conserved) {
  return fmt::format(R"(
holon: 1
parameters: {{k: 1, kb: 2}}
spaces: {{p: {{type: point}}}}
processes:
  r:
    type: kinetics
    space: p
    units: {{time: min, A: 1, B: 1, k: 1/min, kb: 1/min}}
    states: {{A: 1, B: 0}}
    {}
    parameters: {{k: =k*1 1/min, kb: =kb*1 1/min}}
    equations: |
      A' = -k*A + kb*B
      B' = k*A - kb*B
schedule: {{step: 0.1 min, until: 1 min}}
observe: {{m: {{type: final, of: r.A}}}}
results: {{A: {{of: m}}}}
study:
)",
                     conserved);
}

std::string failure_of(const std::string& text) {
  ModelRun run = ModelRun::of_text(text);
  try {
    run.studies();
  } catch (const NumericalFailure& failure) { return failure.what(); }
  return "";
}

TEST(ConservationLaws, OfReactionsAreNamedWithTheirDeclaration) {
  for (const char* study : {"  by: {type: sensitivity, of: [A], parameters: [k, kb]}\n",
                            "  by: {type: continuation, parameter: k, from: 1, to: 3, collect: [A]}\n"}) {
    const std::string message = failure_of(exchange("") + study);
    EXPECT_THAT(message, HasSubstr("study 'by': the Jacobian is singular"));
    EXPECT_THAT(message, HasSubstr("declares: r.A + r.B."));
    EXPECT_THAT(message, HasSubstr("processes.r: {conserved: {A: {total: 1}, B: {total: 1}}}"));
  }
}

TEST(ConservationLaws, ThatAreDeclaredWronglyAreNamedToo) {
  const std::string message = failure_of(exchange("conserved: {A: {m: 1}, B: {m: 2}}") +
                                         "  by: {type: sensitivity, of: [A], parameters: [k]}\n");
  EXPECT_THAT(message, HasSubstr("declares: r.A + r.B;"));
  EXPECT_THAT(message, HasSubstr("declared and not kept: m (1 r.A, 2 r.B)"));
}

TEST(ConservationLaws, AreLeftOutOfTheLeadingModes) {
  for (const std::string conserved : {"conserved: {A: {m: 1}, B: {m: 1}}", ""}) {
    ModelRun run =
        ModelRun::of_text(exchange(conserved) + "  st: {type: stability}\n  rest: {type: steady_state}\n");
    run.studies();
    for (const std::string study : {"st", "rest"}) {
      EXPECT_NEAR(run.result(study + ".leading_eigenvalue"), -3.0, 1e-12) << study;
      EXPECT_EQ(run.unit(study + ".leading_eigenvalue"), "1/min") << study;
      EXPECT_EQ(run.result(study + ".conserved_modes"), 1.0) << study;
    }
  }
}

TEST(ConservationLaws, DoNotFollowFromAStartWhereNothingHappens) {
  // With nothing there, no rate depends on anything; a moment later all do.
  ModelRun run = ModelRun::of_text(R"(
holon: 1
spaces: {p: {type: point}}
processes:
  r:
    type: kinetics
    space: p
    units: {time: s, A: 1, B: 1, k: 1/s}
    states: {A: 0, B: 0}
    parameters: {k: 1}
    equations: |
      A' = -k*A*B - k*A*A
      B' = k*A*B - k*B*B*B
schedule: {step: 0.1 s, until: 1 s}
)");
  ThreadPool threads(1);
  const System system(run.shared_model(), threads);
  const auto kept = analysis::kept_quantities(system, run.model().initial_state(threads, 0), 0.0);
  EXPECT_TRUE(kept.undeclared.empty()) << kept.undeclared;
}

TEST(ConservationLaws, GoThroughAlgebraicEquationsAndSumOverSpacesOfOtherUnits) {
  // What leaves the grid through an interface of laws arrives at a point, in other units.
  ModelRun run = ModelRun::of_text(R"(
holon: 1
spaces:
  line: {type: grid, sites: cells, size: [10 um], spacing: 1 um}
  cup: {type: point}
fields: {c: {space: line, unit: mol/m^3, kind: density, initial: 1 mol/m^3}}
couplings: {seen: {from: c, to: cup, type: average}}
processes:
  spread: {type: diffusion, field: c, diffusivity: 10 um^2/s, integrator: implicit}
  cup:
    type: kinetics
    space: cup
    units: {time: s, n: nmol/m^2, seen: mol/m^3, k: nmol/m^2/s/(mol/m^3)}
    states: {n: 0}
    inputs: {seen: =seen}
    parameters: {k: 100}
    contribute: {seen: =-1e-7 m/s*seen + 0.3 1/s*cup.n}
    equations: |
      n' = k*seen - 0.3*n
schedule: {step: 0.1 s, until: 1 s, lie: [cup, spread]}
)");
  ThreadPool threads(1);
  const System system(run.shared_model(), threads);
  const auto kept = analysis::kept_quantities(system, run.model().initial_state(threads, 0), 0.0);
  EXPECT_EQ(kept.constraints.size(), 1u);
  EXPECT_THAT(kept.undeclared, HasSubstr("what c holds in 'line' + cup.n"));
}

TEST(ConservationLaws, OfPoresGiveDerivativesByThePorosity) {
  // Of salt that rests between a source and a sink of different length; by differences of whole models.
  const auto at = [](double porosity, const std::string& study) {
    return ModelRun::of_text(fmt::format(R"(
holon: 1
parameters: {{eps: {}, D: 5e-10 m^2/s}}
spaces:
  cell: {{type: grid, sites: cells, size: [200 um], spacing: 5 um}}
  left: {{type: trace, of: cell, side: x_min}}
fields: {{c: {{space: cell, unit: mol/m^3, kind: density, initial: 1000 mol/m^3, conserved: {{salt: 1}}}}}}
couplings: {{c_left: {{from: c, to: left}}}}
processes:
  salt:
    type: diffusion
    field: c
    conductivity: =if position.x < 100 um then D else 0.2*D
    capacity: =if position.x < 100 um then 1 else eps
    source: =if position.x < 60 um then 2 mol/m^3/s else if position.x > 60 um then -2 mol/m^3/s*60/140 else 0 mol/m^3/s
    integrator: implicit
schedule: {{step: 10 s, until: 100 s}}
observe: {{end: {{type: final, of: c_left}}}}
results: {{left: {{of: end}}}}
study:
  rest: {{type: steady_state, collect: [left]}}
{})",
                                         porosity, study));
  };
  const double h = 1e-3;
  ModelRun above = at(0.3 + h, ""), below = at(0.3 - h, "");
  const double difference =
      (above.studies().result("rest.left") - below.studies().result("rest.left")) / (2.0 * h);
  EXPECT_GT(std::abs(difference), 1.0);
  for (const std::string method : {"forward", "adjoint"}) {
    ModelRun run = at(
        0.3, fmt::format("  by: {{type: sensitivity, of: [left], parameters: [eps], method: {}}}\n", method));
    EXPECT_NEAR(run.studies().result("by.left.eps"), difference, 1e-5 * std::abs(difference)) << method;
  }
}

TEST(Analyses, SpeakInTheUnitsOfTheFile) {
  ModelRun run = ModelRun::of_text(R"(
holon: 1
spaces: {line: {type: grid, sites: cells, size: [40 um], spacing: 1 um, periodic: [x]}}
fields: {c: {space: line, unit: uM, initial: 1 uM}}
processes: {spread: {type: diffusion, field: c, diffusivity: 3 um^2/h, decay: 0.5 1/h, integrator: implicit}}
schedule: {step: 0.1 h, until: 1 h}
study:
  waves:
    type: dispersion
    from: 0 1/um
    to: 1 1/um
    results: {slow: {of: growth_rate, mode: 1}, k: {of: wavenumber}}
)");
  run.studies();
  EXPECT_EQ(run.unit("slow"), "1/h");
  EXPECT_EQ(run.unit("k"), "1/um");
  const auto series = run.series("waves");
  EXPECT_EQ(series.columns[0].unit.text(), "1/um");
  EXPECT_EQ(series.columns[1].unit.text(), "1/h");
  EXPECT_NEAR(series.rows.back()[0], 1.0, 1e-12);
  // Of the discretised Laplacian: -4 D sin^2(k h/2)/h^2.
  EXPECT_NEAR(series.rows.back()[1], -0.5 - 12.0 * std::pow(std::sin(0.5), 2), 1e-9);
}

}  // namespace
}  // namespace holon::verification

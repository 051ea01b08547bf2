// What processes contribute through couplings: both ends in the books, nothing lost, for every kind of
// coupling.
#include "holon/base/error.hpp"

#include <cmath>
#include <numeric>

#include "verification/model_run.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

/// A process on `to` that takes something from `c` on `from` through a coupling, and holds it.
struct Kind {
  std::string name, from, to, options;
  std::string held;            ///< the unit of what is held at a site: what c holds, per measure of the site
  std::string kind = "value";  ///< of c
  std::string unit = "uM";     ///< of c
  friend void PrintTo(const Kind& each, std::ostream* out) {
    *out << "from " << each.from << " to " << each.to << each.options;
  }
};

std::string model_of(const Kind& kind) {
  return R"(
holon: 1
title: Something taken through a coupling
parameters: {amount: 1 )" +
         kind.held + R"(, k: 0.25 1/s}
spaces:
  one: {type: point}
  tissue: {type: grid, sites: nodes, size: [60 um, 40 um], spacing: 10 um}
  coarse: {type: grid, sites: cells, size: [60 um, 40 um], spacing: 20 um}
  medium: {type: radial, symmetry: sphere, inner: 10 um, outer: 50 um, spacing: 5 um, growth: 1.2}
  surface: {type: trace, of: medium, side: r_min}
  edge: {type: trace, of: tissue, side: y_max}
  cells: {type: population, in: tissue, count: 23, radius: 5 um}
  shells: {type: radial, symmetry: sphere, outer: 5 um, spacing: 1 um}
  inner: {type: product, macro: tissue, micro: shells}
fields:
  c: {space: )" +
         kind.from + ", unit: " + kind.unit + ", kind: " + kind.kind + ", initial: 3 " + kind.unit +
         R"(, conserved: {sugar: 1}}
couplings:
  here: {from: c, to: )" +
         kind.to + kind.options + R"(}
processes:
  taking:
    type: kinetics
    space: )" +
         kind.to + R"(
    integrator: rk4
    units: {time: s, held: ')" +
         kind.held + R"(', k: 1/s}
    states: {held: 0.25}
    parameters: {k: 0.5}
    conserved: {held: {sugar: 1}}
    contribute: {here: "=k*taking.held - 2*k*amount"}
    equations: |
      held' = k*1 - 0.25*held
schedule: {step: 0.2 s, until: 4 s}
ledger: strict
)";
}

class ThroughCouplings : public testing::TestWithParam<Kind> {};

TEST_P(ThroughCouplings, WhatIsTakenIsLostOnTheOtherSide) {
  ModelRun run = ModelRun::of_text(model_of(GetParam()));
  run.to_the_end();
  const LedgerBalance books = run.simulation().ledger().at(0);
  EXPECT_LT(books.relative_residual, 1e-14);
  EXPECT_NEAR(books.produced_by_reactions / books.moved_by_reactions, 0.0, 1e-14);
  EXPECT_NEAR(books.held_now / books.held_at_start, 1.0, 1e-13);
  ASSERT_EQ(books.crossings.size(), 1u);
  EXPECT_EQ(books.crossings[0].coupling, "here");
  EXPECT_EQ(books.crossings[0].process, "taking");
  EXPECT_LT(books.crossings[0].left, 0.0);
  EXPECT_LT(books.crossings[0].relative_difference(), 1e-14);
  const State state = run.simulation().complete_state();
  const auto held = state.real(state.fields().id("taking.held"));
  // h' = 0.5 - h/4: from 0.25 towards 2; RK4 at h dt = 0.05 is right to 1.75*20*0.05^5/120 = 9e-8.
  for (const double value : held) EXPECT_NEAR(value, 2.0 - 1.75 * std::exp(-1.0), 9e-8);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, ThroughCouplings,
    testing::Values(
        Kind{"identity", "tissue", "tissue", "", "uM"}, Kind{"broadcast", "one", "tissue", "", "uM/um^2"},
        Kind{"broadcast_to_cells", "one", "cells", "", "uM"},
        Kind{"average", "tissue", "one", ", type: average", "uM um^2"},
        Kind{"integrate", "tissue", "one", ", type: integrate", "uM um^2"},
        Kind{"sum", "cells", "one", "", "fmol", "amount", "fmol"},
        Kind{"average_of_cells", "cells", "one", ", type: average", "fmol", "value", "fmol"},
        Kind{"sample", "tissue", "cells", "", "uM um^2"},
        Kind{"sample_from_the_nearest", "tissue", "cells", ", kernel: nearest", "uM um^2", "density"},
        Kind{"remap", "tissue", "coarse", "", "uM"}, Kind{"lift", "tissue", "inner", "", "uM/um^3"},
        Kind{"lift_of_amounts", "tissue", "inner", "", "fmol/um^5", "amount", "fmol"},
        Kind{"mean_of_shells", "inner", "tissue", "", "uM um^3"},
        Kind{"trace", "tissue", "edge", "", "uM um"},
        Kind{"trace_of_a_sphere", "medium", "surface", "", "mol/m^2"}),
    [](const auto& each) { return each.param.name; });

const char* const feeding = R"(
holon: 1
title: Cells that eat through a coupling
parameters: {V: 2000 um^3/min, K: 5 uM, step: 0.1 min}
spaces:
  tissue: {type: grid, sites: cells, size: [200 um, 200 um, 200 um], spacing: 20 um}
  cells: {type: population, in: tissue, count: 200, radius: 5 um}
fields:
  c: {space: tissue, unit: uM, kind: density, initial: 10 uM, positive: true, conserved: {glucose: 1}}
couplings:
  c_here: {from: c, to: cells}
processes:
  spreading: {type: diffusion, field: c, diffusivity: 1e3 um^2/min, integrator: backward_euler}
  inside:
    type: kinetics
    space: cells
    units: {time: min, stored: amol, c: uM, V: um^3/min, K: uM}
    states: {stored: 0}
    conserved: {stored: {glucose: 1}}
    parameters: {V: =V, K: =K}
    inputs: {c: =c_here}
    contribute: {c_here: =-V*c_here*K/(K + c_here)}
    equations: |
      stored' = 1e-3*V*c*K/(K + c)   # um^3 uM is 1e-3 amol
schedule: {step: =step, until: 10 min, lie: [inside, spreading]}
ledger: strict
)";

TEST(ThroughCouplings, CellsStoreWhatTissueLoses) {
  ModelRun run = ModelRun::of_text(feeding);
  run.to_the_end();
  const LedgerBalance books = run.simulation().ledger().at(0);
  EXPECT_LT(books.relative_residual, 1e-13);
  EXPECT_NEAR(books.held_now / books.held_at_start, 1.0, 1e-12);
  EXPECT_LT(books.crossings.at(0).relative_difference(), 1e-14);
  EXPECT_LT(books.crossings.at(0).left, -1e-3 * books.held_at_start);
}

TEST(ThroughCouplings, WhatIsSensedAtTheBeginningOfAStepIsOfFirstOrder) {
  const auto left = [](const std::string& step) {
    ModelRun run = ModelRun::of_text(feeding, {"parameters.step=" + step});
    run.to_the_end();
    return run.simulation().ledger().at(0).crossings.at(0).left;
  };
  const double fine = left("0.0125 min");
  EXPECT_NEAR(order(left("0.2 min") - fine, left("0.1 min") - fine), 1.0, 0.15);
}

TEST(ThroughCouplings, MoreThanThereIsIsAFailureThatNamesTheWayOut) {
  ModelRun run = ModelRun::of_text(feeding, {"parameters.V=1e5 um^3/min", "parameters.step=1 min"});
  try {
    run.to_the_end();
    FAIL();
  } catch (const NumericalFailure& failure) {
    EXPECT_THAT(failure.what(), testing::AllOf(testing::HasSubstr("field 'c'"), testing::HasSubstr("uM"),
                                               testing::HasSubstr("type exchange")));
  }
}

/// The derivative action of a process that contributes through a coupling, against differences and its own
/// transpose.
TEST(ThroughCouplings, DerivativesCrossTheCoupling) {
  const ModelRun run = ModelRun::of_text(R"(
holon: 1
title: Taking from a grid by what is inside
spaces:
  tissue: {type: grid, sites: nodes, size: [60 um, 40 um], spacing: 10 um}
  cells: {type: named_points, points: {a: [13 um, 7 um], b: [31 um, 22 um], d: [60 um, 40 um]}}
fields: {c: {space: tissue, unit: uM, initial: 3 uM, conserved: {sugar: 1}}}
couplings: {here: {from: c, to: cells}}
processes:
  still: {type: diffusion, field: c, diffusivity: 0 um^2/s}
  inside:
    type: kinetics
    space: cells
    units: {time: s, x: 1}
    states: {x: 0.5}
    contribute: {here: =-(1 uM um^2/s)*inside.x^2}
    equations: |
      x' = -x^3
schedule: {step: 1 s, until: 1 s, lie: [inside, still]}
)");
  const Process& process = run.model().process("inside");
  const FieldTable& fields = *run.model().fields;
  const FieldId x = fields.id("inside.x"), c = fields.id("c");
  const Layout layout(fields, {x, c});
  ThreadPool threads(1);
  State state = run.model().initial_state(threads, 0);
  Workspace work;
  work.threads = &threads;
  Vector du(layout), w(layout);
  for (std::size_t i = 0; i < layout.size(); ++i) {
    du.values()[i] = std::sin(0.7 * static_cast<double>(i) + 0.1);
    w.values()[i] = std::cos(1.3 * static_cast<double>(i));
  }
  Vector forward(layout), backward(layout), up(layout), down(layout);
  process.jvp(state, 0.0, du, work, forward);
  process.vjp(state, 0.0, w, work, backward);
  const auto dot = [](const Vector& a, const Vector& b) {
    return std::inner_product(a.values().begin(), a.values().end(), b.values().begin(), 0.0);
  };
  EXPECT_NEAR(dot(w, forward), dot(backward, du), 1e-13 * std::abs(dot(w, forward)));
  const double h = 1e-6;
  for (const double sign : {1.0, -1.0}) {
    for (std::size_t s = 0; s < 3; ++s) state.real(x)[s] = 0.5 + sign * h * du(x)[s];
    process.rate(state, 0.0, work, sign > 0 ? up : down);
  }
  double moved = 0.0;
  for (std::size_t i = 0; i < layout.size(); ++i) {
    const double difference = (up.values()[i] - down.values()[i]) / (2.0 * h);
    EXPECT_NEAR(forward.values()[i], difference, 1e-8);
    moved += std::abs(forward.values()[i]);
  }
  EXPECT_GT(moved, 0.01);
}

/// Both ends of a deposit that feeds a diffusion's source.
TEST(ThroughCouplings, ADepositAsASourceIsBookedOnBothSides) {
  ModelRun run = ModelRun::of_text(R"(
holon: 1
title: Cells that secrete
spaces:
  tissue: {type: grid, sites: cells, size: [200 um, 200 um], spacing: 10 um}
  cells: {type: population, in: tissue, count: 40, radius: 5 um}
fields:
  c: {space: tissue, unit: uM, kind: density, initial: 0 uM, conserved: {signal: 1}}
  q: {space: cells, unit: fmol/s, kind: amount, initial: 2 fmol/s}
couplings: {secretion: {from: q, to: tissue, unit: mol/m^2/min}}
processes:
  spreading: {type: diffusion, field: c, diffusivity: 100 um^2/s, source: =secretion/(1 m)}
schedule: {step: 1 s, until: 1 min}
)");
  run.to_the_end();
  const LedgerBalance books = run.simulation().ledger().at(0);
  EXPECT_TRUE(books.crossings.empty());  // per area: no rate of c
  ModelRun straight = ModelRun::of_text(R"(
holon: 1
title: Cells that secrete
spaces:
  tissue: {type: grid, sites: cells, size: [200 um, 200 um, 50 um], spacing: 10 um}
  cells: {type: population, in: tissue, count: 40, radius: 5 um}
fields:
  c: {space: tissue, unit: uM, kind: density, initial: 0 uM, conserved: {signal: 1}}
  q: {space: cells, unit: fmol/s, kind: amount, initial: 2 fmol/s}
couplings: {secretion: {from: q, to: tissue, unit: mM/min}}
processes:
  spreading: {type: diffusion, field: c, diffusivity: 100 um^2/s, source: =secretion}
schedule: {step: 1 s, until: 1 min}
)");
  straight.to_the_end();
  const LedgerBalance both = straight.simulation().ledger().at(0);
  ASSERT_EQ(both.crossings.size(), 1u);
  const double amount = 40 * 2e-15 * 60 / 1e-6;  // fmol/s of 40 cells over a minute, in umol
  EXPECT_EQ(both.unit.text(), "umol");
  EXPECT_EQ(readable(both).unit.text(), "pmol");
  EXPECT_NEAR(readable(both).crossings[0].left, 4.8, 1e-11);
  EXPECT_NEAR(both.crossings[0].left / amount, 1.0, 1e-12);
  EXPECT_NEAR(both.crossings[0].arrived / amount, 1.0, 1e-12);
  EXPECT_LT(both.relative_residual, 1e-12);
}

/// The doubt that nobody loses what a process gains.
TEST(ThroughCouplings, GainingWithoutTakingIsDoubted) {
  const auto warned = [](const std::string& text) {
    const ModelRun run = ModelRun::of_text(text);
    for (const Diagnostic& warning : run.warnings())
      if (warning.message.find("nobody loses") != std::string::npos) return true;
    return false;
  };
  std::string without = feeding;
  without.replace(without.find("    contribute:"),
                  without.find("    equations:") - without.find("    contribute:"), "");
  EXPECT_FALSE(warned(feeding));
  EXPECT_TRUE(warned(without));
  ModelRun run = ModelRun::of_text(without);
  run.to_the_end();
  EXPECT_GT(run.simulation().ledger().at(0).produced_by_reactions, 0.0);
  std::string exchanged = without;
  exchanged.insert(
      exchanged.find("schedule:"),
      "  eating: {type: exchange, field: c, members: {cells: {space: cells, uptake: 10 um^3/min}}}\n");
  exchanged.insert(exchanged.find("inside, spreading"), "eating, ");
  EXPECT_FALSE(warned(exchanged));
}

TEST(Fields, ThatNobodyChangesAreRemarkedOnUnlessThatIsMeant) {
  const std::string text = R"(
holon: 1
title: A field that stays
spaces: {line: {type: grid, sites: cells, size: [10 mm], spacing: 1 mm}}
fields:
  c: {space: line, unit: mM, kind: density, initial: 1 mM}
  loss: {space: line, unit: 1/s, initial: =(0.1 1/s)*position.x/(1 mm)}
processes:
  spreading: {type: diffusion, field: c, diffusivity: 1 mm^2/s, source: =-loss*(1 mM), integrator: implicit}
schedule: {step: 1 s, until: 10 s}
)";
  ASSERT_EQ(ModelRun::of_text(text).warnings().size(), 1u);
  const Diagnostic warning = ModelRun::of_text(text).warnings().front();
  EXPECT_EQ(warning.path, "fields.loss");
  EXPECT_EQ(warning.place.line, 7);
  EXPECT_TRUE(ModelRun::of_text(text, {"fields.loss.constant=true"}).warnings().empty());
}

/// A transfer whose two ends a person wrote: what the cells gain is `gained` times what they take, 0.1/min.
std::vector<SmallProduction> production(const char* gained) {
  std::string text = R"(
holon: 1
title: Cells that take up
spaces:
  tissue: {type: grid, sites: cells, size: [200 um, 200 um, 50 um], spacing: 10 um}
  cells: {type: population, in: tissue, count: 40, radius: 5 um}
fields:
  c: {space: tissue, unit: uM, kind: density, initial: 1 uM, conserved: {signal: 1}}
couplings: {here: {from: c, to: cells}}
processes:
  inside:
    type: kinetics
    space: cells
    integrator: rk4
    units: {time: min, a: fmol, b: fmol, u: uM}
    states: {a: 0, b: 0}
    kinds: {a: amount, b: amount}
    conserved: {a: {signal: 1}, b: {signal: 1}}
    inputs: {u: =here}
    contribute: {here: =-(0.02 fmol/uM/min)*here}
    equations: |
      a' = GAINED*u - 0.5*a + 0.5*b
      b' = 0.5*a - 0.5*b
  spreading: {type: diffusion, field: c, diffusivity: 100 um^2/s, decay: 0.01 1/s}
schedule: {step: 1 s, until: 1 min, lie: [inside, spreading]}
)";
  text.replace(text.find("GAINED"), 6, gained);
  ModelRun run = ModelRun::of_text(text);
  run.to_the_end();
  return small_productions(run.simulation().ledger().at(0));
}

TEST(ThroughCouplings, ATransferWhoseEndsDifferALittleIsDoubted) {
  EXPECT_TRUE(production("0.02").empty());
  EXPECT_TRUE(production("0.03").empty());  // plainly a source
  EXPECT_TRUE(production("0").empty());     // plainly a sink
  const auto found = production("0.020002");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].processes, std::vector<std::string>{"inside"});
  EXPECT_GT(found[0].amount, 0.0);
  EXPECT_NEAR(found[0].share, 0.5e-4, 1e-6);  // of what left the one side and what arrived on the other
  EXPECT_LT(production("0.019998").at(0).amount, 0.0);
}

// Small amounts that are added to a large value are all rounded alike: over many steps that is no round-off
// any more, and the books know it.
TEST(Books, CloseAfterManySmallContributions) {
  ModelRun run = ModelRun::of_text(R"(
holon: 1
title: A wall that gives off what it holds
spaces:
  medium: {type: grid, sites: cells, size: [2 um], spacing: 1 um}
  wall: {type: trace, of: medium, side: x_max}
fields:
  c: {space: medium, unit: uM, kind: density, initial: 1 uM, conserved: {ligand: 1}}
couplings: {c_wall: {from: c, to: wall}}
processes:
  store:
    type: kinetics
    space: wall
    integrator: rk4
    units: {time: s, b: umol/m^2, off: umol/m^2/s}
    states: {b: 0.002}
    kinds: {b: density}
    conserved: {b: {ligand: 1}}
    parameters: {off: 1.37e-8}
    contribute: {c_wall: 1.37e-8 umol/m^2/s}
    equations: |
      b' = -off
schedule: {step: 0.01 s, until: 1000 s}
ledger: strict
)");
  run.to_the_end();
  EXPECT_LT(run.simulation().ledger().at(0).relative_residual, 1e-15);
}

}  // namespace
}  // namespace holon::verification

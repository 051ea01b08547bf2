// A lithium-ion cell (cases: continuum V21, V22; homogenisation V17), with the parameters of Marquis et al.
// 2019.
#include <algorithm>
#include <cmath>

#include "verification/model_run.hpp"
#include <fmt/format.h>
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

using Settings = std::vector<std::string>;

const std::string spm = "models/battery/spm.yaml", dfn = "models/battery/dfn.yaml";

struct Discharge {
  explicit Discharge(ModelRun& run)
      : time(run.column("cell", "time")), voltage(run.column("cell", "voltage")) {}
  std::vector<double> time, voltage;
  /// Between samples by a cubic polynomial through the four around.
  double at(double t) const {
    const auto above = std::upper_bound(time.begin(), time.end(), t * (1.0 - 1e-12));
    std::size_t k = static_cast<std::size_t>(above - time.begin());
    k = std::clamp<std::size_t>(k, 2, time.size() - 2) - 2;
    double sum = 0.0;
    for (std::size_t i = k; i < k + 4; ++i) {
      double weight = 1.0;
      for (std::size_t j = k; j < k + 4; ++j)
        if (j != i) weight *= (t - time[j]) / (time[i] - time[j]);
      sum += weight * voltage[i];
    }
    return sum;
  }
};

TEST(SingleParticleModel, DischargesAsTheExactEigenseries) {
  ModelRun run(spm, {"parameters.step=1 s"});
  run.to_the_end();
  const Discharge discharge(run);
  // 0.5 mV; the first second is the hardest, when the gradient has the width of a shell.
  const std::pair<double, double> published[] = {{1, 3.77858},    {100, 3.76055},  {600, 3.71035},
                                                 {1200, 3.67497}, {1800, 3.63104}, {2400, 3.61031},
                                                 {3000, 3.59535}, {3400, 3.51637}};
  for (const auto& [time, voltage] : published) EXPECT_NEAR(discharge.at(time), voltage, 5e-4) << time;
}

TEST(SingleParticleModel, StopsAtItsCutOff) {
  ModelRun run(spm, {"parameters.cut_off=3.6 V"});
  run.to_the_end();
  EXPECT_NEAR(run.column("cell", "voltage").back(), 3.6, 1e-6);
  EXPECT_LT(run.simulation().time(), 3000.0);
}

/// The end of the last step lies where its laws have no value any more.
TEST(SingleParticleModel, StopsAtItsCutOffWithinStepsThatLeadBeyondItsDomain) {
  ModelRun fine(spm, {"parameters.c_rate=2"}),
      coarse(spm, {"parameters.c_rate=2", "parameters.step=400 s", "parameters.until=2000 s"});
  fine.to_the_end();
  coarse.to_the_end();
  EXPECT_NEAR(coarse.column("cell", "voltage").back(), 3.105, 1e-6);
  EXPECT_NEAR(coarse.simulation().time(), fine.simulation().time(), 1.0);
}

TEST(PorousElectrodes, DischargeAtOneCAsTheReference) {
  ModelRun run(dfn);
  run.to_the_end();
  const Discharge discharge(run);
  const std::pair<double, double> published[] = {
      {36, 3.75479},   {360, 3.71466},  {720, 3.68340},  {1080, 3.65904}, {1440, 3.63908}, {1800, 3.61275},
      {2160, 3.59879}, {2520, 3.58941}, {2880, 3.57663}, {3240, 3.54381}, {3420, 3.47975}};
  for (const auto& [time, voltage] : published) EXPECT_NEAR(discharge.at(time), voltage, 1e-3) << time;
  EXPECT_NEAR(run.result("ce_left"), 1182.99, 1.0);  // the reference is 9 s later
  EXPECT_NEAR(run.result("ce_right"), 837.56, 1.0);
}

// Every layer is as thick as it is stated, whatever the spacing.
TEST(Batteries, AreChargedUntilTheyAreFull) {
  for (const std::string& model : {spm, dfn}) {
    ModelRun run(model, {"parameters.c_rate=-1"});
    run.to_the_end();
    const auto voltage = run.column("cell", "voltage");
    EXPECT_GT(voltage[1], voltage[0]) << model;
    EXPECT_NEAR(run.result("voltage"), 4.1, 1e-6) << model;
  }
}

TEST(SingleParticleModel, SaysWhatIsBeyondItsDomain) {
  for (const std::string& model : {spm, dfn}) {
    try {
      ModelRun run(model, {"parameters.c_n0=30000 mol/m^3"});
      run.to_the_end();
      FAIL() << "more lithium than there is room for was taken by " << model;
    } catch (const std::exception& error) {
      const std::string message = error.what();
      EXPECT_NE(message.find("is not a number"), std::string::npos) << message;
      EXPECT_NE(message.find("c_n_surface = "), std::string::npos) << message;
    }
  }
}

TEST(PorousElectrodes, KeepTheThicknessOfTheirLayers) {
  const auto discharge = [](const std::string& spacing) {
    ModelRun run(dfn, {"parameters.L_n=98 um", "parameters.L_s=27 um", "parameters.spacing=" + spacing});
    run.to_the_end();
    return std::pair{run.result("voltage"), run.result("ce_left")};
  };
  // All borders are multiples of 1 um, so that there the grid is that of plain layers.
  const auto coarse = discharge("5 um"), fine = discharge("1 um");
  EXPECT_NEAR(coarse.first, fine.first, 5e-3);
  EXPECT_NEAR(coarse.second, fine.second, 1.0);
  ModelRun stated(dfn);
  stated.to_the_end();
  EXPECT_GT(std::abs(fine.second - stated.result("ce_left")), 3.0);
}

TEST(PorousElectrodes, DischargeAtThreeCAsTheReference) {
  ModelRun run(dfn, {"parameters.c_rate=3"});
  run.to_the_end();
  const Discharge discharge(run);
  EXPECT_NEAR(discharge.at(120), 3.60638, 3e-3);
  EXPECT_NEAR(discharge.at(600), 3.50590, 3e-3);
  EXPECT_NEAR(discharge.at(1080), 3.35364, 3e-3);
  EXPECT_NEAR(discharge.at(1140), 3.16415, 3e-3);
  EXPECT_NEAR(run.result("ce_left"), 1502.29, 3.0);
  EXPECT_NEAR(run.result("ce_right"), 574.02, 3.0);
}

TEST(PorousElectrodes, DischargeAtATenthOfCAsTheReference) {
  ModelRun run(dfn, {"parameters.c_rate=0.1"});
  run.to_the_end();
  const Discharge discharge(run);
  EXPECT_NEAR(discharge.at(3600), 3.79926, 1e-3);
  EXPECT_NEAR(discharge.at(18000), 3.70798, 1e-3);
  EXPECT_NEAR(discharge.at(32400), 3.66472, 1e-3);
  EXPECT_NEAR(discharge.at(36000), 3.44994, 3e-3);
}

TEST(PorousElectrodes, ConvergeWithTheSpacingAndTheStep) {
  const auto voltage = [](double spacing, int shells, double step) {
    ModelRun run(
        dfn, {fmt::format("parameters.spacing={} um", spacing), fmt::format("parameters.shells={}", shells),
              fmt::format("parameters.step={} s", step), "parameters.until=1800 s"});
    run.to_the_end();
    return run.column("cell", "voltage").back();
  };
  const double fine = voltage(2.5, 40, 30);
  EXPECT_GT(order(std::abs(voltage(12.5, 8, 30) - fine), std::abs(voltage(6.25, 16, 30) - fine)), 1.5);
}

/// What the books say of a quantity.
LedgerBalance books_of(ModelRun& run, const std::string& quantity) {
  for (const LedgerBalance& balance : run.simulation().ledger())
    if (balance.quantity == quantity) return balance;
  throw std::runtime_error("no books of " + quantity);
}

TEST(PorousElectrodes, LithiumGoesFromTheParticlesOfOneElectrodeToThoseOfTheOther) {
  ModelRun run(dfn);
  run.to_the_end();
  const LedgerBalance lithium = books_of(run, "lithium");
  // Particles at 0.6 and 0.5 of 100 um, salt in 0.3 of 200 um and all of 25 um.
  EXPECT_EQ(lithium.unit.text(), "mol/m^2");
  EXPECT_NEAR(lithium.held_at_start,
              100e-6 * (0.6 * 19986.609595075 + 0.5 * 30730.7554385565) + (0.3 * 200e-6 + 25e-6) * 1000.0,
              1e-9);
  EXPECT_NEAR(lithium.held_now, lithium.held_at_start, 1e-12 * lithium.held_at_start);
  EXPECT_LT(lithium.relative_residual, 1e-14);
  // 24 A/m^2 for an hour.
  const double charge = 24.0 * 3600.0 / 96485.33212;
  for (const LedgerLine& line : lithium.lines)
    if (line.channel == "rate" && line.process != "salt") {
      EXPECT_NEAR(line.amount, line.process == "particles_n" ? -charge : charge, 1e-9);
    }
  EXPECT_LT(books_of(run, "salt").relative_residual, 1e-14);
}

TEST(SingleParticleModel, LithiumGoesFromOneElectrodeToTheOther) {
  ModelRun run(spm);
  run.to_the_end();
  const LedgerBalance lithium = books_of(run, "lithium");
  EXPECT_NEAR(lithium.held_at_start, 100e-6 * (0.6 * 19986.609595075 + 0.5 * 30730.7554385565), 1e-9);
  EXPECT_NEAR(lithium.held_now, lithium.held_at_start, 1e-12 * lithium.held_at_start);
  ASSERT_EQ(lithium.lines.size(), 2u);
  EXPECT_NEAR(lithium.lines[0].amount, -24.0 * 3600.0 / 96485.33212, 1e-9);
}

TEST(PorousElectrodes, KeepTheirSalt) {
  ModelRun run(dfn);
  run.to_the_end();
  const State& state = run.simulation().state();
  const auto c = state.real(run.model().fields->id("c_e"));
  double held = 0.0, before = 0.0;
  for (std::size_t k = 0; k < c.size(); ++k) {
    const double x = (static_cast<double>(k) + 0.5) * 5.0, porosity = x < 100.0 || x > 125.0 ? 0.3 : 1.0;
    held += porosity * c[k];
    before += porosity * 1000.0;
  }
  EXPECT_NEAR(held / before, 1.0, 1e-9);
}

/// V17 by Newton's method: where rest is depends on the salt that there is, an invariant.
TEST(PorousElectrodes, SaltAtRestFollowsFromWhatThereIs) {
  const std::string text = R"(
holon: 1
parameters: {L_n: 100 um, L_s: 25 um, L_p: 100 um, i: 24 A/m^2, F: 96485.33212 C/mol, D: 5.3e-10 m^2/s, eps: 0.3}
spaces:
  cell: {type: grid, sites: cells, size: [=L_n + L_s + L_p], spacing: 1 um}
  left: {type: trace, of: cell, side: x_min}
  right: {type: trace, of: cell, side: x_max}
fields:
  c: {space: cell, unit: mol/m^3, kind: density, initial: 1000 mol/m^3, conserved: {salt: 1}}
couplings: {c_left: {from: c, to: left}, c_right: {from: c, to: right}}
processes:
  salt:
    type: diffusion
    field: c
    conductivity: =if L_n < position.x < L_n + L_s then D else D*eps^1.5
    capacity: =if L_n < position.x < L_n + L_s then 1 else eps
    source: =0.6/F*i*(if position.x < L_n then 1/L_n else if position.x > L_n + L_s then -1/L_p else 0/L_n)
    integrator: implicit
ledger: strict
schedule: {step: 400 s, until: 4000 s}
observe: {left: {type: final, of: c_left}, right: {type: final, of: c_right}}
results: {left: {of: left}, right: {of: right}}
study:
  rest: {type: steady_state, collect: [left, right]}
  by: {type: sensitivity, of: [left, right], parameters: [D, i], relative: true}
)";
  ModelRun run = ModelRun::of_text(text);
  run.to_the_end();
  EXPECT_LT(books_of(run, "salt").relative_residual, 1e-14);
  run.studies();
  // To the digits of the reference.
  EXPECT_NEAR(run.result("rest.left"), 1089.20665, 1e-5);
  EXPECT_NEAR(run.result("rest.right"), 910.79335, 1e-5);
  // c - 1000 is proportional to i/D.
  const double left = 1.0 - 1000.0 / run.result("rest.left");
  EXPECT_NEAR(run.result("by.left.i"), left, 1e-8);
  EXPECT_NEAR(run.result("by.left.D"), -left, 1e-8);
}

/// V17: the salt at rest where lithium leaves and enters uniformly, in steps of `together`.
TEST(PorousElectrodes, SaltAtRestIsThePiecewiseParabolaOfAUniformReaction) {
  const std::string text = R"(
holon: 1
parameters: {L_n: 100 um, L_s: 25 um, L_p: 100 um, i: 24 A/m^2, F: 96485.33212 C/mol, D: 5.3e-10 m^2/s, effective: =0.3^1.5}
spaces:
  cell: {type: grid, sites: cells, size: [=L_n + L_s + L_p], spacing: 2.5 um}
  left: {type: trace, of: cell, side: x_min}
  right: {type: trace, of: cell, side: x_max}
fields:
  c: {space: cell, unit: mol/m^3, kind: density, initial: 1000 mol/m^3}
couplings:
  c_left: {from: c, to: left}
  c_right: {from: c, to: right}
processes:
  salt:
    type: diffusion
    field: c
    conductivity: =if L_n < position.x < L_n + L_s then D else D*effective
    capacity: =if L_n < position.x < L_n + L_s then 1 else 0.3
    source: =0.6/F*i*(if position.x < L_n then 1/L_n else if position.x > L_n + L_s then -1/L_p else 0/L_n)
schedule: {step: 400 s, until: 40000 s, together: {do: [salt]}}
observe:
  left: {type: final, of: c_left}
  right: {type: final, of: c_right}
  faces: {type: final, of: c, at: [100 um]}
results: {left: {of: left}, right: {of: right}}
)";
  ModelRun run = ModelRun::of_text(text);
  run.to_the_end();
  // Values at the closed sides are those of the cells behind them: c'' h^2/8 is 0.014 there.
  EXPECT_NEAR(run.result("left"), 1089.20665, 0.05);
  EXPECT_NEAR(run.result("right"), 910.79335, 0.05);
  const auto c = run.simulation().state().real(run.model().fields->id("c"));
  // At the face to the separator by the flux that passes it, i (1 - t+)/F.
  const double slope = 0.6 / 96485.33212 * 24.0 / 5.3e-10;
  EXPECT_NEAR(c[40] + slope * 1.25e-6, 1003.51994, 1e-3);
  EXPECT_NEAR(c[49] - slope * 1.25e-6, 996.48006, 1e-3);
}

}  // namespace
}  // namespace holon::verification

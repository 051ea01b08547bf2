// Agents that move: orders of convergence, the random walk's statistics, sides, and the same bits always.
#include "holon/base/error.hpp"

#include <array>
#include <cmath>

#include "verification/model_run.hpp"
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), by);
}

/// Agents on circles around the middle of a dish, one turn in 2 pi seconds.
const char* const rotation = R"yaml(holon: 1
parameters: {step: 0.1 s, until: 2 s}
spaces:
  dish: {type: grid, sites: cells, size: [100 um, 100 um], spacing: 2 um}
  cells: {type: population, in: dish, place: {positions: [[60 um, 50 um], [50 um, 80 um]]}, radius: 1 um}
processes:
  turn: {type: motion, space: cells, velocity: ['=-(position.y - 50 um)/(1 s)', '=(position.x - 50 um)/(1 s)']}
schedule: {step: =step, until: =until}
observe: {x: {type: final, of: cells.position.x}, y: {type: final, of: cells.position.y}}
results: {x: {of: x, unit: um}, y: {of: y, unit: um}}
)yaml";

double rotation_error(const std::string& step) {
  ModelRun run = ModelRun::of_text(rotation, {"parameters.step=" + step});
  run.to_the_end();
  const double x = run.array("x")[0] - 50.0 - 10.0 * std::cos(2.0);
  const double y = run.array("y")[0] - 50.0 - 10.0 * std::sin(2.0);
  return std::hypot(x, y);
}

TEST(Motion, ARotationIsOfOrderTwo) {
  EXPECT_GE(order(rotation_error("0.1 s"), rotation_error("0.05 s")), 1.95);
  EXPECT_GE(order(rotation_error("0.05 s"), rotation_error("0.025 s")), 1.95);
}

/// One that climbs the slope of a quadratic field, as a coupling shows it: x' = k x, in one dimension.
const char* const climb = R"yaml(holon: 1
parameters: {step: 0.1 s}
spaces:
  line: {type: grid, sites: cells, size: [100 um], spacing: 1 um}
  cells: {type: population, in: line, place: {positions: [[10 um]]}}
fields:
  c: {space: line, unit: uM, initial: =(1 uM)*(position.x/(10 um))^2}
couplings:
  slope: {from: c, to: cells, type: gradient, along: x}
processes:
  climb: {type: motion, space: cells, velocity: [=(5 um^2/(uM s))*10*slope]}
schedule: {step: =step, until: 1 s}
observe: {x: {type: final, of: cells.position.x}}
results: {x: {of: x, unit: um}}
)yaml";

TEST(Motion, ClimbingAGradientIsOfOrderTwoThroughTheCoupling) {
  // 50 um^2/(uM s) times 2 x uM/(100 um^2) is x/(1 s).
  const auto error = [](const std::string& step) {
    ModelRun run = ModelRun::of_text(climb, {"parameters.step=" + step});
    run.to_the_end();
    return std::abs(run.result("x") - 10.0 * std::exp(1.0));
  };
  EXPECT_GE(order(error("0.1 s"), error("0.05 s")), 1.9);
  EXPECT_LT(error("0.01 s"), 10.0 * 1e-4);
}

constexpr int many = 20000;

/// Mean squares of the distances from the middle, where all begin, along each axis [um^2].
std::array<double, 3> mean_squares(const std::string& pull, const std::string& step,
                                   const std::string& until) {
  std::string places;
  for (int i = 0; i < many; ++i) places += i == 0 ? "[0 um, 0 um, 0 um]" : ", [0 um, 0 um, 0 um]";
  ModelRun run = ModelRun::of_text(R"yaml(holon: 1
spaces:
  room: {type: grid, sites: cells, size: [200 um, 200 um, 200 um], spacing: 10 um, origin: [-100 um, -100 um, -100 um]}
  cells: {type: population, in: room, place: {positions: [)yaml" +
                                   places + R"yaml(]}}
processes:
  walk: {type: motion, space: cells, velocity: ['=-position.x*)yaml" +
                                   pull +
                                   R"yaml(', 0, 0], diffusivity: 50 um^2/s}
schedule: {step: )yaml" + step +
                                   ", until: " + until + R"yaml(}
observe: {at: {type: final, of: cells.position}}
results: {at: {of: at, unit: um}}
)yaml");
  run.to_the_end();
  const auto at = run.array("at");
  std::array<double, 3> sums{};
  for (std::size_t k = 0; k < at.size(); ++k) sums[k / many] += at[k] * at[k];
  for (double& sum : sums) sum /= many;
  return sums;
}

TEST(Motion, TheMeanSquareDisplacementIsTwoDTAlongEachAxis) {
  // The mean of n squares of normal numbers has the relative standard error sqrt(2/n) = 1 %.
  for (const char* step : {"0.1 s", "1 s"})
    for (const double mean : mean_squares("0/(1 s)", step, "1 s")) EXPECT_NEAR(mean, 100.0, 3.0) << step;
}

TEST(Motion, APullAndAWalkBalanceAsStrangsSplittingSays) {
  // Exactly the variance is D/k = 50 um^2; with k dt = 0.25 this scheme's is D dt (1 + r^2)/(1 - r^2) with
  // r = 1 - k dt + (k dt)^2/2, 3.3 % above it, that of the Euler-Maruyama scheme 14 %.
  const double r = 1.0 - 0.25 + 0.03125, scheme = 50.0 * 0.25 * (1.0 + r * r) / (1.0 - r * r);
  EXPECT_NEAR(scheme, 51.67, 0.01);
  EXPECT_NEAR(mean_squares("1/(1 s)", "0.25 s", "10 s")[0], scheme, 0.03 * scheme);
}

const char* const at_walls = R"yaml(holon: 1
spaces:
  dish: {type: grid, sites: cells, size: [100 um, 100 um], spacing: 10 um}
  part: {type: grid, sites: cells, size: [50 um, 50 um], spacing: 10 um}
  cells: {type: population, in: dish, place: {positions: [[40 um, 90 um]]}}
processes:
  drift: {type: motion, space: cells, velocity: [-30 um/s, 25 um/s], OPTIONS}
schedule: {step: 3 s, until: 3 s}
observe: {at: {type: final, of: cells.position}}
results: {at: {of: at, unit: um}}
)yaml";

std::vector<double> end_of(const std::string& text) {
  ModelRun run = ModelRun::of_text(text);
  run.to_the_end();
  return run.array("at");
}

TEST(Motion, AtSidesAgentsAreReflectedStopComeInAgainOrEndTheRun) {
  // Free, it would come to (-50, 165) um.
  const auto reflected = end_of(replaced(at_walls, ", OPTIONS", ""));
  EXPECT_NEAR(reflected[0], 50.0, 1e-9);
  EXPECT_NEAR(reflected[1], 35.0, 1e-9);
  const auto stopped = end_of(replaced(at_walls, "OPTIONS", "at_sides: stop"));
  EXPECT_NEAR(stopped[0], 0.0, 1e-9);
  EXPECT_NEAR(stopped[1], 100.0, 1e-9);
  const auto periodic = end_of(
      replaced(replaced(at_walls, "100 um], spacing: 10 um", "100 um], spacing: 10 um, periodic: [x, y]"),
               "OPTIONS", "at_sides: periodic"));
  EXPECT_NEAR(periodic[0], 50.0, 1e-9);
  EXPECT_NEAR(periodic[1], 65.0, 1e-9);
  try {
    end_of(replaced(at_walls, "OPTIONS", "at_sides: error"));
    FAIL() << "it left";
  } catch (const NumericalFailure& failure) {
    EXPECT_NE(std::string(failure.what()).find("id 0 went beyond a side along x"), std::string::npos)
        << failure.what();
  }
}

TEST(Motion, WithinASmallerGridAgentsStayThere) {
  const auto at = end_of(replaced(replaced(at_walls, "90 um", "10 um"), "OPTIONS", "within: part"));
  EXPECT_NEAR(at[0], 50.0, 1e-9);  // -50 um, reflected at 0
  EXPECT_NEAR(at[1], 15.0, 1e-9);  // 85 um, reflected at 50 um
}

TEST(Motion, AnAgentThatBeginsOutsideIsNotMirroredInSilence) {
  try {
    end_of(replaced(at_walls, "OPTIONS", "within: part"));
    FAIL() << "it begins at 90 um, and the part ends at 50 um";
  } catch (const NumericalFailure& failure) {
    EXPECT_NE(std::string(failure.what()).find("begins outside of the grid"), std::string::npos)
        << failure.what();
  }
}

TEST(Motion, PlacesAreReadByComponentInEquationsProbesAndResults) {
  std::string text = rotation;
  text = text.substr(0, text.find("observe:")) + R"yaml(observe:
  way: {type: probe, of: cells.position, at: [1, 0], every: 1 s}
  x: {type: final, of: cells.position.x}
  all: {type: final, of: cells.position}
  mean: {type: mean, of: =cells.position.y - 50 um}
results: {all: {of: all, unit: um}, x: {of: x, unit: um}, mean: {of: mean, unit: um}}
)yaml";
  // The velocity reads the same component by its field's name.
  text = replaced(text, "=(position.x - 50 um)", "=(cells.position.x - 50 um)");
  ModelRun run = ModelRun::of_text(text);
  run.to_the_end();
  const auto all = run.array("all"), x = run.array("x");
  ASSERT_EQ(all.size(), 4U);  // x of both, then y of both
  EXPECT_EQ(x, (std::vector<double>{all[0], all[1]}));
  EXPECT_NEAR(all[0], 50.0 + 10.0 * std::cos(2.0), 0.1);
  EXPECT_NEAR(all[2], 50.0 + 10.0 * std::sin(2.0), 0.1);
  EXPECT_NEAR(all[1], 50.0 - 30.0 * std::sin(2.0), 0.1);
  EXPECT_NEAR(all[3], 50.0 + 30.0 * std::cos(2.0), 0.1);
  EXPECT_NEAR(run.result("mean"), 0.5 * (all[2] + all[3]) - 50.0, 1e-9);
  const auto column = run.column("way", "position.y at 1");
  ASSERT_EQ(column.size(), 3U);
  EXPECT_NEAR(column[0], 80e-6, 1e-15);
  EXPECT_NEAR(column[2], 1e-6 * all[3], 1e-12);
}

TEST(Motion, AVelocityThatIsNoNumberIsToldWithItsAgent) {
  std::string text =
      replaced(rotation, "'=(position.x - 50 um)/(1 s)'", "'=(1 um/s)*sqrt(70 um - position.y)/sqrt(1 um)'");
  try {
    ModelRun::of_text(text).to_the_end();
    FAIL();
  } catch (const NumericalFailure& failure) {
    EXPECT_NE(std::string(failure.what()).find("velocity along y is nan"), std::string::npos)
        << failure.what();
    EXPECT_NE(std::string(failure.what()).find("agent 1 of cells"), std::string::npos) << failure.what();
  }
}

/// Cells that walk, climb what they eat, divide and die.
const char* const everything = R"yaml(holon: 1
spaces:
  dish: {type: grid, sites: cells, size: [200 um, 200 um], spacing: 10 um, periodic: [x]}
  cells: {type: population, in: dish, count: 6000, radius: 1 um}
fields:
  c: {space: dish, unit: uM, kind: density, initial: =(1 uM)*position.y/(200 um)}
couplings:
  c_here: {from: c, to: cells}
  up_x: {from: c, to: cells, type: gradient, along: x}
  up_y: {from: c, to: cells, type: gradient, along: y}
processes:
  spread: {type: diffusion, field: c, diffusivity: 100 um^2/s}
  eat: {type: exchange, field: c, members: {cells: {space: cells, uptake: 0.05 um^2/s}}}
  move:
    type: motion
    space: cells
    velocity: ['=(1e4 um^2/(uM s))*up_x', '=(1e4 um^2/(uM s))*up_y']
    diffusivity: =(20 um^2/s)*c_here/(1 uM)
  life: {type: birth_death, space: cells, birth: 0.05 1/s, die_when: =c_here < 0.02 uM && time > 2 s}
schedule: {step: 0.25 s, until: 4 s, strang: [spread, eat, move, life, {restructure: cells}]}
)yaml";

TEST(Motion, ThreadsAndRestartsDoNotMatterToTheLastBit) {
  ModelRun made = ModelRun::of_text(everything);
  const auto state_with = [&](int threads, int restart) {
    auto simulation =
        std::make_unique<Simulation>(made.shared_model(), Simulation::Options{.threads = threads, .seed = 3});
    for (int step = 0; step < 12; ++step) {
      if (step == restart) {
        const auto checkpoint = simulation->checkpoint();
        simulation = std::make_unique<Simulation>(made.shared_model(),
                                                  Simulation::Options{.threads = threads, .seed = 3});
        simulation->resume(checkpoint);
      }
      simulation->step();
    }
    Archive archive;
    simulation->state().write(archive);
    return archive.entries();
  };
  const auto one = state_with(1, -1);
  EXPECT_EQ(state_with(2, -1), one);
  EXPECT_EQ(state_with(4, -1), one);
  EXPECT_EQ(state_with(2, 7), one);
}

TEST(Chemotaxis, CellsThatEatKeepEveryMoleculeAndMultiply) {
  ModelRun run("models/tissue/chemotaxis.yaml", {"parameters.until=6 min"});
  run.to_the_end();
  // The sum over sites stands for the integral over the patch, which the sides cut at 3.3 widths.
  EXPECT_NEAR(run.result("balance"), 0.0, 1e-4);
  for (const LedgerBalance& balance : run.simulation().ledger()) EXPECT_LT(balance.relative_residual, 1e-12);
  EXPECT_GT(run.result("agents"), 650.0);
  EXPECT_LE(run.result("agents"), 600.0 + run.result("eaten") / 15.0 * 2.0);
}

TEST(Chemotaxis, WithoutAppetiteCellsAreWhereBoltzmannPutsThem) {
  // No flux: density grows as exp(chi c/D).
  ModelRun run(
      "models/tissue/chemotaxis.yaml",
      {"parameters.clearance=0 um^2/s", "parameters.D_food=0 um^2/s", "parameters.cells=2000",
       "parameters.step=4 s", "parameters.spacing=5 um", "parameters.until=1 h", "parameters.sample=1 h"});
  run.to_the_end();
  double weights = 0.0, seen = 0.0, square = 0.0;
  for (int i = 0; i < 400; ++i)
    for (int j = 0; j < 400; ++j) {
      const double x = i + 0.5 - 200.0, y = j + 0.5 - 200.0;
      const double c = std::exp(-(x * x + y * y) / (2.0 * 60.0 * 60.0)), weight = std::exp(5.0 * c);
      weights += weight;
      seen += weight * c;
      square += weight * c * c;
    }
  seen /= weights;
  const double error = std::sqrt((square / weights - seen * seen) / 2000.0);
  EXPECT_NEAR(run.result("seen"), seen, 3.0 * error);
}

}  // namespace
}  // namespace holon::verification

// The folds of a secreting cell with the field around it (case: applications Q3), from the coupled model.
#include <cmath>
#include <utility>

#include "verification/model_run.hpp"
#include <fmt/format.h>
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

double fold(const std::string& name, const std::vector<std::string>& settings = {}) {
  return ModelRun("models/circuits/quorum_folds.yaml", settings).studies().result(name);
}

TEST(QuorumFolds, AreThoseOfTheCellWithItsField) {
  EXPECT_NEAR(fold("kappa_on"), 12.867436119, 1e-4 * 12.867436119);
  EXPECT_NEAR(fold("kappa_off"), 10.130131486, 1e-4 * 10.130131486);
}

struct Cell {
  double a = 100.0, D = 490.0, k = 1e-3, alpha0 = 0.05, beta = 0.02, gamma = 0.002, K = 10.0;

  std::vector<std::string> settings() const {
    return {fmt::format("parameters.a={} um", a),        fmt::format("parameters.D={} um^2/s", D),
            fmt::format("parameters.k={} 1/s", k),       fmt::format("parameters.alpha0={}", alpha0),
            fmt::format("parameters.beta={} 1/s", beta), fmt::format("parameters.gamma={} 1/s", gamma),
            fmt::format("parameters.K={} nM", K)};
  }
  /// Folds at s = u^2 of (1 + alpha0) s^2 - (1 - 2 alpha0) s + alpha0 = 0, u = Lambda (alpha0 + s/(1 + s)),
  /// Lambda = kappa beta G/(gamma K), G = a/(D (1 + a/lambda)), lambda = sqrt(D/k).
  double fold(double sign) const {
    const double G = a / (D * (1.0 + a * std::sqrt(k / D)));
    const double p = 1.0 - 2.0 * alpha0, q = 1.0 + alpha0;
    const double s = (p + sign * std::sqrt(p * p - 4.0 * q * alpha0)) / (2.0 * q);
    return std::sqrt(s) / (alpha0 + s / (1.0 + s)) * gamma * K / (beta * G);
  }
};

TEST(QuorumFolds, FollowTheFormulaForOtherParameters) {
  for (const Cell& cell : {Cell{.a = 60.0, .D = 300.0, .k = 4e-3, .alpha0 = 0.03, .gamma = 0.003, .K = 8.0},
                           Cell{.a = 10.0, .K = 100.0}, Cell{.D = 50.0, .beta = 0.5, .gamma = 0.1},
                           Cell{.a = 30.0, .k = 1.0}, Cell{.k = 0.0}, Cell{.alpha0 = 1e-4}}) {
    ModelRun run("models/circuits/quorum_folds.yaml", cell.settings());
    run.studies();
    EXPECT_NEAR(run.result("kappa_on"), cell.fold(-1.0), 1e-4 * cell.fold(-1.0));
    EXPECT_NEAR(run.result("kappa_off"), cell.fold(1.0), 1e-4 * cell.fold(1.0));
  }
}

// Shortly before they meet at alpha0 = 1/8 both folds lie within one step of the branch.
TEST(QuorumFolds, AreToldApartWhereTheyAlmostMeet) {
  const Cell cell{.alpha0 = 0.1249};
  ModelRun run("models/circuits/quorum_folds.yaml", cell.settings());
  run.studies();
  const double apart = cell.fold(-1.0) - cell.fold(1.0);
  EXPECT_NEAR(run.result("kappa_on") - run.result("kappa_off"), apart, 0.01 * apart);
}

TEST(QuorumFolds, AreNoneWithoutASwitch) {
  ModelRun run("models/circuits/quorum_folds.yaml", {"parameters.alpha0=0.2"});
  run.studies();
  EXPECT_NE(run.why_missing("kappa_on").find("the branch has 0 folds"), std::string::npos);
}

// A branch that begins between the folds meets one of them, and says so of the other.
TEST(QuorumFolds, BeyondTheRangeAreNotMadeUp) {
  ModelRun run("models/circuits/quorum_folds.yaml", {"parameters.kappa_least=11 nM*um/s"});
  run.studies();
  EXPECT_NEAR(run.result("kappa_on"), 12.867436119, 1e-4 * 12.867436119);
  EXPECT_NE(run.why_missing("kappa_off").find("1 fold, at 12.86740"), std::string::npos)
      << run.why_missing("kappa_off");
}

TEST(QuorumColonyFolds, AreThoseOfShooting) {
  const auto folds = [](const std::vector<std::string>& settings) {
    ModelRun run("models/circuits/quorum_colony_folds.yaml", settings);
    run.studies();
    return std::pair{run.result("phi2_on"), run.result("phi2_off")};
  };
  const auto [on, off] = folds({});
  EXPECT_NEAR(on, 5.637416, 1e-3 * 5.637416);
  EXPECT_NEAR(off, 4.488534, 1e-3 * 4.488534);
  const auto [on_with_decay, off_with_decay] = folds({"parameters.k_tilde=0.02"});
  EXPECT_NEAR(on_with_decay, 7.599818, 1e-3 * 7.599818);
  EXPECT_NEAR(off_with_decay, 5.890450, 1e-3 * 5.890450);
}

TEST(QuorumColonyFolds, AreFoundForWeakAndStrongDecayAndFewSignals) {
  for (const char* setting : {"k_tilde=0.4", "alpha0=1e-4", "alpha0=0.12"}) {
    ModelRun run("models/circuits/quorum_colony_folds.yaml", {std::string("parameters.") + setting});
    run.studies();
    EXPECT_LT(run.result("phi2_off"), run.result("phi2_on")) << setting;
  }
  // Beyond k_tilde = 1/Lambda_on = 0.4352 the state of little signal never ends.
  ModelRun run("models/circuits/quorum_colony_folds.yaml", {"parameters.k_tilde=0.44"});
  run.studies();
  EXPECT_NE(run.why_missing("phi2_on"), "");
}

}  // namespace
}  // namespace holon::verification

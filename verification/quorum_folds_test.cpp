// The folds of a secreting cell with the field around it (case: applications Q3), from the coupled model.
#include <cmath>
#include <utility>

#include "verification/model_run.hpp"
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

TEST(QuorumFolds, FollowTheFormulaForOtherParameters) {
  // Folds at s = u^2 of (1 + alpha0) s^2 - (1 - 2 alpha0) s + alpha0 = 0, u = Lambda (alpha0 + s/(1 + s)),
  // Lambda = kappa beta G/(gamma K), G = a/(D (1 + a/lambda)), lambda = sqrt(D/k).
  const double a = 60.0, D = 300.0, k = 4e-3, alpha0 = 0.03, beta = 0.02, gamma = 0.003, K = 8.0;
  const double G = a / (D * (1.0 + a / std::sqrt(D / k)));
  const auto kappa = [&](double sign) {
    const double p = 1.0 - 2.0 * alpha0, q = 1.0 + alpha0;
    const double s = (p + sign * std::sqrt(p * p - 4.0 * q * alpha0)) / (2.0 * q);
    return std::sqrt(s) / (alpha0 + s / (1.0 + s)) * gamma * K / (beta * G);
  };
  const std::vector<std::string> settings{"parameters.a=60 um",
                                          "parameters.D=300 um^2/s",
                                          "parameters.k=4e-3 1/s",
                                          "parameters.alpha0=0.03",
                                          "parameters.gamma=0.003 1/s",
                                          "parameters.K=8 nM",
                                          "parameters.kappa_most=60 nM*um/s"};
  EXPECT_NEAR(fold("kappa_on", settings), kappa(-1.0), 1e-4 * kappa(-1.0));
  EXPECT_NEAR(fold("kappa_off", settings), kappa(1.0), 1e-4 * kappa(1.0));
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

}  // namespace
}  // namespace holon::verification

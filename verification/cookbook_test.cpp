// Every model of the cookbook: it has its page, loads, runs, and its resolved file is the same model.
#include "holon/analysis/newton.hpp"
#include "holon/engine/system.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "verification/model_run.hpp"
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

const std::filesystem::path root = HOLON_SOURCE_DIR;

/// models/DOMAIN/NAME.yaml; component files lie one folder deeper.
std::vector<std::string> cookbook() {
  std::vector<std::string> models;
  for (const auto& domain : std::filesystem::directory_iterator(root / "models"))
    if (domain.is_directory())
      for (const auto& entry : std::filesystem::directory_iterator(domain.path()))
        if (entry.path().extension() == ".yaml")
          models.push_back(std::filesystem::relative(entry.path(), root).string());
  std::sort(models.begin(), models.end());
  return models;
}

class Cookbook : public testing::TestWithParam<std::string> {};

TEST_P(Cookbook, HasAPageWithItsCommandAndPicture) {
  std::filesystem::path page = root / GetParam();
  page.replace_extension(".md");
  std::ifstream stream(page);
  ASSERT_TRUE(stream) << page;
  std::ostringstream text;
  text << stream.rdbuf();
  EXPECT_NE(text.str().find("holon run " + GetParam()), std::string::npos);
  const std::size_t picture = text.str().find("](../../docs/pictures/");
  ASSERT_NE(picture, std::string::npos);
  const std::size_t begin = picture + 2, end = text.str().find(')', begin);
  EXPECT_TRUE(std::filesystem::exists(page.parent_path() / text.str().substr(begin, end - begin)));
}

TEST_P(Cookbook, TakesItsFirstSteps) {
  ModelRun run(GetParam());
  for (int k = 0; k < 3 && !run.simulation().finished(); ++k) run.simulation().step();
  EXPECT_GT(run.simulation().time(), 0.0);
  EXPECT_FALSE(run.model().results.empty());
}

TEST_P(Cookbook, ResolvedFileIsTheSameModel) {
  const ModelRun run(GetParam());
  const ModelRun again = ModelRun::of_text(run.model().resolved);
  EXPECT_EQ(again.model().hash, run.model().hash);
  EXPECT_EQ(again.model().resolved, run.model().resolved);
}

/// What is not there where analyses are refused: the reason.
std::string refusal(const std::shared_ptr<const Model>& model, ThreadPool& threads) {
  try {
    System(model, threads).require_smooth("this");
  } catch (const Refused& refused) { return refused.what(); }
  return "";
}

TEST_P(Cookbook, DerivativesAsOneOperatorAreThoseOfItsResidual) {
  ModelRun run(GetParam());
  ThreadPool threads(2);
  if (const std::string reason = refusal(run.shared_model(), threads); !reason.empty())
    GTEST_SKIP() << reason;
  for (int k = 0; k < 3 && !run.simulation().finished(); ++k) run.simulation().step();
  const System system(run.shared_model(), threads);
  if (system.size() > 400'000) GTEST_SKIP() << "for its size; the smaller models have the same processes";
  const double time = run.simulation().time() + 0.37 * run.model().schedule.step;
  State state = run.simulation().complete_state();
  system.determine(state, time);
  const Vector x = system.unknowns(state);
  const auto sizes = analysis::sizes_of(system, x);
  Vector dx(system.layout()), w(system.layout());
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    dx.values()[i] = sizes[i] * std::sin(1.0 + 3.0 * static_cast<double>(i));
    w.values()[i] = std::cos(2.0 + 5.0 * static_cast<double>(i)) / sizes[i];
  }
  const Vector slope = system.jvp(state, time, dx);
  constexpr double h = 1e-5;
  const auto at = [&](double factor) {
    State moved = state.clone();
    Vector there = x;
    for (std::size_t i = 0; i < sizes.size(); ++i) there.values()[i] += factor * dx.values()[i];
    system.set_unknowns(moved, there);
    return system.residual(moved, time);
  };
  const Vector above = at(h), below = at(-h);
  Vector product(system.layout()), terms(system.layout());
  for (const auto& entry : system.jacobian(state, time).compressed()) {
    product.values()[entry.row] += entry.value * dx.values()[entry.column];
    terms.values()[entry.row] +=
        std::abs(entry.value) * (std::abs(x.values()[entry.column]) + sizes[entry.column]);
  }
  for (const FieldId id : system.layout().fields()) {
    // Round-off of the terms that each row adds up, and what central differences leave out.
    double most = 0.0;
    for (const double value : terms(id)) most = std::max(most, value);
    const double tolerance = most * (1e-2 * h + 1e-15 / h);
    for (std::size_t site = 0; site < slope(id).size(); ++site) {
      ASSERT_NEAR(product(id)[site], slope(id)[site], 1e-13 * most)
          << run.model().fields->operator[](id).name << " at site " << site;
      ASSERT_NEAR(slope(id)[site], (above(id)[site] - below(id)[site]) / (2.0 * h), tolerance)
          << run.model().fields->operator[](id).name << " at site " << site;
    }
  }
  const Vector back = system.vjp(state, time, w);
  double forth = 0.0, reverse = 0.0, size = 0.0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    forth += w.values()[i] * slope.values()[i];
    reverse += back.values()[i] * dx.values()[i];
    size += std::abs(w.values()[i]) * terms.values()[i];
  }
  EXPECT_NEAR(forth, reverse, 1e-13 * size);
}

INSTANTIATE_TEST_SUITE_P(Models, Cookbook, testing::ValuesIn(cookbook()), [](const auto& parameter) {
  std::string name = std::filesystem::path(parameter.param).replace_extension().string();
  std::replace(name.begin(), name.end(), '/', '_');
  return name;
});

TEST(Cookbooks, HoldTheModelsOfTheFirstStep) { EXPECT_GE(cookbook().size(), 9u); }

}  // namespace
}  // namespace holon::verification

// Every model of the cookbook: it has its page, loads, runs, and its resolved file is the same model.
#include "holon/engine/system.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "verification/whole_operator.hpp"
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
  if (System(run.shared_model(), threads).size() > 400'000)
    GTEST_SKIP() << "for its size; the smaller models have the same processes";
  expect_derivatives_of_the_residual(run, threads);
}

INSTANTIATE_TEST_SUITE_P(Models, Cookbook, testing::ValuesIn(cookbook()), [](const auto& parameter) {
  std::string name = std::filesystem::path(parameter.param).replace_extension().string();
  std::replace(name.begin(), name.end(), '/', '_');
  return name;
});

TEST(Cookbooks, HoldTheModelsOfTheFirstStep) { EXPECT_GE(cookbook().size(), 9u); }

}  // namespace
}  // namespace holon::verification

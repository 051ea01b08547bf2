// Every model of the cookbook: it has its page, loads, runs, and its resolved file is the same model.
#include "holon/engine/system.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
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

/// Models that are no smooth operator, and what says so. Who adds one adds it here.
const std::map<std::string, std::string> refused{
    {"models/brain/spike_exchange.yaml", "is not smooth: its states jump at events"},
    {"models/tissue/birth_death.yaml", "changes the number of unknowns: agents of 'cells' divide and die"},
    {"models/tissue/chemotaxis.yaml", "changes the number of unknowns: agents of 'cells' divide and die"},
};

/// What makes a large model small.
const std::map<std::string, std::vector<std::string>> smaller{
    {"models/heart/niederer_slab.yaml", {"parameters.spacing=0.5 mm"}},
};

/// Why analyses of the model as one operator are refused; empty where they are not.
std::string refusal(const std::shared_ptr<const Model>& model, ThreadPool& threads) {
  try {
    System(model, threads).require_smooth("this");
  } catch (const Refused& refusal) { return refusal.what(); }
  return "";
}

TEST_P(Cookbook, DerivativesAsOneOperatorAreThoseOfItsResidual) {
  const auto settings = smaller.find(GetParam());
  ModelRun run(GetParam(), settings == smaller.end() ? std::vector<std::string>{} : settings->second);
  ThreadPool threads(2);
  const std::string reason = refusal(run.shared_model(), threads);
  if (const auto known = refused.find(GetParam()); known != refused.end()) {
    EXPECT_NE(reason.find(known->second), std::string::npos)
        << "refused with '" << reason << "' instead of '" << known->second << "'";
    return;
  }
  ASSERT_EQ(reason, "") << "newly refused";
  for (int k = 0; k < 3 && !run.simulation().finished(); ++k) run.simulation().step();
  expect_derivatives_of_the_residual(run, threads);
}

INSTANTIATE_TEST_SUITE_P(Models, Cookbook, testing::ValuesIn(cookbook()), [](const auto& parameter) {
  std::string name = std::filesystem::path(parameter.param).replace_extension().string();
  std::replace(name.begin(), name.end(), '/', '_');
  return name;
});

TEST(Cookbooks, HaveTheModelsThatTestsSingleOut) {
  const auto models = cookbook();
  for (const auto& [model, reason] : refused) EXPECT_TRUE(std::ranges::count(models, model)) << model;
  for (const auto& [model, settings] : smaller) EXPECT_TRUE(std::ranges::count(models, model)) << model;
}

TEST(Cookbooks, HoldTheModelsOfTheFirstStep) { EXPECT_GE(cookbook().size(), 9u); }

}  // namespace
}  // namespace holon::verification

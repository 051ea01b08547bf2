// The first model of the README is taken from its text and run.
#include <algorithm>
#include <fstream>
#include <sstream>

#include "verification/model_run.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

std::string first_model() {
  std::ifstream stream(HOLON_SOURCE_DIR "/README.md");
  std::ostringstream text;
  text << stream.rdbuf();
  const std::string readme = text.str(), fence = "```yaml\n";
  const std::size_t begin = readme.find(fence) + fence.size();
  return readme.substr(begin, readme.find("```", begin) - begin);
}

TEST(Readme, FirstModelHasFifteenLinesAndRunsAsTheTextSays) {
  const std::string model = first_model();
  EXPECT_LE(std::count(model.begin(), model.end(), '\n'), 15);
  ModelRun run = ModelRun::of_text(model);
  EXPECT_THAT(run.warnings(), ::testing::IsEmpty());
  // Fronts approach the speed 2 sqrt(r D) = 40 um/h from below, as 1 - 3/(2 t): the text says "nearly".
  EXPECT_NEAR(run.to_the_end().result("speed"), 40.0, 2.0);
  EXPECT_EQ(run.unit("speed"), "um/h");
}

}  // namespace
}  // namespace holon::verification

#include "holon/engine/model_difference.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon {
namespace {

const std::string model = R"(holon: 1
parameters:
  D: 1 mm^2/s
  until: 10 s
  twice: =2*until
spaces:
  line:
    type: grid
    size:
      - 1 mm
processes:
  inside:
    equations: |
      x' = -k*x
      y: = 3
    k: 2
  spread:
    diffusivity: =D
schedule:
  step: 1 s
  until: =twice
)";

std::string with(const std::string& from, const std::string& to) {
  std::string text = model;
  return text.replace(text.find(from), from.size(), to);
}

TEST(ModelDifference, TheEndIsNoPartOfTheModel) {
  EXPECT_EQ(model_difference(model, model), "");
  EXPECT_EQ(model_difference(model, with("until: 10 s", "until: 20 s")), "");
  EXPECT_EQ(model_difference(model, with("until: =twice", "until: 50 s")), "");
  EXPECT_EQ(model_difference(model, with("until: =twice", "steps: 50")), "");
}

TEST(ModelDifference, EverythingElseIsNamed) {
  using testing::HasSubstr;
  EXPECT_THAT(model_difference(model, with("D: 1 mm", "D: 2 mm")),
              HasSubstr("parameters.D: 1 mm^2/s in the checkpoint, 2 mm^2/s here"));
  EXPECT_THAT(model_difference(model, with("-k*x", "-2*k*x")), HasSubstr("processes.inside.equations"));
  EXPECT_THAT(model_difference(model, with("    k: 2\n", "")),
              HasSubstr("processes.inside.k: 2 in the checkpoint, nothing here"));
  EXPECT_THAT(model_difference(model, with("- 1 mm", "- 3 mm")), HasSubstr("spaces.line.size: - 1 mm in"));
  EXPECT_THAT(model_difference(model, with("step: 1 s", "step: =until/10")), HasSubstr("schedule.step"));
}

TEST(ModelDifference, WordsForPeopleUseNoParameter) {
  const std::string told = with("    k: 2\n", "    k: 2\n    description: nothing happens until it does\n");
  std::string longer = told;
  longer.replace(longer.find("until: 10 s"), 11, "until: 20 s");
  EXPECT_EQ(model_difference(told, longer), "");
}

TEST(ModelDifference, AParameterThatIsUsedElsewhereIsADifference) {
  const std::string used = with("diffusivity: =D", "diffusivity: =D/until");
  std::string longer = used;
  longer.replace(longer.find("until: 10 s"), 11, "until: 20 s");
  EXPECT_THAT(model_difference(used, longer), testing::HasSubstr("parameters.until"));
}

}  // namespace
}  // namespace holon

// The first model of the README and the components of the manual are taken from their texts and run.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "verification/model_run.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

/// The first block of YAML behind a text in a file of the project.
std::string block_behind(const std::string& text, const std::string& file) {
  std::ifstream stream(HOLON_SOURCE_DIR "/" + file);
  std::ostringstream whole;
  whole << stream.rdbuf();
  const std::string page = whole.str(), fence = "```yaml\n";
  const std::size_t begin = page.find(fence, page.find(text)) + fence.size();
  return page.substr(begin, page.find("```", begin) - begin);
}

std::string first_model() { return block_behind("", "README.md"); }

TEST(Readme, FirstModelHasFifteenLinesAndRunsAsTheTextSays) {
  const std::string model = first_model();
  EXPECT_LE(std::count(model.begin(), model.end(), '\n'), 15);
  ModelRun run = ModelRun::of_text(model);
  EXPECT_THAT(run.warnings(), ::testing::IsEmpty());
  // Fronts approach the speed 2 sqrt(r D) = 40 um/h from below, as 1 - 3/(2 t): the text says "nearly".
  EXPECT_NEAR(run.to_the_end().result("speed"), 40.0, 2.0);
  EXPECT_EQ(run.unit("speed"), "um/h");
}

TEST(Manual, ComponentFileRunsAsPrinted) {
  const std::filesystem::path file = std::filesystem::temp_directory_path() / "holon_manual_component.yaml";
  std::ofstream(file) << block_behind("## Component files", "docs/model-file.md");
  ModelRun run = ModelRun::of_text(R"(holon: 1
title: The component of the manual
spaces: {cell: {type: point}}
processes:
  membrane: {type: kinetics, space: cell, equations: )" +
                                   file.string() + R"(, states: {V: -60}, parameters: {g: 1}}
schedule: {step: 0.01 ms, until: 1 ms}
observe: {end: {type: final, of: membrane.V}}
results: {V: {of: end, unit: mV}}
)");
  run.to_the_end();
  std::filesystem::remove(file);
  EXPECT_NEAR(run.result("V"), -85.0 + 25.0 * std::exp(-1.0), 1e-3);
}

TEST(Manual, LawsRunAsPrinted) {
  const std::string laws = block_behind("gives **laws**", "docs/model-file.md");
  ModelRun run = ModelRun::of_text(R"(holon: 1
title: The laws of the manual
spaces: {electrode: {type: point}}
fields: {phi_here: {space: electrode, unit: V, constant: true, initial: 0.2 V}}
)" + laws + R"(  ocp:
    type: kinetics
    space: electrode
    units: {time: s, phi: V, U: V, i0: A/m^2}
    inputs: {phi: =phi_here}
    outputs: [U, i0]
    equations: |
      U = 0.9*phi
      i0 = 2
schedule: {step: 1 s, until: 1 s}
observe: {end: {type: final, of: transfer.i}}
results: {i: {of: end, unit: A/m^2}}
)");
  run.to_the_end();
  EXPECT_NEAR(run.result("i"), 4.0 * std::sinh(0.02 / 0.0514), 1e-9);
}

}  // namespace
}  // namespace holon::verification

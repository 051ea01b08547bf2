// Every file of broken_models/ holds one mistake that a person can make. Its first lines say where the
// message must point ("# expect: line:column") and which words it must contain ("# words: ...", one line
// each), written before the message was.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "verification/model_run.hpp"
#include <gtest/gtest.h>
#include <sys/wait.h>

namespace holon::verification {
namespace {

const std::filesystem::path folder = std::filesystem::path(HOLON_SOURCE_DIR) / "verification/broken_models";

std::vector<std::string> broken_models() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

struct Expectation {
  std::string place;
  std::vector<std::string> words;
};

Expectation read_expectation(const std::filesystem::path& file) {
  Expectation expectation;
  std::ifstream stream(file);
  const std::string expect = "# expect: ", words = "# words: ";
  for (std::string line; std::getline(stream, line) && line.starts_with("# ");) {
    if (line.starts_with(expect)) expectation.place = line.substr(expect.size());
    if (line.starts_with(words)) expectation.words.push_back(line.substr(words.size()));
  }
  return expectation;
}

class BrokenModel : public testing::TestWithParam<std::string> {};

TEST_P(BrokenModel, IsRefusedAtThePlaceAndWithTheWordsExpected) {
  const Expectation expectation = read_expectation(folder / (GetParam() + ".yaml"));
  ASSERT_FALSE(expectation.place.empty());
  ASSERT_FALSE(expectation.words.empty());
  try {
    ModelRun("verification/broken_models/" + GetParam() + ".yaml");
    FAIL() << "the model was accepted";
  } catch (const InputError& error) {
    std::string all;
    const Diagnostic* found = nullptr;
    for (const Diagnostic& diagnostic : error.diagnostics()) {
      all += diagnostic.text() + "\n";
      const Place& place = diagnostic.place;
      if (std::to_string(place.line) + ":" + std::to_string(place.column) == expectation.place)
        found = &diagnostic;
    }
    EXPECT_EQ(error.diagnostics().size(), 1u) << "one mistake, one message:\n" << all;
    ASSERT_NE(found, nullptr) << "nothing at " << expectation.place << ":\n" << all;
    EXPECT_TRUE(found->place.file.ends_with(GetParam() + ".yaml")) << all;
    for (const std::string& words : expectation.words)
      EXPECT_NE(found->text().find(words), std::string::npos) << "without " << words << ":\n"
                                                              << found->text();
  }
}

INSTANTIATE_TEST_SUITE_P(Corpus, BrokenModel, testing::ValuesIn(broken_models()),
                         [](const auto& parameter) { return parameter.param; });

TEST(BrokenModels, CorpusHoldsAtLeastSixtyMistakes) { EXPECT_GE(broken_models().size(), 60u); }

TEST(BrokenModels, EachEndsTheProgramWithStatusTwo) {
  for (const std::string& name : broken_models()) {
    const std::string command = std::string("'") + HOLON_PROGRAM + "' check '" +
                                (folder / (name + ".yaml")).string() + "' > /dev/null 2>&1";
    const int status = std::system(command.c_str());
    ASSERT_TRUE(WIFEXITED(status)) << name;
    EXPECT_EQ(WEXITSTATUS(status), 2) << name;
  }
}

}  // namespace
}  // namespace holon::verification

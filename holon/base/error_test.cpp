#include "holon/base/error.hpp"

#include <gtest/gtest.h>

namespace holon {
namespace {

TEST(Place, LeavesOutWhatIsUnknown) {
  EXPECT_EQ((Place{"cell.yaml", 3, 7}).text(), "cell.yaml:3:7");
  EXPECT_EQ((Place{"cell.yaml", 3, 0}).text(), "cell.yaml:3");
  EXPECT_EQ((Place{"cell.yaml", 0, 7}).text(), "cell.yaml");
  EXPECT_EQ((Place{"", 3, 7}).text(), "line 3:7");
  EXPECT_EQ(Place{}.text(), "");
}

TEST(Diagnostic, SaysPlacePathRuleExpectationAndWayOut) {
  Diagnostic d{Diagnostic::Severity::error,       {"a.yaml", 2, 5},           "spaces.tissue.size",
               "a length is needed, found '3 s'", "a quantity such as 20 mm", "did you mean '3 mm'?"};
  EXPECT_EQ(d.text(),
            "a.yaml:2:5: error: spaces.tissue.size: a length is needed, found '3 s'; expected a quantity "
            "such as 20 mm; "
            "did you mean '3 mm'?");
  d = {};
  d.severity = Diagnostic::Severity::warning;
  d.message = "the step is large";
  EXPECT_EQ(d.text(), "warning: the step is large");
}

TEST(Diagnostics, ThrowEverythingThatWasCollectedAtOnce) {
  Diagnostics all;
  all.warning({"m.yaml", 1, 1}, "title", "the title is empty");
  EXPECT_FALSE(all.has_errors());
  EXPECT_NO_THROW(all.throw_if_errors());
  all.error({"m.yaml", 4, 2}, "spaces", "unknown key 'tisue'", "", "did you mean 'tissue'?");
  all.error({"m.yaml", 9, 2}, "schedule", "the step is missing");
  EXPECT_EQ(all.error_count(), 2u);
  try {
    all.throw_if_errors();
    FAIL() << "no exception";
  } catch (const InputError& e) {
    EXPECT_EQ(e.diagnostics().size(), 3u);
    EXPECT_EQ(std::string(e.what()),
              "m.yaml:1:1: warning: title: the title is empty\n"
              "m.yaml:4:2: error: spaces: unknown key 'tisue'; did you mean 'tissue'?\n"
              "m.yaml:9:2: error: schedule: the step is missing");
  }
}

TEST(InputError, OfAPlainSentenceIsOneDiagnostic) {
  const InputError e("the file is empty");
  EXPECT_STREQ(e.what(), "the file is empty");
  ASSERT_EQ(e.diagnostics().size(), 1u);
  EXPECT_EQ(e.diagnostics()[0].message, "the file is empty");
}

TEST(NearestName, FindsSlipsAndLeavesStrangersAlone) {
  const std::vector<std::string> keys = {"conductivity", "capacity", "field", "type", "V"};
  EXPECT_EQ(nearest_name("conductvity", keys), "conductivity");   // left out
  EXPECT_EQ(nearest_name("condcutivity", keys), "conductivity");  // swapped
  EXPECT_EQ(nearest_name("feild", keys), "field");
  EXPECT_EQ(nearest_name("tipe", keys), "type");   // replaced
  EXPECT_EQ(nearest_name("typee", keys), "type");  // doubled
  EXPECT_EQ(nearest_name("v", keys), "V");
  EXPECT_EQ(nearest_name("w", keys), "");
  EXPECT_EQ(nearest_name("temperature", keys), "");
  EXPECT_EQ(nearest_name("", keys), "");
  EXPECT_EQ(nearest_name(std::string(100000, 'x'), keys), "");
}

TEST(NearestName, CountsAWrongCaseAsHalfASlip) {
  EXPECT_EQ(nearest_name("PA", {"pB", "pA"}), "pA");
  EXPECT_EQ(nearest_name("CELL", {"cells", "cell"}), "cell");
}

TEST(Suggestion, NamesTheNearestElseWhatThereIs) {
  EXPECT_EQ(suggestion("strng", {"lie", "strang"}), "did you mean 'strang'?");
  EXPECT_EQ(suggestion("xyz", {"lie", "strang"}), "one of lie, strang");
  EXPECT_EQ(suggestion("xyz", {"lie"}), "the only one is lie");
  EXPECT_EQ(suggestion("xyz", {"lie", "strang", "every"}, 2), "one of lie, strang, ... (3 in all)");
  EXPECT_EQ(suggestion("xyz", {}), "");
}

TEST(Require, StopsTheProgramWithTheSentence) {
  require(true, "nothing happens");
  EXPECT_DEATH(require(false, "a field has a space"), "defect in the program.*a field has a space");
}

}  // namespace
}  // namespace holon

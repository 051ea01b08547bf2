// --set, {choose: ...}, {name} in texts, references to texts and lists, include.
#include "holon/modelfile/tiny_types.hpp"

#include <gmock/gmock.h>

namespace holon::modelfile {
namespace {

using ::testing::HasSubstr;
using tiny::attempt;
using tiny::Attempt;
using tiny::Folder;

const std::string text = R"(holon: 1
parameters:
  step: 0.1 ms
  half: =step/2
  size: [2 mm, 1 mm]
  split: {value: ab, choices: [ab, ba], description: which comes first}
  method: implicit
spaces:
  line: {type: grid, size: =size, spacing: 0.5 mm}
processes:
  a: {type: decay, space: line, rate: 0, method: =method, delay: 3 ms}
  b: {type: decay, field: a.u, rate: 0}
schedule:
  step: =step
  until: 1 ms
  do:
    choose: =split
    ab: {lie: [a, b]}
    ba: {lie: [b, a]}
)";

TEST(Override, IsAPathAndAValue) {
  EXPECT_EQ(parse_override("a.b=c=d").path, "a.b");
  EXPECT_EQ(parse_override("a.b=c=d").value, "c=d");
  EXPECT_THROW(parse_override("a.b"), InputError);
  EXPECT_THROW(parse_override("=1"), InputError);
}

TEST(Override, PlainNumberTakesTheUnitOfTheFile) {
  const Folder folder;
  const Attempt a = attempt(folder, text, {"parameters.step=0.2"});
  ASSERT_EQ(a.text(), "");
  EXPECT_DOUBLE_EQ(a.model->schedule.step, 2e-4);
}

TEST(Override, QuantityIsConverted) {
  const Folder folder;
  const Attempt a = attempt(
      folder, text, {"parameters.step=200 us", "schedule.until=0.002 s", "spaces.line.spacing=500 um"});
  ASSERT_EQ(a.text(), "");
  EXPECT_DOUBLE_EQ(a.model->schedule.step, 2e-4);
  EXPECT_EQ(a.model->schedule.steps, 10);
}

TEST(Override, PlainNumberTakesTheUnitOfTheParameterThatIsReplaced) {
  const Folder folder;
  const Attempt a = attempt(folder, text, {"schedule.step=0.5", "spaces.line.size=[1, 1]"});
  ASSERT_EQ(a.text(), "");
  EXPECT_DOUBLE_EQ(a.model->schedule.step, 5e-4);
  EXPECT_EQ(a.model->spaces.at("line")->sites(), 9U);
}

TEST(Override, OtherDimensionNamesBoth) {
  const Folder folder;
  const std::string errors = attempt(folder, text, {"parameters.step=1 mm"}).text();
  EXPECT_THAT(errors, HasSubstr("--set parameters.step=1 mm: error: parameters.step: '1 mm' is a quantity of "
                                "length, but the model file "
                                "states a quantity of time (0.1 ms at"));
}

TEST(Override, WhatIsInfiniteInTheFileMayBeAQuantityAndTheOtherWayRound) {
  const Folder folder;
  std::string endless = text;
  endless.replace(endless.find("  half:"), 7, "  until: inf\n  half:");
  endless.replace(endless.find("until: 1 ms"), 11, "until: =until");
  const Attempt a = attempt(folder, endless, {"parameters.until=3 ms"});
  ASSERT_EQ(a.text(), "");
  EXPECT_EQ(a.model->schedule.steps, 30);
  EXPECT_THAT(attempt(folder, endless, {"parameters.until=3 mV"}).text(),
              HasSubstr("schedule.until: '=until' is a quantity of"));
}

TEST(Override, PlainNumberForAnEquationOfOneParameterIsInTheUnitOfThatParameter) {
  const Folder folder;
  const Attempt a = attempt(folder, text, {"parameters.half=0.2"});
  ASSERT_EQ(a.text(), "");
  EXPECT_EQ(a.model->resolved, attempt(folder, text, {"parameters.half=0.2 ms"}).model->resolved);
  EXPECT_EQ(attempt(folder, text, {"parameters.half=200 us"}).text(), "");
}

TEST(Override, UnknownPathNamesTheNearest) {
  const Folder folder;
  EXPECT_THAT(attempt(folder, text, {"parameters.stp=1"}).text(),
              HasSubstr("--set parameters.stp=1: error: parameters.stp: the model has no 'parameters.stp'; "
                        "did you mean 'parameters.step'?"));
  EXPECT_THAT(attempt(folder, text, {"processes.c.delay=1"}).text(),
              HasSubstr("the model has no 'processes.c.delay'"));
  EXPECT_THAT(attempt(folder, text, {"processes.a.dely=1 ms"}).text(),
              HasSubstr("unknown key 'dely'; did you mean 'delay'?"));
  EXPECT_THAT(attempt(folder, text, {"parameters.step="}).text(), HasSubstr("no value is given"));
}

TEST(Override, ReachesOptionsListElementsAndWhatTheFileLeavesOut) {
  const Folder folder;
  const Attempt a = attempt(folder, text,
                            {"processes.a.order=4", "spaces.line.spacing=0.25", "parameters.size.1=2",
                             "processes.a.parameters.g=3"});
  ASSERT_EQ(a.text(), "");
  EXPECT_EQ(a.model->spaces.at("line")->sites(), 9U * 9U);
  EXPECT_THAT(a.model->resolved, HasSubstr("order: 4"));
  EXPECT_THAT(a.model->resolved, HasSubstr("g: 3\n"));
}

TEST(Override, ListOfPlainNumbersTakesTheUnits) {
  const Folder folder;
  const Attempt a = attempt(folder, text, {"parameters.size=[1, 3]"});
  ASSERT_EQ(a.text(), "");
  EXPECT_EQ(a.model->spaces.at("line")->sites(), 3U * 7U);
}

TEST(Override, ChoiceMustBeOneOfTheChoices) {
  const Folder folder;
  EXPECT_EQ(attempt(folder, text, {"parameters.split=ba"}).model->schedule.root.children[0].process, 1U);
  EXPECT_THAT(attempt(folder, text, {"parameters.split=bb"}).text(),
              HasSubstr("--set parameters.split=bb: error: parameters.split: 'bb' is none of its choices"));
}

TEST(Override, OneThatIsWrongIsTheOnlyMistake) {
  const Folder folder;
  const auto mistakes = [&](const std::string& setting) {
    const std::string all = attempt(folder, text, {setting}).text();
    return std::count(all.begin(), all.end(), '\n');
  };
  // Each would make what uses it wrong as well: a step that is a text, a branch that is not there, a space of
  // another dimension.
  EXPECT_EQ(mistakes("parameters.step=fast"), 1);
  EXPECT_EQ(mistakes("parameters.step=0,1 ms"), 1);
  EXPECT_EQ(mistakes("parameters.split=bb"), 1);
  EXPECT_EQ(mistakes("parameters.size=[2 s, 1 s]"), 1);
}

TEST(Override, WhatFollowsFromItNamesIt) {
  const Folder folder;
  EXPECT_THAT(attempt(folder, text, {"parameters.step=0"}).text(),
              HasSubstr("schedule.step: '=step' is 0 ms; expected a finite, positive time; set by --set "
                        "parameters.step=0"));
  EXPECT_THAT(attempt(folder, text, {"parameters.method=implcit"}).text(),
              HasSubstr("set by --set parameters.method=implcit"));
  EXPECT_THAT(attempt(folder, text, {"parameters.step=0.3 ms"}).text(),
              HasSubstr("set by --set parameters.step=0.3 ms"));
}

TEST(Override, OfTheSamePathTwiceIsAWarning) {
  const Folder folder;
  const Attempt a = attempt(folder, text, {"parameters.step=0.2", "parameters.step=0.5"});
  EXPECT_DOUBLE_EQ(a.model->schedule.step, 5e-4);
  ASSERT_EQ(a.warnings.size(), 1U);
  EXPECT_THAT(a.warnings[0].text(),
              HasSubstr("is set twice: this takes the place of --set parameters.step=0.2"));
}

TEST(Override, OfAParameterWithoutItsSectionIsRecognised) {
  const Folder folder;
  EXPECT_THAT(attempt(folder, text, {"stp=1"}).text(), HasSubstr("did you mean 'parameters.step'?"));
}

TEST(Parameter, DeclaredWholeTakesWholeNumbersOnly) {
  const Folder folder;
  std::string counted = text;
  counted.replace(counted.find("  half:"), 0, "  count: {value: 10, whole: true}\n");
  counted.replace(counted.find("until: 1 ms"), 11, "steps: =count");
  EXPECT_EQ(attempt(folder, counted, {"parameters.count=4"}).model->schedule.steps, 4);
  EXPECT_EQ(attempt(folder, counted, {"parameters.count=8/2"}).text().empty(), false);
  EXPECT_THAT(
      attempt(folder, counted, {"parameters.count=1.5"}).text(),
      HasSubstr("--set parameters.count=1.5: error: parameters.count: is 1.5; expected a whole number"));
}

TEST(Parameter, TakesValuesWithinItsBoundsOnly) {
  const Folder folder;
  std::string bounded = text;
  bounded.replace(
      bounded.find("  half:"), 0,
      "  most: 3 mm\n  width: {value: 2 mm, above: 1 mm, at_most: =most, description: as it was made}\n"
      "  share: {value: 0.5, at_least: 0, below: 1}\n");
  EXPECT_EQ(attempt(folder, bounded, {"parameters.width=3 mm", "parameters.share=0"}).text(), "");
  EXPECT_THAT(attempt(folder, bounded, {"parameters.width=3.5 mm"}).text(),
              HasSubstr("parameters.width: is 3.5 mm; expected a value of at most 3 mm; as it was made"));
  EXPECT_THAT(attempt(folder, bounded, {"parameters.most=1500 um"}).text(),
              HasSubstr("parameters.width: is 2 mm"));
  EXPECT_THAT(attempt(folder, bounded, {"parameters.width=1 mm"}).text(), HasSubstr("a value above 1 mm"));
  EXPECT_THAT(attempt(folder, bounded, {"parameters.share=1"}).text(), HasSubstr("a value below 1"));
  EXPECT_THAT(attempt(folder, bounded, {"parameters.share=-0.1"}).text(), HasSubstr("a value of at least 0"));
}

TEST(Choose, TakesTheBranchThatTheParameterNames) {
  const Folder folder;
  const Attempt a = attempt(folder, text);
  ASSERT_EQ(a.text(), "");
  EXPECT_EQ(a.model->schedule.root.children[0].process, 0U);
  EXPECT_EQ(a.model->resolved.find("choose"), std::string::npos);
}

TEST(Choose, MissingBranchIsAnError) {
  const Folder folder;
  std::string changed = text;
  changed.replace(changed.find("    ab: {lie"), 6, "    ac");
  const std::string errors = attempt(folder, changed).text();
  EXPECT_THAT(errors, HasSubstr("there is no branch for 'ab' (choose: =split)"));
}

TEST(Choose, WorksForParametersThemselves) {
  const Folder folder;
  std::string changed = text;
  changed.replace(changed.find("step: 0.1 ms"), 12, "step: {choose: =split, ab: 0.1 ms, ba: 0.2 ms}");
  EXPECT_DOUBLE_EQ(attempt(folder, changed).model->schedule.step, 1e-4);
  EXPECT_DOUBLE_EQ(attempt(folder, changed, {"parameters.split=ba"}).model->schedule.step, 2e-4);
}

TEST(Reference, NamesATextAListOrANumberThatServesAsAChoice) {
  const Folder folder;
  const Attempt a = attempt(folder, text);
  ASSERT_EQ(a.text(), "");
  EXPECT_THAT(a.model->resolved, HasSubstr("method: implicit"));
  EXPECT_EQ(a.model->spaces.at("line")->sites(), 15U);
}

TEST(Interpolation, PutsParametersIntoTexts) {
  const Folder folder;
  folder.write("cells/implicit_4.yaml", "holon: 1\nequations: |\n  u' = 1\n");
  std::string changed = text;
  changed.replace(changed.find("delay: 3 ms"), 11, "equations: \"cells/{method}_{order}.yaml\"");
  changed.replace(changed.find("  method:"), 0, "  order: 4\n");
  const Attempt a = attempt(folder, changed);
  ASSERT_EQ(a.text(), "");
  EXPECT_THAT(a.model->resolved, HasSubstr("u' = 1"));
}

TEST(Include, MergesSections) {
  const Folder folder;
  folder.write(
      "parts/more.yaml",
      "parameters: {extra: 1}\nprocesses:\n  c: {type: decay, space: line, rate: 0, equations: c.yaml}\n");
  folder.write("parts/c.yaml", "holon: 1\nequations: |\n  c' = 1\n");
  std::string changed = "include: [parts/more.yaml]\n" + text;
  const std::size_t at = changed.find("lie: [a, b]");
  changed.replace(at, 11, "lie: [a, b, c]");
  const Attempt a = attempt(folder, changed);
  ASSERT_EQ(a.text(), "");
  EXPECT_EQ(a.model->processes.size(), 3U);
}

TEST(Include, SameKeyTwiceNamesBothPlaces) {
  const Folder folder;
  folder.write("more.yaml", "parameters:\n  step: 1 ms\n");
  EXPECT_THAT(
      attempt(folder, "include: more.yaml\n" + text).text(),
      HasSubstr("more.yaml:2:3: error: parameters.step: 'parameters.step' is stated twice, first at"));
}

TEST(Include, CircleAndMissingFileAreErrors) {
  const Folder folder;
  folder.write("more.yaml", "include: m.yaml\n");
  EXPECT_THAT(attempt(folder, "include: more.yaml\n" + text).text(),
              HasSubstr("'m.yaml' includes itself in the end"));
  EXPECT_THAT(attempt(folder, "include: [mor.yaml]\n" + text).text(), HasSubstr("did you mean 'more.yaml'?"));
}

TEST(Component, ExtensionsGoBeforeWhatTheyExtendAndCirclesAreErrors) {
  const Folder folder;
  folder.write("a.yaml", "holon: 1\nextends: b.yaml\nparameters: {g: 2}\nequations: |\n  x = 2\n");
  folder.write("b.yaml", "holon: 1\nparameters: {g: 1, h: 3}\nequations: |\n  x = 1\n  y' = x\n");
  folder.write("c.yaml", "holon: 1\nextends: c.yaml\nequations: |\n  x = 2\n");
  const Registry types = tiny::registry();
  const LoadOptions options;
  Loader loader(types, options);
  Document::Value named;
  named.kind = Document::Value::Kind::scalar;
  named.scalar = "a.yaml";
  named.folder = folder.path();
  const Document::Value component = loader.component(named, "p.equations");
  EXPECT_EQ(component.find("parameters")->find("g")->scalar, "2");
  EXPECT_EQ(component.find("parameters")->find("h")->scalar, "3");
  const auto statements = loader.statements(*component.find("equations"), "p.equations");
  ASSERT_EQ(statements.size(), 2U);
  EXPECT_EQ(statements[0].name, "x");
  EXPECT_EQ(statements[0].value->number, 2.0);
  EXPECT_EQ(statements[0].place.line, 5);
  EXPECT_FALSE(loader.has_errors());
  named.scalar = "c.yaml";
  loader.component(named, "p.equations");
  EXPECT_TRUE(loader.has_errors());
}

TEST(Loader, PlainNumbersInAComponentAreInItsUnits) {
  const Registry types = tiny::registry();
  const LoadOptions options;
  Loader loader(types, options);
  Document::Value value;
  value.kind = Document::Value::Kind::scalar;
  const Unit unit = Unit::parse("mV");
  value.scalar = "-80";
  EXPECT_EQ(loader.number_in(value, "p", unit), -80.0);
  value.scalar = "-0.08 V";
  EXPECT_EQ(loader.number_in(value, "p", unit), -80.0);
  value.scalar = "=-0.08 V";
  EXPECT_DOUBLE_EQ(loader.number_in(value, "p", unit).value(), -80.0);
  EXPECT_DOUBLE_EQ(loader.coefficient_in(value, "p", unit)->constant().value(), -80.0);
  EXPECT_FALSE(loader.has_errors());
  value.scalar = "3 ms";
  EXPECT_FALSE(loader.number_in(value, "p", unit));
  EXPECT_TRUE(loader.has_errors());
}

TEST(Coefficient, ValuesForEachSiteComeFromAFileOrAList) {
  const Folder folder;
  folder.write("values.txt", "# three\n1\n 2.5 # middle\n-3e1\n");
  const Registry types = tiny::registry();
  const LoadOptions options;
  Loader loader(types, options);
  Diagnostics found;
  auto value = Document::parse("{file: values.txt, unit: mV}", "m", folder.path(), found);
  const auto coefficient = loader.coefficient(value, "p", Unit::parse("V").dimension());
  ASSERT_TRUE(coefficient && coefficient->values_per_site() != nullptr);
  EXPECT_THAT(*coefficient->values_per_site(), ::testing::ElementsAre(1e-3, 2.5e-3, -30e-3));
  value = Document::parse("{values: [1, 2], unit: ms}", "m", folder.path(), found);
  EXPECT_FALSE(loader.coefficient(value, "p", Unit::parse("V").dimension()));
  EXPECT_TRUE(loader.has_errors());
}

}  // namespace
}  // namespace holon::modelfile

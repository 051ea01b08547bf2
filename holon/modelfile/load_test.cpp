#include "holon/modelfile/tiny_types.hpp"

#include <gmock/gmock.h>

namespace holon::modelfile {
namespace {

using ::testing::HasSubstr;
using tiny::attempt;
using tiny::Attempt;
using tiny::Folder;

const std::string model_text = R"(holon: 1
title: A model of {what}
parameters:
  what: decay
  spacing: 0.5 mm
  k: 2 1/s
  half: =k/2
  step: 0.01 ms
  until: 1 ms
spaces:
  line: {type: grid, size: [2 mm], spacing: =spacing}
fields:
  c: {space: line, unit: uM, kind: density, initial: =10 uM*position.x/(1 mm), conserved: {c: 1}}
processes:
  slow: {type: decay, space: line, rate: =half, initial: -80 mV}
  other: {type: decay, field: c, rate: 1 1/ms}
schedule: {step: =step, until: =until}
events:
  low: {when: =slow.u + 10 mV, direction: falling, at: [1 mm], then: stop}
observe:
  end: {type: last, of: slow.u}
results:
  u: {of: end, unit: mV, published: {value: -79 mV, tolerance: 1 %, source: nowhere}}
  there: {of: end, at: [0.5 mm]}
  twice: {value: =2*results.u + 1 mV, unit: V}
)";

TEST(Load, BuildsSpacesFieldsProcessesScheduleEventsObserversAndResults) {
  const Folder folder;
  const Attempt a = attempt(folder, model_text);
  ASSERT_EQ(a.text(), "");
  const Model& model = *a.model;
  EXPECT_EQ(model.title, "A model of decay");
  ASSERT_TRUE(model.spaces.contains("line"));
  EXPECT_EQ(model.spaces.at("line")->sites(), 5U);
  ASSERT_TRUE(model.fields->contains("c"));
  const Field& c = (*model.fields)[model.fields->id("c")];
  EXPECT_EQ(c.kind, FieldKind::density);
  EXPECT_EQ(c.conserved.at("c").value, 1.0);
  ASSERT_EQ(model.processes.size(), 2U);
  EXPECT_EQ(model.processes[0]->name(), "other");
  EXPECT_EQ(model.schedule.steps, 100);
  EXPECT_DOUBLE_EQ(model.schedule.step, 1e-5);
  EXPECT_EQ(model.schedule.time_unit.text(), "ms");
  ASSERT_EQ(model.events.size(), 1U);
  EXPECT_EQ(model.events[0].site, 2U);
  EXPECT_EQ(model.events[0].direction, EventRecipe::Direction::falling);
  EXPECT_EQ(model.events[0].action, EventRecipe::Action::stop);
  ASSERT_EQ(model.results.size(), 3U);
  EXPECT_EQ(model.results[0].name, "u");  // in the order of the file
  EXPECT_NEAR(model.results[0].published->tolerance.value(), 0.79, 1e-12);
  EXPECT_EQ(model.results[1].outcome, "at " + number_text(0.0005));
  EXPECT_TRUE(model.results[2].equation->depends_on("result:u"));
}

TEST(Load, APublishedToleranceOfInfinityIsNone) {
  const Folder folder;
  std::string text = model_text;
  const std::string stated = "tolerance: 1 %";
  text.replace(text.find(stated), stated.size(), "tolerance: =if 1 < 0 then 1 mV else inf");
  const Attempt a = attempt(folder, text);
  ASSERT_EQ(a.text(), "");
  EXPECT_FALSE(a.model->results[0].published->tolerance.has_value());
}

TEST(Load, QuantitiesReachProcessesInCoherentUnits) {
  const Folder folder;
  const Attempt a = attempt(folder, model_text);
  ASSERT_EQ(a.text(), "");
  const auto& slow = dynamic_cast<const tiny::Decay&>(a.model->process("slow"));
  EXPECT_DOUBLE_EQ(slow.initial().constant().value(), -0.08);
  const auto& other = dynamic_cast<const tiny::Decay&>(a.model->process("other"));
  EXPECT_DOUBLE_EQ(other.coefficient().constant().value(), 1000.0);
}

TEST(Load, ParametersInCoefficientsCanBeSetAtRunTimeAlsoThroughParametersMadeOfThem) {
  const Folder folder;
  const Attempt a = attempt(folder, model_text);
  ASSERT_EQ(a.text(), "");
  const auto& slow = dynamic_cast<const tiny::Decay&>(a.model->process("slow"));
  EXPECT_FALSE(slow.coefficient().constant());
  EXPECT_TRUE(slow.coefficient().depends_on("parameter:parameters.k"));
  ASSERT_TRUE(a.model->parameters->contains("parameters.k"));
  const Parameter& k = (*a.model->parameters)[a.model->parameters->id("parameters.k")];
  EXPECT_EQ(k.value, 2.0);
  EXPECT_EQ(k.unit.text(), "1/s");
  EXPECT_FALSE(a.model->parameters->contains("parameters.spacing"));
  expr::Graph graph;
  const std::vector<expr::Node> roots{slow.coefficient().lower(graph)};
  EXPECT_DOUBLE_EQ(
      static_cast<double>(expr::evaluate(graph, roots, [](std::string_view) { return 6.0L; })[0]), 3.0);
}

TEST(Load, FieldsInEquationsAreTakenInTheirUnits) {
  const Folder folder;
  const Attempt a = attempt(folder, model_text);
  ASSERT_EQ(a.text(), "");
  expr::Graph graph;
  const std::vector<expr::Node> roots{a.model->events[0].function.lower(graph)};
  EXPECT_NEAR(static_cast<double>(expr::evaluate(graph, roots, [](std::string_view) { return -80.0L; })[0]),
              -0.07, 1e-15);
}

TEST(Load, InitialValuesOfFieldsThatNoProcessOwnsAreKept) {
  const Folder folder;
  const Attempt a = attempt(folder, model_text);
  ASSERT_EQ(a.model->initial.size(), 1U);
  EXPECT_TRUE(a.model->initial[0].second.depends_on("position.x"));
}

/// Splits a model text into its top-level sections and puts them in reverse order, and the members of flow
/// mappings are left as they are.
std::string reversed(const std::string& text) {
  std::vector<std::string> sections;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at) + 1;
    if (text[at] == ' ')
      sections.back() += text.substr(at, end - at);
    else
      sections.push_back(text.substr(at, end - at));
    at = end;
  }
  std::string all;
  for (auto s = sections.rbegin(); s != sections.rend(); ++s) {
    // the members of a section too
    std::vector<std::string> lines;
    const std::size_t head = s->find('\n') + 1;
    for (std::size_t at = head; at < s->size();) {
      const std::size_t end = s->find('\n', at) + 1;
      lines.push_back(s->substr(at, end - at));
      at = end;
    }
    all += s->substr(0, head);
    for (auto l = lines.rbegin(); l != lines.rend(); ++l) all += *l;
  }
  return all;
}

TEST(Load, OrderInTheFileNeverMatters) {
  const Folder folder;
  const Attempt a = attempt(folder, model_text);
  const Attempt b = attempt(folder, reversed(model_text));
  ASSERT_EQ(b.text(), "");
  EXPECT_EQ(a.model->resolved, b.model->resolved);
  EXPECT_EQ(a.model->hash, b.model->hash);
}

TEST(Load, ResolvedModelStandsAloneAndGivesTheSameModel) {
  const Folder folder;
  folder.write("cells/base.yaml",
               "holon: 1\nunits: {time: ms, u: mV}\nstates: {u: 1}\nequations: |\n  a = 1\n  u' = -a\n");
  folder.write("cells/cell.yaml", "holon: 1\nextends: base.yaml\nstates: {u: 2}\nequations: |\n  a = 2\n");
  const std::string text = model_text + "include: more.yaml\n";
  folder.write("more.yaml",
               "processes:\n  third: {type: decay, space: line, rate: 0, equations: cells/cell.yaml}\n");
  const Attempt a = attempt(folder, text, {"parameters.k=3", "parameters.until=2 ms"});
  ASSERT_EQ(a.text(), "");
  EXPECT_THAT(a.model->resolved, HasSubstr("k: 3 1/s"));
  EXPECT_THAT(a.model->resolved, HasSubstr("delay: 0 ms"));
  EXPECT_EQ(a.model->resolved.find("cell.yaml"), std::string::npos) << a.model->resolved;
  EXPECT_EQ(a.model->resolved.find("include"), std::string::npos);
  const Folder elsewhere;
  const Attempt b = attempt(elsewhere, a.model->resolved);
  ASSERT_EQ(b.text(), "") << a.model->resolved;
  EXPECT_EQ(b.model->resolved, a.model->resolved);
  EXPECT_EQ(b.model->hash, a.model->hash);
  EXPECT_EQ(b.model->schedule.steps, 200);
}

TEST(Load, ResolvedModelHoldsTheValuesOfFiles) {
  const Folder folder;
  folder.write("rates.txt", "1\n2 # second\n3\n4\n5\n");
  std::string text = model_text;
  text.replace(text.find("rate: =half"), 11, "rate: {file: rates.txt, unit: 1/s}");
  const Attempt a = attempt(folder, text);
  ASSERT_EQ(a.text(), "");
  const auto& slow = dynamic_cast<const tiny::Decay&>(a.model->process("slow"));
  ASSERT_NE(slow.coefficient().values_per_site(), nullptr);
  EXPECT_THAT(*slow.coefficient().values_per_site(), ::testing::ElementsAre(1, 2, 3, 4, 5));
  EXPECT_EQ(a.model->resolved.find("rates.txt"), std::string::npos);
  const Folder elsewhere;
  const Attempt b = attempt(elsewhere, a.model->resolved);
  ASSERT_EQ(b.text(), "") << a.model->resolved;
  EXPECT_EQ(a.model->hash, b.model->hash);
}

TEST(Load, ParametersThatDecideAboutStructureCantBeSetAtRunTime) {
  const Folder folder;
  std::string text = model_text;
  text.replace(text.find("rate: =half"), 11, "rate: =half + 0.1/until");
  const Attempt a = attempt(folder, text);
  ASSERT_EQ(a.text(), "");
  EXPECT_TRUE(a.model->parameters->contains("parameters.k"));
  EXPECT_FALSE(a.model->parameters->contains("parameters.until"));
}

TEST(Load, TextThatStandsInNoFileIsLoadedToo) {
  const Registry types = tiny::registry();
  const Loaded loaded = load_text(model_text, "typed in", {}, types, {});
  EXPECT_EQ(loaded.model->processes.size(), 2U);
  try {
    load_text("holon: 1\nx: 2\n", "typed in", {}, types, {});
    FAIL();
  } catch (const InputError& error) { EXPECT_EQ(error.diagnostics().front().place.file, "typed in"); }
}

TEST(Load, HashChangesWithEveryValue) {
  const Folder folder;
  EXPECT_NE(attempt(folder, model_text).model->hash,
            attempt(folder, model_text, {"parameters.k=3"}).model->hash);
}

TEST(Load, DimensionlessModelHasPlainTimesAndPlaces) {
  const Folder folder;
  const Attempt a = attempt(folder, R"(holon: 1
parameters: {spacing: =1/64}
spaces:
  line: {type: grid, size: [1], spacing: =spacing, periodic: [x]}
processes:
  p: {type: decay, space: line, unit: 1, rate: 0.5, initial: =cos(pi*position.x)}
schedule: {step: 0.125, steps: 8}
)");
  ASSERT_EQ(a.text(), "");
  EXPECT_TRUE(a.model->schedule.time_dimension.dimensionless());
  EXPECT_TRUE(a.model->spaces.at("line")->length_dimension().dimensionless());
  EXPECT_EQ(a.model->spaces.at("line")->sites(), 64U);
  EXPECT_EQ(a.model->schedule.steps, 8);
}

TEST(Load, ScheduleTreeIsReadAsWritten) {
  const Folder folder;
  const Attempt a = attempt(folder, R"(holon: 1
spaces: {s: {type: point}}
processes:
  a: {type: decay, space: s, rate: 0}
  b: {type: decay, space: s, rate: 0}
  c: {type: decay, space: s, rate: 0}
schedule:
  step: 1 ms
  until: 10 ms
  strang: [c, {subcycle: {do: {lie: [a, b]}, steps: 4}}]
  merge: true
)");
  ASSERT_EQ(a.text(), "");
  const ScheduleNode& root = a.model->schedule.root;
  EXPECT_EQ(root.kind, ScheduleNode::Kind::strang);
  EXPECT_TRUE(root.merge);
  ASSERT_EQ(root.children.size(), 2U);
  EXPECT_EQ(root.children[0].process, 2U);
  EXPECT_EQ(root.children[1].kind, ScheduleNode::Kind::subcycle);
  EXPECT_EQ(root.children[1].count, 4);
  EXPECT_EQ(root.children[1].children[0].kind, ScheduleNode::Kind::lie);
}

TEST(Load, ProcessesOnDifferentFieldsNeedNoSchedule) {
  const Folder folder;
  const Attempt a = attempt(folder, model_text);
  const ScheduleNode& root = a.model->schedule.root;
  EXPECT_EQ(root.kind, ScheduleNode::Kind::lie);
  ASSERT_EQ(root.children.size(), 2U);
  EXPECT_EQ(root.children[1].process, 1U);
}

TEST(Load, FieldMayBeTheShareOfEachSiteInABox) {
  const Folder folder;
  const std::string field =
      "  inside: {space: line, initial: {share_in_box: {space: line, from: [-1 mm], to: [=2*spacing]}}}\n";
  const std::string head = model_text.substr(0, model_text.find("processes:"));
  const Attempt a = attempt(folder, head + field + model_text.substr(head.size()));
  ASSERT_EQ(a.text(), "");
  for (const auto& [id, initial] : a.model->initial)
    if ((*a.model->fields)[id].name == "inside") {
      ASSERT_NE(initial.values_per_site(), nullptr);
      EXPECT_THAT(*initial.values_per_site(), ::testing::ElementsAre(1.0, 1.0, 0.5, 0.0, 0.0));
      return;
    }
  FAIL() << "the field has no initial value";
}

TEST(Load, OutputIsAnObserverOfFields) {
  const Folder folder;
  const Attempt a = attempt(folder, model_text + "output: {fields: {every: 1 ms, of: [slow.u]}}\n");
  EXPECT_THAT(a.text(), HasSubstr("'fields' is not known here"));  // this test's registry has no such type
}

TEST(Load, StudyIsHeldAgainstItsType) {
  const Folder folder;
  const Attempt a = attempt(folder, model_text + "study: {s: {type: sweep}}\n");
  EXPECT_THAT(a.text(), HasSubstr("'sweep' is not known here"));  // this test's registry has no such type
}

}  // namespace
}  // namespace holon::modelfile

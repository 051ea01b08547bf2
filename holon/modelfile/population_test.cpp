// Populations in model files.
#include "holon/space/population.hpp"

#include "holon/modelfile/tiny_types.hpp"

#include <gmock/gmock.h>

namespace holon::modelfile {
namespace {

using ::testing::HasSubstr;
using tiny::attempt;
using tiny::Attempt;
using tiny::Folder;

/// A model with the population's entry and, if given, more of the section `fields`.
std::string with(const std::string& population, const std::string& fields = "") {
  return "holon: 1\nparameters: {n: 4}\nspaces:\n"
         "  tissue: {type: grid, sites: cells, size: [100 um, 60 um], spacing: 10 um}\n"
         "  cells: " +
         population + "\nfields:\n  b: {space: tissue, unit: uM, kind: density, initial: 0}\n" + fields +
         "processes:\n  other: {type: decay, field: b, rate: 1 1/ms}\nschedule: {step: 0.01 ms, steps: 3}\n";
}

State start_of(const Attempt& a, std::uint64_t seed = 1) {
  ThreadPool threads(1);
  return a.model->initial_state(threads, seed);
}

TEST(PopulationInAModel, HasIdsPlacesAndRadiiAtTheStart) {
  const Folder folder;
  const Attempt a =
      attempt(folder, with("{type: population, in: tissue, count: =n, radius: =position.x/10}"));
  ASSERT_EQ(a.text(), "");
  const State state = start_of(a);
  const Space& cells = *a.model->spaces.at("cells");
  const PopulationFields fields = population_fields(state.fields(), cells);
  ASSERT_EQ(state.sites(cells), 4U);
  for (std::size_t k = 0; k < 4; ++k) {
    EXPECT_EQ(state.integer(fields.id)[k], static_cast<std::int64_t>(k));
    EXPECT_EQ(state.integer(fields.parent)[k], -1);
    const double x = state.real(*fields.position, 0)[k], y = state.real(*fields.position, 1)[k];
    EXPECT_TRUE(x > 0.0 && x < 100e-6 && y > 0.0 && y < 60e-6);
    EXPECT_DOUBLE_EQ(state.real(*fields.radius)[k], 0.1 * x);
  }
  EXPECT_EQ(state.integer(fields.next_id)[0], 4);
  EXPECT_NE(start_of(a, 2).real(*fields.position)[0], state.real(*fields.position)[0]);
}

TEST(PopulationInAModel, StandsWhereItIsListedOrInAFile) {
  const Folder folder;
  folder.write("places.txt", "# x, y\n5, 20\n 95 40.5 # the last\n");
  const Attempt listed = attempt(
      folder,
      with("{type: population, in: tissue, place: {positions: [[5 um, 20 um], [0.095 mm, =81 um/2]]}}"));
  const Attempt filed =
      attempt(folder, with("{type: population, in: tissue, place: {file: places.txt, unit: um}}"));
  ASSERT_EQ(listed.text(), "");
  ASSERT_EQ(filed.text(), "");
  for (const Attempt* a : {&listed, &filed}) {
    const State state = start_of(*a);
    const FieldId position = state.fields().id("cells.position");
    ASSERT_EQ(state.real(position).size(), 2U);
    EXPECT_DOUBLE_EQ(state.real(position, 0)[1], 95e-6);
    EXPECT_DOUBLE_EQ(state.real(position, 1)[1], 40.5e-6);
  }
}

TEST(PopulationInAModel, WithoutAFrameHasNoPlaces) {
  const Folder folder;
  const Attempt a = attempt(folder, with("{type: population, count: 0}"));
  ASSERT_EQ(a.text(), "");
  EXPECT_FALSE(a.model->fields->contains("cells.position"));
  EXPECT_EQ(start_of(a).sites(*a.model->spaces.at("cells")), 0U);
}

TEST(PopulationInAModel, SaysWhatBecomesOfAFieldAtDivision) {
  const Folder folder;
  const Attempt a =
      attempt(folder, with("{type: population, count: 3}",
                           "  mass: {space: cells, unit: pg, kind: amount, initial: 1 pg}\n"
                           "  tag: {space: cells, initial: 1}\n"
                           "  clock: {space: cells, unit: s, initial: 2 s, on_division: reset}\n"));
  ASSERT_EQ(a.text(), "");
  const FieldTable& fields = *a.model->fields;
  EXPECT_EQ(fields[fields.id("mass")].on_division, OnDivision::share);
  EXPECT_EQ(fields[fields.id("tag")].on_division, OnDivision::copy);
  EXPECT_EQ(fields[fields.id("clock")].on_division, OnDivision::reset);
}

struct Mistake {
  const char* population;
  const char* message;
};

TEST(PopulationInAModel, MistakesAreNamed) {
  const Folder folder;
  folder.write("short.txt", "1 2\n3\n");
  const std::vector<Mistake> mistakes{
      {"{type: population, count: -2}",
       "spaces.cells.count: is -2; expected a number of agents from 0 to 2^31"},
      {"{type: population, in: tissue}", "the key 'count' is missing"},
      {"{type: population, in: tisue, count: 1}", "did you mean 'tissue'?"},
      {"{type: population, count: 1, place: lattice}", "is stated for a population without places"},
      {"{type: population, in: tissue, count: 1, place: latice}", "did you mean 'lattice'?"},
      {"{type: population, in: tissue, count: 1, place: {positions: [[1 um]]}}",
       "spaces.cells.place.positions[0]"},
      {"{type: population, in: tissue, count: 3, place: {positions: [[1 um, 1 um]]}}",
       "as many as there are places: 1"},
      {"{type: population, in: tissue, place: {positions: [[1 um, 61 um]]}}", "outside 'tissue'"},
      {"{type: population, in: tissue, place: {file: short.txt, unit: um}}", "the line has 1 words"},
      {"{type: population, in: tissue, place: {file: short.txt}}", "length"},
      {"{type: population, in: tissue, count: 1, radius: 2 s}", "spaces.cells.radius"},
      {"{type: population, in: tissue, count: 1, colour: red}", "unknown key 'colour'"}};
  for (const Mistake& mistake : mistakes)
    EXPECT_THAT(attempt(folder, with(mistake.population)).text(), HasSubstr(mistake.message))
        << mistake.population;
}

TEST(PopulationInAModel, IsNoFactorOfAProductAndSharesNoNameWithAProcess) {
  const Folder folder;
  EXPECT_THAT(
      attempt(folder,
              with("{type: population, count: 3}\n  both: {type: product, macro: cells, micro: tissue}"))
          .text(),
      HasSubstr("is a product with the population 'cells'"));
  std::string text = with("{type: population, count: 3}");
  text.replace(text.find("  other:"), 8, "  cells:");
  EXPECT_THAT(attempt(folder, text).text(), HasSubstr("'cells' is also the name of a process"));
}

TEST(PopulationInAModel, OnlyFieldsOfPopulationsSayWhatDivisionDoes) {
  const Folder folder;
  EXPECT_THAT(attempt(folder, with("{type: population, count: 3}",
                                   "  c: {space: tissue, initial: 0, on_division: share}\n"))
                  .text(),
              HasSubstr("'tissue' is no population"));
}

}  // namespace
}  // namespace holon::modelfile

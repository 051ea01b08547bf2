#include "holon/engine/state.hpp"

#include "holon/base/error.hpp"
#include "holon/engine/archive.hpp"
#include "holon/engine/site_kernel.hpp"
#include "holon/space/population.hpp"

#include <numeric>

#include <gtest/gtest.h>

namespace holon {
namespace {

/// A line, a number, and three cells on the line with a field of two components and an integer.
struct Parts {
  std::shared_ptr<FieldTable> fields = std::make_shared<FieldTable>();
  std::shared_ptr<ParameterTable> parameters = std::make_shared<ParameterTable>();
  std::shared_ptr<const GridSpace> line = std::make_shared<GridSpace>(
      "line", GridSpace::Sites::nodes, std::vector<GridSpace::Axis>{{.intervals = 5}});
  std::shared_ptr<const Population> cells =
      std::make_shared<Population>("cells", line, 3, Population::Placement{});
  PopulationFields population = declare_population_fields(*fields, cells);
  FieldId c = fields->add({.name = "c", .space = line});
  FieldId w = fields->add({.name = "w", .space = cells, .components = 2});
  FieldId n = fields->add({.name = "n", .space = cells, .type = FieldType::integer});

  State state() const {
    State made(fields, parameters, 0);
    for (const FieldId field : {c, w, *population.position, *population.radius})
      for (int k = 0; k < (*fields)[field].components; ++k)
        for (std::size_t s = 0; s < made.real(field, k).size(); ++s)
          made.real(field, k)[s] = 100.0 * field + 10.0 * k + static_cast<double>(s);
    std::iota(made.integer(n).begin(), made.integer(n).end(), 5);
    std::iota(made.integer(population.id).begin(), made.integer(population.id).end(), 0);
    return made;
  }
};

std::vector<double> numbers(std::span<const double> column) { return {column.begin(), column.end()}; }

TEST(State, APopulationIsRearrangedInAllItsFieldsAndNoOthers) {
  const Parts parts;
  ThreadPool threads(2);
  State state = parts.state();
  const auto line = numbers(state.real(parts.c));
  const std::vector<std::size_t> from{2, 2, 0};
  state.rearrange(*parts.cells, from, threads);
  const double w = 100.0 * parts.w;
  EXPECT_EQ(numbers(state.real(parts.w, 0)), (std::vector<double>{w + 2, w + 2, w}));
  EXPECT_EQ(numbers(state.real(parts.w, 1)), (std::vector<double>{w + 12, w + 12, w + 10}));
  EXPECT_EQ(state.integer(parts.n)[1], 7);
  EXPECT_EQ(numbers(state.real(parts.c)), line);
}

TEST(State, APopulationGrowsAndShrinksThroughManySizes) {
  const Parts parts;
  ThreadPool threads(2);
  State state = parts.state();
  std::vector<double> expected = numbers(state.real(parts.w, 1));
  std::vector<std::size_t> from;
  for (int round = 0; round < 40; ++round) {
    const std::size_t before = expected.size(), after = before == 0 ? 5 : (before * 7 + 11) % 613;
    if (before == 0) {
      state.resize(*parts.cells, after);
      expected.assign(after, 0.0);
    } else {
      from.clear();
      std::vector<double> next;
      for (std::size_t k = 0; k < after; ++k) {
        from.push_back((k * 31 + static_cast<std::size_t>(round)) % before);
        next.push_back(expected[from.back()]);
      }
      state.rearrange(*parts.cells, from, threads);
      expected = next;
    }
    ASSERT_EQ(state.sites(*parts.cells), after);
    ASSERT_EQ(numbers(state.real(parts.w, 1)), expected) << round;
  }
}

TEST(State, ResizingKeepsTheFirstAndZeroesTheNew) {
  const Parts parts;
  State state = parts.state();
  const double w = 100.0 * parts.w;
  state.resize(*parts.cells, 2);
  state.resize(*parts.cells, 500);
  EXPECT_EQ(state.real(parts.w, 0)[1], w + 1);
  EXPECT_EQ(state.real(parts.w, 0)[2], 0.0);
  EXPECT_EQ(state.real(parts.w, 0).size(), 500U);
  EXPECT_EQ(state.sites(*parts.line), 6U);
}

TEST(State, CopiesOfAnotherSizeAreExact) {
  const Parts parts;
  ThreadPool threads(1);
  State small = parts.state(), large = parts.state();
  large.rearrange(*parts.cells, std::vector<std::size_t>(1000, 1), threads);
  const State copy = large.clone();
  EXPECT_EQ(copy.sites(*parts.cells), 1000U);
  EXPECT_EQ(numbers(copy.real(parts.w, 1)), numbers(large.real(parts.w, 1)));
  large.assign(small);
  EXPECT_EQ(numbers(large.real(parts.w, 1)), numbers(small.real(parts.w, 1)));
  EXPECT_EQ(large.integer(parts.n).size(), 3U);
  small.assign(copy);
  EXPECT_EQ(numbers(small.real(parts.w, 0)), numbers(copy.real(parts.w, 0)));
}

TEST(State, AnArrangementHasItsOwnNumberWhichCopiesKeep) {
  const Parts parts;
  ThreadPool threads(1);
  State state = parts.state();
  const State other = parts.state();
  const auto before = state.arrangement(*parts.cells);
  EXPECT_NE(before, other.arrangement(*parts.cells));
  EXPECT_EQ(state.clone().arrangement(*parts.cells), before);
  state.rearrange(*parts.cells, std::vector<std::size_t>{0, 1, 2}, threads);
  EXPECT_NE(state.arrangement(*parts.cells), before);
  EXPECT_EQ(state.arrangement(*parts.line), 0U);
}

TEST(State, AnArchiveRestoresAPopulationOfAnotherSize) {
  const Parts parts;
  ThreadPool threads(1);
  State state = parts.state();
  state.rearrange(*parts.cells, std::vector<std::size_t>{1, 1, 2, 0, 0}, threads);
  Archive archive;
  state.write(archive);
  State restored = parts.state();
  restored.read(archive);
  ASSERT_EQ(restored.sites(*parts.cells), 5U);
  EXPECT_EQ(numbers(restored.real(parts.w, 1)), numbers(state.real(parts.w, 1)));
  EXPECT_EQ(restored.integer(parts.n)[2], state.integer(parts.n)[2]);
}

TEST(State, AnArchiveWhoseColumnsDisagreeIsRefused) {
  const Parts parts;
  const State state = parts.state();
  Archive archive;
  state.write(archive);
  archive.put("fields/w/1", std::span<const double>(std::vector<double>(2, 0.0)));
  State restored = parts.state();
  EXPECT_THROW(restored.read(archive), InputError);
}

TEST(State, AgentsAreCalledByIdAndPlace) {
  const Parts parts;
  ThreadPool threads(1);
  State state = parts.state();
  state.rearrange(*parts.cells, std::vector<std::size_t>{2, 0}, threads);
  state.real(*parts.population.position)[0] = 0.25;
  EXPECT_EQ(state.site_text(*parts.cells, 0), "agent 2 of cells at (250) mm");
}

TEST(SiteKernel, ReadsPlacesAndIntegersOfThePresentAgents) {
  const Parts parts;
  ThreadPool threads(2);
  State state = parts.state();
  expr::Graph graph;
  SiteKernel::Source source;
  source.name = "test";
  source.graph = &graph;
  source.outputs = {graph.add(graph.symbol("position.x"),
                              graph.multiply(graph.constant(1e6), graph.symbol("field:cells.id")))};
  const SiteKernel kernel(source, parts.cells, *parts.fields, *parts.parameters, {});
  std::vector<std::size_t> from;
  for (std::size_t k = 0; k < 9000; ++k) from.push_back((k * k) % 3);
  state.rearrange(*parts.cells, from, threads);
  std::vector<double> out(9000, -1.0);
  double* const column = out.data();
  kernel.run(state, {}, std::span(&column, 1), threads);
  const double x = 100.0 * *parts.population.position;
  for (std::size_t k = 0; k < from.size(); ++k)
    ASSERT_EQ(out[k], x + static_cast<double>(from[k]) * (1.0 + 1e6)) << k;
}

TEST(SiteKernel, APopulationOfOneIsNoNumberForOtherSpaces) {
  Parts parts;
  const auto one = std::make_shared<Population>("one", parts.line, 1, Population::Placement{});
  declare_population_fields(*parts.fields, one);
  parts.fields->add({.name = "v", .space = one});
  expr::Graph graph;
  SiteKernel::Source source;
  source.name = "test";
  source.graph = &graph;
  source.outputs = {graph.symbol("field:v")};
  EXPECT_THROW(SiteKernel(source, parts.line, *parts.fields, *parts.parameters, {}), InputError);
}

}  // namespace
}  // namespace holon

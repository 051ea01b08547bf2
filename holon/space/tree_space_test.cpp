#include "holon/space/tree_space.hpp"

#include "holon/base/error.hpp"
#include "holon/base/test_folder.hpp"
#include "holon/space/swc_file.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon {
namespace {

constexpr double pi = std::numbers::pi;

TreeBranch tube(const std::string& name, double length, double begin, double end,
                std::optional<std::size_t> parent = std::nullopt, bool at_start = false) {
  return {name, parent, at_start, {{length, begin, end, {}, {}}}};
}

TreeSpace y_shaped(double spacing, TreeSpace::Measure measure = TreeSpace::Measure::area) {
  return {"y",
          {tube("trunk", 10, 2, 1), tube("left", 4, 1, 1, 0), tube("right", 6, 0.5, 0.5, 0)},
          spacing,
          measure,
          TreeSpace::Places::distance,
          Dimension{}};
}

TEST(Tree, SegmentsHaveTheAreasAndVolumesOfFrusta) {
  const TreeSpace tree = y_shaped(2.5);
  ASSERT_EQ(tree.sites(), 4u + 2u + 3u);
  double area = 0.0, volume = 0.0;
  for (std::size_t s = 0; s < 4; ++s) {
    area += tree.segments()[s].area;
    volume += tree.segments()[s].volume;
  }
  EXPECT_NEAR(area, pi * 3.0 * std::hypot(10.0, 1.0), 1e-12);
  EXPECT_NEAR(volume, pi * 10.0 * (4.0 + 2.0 + 1.0) / 3.0, 1e-12);
  EXPECT_DOUBLE_EQ(tree.segments()[4].length, 2.0);
  EXPECT_DOUBLE_EQ(tree.segments()[4].distance, 11.0);
  EXPECT_NEAR(tree.segments()[8].volume, pi * 0.25 * 2.0, 1e-14);
  EXPECT_EQ(tree.measure_power(), 2);
  EXPECT_DOUBLE_EQ(tree.measure(8), tree.segments()[8].area);
  EXPECT_NEAR(y_shaped(2.5, TreeSpace::Measure::volume).whole_measure(), pi * (70.0 / 3.0 + 4.0 + 1.5),
              1e-12);
  EXPECT_NEAR(y_shaped(0.3, TreeSpace::Measure::length).whole_measure(), 20.0, 1e-12);
}

TEST(Tree, BranchesMeetAtANodeOfTheirOwn) {
  const TreeSpace tree = y_shaped(2.5);
  const auto& nodes = tree.nodes();
  ASSERT_EQ(nodes.size(), 10u);
  std::size_t meeting = 0;
  for (std::size_t n = 1; n < nodes.size(); ++n) {
    EXPECT_LT(nodes[n].parent, n);
    if (nodes[n].site == TreeSpace::Node::none) meeting = n;
  }
  EXPECT_EQ(nodes[nodes[meeting].parent].site, 3u);
  int children = 0;
  for (const auto& node : nodes)
    if (node.parent == meeting) ++children;
  EXPECT_EQ(children, 2);
  // Within the tapering trunk: the integral of ds/(pi r^2) between two middles, r = 2 - s/10.
  const double between = 10.0 / pi * (1.0 / (2.0 - 0.375) - 1.0 / (2.0 - 0.125));
  EXPECT_NEAR(nodes[1].conductance, 1.0 / between, 1e-12);
  // Of the left branch's first half segment.
  const auto left = std::find_if(nodes.begin(), nodes.end(), [](const auto& node) { return node.site == 4; });
  ASSERT_NE(left, nodes.end());
  EXPECT_NEAR(left->conductance, pi / 1.0, 1e-12);
}

TEST(Tree, ALoneChildContinuesItsParent) {
  const TreeSpace tree("line", {tube("a", 3, 1, 1), tube("b", 3, 1, 1, 0), tube("c", 2, 1, 1, 0, true)}, 1,
                       TreeSpace::Measure::length, TreeSpace::Places::distance, Dimension{});
  EXPECT_EQ(tree.nodes().size(), tree.sites());
  for (std::size_t n = 1; n < tree.nodes().size(); ++n) EXPECT_DOUBLE_EQ(tree.nodes()[n].conductance, 1.0);
  EXPECT_EQ(tree.nodes()[6].parent, 0u);  // where the root begins
}

TEST(Tree, InterpolatesAlongTheFirstBranchThatReaches) {
  const TreeSpace tree = y_shaped(2.5);
  const auto stencil = tree.interpolation({3.0, 0.0, 0.0});
  ASSERT_TRUE(stencil);
  double at = 0.0;
  for (std::size_t k = 0; k < stencil->sites.size(); ++k)
    at += stencil->weights[k] * tree.position(stencil->sites[k])[0];
  EXPECT_NEAR(at, 3.0, 1e-14);
  EXPECT_EQ(tree.nearest({11.4, 0, 0}), 4u);
  EXPECT_EQ(tree.nearest({15.9, 0, 0}), 8u);
  EXPECT_FALSE(tree.nearest({16.1, 0, 0}));
}

TEST(Tree, RefusesWhatIsNoTree) {
  const auto made = [](std::vector<TreeBranch> branches) {
    return TreeSpace("tree", std::move(branches), 1.0, TreeSpace::Measure::area, TreeSpace::Places::distance);
  };
  EXPECT_THROW(made({}), InputError);
  EXPECT_THROW(made({tube("a", 1, 1, 1), tube("b", 1, 1, 1)}), InputError);
  EXPECT_THROW(made({tube("a", 1, 1, 0)}), InputError);
  EXPECT_THROW(made({tube("a", 0, 1, 1)}), InputError);
}

class Swc : public testing::Test {
 protected:
  std::vector<TreeBranch> read(const std::string& text) {
    return read_swc(folder_.write("cell.swc", text), 1.0);
  }
  std::string fault(const std::string& text) {
    try {
      read(text);
    } catch (const InputError& error) { return error.what(); }
    return "";
  }
  test::Folder folder_;
};

TEST_F(Swc, ReadsASomaWithBranches) {
  const auto branches = read(
      "# a cell\n1 1 0 0 0 5 -1\n2 3 5 0 0 1 1\n3 3 15 0 0 1 2\n4 3 15 4 0 0.5 3\n5 3 15 -3 0 0.5 3\n"
      "6 2 -5 0 0 0.5 1\n7 2 -25 0 0 0.25 6 # the end\n");
  ASSERT_EQ(branches.size(), 5u);
  EXPECT_EQ(branches[0].name, "soma");
  EXPECT_DOUBLE_EQ(branches[0].length(), 10.0);
  EXPECT_EQ(branches[1].name, "basal_2");
  EXPECT_DOUBLE_EQ(branches[1].length(), 10.0);  // from its own first sample
  EXPECT_EQ(branches[1].parent, 0u);
  EXPECT_EQ(branches[2].name, "axon_6");
  EXPECT_DOUBLE_EQ(branches[2].pieces[0].radius_end, 0.25);
  EXPECT_EQ(branches[3].parent, 1u);
  EXPECT_DOUBLE_EQ(branches[3].length(), 4.0);
  EXPECT_DOUBLE_EQ(branches[4].length(), 3.0);
  const TreeSpace tree("cell", branches, 2.0, TreeSpace::Measure::area, TreeSpace::Places::space,
                       Dimension{});
  EXPECT_NEAR(tree.segments()[0].area * 5, 100.0 * pi, 1e-10);  // that of the sphere
  EXPECT_EQ(tree.nearest({15.1, 3.0, 0.2}), tree.end_site(3) - 1);
}

TEST_F(Swc, ReadsSomasOfThreeSamplesAndOfNone) {
  const auto three = read("1 1 0 0 0 5 -1\n2 1 0 -5 0 5 1\n3 1 0 5 0 5 1\n4 3 5 0 0 1 1\n5 3 9 0 0 1 4\n");
  ASSERT_EQ(three.size(), 2u);
  EXPECT_DOUBLE_EQ(three[0].length(), 10.0);
  const auto none = read("1 3 0 0 0 1 -1\n2 3 5 0 0 1 1\n3 3 -7 0 0 1 1\n");
  ASSERT_EQ(none.size(), 2u);
  EXPECT_DOUBLE_EQ(none[0].length(), 5.0);
  EXPECT_TRUE(none[1].at_start);
}

TEST_F(Swc, FaultsNameTheLine) {
  const std::string good = "1 1 0 0 0 5 -1\n";
  EXPECT_THAT(fault(good + "2 3 x 0 0 1 1\n"),
              testing::AllOf(testing::HasSubstr("cell.swc:2"), testing::HasSubstr("'x 0 0 1 1'")));
  EXPECT_THAT(fault(good + "\n2 3 1 0 0 1\n"),
              testing::AllOf(testing::HasSubstr("cell.swc:3"), testing::HasSubstr("6 numbers")));
  EXPECT_THAT(fault(good + "2 3 1 0 0 0 1\n"), testing::HasSubstr("radius is 0"));
  EXPECT_THAT(fault(good + "2 3 1 0 0 1 7\n"), testing::HasSubstr("parent 7"));
  EXPECT_THAT(fault(good + "1 3 1 0 0 1 1\n"), testing::HasSubstr("stands twice"));
  EXPECT_THAT(fault(good + "2 3 1 0 0 1 -1\n"), testing::HasSubstr("second root"));
  EXPECT_THAT(fault("# nothing\n"), testing::HasSubstr("no sample"));
}

}  // namespace
}  // namespace holon

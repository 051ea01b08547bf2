// Grids, operators and fields for the tests of transport.
#pragma once

#include "holon/base/test_numbers.hpp"
#include "holon/transport/grid_operator.hpp"

#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace holon::transport::test {

using Sites = GridSpace::Sites;

using holon::test::Numbers;

/// A grid of the given numbers of sites along its axes, spacings 0.3, 0.2, 0.5.
inline std::shared_ptr<GridSpace> grid_of(Sites sites, std::vector<std::size_t> counts,
                                          std::vector<bool> periodic) {
  const std::array<double, 3> spacing{0.3, 0.2, 0.5};
  std::vector<GridSpace::Axis> axes;
  for (std::size_t a = 0; a < counts.size(); ++a)
    axes.push_back(
        {counts[a] - (sites == Sites::nodes && !periodic[a] ? 1 : 0), spacing[a], 0.1, bool(periodic[a])});
  return std::make_shared<GridSpace>("grid", sites, axes, Dimension{});
}

/// A case of an operator: what its axes are.
struct Case {
  std::string name;
  Sites sites = Sites::cells;
  int order = 2;
  std::vector<std::size_t> counts;
  std::vector<bool> periodic;
  std::vector<std::array<SideRule, 2>> sides;
  double decay = 0.0;
  std::shared_ptr<GridSpace> grid() const { return grid_of(sites, counts, periodic); }
  GridOperator build() const {
    const auto space = grid();
    const std::array<double, 3> diffusivity{0.7, 1.3, 0.4};
    std::vector<AxisStencil> axes;
    for (std::size_t a = 0; a < counts.size(); ++a)
      axes.push_back(diffusion_stencil(line_along(*space, static_cast<int>(a)), diffusivity[a], order,
                                       sides.size() > a ? sides[a] : std::array<SideRule, 2>{}));
    return GridOperator(*space, std::move(axes), decay);
  }
};

inline const SideRule flux{SideRule::Kind::flux, 0.0}, value{SideRule::Kind::value, 0.0},
    exchange{SideRule::Kind::exchange, 2.5};

inline std::vector<Case> cases() {
  return {
      {"closed cells, 3-D", Sites::cells, 2, {7, 5, 4}, {false, false, false}, {}, 0.3},
      {"closed nodes, 3-D", Sites::nodes, 2, {7, 5, 4}, {false, false, false}, {}, 0.0},
      {"mixed cells, 3-D",
       Sites::cells,
       2,
       {37, 5, 4},
       {false, true, false},
       {{value, flux}, {}, {exchange, value}},
       0.2},
      {"mixed nodes, 3-D",
       Sites::nodes,
       2,
       {6, 35, 4},
       {false, false, true},
       {{value, exchange}, {flux, value}, {}},
       0.2},
      {"held nodes on all sides",
       Sites::nodes,
       2,
       {6, 5, 7},
       {false, false, false},
       {{value, value}, {value, value}, {value, value}},
       0.0},
      {"closed cells of order 4, 2-D", Sites::cells, 4, {9, 8}, {false, true}, {}, 0.1},
      {"nodes of order 4, 3-D",
       Sites::nodes,
       4,
       {9, 8, 7},
       {false, false, true},
       {{value, flux}, {flux, flux}, {}},
       0.0},
      {"cells of order 4 with values",
       Sites::cells,
       4,
       {18, 8},
       {false, false},
       {{value, value}, {flux, value}},
       0.0},
      {"periodic line of order 4", Sites::nodes, 4, {23}, {true}, {}, 0.0},
      {"line with values", Sites::nodes, 2, {12}, {false}, {{value, value}}, 0.5},
  };
}

/// Data for all sides of a grid.
inline SideData data_for(const GridOperator& op, std::uint64_t seed) {
  Numbers numbers(seed);
  SideData data;
  for (int a = 0; a < op.dimensions(); ++a)
    for (std::size_t s = 0; s < 2; ++s)
      if (!op.axis(a).line.periodic)
        data.side[static_cast<std::size_t>(a)][s] = numbers.column(op.sites() / op.count(a));
  return data;
}

}  // namespace holon::transport::test

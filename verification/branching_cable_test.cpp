// Trees: a single cable against a grid, a branching one against cable theory, and Rallpack 1 and 2.
#include "holon/base/error.hpp"
#include "holon/base/test_folder.hpp"
#include "holon/space/swc_file.hpp"
#include "holon/space/tree_space.hpp"

#include <cmath>
#include <fstream>
#include <numbers>
#include <numeric>

#include "verification/model_run.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

constexpr double pi = std::numbers::pi;

std::vector<double> values(ModelRun& run, const std::string& field) {
  const State state = run.simulation().complete_state();
  const auto column = state.real(state.fields().id(field));
  return {column.begin(), column.end()};
}

TEST(Tree, ASingleCableIsAGrid) {
  const auto model = [](const std::string& space) {
    return R"(
holon: 1
title: Spreading along a line
spaces: {line: )" +
           space + R"(}
fields: {c: {space: line, initial: =1 + sin(3*position.x), conserved: {c: 1}}}
processes: {spread: {type: diffusion, field: c, diffusivity: 0.3, integrator: implicit}}
schedule: {step: 0.05, until: 2}
ledger: strict
)";
  };
  ModelRun grid = ModelRun::of_text(model("{type: grid, sites: cells, size: [2], spacing: 0.05}")),
           tree = ModelRun::of_text(model(
               "{type: tree, measure: length, spacing: 0.05, branches: {a: {length: 1.25, radius: 1}, b: "
               "{length: 0.75, radius: 1, parent: a}}}"));
  grid.to_the_end();
  tree.to_the_end();
  const auto one = values(grid, "c"), other = values(tree, "c");
  ASSERT_EQ(one.size(), other.size());
  // Both are Crank-Nicolson steps of the same matrix: the same but for round-off.
  for (std::size_t s = 0; s < one.size(); ++s) EXPECT_NEAR(one[s], other[s], 1e-13);
  EXPECT_LT(tree.simulation().ledger().at(0).relative_residual, 1e-14);
}

/// A trunk with two unequal branches and a steady current into its beginning. Lengths in um.
struct Branching {
  double length[3] = {300, 200, 450}, radius[3] = {2, 1.2, 0.7};
  double Ri = 1.5, Rm = 2.0, I = 0.1e-9;  // ohm m, ohm m^2, A

  double lambda(int b) const { return std::sqrt(radius[b] * 1e-6 * Rm / (2.0 * Ri)); }
  double infinite(int b) const { return pi * std::pow(radius[b] * 1e-6, 2) / (Ri * lambda(b)); }
  double end(int b) const { return length[b] * 1e-6 / lambda(b); }
  /// Rall (1959): V at a distance [m] on a branch.
  double voltage(int b, double x) const {
    const double load = infinite(1) * std::tanh(end(1)) + infinite(2) * std::tanh(end(2)),
                 ratio = load / infinite(0), L = end(0);
    const auto along = [&](double X) { return std::cosh(L - X) + ratio * std::sinh(L - X); };
    const double input = infinite(0) * (ratio + std::tanh(L)) / (1.0 + ratio * std::tanh(L));
    const double scale = I / input / along(0.0);
    if (b == 0) return scale * along(x / lambda(0));
    const double X = (x - length[0] * 1e-6) / lambda(b);
    return scale * along(L) * std::cosh(end(b) - X) / std::cosh(end(b));
  }
};

double largest_error(double spacing, const std::string& integrator, const std::string& schedule) {
  const Branching exact;
  ModelRun run = ModelRun::of_text(R"(
holon: 1
title: A branching cable
parameters: {spacing: )" + std::to_string(spacing) +
                                   R"( um, Rm: 2 ohm m^2, Cm: 0.01 F/m^2, I: 0.1 nA}
spaces:
  cell:
    type: tree
    spacing: =spacing
    branches:
      trunk: {length: 300 um, radius: 2 um}
      left: {length: 200 um, radius: 1.2 um, parent: trunk}
      right: {length: 450 um, radius: 0.7 um, parent: trunk}
fields: {V: {space: cell, unit: mV, initial: 0 mV}}
processes:
  spread:
    type: cable
    field: V
    resistivity: 1.5 ohm m
    capacitance: =Cm
    decay: =1/(Rm*Cm)
    source: =if position.x < spacing then I/(2*pi*(2 um)*spacing*Cm) else 0*I/(Cm*(1 m)^2)
    integrator: )" + integrator + R"(
schedule: )" + schedule + "\n");
  run.to_the_end();
  const auto V = values(run, "V");
  const auto& tree = dynamic_cast<const TreeSpace&>(*run.model().spaces.at("cell"));
  double largest = 0.0;
  for (std::size_t s = 0; s < V.size(); ++s) {
    const auto& segment = tree.segments()[s];
    const std::string& name = tree.branches()[segment.branch].name;
    const int b = name == "trunk" ? 0 : name == "left" ? 1 : 2;
    largest = std::max(largest, std::abs(V[s] - 1e3 * exact.voltage(b, segment.distance)));
  }
  return largest / (1e3 * exact.voltage(0, 0.0));
}

TEST(Tree, RestIsThatOfCableTheoryToSecondOrder) {
  const std::string rest = "{step: 0.5 s, until: 20 s}";
  const double coarse = largest_error(10, "backward_euler", rest),
               fine = largest_error(5, "backward_euler", rest);
  EXPECT_LT(fine, 1e-5);
  EXPECT_NEAR(order(coarse, fine), 2.0, 0.1);
}

/// Rallpack 1 (Bhalla, Bilitch and Bower 1992): a sealed cable with a current at one end.
TEST(Tree, Rallpack1) {
  ModelRun run = ModelRun::of_text(R"(
holon: 1
title: Rallpack 1
parameters: {h: 1 um, Cm: 0.01 F/m^2}
spaces: {cable: {type: tree, spacing: =h, branches: {one: {length: 1 mm, radius: 0.5 um}}}}
fields: {V: {space: cable, unit: mV, initial: 0 mV}}   # above rest
processes:
  spread: {type: cable, field: V, resistivity: 1 ohm m, capacitance: =Cm, decay: =1/(4 ohm m^2*Cm),
           source: "=if position.x < h then 0.1 nA/(pi*(1 um)*h*Cm) else 0 mV/ms"}
schedule: {step: 0.05 ms, until: 250 ms}
)");
  run.to_the_end();
  const auto V = values(run, "V");
  ASSERT_EQ(V.size(), 1000u);
  // Half a segment from the beginning the current I has crossed I Ra h/2/(pi r^2) = 0.0636620 mV.
  const double first = 101.935052 + 65.0, last = 43.096468 + 65.0;
  EXPECT_NEAR(V.front() + 0.1e-9 * 1.0 * 0.5e-6 / (pi * 0.25e-12) * 1e3, first, 2e-4 * first);
  EXPECT_NEAR(V.back(), last, 1e-6 * last);
}

/// Rallpack 2: a binary tree of ten levels that is one cylinder by Rall's 3/2 law.
TEST(Tree, Rallpack2) {
  std::string branches;
  double length = 32.0, radius = 8.0;
  for (int level = 0; level < 10; ++level) {
    for (int k = 0; k < (1 << level); ++k) {
      branches += "      b" + std::to_string(level) + "_" + std::to_string(k) +
                  ": {length: " + std::to_string(length) + " um, radius: " + std::to_string(radius) + " um";
      if (level > 0) branches += ", parent: b" + std::to_string(level - 1) + "_" + std::to_string(k / 2);
      branches += "}\n";
    }
    length *= std::pow(2.0, -1.0 / 3.0);
    radius *= std::pow(2.0, -2.0 / 3.0);
  }
  ModelRun run = ModelRun::of_text(R"(
holon: 1
title: Rallpack 2
parameters: {Cm: 0.01 F/m^2}
spaces:
  cell:
    type: tree
    spacing: 2 um
    branches:
)" + branches + R"(
fields: {V: {space: cell, unit: mV, initial: 0 mV}}
processes:
  spread: {type: cable, field: V, resistivity: 1 ohm m, capacitance: =Cm, decay: =1/(4 ohm m^2*Cm),
           source: "=if position.x < 2 um then 0.1 nA/(pi*(16 um)*(2 um)*Cm) else 0 mV/ms"}
schedule: {step: 0.1 ms, until: 250 ms}
)");
  run.to_the_end();
  const auto V = values(run, "V");
  EXPECT_NEAR(V.front() - 65.0, -40.1270176, 1e-3);
  EXPECT_NEAR(V.back() - 65.0, -40.2065526, 1e-3);
}

/// A traced neuron: a soma with a dendrite that divides three times, as its tracing would stand in a file,
/// and those among the project's data where they are.
std::vector<std::filesystem::path> traced_neurons(const std::filesystem::path& folder) {
  const std::filesystem::path drawn = folder / "drawn.swc";
  std::ofstream file(drawn);
  file << "# id type x y z radius parent\n1 1 0 0 20 8 -1\n";
  struct End {
    int id;
    double x, y, z;
  };
  std::vector<End> ends{{1, 0.0, 0.0, 20.0}};
  int id = 1;
  for (int generation = 0; generation < 4; ++generation) {
    std::vector<End> next;
    for (const End& end : ends)
      for (const double side : generation == 0 ? std::vector<double>{0.0} : std::vector<double>{-1.0, 1.0}) {
        End at = end;
        for (int n = 0; n < 10; ++n) {
          const int parent = at.id;
          at = {++id, at.x + 7.0 * side, at.y + (generation % 2 == 0 ? 3.0 : -2.0), at.z + 9.0};
          file << at.id << " 3 " << at.x << ' ' << at.y << ' ' << at.z << ' ' << 2.0 - 0.4 * generation << ' '
               << parent << '\n';
        }
        next.push_back(at);
      }
    ends = next;
  }
  std::vector<std::filesystem::path> files{drawn};
  const std::filesystem::path data =
      std::filesystem::path(HOLON_SOURCE_DIR).parent_path() / "shared/data/morphologies";
  if (std::filesystem::exists(data))
    for (const auto& entry : std::filesystem::directory_iterator(data))
      if (entry.path().extension() == ".swc") files.push_back(entry.path());
  return files;
}

TEST(Tree, TracedNeuronsAreCutIntoTrees) {
  const test::Folder folder;
  for (const auto& file : traced_neurons(folder.path())) {
    const auto branches = read_swc(file, 1e-6);
    EXPECT_GT(branches.size(), 10u);
    const TreeSpace tree("cell", branches, 20e-6, TreeSpace::Measure::area, TreeSpace::Places::space);
    double length = 0.0, cut = 0.0;
    for (const TreeBranch& branch : branches) length += branch.length();
    for (const auto& segment : tree.segments()) {
      cut += segment.length;
      EXPECT_LE(segment.length, 20e-6 * (1 + 1e-9));
    }
    EXPECT_NEAR(cut / length, 1.0, 1e-12);
    EXPECT_GT(length, 1e-3);
    EXPECT_LT(length, 2e-2);
  }
}

TEST(Tree, ContentIsKeptOnATracedNeuron) {
  const test::Folder folder;
  for (const auto& file : traced_neurons(folder.path())) {
    ModelRun run = ModelRun::of_text(R"(
holon: 1
title: Calcium in a traced neuron
spaces:
  cell: {type: tree, file: ')" + file.string() +
                                     R"(', spacing: 5 um, measure: volume}
  soma: {type: region, of: cell, branches: soma}
fields: {c: {space: cell, unit: uM, kind: density, initial: "=if position.z > 27 um then 2 uM else 1 uM", positive: true, conserved: {calcium: 1}}}
couplings: {c_soma: {from: c, to: soma}}
processes:
  spread: {type: diffusion, field: c, diffusivity: 220 um^2/s, integrator: backward_euler}
  pump:
    type: kinetics
    space: soma
    units: {time: s, out: uM, c: uM, k: 1/s}
    states: {out: 0}
    conserved: {out: {calcium: 1}}
    parameters: {k: 0.1}
    inputs: {c: =c_soma}
    contribute: {c_soma: =-(0.1 1/s)*c_soma}
    equations: |
      out' = k*c
schedule: {step: 0.1 s, until: 100 s, lie: [pump, spread]}
ledger: strict
)");
    run.to_the_end();
    const LedgerBalance books = run.simulation().ledger().at(0);
    EXPECT_LT(books.relative_residual, 1e-13);
    EXPECT_NEAR(books.held_now / books.held_at_start, 1.0, 1e-12);
    EXPECT_LT(books.crossings.at(0).left, 0.0) << file;
  }
}

}  // namespace
}  // namespace holon::verification

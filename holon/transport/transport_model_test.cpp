// The process types in model files.
#include "holon/base/error.hpp"
#include "holon/base/test_folder.hpp"
#include "holon/engine/simulation.hpp"
#include "holon/modelfile/load.hpp"
#include "holon/transport/diffusion.hpp"
#include "holon/transport/register.hpp"

#include <cmath>
#include <numbers>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon::transport {
namespace {

std::shared_ptr<const Model> load(const std::string& text) {
  const holon::test::Folder folder;
  modelfile::Registry registry;
  register_transport(registry);
  modelfile::LoadOptions options;
  options.kernels.tier = expr::Tier::interpreter;
  return modelfile::load(folder.write("model.yaml", text), registry, options).model;
}

std::string messages(const std::string& text) {
  try {
    load(text);
  } catch (const InputError& error) {
    std::string all;
    for (const Diagnostic& d : error.diagnostics()) all += d.text() + "\n";
    return all;
  }
  return "";
}

/// Content and profile after a while of what spreads in a ring, where it does so by its space or by its
/// process.
std::vector<double> in_a_ring(const std::string& of_the_space, const std::string& of_the_process) {
  const auto model = load(R"(holon: 1
parameters: {inner: 1 mm}
spaces:
  plane: {type: grid, size: [5 mm, 5 mm], spacing: 0.25 mm)" +
                          of_the_space + R"(}
fields:
  c: {space: plane, unit: uM, kind: density, initial: =position.x*1 uM/mm}
processes:
  spread: {type: diffusion, field: c, diffusivity: 1 mm^2/s, integrator: implicit)" +
                          of_the_process + R"(}
schedule: {step: 0.05 s, until: 1 s}
)");
  Simulation simulation(model, {});
  simulation.run();
  const auto values = simulation.state().real(model->fields->id("c"));
  return {values.begin(), values.end()};
}

TEST(TransportModels, AnIrregularDomainIsStatedByTheSpaceOrByTheProcess) {
  const std::string ring = "where: =(position.x - 2.5 mm)^2 + (position.y - 2.5 mm)^2 > inner^2";
  const auto by_space = in_a_ring(", " + ring, ""), by_process = in_a_ring("", ", " + ring),
             whole = in_a_ring("", "");
  EXPECT_EQ(by_space, by_process);
  EXPECT_NE(by_space, whole);
  // Both: what lies in both.
  const std::string half = "where: =position.y > 1 mm";
  EXPECT_EQ(in_a_ring(", " + ring, ", " + half), in_a_ring(", " + half, ", " + ring));
}

std::string fibre(const std::string& process, const std::string& sites = "nodes") {
  return R"(holon: 1
title: A fibre
parameters: {chi: 140 1/mm, Cm: 0.01 uF/mm^2}
spaces:
  fibre: {type: grid, sites: )" +
         sites + R"(, size: [10 mm], spacing: 0.5 mm}
fields:
  V: {space: fibre, unit: mV, initial: =-80 mV + 10 mV*cos(pi*position.x/(10 mm))}
processes:
  conduction: {type: diffusion, field: V, )" +
         process + R"(}
schedule: {step: 0.5 ms, until: 100 ms}
)";
}

TEST(TransportModels, AConductivityOverACapacityIsADiffusivity) {
  // 0.133 S/m over 140/mm 0.01 uF/mm^2 is 0.095 mm^2/ms: cos(pi x / 10 mm) fades by exp(-D (pi/10 mm)^2 t).
  const auto model = load(fibre("conductivity: 0.1334177 S/m, capacity: =chi*Cm, integrator: exact"));
  Simulation simulation(model, {});
  simulation.run();
  const double wave = 4.0 / (0.5 * 0.5) * std::pow(std::sin(std::numbers::pi * 0.5 / 20.0), 2);
  const double expected = -80.0 + 10.0 * std::exp(-0.0952983571 * wave * 100.0);
  EXPECT_NEAR(simulation.state().real(0)[0], expected, 1e-6);
}

TEST(TransportModels, SidesAreReadInTheirOrderOfPrecedence) {
  const auto model = load(fibre(
      "diffusivity: 0.2 mm^2/ms, integrator: implicit, boundary: {all: {dirichlet: -60 mV}, x_max: {robin: "
      "{transfer: 0.1 mm/ms, outside: =-80 mV + 1 mV*sin(time/(1 ms))}}}"));
  Simulation simulation(model, {});
  simulation.run();
  EXPECT_EQ(simulation.state().real(0)[0], -60.0);
  EXPECT_NE(simulation.state().real(0)[20], -60.0);
  const auto steady =
      load(fibre("diffusivity: [20 mm^2/ms], integrator: implicit, boundary: {x: {dirichlet: -60 mV}, "
                 "x_max: {neumann: 8 mV*mm/ms}}"));
  Simulation filled(steady, {});
  filled.run();
  // Slope = flux / D = 0.4 mV/mm over 10 mm.
  EXPECT_NEAR(filled.state().real(0)[20], -56.0, 1e-2);
}

TEST(TransportModels, SayWhatIsWrongAndWhere) {
  EXPECT_THAT(messages(fibre("diffusivity: 0.2 mm^2/ms, order: 3")),
              testing::HasSubstr("order: is 3; expected 2 or 4"));
  EXPECT_THAT(messages(fibre("diffusivity: 0.2 mm/ms")),
              testing::HasSubstr("processes.conduction.diffusivity"));
  EXPECT_THAT(messages(fibre("conductivity: 1 S/m")), testing::HasSubstr("without a capacity"));
  EXPECT_THAT(messages(fibre("integrator: implicit")),
              testing::HasSubstr("how fast the field spreads is not stated"));
  EXPECT_THAT(messages(fibre("diffusivity: 0.2 mm^2/ms, boundary: {y: {neumann: 1 mV*mm/ms}}")),
              testing::HasSubstr("'fibre' has no side 'y': it has 1 axis"));
  EXPECT_THAT(messages(fibre("diffusivity: 0.2 mm^2/ms, boundary: {x_mim: {dirichlet: 0 mV}}")),
              testing::HasSubstr("did you mean 'x_min'"));
  EXPECT_THAT(messages(fibre("diffusivity: 0.2 mm^2/ms, boundary: {x_min: {dirichelt: 0 mV}}")),
              testing::HasSubstr("did you mean 'dirichlet'"));
  EXPECT_THAT(messages(fibre("diffusivity: 0.2 mm^2/ms, boundary: {x_min: {dirichlet: 0 uM}}")),
              testing::HasSubstr("'0 uM'"));
  EXPECT_THAT(messages(fibre("diffusivity: 0.2 mm^2/ms, boundary: {x_min: {dirichlet: 0 mV, neumann: 0}}")),
              testing::HasSubstr("can't both hold"));
  EXPECT_THAT(messages(fibre("diffusivity: 0.2 mm^2/ms, order: 4, boundary: {all: {neumann: 1 mV*mm/ms}}")),
              testing::HasSubstr("boundary.all: order 4 has no closure"));
  EXPECT_THAT(messages(fibre("diffusivity: 5 mm^2/ms, integrator: explicit")),
              testing::HasSubstr("above its stability limit"));
}

TEST(TransportModels, FibresAlongAnAxisAreOneValuePerAxis) {
  const auto end = [](const std::string& conductivity) {
    std::string text = fibre(conductivity + ", capacity: =chi*Cm, integrator: exact");
    text.replace(text.find("size: [10 mm]"), 13, "size: [10 mm, 3 mm]");
    Simulation simulation(load(text), {});
    simulation.run();
    const auto u = simulation.state().real(0);
    return std::vector<double>(u.begin(), u.end());
  };
  EXPECT_EQ(end("conductivity: {along: 0.13 S/m, across: 0.02 S/m, fibre: [1, 0]}"),
            end("conductivity: [0.13 S/m, 0.02 S/m]"));
  EXPECT_EQ(end("conductivity: {along: 0.13 S/m, across: 0.02 S/m, fibre: [0, =cos(pi)]}"),
            end("conductivity: [0.02 S/m, 0.13 S/m]"));
  EXPECT_EQ(end("conductivity: {along: 0.13 S/m, across: 0.02 S/m, sheet: 0.05 S/m, fibre: [0, 1], "
                "sheet_direction: [1, 0]}"),
            end("conductivity: [0.05 S/m, 0.13 S/m]"));
}

/// As fibre(), in two dimensions.
std::string sheet(const std::string& process, const std::string& sites = "nodes") {
  std::string text = fibre(process, sites);
  text.replace(text.find("size: [10 mm]"), 13, "size: [10 mm, 3 mm]");
  return text;
}

TEST(TransportModels, CoefficientsMayVaryFromPlaceToPlace) {
  for (const std::string process : {"diffusivity: =0.1 mm^2/ms*(1 + position.x/(10 mm))",
                                    "diffusivity: [0.1 mm^2/ms, =if position.y < 1 mm then 0.1 mm^2/ms else "
                                    "0.05 mm^2/ms], integrator: explicit",
                                    "conductivity: {along: 0.13 S/m, across: 0.02 S/m, fibre: "
                                    "[=cos(position.x/(4 mm)), =sin(position.x/(4 mm))]}, "
                                    "capacity: =chi*Cm*(1 + position.y/(3 mm))",
                                    "diffusivity: 0.1 mm^2/ms, where: =position.x < 5 mm or position.y < 1.1 "
                                    "mm, integrator: backward_euler"}) {
    Simulation simulation(load(sheet(process)), {});
    const double before = simulation.state().real(0)[30];
    simulation.run();
    EXPECT_NE(simulation.state().real(0)[30], before) << process;
  }
  EXPECT_THAT(messages(sheet("conductivity: 1 S/m, capacity: =chi*Cm*(position.x/(5 mm) - 1)")),
              testing::HasSubstr("processes.conduction.capacity: is not positive at node (0, 0)"));
  EXPECT_THAT(
      messages(sheet("conductivity: {values: [1, 2, 3], unit: S/m}, capacity: =chi*Cm")),
      testing::HasSubstr("processes.conduction.conductivity: has 3 values, but 'fibre' has 147 sites"));
}

TEST(TransportModels, FibresSayWhatTheyLack) {
  EXPECT_THAT(messages(fibre("diffusivity: {along: 1 mm^2/ms, across: 1 mm^2/ms, fibre: [1, 0]}")),
              testing::HasSubstr("diffusivity.fibre: has 2 components; expected 1"));
  EXPECT_THAT(messages(fibre("diffusivity: {along: 1 mm^2/ms, fibre: [1]}")),
              testing::HasSubstr("the key 'across' is missing"));
  EXPECT_THAT(messages(fibre("diffusivity: {along: 1 mm/ms, across: 1 mm^2/ms, fibre: [1]}")),
              testing::HasSubstr("diffusivity.along"));
  EXPECT_THAT(
      messages(fibre("diffusivity: {along: 1 mm^2/ms, across: 1 mm^2/ms, fibre: [1], sheet: 0 m^2/s}")),
      testing::HasSubstr("belong together"));
}

TEST(TransportModels, AFlowNeedsToKnowWhatItCarriesIn) {
  std::string text = fibre("diffusivity: 0.2 mm^2/ms");
  const std::string type = "type: diffusion, field: V, diffusivity: 0.2 mm^2/ms";
  const auto flow = [&](const std::string& options) {
    std::string flowing = text;
    flowing.replace(flowing.find(type), type.size(), "type: advection, field: V, " + options);
    return flowing;
  };
  EXPECT_THAT(messages(flow("velocity: [0.5 mm/ms]")), testing::HasSubstr("enters through x_min"));
  EXPECT_EQ(messages(flow("velocity: [0.5 mm/ms], boundary: {x_min: {dirichlet: -80 mV}}")), "");
  EXPECT_THAT(messages(flow("velocity: [0.5 mm/ms, 0 mm/ms], boundary: {x_min: {dirichlet: -80 mV}}")),
              testing::HasSubstr("has 2 values; expected 1"));
}

/// Three fields on a small box: `shared` for a process of all of them, else one process for each.
std::string species(const std::string& processes) {
  return R"(holon: 1
title: Three species
spaces:
  box: {type: grid, sites: cells, size: [11 um, 9 um, 21 um], spacing: 1 um}
fields:
  c1: {space: box, unit: uM, kind: density, conserved: {c1: 1}, initial: =(1 + cos(pi*position.x/(11 um)))*1 uM}
  c2: {space: box, unit: uM, kind: density, conserved: {c2: 1}, initial: =(1 + cos(pi*position.y/(9 um)))*1 uM}
  c3: {space: box, unit: uM, kind: density, conserved: {c3: 1}, initial: =(1 + cos(pi*position.z/(21 um)))*1 uM}
processes:
)" + processes +
         R"(schedule: {step: 0.01 s, until: 0.2 s}
)";
}

TEST(TransportModels, FieldsOfOneProcessAreWhatTheyAreInProcessesOfTheirOwn) {
  struct Pair {
    std::string together, c1, c2, c3;
  };
  const std::vector<Pair> pairs{
      // Swept together but for c2, through whose side something passes.
      {"diffusivity: {c1: 50 um^2/s, c2: 20 um^2/s, c3: 50 um^2/s}, decay: {c1: 2 1/s, c3: 1 1/s}, "
       "integrator: "
       "implicit, boundary: {c2: {x_min: {dirichlet: 3 uM}}}",
       "diffusivity: 50 um^2/s, decay: 2 1/s, integrator: implicit",
       "diffusivity: 20 um^2/s, integrator: implicit, boundary: {x_min: {dirichlet: 3 uM}}",
       "diffusivity: 50 um^2/s, decay: 1 1/s, integrator: implicit"},
      // One value for all; a list of one value per axis; a source of one of them.
      {"diffusivity: {c1: [50 um^2/s, 10 um^2/s, 1 um^2/s], c2: 20 um^2/s, c3: 3 um^2/s}, decay: 1 1/s, "
       "source: {c3: =1 uM/s*(1 + position.x/(1 um))}, integrator: backward_euler",
       "diffusivity: [50 um^2/s, 10 um^2/s, 1 um^2/s], decay: 1 1/s, integrator: backward_euler",
       "diffusivity: 20 um^2/s, decay: 1 1/s, integrator: backward_euler",
       "diffusivity: 3 um^2/s, decay: 1 1/s, source: =1 uM/s*(1 + position.x/(1 um)), integrator: "
       "backward_euler"},
      // Coefficients that vary, for one of them with a capacity of its own.
      {"conductivity: =20 um^2/s*(1 + position.x/(11 um)), capacity: {c1: 1, c2: 2, c3: 1}, integrator: "
       "implicit",
       "conductivity: =20 um^2/s*(1 + position.x/(11 um)), capacity: 1, integrator: implicit",
       "conductivity: =20 um^2/s*(1 + position.x/(11 um)), capacity: 2, integrator: implicit",
       "conductivity: =20 um^2/s*(1 + position.x/(11 um)), capacity: 1, integrator: implicit"}};
  for (const Pair& pair : pairs) {
    const auto together =
        load(species("  spread: {type: diffusion, fields: [c1, c2, c3], " + pair.together + "}\n"));
    const auto apart = load(species("  a: {type: diffusion, field: c1, " + pair.c1 + "}\n" +
                                    "  b: {type: diffusion, field: c2, " + pair.c2 + "}\n" +
                                    "  c: {type: diffusion, field: c3, " + pair.c3 + "}\n"));
    Simulation one(together, {.threads = 2}), three(apart, {});
    one.run();
    three.run();
    for (FieldId field = 0; field < 3; ++field) {
      const auto u = one.state().real(field), v = three.state().real(field);
      EXPECT_TRUE(std::equal(u.begin(), u.end(), v.begin(), v.end())) << pair.together << ", c" << field + 1;
    }
    const auto books = one.ledger(), other = three.ledger();
    ASSERT_EQ(books.size(), 3u);
    for (std::size_t b = 0; b < 3; ++b) {
      EXPECT_EQ(books[b].held_now, other[b].held_now);
      EXPECT_LT(books[b].relative_residual, 1e-13) << pair.together << ", " << books[b].quantity;
    }
  }
}

TEST(TransportModels, SayWhatIsWrongWithSeveralFields) {
  const auto said = [](const std::string& options) {
    return messages(species("  spread: {type: diffusion, " + options + "}\n"));
  };
  EXPECT_THAT(said("fields: [c1, c4], diffusivity: 1 um^2/s"), testing::HasSubstr("'c4'"));
  EXPECT_THAT(said("fields: [c1, c2, c1], diffusivity: 1 um^2/s"),
              testing::HasSubstr("'c1' is listed twice"));
  EXPECT_THAT(said("fields: [c1, c2], field: c3, diffusivity: 1 um^2/s"),
              testing::HasSubstr("can't both be given"));
  EXPECT_THAT(said("diffusivity: 1 um^2/s"), testing::HasSubstr("the key 'field' is missing"));
  EXPECT_THAT(said("fields: [c1, c2], diffusivity: {c1: 1 um^2/s}"),
              testing::HasSubstr("diffusivity: has no value for 'c2'"));
  EXPECT_THAT(said("fields: [c1, c2], diffusivity: {c1: 1 um^2/s, c2: 1 um^2/s, c22: 1 um^2/s}"),
              testing::HasSubstr("'c22' is none of the fields; did you mean 'c2'"));
  EXPECT_THAT(said("fields: [c1, c2], diffusivity: 1 um^2/s, decay: {c1: 1 um}"),
              testing::HasSubstr("decay.c1"));
  EXPECT_THAT(said("fields: [c1, c2], diffusivity: {c1: 1 um^2/s, c2: -1 um^2/s}"),
              testing::HasSubstr("diffusivity: is -1 um^2/s"));
  EXPECT_THAT(said("fields: [c1, c2], diffusivity: 1 um^2/s, boundary: {c1: {x_mim: {dirichlet: 0 uM}}}"),
              testing::HasSubstr("did you mean 'x_min'"));
}

TEST(TransportModels, AFibreOfNoLengthIsNamedForAnyOrder) {
  for (const std::string order : {"2", "4"})
    for (const std::string given : {"[0, 0]", "[2, 0]", "[0.6, =0.8*position.x/(10 mm)]"}) {
      const std::string said =
          messages(sheet("conductivity: {along: 0.13 S/m, across: 0.02 S/m, fibre: " + given +
                         "}, capacity: =chi*Cm, integrator: implicit, order: " + order));
      EXPECT_THAT(said, testing::HasSubstr("conductivity.fibre: has length "))
          << given << ", order " << order;
      EXPECT_THAT(said, testing::Not(testing::HasSubstr("order 4"))) << given;
    }
  EXPECT_THAT(
      messages(sheet("conductivity: {along: 0.13 S/m, across: 0.02 S/m, fibre: [0.6, 0.8]}, capacity: "
                     "=chi*Cm, integrator: implicit, order: 4")),
      testing::HasSubstr("order 4 needs"));
}

}  // namespace
}  // namespace holon::transport

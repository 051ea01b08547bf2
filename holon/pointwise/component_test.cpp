// Mistakes in components: each message has its place, the rule, what was found and a way out.
#include "holon/pointwise/component.hpp"

#include "holon/pointwise/model_case.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon::pointwise {
namespace {

using test::mistakes;
using ::testing::AllOf;
using ::testing::HasSubstr;

// A model with one process, whose options and equations a test gives; the first line of `options` is line 6.
std::string process(const std::string& options, const std::string& equations,
                    const std::string& step = "1 ms") {
  return "holon: 1\nspaces: {cell: {type: point}}\nprocesses:\n  p:\n    type: kinetics\n" + options +
         "    space: cell\n    equations: |\n" + equations + "schedule: {step: " + step + ", until: " + step +
         "}\n";
}

const std::string good_units = "    units: {time: ms, V: mV, g: 1/ms, drive: mV/ms}\n";
const std::string good_equation = "      V' = -g*V + drive\n";
const std::string good_values = "    states: {V: -80}\n    parameters: {g: 1}\n    inputs: {drive: 0}\n";

TEST(Component, WithoutMistakesLoads) {
  EXPECT_EQ(mistakes(process(good_units + good_values, good_equation)), "");
}

TEST(Component, AStateNeedsARate) {
  EXPECT_THAT(mistakes(process(
                  good_units + "    states: {V: -80, W: 0}\n    parameters: {g: 1}\n    inputs: {drive: 0}\n",
                  good_equation)),
              AllOf(HasSubstr("model.yaml:7:22: error: processes.p.states.W"),
                    HasSubstr("state 'W' has no rate"), HasSubstr("an equation W' = ...")));
}

TEST(Component, ARateNeedsAState) {
  EXPECT_THAT(
      mistakes(process(good_units + good_values, good_equation + "      v' = -v\n")),
      AllOf(HasSubstr("model.yaml:13:7"), HasSubstr("the rate of 'v' is given, but no state of that name"),
            HasSubstr("did you mean 'V'?")));
}

TEST(Component, EveryPortNeedsAUnit) {
  EXPECT_THAT(mistakes(process("    units: {time: ms, V: mV, drive: mV/ms}\n" + good_values, good_equation)),
              AllOf(HasSubstr("model.yaml:8:18"), HasSubstr("parameter 'g' has no unit")));
  EXPECT_THAT(mistakes(process("    units: {V: mV, g: 1/ms, drive: mV/ms}\n" + good_values, good_equation)),
              HasSubstr("the unit of 'time' is missing"));
}

TEST(Component, AUnitNeedsAPort) {
  EXPECT_THAT(
      mistakes(process("    units: {time: ms, V: mV, g: 1/ms, drive: mV/ms, drvie: mV}\n" + good_values,
                       good_equation)),
      AllOf(HasSubstr("model.yaml:6:53"),
            HasSubstr("a unit is given for 'drvie', which the component does not have"),
            HasSubstr("did you mean 'drive'?")));
}

TEST(Component, TimeIsThatOfTheSchedule) {
  EXPECT_THAT(mistakes(process(good_units + good_values, good_equation, "1")),
              AllOf(HasSubstr("the equations count time in 'ms'"), HasSubstr("a plain number")));
}

TEST(Component, UnitsOfInputsAndParametersMustFit) {
  EXPECT_THAT(
      mistakes(
          process(good_units + "    states: {V: -80}\n    parameters: {g: 2 mV}\n    inputs: {drive: 3 pA}\n",
                  good_equation)),
      AllOf(HasSubstr("model.yaml:8:21: error: processes.p.parameters.g"), HasSubstr("electric potential"),
            HasSubstr("model.yaml:9:21: error: processes.p.inputs.drive"), HasSubstr("current")));
}

TEST(Component, NamesInOptionsAreThoseOfTheEquations) {
  EXPECT_THAT(mistakes(process(good_units + good_values + "    initial: {Vm: 0 mV}\n", good_equation)),
              AllOf(HasSubstr("state 'Vm' has no rate"), HasSubstr("did you mean 'V'?")));
  EXPECT_THAT(mistakes(process(good_units + good_values + "    contribute: {U: 1 mV/ms}\n", good_equation)),
              HasSubstr("the equations have no state 'U'"));
  EXPECT_THAT(mistakes(process(good_units + good_values + "    outputs: [I]\n", good_equation)),
              HasSubstr("output 'I' is no named intermediate"));
  EXPECT_THAT(mistakes(process(good_units + good_values + "    positive: [W]\n", good_equation)),
              HasSubstr("the equations have no state 'W'"));
}

TEST(Component, TheStatesOfAProcessGoBeforeThoseOfItsFile) {
  const test::Folder folder;
  folder.write("cell.yaml",
               "holon: 1\nunits: {time: ms, V: mV, W: mV}\nstates: {V: -80, W: 1}\nequations: |\n"
               "  V' = -V/1\n  W' = -W/1\n");
  const auto model = test::load(
      "holon: 1\nspaces: {cell: {type: point}}\nprocesses:\n  p: {type: kinetics, space: cell, equations: "
      "cell.yaml, states: {V: -0.02 V}}\nschedule: {step: 1 ms, until: 1 ms}\n",
      folder);
  ThreadPool threads(1);
  const State state = model->initial_state(threads, 0);
  EXPECT_DOUBLE_EQ(state.real(model->fields->id("p.V"))[0], -20.0);
  EXPECT_DOUBLE_EQ(state.real(model->fields->id("p.W"))[0], 1.0);
}

TEST(Component, AFileDeclaresWhatMayBeSet) {
  const test::Folder folder;
  folder.write("cell.yaml",
               "holon: 1\nunits: {time: ms, V: mV, g: 1/ms}\nstates: {V: -80}\nparameters: {g: 1}\n"
               "equations: |\n  V' = -g*V\n");
  const std::string model =
      "holon: 1\nspaces: {cell: {type: point}}\nprocesses:\n  p: {type: kinetics, space: cell, equations: "
      "cell.yaml, "
      "parameters: {G: 2}}\nschedule: {step: 1 ms, until: 1 ms}\n";
  try {
    test::load(model, folder);
    ADD_FAILURE() << "a parameter that the component does not have was taken";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr("the component has no parameter 'G'"), HasSubstr("did you mean 'g'?")));
  }
}

}  // namespace
}  // namespace holon::pointwise

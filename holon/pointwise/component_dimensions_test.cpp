#include "holon/pointwise/model_case.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon::pointwise {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> warnings_of(const std::string& component);

std::vector<std::string> warnings(const std::string& equations) {
  return warnings_of(R"(    units: {time: ms, V: mV, c: uM, g: nS/pF, K: mM, k: mV, n: 1, tau: ms, I: pA/pF}
    states: {V: -80, c: 1}
    parameters: {g: 2, K: 0.5, n: 2, k: 5, tau: 3}
    outputs: [I]
    equations: |
)" + equations);
}

std::vector<std::string> warnings_of(const std::string& component) {
  const test::Folder folder;
  modelfile::Registry registry;
  register_pointwise(registry);
  const std::string text = R"(holon: 1
spaces: {p: {type: point}}
processes:
  cell:
    type: kinetics
    space: p
    integrator: rk4
)" + component + "schedule: {step: 0.1 ms, until: 1 ms}\n";
  std::vector<std::string> all;
  for (const Diagnostic& d :
       modelfile::load(folder.write("m.yaml", text), registry, test::interpreted()).warnings)
    all.push_back(d.text().substr(d.text().find("m.yaml")));
  return all;
}

TEST(ComponentDimensions, PublishedEquationsPass) {
  // Numbers are in units of their own; so is what is made of them, and a power that is no number.
  EXPECT_THAT(warnings("      E = V + 80\n"
                       "      alpha = 0.1*(V + 40)/(1 - exp(-(V + 40)/10))\n"
                       "      I = g*(V - E)*if(V < -40, 1, alpha)\n"
                       "      open = 1/(1 + exp((V - 20)/k)) + 1/(1 + exp(V/k))\n"
                       "      hill = c^n/(K^n + c^n) + c^2/(K^2 + c^2)\n"
                       "      half(x) = 0.5*x\n"
                       "      V' = -I - (V + 80)/tau + half(V)\n"
                       "      c' = max(0, 2*open)*c/tau - c*hill/(3 + time)\n"),
              IsEmpty());
}

TEST(ComponentDimensions, NamesOfDifferentDimensionsAreNotAddedOrCompared) {
  const std::string end = "      I = g*V\n      V' = -I\n      c' = -c/tau\n";
  EXPECT_THAT(warnings("      x = V + c\n" + end),
              ElementsAre(HasSubstr("m.yaml:13:13: warning: processes.cell.equations: the parts of a sum are "
                                    "electric potential [m2 kg s-3 A-1] and concentration [m-3 mol]; by the "
                                    "units that the component declares")));
  EXPECT_THAT(warnings("      x = if(V < tau, 1, 2)\n" + end), ElementsAre(HasSubstr("the sides of '<'")));
  EXPECT_THAT(warnings("      x = log(V)\n" + end), ElementsAre(HasSubstr("'log' of electric potential")));
  // Through an intermediate, which is measured once however often it is used.
  EXPECT_THAT(warnings("      y = c/tau\n      x = V + y\n      z = y + y\n" + end),
              ElementsAre(HasSubstr("m.yaml:14:13: warning")));
}

TEST(ComponentDimensions, RatesAndOutputsHaveThoseOfTheirUnits) {
  EXPECT_THAT(
      warnings("      I = g*V*tau\n      V' = -I\n      c' = -c/tau\n"),
      ElementsAre(HasSubstr("'I' is a quantity of electric potential, but by its unit a quantity of")));
  EXPECT_THAT(warnings("      I = g*V\n      V' = -I\n      c' = -c\n"),
              ElementsAre(HasSubstr("'c'' is a quantity of concentration, but by its unit a quantity of")));
}

TEST(ComponentDimensions, PlainStatesMayHavePlainRates) {
  const auto of = [](const std::string& units, const std::string& rate) {
    return warnings_of("    units: {time: ms, x: 1, " + units + "}\n    states: {x: 0.1}\n" +
                       "    parameters: {p: 2}\n    equations: |\n      x' = " + rate + "\n");
  };
  EXPECT_THAT(of("p: 1", "-x + tanh(p*x)"), IsEmpty());
  EXPECT_THAT(of("p: mV", "-x + tanh(p/p)"), IsEmpty());
  EXPECT_THAT(of("p: 1/ms", "-p*x"), IsEmpty());
  // Quantities that do not belong there, and times and rates that were forgotten.
  EXPECT_THAT(of("p: mV", "-x*p"), ElementsAre(HasSubstr("'x'' is a quantity of electric potential")));
  EXPECT_THAT(of("p: mV", "p - x"), ElementsAre(HasSubstr("the parts of a difference")));
  EXPECT_THAT(of("p: ms", "-x"), ElementsAre(HasSubstr("'x'' is a plain number, but by its unit")));
  EXPECT_THAT(of("p: 1/ms", "-x"), ElementsAre(HasSubstr("'x'' is a plain number, but by its unit")));
}

}  // namespace
}  // namespace holon::pointwise

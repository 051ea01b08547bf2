// Each class of mistake in a model file, with the exact place and words of its message.
#include "holon/modelfile/tiny_types.hpp"

#include <gmock/gmock.h>

namespace holon::modelfile {
namespace {

using ::testing::HasSubstr;
using tiny::attempt;
using tiny::Folder;

const std::string good = R"(holon: 1
parameters:
  L: 2 mm
  k: 2 1/s
  name: fast
spaces:
  line: {type: grid, size: [=L], spacing: 0.5 mm}
fields:
  c: {space: line, unit: uM, initial: 0}
processes:
  p: {type: decay, space: line, rate: =k}
schedule: {step: 0.1 ms, until: 1 ms}
events:
  e: {when: =p.u}
observe:
  o: {type: last, of: p.u}
results:
  r: {of: o}
)";

struct Mistake {
  std::string name, wrong, right;  ///< what is put in the place of what
  std::string message;             ///< must be part of the errors
  friend void PrintTo(const Mistake& mistake, std::ostream* out) { *out << mistake.name; }
};

std::string broken(const Mistake& mistake) {
  std::string text = good;
  const std::size_t at = text.find(mistake.right);
  EXPECT_NE(at, std::string::npos) << mistake.right;
  if (at != std::string::npos) text.replace(at, mistake.right.size(), mistake.wrong);
  return text;
}

class Mistakes : public ::testing::TestWithParam<Mistake> {};

TEST_P(Mistakes, AreReportedWithPlaceAndWayOut) {
  const Folder folder;
  const auto a = attempt(folder, broken(GetParam()));
  EXPECT_EQ(a.model, nullptr);
  EXPECT_THAT(a.text(), HasSubstr(GetParam().message));
}

TEST(Mistakes, TheGoodModelHasNone) {
  const Folder folder;
  // c is advanced by nobody: it only lends its name to the cases below.
  EXPECT_EQ(
      attempt(folder, broken({"", "", "fields:\n  c: {space: line, unit: uM, initial: 0}\n", ""})).text(),
      "");
}

INSTANTIATE_TEST_SUITE_P(
    Keys, Mistakes,
    ::testing::Values(
        Mistake{"unknown_section", "obsreve:\n", "observe:\n",
                "m.yaml:15:1: error: obsreve: unknown key 'obsreve'; did you mean 'observe'?"},
        Mistake{"unknown_key", "spcing: 0.5 mm", "spacing: 0.5 mm",
                "m.yaml:7:34: error: spaces.line.spcing: unknown key 'spcing'; did you mean 'spacing'?"},
        Mistake{"missing_key", "type: decay, space: line}", "type: decay, space: line, rate: =k}",
                "m.yaml:11:6: error: processes.p.rate: the key 'rate' is missing"},
        Mistake{"missing_schedule", "", "schedule: {step: 0.1 ms, until: 1 ms}\n",
                "schedule: the key 'schedule' is missing"},
        Mistake{"missing_version", "", "holon: 1\n", "holon: the key 'holon' is missing"},
        Mistake{"wrong_version", "holon: 2", "holon: 1", "m.yaml:1:8: error: holon: '2' is not known here"},
        Mistake{"unknown_type", "type: deacy", "type: decay",
                "m.yaml:11:13: error: processes.p.type: 'deacy' is not known here; did you mean 'decay'?"},
        Mistake{"unknown_space_type", "type: gird", "type: grid",
                "spaces.line.type: 'gird' is not known here; did you mean 'grid'?"},
        Mistake{"unknown_observer_type", "type: lats", "type: last",
                "observe.o.type: 'lats' is not known here; did you mean 'last'?"},
        Mistake{"unknown_choice", "rate: =k, method: implict", "rate: =k",
                "processes.p.method: 'implict' is not known here; did you mean 'implicit'?"},
        Mistake{"list_for_mapping", "p: [1]", "p: {type: decay, space: line, rate: =k}",
                "m.yaml:11:6: error: processes.p: is a list; expected a mapping"},
        Mistake{"nothing_for_value", "rate: ~", "rate: =k",
                "m.yaml:11:39: error: processes.p.rate: has no value"},
        Mistake{"list_for_scalar", "rate: [1, 2]", "rate: =k",
                "m.yaml:11:39: error: processes.p.rate: is a list; expected"},
        Mistake{"text_for_flag", "rate: =k, log: yes", "rate: =k",
                "processes.p.log: is the text 'yes'; expected true or false"},
        Mistake{"fraction_for_integer", "rate: =k, order: 2.5", "rate: =k",
                "processes.p.order: '2.5' is no whole number"}),
    [](const auto& mistake) { return mistake.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Quantities, Mistakes,
    ::testing::Values(
        Mistake{"no_unit", "spacing: 0.5}", "spacing: 0.5 mm}",
                "m.yaml:7:29: error: spaces.line.size[0]: '=L' is a quantity of length [m]; expected a "
                "plain number"},
        Mistake{"plain_number", "step: 0.1 ms, until: 1}", "step: 0.1 ms, until: 1 ms}",
                "schedule.until: '1' has no unit; expected a quantity of time, such as 0.1 ms"},
        Mistake{"other_dimension", "rate: =k, delay: 3 mm", "rate: =k",
                "processes.p.delay: '3 mm' is a quantity of length [m]; expected a quantity of time, such as "
                "0.1 ms"},
        Mistake{"unknown_unit", "rate: =k, delay: 3 msec", "rate: =k",
                "m.yaml:11:50: error: processes.p.delay:"},
        Mistake{"quoted_number", "rate: =k, delay: \"3 ms\"", "rate: =k", "is the quoted text '3 ms'"},
        Mistake{"forgotten_equals", "rate: =k, delay: L/2", "rate: =k",
                "processes.p.delay: 'L/2' is no number; an equation begins with '=': =L/2"},
        Mistake{"equation_dimension", "rate: =k*L", "rate: =k",
                "m.yaml:11:39: error: processes.p.rate: '=k*L' is a quantity of"},
        Mistake{"sum_of_dimensions", "rate: =k + L", "rate: =k", "processes.p.rate"},
        Mistake{"not_a_number", "rate: =k, delay: =0/0*1 ms", "rate: =k", "processes.p.delay"},
        Mistake{"zero_spacing", "spacing: 0 mm", "spacing: 0.5 mm",
                "spaces.line.spacing: is the text '0 mm'; expected a finite, positive length"},
        Mistake{"negative_size", "size: [-1 mm]", "size: [=L]",
                "spaces.line.size[0]: is the text '-1 mm'; expected a finite, positive length"},
        Mistake{"not_divisible", "spacing: 0.3 mm", "spacing: 0.5 mm",
                "the nearest spacings that fit are 0.333333333333 mm or 0.285714285714 mm"},
        Mistake{"too_many_sites", "spacing: 1e-12 mm", "spacing: 0.5 mm", "expected at most 2^31 sites"},
        Mistake{"spacing_per_axis", "spacing: [0.5 mm, 0.5 mm]", "spacing: 0.5 mm",
                "spaces.line.spacing: has 2 values, but the grid has 1 axis"},
        Mistake{"axis_that_is_not", "spacing: 0.5 mm, periodic: [y]", "spacing: 0.5 mm",
                "spaces.line.periodic: the grid has no axis 'y'"},
        Mistake{"remainder", "until: 1.05 ms", "until: 1 ms",
                "schedule.until: 1.05 ms is no multiple of the step 0.1 ms"},
        Mistake{"negative_step", "step: -0.1 ms", "step: 0.1 ms",
                "schedule.step: is the text '-0.1 ms'; expected a finite, positive time"},
        Mistake{"step_is_a_length", "step: 0.1 mm", "step: 0.1 ms",
                "schedule.step: '0.1 mm' is a quantity of length [m]"},
        Mistake{"no_end", "step: 0.1 ms}", "step: 0.1 ms, until: 1 ms}",
                "schedule: does not say when the run ends"}),
    [](const auto& mistake) { return mistake.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Names, Mistakes,
    ::testing::Values(
        Mistake{"parameter", "size: [=LL]", "size: [=L]",
                "m.yaml:7:30: error: spaces.line.size[0]: 'LL' is not defined; did you mean 'L'?"},
        Mistake{"time_in_a_constant", "rate: =k, delay: =time", "rate: =k",
                "processes.p.delay: this value can't depend on 'time'"},
        Mistake{"field_in_a_constant", "rate: =k, delay: =c", "rate: =k",
                "processes.p.delay: this value can't depend on the field 'c'"},
        Mistake{"field_in_a_coefficient", "rate: =k*p.v/(1 mV)", "rate: =k",
                "m.yaml:11:42: error: processes.p.rate: 'p.v' is not defined; did you mean 'p.u'?"},
        Mistake{"text_in_an_equation", "rate: =k*name", "rate: =k",
                "the parameter 'name' is the text 'fast' and has no place in an equation"},
        Mistake{"space", "space: lines, rate", "space: line, rate", "there is no space 'lines'"},
        Mistake{"observed_field", "of: p.v", "of: p.u",
                "m.yaml:16:23: error: observe.o.of: there is no field 'p.v'; did you mean 'p.u'?"},
        Mistake{"observer", "{of: oo}", "{of: o}",
                "m.yaml:18:11: error: results.r.of: there is no observer 'oo'; did you mean 'o'?"},
        Mistake{"outcome", "{of: o.larges}", "{of: o}",
                "results.r.of: the observer 'o' has no outcome 'larges'; did you mean 'largest'?"},
        Mistake{"process_in_schedule", "until: 1 ms, lie: [p, q]}", "until: 1 ms}",
                "m.yaml:12:48: error: schedule.lie[1]: there is no process 'q'; the only one is p"},
        Mistake{"stop_when", "until: 1 ms, stop_when: f}", "until: 1 ms}",
                "schedule.stop_when: there is no event or observer 'f'"},
        Mistake{"event_place", "{when: =p.u, at: [0.6 mm]}", "{when: =p.u}",
                "events.e.at: there is no site at this place; the nearest is"},
        Mistake{"event_outside", "{when: =p.u, at: [6 mm]}", "{when: =p.u}",
                "events.e.at: is outside the space 'line'"},
        Mistake{"event_coordinates", "{when: =p.u, at: [1 mm, 1 mm]}", "{when: =p.u}",
                "events.e.at: is a list of 2; expected a place: a list of 1 coordinate"},
        Mistake{"reserved_parameter", "  time: 2 mm\n", "  L: 2 mm\n",
                "m.yaml:3:3: error: parameters.time: 'time' is a reserved name"},
        Mistake{"parameter_and_field", "  c: 2 mm\n", "  L: 2 mm\n",
                "fields.c: 'c' is also the name of a parameter"},
        Mistake{"circle", "  L: =M\n  M: =N*2\n  N: =L\n", "  L: 2 mm\n",
                "parameters depend on each other in a circle: L -> M -> N -> L"},
        Mistake{"interpolation", "title: a {nam}\n", "holon: 1\n",
                "'{nam}' names no parameter; did you mean 'name'?"},
        Mistake{"file", "rate: =k, equations: nothing.yaml", "rate: =k", "there is no file"},
        Mistake{"unit_of_a_result", "{of: o, unit: ms}", "{of: o}",
                "results.r.unit: 'ms' is a unit of time, but the result is a quantity of"},
        Mistake{"published_dimension", "{of: o, unit: mV, published: {value: 3 ms}}", "{of: o}",
                "'3 ms' can't be held against a result in mV"},
        Mistake{"results_circle", "{value: =results.s}\n  s: {value: =results.r}", "{of: o}",
                "results depend on each other in a circle"},
        Mistake{"result_unknown", "{value: =results.q}", "{of: o}", "'results.q' is not defined"},
        Mistake{"merge_inside", "until: 1 ms, do: {strang: [p, p], merge: true}}", "until: 1 ms}",
                "only halves of the schedule's outermost strang"},
        Mistake{"two_nodes", "until: 1 ms, lie: [p], strang: [p, p]}", "until: 1 ms}",
                "schedule: has both 'lie' and 'strang'"},
        Mistake{"subcycle", "until: 1 ms, subcycle: {do: p}}", "until: 1 ms}",
                "schedule.subcycle: needs 'do' and 'steps'"}),
    [](const auto& mistake) { return mistake.param.name; });

TEST(Mistakes, AllAreReportedAtOnceInTheOrderOfTheFile) {
  const Folder folder;
  std::string text = good;
  text.replace(text.find("spacing:"), 8, "spcing:");
  text.replace(text.find("rate: =k"), 8, "rate: =kk");
  text.replace(text.find("of: p.u"), 7, "of: q.u");
  const auto a = attempt(folder, text);
  ASSERT_GE(a.errors.size(), 3U) << a.text();
  EXPECT_THAT(a.text(), HasSubstr("spcing"));
  for (std::size_t i = 1; i < a.errors.size(); ++i)
    EXPECT_LE(a.errors[i - 1].place.line, a.errors[i].place.line);
}

TEST(Mistakes, OneMistakeIsReportedOnce) {
  const Folder folder;
  const auto a = attempt(folder, broken({"", "=LL", "=L", ""}));
  EXPECT_EQ(a.errors.size(), 1U) << a.text();
}

TEST(Mistakes, BrokenProcessHidesItsFieldsFromTheMessages) {
  const Folder folder;
  const auto a = attempt(folder, broken({"", "type: deacy", "type: decay", ""}));
  EXPECT_EQ(a.errors.size(), 1U) << a.text();
}

TEST(Mistakes, FieldAdvancedByTwoProcessesNeedsASplitting) {
  const Folder folder;
  const auto a =
      attempt(folder, broken({"", "rate: =k}\n  q: {type: decay, field: p.u, rate: =k}", "rate: =k}", ""}));
  EXPECT_THAT(a.text(), HasSubstr("field 'p.u' is advanced by 'p' and 'q', and no splitting says in which "
                                  "order; expected for example strang: [p, q]"));
}

TEST(Mistakes, FileThatCantBeReadIsNoMistakeInTheModel) {
  EXPECT_THROW(attempt("no/such/model.yaml"), SystemError);
}

}  // namespace
}  // namespace holon::modelfile

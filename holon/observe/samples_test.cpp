// Observers of values: probe, period, error, total, final, extremum, fields.
#include "holon/observe/prescribed.hpp"

#include <cmath>
#include <cstring>
#include <numbers>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon::observe {
namespace {

using test::number;
using test::why;
using ::testing::HasSubstr;

std::string on_a_line(const std::string& rest, const std::string& sites = "nodes") {
  return R"(
holon: 1
spaces:
  line: {type: grid, sites: )" +
         sites + R"(, size: [2 mm], spacing: 0.5 mm}
  point: {type: point}
  electrodes: {type: named_points, points: {left: [0.5 mm], right: [1.75 mm]}}
processes:
  a: {type: prescribed, space: line, unit: mV, value: '=1 mV*(position.x/(1 mm))*(1 + time/(1 ms))'}
  b: {type: prescribed, space: point, unit: mM, value: '=3 mM - 1 mM/s*time'}
schedule: {step: 0.1 ms, until: 1 ms, lie: [a, b]}
)" + rest;
}

TEST(Probe, GivesValuesAtPlacesWithUnitsAndTimesOfItsOwn) {
  const auto run = test::run(on_a_line(R"(
observe: {trace: {type: probe, of: [a.u], at: {here: [0.6 mm], there: [2 mm]}, every: 0.5 ms}}
)"));
  const Series series = run->series().at("trace");
  ASSERT_EQ(series.columns.size(), 3U);
  EXPECT_EQ(series.columns[0].name, "time");
  EXPECT_EQ(series.columns[0].unit.text(), "ms");
  EXPECT_EQ(series.columns[1].name, "u at here");
  EXPECT_EQ(series.columns[1].unit.text(), "mV");
  ASSERT_EQ(series.rows.size(), 3U);
  EXPECT_NEAR(series.rows[1][0], 0.5, 1e-12);
  EXPECT_NEAR(series.rows[1][1], 0.6 * 1.5, 1e-12);
  EXPECT_NEAR(series.rows[2][2], 4.0, 1e-12);
}

TEST(Probe, OfAProcessNamesItsFieldsAndOfNamedPointsItsPoints) {
  const auto run = test::run(on_a_line(R"(
observe:
  cell: {type: probe, of: b}
  leads: {type: probe, of: a, at: electrodes}
  right: {type: probe, of: a.u, at: electrodes.right}
)"));
  EXPECT_EQ(run->series().at("cell").columns[1].name, "u");
  EXPECT_EQ(run->series().at("cell").rows.size(), 11U);
  EXPECT_EQ(run->series().at("leads").columns[2].name, "u at right");
  EXPECT_NEAR(run->series().at("right").rows[10][1], 3.5, 1e-12);
}

TEST(Probe, TakesEquationsOverFieldsTimeAndPlace) {
  const auto run = test::run(on_a_line(R"(
observe: {trace: {type: probe, at: [1 mm], values: {double: '=2*a.u + 1 mV*time/(1 ms)', plain: a.u, other: b.u
}
}
}
)"));
  const Series series = run->series().at("trace");
  EXPECT_EQ(series.columns[1].name, "double");
  EXPECT_EQ(series.columns[1].unit.dimension(), Unit::parse("mV").dimension());
  EXPECT_NEAR(series.rows[10][1] * series.columns[1].unit.factor(), 5e-3, 1e-15);
  EXPECT_NEAR(series.rows[10][2], 2.0, 1e-12);
  EXPECT_NEAR(series.rows[10][3], 3.0 - 1e-3, 1e-12);
}

TEST(Probe, KeepsNamesApartThatWouldBeTheSame) {
  const auto run = test::run(on_a_line("observe: {trace: {type: probe, of: [a.u, b.u], at: [1 mm]}}\n"));
  EXPECT_EQ(run->series().at("trace").columns[1].name, "a.u");
  EXPECT_EQ(run->series().at("trace").columns[2].name, "b.u");
}

TEST(Probe, MistakesSayWhatIsWrongAndTheWayOut) {
  const auto errors = [](const std::string& probe) {
    return test::attempt(on_a_line("observe: {trace: {type: probe, " + probe + "}}\n")).errors;
  };
  EXPECT_THAT(errors("of: b, every: 0 ms"), HasSubstr("is 0 ms"));
  EXPECT_THAT(errors("of: b, every: -1 ms"), HasSubstr("a positive, finite time"));
  EXPECT_THAT(errors("of: b, every: 1e-9 ms"), HasSubstr("at most a million samples in a step"));
  EXPECT_THAT(errors("of: a.u"), HasSubstr("the space 'line' has 5 sites"));
  EXPECT_THAT(errors("of: a.u, at: [3 mm]"), HasSubstr("lies outside the space 'line'"));
  EXPECT_THAT(errors("of: a.u, at: electrods"), HasSubstr("did you mean 'electrodes'?"));
  EXPECT_THAT(errors("of: a.u, at: electrodes.rigt"), HasSubstr("did you mean 'right'?"));
  EXPECT_THAT(errors("of: a.v, at: [1 mm]"), HasSubstr("a.u"));
  EXPECT_THAT(errors("every: 0.1 ms"), HasSubstr("either 'of' or 'values'"));
}

TEST(Probe, LooksBetweenStepsWhereItsRhythmIsAnother) {
  // b.u = 3 mM - 1 mM/s t, seen at multiples of 0.04 ms of a run in steps of 0.1 ms.
  const auto run = test::run(on_a_line("observe: {trace: {type: probe, of: b.u, every: 0.04 ms}}\n"));
  const Series series = run->series().at("trace");
  ASSERT_EQ(series.rows.size(), 26U);
  for (std::size_t k = 0; k < series.rows.size(); ++k) {
    EXPECT_NEAR(series.rows[k][0], 0.04 * static_cast<double>(k), 1e-14);
    EXPECT_NEAR(series.rows[k][1], 3.0 - 0.04e-3 * static_cast<double>(k), 1e-14);
  }
  // The last state is seen in any case.
  const auto odd = test::run(on_a_line("observe: {trace: {type: probe, of: b.u, every: 0.3 ms}}\n"));
  EXPECT_NEAR(odd->series().at("trace").rows.back()[0], 1.0, 1e-14);
}

TEST(Period, OfASineIsItsPeriodToFourthOrder) {
  const auto at_step = [](double step) {
    const auto run = test::run(R"(
holon: 1
spaces: {point: {type: point}}
processes: {wave: {type: prescribed, space: point, value: '=sin(2*pi*time/0.7) + 0.3*sin(4*pi*time/0.7)'
  }
}
schedule : {
step: )" + number_text(step) +
                               R"(, until: 10.5}
observe: {clock: {type: period, of: wave.u, level: 0.25, after: 1}}
results: {period: {of: clock}, count: {of: clock.count}, last: {of: clock.last}}
)");
    EXPECT_EQ(number(*run, "count"), 13);  // crossings at 1.06 ... 9.5 and beyond, one in 0.7
    return std::fabs(number(*run, "last") - 0.7);
  };
  EXPECT_LT(at_step(0.01), 1e-7);
  EXPECT_LT(at_step(0.03), 1e-4);
}

TEST(Period, OfOneCrossingIsNullWithAReason) {
  const auto run = test::run(on_a_line(R"(
observe: {clock: {type: period, of: a.u, level: 1.5 mV, at: [1 mm]}}
results: {period: {of: clock}}
)"));
  EXPECT_THAT(why(*run, "period"), HasSubstr("1 times in the window"));
}

/// a.u = x (1 + t) with x in mm, t in ms: at the end 2 x.
std::string error_of(const std::string& options) {
  return on_a_line("observe: {e: {type: error, of: a.u, against: '=1 mV*position.x/(1 mm) + 1 mV', " +
                   options + "}}\nresults: {e: {of: e}}\n");
}

TEST(Error, MaximumIsOverTheSitesThatCount) {
  // |2x - x - 1| = |x - 1| at x = 0, 0.5, 1, 1.5, 2
  EXPECT_NEAR(number(*test::run(error_of("norm: maximum")), "e"), 1.0, 1e-12);
  EXPECT_NEAR(number(*test::run(error_of("where: '=abs(position.x - 1 mm) < 0.6 mm'")), "e"), 0.5, 1e-12);
}

TEST(Error, TwoNormsAreTheRootOfTheMeanOrOfTheSumOfSquares) {
  // squares 1, 1/4, 0, 1/4, 1 with the weights 1/2, 1, 1, 1, 1/2 of a line's nodes
  EXPECT_NEAR(number(*test::run(error_of("norm: root_mean_square")), "e"), std::sqrt(1.5 / 4), 1e-12);
  EXPECT_NEAR(number(*test::run(error_of("norm: euclidean")), "e"), std::sqrt(2.5), 1e-12);
}

TEST(Error, OverTheWholeRunIsTheLargestOfAllSamples) {
  const auto run = test::run(on_a_line(R"(
observe: {e: {type: error, of: b.u, against: '=3 mM - 1 mM*(time/(1 ms))*(1 - time/(1 ms))', at_end: false
}
}
results: {e: {of: e}}
)"));
  EXPECT_NEAR(number(*run, "e"), 0.25 - 0.5e-3, 1e-12);
}

TEST(Error, OfSeveralFieldsIsTheLargest) {
  const auto run = test::run(on_a_line(R"(
observe: {e: {type: error, of: [a.u, a.u], against: [=1 mV, =3.5 mV]}}
results: {e: {of: e}}
)"));
  EXPECT_NEAR(number(*run, "e"), 3.5, 1e-12);
  EXPECT_THAT(
      test::attempt(on_a_line("observe: {e: {type: error, of: [a.u, a.u], against: [=1 mV]}}\n")).errors,
      HasSubstr("one equation for each field"));
}

TEST(Error, OfWhatIsNotANumberIsNullWithAReason) {
  const auto run = test::run(on_a_line(R"(
observe: {e: {type: error, of: a.u, against: '=1 mV*sqrt(position.x/(1 mm) - 1)'}
}
results: {e: {of: e}}
)"));
  EXPECT_THAT(why(*run, "e"), HasSubstr("not a number"));
}

TEST(Total, IsTheIntegralWithHalfMeasuresAtTheSidesOfNodes) {
  const std::string rest = "observe: {t: {type: total, of: a.u, every: 0.5 ms}}\nresults: {t: {of: t}}\n";
  for (const char* sites : {"nodes", "cells"}) {
    const auto run = test::run(on_a_line(rest, sites));
    EXPECT_NEAR(number(*run, "t"), 4e-3, 1e-15);  // integral of 2 x over [0, 2 mm]: 4 mV mm
    EXPECT_EQ(run->results().at("t").unit.dimension(), (Unit::parse("mV") * Unit::parse("m")).dimension());
    EXPECT_NEAR(run->series().at("t").rows[1][1], 3e-3, 1e-15);
  }
}

TEST(Total, OfADensityIsAnAmountInTheUnitThatTheDensityNames) {
  // 0.5 fmol/um^2 on 200 um by 100 um are 10 pmol; 3 nM in a cube of 100 um are 3 amol.
  const auto run = test::run(R"(
holon: 1
title: amounts
spaces:
  dish: {type: grid, sites: cells, size: [200 um, 100 um], spacing: 50 um}
  drop: {type: grid, sites: cells, size: [100 um, 100 um, 100 um], spacing: 50 um}
processes:
  c: {type: prescribed, space: dish, unit: fmol/um^2, value: "=0.5 fmol/um^2"}
  s: {type: prescribed, space: drop, unit: nM, value: "=3 nM"}
schedule: {step: 1 s, until: 2 s, lie: [c, s]}
observe:
  c: {type: total, of: c.u, every: 1 s}
  s: {type: total, of: s.u}
  room: {type: total, of: =if s.u > 0 nM then 1 else 0}
results: {c: {of: c}, s: {of: s}, s_in_amol: {of: s, unit: amol}, room: {of: room}}
)");
  const auto unit = [&](const char* name) { return run->results().at(name).unit.text(); };
  EXPECT_EQ(unit("c"), "fmol");
  EXPECT_NEAR(number(*run, "c"), 1e4, 1e-9);
  EXPECT_EQ(run->series().at("c").columns[1].unit.text(), "fmol");
  EXPECT_NEAR(run->series().at("c").rows[1][1], 1e4, 1e-9);
  EXPECT_EQ(unit("s"), "nmol");
  EXPECT_NEAR(number(*run, "s"), 3e-9, 1e-20);
  EXPECT_NEAR(number(*run, "s_in_amol"), 3.0, 1e-11);
  EXPECT_EQ(unit("room"), "m^3");
  EXPECT_NEAR(number(*run, "room"), 1e-12, 1e-24);
}

TEST(Total, CanBeUsedInResultsThatAreEquations) {
  const auto run = test::run(on_a_line(R"(
observe: {t: {type: total, of: a.u}}
results: {t: {of: t}, relative: {value: '=results.t/(4 mV*1 mm) - 1'}}
)"));
  EXPECT_NEAR(number(*run, "relative"), 0.0, 1e-12);
}

TEST(Final, IsAnArrayOverSitesOrANumber) {
  const auto run = test::run(on_a_line(R"(
observe: {all: {type: final, of: a.u}, one: {type: final, of: a.u, at: [1.25 mm]}, cell: {type: final, of: b}}
results: {all: {of: all}, one: {of: one}, cell: {of: cell, unit: M}}
)"));
  const auto all = std::get<std::vector<double>>(run->results().at("all").value);
  ASSERT_EQ(all.size(), 5U);
  EXPECT_NEAR(all[3], 3.0, 1e-12);
  EXPECT_NEAR(number(*run, "one"), 2.5, 1e-12);
  EXPECT_NEAR(number(*run, "cell"), 2.999e-3, 1e-15);
  EXPECT_THAT(test::attempt(on_a_line("observe: {x: {type: final, of: [a.u, b.u]}}\n")).errors,
              HasSubstr("one observer for each"));
}

TEST(Extremum, KnowsValueTimeAndPlace) {
  const auto run = test::run(on_a_line(R"(
observe:
  highest: {type: extremum, of: '=a.u*(2 ms - 3*time)'}
  lowest: {type: extremum, of: a.u, which: minimum, after: 0.45 ms}
results: {v: {of: highest}, t: {of: highest.time}, x: {of: highest.x, unit: mm}, low: {of: lowest}, low_t: {of: lowest.time}}
)"));
  EXPECT_NEAR(number(*run, "v"), 2e-3 * 2e-3, 1e-12);  // (1 + t)(2 - 3 t) falls from t = 0 on
  EXPECT_EQ(number(*run, "t"), 0.0);
  EXPECT_NEAR(number(*run, "x"), 2.0, 1e-12);
  EXPECT_EQ(number(*run, "low"), 0.0);
  EXPECT_NEAR(number(*run, "low_t"), 0.5, 1e-12);
}

TEST(Fields, WritesFramesWithNumbersTimesAndUnits) {
  test::Frames frames;
  test::run(on_a_line("observe: {map: {type: fields, of: [a.u, '=2*a.u'], every: 0.5 ms}}\n"), &frames);
  ASSERT_EQ(frames.list.size(), 3U);
  EXPECT_EQ(frames.list[2].number, 2);
  EXPECT_EQ(frames.list[2].name, "map");
  EXPECT_NEAR(frames.list[2].time, 1e-3, 1e-15);
  EXPECT_EQ(frames.list[2].columns[0].name, "u");
  EXPECT_NEAR(frames.list[2].columns[0].values[4], 4.0, 1e-12);
  EXPECT_NEAR(frames.list[2].columns[1].values[4], 8e-3, 1e-12);
  EXPECT_THAT(test::attempt(on_a_line("observe: {map: {type: fields, of: b}}\n")).errors, HasSubstr("probe"));
}

TEST(Fields, AreThinnedOnRequest) {
  for (const char* sites : {"nodes", "cells"}) {
    test::Frames frames;
    test::run(on_a_line("observe: {map: {type: fields, of: [a.u], every: 1 ms, stride: 3}}\n", sites),
              &frames);
    ASSERT_EQ(frames.list.size(), 2U);
    const auto& frame = frames.list[1];
    ASSERT_EQ(frame.space->sites(), 2U);
    ASSERT_EQ(frame.columns[0].values.size(), 2U);
    for (std::size_t s = 0; s < 2; ++s) {
      // The value tells the place, 2 mV/mm at 1 ms.
      EXPECT_NEAR(frame.columns[0].values[s], 2e3 * frame.space->position(s)[0], 1e-12) << sites;
      const double first = std::string(sites) == "cells" ? 0.25e-3 : 0.0;
      EXPECT_NEAR(frame.space->position(s)[0], first + 1.5e-3 * static_cast<double>(s), 1e-15) << sites;
    }
  }
  EXPECT_THAT(test::attempt(on_a_line("observe: {map: {type: fields, of: a.u, stride: 5}}\n")).errors,
              HasSubstr("at least two sites"));
  EXPECT_THAT(test::attempt(on_a_line("observe: {map: {type: fields, of: a.u, stride: 0}}\n")).errors,
              HasSubstr("at least two sites"));
}

TEST(Fields, OfTheOutputSectionAreSetUnderItsName) {
  const std::string text = on_a_line("output: {fields: {of: [a.u], every: 1 ms}}\n");
  const auto frames = [&](const std::string& setting) {
    const test::Attempt loaded = test::attempt(text, {setting});
    EXPECT_EQ(loaded.errors, "") << setting;
    test::Frames written;
    Simulation(loaded.model, Simulation::Options{1, 0, &written}).run();
    return written.list;
  };
  EXPECT_EQ(frames("output.fields.every=0.5").size(), 3U);
  EXPECT_EQ(frames("output.fields.of=[=3*a.u]").at(1).columns[0].values[4], 12e-3);
  EXPECT_EQ(frames("output.fields.stride=2").at(0).space->sites(), 3U);
  EXPECT_EQ(frames("observe.fields.stride=2").at(0).space->sites(), 3U);  // its name in the resolved model
  EXPECT_THAT(test::attempt(text, {"output.frames=1"}).errors, HasSubstr("unknown key 'frames'"));
}

TEST(Observers, GoOnBitByBitFromACheckpoint) {
  const std::string text = on_a_line(R"(
observe:
  trace: {type: probe, of: [a.u], at: [0.7 mm], every: 0.2 ms}
  activation: {type: activation_time, of: a.u, threshold: 1.77 mV}
  speed: {type: conduction_velocity, of: a.u, threshold: 1.77 mV, from: [2 mm], to: [1.1 mm]}
  front: {type: front_speed, of: a.u, level: 1.77 mV}
  clock: {type: period, of: '=sin(time*25/(1 ms))', level: 0.1}
  distance: {type: error, of: a.u, against: =2 mV, at_end: false}
  content: {type: total, of: a.u, every: 0.1 ms}
  end: {type: final, of: a}
  top: {type: extremum, of: '=a.u*(1 ms - time)'}
  between: {type: probe, of: b, every: 0.07 ms}
  map: {type: fields, of: a.u, every: 0.1 ms}
  potential: {type: action_potential, of: b.u, level: 2.9995 mM, onset: 0.1 ms}
)");
  test::Frames whole_frames, first_frames, second_frames;
  const auto whole = test::simulation(text, &whole_frames);
  whole->run();
  const auto first = test::simulation(text, &first_frames);
  for (int i = 0; i < 6; ++i) first->step();
  const auto second = test::simulation(text, &second_frames, 3);
  second->resume(first->checkpoint());
  second->run();
  const auto a = whole->checkpoint().entries(), b = second->checkpoint().entries();
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [path, entry] : a) {
    const auto* numbers = std::get_if<std::vector<double>>(&entry);
    if (numbers == nullptr) {
      EXPECT_EQ(entry, b.at(path)) << path;
      continue;
    }
    const auto& others = std::get<std::vector<double>>(b.at(path));
    ASSERT_EQ(numbers->size(), others.size()) << path;
    if (numbers->empty()) continue;
    EXPECT_EQ(std::memcmp(numbers->data(), others.data(), numbers->size() * sizeof(double)), 0) << path;
  }
  EXPECT_EQ(first_frames.list.size() + second_frames.list.size(), whole_frames.list.size());
  EXPECT_EQ(second_frames.list.back().number, whole_frames.list.back().number);
}

TEST(Mean, WeighsSitesByTheirMeasureAndFindsItsPeak) {
  // The mean of x over nodes is that of the trapezoidal rule, exact for a straight line: 2.
  const auto run = test::run(R"(
holon: 1
spaces: {line: {type: grid, sites: nodes, size: [4 mm], spacing: 1 mm}}
processes: {wave: {type: prescribed, space: line, unit: mV, value: "=position.x*(1 - ((time - 3.3 ms)/(2 ms))^2)*1 mV/mm"}}
schedule: {step: 0.5 ms, until: 5 ms}
observe: {mean: {type: mean, of: wave.u, every: 0.5 ms}}
results: {end: {of: mean}, peak: {of: mean.peak}, peak_time: {of: mean.peak_time}}
)");
  EXPECT_NEAR(test::number(*run, "end"), 2.0 * (1.0 - 0.85 * 0.85), 1e-12);
  EXPECT_NEAR(test::number(*run, "peak"), 2.0, 1e-12);
  EXPECT_NEAR(test::number(*run, "peak_time"), 3.3, 1e-12);
}

}  // namespace
}  // namespace holon::observe

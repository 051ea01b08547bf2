// Maps of activation, speed and duration on fields that are known.
#include "holon/observe/first_rise.hpp"
#include "holon/observe/prescribed.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon::observe {
namespace {

using test::number;
using ::testing::HasSubstr;

std::string plane(const std::string& value, const std::string& observe, const std::string& spacing = "0.5 mm",
                  const std::string& schedule = "step: 0.25 ms, until: 40 ms") {
  return "holon: 1\nspaces: {plane: {type: grid, sites: nodes, size: [10 mm, 6 mm], spacing: " + spacing +
         "}}\nprocesses: {wave: {type: prescribed, space: plane, unit: mV, value: \"" + value +
         "\"}}\nschedule: {" + schedule + "}\n" + observe;
}

TEST(FirstRise, FindsTheSameForAnyNumberOfThreadsAndIsSavedAndLoaded) {
  const std::size_t sites = 20000;
  const auto cells = std::make_shared<GridSpace>("cells", GridSpace::Sites::cells,
                                                 std::vector<GridSpace::Axis>{{sites, 1.0, 0.0, false}});
  const auto value = [](std::size_t site, double time) {
    return time - std::fmod(0.37 * double(site), 11.0);
  };
  std::vector<std::vector<double>> found;
  for (const int count : {1, 3}) {
    ThreadPool threads(count);
    FirstRise first(cells, 0.0), second(cells, 0.0);
    std::vector<double> now(sites);
    for (int k = 0; k < 12; ++k) {
      for (std::size_t site = 0; site < sites; ++site) now[site] = value(site, k);
      if (k == 6) {
        Archive archive;
        first.save(archive);
        second.load(archive);
      }
      (k < 6 ? first : second).look(now, k, threads);
    }
    EXPECT_TRUE(second.complete());
    found.emplace_back(second.times().begin(), second.times().end());
  }
  EXPECT_EQ(found[0], found[1]);
  for (std::size_t site = 0; site < sites; ++site)
    ASSERT_NEAR(found[0][site], std::fmod(0.37 * double(site), 11.0), 1e-12);
}

TEST(ActivationTime, LeavesOutWhatWasAboveTheThresholdBefore) {
  const auto after = [](const std::string& time) {
    return test::run(
        plane("=cos(2*pi*time/(20 ms))*1 mV",
              "observe: {activation: {type: activation_time, of: wave.u, threshold: 0 mV, after: " + time +
                  "}}\nresults: {at: {of: activation.first}}\n",
              "1 mm", "step: 0.25 ms, until: 30 ms"));
  };
  EXPECT_NEAR(number(*after("2 ms"), "at"), 15.0, 1e-2);
  EXPECT_THAT(std::get<ResultValue::Missing>(after("16 ms")->results().at("at").value).why,
              HasSubstr("no site rose through the threshold after 16 ms"));
}

/// A wave along x that comes to an end at 4 ms, in the part x < 4 mm of a plane of 10 mm.
std::string part_of_a_plane(const std::string& observe) {
  std::string text = plane(
      "=(if time < 4.1 ms then time - position.x*1 ms/mm else -1 ms - position.x*1 ms/mm)*1 mV/ms", observe);
  const std::string grid = "sites: nodes,";
  return text.replace(text.find(grid), grid.size(), "sites: nodes, where: =position.x < 4.2 mm,");
}

TEST(IrregularDomain, IsAllThatObserversLookAt) {
  test::Frames frames;
  auto run = test::simulation(part_of_a_plane(R"(
observe:
  activation: {type: activation_time, of: wave.u, threshold: 0 mV}
  duration: {type: action_potential_duration_map, of: wave.u, threshold: 0 mV}
  mean: {type: mean, of: =if wave.u < 1e9 mV then position.x*1 mV/mm else 0 mV}
  area: {type: total, of: =if wave.u < 1e9 mV then 1 else 0}
  lowest: {type: extremum, of: wave.u, which: minimum}
  map: {type: fields, of: wave.u, every: 1 ms}
results:
  arrival: {of: activation, at: [3.9 mm, 3 mm], unit: ms}
  mean: {of: mean, unit: mV}
  area: {of: area, unit: mm^2}
  lowest: {of: lowest.x, unit: mm}
)"),
                              &frames);
  run->run();
  // Looked at until the wave has passed all of the part; where the plane goes on, it never arrives.
  EXPECT_NEAR(number(*run, "arrival"), 3.9, 0.11);
  EXPECT_NEAR(number(*run, "area"), 4.25 * 6.0,
              1e-9);  // nodes at 0, 0.5 ... 4 mm, the first with half a cell
  EXPECT_NEAR(number(*run, "mean"), (0.5 * (0.5 + 1 + 1.5 + 2 + 2.5 + 3 + 3.5 + 4)) / 4.25, 1e-12);
  EXPECT_NEAR(number(*run, "lowest"), 4.0, 1e-12);
  ASSERT_FALSE(frames.list.empty());
  for (const auto& frame : frames.list) {
    if (frame.name != "map") continue;
    for (std::size_t i = 0; i < 21; ++i) EXPECT_EQ(std::isnan(frame.columns[0].values[i]), i > 8) << i;
  }
}

TEST(IrregularDomain, IsCompleteWhenAllOfItIs) {
  std::string text =
      part_of_a_plane("observe: {activation: {type: activation_time, of: wave.u, threshold: 0 mV}}\n");
  text.replace(text.find("until: 40 ms"), 12, "until: 40 ms, stop_when: activation");
  const auto run = test::run(text);
  EXPECT_NEAR(run->state().time.value(0.25e-3), 4e-3, 1e-12);
}

TEST(IrregularDomain, HasNoPlacesOutside) {
  EXPECT_THAT(
      test::attempt(part_of_a_plane("observe: {trace: {type: probe, of: wave.u, at: [8 mm, 2 mm]}}\n"))
          .errors,
      HasSubstr("lies outside the space 'plane'"));
}

TEST(ConductionVelocityMap, OfAPlaneWaveIsItsSpeedAtEverySite) {
  test::Frames frames;
  // Slowness (1, 0.5) ms/mm.
  const auto run = test::run(plane("=(time - position.x*1 ms/mm - position.y*0.5 ms/mm)*1 mV/ms", R"(
observe: {speed: {type: conduction_velocity_map, of: wave.u, threshold: 2 mV}}
results:
  side: {of: speed, at: [0 mm, 6 mm], unit: mm/ms}
  inside: {of: speed, at: [3.3 mm, 2.1 mm], unit: mm/ms}
  least: {of: speed.least, unit: mm/ms}
  greatest: {of: speed.greatest, unit: mm/ms}
)"),
                             &frames);
  const double speed = 1.0 / std::sqrt(1.25);
  for (const char* name : {"side", "inside", "least", "greatest"})
    EXPECT_NEAR(number(*run, name), speed, 1e-9) << name;
  ASSERT_EQ(frames.list.size(), 1U);
  EXPECT_EQ(frames.list[0].columns[0].name, "conduction_velocity");
  EXPECT_NEAR(frames.list[0].columns[0].values[5], speed, 1e-9);  // coherent: m/s
}

TEST(ConductionVelocityMap, OfACircularWaveConvergesWithTheSquareOfTheSpacing) {
  const auto error = [](const std::string& spacing) {
    const auto run =
        test::run(plane("=(time - sqrt((position.x + 2 mm)^2 + (position.y + 1 mm)^2)*2 ms/mm)*1 mV/ms",
                        "observe: {speed: {type: conduction_velocity_map, of: wave.u, threshold: 0 mV}}\n"
                        "results: {inside: {of: speed, at: [4 mm, 2 mm], unit: mm/ms}, corner: {of: speed, "
                        "at: [0 mm, 0 mm], unit: mm/ms}}\n",
                        spacing));
    return std::pair(std::abs(number(*run, "inside") - 0.5), std::abs(number(*run, "corner") - 0.5));
  };
  const auto coarse = error("0.5 mm"), fine = error("0.25 mm");
  EXPECT_NEAR(std::log2(coarse.first / fine.first), 2.0, 0.1);
  EXPECT_NEAR(std::log2(coarse.second / fine.second), 2.0, 0.4);
  EXPECT_LT(fine.first, 1e-3);
}

TEST(ConductionVelocityMap, LeavesOutWhatIsAboveItsLimit) {
  // Twice as fast in the right half.
  const auto run =
      test::run(plane("=(time - min(position.x, 5 mm + (position.x - 5 mm)/2)*1 ms/mm)*1 mV/ms", R"(
observe: {speed: {type: conduction_velocity_map, of: wave.u, threshold: 0 mV, limit: 1.9 m/s}}
results: {greatest: {of: speed.greatest, unit: mm/ms}, right: {of: speed, at: [8 mm, 3 mm]}}
)"));
  EXPECT_GE(number(*run, "greatest"), 1.0);
  EXPECT_LT(number(*run, "greatest"), 1.9);
  EXPECT_TRUE(std::isnan(number(*run, "right")));
}

TEST(ConductionVelocityMap, HasNoNumberWhereTheWaveDidNotPass) {
  const auto run = test::run(plane("=(time - position.x*1 ms/mm)*1 mV/ms", R"(
observe: {speed: {type: conduction_velocity_map, of: wave.u, threshold: 0 mV}}
results: {far: {of: speed, at: [10 mm, 0 mm]}, near: {of: speed, at: [1 mm, 0 mm], unit: mm/ms}}
)",
                                   "0.5 mm", "step: 0.25 ms, until: 5 ms"));
  EXPECT_THAT(test::why(*run, "far"), HasSubstr("did not pass"));
  EXPECT_NEAR(number(*run, "near"), 1.0, 1e-9);
}

/// A triangle wave at every site: from -80 mV at time T(x) up to 20 mV within 2 ms, then back within D(x).
const char* const triangle =
    "=(if time < 2 ms + position.x*1 ms/mm then -80 mV else if time < 4 ms + position.x*1 ms/mm then -80 mV "
    "+ "
    "(time - 2 ms - position.x*1 ms/mm)*50 mV/ms else max(-80 mV, 20 mV - (time - 4 ms - position.x*1 "
    "ms/mm)*100 "
    "mV/(10 ms + position.x*1 ms/mm)))";

TEST(ActionPotentialDurationMap, OfTrianglesIsExact) {
  test::Frames frames;
  const auto run = test::run(plane(triangle, R"(
observe:
  d90: {type: action_potential_duration_map, of: wave.u, threshold: -30 mV}
  d50: {type: action_potential_duration_map, of: wave.u, threshold: -30 mV, repolarisation: 50 %}
results:
  d90: {of: d90, at: [3 mm, 1 mm]}
  d50: {of: d50, at: [3 mm, 1 mm]}
  longest: {of: d90.greatest}
  shortest: {of: d90.least}
)"),
                             &frames);
  // Up through -30 mV 1 ms before the peak; down to 10 % of the way after 0.9 of the fall.
  EXPECT_NEAR(number(*run, "d90"), 1.0 + 0.9 * 13.0, 1e-9);
  EXPECT_NEAR(number(*run, "d50"), 1.0 + 0.5 * 13.0, 1e-9);
  EXPECT_NEAR(number(*run, "shortest"), 1.0 + 0.9 * 10.0, 1e-9);
  EXPECT_NEAR(number(*run, "longest"), 1.0 + 0.9 * 20.0, 1e-9);
  ASSERT_EQ(frames.list.size(), 2U);
  EXPECT_EQ(frames.list[0].columns[0].name, "action_potential_duration");
}

TEST(ActionPotentialDurationMap, MeasuresTheFirstActionPotentialAfterItsOnset) {
  // Two beats; the second is half as long. At 15 ms the first is not over everywhere.
  const std::string beats = "=-80 mV + 100 mV*pulse(time, 2 ms, 12 ms) + 100 mV*pulse(time, 20 ms, 6 ms)";
  const auto run = test::run(plane(beats, R"(
observe:
  first: {type: action_potential_duration_map, of: wave.u, threshold: 0 mV}
  second: {type: action_potential_duration_map, of: wave.u, threshold: 0 mV, onset: 18 ms}
results: {first: {of: first.greatest}, second: {of: second.greatest}}
)"));
  // Both edges lie between steps of 0.25 ms; the rise is 0.2 of a step, the fall 0.1 of a step behind the
  // sample before.
  EXPECT_NEAR(number(*run, "first"), 12.0, 0.25);
  EXPECT_NEAR(number(*run, "second"), 6.0, 0.25);
}

TEST(ActionPotentialDurationMap, StopsARunWhenEverySiteHasRepolarised) {
  const auto run = test::run(
      plane(triangle, "observe: {d: {type: action_potential_duration_map, of: wave.u, threshold: -30 mV}}\n",
            "0.5 mm", "step: 0.25 ms, until: 60 ms, stop_when: d"));
  EXPECT_NEAR(run->time(), (4.0 + 10.0 + 0.9 * 20.0) * 1e-3, 0.26e-3);
}

TEST(ActionPotentialDurationMap, OfAnActionPotentialThatDoesNotEndIsNullWithAReason) {
  const auto run = test::run(plane(triangle, R"(
observe: {d: {type: action_potential_duration_map, of: wave.u, threshold: -30 mV}}
results: {d: {of: d, at: [10 mm, 0 mm]}}
)",
                                   "0.5 mm", "step: 0.25 ms, until: 20 ms"));
  EXPECT_THAT(test::why(*run, "d"), HasSubstr("came to its end"));
}

TEST(ActionPotentialDurationMap, RefusesAFractionThatIsNone) {
  EXPECT_THAT(test::attempt(plane(triangle,
                                  "observe: {d: {type: action_potential_duration_map, of: wave.u, threshold: "
                                  "-30 mV, repolarisation: 1.5}}\n"))
                  .errors,
              HasSubstr("a fraction between 0 and 1"));
}

TEST(MapsAndTips, OfAResumedRunAreThoseOfAnUninterruptedOne) {
  const std::string text = plane(triangle, R"(
observe:
  activation: {type: activation_time, of: wave.u, threshold: -30 mV}
  speed: {type: conduction_velocity_map, of: wave.u, threshold: -30 mV}
  duration: {type: action_potential_duration_map, of: wave.u, threshold: -30 mV}
  tip: {type: phase_singularities, of: [wave.u, =position.y], levels: [-30 mV, 3.1 mm], every: 1 ms}
  ecg: {type: pseudo_ecg, of: wave.u, electrodes: {e: [5 mm, 3 mm, 4 mm]}, thickness: 1 mm, every: 1 ms}
  mean: {type: mean, of: wave.u, every: 1 ms}
results:
  activation: {of: activation}
  speed: {of: speed}
  duration: {of: duration, at: [2 mm, 2 mm]}
  longest: {of: duration.greatest}
  tips: {of: tip.most}
  highest: {of: ecg.e.highest}
  peak: {of: mean.peak}
)");
  const auto whole = test::simulation(text), first = test::simulation(text), second = test::simulation(text);
  whole->run();
  for (int k = 0; k < 57; ++k) first->step();
  second->resume(first->checkpoint());
  second->run();
  EXPECT_GT(number(*whole, "tips"), 0.0);
  for (const auto& [name, result] : whole->results()) {
    const auto numbers = [](const ResultValue& of) {
      const auto* one = std::get_if<double>(&of.value);
      return one != nullptr ? std::vector<double>{*one} : std::get<std::vector<double>>(of.value);
    };
    const auto expected = numbers(result), resumed = numbers(second->results().at(name));
    for (std::size_t site = 0; site < expected.size(); ++site)
      EXPECT_TRUE(expected[site] == resumed[site] ||
                  (std::isnan(expected[site]) && std::isnan(resumed[site])))
          << name;
  }
  for (const auto& [name, series] : whole->series())
    EXPECT_EQ(series.rows, second->series().at(name).rows) << name;
}

}  // namespace
}  // namespace holon::observe

// The measures of action potentials on shapes that are known in closed form.
#include "holon/observe/action_potential_shape.hpp"
#include "holon/observe/prescribed.hpp"

#include <cmath>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon::observe {
namespace {

using test::number;
using test::why;
using ::testing::HasSubstr;

// V = -80 + 120 s(t) d(t) mV, an upstroke s at 12 ms and a slow repolarisation d; t in ms.
double rise(double t) { return 0.5 * (1 + std::tanh((t - 12) / 0.4)); }
double fall(double t) { return 1 / (1 + std::exp((t - 200) / 15)); }
double potential(double t) { return -80 + 120 * rise(t) * fall(t); }
double slope(double t) {
  const double c = std::cosh((t - 12) / 0.4);
  return 120 * (0.5 / 0.4 / (c * c) * fall(t) - rise(t) * fall(t) * (1 - fall(t)) / 15);
}

double bisect(const std::function<double(double)>& f, double low, double high) {
  for (int i = 0; i < 200; ++i) {
    const double middle = 0.5 * (low + high);
    ((f(middle) > 0) == (f(high) > 0) ? high : low) = middle;
  }
  return low;
}

struct Truth {
  double rest, peak, rise_time, steepest, apd50, apd90;
};

Truth truth(double onset) {
  Truth out{};
  out.rest = potential(onset);
  out.peak = potential(bisect(slope, 13, 60));
  out.rise_time = bisect(potential, 10, 13);
  for (double t = 11; t < 13; t += 1e-5) out.steepest = std::max(out.steepest, slope(t));
  const auto until = [&](double part) {
    const double level = out.peak - part * (out.peak - out.rest);
    return bisect([&](double t) { return level - potential(t); }, 60, 400) - out.rise_time;
  };
  out.apd50 = until(0.5);
  out.apd90 = until(0.9);
  return out;
}

std::string cell(const std::string& observer, const std::string& rate = "") {
  return R"(
holon: 1
parameters:
  t: 1 ms
spaces: {point: {type: point}, line: {type: grid, sites: nodes, size: [1 mm], spacing: 0.5 mm}}
processes:
  cell:
    type: prescribed
    space: point
    unit: mV
    value: '=-80 mV + 120 mV*0.5*(1 + tanh((time - 12 ms)/(0.4 ms)))/(1 + exp((time - 200 ms)/(15 ms)))')" +
         rate + R"(
  calcium: {type: prescribed, space: point, unit: mM, value: '=1 uM*exp(-((time - 40 ms)/(20 ms))^2)'}
  tissue: {type: prescribed, space: line, unit: mV, value: '=-80 mV + 120 mV*0.5*(1 + tanh((time - 12 ms)/(0.4 ms)))/(1 + exp((time - 200 ms)/(15 ms)))'}
schedule: {step: 0.02 ms, until: 400 ms, lie: [cell, calcium, tissue]}
observe: {
ap: {
type: action_potential, onset: 10.005 ms, )" +
         observer + R"(}}
results:
  resting_potential: {of: ap.resting_potential}
  v_max: {of: ap.v_max}
  dvdt_max: {of: ap.dvdt_max, unit: V/s}
  apd50: {of: ap.apd50}
  apd90: {of: ap.apd90}
  cai_peak: {of: ap.cai_peak}
  cai_peak_time: {of: ap.cai_peak_time}
)";
}

void expect_truth(const Simulation& run, double slope_tolerance) {
  const Truth exact = truth(10.005);
  EXPECT_NEAR(number(run, "resting_potential"), exact.rest, 1e-6);
  EXPECT_NEAR(number(run, "v_max"), exact.peak, 1e-6);
  EXPECT_NEAR(number(run, "dvdt_max"), exact.steepest, slope_tolerance * exact.steepest);
  EXPECT_NEAR(number(run, "apd50"), exact.apd50, 1e-5);
  EXPECT_NEAR(number(run, "apd90"), exact.apd90, 1e-5);
}

const std::string exact_rate = R"(
    rate: '=120 mV*(0.5/(0.4 ms)/cosh((time - 12 ms)/(0.4 ms))^2/(1 + exp((time - 200 ms)/(15 ms))) - 0.5*(1 + tanh((time - 12 ms)/(0.4 ms)))*exp((time - 200 ms)/(15 ms))/(1 + exp((time - 200 ms)/(15 ms)))^2/(15 ms))')";

TEST(ActionPotential, MeasuresAgreeWithTheClosedForm) {
  const auto run = test::run(cell("of: cell.u, calcium: calcium.u", exact_rate));
  expect_truth(*run, 1e-5);
  EXPECT_NEAR(number(*run, "cai_peak"), 1e-3, 1e-9);
  EXPECT_NEAR(number(*run, "cai_peak_time"), 40 - truth(10.005).rise_time, 1e-5);
}

TEST(ActionPotential, OnSeveralSitesSlopesAreDifferencesOfSamples) {
  const auto run = test::run(cell("of: tissue.u, at: [0.3 mm]"));
  expect_truth(*run, 2e-3);  // (0.02 / 0.4)^2 / 3
}

TEST(ActionPotential, OfACellWithoutCalciumHasNullsWithAReasonAndAWarning) {
  const std::string text = cell("of: cell.u, calcium: cell.Cai");
  const auto loaded = test::attempt(text);
  ASSERT_TRUE(loaded.model) << loaded.errors;
  ASSERT_EQ(loaded.warnings.size(), 1U);
  EXPECT_THAT(loaded.warnings[0].text(), HasSubstr("no field 'cell.Cai'"));
  const auto run = test::run(text);
  EXPECT_THAT(why(*run, "cai_peak"), HasSubstr("no field 'cell.Cai'"));
  EXPECT_THAT(why(*run, "cai_peak_time"), HasSubstr("no field 'cell.Cai'"));
  EXPECT_THAT(test::attempt(cell("of: cell.u, calcium: cel.Cai")).errors, HasSubstr("calcium"));
}

TEST(ActionPotential, ThatDoesNotHappenHasNullsWithAReason) {
  const auto run = test::run(cell("of: cell.u, level: 50 mV", exact_rate));
  for (const char* name : {"v_max", "dvdt_max", "apd50", "apd90"})
    EXPECT_THAT(why(*run, name), HasSubstr("stays below 50 mV")) << name;
  EXPECT_NEAR(number(*run, "resting_potential"), potential(10.005), 1e-6);
}

TEST(ActionPotential, ThatBeginsAboveTheLevelSaysSo) {
  // At 12 ms, the middle of the upstroke, the potential is already above -60 mV, and nothing lifts it again.
  std::string text = cell("of: cell.u, level: -60 mV", exact_rate);
  text.replace(text.find("onset: 10.005 ms"), 16, "onset: 12 ms");
  EXPECT_THAT(why(*test::run(text), "v_max"),
              HasSubstr("at the onset already, and does not rise through -60 mV"));
}

TEST(ActionPotential, ThatIsNotOverHasNoDuration) {
  std::string text = cell("of: cell.u", exact_rate);
  text.replace(text.find("until: 400 ms"), 13, "until: 210 ms");
  const auto run = test::run(text);
  EXPECT_NEAR(number(*run, "apd50"), truth(10.005).apd50, 1e-5);
  EXPECT_THAT(why(*run, "apd90"), HasSubstr("ends before"));
}

TEST(ActionPotential, BeforeItsOnsetHasNothing) {
  std::string text = cell("of: cell.u");
  text.replace(text.find("until: 400 ms"), 13, "until: 9 ms");
  const auto run = test::run(text);
  EXPECT_THAT(why(*run, "resting_potential"), HasSubstr("does not reach the onset"));
  EXPECT_THAT(why(*run, "apd90"), HasSubstr("does not reach the onset"));
}

TEST(ActionPotentialShape, AJumpOfTheSlopeAtTheEndOfAStimulusIsNotRefined) {
  // The slope rises slowly, then drops: a parabola through the jump would say 11.2.
  PotentialSamples samples;
  samples.times = {0, 1, 2, 3, 4, 5};
  samples.values = {-80, -70, -60, 20, 15, -80};
  samples.slopes = {9.8, 9.9, 10, 0, 0, 0};
  EXPECT_DOUBLE_EQ(*measure(samples, 0, 0).steepest, 10.0);
}

}  // namespace
}  // namespace holon::observe

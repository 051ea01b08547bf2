#include "holon/engine/waveform.hpp"

#include <cmath>

#include <gtest/gtest.h>

namespace holon {
namespace {

Waveform through(int degree, int samples, double (*f)(double)) {
  Waveform waveform;
  waveform.degree = degree;
  for (int k = 0; k < samples; ++k) {
    const double t = 1.0 + 0.5 * k / (samples - 1);
    waveform.times.push_back(t);
    waveform.values.push_back({f(t), -f(t)});
  }
  return waveform;
}

double at(const Waveform& waveform, double time, std::size_t site = 0) {
  double value = 0.0;
  waveform.evaluate(time, 0, site, site + 1, std::span(&value, 1));
  return value;
}

TEST(Waveform, IsExactForPolynomialsOfItsDegree) {
  const auto cubic = [](double t) { return 2.0 - t + 3.0 * t * t - 0.5 * t * t * t; };
  const auto line = [](double t) { return 2.0 - 3.0 * t; };
  for (const double t : {1.0, 1.01, 1.21, 1.35, 1.49, 1.5}) {
    EXPECT_NEAR(at(through(3, 6, cubic), t), cubic(t), 1e-13);
    EXPECT_NEAR(at(through(1, 6, line), t, 1), -line(t), 1e-13);
    EXPECT_NEAR(at(through(3, 2, line), t), line(t), 1e-13);  // fewer samples than it asks for
  }
}

TEST(Waveform, OfDegreeZeroIsTheLastValue) {
  const Waveform waveform = through(0, 5, [](double t) { return t; });
  EXPECT_EQ(at(waveform, 1.0), 1.5);
  EXPECT_EQ(at(waveform, 1.2, 1), -1.5);
}

TEST(Waveform, ErrorsFallWithTheSamplesByDegreePlusOne) {
  const auto f = [](double t) { return std::sin(7.0 * t); };
  for (const int degree : {1, 2, 3}) {
    const auto error = [&](int samples) {
      double worst = 0.0;
      for (int k = 0; k <= 400; ++k) {
        const double t = 1.0 + 0.5 * k / 400.0;
        worst = std::max(worst, std::abs(at(through(degree, samples, f), t) - f(t)));
      }
      return worst;
    };
    const double p = std::log2(error(17) / error(33));
    EXPECT_GT(p, degree + 0.8) << degree;
  }
}

TEST(Waveform, SamplesAreGivenBackAndPiecesMeet) {
  for (const int degree : {1, 2, 3}) {
    const Waveform waveform = through(degree, 5, [](double t) { return std::exp(3.0 * t); });
    for (std::size_t k = 0; k < waveform.times.size(); ++k) {
      EXPECT_EQ(at(waveform, waveform.times[k]), waveform.values[k][0]) << degree;
      EXPECT_NEAR(at(waveform, waveform.times[k] - 1e-9) / waveform.values[k][0], 1.0, 1e-7) << degree;
    }
  }
}

TEST(Waveform, ComponentsLieOneAfterTheOther) {
  Waveform waveform;
  waveform.degree = 1;
  waveform.components = 2;
  waveform.times = {0.0, 1.0};
  waveform.values = {{0.0, 1.0, 10.0, 20.0}, {2.0, 3.0, 30.0, 40.0}};  // two sites
  std::vector<double> out(2);
  waveform.evaluate(0.5, 1, 0, 2, out);
  EXPECT_EQ(out, (std::vector<double>{20.0, 30.0}));
}

}  // namespace
}  // namespace holon

// A cell that secretes what it senses (cases: applications Q1, Q2, Q4; Q3 for the steady states).
#include <algorithm>
#include <cmath>

#include "verification/model_run.hpp"
#include <fmt/format.h>
#include <gtest/gtest.h>

namespace holon::verification {
namespace {

using Settings = std::vector<std::string>;

const std::string model = "models/circuits/secreting_cell.yaml";
constexpr double kappa_on = 12.867436119;  // nM um/s, at the case's numbers

Settings open_loop(Settings more) {
  more.push_back("parameters.circuit=off");
  return more;
}

double surface(const Settings& settings) {
  return ModelRun(model, settings).to_the_end().result("c_surface");
}

/// Q1: D lap c - k (c - c_inf) = 0, -D c'(a) = J.
double at_rest(double a, double D, double k, double J, double c_inf, double r) {
  const double slope = std::sqrt(k / D);
  return c_inf + J * a * a / (D * (1.0 + a * slope) * r) * std::exp(-(r - a) * slope);
}

TEST(SecretingCell, RestsAtThePublishedProfile) {
  auto run = ModelRun(model, open_loop({"parameters.until=inf"}));
  run.to_the_end();
  EXPECT_NEAR(run.result("c_surface"), 0.178571429, 1e-4 * 0.178571429);
  EXPECT_NEAR(run.column("near", "c at two_radii").back(), 0.077399812, 1e-4 * 0.077399812);
  EXPECT_NEAR(run.column("near", "c at five_radii").back(), 0.020168504, 1e-4 * 0.020168504);
  EXPECT_NEAR(surface(open_loop({"parameters.until=inf", "parameters.k=0", "parameters.c_inf=0.5"})),
              0.704081633, 1e-4 * 0.704081633);
}

TEST(SecretingCell, RestsWhereTheFormulaSaysForOtherCellsAndMedia) {
  struct Other {
    double a, D, k, J, c_inf;
  };
  for (const Other& o : {Other{5.0, 490.0, 0.0, 3.0, 0.0}, Other{250.0, 100.0, 0.02, 1.0, 0.0},
                         Other{30.0, 1000.0, 1e-4, 0.2, 2.0}}) {
    const double exact = at_rest(o.a, o.D, o.k, o.J, o.c_inf, o.a);
    EXPECT_NEAR(surface(open_loop({fmt::format("parameters.a={}", o.a), fmt::format("parameters.D={}", o.D),
                                   fmt::format("parameters.k={}", o.k), fmt::format("parameters.J={}", o.J),
                                   fmt::format("parameters.c_inf={}", o.c_inf), "parameters.until=inf"})),
                exact, 1e-4 * exact)
        << o.a;
  }
}

TEST(SecretingCell, ErrorsAtRestFallWithTheSquareOfTheSpacing) {
  // A fast decay, so that the profile is no multiple of 1/r, and a grid that ends nearer.
  const double exact = at_rest(100.0, 490.0, 0.2, 1.0, 0.0, 100.0);
  const auto error = [&](int shells, double growth) {
    return std::abs(surface(open_loop({"parameters.k=0.2", "parameters.until=inf",
                                       fmt::format("parameters.spacing={:.17g} um", 100.0 / shells),
                                       fmt::format("spaces.medium.growth={:.17g}", growth)})) -
                    exact);
  };
  EXPECT_GE(order(error(10, 1.05), error(20, std::sqrt(1.05))), 1.9);
  EXPECT_GE(order(error(20, std::sqrt(1.05)), error(40, std::pow(1.05, 0.25))), 1.9);
}

/// Q2, Carslaw & Jaeger: the value at the surface of a cell that begins to secrete.
double begins(double a, double D, double J, double t) {
  const double s = std::sqrt(D * t) / a;
  // erfcx by its asymptotic series where exp and erfc leave the range of doubles.
  const double erfcx =
      s < 20.0 ? std::exp(s * s) * std::erfc(s)
               : (1.0 - 0.5 / (s * s) + 0.75 / (s * s * s * s)) / (s * std::sqrt(std::acos(-1.0)));
  return J * a / D * (1.0 - erfcx);
}

TEST(SecretingCell, FillsItsSurroundingsAsPublished) {
  struct Published {
    double time, at_surface, at_two_radii;  // a^2/D, nM; 0: not published
  };
  for (const Published& p : {Published{0.1, 0.056412564, 0.0}, Published{1.0, 0.116819678, 0.023372362},
                             Published{10.0, 0.169269853, 0.067756510}, Published{100.0, 0.192624287, 0.0}}) {
    const double until = p.time * 100.0 * 100.0 / 490.0;
    auto run = ModelRun(model, open_loop({"parameters.k=0", fmt::format("parameters.until={:.17g}", until)}));
    run.to_the_end();
    EXPECT_NEAR(begins(100.0, 490.0, 1.0, until), p.at_surface, 1e-8);
    EXPECT_NEAR(run.result("c_surface"), p.at_surface, 1e-4 * p.at_surface) << p.time;
    if (p.at_two_radii > 0.0) {
      EXPECT_NEAR(run.column("near", "c at two_radii").back(), p.at_two_radii, 1e-4 * p.at_two_radii)
          << p.time;
    }
  }
}

TEST(SecretingCell, FillsOtherSurroundingsAsTheFormulaSays) {
  EXPECT_NEAR(surface(open_loop({"parameters.k=0", "parameters.a=20", "parameters.D=100", "parameters.J=4",
                                 "parameters.until=40"})),
              begins(20.0, 100.0, 4.0, 40.0), 1e-4 * begins(20.0, 100.0, 4.0, 40.0));
}

struct Dynamics {
  ModelRun run;
  double x(double time) const {
    const auto t = run.column("cell", "time"), x = run.column("cell", "x");
    const auto k = static_cast<std::size_t>(std::lower_bound(t.begin(), t.end(), time - 1e-6) - t.begin());
    return x.at(k);
  }
  double crossing(double level) const {
    const auto t = run.column("cell", "time"), x = run.column("cell", "x");
    for (std::size_t k = 1; k < x.size(); ++k)
      if (x[k - 1] < level && x[k] >= level)
        return t[k - 1] + (t[k] - t[k - 1]) * (level - x[k - 1]) / (x[k] - x[k - 1]);
    return 0.0;
  }
};

Dynamics switched_on(double share, Settings more = {}) {
  more.push_back(fmt::format("parameters.kappa={:.17g}", share * kappa_on));
  more.push_back("parameters.sample=10 s");
  Dynamics dynamics{ModelRun(model, more)};
  dynamics.run.to_the_end();
  return dynamics;
}

TEST(SecretingCell, StaysLowBelowTheThreshold) {
  const auto low = switched_on(0.9);
  EXPECT_NEAR(low.run.result("x_final"), 0.712472, 1e-3 * 0.712472);
  EXPECT_NEAR(low.run.result("c_surface"), 1.473378, 1e-3 * 1.473378);
}

TEST(SecretingCell, HesitatesAtTheBottleneckJustAboveTheThreshold) {
  const auto slow = switched_on(1.1);
  EXPECT_NEAR(slow.x(2500.0), 0.81124, 1e-3 * 0.81124);
  EXPECT_NEAR(slow.x(5000.0), 1.30692, 1e-3 * 1.30692);
  EXPECT_NEAR(slow.x(10000.0), 8.50816, 1e-3 * 8.50816);
  EXPECT_NEAR(slow.crossing(5.0), 7776.16, 2e-3 * 7776.16);
}

TEST(SecretingCell, JumpsOnFarAboveTheThreshold) {
  const auto fast = switched_on(1.5);
  EXPECT_NEAR(fast.x(2500.0), 3.40733, 1e-3 * 3.40733);
  EXPECT_NEAR(fast.x(5000.0), 9.51453, 1e-3 * 9.51453);
  EXPECT_NEAR(fast.x(10000.0), 9.67481, 1e-3 * 9.67481);
  EXPECT_NEAR(fast.crossing(5.0), 2791.90, 2e-3 * 2791.90);
  EXPECT_NEAR(surface({fmt::format("parameters.kappa={:.17g}", 1.5 * kappa_on), "parameters.until=inf"}),
              33.345765, 1e-4 * 33.345765);
}

TEST(SecretingCell, BooksEverythingThatItSecretes) {
  auto run = ModelRun(model, {"parameters.c_inf=0.3", "parameters.until=2000"});
  run.to_the_end();
  const auto balance = run.simulation().ledger().at(0);
  EXPECT_LT(balance.relative_residual, 1e-12);
  EXPECT_EQ(balance.lines.size(), 4U);  // decay, source, and both sides
}

TEST(SecretingCell, ErrorsFallWithThePowerThreeHalvesOfTheStep) {
  // What the surface sees of a flux goes as the square root of time, so a flux that stands still for a step
  // costs half an order of the splitting's two.
  const auto x = [](double step) {
    return ModelRun(model, {"parameters.until=400", fmt::format("parameters.step={} s", step),
                            "parameters.sample=40 s"})
        .to_the_end()
        .result("x_final");
  };
  const double coarse = x(1.0), middle = x(0.5), fine = x(0.25);
  EXPECT_GE(order(coarse - middle, middle - fine), 1.4);
}

/// u = Lambda (alpha0 + u^2/(1 + u^2)), from below or from above.
double steady_u(double Lambda, double from) {
  double u = from;
  for (int i = 0; i < 200000; ++i) u = Lambda * (0.05 + u * u / (1.0 + u * u));
  return u;
}

TEST(SecretingCell, RestsOnTheBranchThatItsStartLeadsTo) {
  const double Lambda_on = 2.297756450, Lambda_off = 1.808952051;
  struct Branch {
    double share;  // of kappa_on
    double x_start, from;
  };
  for (const Branch& b : {Branch{0.9, 0.0, 0.0}, Branch{0.9, 10.0, 10.0}, Branch{0.999, 0.0, 0.0},
                          Branch{1.001, 0.0, 10.0}, Branch{Lambda_off / Lambda_on * 1.001, 10.0, 10.0},
                          Branch{Lambda_off / Lambda_on * 0.999, 10.0, 0.0}}) {
    const double exact = 10.0 * steady_u(b.share * Lambda_on, b.from);
    EXPECT_NEAR(surface({fmt::format("parameters.kappa={:.17g}", b.share * kappa_on),
                         fmt::format("parameters.x_start={}", b.x_start), "parameters.until=inf"}),
                exact, 2e-3 * exact)
        << b.share << " from " << b.x_start;
  }
}

TEST(SecretingCell, GoesOnTheWayToRestBitForBitFromACheckpoint) {
  ModelRun whole(model, {"parameters.until=inf"}), part(model, {"parameters.until=inf"}),
      rest(model, {"parameters.until=inf"});
  whole.to_the_end();
  for (int k = 0; k < 30; ++k) part.simulation().step();
  rest.simulation().resume(part.simulation().checkpoint());
  rest.to_the_end();
  EXPECT_EQ(whole.result("c_surface"), rest.result("c_surface"));
  EXPECT_EQ(whole.simulation().time(), rest.simulation().time());
}

}  // namespace
}  // namespace holon::verification

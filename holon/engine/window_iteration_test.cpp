#include "holon/engine/window_iteration.hpp"

#include "holon/base/error.hpp"
#include "holon/engine/simulation.hpp"
#include "holon/engine/test_processes.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon {
namespace {

using test::node;
using Kind = ScheduleNode::Kind;

/// x' = -x + gain y with y held over each step, exactly: it knows nothing of waveforms.
class Follower final : public Process {
 public:
  Follower(std::string name, FieldId x, FieldId y, double gain)
      : Process(std::move(name)), x_(x), y_(y), gain_(gain) {}
  std::string_view type() const override { return "follower"; }
  Ports ports() const override {
    return {{Port::Role::advance, x_, FieldKind::value, {}}, {Port::Role::read, y_, FieldKind::value, {}}};
  }
  void initialise(State&, Workspace&) const override {}
  Outcome advance(State& state, const Interval& interval, const Inputs&, Workspace& work) const override {
    ++work.counters.steps;
    const double decay = std::exp(-interval.dt()), target = gain_ * state.real(y_)[0];
    state.real(x_)[0] = target + (state.real(x_)[0] - target) * decay;
    return {Outcome::Why::done, interval.end, {}, {}};
  }
  void rate(const State&, double, Workspace&, Vector&) const override {}
  void jvp(const State&, double, const Vector&, Workspace&, Vector&) const override {}
  void vjp(const State&, double, const Vector&, Workspace&, Vector&) const override {}
  void jacobian(const State&, double, Workspace&, SparseBuilder&) const override {}

 private:
  FieldId x_, y_;
  double gain_;
};

ScheduleNode iterate(std::vector<ScheduleNode> children, const IterateOptions& options) {
  ScheduleNode result = node(Kind::iterate, std::move(children));
  result.iterate = options;
  return result;
}

std::shared_ptr<Model> followers(std::int64_t steps, ScheduleNode root, double gain = 0.5) {
  auto model = test::two_fields(std::make_shared<PointSpace>("p", Dimension{}),
                                1.0 / static_cast<double>(steps), steps);
  model->processes.push_back(std::make_unique<Follower>("a", 0, 1, 1.0));
  model->processes.push_back(std::make_unique<Follower>("b", 1, 0, gain));
  model->schedule.root = std::move(root);
  model->finish();
  return model;
}

IterateOptions options(int degree) {
  IterateOptions options;
  options.degree = degree;
  options.tolerance = 1e-12;
  return options;
}

/// Of u' = -u + v, v' = -v + u/2 from (1, 1/2) at time 1: the eigenvalues are -1 +- sqrt(1/2).
double exact_u() {
  const double r = std::sqrt(0.5);
  return std::exp(-1.0) * (std::cosh(r) + 0.5 * std::sinh(r) / r);
}

double error(std::int64_t steps, int degree, std::int64_t parts_a, std::int64_t parts_b) {
  const auto child = [](ProcessId p, std::int64_t parts) {
    return parts == 1 ? node(p) : node(Kind::subcycle, {node(p)}, parts);
  };
  Simulation simulation(followers(steps, iterate({child(0, parts_a), child(1, parts_b)}, options(degree))),
                        {});
  simulation.run();
  return std::abs(simulation.state().real(0)[0] - exact_u());
}

TEST(WindowIteration, ProcessesThatKnowNothingOfWaveformsKeepOrderTwo) {
  for (const std::int64_t parts : {1, 3}) {
    const double coarse = error(10, 1, parts, 1), fine = error(20, 1, parts, 1);
    EXPECT_GT(std::log2(coarse / fine), 1.9) << parts;
  }
  EXPECT_LT(std::log2(error(10, 0, 1, 1) / error(20, 0, 1, 1)), 1.2);
}

TEST(WindowIteration, LeavesWhatItReadAsItsOwnersLeftIt) {
  // The last evaluation's ends, not what was put into the State for the other to see.
  Simulation one(followers(10, iterate({node(0), node(1)}, options(1))), {});
  Simulation turned(followers(10, iterate({node(1), node(0)}, options(1))), {});
  one.run();
  turned.run();
  EXPECT_NEAR(one.state().real(0)[0], turned.state().real(0)[0], 1e-11);
  EXPECT_NEAR(one.state().real(1)[0], turned.state().real(1)[0], 1e-11);
}

TEST(WindowIteration, WithoutFeedbackThereIsOneEvaluation) {
  auto model = test::two_fields(std::make_shared<PointSpace>("p", Dimension{}), 0.1, 10);
  model->fields->add({.name = "w", .space = model->spaces.at("p")});
  model->processes.push_back(std::make_unique<Follower>("a", 0, 2, 1.0));
  model->processes.push_back(std::make_unique<Follower>("b", 1, 0, 1.0));
  model->schedule.root = iterate({node(0), node(1)}, options(1));
  model->finish();
  Simulation simulation(model, {});
  simulation.run();
  EXPECT_EQ(simulation.state().counter.windows.at(0).evaluations, 10);
}

TEST(WindowIteration, MayStandInsideASplittingAndAtEveryHalf) {
  auto model = test::two_fields(std::make_shared<PointSpace>("p", Dimension{}), 0.1, 10);
  model->fields->add({.name = "w", .space = model->spaces.at("p")});
  model->processes.push_back(std::make_unique<Follower>("a", 0, 1, 1.0));
  model->processes.push_back(std::make_unique<Follower>("b", 1, 0, 0.5));
  model->processes.push_back(std::make_unique<Follower>("c", 2, 0, 1.0));
  model->schedule.root = node(Kind::strang, {iterate({node(0), node(1)}, options(1)), node(2)});
  model->finish();
  ASSERT_EQ(model->program.windows.size(), 1u);
  Simulation simulation(model, {});
  simulation.run();
  EXPECT_EQ(simulation.state().counter.windows.at(0).windows, 20);
  EXPECT_NEAR(simulation.state().real(0)[0], exact_u(), 1e-4);
}

TEST(WindowIteration, DivergenceNamesMembersFieldsAndResiduals) {
  // One long window: the product of the gains is far above what the decay lets through.
  auto model = followers(1,
                         iterate({node(0), node(1)},
                                 [] {
                                   IterateOptions plain = options(1);
                                   plain.acceleration.acceleration =
                                       solve::FixedPointOptions::Acceleration::constant;
                                   plain.acceleration.relaxation = 1.0;
                                   return plain;
                                 }()),
                         -400.0);
  Simulation simulation(model, {});
  try {
    simulation.run();
    FAIL();
  } catch (const NumericalFailure& failure) {
    EXPECT_THAT(failure.what(),
                testing::AllOf(testing::HasSubstr("iterate: [a, b] diverges"), testing::HasSubstr("'v'"),
                               testing::HasSubstr("t = 0"), testing::HasSubstr("relative to the first")));
  }
}

TEST(WindowIteration, MistakesAreReported) {
  EXPECT_THROW(followers(10, iterate({node(0), node(1)}, options(3))), InputError);  // one substep only
  auto model = test::two_fields(std::make_shared<PointSpace>("p", Dimension{}), 0.1, 10);
  model->processes.push_back(std::make_unique<Follower>("a", 0, 1, 1.0));
  model->processes.push_back(std::make_unique<Follower>("b", 0, 1, 1.0));
  model->schedule.root = iterate({node(0), node(1)}, options(1));
  EXPECT_THROW(model->finish(), InputError);
}

}  // namespace
}  // namespace holon

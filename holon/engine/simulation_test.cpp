#include "holon/engine/simulation.hpp"

#include "holon/base/error.hpp"
#include "holon/engine/system.hpp"
#include "holon/engine/test_processes.hpp"

#include <cmath>
#include <filesystem>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace holon {
namespace {

using test::node;
using Kind = ScheduleNode::Kind;

/// Counts what it sees and sums u, to be restored from checkpoints.
class Watcher final : public ObserverRecipe {
 public:
  explicit Watcher(std::int64_t every, std::vector<Fraction> between = {})
      : ObserverRecipe("watcher"), every_(every), between_(std::move(between)) {}
  struct Watching final : Observer {
    Watching(std::int64_t every, const std::vector<Fraction>& between) : every_(every), between_(between) {}
    bool wants(std::int64_t index) const override { return index % every_ == 0; }
    std::vector<Fraction> between(std::int64_t) const override { return between_; }
    void observe(const Observation& o) override {
      EXPECT_FALSE(o.state.counter.pending_half);
      sum_ += o.state.real(0)[0];
      times_.push_back(o.time);
    }
    std::map<std::string, ResultValue> results() const override {
      return {{"", {sum_, {}}}, {"times", {times_, {}}}};
    }
    void save(Archive& archive) const override {
      archive.put("sum", sum_);
      archive.put("times", std::span<const double>(times_));
    }
    void load(const Archive& archive) override {
      sum_ = archive.reals("sum").at(0);
      times_ = archive.reals("times");
    }
    std::int64_t every_;
    std::vector<Fraction> between_;
    double sum_ = 0.0;
    std::vector<double> times_;
  };
  std::unique_ptr<Observer> start(const Model&) const override {
    return std::make_unique<Watching>(every_, between_);
  }

 private:
  std::int64_t every_;
  std::vector<Fraction> between_;
};

std::shared_ptr<Model> merged_model(std::int64_t steps, std::size_t sites = 1, std::int64_t every = 1,
                                    std::vector<Fraction> between = {}) {
  std::shared_ptr<const Space> space = std::make_shared<PointSpace>("p", Dimension{});
  if (sites > 1)
    space = std::make_shared<GridSpace>("line", GridSpace::Sites::cells,
                                        std::vector<GridSpace::Axis>{{.intervals = sites, .spacing = 0.1}},
                                        Dimension{});
  auto model = test::two_fields(space, 1.0 / static_cast<double>(steps), steps);
  model->processes.push_back(
      std::make_unique<test::Linear>("a", 0, 1, std::array{-3.0, 0.7, 0.0, -0.1}, *model->fields));
  model->processes.push_back(
      std::make_unique<test::Linear>("b", 0, 1, std::array{-1.0, 2.0, -3.0, -1.0}, *model->fields));
  model->schedule.root = node(Kind::strang, {node(0), node(1)});
  model->schedule.root.merge = true;
  model->observers.push_back(std::make_unique<Watcher>(every, std::move(between)));
  model->results.push_back({.name = "sum", .observer = "watcher"});
  model->results.push_back({.name = "times", .observer = "watcher", .outcome = "times"});
  model->finish();
  return model;
}

TEST(Simulation, ObserversDoNotChangeTheTrajectory) {
  Simulation often(merged_model(50, 1, 1), {}), seldom(merged_model(50, 1, 50), {});
  often.run();
  seldom.run();
  EXPECT_EQ(often.state().real(0)[0], seldom.state().real(0)[0]);
  EXPECT_EQ(often.complete_state().real(1)[0], seldom.complete_state().real(1)[0]);
  Simulation between(merged_model(50, 1, 1, {{1, 3}, {1, 2}}), {});
  between.run();
  EXPECT_EQ(between.state().real(0)[0], seldom.state().real(0)[0]);
  EXPECT_EQ(between.complete_state().real(1)[0], seldom.complete_state().real(1)[0]);
}

TEST(Simulation, BetweenStepsObserversSeeWhatAShorterStepLeadsTo) {
  Simulation whole(merged_model(4, 1, 100, {{3, 4}}), {}), quarters(merged_model(16, 1, 1), {});
  const double start = whole.state().real(0)[0];
  whole.step();
  const double before = std::get<double>(whole.results().at("sum").value);  // at 0 and 3/4
  const auto times = std::get<std::vector<double>>(whole.results().at("times").value);
  ASSERT_EQ(times, (std::vector<double>{0.0, 0.1875}));
  // Not three steps of a quarter but one of three quarters: the splitting error tells them apart.
  auto model = test::two_fields(std::make_shared<PointSpace>("p", Dimension{}), 0.1875, 1);
  model->processes.push_back(
      std::make_unique<test::Linear>("a", 0, 1, std::array{-3.0, 0.7, 0.0, -0.1}, *model->fields));
  model->processes.push_back(
      std::make_unique<test::Linear>("b", 0, 1, std::array{-1.0, 2.0, -3.0, -1.0}, *model->fields));
  model->schedule.root = node(Kind::strang, {node(0), node(1)});
  model->finish();
  Simulation exact(model, {});
  exact.run();
  EXPECT_NEAR(before - start, exact.state().real(0)[0], 1e-15);
  quarters.step();
  quarters.step();
  quarters.step();
  EXPECT_GT(std::abs(quarters.complete_state().real(0)[0] - exact.state().real(0)[0]), 1e-6);
}

TEST(Simulation, ObserversDoNotChangeTheBooks) {
  const auto balance_with = [](std::int64_t every) {
    auto model = test::two_fields(std::make_shared<PointSpace>("p", Dimension{}), 0.1, 20);
    FieldTable conserved;
    for (FieldId id = 0; id < model->fields->size(); ++id) {
      Field field = (*model->fields)[id];
      field.conserved = {{"q", 1.0}};
      conserved.add(field);
    }
    *model->fields = conserved;
    model->processes.push_back(
        std::make_unique<test::Linear>("a", 0, 1, std::array{-3.0, 0.5, 1.0, -0.5}, *model->fields));
    model->processes.push_back(
        std::make_unique<test::Linear>("b", 0, 1, std::array{-1.0, 2.0, 0.5, -1.0}, *model->fields));
    model->schedule.root = node(Kind::strang, {node(0), node(1)});
    model->schedule.root.merge = true;
    model->observers.push_back(std::make_unique<Watcher>(every));
    model->finish();
    Simulation simulation(model, {});
    simulation.run();
    return simulation.ledger().front();
  };
  const LedgerBalance often = balance_with(1), seldom = balance_with(20);
  EXPECT_LT(often.relative_residual, 1e-14);
  ASSERT_EQ(often.lines.size(), seldom.lines.size());
  for (std::size_t i = 0; i < often.lines.size(); ++i)
    EXPECT_EQ(often.lines[i].amount, seldom.lines[i].amount);
}

TEST(Simulation, ResumesBitwiseInTheMiddleOfAMergedStep) {
  Simulation whole(merged_model(40), {});
  whole.run();
  Simulation first(merged_model(40), {});
  for (int i = 0; i < 17; ++i) first.step();
  ASSERT_TRUE(first.state().counter.pending_half);
  const auto file =
      std::filesystem::temp_directory_path() / ("holon_checkpoint_" + std::to_string(::getpid()) + ".h5");
  first.checkpoint().write(file);
  Simulation second(merged_model(40), {.threads = 2});
  second.resume(Archive::read(file));
  std::filesystem::remove(file);
  second.run();
  EXPECT_EQ(second.state().real(0)[0], whole.state().real(0)[0]);
  EXPECT_EQ(second.state().real(1)[0], whole.state().real(1)[0]);
  EXPECT_EQ(std::get<double>(second.results().at("sum").value),
            std::get<double>(whole.results().at("sum").value));
}

TEST(Simulation, ACheckpointOfAnotherModelNamesWhatDiffers) {
  Simulation a(merged_model(40), {});
  a.step();
  auto other = merged_model(40);
  other->hash = "other";
  other->resolved = "spacing: 0.1\n";
  Simulation b(other, {});
  try {
    b.resume(a.checkpoint());
    FAIL() << "another model's checkpoint was accepted";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("spacing: nothing in the checkpoint, 0.1 here"),
              std::string::npos)
        << error.what();
  }
}

TEST(Simulation, AThresholdEventStopsAStepAtItsTime) {
  // u' = -u from 1: u = 0.3 at t = -ln 0.3, inside the 13th step of 0.1.
  auto model = test::two_fields(std::make_shared<PointSpace>("p", Dimension{}), 0.1, 100);
  model->processes.push_back(
      std::make_unique<test::Linear>("decay", 0, 1, std::array{-1.0, 0.0, 0.0, -1.0}, *model->fields));
  model->schedule.root = node(0);
  EventRecipe event{.name = "low",
                    .function = Coefficient::equation(
                        [](expr::Graph& g) { return g.subtract(g.symbol("field:u"), g.constant(0.3)); }),
                    .space = model->spaces.at("p"),
                    .direction = EventRecipe::Direction::falling,
                    .action = EventRecipe::Action::stop};
  model->events.push_back(event);
  model->observers.push_back(std::make_unique<Watcher>(100, std::vector<Fraction>{{1, 40}, {3, 4}}));
  model->results.push_back({.name = "times", .observer = "watcher", .outcome = "times"});
  model->finish();
  Simulation simulation(model, {});
  simulation.run();
  // Looks inside the step end with the event: 0.3 is reached at 12.04 steps.
  const auto times = std::get<std::vector<double>>(simulation.results().at("times").value);
  ASSERT_EQ(times.size(), 1 + 2 * 12 + 2u);
  EXPECT_NEAR(times[times.size() - 2], 1.2025, 1e-15);
  EXPECT_EQ(times.back(), simulation.time());
  ASSERT_EQ(simulation.events().size(), 1u);
  EXPECT_NEAR(simulation.events()[0].time, -std::log(0.3), 1e-11);
  EXPECT_NEAR(simulation.time(), -std::log(0.3), 1e-11);
  EXPECT_NEAR(simulation.state().real(0)[0], 0.3, 1e-11);
  EXPECT_TRUE(simulation.finished());
}

TEST(Simulation, RecordedEventsKeepTheRunGoing) {
  // u'' = -(2 pi)^2 u, u(0) = 1: upward crossings of zero at 3/4, 7/4, 11/4.
  auto model = test::two_fields(std::make_shared<PointSpace>("p", Dimension{}), 0.01, 300);
  model->initial = {{0, Coefficient(1.0)}, {1, Coefficient(0.0)}};
  const double w2 = 4.0 * M_PI * M_PI;
  model->processes.push_back(
      std::make_unique<test::Linear>("oscillator", 0, 1, std::array{0.0, 1.0, -w2, 0.0}, *model->fields));
  model->schedule.root = node(0);
  model->events.push_back(
      {.name = "up",
       .function = Coefficient::equation([](expr::Graph& g) { return g.symbol("field:u"); }),
       .space = model->spaces.at("p")});
  model->finish();
  Simulation simulation(model, {});
  simulation.run();
  ASSERT_EQ(simulation.events().size(), 3u);
  for (int k = 0; k < 3; ++k)
    EXPECT_NEAR(simulation.events()[static_cast<std::size_t>(k)].time, 0.75 + k, 1e-10);
  EXPECT_EQ(simulation.state().time.index, 300);
}

TEST(Simulation, AFailureNamesProcessFieldPlaceAndTime) {
  auto model = test::two_fields(std::make_shared<PointSpace>("p", Dimension{}), 100.0, 100);
  model->processes.push_back(
      std::make_unique<test::Linear>("growth", 0, 1, std::array{5.0, 0.0, 0.0, 5.0}, *model->fields));
  model->schedule.root = node(0);
  model->finish();
  Simulation simulation(model, {});
  try {
    simulation.run();
    FAIL() << "an overflow went unnoticed";
  } catch (const NumericalFailure& failure) {
    const std::string text = failure.what();
    for (const char* word : {"growth", "'u'", "the point", "t = 100"})
      EXPECT_NE(text.find(word), std::string::npos) << text;
  }
}

TEST(Simulation, ValuesThatAreNotFiniteNeverPass) {
  // The process does not look itself (it is told to add infinity): the engine does.
  auto model = test::two_fields(std::make_shared<PointSpace>("p", Dimension{}), 0.1, 10);
  auto process =
      std::make_unique<test::Linear>("silent", 0, 1, std::array{-1.0, 0.0, 0.0, -1.0}, *model->fields);
  process->leak_ = std::numeric_limits<double>::infinity();
  model->processes.push_back(std::move(process));
  model->schedule.root = node(0);
  model->finish();
  Simulation simulation(model, {});
  EXPECT_THROW(simulation.run(), NumericalFailure);
}

TEST(Simulation, AnInitialValueThatIsNotFiniteIsRefusedWithItsPlace) {
  auto model = test::two_fields(std::make_shared<PointSpace>("p", Dimension{}), 0.1, 10);
  model->initial[1].second = Coefficient(std::nan(""));
  model->processes.push_back(
      std::make_unique<test::Linear>("decay", 0, 1, std::array{-1.0, 0.0, 0.0, -1.0}, *model->fields));
  model->schedule.root = node(0);
  try {
    model->finish();
    FAIL() << "a run may begin with nan";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("initial value of v"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("the point"), std::string::npos) << error.what();
  }
}

/// Two pools that exchange: u' = v - u, v' = u - v; u + v is conserved.
std::shared_ptr<Model> exchange(double leak) {
  auto model = test::two_fields(std::make_shared<PointSpace>("p", Dimension{}), 0.1, 100);
  model->fields = std::make_shared<FieldTable>();
  model->fields->add({.name = "u", .space = model->spaces.at("p"), .conserved = {{"calcium", 1.0}}});
  model->fields->add({.name = "v", .space = model->spaces.at("p"), .conserved = {{"calcium", 1.0}}});
  auto process =
      std::make_unique<test::Linear>("exchange", 0, 1, std::array{-1.0, 1.0, 1.0, -1.0}, *model->fields);
  process->leak_ = leak;
  model->processes.push_back(std::move(process));
  model->schedule.root = node(0);
  model->finish();
  return model;
}

TEST(Ledger, ClosesToRoundOffAndSeesAnInjectedLeak) {
  Simulation sound(exchange(0.0), {}), leaking(exchange(1e-6), {});
  sound.run();
  leaking.run();
  ASSERT_EQ(sound.ledger().size(), 1u);
  EXPECT_LT(sound.ledger()[0].relative_residual, 1e-14);
  // Both fields hold it: what one loses the other gains, and the process brings in nothing but the round-off
  // of a hundred steps.
  ASSERT_EQ(sound.ledger()[0].lines.size(), 1u);
  EXPECT_LT(std::abs(sound.ledger()[0].lines[0].amount), 1e-13);
  EXPECT_GT(sound.ledger()[0].lines[0].moved, 0.1);
  EXPECT_GT(leaking.ledger()[0].relative_residual, 1e-7);
}

TEST(Ledger, ConvertsUnitsAndRefusesThoseThatDoNotFit) {
  const auto space = std::make_shared<PointSpace>("p");
  FieldTable fields;
  const auto add = [&](const char* name, const char* unit) {
    Field field;
    field.name = name;
    field.space = space;
    field.unit = Unit::parse(unit);
    field.conserved = {{"calcium", 2.0}};
    return fields.add(field);
  };
  const FieldId fine = add("fine", "uM"), coarse = add("coarse", "mM");
  const auto table = std::make_shared<FieldTable>(fields);
  State state(table, std::make_shared<ParameterTable>(), 0);
  state.real(fine)[0] = 5.0;
  state.real(coarse)[0] = 0.25;
  ThreadPool threads(1);
  EXPECT_DOUBLE_EQ(Ledger(*table, {}).held(state, threads).at("calcium"), 2.0 * (5.0 + 250.0));
  add("wrong", "mV");
  try {
    Ledger(fields, {});
    FAIL() << "no error";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("'fine' holds 'calcium' in uM, and 'wrong' in mV"));
  }
}

TEST(System, AddsRatesAndDerivativesOfProcesses) {
  const auto model = merged_model(10, 5);
  ThreadPool threads(1);
  const System system(model, threads);
  const State state = model->initial_state(threads, 0);
  const Vector rate = system.residual(state, 0.0);
  EXPECT_DOUBLE_EQ(rate(0)[2], (-3.0 - 1.0) * 1.0 + (0.7 + 2.0) * 0.5);
  EXPECT_DOUBLE_EQ(rate(1)[2], -3.0 * 1.0 + (-0.1 - 1.0) * 0.5);
  Vector d(system.layout()), w(system.layout());
  for (std::size_t i = 0; i < d.values().size(); ++i) {
    d.values()[i] = std::sin(1.0 + static_cast<double>(i));
    w.values()[i] = std::cos(2.0 + static_cast<double>(i));
  }
  const Vector jd = system.jvp(state, 0.0, d), jw = system.vjp(state, 0.0, w);
  double left = 0.0, right = 0.0;
  std::vector<double> product(d.values().size(), 0.0);
  for (const auto& entry : system.jacobian(state, 0.0).compressed())
    product[entry.row] += entry.value * d.values()[entry.column];
  for (std::size_t i = 0; i < product.size(); ++i) {
    EXPECT_NEAR(product[i], jd.values()[i], 1e-14);
    left += w.values()[i] * jd.values()[i];
    right += jw.values()[i] * d.values()[i];
  }
  EXPECT_NEAR(left, right, 1e-13);
}

TEST(SimulationThreads, ThreeStatesOfOneModelRunAtTheSameTime) {
  const auto model = merged_model(200, 50);
  Simulation alone(model, {});
  alone.run();
  std::vector<std::vector<double>> ends(3);
  std::vector<std::thread> runs;
  for (std::size_t r = 0; r < 3; ++r)
    runs.emplace_back([&, r] {
      Simulation simulation(model, {.threads = static_cast<int>(r) + 1});
      simulation.run();
      const auto u = simulation.state().real(0);
      ends[r].assign(u.begin(), u.end());
    });
  for (std::thread& run : runs) run.join();
  const auto expected = alone.state().real(0);
  for (const auto& end : ends) EXPECT_TRUE(std::equal(end.begin(), end.end(), expected.begin()));
}

}  // namespace
}  // namespace holon

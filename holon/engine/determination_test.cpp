#include "holon/engine/determination.hpp"

#include "holon/base/error.hpp"
#include "holon/engine/simulation.hpp"
#include "holon/engine/system.hpp"
#include "holon/engine/test_processes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holon {
namespace {

using test::node;
using ::testing::HasSubstr;
using Kind = ScheduleNode::Kind;

/// Determines `to` = 2 `from` and counts how often.
class Doubling final : public Process {
 public:
  Doubling(std::string name, FieldId from, FieldId to, int* count)
      : Process(std::move(name)), from_(from), to_(to), count_(count) {}
  std::string_view type() const override { return "doubling"; }
  Ports ports() const override { return {{Port::Role::determine, to_, FieldKind::value, {}}}; }
  void initialise(State&, Workspace&) const override {}
  Outcome advance(State&, const Interval& interval, const Inputs&, Workspace&) const override {
    return {Outcome::Why::done, interval.end, {}, {}};
  }
  void determine(State& state, double, Workspace&) const override {
    state.real(to_)[0] = 2.0 * state.real(from_)[0];
    ++*count_;
  }
  std::vector<FieldId> determined_from() const override { return {from_}; }
  void rate(const State& state, double, Workspace&, Vector& rates) const override {
    if (rates.layout().contains(to_)) rates(to_)[0] += 2.0 * state.real(from_)[0] - state.real(to_)[0];
  }
  void jvp(const State&, double, const Vector& du, Workspace&, Vector& out) const override {
    if (out.layout().contains(to_)) out(to_)[0] += 2.0 * du(from_)[0] - du(to_)[0];
  }
  void vjp(const State&, double, const Vector& w, Workspace&, Vector& out) const override {
    if (!w.layout().contains(to_)) return;
    out(from_)[0] += 2.0 * w(to_)[0];
    out(to_)[0] -= w(to_)[0];
  }
  void jacobian(const State&, double, Workspace&, SparseBuilder& entries) const override {
    const Layout& layout = entries.layout();
    if (!layout.contains(to_)) return;
    entries.add(layout.offset(to_), layout.offset(from_), 2.0);
    entries.add(layout.offset(to_), layout.offset(to_), -1.0);
  }

 private:
  FieldId from_, to_;
  int* count_;
};

/// v' = (a determined field), by forward Euler.
class Following final : public Process {
 public:
  Following(FieldId read, FieldId advanced) : Process("following"), read_(read), advanced_(advanced) {}
  std::string_view type() const override { return "following"; }
  Ports ports() const override {
    return {{Port::Role::advance, advanced_, FieldKind::value, {}},
            {Port::Role::read, read_, FieldKind::value, {}}};
  }
  void initialise(State&, Workspace&) const override {}
  Outcome advance(State& state, const Interval& interval, const Inputs&, Workspace&) const override {
    state.real(advanced_)[0] += interval.dt() * state.real(read_)[0];
    return {Outcome::Why::done, interval.end, {}, {}};
  }
  void rate(const State& state, double, Workspace&, Vector& rates) const override {
    rates(advanced_)[0] += state.real(read_)[0];
  }
  void jvp(const State&, double, const Vector& du, Workspace&, Vector& out) const override {
    out(advanced_)[0] += du(read_)[0];
  }
  void vjp(const State&, double, const Vector& w, Workspace&, Vector& out) const override {
    out(read_)[0] += w(advanced_)[0];
  }
  void jacobian(const State&, double, Workspace&, SparseBuilder& entries) const override {
    entries.add(entries.layout().offset(advanced_), entries.layout().offset(read_), 1.0);
  }

 private:
  FieldId read_, advanced_;
};

/// Keeps what it saw of a field at every third step.
class Seen final : public ObserverRecipe {
 public:
  Seen(FieldId field, std::vector<double>* seen) : ObserverRecipe("seen"), field_(field), seen_(seen) {}
  bool reads(FieldId field) const override { return field == field_; }
  std::unique_ptr<Observer> start(const Model&) const override {
    struct Seeing final : Observer {
      Seeing(FieldId field, std::vector<double>* seen) : field_(field), seen_(seen) {}
      bool wants(std::int64_t index) const override { return index % 3 == 0; }
      void observe(const Observation& o) override { seen_->push_back(o.state.real(field_)[0]); }
      void save(Archive&) const override {}
      void load(const Archive&) override {}
      FieldId field_;
      std::vector<double>* seen_;
    };
    return std::make_unique<Seeing>(field_, seen_);
  }

 private:
  FieldId field_;
  std::vector<double>* seen_;
};

struct Case {
  std::shared_ptr<Model> model = test::two_fields(std::make_shared<PointSpace>("p", Dimension{}), 0.5, 6);
  FieldId twice = model->fields->add({.name = "twice", .space = model->spaces.begin()->second});
  FieldId four_times = model->fields->add({.name = "four_times", .space = model->spaces.begin()->second});
  int doublings = 0, second_doublings = 0;
  std::vector<double> seen;

  /// u grows as e^t; `late`, told first, determines from what `early` determines.
  void add_processes() {
    auto& processes = model->processes;
    processes.push_back(std::make_unique<Doubling>("late", twice, four_times, &second_doublings));
    processes.push_back(std::make_unique<Doubling>("early", 0, twice, &doublings));
    processes.push_back(
        std::make_unique<test::Linear>("growth", 0, 0, std::array{0.5, 0.5, 0.5, 0.5}, *model->fields));
  }
};

TEST(Determination, OnlyForThoseWhoLookAndInOrder) {
  Case c;
  c.add_processes();
  c.model->schedule.root = node(Kind::lie, {node(0), node(1), node(2)});
  c.model->observers.push_back(std::make_unique<Seen>(c.four_times, &c.seen));
  c.model->finish();
  c.doublings = c.second_doublings = 0;
  Simulation simulation(c.model, {});
  simulation.run();
  ASSERT_EQ(c.seen.size(), 3U);
  for (int k = 0; k < 3; ++k) {
    const double u = std::exp(1.5 * k);
    EXPECT_NEAR(c.seen[static_cast<std::size_t>(k)], 4.0 * u, 1e-12 * u);
  }
  EXPECT_EQ(c.doublings, 4);  // at the start, and three times for the observer
  EXPECT_EQ(c.second_doublings, 4);
}

TEST(Determination, NotForThoseWhoLookElsewhere) {
  Case c;
  c.add_processes();
  c.model->schedule.root = node(Kind::lie, {node(0), node(1), node(2)});
  c.model->observers.push_back(std::make_unique<Seen>(c.twice, &c.seen));
  c.model->finish();
  c.doublings = c.second_doublings = 0;
  Simulation simulation(c.model, {});
  simulation.run();
  EXPECT_EQ(c.doublings, 4);
  EXPECT_EQ(c.second_doublings, 1);
  EXPECT_EQ(simulation.complete_state().real(c.four_times)[0], 4.0 * simulation.state().real(0)[0]);
}

TEST(Determination, BeforeAProcessThatReads) {
  Case c;
  c.add_processes();
  c.model->processes.push_back(std::make_unique<Following>(c.twice, 1));
  c.model->schedule.root = node(Kind::lie, {node(0), node(1), node(2), node(3)});
  c.model->finish();
  Simulation simulation(c.model, {});
  simulation.run();
  double u = 1.0, v = 0.5;
  for (int k = 0; k < 6; ++k) {
    u *= std::exp(0.5);
    v += 0.5 * 2.0 * u;
  }
  EXPECT_NEAR(simulation.state().real(1)[0], v, 1e-12 * v);
  // What is determined for it is an unknown of the model as one operator, with a residual and no rate.
  ThreadPool threads(1);
  const System system(c.model, threads);
  ASSERT_TRUE(system.layout().contains(c.twice));
  EXPECT_FALSE(system.layout().contains(c.four_times));
  State state = c.model->initial_state(threads, 0);
  state.real(c.twice)[0] = 5.0;
  const Vector residual = system.residual(state, 0.0);
  EXPECT_EQ(residual(c.twice)[0], 2.0 * state.real(0)[0] - 5.0);
  EXPECT_EQ(residual(1)[0], 5.0);
  EXPECT_EQ(system.mass()[system.layout().offset(c.twice)], 0.0);
  EXPECT_EQ(system.mass()[system.layout().offset(1)], 1.0);
  system.determine(state, 0.0);
  EXPECT_EQ(system.residual(state, 0.0)(c.twice)[0], 0.0);
}

TEST(Determination, CirclesAndTwoDeterminersAreRefused) {
  const auto message = [](const std::string& from, const std::string& to) {
    Case c;
    int count = 0;
    const FieldTable& fields = *c.model->fields;
    c.model->processes.push_back(std::make_unique<Doubling>("first", c.twice, c.four_times, &count));
    c.model->processes.push_back(
        std::make_unique<Doubling>("second", fields.id(from), fields.id(to), &count));
    c.model->schedule.root = node(Kind::lie, {node(0), node(1)});
    try {
      c.model->finish();
    } catch (const InputError& error) { return std::string(error.what()); }
    return std::string();
  };
  EXPECT_THAT(message("four_times", "twice"), HasSubstr("depends on itself"));
  EXPECT_THAT(message("u", "four_times"), HasSubstr("'four_times' is determined by 'first' and by 'second'"));
  EXPECT_EQ(message("u", "twice"), "");
}

}  // namespace
}  // namespace holon

#include "holon/agents/motion.hpp"

#include "holon/base/random.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace holon::agents {

namespace {

constexpr std::size_t grain = 4096;
constexpr std::string_view axis_names = "xyz";

/// The first site at which a column is wrong, if there is one.
template <class Wrong>
std::optional<std::size_t> first_wrong(std::span<const double> values, Wrong wrong, ThreadPool& threads) {
  const double found = threads.sum(values.size(), grain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t site = begin; site < end; ++site)
      if (wrong(values[site])) return 1.0;
    return 0.0;
  });
  if (found == 0.0) return std::nullopt;
  return static_cast<std::size_t>(std::find_if(values.begin(), values.end(), wrong) - values.begin());
}

bool is_zero(const Coefficient& coefficient) { return coefficient.constant() == 0.0; }

}  // namespace

/// Scratch of one step.
struct Motion::Kept final : Scratch {
  std::vector<std::vector<double>> before;    // places at the beginning, by axis
  std::vector<std::vector<double>> velocity;  // by axis
  std::vector<double> diffusivity;
  std::vector<ProcessId> determiners;  // of what follows the places
  std::vector<Workspace> work;         // one for each of them
  bool determiners_known = false;
};

void Motion::declare(Setup& setup, FieldTable& fields) {
  setup.steps = fields.add({.name = setup.name + ":steps",
                            .space = std::make_shared<const PointSpace>(setup.name + ":books"),
                            .type = FieldType::integer,
                            .description = "steps taken"});
}

Motion::Motion(Setup setup, const Model& model)
    : Process(setup.name),
      setup_(std::move(setup)),
      model_(&model),
      population_(population_fields(*model.fields, *setup_.space)),
      stream_(stream_of(name())),
      diffusivity_(name() + " diffusivity", setup_.diffusivity, setup_.space, *model.fields,
                   *model.parameters, model.kernels) {
  for (std::size_t a = 0; a < setup_.velocity.size(); ++a)
    velocity_.emplace_back(fmt::format("{} velocity {}", name(), axis_names[a]), setup_.velocity[a],
                           setup_.space, *model.fields, *model.parameters, model.kernels);
  walks_ = !is_zero(setup_.diffusivity);
  moves_ = !std::all_of(setup_.velocity.begin(), setup_.velocity.end(), is_zero);
  const Space* frame = setup_.space->frame();
  irregular_ = frame != nullptr && frame->sites_inside() != frame->sites();
  for (FieldId id = 0; id < model.fields->size(); ++id) {
    const Field& field = (*model.fields)[id];
    const auto depends = [&](const Coefficient& each) {
      return each.depends_on("field:" + field.name) || each.depends_on("field:" + field.name + "[*");
    };
    if (id != *population_.position &&
        (depends(setup_.diffusivity) || std::any_of(setup_.velocity.begin(), setup_.velocity.end(), depends)))
      reads_.push_back(id);
  }
}

Ports Motion::ports() const {
  const auto port = [&](Port::Role role, FieldId field) {
    return Port{role, field, (*model_->fields)[field].kind, (*model_->fields)[field].unit};
  };
  Ports ports{port(Port::Role::advance, *population_.position)};
  for (const FieldId field : reads_) ports.push_back(port(Port::Role::read, field));
  return ports;
}

Traits Motion::traits() const {
  return {.smooth = false, .stochastic = walks_, .reason = "agents of '" + setup_.space->name() + "' move"};
}

double Motion::inside(double x, std::size_t axis) const {
  const auto& [low, high, periodic] = setup_.box[axis];
  if (x >= low && x <= high && !(periodic && x == high)) return x;
  const double extent = high - low;
  if (periodic) {
    x -= extent * std::floor((x - low) / extent);
    return x < high ? x : low;
  }
  if (setup_.at_sides == AtSides::fail) return std::numeric_limits<double>::quiet_NaN();
  if (setup_.at_sides == AtSides::stop) return std::clamp(x, low, high);
  double way = std::fmod(x - low, 2.0 * extent);
  if (way < 0.0) way += 2.0 * extent;
  return std::clamp(way <= extent ? low + way : high - (way - extent), low, high);
}

std::optional<Diagnosis> Motion::walk(State& state, const Interval& interval, Half half, Kept& kept,
                                      ThreadPool& threads) const {
  const double time = half == Half::first ? interval.t0() : interval.t1();
  const std::size_t agents = state.sites(*setup_.space);
  kept.diffusivity.resize(agents);
  diffusivity_.evaluate(state, time, kept.diffusivity, threads);
  const auto wrong = [](double d) { return !(d >= 0.0 && std::isfinite(d)); };
  if (const auto site = first_wrong(kept.diffusivity, wrong, threads))
    return Diagnosis{
        name(), (*model_->fields)[*population_.position].name,
        "the diffusivity is " + number_text(kept.diffusivity[*site]) + "; it is finite and not negative",
        state.site_text(*setup_.space, *site), time};
  const auto from = irregular_ ? places(state) : std::vector<std::vector<double>>{};
  const auto id = state.integer(population_.id);
  const auto step = static_cast<std::uint64_t>(state.integer(setup_.steps)[0]);
  const std::size_t axes = setup_.box.size();
  for (std::size_t a = 0; a < axes; ++a) {
    const auto x = state.real(*population_.position, static_cast<int>(a));
    const auto draw = static_cast<std::uint32_t>(half == Half::first ? a : axes + a);
    threads.for_range(agents, grain, [&](std::size_t begin, std::size_t end) {
      for (std::size_t site = begin; site < end; ++site) {
        const RandomKey key{.seed = state.seed,
                            .process = stream_,
                            .site = static_cast<std::uint64_t>(id[site]),
                            .interval = step};
        // Over half of the step: the variance is 2 D dt/2.
        x[site] = inside(x[site] + std::sqrt(kept.diffusivity[site] * interval.dt()) * normal(key, draw), a);
      }
    });
  }
  if (irregular_) stop_at_domain(state, from, threads);
  return fault(state, time, threads);
}

std::optional<Diagnosis> Motion::move(State& state, const std::vector<std::vector<double>>& from, double time,
                                      double span, Kept& kept, ThreadPool& threads) const {
  const std::size_t agents = state.sites(*setup_.space);
  kept.velocity.resize(setup_.box.size());
  for (std::size_t a = 0; a < setup_.box.size(); ++a) {
    kept.velocity[a].resize(agents);
    velocity_[a].evaluate(state, time, kept.velocity[a], threads);
    const auto wrong = [](double v) { return !std::isfinite(v); };
    if (const auto site = first_wrong(kept.velocity[a], wrong, threads))
      return Diagnosis{
          name(), (*model_->fields)[*population_.position].name,
          fmt::format("the velocity along {} is {}", axis_names[a], number_text(kept.velocity[a][*site])),
          state.site_text(*setup_.space, *site), time};
  }
  for (std::size_t a = 0; a < setup_.box.size(); ++a) {
    const auto x = state.real(*population_.position, static_cast<int>(a));
    threads.for_range(agents, grain, [&](std::size_t begin, std::size_t end) {
      for (std::size_t site = begin; site < end; ++site)
        x[site] = inside(from[a][site] + span * kept.velocity[a][site], a);
    });
  }
  if (irregular_) stop_at_domain(state, from, threads);
  return fault(state, time + span, threads);
}

std::vector<std::vector<double>> Motion::places(const State& state) const {
  std::vector<std::vector<double>> places(setup_.box.size());
  for (std::size_t a = 0; a < places.size(); ++a) {
    const auto x = state.real(*population_.position, static_cast<int>(a));
    places[a].assign(x.begin(), x.end());
  }
  return places;
}

void Motion::stop_at_domain(State& state, const std::vector<std::vector<double>>& from,
                            ThreadPool& threads) const {
  std::array<std::span<double>, 3> x;
  for (std::size_t a = 0; a < from.size(); ++a) x[a] = state.real(*population_.position, static_cast<int>(a));
  threads.for_range(x[0].size(), grain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t site = begin; site < end; ++site) {
      Position place{};
      bool finite = true;
      for (std::size_t a = 0; a < from.size(); ++a) {
        place[a] = x[a][site];
        finite = finite && std::isfinite(place[a]);
      }
      if (!finite || setup_.space->in_domain(place)) continue;
      for (std::size_t a = 0; a < from.size(); ++a) x[a][site] = from[a][site];
    }
  });
}

std::optional<Diagnosis> Motion::fault(const State& state, double time, ThreadPool& threads) const {
  if (setup_.at_sides != AtSides::fail) return std::nullopt;
  for (std::size_t a = 0; a < setup_.box.size(); ++a) {
    const auto x = state.real(*population_.position, static_cast<int>(a));
    const auto left = [](double value) { return std::isnan(value); };
    if (const auto site = first_wrong(x, left, threads))
      return Diagnosis{name(), (*model_->fields)[*population_.position].name,
                       fmt::format("the agent with id {} went beyond a side along {} (at_sides: error)",
                                   state.integer(population_.id)[*site], axis_names[a]),
                       "", time};
  }
  return std::nullopt;
}

std::optional<Diagnosis> Motion::outside_at_start(const State& state, double time) const {
  if (state.integer(setup_.steps)[0] != 0) return std::nullopt;
  for (std::size_t a = 0; a < setup_.box.size(); ++a) {
    const auto& [low, high, periodic] = setup_.box[a];
    const double slack = 1e-9 * (high - low);
    const auto x = state.real(*population_.position, static_cast<int>(a));
    const auto outside = [&](double value) { return value < low - slack || value > high + slack; };
    const auto found = std::find_if(x.begin(), x.end(), outside);
    if (found != x.end())
      return Diagnosis{name(), (*model_->fields)[*population_.position].name,
                       fmt::format("the agent begins outside of the grid in which '{}' keeps it; place it "
                                   "inside, or leave 'within' out",
                                   name()),
                       state.site_text(*setup_.space, static_cast<std::size_t>(found - x.begin())), time};
  }
  return std::nullopt;
}

void Motion::look_again(State& state, double time, Kept& kept, ThreadPool& threads) const {
  if (!kept.determiners_known) {
    kept.determiners_known = true;
    std::vector<FieldId> follows{*population_.position};
    const auto reads = [&](FieldId field) {
      return std::find(reads_.begin(), reads_.end(), field) != reads_.end();
    };
    for (const ProcessId id : model_->determination.before(reads)) {
      const Process& process = *model_->processes[id];
      const auto from = process.determined_from();
      if (std::find_first_of(from.begin(), from.end(), follows.begin(), follows.end()) == from.end())
        continue;
      kept.determiners.push_back(id);
      for (const Port& port : process.ports())
        if (port.role == Port::Role::determine) follows.push_back(port.field);
    }
    kept.work.resize(kept.determiners.size());
  }
  for (std::size_t k = 0; k < kept.determiners.size(); ++k) {
    kept.work[k].threads = &threads;
    model_->processes[kept.determiners[k]]->determine(state, time, kept.work[k]);
  }
}

Outcome Motion::advance(State& state, const Interval& interval, const Inputs&, Workspace& work) const {
  if (!work.scratch) work.scratch = std::make_unique<Kept>();
  auto& kept = dynamic_cast<Kept&>(*work.scratch);
  ThreadPool& threads = *work.threads;
  const auto failed = [&](Diagnosis what) {
    return Outcome{Outcome::Why::failed, interval.begin, 0.0, std::move(what)};
  };
  const double t0 = interval.t0(), dt = interval.dt();
  if (auto wrong = outside_at_start(state, t0)) return failed(std::move(*wrong));
  if (walks_) {
    if (auto wrong = walk(state, interval, Half::first, kept, threads)) return failed(std::move(*wrong));
    if (moves_) look_again(state, t0, kept, threads);
  }
  if (moves_) {
    kept.before = places(state);
    if (auto wrong = move(state, kept.before, t0, 0.5 * dt, kept, threads)) return failed(std::move(*wrong));
    look_again(state, t0 + 0.5 * dt, kept, threads);
    if (auto wrong = move(state, kept.before, t0 + 0.5 * dt, dt, kept, threads))
      return failed(std::move(*wrong));
  }
  if (walks_)
    if (auto wrong = walk(state, interval, Half::second, kept, threads)) return failed(std::move(*wrong));
  ++state.integer(setup_.steps)[0];
  ++work.counters.steps;
  return {Outcome::Why::done, interval.end, {}, {}};
}

Scales Motion::scales(const State& state) const {
  ThreadPool alone(1);
  const std::size_t agents = state.sites(*setup_.space);
  Scales scales;
  for (const auto& side : setup_.box) scales.space_extent = std::max(scales.space_extent, side.extent());
  double smallest = std::numeric_limits<double>::infinity();
  for (const double radius : state.real(*population_.radius))
    if (radius > 0.0) smallest = std::min(smallest, 2.0 * radius);
  scales.space_resolution = std::isfinite(smallest) ? smallest : 0.0;
  std::vector<double> speed(agents, 0.0), column(agents);
  for (const CoefficientKernel& velocity : velocity_) {
    velocity.evaluate(state, 0.0, column, alone);
    for (std::size_t site = 0; site < agents; ++site) speed[site] = std::hypot(speed[site], column[site]);
  }
  diffusivity_.evaluate(state, 0.0, column, alone);
  double fastest = std::numeric_limits<double>::infinity(), slowest = 0.0;
  for (std::size_t site = 0; site < agents; ++site) {
    const auto passes = [&](double length) {  // the time that it takes over a length
      return 1.0 / (speed[site] / length + column[site] / (length * length));
    };
    if (!(speed[site] > 0.0) && !(column[site] > 0.0)) continue;
    if (scales.space_resolution > 0.0) fastest = std::min(fastest, passes(scales.space_resolution));
    slowest = std::max(slowest, passes(scales.space_extent));
  }
  if (std::isfinite(fastest) && slowest > 0.0) {
    scales.time_resolution = fastest;
    scales.time_extent = slowest;
  }
  return scales;
}

std::vector<std::string> Motion::description() const {
  std::vector<std::string> lines;
  if (moves_) lines.emplace_back("explicit midpoint rule, order 2");
  if (walks_)
    lines.emplace_back(moves_
                           ? "a random walk, half of it before and half after (Strang), drawn by id and step"
                           : "a random walk, drawn by id and step");
  std::string sides;
  for (std::size_t a = 0; a < setup_.box.size(); ++a)
    sides += fmt::format("{}{}: {}", a == 0 ? "" : ", ", axis_names[a],
                         setup_.box[a].periodic                ? "periodic"
                         : setup_.at_sides == AtSides::reflect ? "reflected"
                         : setup_.at_sides == AtSides::stop    ? "stopped"
                                                               : "an error");
  lines.push_back("at sides along " + sides);
  return lines;
}

}  // namespace holon::agents

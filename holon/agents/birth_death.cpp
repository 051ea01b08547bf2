#include "holon/agents/birth_death.hpp"

#include "holon/base/error.hpp"
#include "holon/base/random.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace holon::agents {

namespace {

constexpr std::size_t grain = 4096;
constexpr double never = std::numeric_limits<double>::infinity();

}  // namespace

struct BirthDeath::Columns {
  std::span<const std::int64_t> id, generation;
  std::span<std::int64_t> fate, drawn;
  std::span<double> birth_left, death_left, rest;
  std::uint64_t seed;

  Columns(const BirthDeath& process, State& state)
      : id(state.integer(process.population_.id)),
        generation(state.integer(process.population_.generation)),
        fate(state.integer(process.population_.fate)),
        drawn(state.integer(process.setup_.drawn)),
        birth_left(state.real(process.setup_.birth_left)),
        death_left(state.real(process.setup_.death_left)),
        rest(state.real(process.setup_.rest)),
        seed(state.seed) {}
};

void BirthDeath::declare(Setup& setup, FieldTable& fields) {
  const auto add = [&](const char* name, FieldType type) {
    return fields.add({.name = setup.name + ":" + name, .space = setup.space, .type = type});
  };
  setup.birth_left = add("birth_left", FieldType::real);
  setup.death_left = add("death_left", FieldType::real);
  setup.rest = add("rest", FieldType::real);
  setup.drawn = add("drawn", FieldType::integer);
}

BirthDeath::BirthDeath(Setup setup, const Model& model)
    : Process(setup.name),
      setup_(std::move(setup)),
      population_(population_fields(*model.fields, *setup_.space)),
      stream_(stream_of(name())),
      birth_(name() + " birth", setup_.birth, setup_.space, *model.fields, *model.parameters, model.kernels),
      death_(name() + " death", setup_.death, setup_.space, *model.fields, *model.parameters, model.kernels) {
  for (const char* varying : {"field:*", "time", "position.*", "random:*"})
    exact_ = exact_ && !setup_.birth.depends_on(varying) && !setup_.death.depends_on(varying);
  for (FieldId id = 0; id < model.fields->size(); ++id) {
    const std::string symbol = "field:" + (*model.fields)[id].name;
    if (setup_.birth.depends_on(symbol) || setup_.death.depends_on(symbol)) reads_.push_back(id);
  }
}

Ports BirthDeath::ports() const {
  Ports ports{{Port::Role::advance, population_.fate, FieldKind::value, {}}};
  for (const FieldId field : reads_) ports.push_back({Port::Role::read, field, FieldKind::value, {}});
  return ports;
}

Traits BirthDeath::traits() const {
  return {.smooth = false,
          .stochastic = true,
          .error_controlled = exact_,
          .reason = "agents of '" + setup_.space->name() + "' divide and die at random times"};
}

void BirthDeath::evaluate(const State& state, double time, Rates& rates, ThreadPool& threads) const {
  const std::size_t sites = state.sites(*setup_.space);
  rates.birth.resize(sites);
  rates.death.resize(sites);
  birth_.evaluate(state, time, rates.birth, threads);
  death_.evaluate(state, time, rates.death, threads);
}

std::optional<Diagnosis> BirthDeath::wrong_rate(const State& state, double time, const Rates& rates,
                                                ThreadPool& threads) const {
  const auto wrong = [](double rate) { return !(rate >= 0.0 && rate < never); };
  const double blocks = threads.sum(rates.birth.size(), grain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t site = begin; site < end; ++site)
      if (wrong(rates.birth[site]) || wrong(rates.death[site])) return 1.0;
    return 0.0;
  });
  if (blocks == 0.0) return std::nullopt;
  std::size_t site = 0;
  while (!wrong(rates.birth[site]) && !wrong(rates.death[site])) ++site;
  const bool birth = wrong(rates.birth[site]);
  return Diagnosis{
      name(), "",
      fmt::format("the {} rate is {}; a rate is finite and not negative", birth ? "birth" : "death",
                  number_text(birth ? rates.birth[site] : rates.death[site])),
      state.site_text(*setup_.space, site), time};
}

Scales BirthDeath::scales(const State& state) const {
  ThreadPool alone(1);
  Rates rates;
  evaluate(state, 0.0, rates, alone);
  Scales scales;
  scales.time_resolution = std::numeric_limits<double>::infinity();
  for (const auto* each : {&rates.birth, &rates.death})
    for (const double rate : *each)
      if (rate > 0.0 && std::isfinite(rate)) {
        scales.time_resolution = std::min(scales.time_resolution, 1.0 / rate);
        scales.time_extent = std::max(scales.time_extent, 1.0 / rate);
      }
  return scales.time_extent > 0.0 ? scales : Scales{};
}

void BirthDeath::live(const Columns& columns, std::size_t site, double span, double birth,
                      double death) const {
  double &birth_left = columns.birth_left[site], &death_left = columns.death_left[site];
  if (columns.drawn[site] != columns.generation[site] + 1) {
    const RandomKey key{.seed = columns.seed,
                        .process = stream_,
                        .site = static_cast<std::uint64_t>(columns.id[site]),
                        .interval = static_cast<std::uint64_t>(columns.generation[site])};
    birth_left = -std::log(uniform(key, 0));
    death_left = -std::log(uniform(key, 1));
    columns.drawn[site] = columns.generation[site] + 1;
  }
  const double to_birth = birth > 0.0 ? birth_left / birth : never;
  const double to_death = death > 0.0 ? death_left / death : never;
  const double first = std::min(to_birth, to_death);
  if (first >= span) {
    birth_left = std::max(0.0, birth_left - birth * span);
    death_left = std::max(0.0, death_left - death * span);
    columns.rest[site] = 0.0;
  } else {
    columns.fate[site] = static_cast<std::int64_t>(to_death <= to_birth ? Fate::die : Fate::divide);
    columns.rest[site] = span - first;
  }
}

Outcome BirthDeath::advance(State& state, const Interval& interval, const Inputs&, Workspace& work) const {
  struct Kept final : Scratch {
    Rates rates;
  };
  if (!work.scratch) work.scratch = std::make_unique<Kept>();
  Rates& rates = dynamic_cast<Kept&>(*work.scratch).rates;
  ThreadPool& threads = *work.threads;
  const double middle = interval.t0() + 0.5 * interval.dt();
  evaluate(state, middle, rates, threads);
  if (auto wrong = wrong_rate(state, middle, rates, threads))
    return {Outcome::Why::failed, interval.begin, 0.0, std::move(*wrong)};
  const Columns columns(*this, state);
  threads.for_range(columns.id.size(), grain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t site = begin; site < end; ++site)
      if (columns.fate[site] == static_cast<std::int64_t>(Fate::stay))
        live(columns, site, interval.dt(), rates.birth[site], rates.death[site]);
      else  // decided in an earlier part, and not committed since: what is born then has this to live, too
        columns.rest[site] += interval.dt();
  });
  ++work.counters.steps;
  return {Outcome::Why::done, interval.end, {}, {}};
}

void BirthDeath::live_on(State& state, const Interval& interval, Workspace& work) const {
  thread_local Rates rates;
  evaluate(state, interval.t0() + 0.5 * interval.dt(), rates, *work.threads);
  if (const auto wrong = wrong_rate(state, interval.t0(), rates, *work.threads))
    throw NumericalFailure(
        fmt::format("process '{}' failed at {}: {}", name(), wrong->place, wrong->message));
  const Columns columns(*this, state);
  const Rates& known = rates;
  work.threads->for_range(columns.id.size(), grain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t site = begin; site < end; ++site)
      if (columns.rest[site] > 0.0 && columns.fate[site] == static_cast<std::int64_t>(Fate::stay))
        live(columns, site, columns.rest[site], known.birth[site], known.death[site]);
  });
}

std::vector<std::string> BirthDeath::description() const {
  return {exact_ ? "exact: waiting times are drawn in continuous time"
                 : "waiting times in continuous time, with the rates of the beginning "
                   "of each step"};
}

}  // namespace holon::agents

#include "holon/agents/birth_death.hpp"

#include "holon/base/error.hpp"
#include "holon/base/random.hpp"

#include <algorithm>
#include <array>
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
      death_(name() + " death", setup_.death, setup_.space, *model.fields, *model.parameters, model.kernels),
      divide_(name() + " divide_when", setup_.divide_when, setup_.space, *model.fields, *model.parameters,
              model.kernels),
      die_(name() + " die_when", setup_.die_when, setup_.space, *model.fields, *model.parameters,
           model.kernels) {
  const auto never_holds = [](const Coefficient& each) { return each.constant() == 0.0; };
  has_rules_ = !never_holds(setup_.divide_when) || !never_holds(setup_.die_when);
  random_ = !never_holds(setup_.birth) || !never_holds(setup_.death) ||
            setup_.divide_when.depends_on("random:*") || setup_.die_when.depends_on("random:*");
  const std::array all{&setup_.birth, &setup_.death, &setup_.divide_when, &setup_.die_when};
  const auto depends = [&](std::string_view symbol) {
    return std::any_of(all.begin(), all.end(), [&](const auto* each) { return each->depends_on(symbol); });
  };
  exact_ = !has_rules_;
  for (const char* varying : {"field:*", "time", "position.*", "random:*"})
    exact_ = exact_ && !depends(varying);
  for (FieldId id = 0; id < model.fields->size(); ++id)
    if (const std::string symbol = "field:" + (*model.fields)[id].name;
        depends(symbol) || depends(symbol + "[*"))
      reads_.push_back(id);
}

struct BirthDeath::Kept final : Scratch {
  Rates rates;
  Rules rules;
};

Ports BirthDeath::ports() const {
  Ports ports{{Port::Role::advance, population_.fate, FieldKind::value, {}}};
  for (const FieldId field : reads_) ports.push_back({Port::Role::read, field, FieldKind::value, {}});
  return ports;
}

Traits BirthDeath::traits() const {
  return {.smooth = false,
          .stochastic = random_,
          .error_controlled = exact_,
          .reason = "agents of '" + setup_.space->name() + "' divide and die"};
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

void BirthDeath::decide_by_rules(const State& state, double time, const Columns& columns, Rules& rules,
                                 ThreadPool& threads) const {
  rules.divide.resize(columns.id.size());
  rules.die.resize(columns.id.size());
  divide_.evaluate(state, time, rules.divide, threads);
  die_.evaluate(state, time, rules.die, threads);
  threads.for_range(columns.id.size(), grain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t site = begin; site < end; ++site) {
      if (columns.fate[site] != static_cast<std::int64_t>(Fate::stay)) continue;
      if (rules.die[site] != 0.0)
        columns.fate[site] = static_cast<std::int64_t>(Fate::die);
      else if (rules.divide[site] != 0.0)
        columns.fate[site] = static_cast<std::int64_t>(Fate::divide);
    }
  });
}

Outcome BirthDeath::advance(State& state, const Interval& interval, const Inputs&, Workspace& work) const {
  if (!work.scratch) work.scratch = std::make_unique<Kept>();
  auto& [rates, rules] = dynamic_cast<Kept&>(*work.scratch);
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
  if (has_rules_) decide_by_rules(state, interval.t1(), columns, rules, threads);
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
  std::vector<std::string> lines;
  if (exact_)
    lines.emplace_back("exact: waiting times are drawn in continuous time");
  else if (setup_.birth.constant() != 0.0 || setup_.death.constant() != 0.0)
    lines.emplace_back("waiting times in continuous time, with the rates of the beginning of each step");
  if (has_rules_) lines.emplace_back("rules are looked at at the end of each step (order 1)");
  return lines;
}

}  // namespace holon::agents

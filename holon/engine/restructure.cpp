#include "holon/engine/restructure.hpp"

#include "holon/base/error.hpp"
#include "holon/base/random.hpp"
#include "holon/space/space_filling_curve.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include <fmt/format.h>

namespace holon {

namespace {

constexpr std::size_t block = 4096;  // sites whose sums and ranks belong together, for any number of threads

/// What a site after a commit was before.
enum class Role : std::uint8_t { stayed, mother, daughter };

/// A direction drawn uniformly over the circle or sphere (or one of the two of a line).
Position direction(const RandomKey& key, std::size_t axes) {
  Position n{};
  const double u = uniform(key, 0), angle = 2.0 * std::numbers::pi * uniform(key, 1);
  if (axes == 1) {
    n[0] = u < 0.5 ? -1.0 : 1.0;
  } else if (axes == 2) {
    n = {std::cos(angle), std::sin(angle), 0.0};
  } else {
    const double z = 2.0 * u - 1.0, r = std::sqrt(1.0 - z * z);
    n = {r * std::cos(angle), r * std::sin(angle), z};
  }
  return n;
}

template <class Term>
double ordered_sum(std::size_t count, ThreadPool& threads, Term term) {
  return threads.sum(count, block, [&](std::size_t begin, std::size_t end) {
    CompensatedSum sum;
    for (std::size_t k = begin; k < end; ++k) sum.add(term(k));
    return sum.value();
  });
}

}  // namespace

/// Scratch of one commit.
struct Restructure::Plan final : Scratch {
  struct Count {
    std::size_t sites = 0, births = 0;
  };
  std::vector<Count> before;  // what the blocks before a block make; after the last: all
  std::size_t deaths = 0;
  std::vector<std::size_t> from;  // old site of each new one
  std::vector<Role> role;         // of each new site
  std::vector<std::size_t> rank;  // of each daughter among the daughters, at her site
  std::vector<double> column;
  std::vector<std::uint32_t> keys;
  CurveOrder order;

  std::size_t births() const { return before.back().births; }
};

Restructure::Restructure(std::shared_ptr<const Population> space, const FieldTable& fields,
                         const ParameterTable& parameters, const std::vector<ValueAtBirth>& at_birth,
                         const expr::KernelOptions& kernels, Options options)
    : Process("restructure " + space->name()),
      space_(std::move(space)),
      fields_(&fields),
      own_(population_fields(fields, *space_)),
      options_(options) {
  for (FieldId id = 0; id < fields.size(); ++id) {
    const Field& field = fields[id];
    if (field.space != space_ || field.type != FieldType::real) continue;
    if (!field.conserved.empty()) {
      booked_.push_back({id, 2 * booked_.size()});
      if (field.on_division == OnDivision::copy) copied_.push_back(id);
    }
    if (field.on_division == OnDivision::share) shared_.push_back(id);
    if (field.on_division != OnDivision::reset && field.on_division != OnDivision::draw) continue;
    const auto value =
        std::find_if(at_birth.begin(), at_birth.end(), [&](const ValueAtBirth& v) { return v.field == id; });
    if (value == at_birth.end())
      throw InputError(
          fmt::format("field '{}' is to be made anew at division (on_division: {}), but has no initial "
                      "value to begin with",
                      field.name, holon::name(field.on_division)));
    made_.push_back(
        {id, CoefficientKernel(field.name + " initial", value->value, space_, fields, parameters, kernels),
         value->factor});
  }
}

Ports Restructure::ports() const {
  Ports ports{{Port::Role::read, own_.fate, FieldKind::value, {}}};
  for (const FieldId field : {own_.id, own_.parent, own_.generation})
    ports.push_back({Port::Role::advance, field, FieldKind::value, {}});
  return ports;
}

Traits Restructure::traits() const {
  return {.smooth = false,
          .stochastic = own_.position.has_value(),
          .resizes = true,
          .error_controlled = true,
          .reason = "agents of '" + space_->name() + "' appear and vanish"};
}

std::vector<LedgerAccount> Restructure::ledger_accounts() const {
  std::vector<LedgerAccount> list;
  for (const Booked& booked : booked_) {
    list.push_back({booked.field, name(), "death"});
    list.push_back({booked.field, name(), "division"});
  }
  return list;
}

void Restructure::plan(const State& state, Plan& plan, ThreadPool& threads) const {
  const auto fate = state.integer(own_.fate);
  const std::size_t blocks = (fate.size() + block - 1) / block;
  plan.before.assign(blocks + 1, {});
  threads.for_range(fate.size(), block, [&](std::size_t first, std::size_t last) {
    for (std::size_t begin = first; begin < last; begin += block) {
      Plan::Count& count = plan.before[begin / block + 1];
      for (std::size_t site = begin; site < std::min(last, begin + block); ++site) {
        count.births += fate[site] == static_cast<std::int64_t>(Fate::divide) ? 1 : 0;
        count.sites += fate[site] == static_cast<std::int64_t>(Fate::die) ? 0 : 1;
      }
      count.sites += count.births;
    }
  });
  for (std::size_t b = 0; b < blocks; ++b) {
    plan.before[b + 1].sites += plan.before[b].sites;
    plan.before[b + 1].births += plan.before[b].births;
  }
  plan.deaths = fate.size() + plan.births() - plan.before.back().sites;
  if (plan.births() == 0 && plan.deaths == 0) return;
  const std::size_t sites = plan.before.back().sites;
  plan.from.resize(sites);
  plan.role.resize(sites);
  plan.rank.resize(sites);
  threads.for_range(fate.size(), block, [&](std::size_t first, std::size_t last) {
    for (std::size_t begin = first; begin < last; begin += block) {
      auto [k, born] = plan.before[begin / block];
      const auto put = [&](std::size_t site, Role role) {
        plan.from[k] = site;
        plan.role[k++] = role;
      };
      for (std::size_t site = begin; site < std::min(last, begin + block); ++site) {
        if (fate[site] == static_cast<std::int64_t>(Fate::die)) continue;
        if (fate[site] != static_cast<std::int64_t>(Fate::divide)) {
          put(site, Role::stayed);
          continue;
        }
        put(site, Role::mother);
        plan.rank[k] = born++;
        put(site, Role::daughter);
      }
    }
  });
}

void Restructure::book_deaths(State& state, const Plan& plan, ThreadPool& threads) const {
  if (plan.deaths == 0) return;
  const auto fate = state.integer(own_.fate);
  for (const Booked& booked : booked_) {
    const auto values = state.real(booked.field);
    state.account(accounts()[booked.account]).add(-ordered_sum(values.size(), threads, [&](std::size_t site) {
      return fate[site] == static_cast<std::int64_t>(Fate::die) ? values[site] : 0.0;
    }));
  }
}

void Restructure::name_daughters(State& state, const Plan& plan, ThreadPool& threads) const {
  const auto id = state.integer(own_.id), parent = state.integer(own_.parent),
             fate = state.integer(own_.fate), generation = state.integer(own_.generation);
  std::int64_t& next_id = state.integer(own_.next_id)[0];
  threads.for_range(id.size(), block, [&](std::size_t begin, std::size_t end) {
    for (std::size_t k = begin; k < end; ++k) {
      fate[k] = static_cast<std::int64_t>(Fate::stay);
      if (plan.role[k] == Role::stayed) continue;
      ++generation[k];
      if (plan.role[k] == Role::mother) continue;
      parent[k] = id[k];
      id[k] = next_id + static_cast<std::int64_t>(plan.rank[k]);
    }
  });
  next_id += static_cast<std::int64_t>(plan.births());
}

void Restructure::apply_rules(State& state, double time, Plan& plan, ThreadPool& threads) const {
  for (const FieldId field : shared_)
    for (int c = 0; c < (*fields_)[field].components; ++c) {
      const auto values = state.real(field, c);
      threads.for_range(values.size(), block, [&](std::size_t begin, std::size_t end) {
        for (std::size_t k = begin; k < end; ++k)
          if (plan.role[k] != Role::stayed) values[k] *= 0.5;
      });
    }
  const auto account = [&](FieldId field) -> CompensatedSum* {
    const auto found =
        std::find_if(booked_.begin(), booked_.end(), [&](const Booked& b) { return b.field == field; });
    return found == booked_.end() ? nullptr : &state.account(accounts()[found->account + 1]);
  };
  for (const FieldId field : copied_) {
    const auto values = state.real(field);
    account(field)->add(ordered_sum(values.size(), threads, [&](std::size_t k) {
      return plan.role[k] == Role::daughter ? values[k] : 0.0;
    }));
  }
  for (const Made& made : made_) {
    const auto values = state.real(made.field);
    plan.column.resize(values.size());
    made.value.evaluate(state, time, plan.column, threads);
    if (CompensatedSum* booked = account(made.field))
      booked->add(ordered_sum(values.size(), threads, [&](std::size_t k) {
        if (plan.role[k] == Role::stayed) return 0.0;
        return made.factor * plan.column[k] - (plan.role[k] == Role::mother ? values[k] : 0.0);
      }));
    threads.for_range(values.size(), block, [&](std::size_t begin, std::size_t end) {
      for (std::size_t k = begin; k < end; ++k)
        if (plan.role[k] != Role::stayed) values[k] = made.factor * plan.column[k];
    });
  }
}

void Restructure::place_daughters(State& state, const Plan& plan, ThreadPool& threads) const {
  if (!own_.position) return;
  const auto& box = space_->box();
  const std::size_t axes = box.size();
  const std::uint32_t stream = stream_of(name());
  const double shrink = options_.share_volume ? std::pow(0.5, 1.0 / static_cast<double>(axes)) : 1.0;
  const auto radius = state.real(*own_.radius);
  const auto id = state.integer(own_.id), generation = state.integer(own_.generation);
  std::array<std::span<double>, 3> place;
  for (std::size_t a = 0; a < axes; ++a) place[a] = state.real(*own_.position, static_cast<int>(a));
  threads.for_range(id.size(), block, [&](std::size_t begin, std::size_t end) {
    for (std::size_t k = begin; k < end; ++k) {
      if (plan.role[k] == Role::stayed) continue;
      // Mother and daughter stand behind each other and make the same draw, the daughter the other way.
      const bool daughter = plan.role[k] == Role::daughter;
      radius[k] *= shrink;
      const Position n = direction({.seed = state.seed,
                                    .process = stream,
                                    .site = static_cast<std::uint64_t>(id[daughter ? k - 1 : k]),
                                    .interval = static_cast<std::uint64_t>(generation[k])},
                                   axes);
      // Where each of the two goes; both stay where the domain has no room for one of them.
      Position ahead{}, behind{};
      for (std::size_t a = 0; a < axes; ++a) {
        const double x = place[a][k];
        const double room = box[a].periodic ? std::numeric_limits<double>::infinity()
                                            : std::max(0.0, std::min(x - box[a].low, box[a].high - x));
        const double shift = std::clamp(radius[k] * n[a], -room, room);
        const auto in_box = [&](double to) {
          if (!box[a].periodic) return to;
          return to < box[a].low ? to + box[a].extent() : to >= box[a].high ? to - box[a].extent() : to;
        };
        ahead[a] = in_box(x + shift);
        behind[a] = in_box(x - shift);
      }
      if (!space_->in_domain(ahead) || !space_->in_domain(behind)) continue;
      for (std::size_t a = 0; a < axes; ++a) place[a][k] = daughter ? behind[a] : ahead[a];
    }
  });
}

void Restructure::commit(State& state, double time, Plan& plan, ThreadPool& threads) const {
  book_deaths(state, plan, threads);
  state.rearrange(*space_, plan.from, threads);
  name_daughters(state, plan, threads);
  if (plan.births() == 0) return;
  place_daughters(state, plan, threads);
  apply_rules(state, time, plan, threads);
}

void Restructure::sort(State& state, Plan& plan, ThreadPool& threads) const {
  const auto& box = space_->box();
  const std::size_t sites = state.sites(*space_);
  plan.keys.resize(sites);
  threads.for_range(sites, block, [&](std::size_t begin, std::size_t end) {
    for (std::size_t k = begin; k < end; ++k) {
      std::array<double, 3> at{};
      for (std::size_t a = 0; a < box.size(); ++a)
        at[a] = (state.real(*own_.position, static_cast<int>(a))[k] - box[a].low) / box[a].extent();
      plan.keys[k] = morton_number(std::span(at).first(box.size()));
    }
  });
  if (!std::is_sorted(plan.keys.begin(), plan.keys.end()))
    state.rearrange(*space_, plan.order.of(plan.keys), threads);
}

Outcome Restructure::advance(State& state, const Interval& interval, const Inputs&, Workspace& work) const {
  if (!work.scratch) work.scratch = std::make_unique<Plan>();
  auto& scratch = dynamic_cast<Plan&>(*work.scratch);
  ThreadPool& threads = *work.threads;
  while (true) {
    plan(state, scratch, threads);
    if (scratch.births() == 0 && scratch.deaths == 0) break;
    commit(state, interval.t1(), scratch, threads);
    ++work.counters.steps;
    for (const FateProcess* process : fate_processes_) process->live_on(state, interval, work);
  }
  const std::int64_t commits = ++state.integer(own_.commits)[0];
  if (own_.position && options_.commits_per_sort > 0 && commits % options_.commits_per_sort == 0)
    sort(state, scratch, threads);
  return {Outcome::Why::done, interval.end, {}, {}};
}

std::vector<std::string> Restructure::description() const {
  std::vector<std::string> lines;
  std::string rules;
  for (FieldId id = 0; id < fields_->size(); ++id) {
    const Field& field = (*fields_)[id];
    if (field.space != space_ || field.type != FieldType::real || id == own_.position || id == own_.radius)
      continue;
    rules += fmt::format("{}{} {}", rules.empty() ? "" : ", ", field.name, holon::name(field.on_division));
  }
  if (!rules.empty()) lines.push_back("at division: " + rules);
  if (!own_.position) return lines;
  lines.push_back(options_.share_volume ? "daughters have half the mother's volume each"
                                        : "daughters have the mother's radius");
  lines.push_back(
      options_.commits_per_sort > 0
          ? fmt::format("sorted along a space-filling curve every {} times", options_.commits_per_sort)
          : "never sorted");
  return lines;
}

}  // namespace holon

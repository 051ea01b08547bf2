#include "holon/transport/exchange.hpp"

#include "holon/base/error.hpp"
#include "holon/transport/exchange_scratch.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace holon::transport {

namespace {

constexpr std::size_t grain = 2048;

}  // namespace

/// Amounts that a step moves, in field unit times measure.
struct Exchange::Book {
  double uptake = 0.0, secretion = 0.0;
};

Exchange::Exchange(std::string name, const Model& model, ExchangeOptions options)
    : Process(std::move(name)), options_(std::move(options)), fields_(model.fields) {
  for (const ExchangeOptions::Member& member : options_.members) {
    const auto kernel = [&](const char* what, const Coefficient& c) {
      for (const FieldId id : fields_of(c, *fields_)) reads_.push_back(id);
      return CoefficientKernel(this->name() + ' ' + member.name + ' ' + what, c, member.space, *model.fields,
                               *model.parameters, model.kernels);
    };
    const auto slopes = [&](const char* what, const Coefficient& c) {
      return FieldDependence(this->name() + ' ' + member.name + ' ' + what, c, member.space, *model.fields,
                             *model.parameters, model.kernels);
    };
    uptake_.push_back(kernel("uptake", member.uptake));
    secretion_.push_back(kernel("secretion", member.secretion));
    uptake_slopes_.push_back(slopes("uptake", member.uptake));
    secretion_slopes_.push_back(slopes("secretion", member.secretion));
    for (const FieldId id : member.points->reads()) reads_.push_back(id);
  }
  const Field& field = (*fields_)[options_.field];
  Dimension clearance;
  for (int a = 0; a < field.space->measure_power(); ++a)
    clearance = clearance * field.space->length_dimension();
  clearance = clearance / model.schedule.time_unit.dimension();
  clearance_ = Unit::coherent(clearance);
  given_off_ = Unit::coherent(clearance * field.unit.dimension());
  std::sort(reads_.begin(), reads_.end());
  reads_.erase(std::unique(reads_.begin(), reads_.end()), reads_.end());
}

Ports Exchange::ports() const {
  const auto port = [&](Port::Role role, FieldId id) {
    return Port{role, id, (*fields_)[id].kind, (*fields_)[id].unit};
  };
  Ports ports{port(Port::Role::advance, options_.field)};
  for (const ExchangeOptions::Member& member : options_.members)
    for (const auto& field : {member.taken, member.given})
      if (field) ports.push_back(port(Port::Role::advance, *field));
  for (const FieldId id : reads_) ports.push_back(port(Port::Role::read, id));
  return ports;
}

std::vector<FieldId> Exchange::determined_from() const { return reads_; }

std::vector<FieldId> Exchange::assigned() const {
  std::vector<FieldId> fields;
  for (const ExchangeOptions::Member& member : options_.members)
    if (member.given) fields.push_back(*member.given);
  return fields;
}

double Exchange::per_store(FieldId store) const {
  return (*fields_)[options_.field].unit.factor() / (*fields_)[store].unit.factor();
}

std::vector<LedgerAccount> Exchange::ledger_accounts() const {
  std::vector<LedgerAccount> accounts;
  const bool kept = !(*fields_)[options_.field].conserved.empty();
  std::string names;
  for (const ExchangeOptions::Member& member : options_.members) {
    if (kept) {
      accounts.push_back({options_.field, name(), "uptake by " + member.name});
      accounts.push_back({options_.field, name(), "secretion by " + member.name});
    }
    if (member.taken && !(*fields_)[*member.taken].conserved.empty())
      accounts.push_back({*member.taken, name(), "taken up by " + member.name});
    names += (names.empty() ? "" : ", ") + member.name;
  }
  using Role = LedgerAccount::Role;
  for (const Role role : {Role::left, Role::arrived, Role::moved})
    if (kept) accounts.push_back({options_.field, name(), names, role});
  return accounts;
}

Exchange::ExchangeScratch& Exchange::scratch(Workspace& work) const {
  auto* scratch = dynamic_cast<ExchangeScratch*>(work.scratch.get());
  if (scratch == nullptr) {
    auto made = std::make_unique<ExchangeScratch>();
    made->kept.resize(options_.members.size());
    made->rates.resize(options_.members.size());
    scratch = made.get();
    work.scratch = std::move(made);
  }
  return *scratch;
}

std::optional<Diagnosis> Exchange::evaluate(const State& state, double time, ExchangeScratch& scratch,
                                            ThreadPool& threads) const {
  const Field& field = (*fields_)[options_.field];
  for (std::size_t m = 0; m < options_.members.size(); ++m) {
    const ExchangeOptions::Member& member = options_.members[m];
    Rates& rates = scratch.rates[m];
    try {
      rates.known = member.points->at(state, scratch.kept[m], threads);
    } catch (const NumericalFailure& failure) {
      return Diagnosis{name(), field.name, failure.what(), "", time};
    }
    const std::size_t points = rates.known.sampling->to_sites();
    const auto take = [&](const CoefficientKernel& kernel, std::vector<double>& values, double factor,
                          const char* what, const Unit& unit) -> std::optional<Diagnosis> {
      values.resize(points);
      kernel.evaluate(state, time, values, threads);
      for (std::size_t i = 0; i < points; ++i) {
        if (!(values[i] >= 0.0) || !std::isfinite(values[i]))
          return Diagnosis{name(), field.name,
                           fmt::format("the {} of '{}' is {:g} {}, and may not be negative", what,
                                       member.name, values[i], unit.text()),
                           member.space->site_text(i), time};
        values[i] *= factor;
      }
      return std::nullopt;
    };
    rates.takes = uptake_[m].constant() != 0.0;
    rates.gives = secretion_[m].constant() != 0.0;
    if (rates.takes)
      if (auto fault = take(uptake_[m], rates.clearance, 1.0, "uptake", clearance_)) return fault;
    if (rates.gives)
      if (auto fault =
              take(secretion_[m], rates.secretion, 1.0 / field.unit.factor(), "secretion", given_off_))
        return fault;
    if (rates.known.responses && rates.takes) {
      const auto response = rates.known.responses->self();
      for (std::size_t i = 0; i < points; ++i)
        if (response[i] < 0.0)
          return Diagnosis{
              name(), field.name,
              fmt::format("the kernel of '{}' is narrower than the point itself: it shows more than "
                          "there is at the point's surface; use kernel: sphere",
                          member.name),
              member.space->site_text(i), time};
      meet_responses(state, m, rates, threads);
    }
  }
  return std::nullopt;
}

void Exchange::meet_responses(const State& state, std::size_t member, Rates& rates,
                              ThreadPool& threads) const {
  const PointResponses& responses = *rates.known.responses;
  const auto response = responses.self();
  const std::size_t points = rates.clearance.size();
  rates.recaptured.assign(points, 0.0);
  rates.own_clearance = rates.clearance;
  if (rates.gives) rates.own_secretion = rates.secretion;
  const auto given = options_.members[member].given;
  if (given) {
    rates.sensed.resize(points);
    rates.known.sampling->apply(state.real(options_.field), rates.sensed, threads);
  }
  const auto c = state.real(options_.field);
  threads.for_range(points, grain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      // What the cell gives goes to its sites by the kernel alone, what it takes comes by what they hold.
      const double u = rates.clearance[i], of_given = response[i];
      const double of_taken = responses.self_of_uptake(i, *rates.known.sampling, c);
      const double s = rates.gives ? rates.secretion[i] : 0.0;
      rates.recaptured[i] = u * of_given / (1.0 + u * of_given) * s;
      if (rates.gives) rates.secretion[i] -= rates.recaptured[i];
      double near = 1.0;
      if (given && rates.sensed[i] > 0.0)
        near = std::max(0.0, 1.0 + responses.from_neighbours(i, state.real(*given)) / rates.sensed[i]);
      rates.clearance[i] = u / (1.0 + u * std::max(0.0, of_taken)) * near;
    }
  });
}

double Exchange::solve_sites(std::span<double> c, double dt, ExchangeScratch& scratch,
                             ThreadPool& threads) const {
  const bool exact = options_.integrator == ExchangeIntegrator::exact;
  if (exact) scratch.mean.resize(c.size());
  // Returns the gain of the site per volume.
  const auto solve = [&](std::size_t site, double gain, double loss) {
    if (!exact) {
      c[site] = (c[site] + gain) / (1.0 + loss);
      return gain - loss * c[site];
    }
    // phi = (1 - e^{-x})/x, and (1 - phi)/x by its series where x is small.
    const double fade = -std::expm1(-loss);
    const double phi = loss > 0.0 ? fade / loss : 1.0;
    const double rest = loss > 1e-4 ? (1.0 - phi) / loss : 0.5 - loss / 6.0 + loss * loss / 24.0;
    scratch.mean[site] = phi * c[site] + rest * gain;
    c[site] = (1.0 - fade) * c[site] + phi * gain;
    return gain - loss * scratch.mean[site];
  };
  if (options_.members.size() == 1) {
    if (!exact && threads.threads() == 1 && (*fields_)[options_.field].conserved.empty()) {
      solve_by_points(c, dt, scratch);
      return 0.0;
    }
    const Rates& rates = scratch.rates.front();
    const SparseMap& map = *rates.known.sampling;
    const SparseMap::Columns& columns = map.columns();
    const auto volume = map.from_measures();
    const double* u = rates.takes ? rates.clearance.data() : nullptr;
    const double* s = rates.gives ? rates.secretion.data() : nullptr;
    return threads.sum(columns.touched.size(), grain, [&](std::size_t begin, std::size_t end) {
      CompensatedSum gained;
      for (std::size_t k = begin; k < end; ++k) {
        double clearance = 0.0, secretion = 0.0;
        const std::size_t first = columns.begin[k], last = columns.begin[k + 1];
        if (u != nullptr)
          for (std::size_t e = first; e < last; ++e) clearance += columns.weight[e] * u[columns.row[e]];
        if (s != nullptr)
          for (std::size_t e = first; e < last; ++e) secretion += columns.weight[e] * s[columns.row[e]];
        const std::size_t site = columns.touched[k];
        const double share = dt / volume[site];
        gained.add(volume[site] * solve(site, share * secretion, share * clearance));
      }
      return gained.value();
    });
  }
  scratch.clearance.assign(c.size(), 0.0);
  scratch.secretion.assign(c.size(), 0.0);
  for (const Rates& rates : scratch.rates) {
    const SparseMap::Columns& columns = rates.known.sampling->columns();
    threads.for_range(columns.touched.size(), grain, [&](std::size_t begin, std::size_t end) {
      for (std::size_t k = begin; k < end; ++k)
        for (std::size_t e = columns.begin[k]; e < columns.begin[k + 1]; ++e) {
          if (rates.takes)
            scratch.clearance[columns.touched[k]] += columns.weight[e] * rates.clearance[columns.row[e]];
          if (rates.gives)
            scratch.secretion[columns.touched[k]] += columns.weight[e] * rates.secretion[columns.row[e]];
        }
    });
  }
  const auto volume = scratch.rates.front().known.sampling->from_measures();
  return threads.sum(c.size(), 4 * grain, [&](std::size_t begin, std::size_t end) {
    CompensatedSum gained;
    for (std::size_t site = begin; site < end; ++site) {
      const double share = dt / volume[site];
      gained.add(volume[site] *
                 solve(site, share * scratch.secretion[site], share * scratch.clearance[site]));
    }
    return gained.value();
  });
}

void Exchange::solve_by_points(std::span<double> c, double dt, ExchangeScratch& scratch) const {
  const Rates& rates = scratch.rates.front();
  const SparseMap& map = *rates.known.sampling;
  const SparseMap::Rows& rows = map.rows();
  // What points do to their sites is gathered in columns that are zero everywhere between steps.
  const auto gather = [&](std::vector<double>& column, std::span<const double> of_points) {
    column.resize(c.size(), 0.0);
    for (std::size_t r = 0; r < rows.rows(); ++r) {
      const std::size_t row = map.order().empty() ? r : map.order()[r];
      const double amount = of_points[row];
      for (std::size_t e = rows.begin[row]; e < rows.begin[row + 1]; ++e)
        column[rows.site[e]] += rows.weight[e] * amount;
    }
  };
  if (rates.takes) gather(scratch.clearance, rates.clearance);
  if (rates.gives) gather(scratch.secretion, rates.secretion);
  // A site that has been solved has nothing left to do: when a further point comes to it, it stays as it is.
  const GridSpace& grid = options_.members.front().points->grid();
  const bool equal = grid.arrangement() == GridSpace::Sites::cells && !grid.masked();
  const double* const volume = map.from_measures().data();
  const double same_share = dt / volume[0];
  double* const clearance = scratch.clearance.data();
  double* const secretion = scratch.secretion.data();
  const auto solve = [&](auto gives, auto takes) {
    for (const std::uint32_t site : rows.site) {
      const double share = equal ? same_share : dt / volume[site];
      double value = c[site];
      if constexpr (gives) value += share * std::exchange(secretion[site], 0.0);
      if constexpr (takes) value /= 1.0 + share * std::exchange(clearance[site], 0.0);
      c[site] = value;
    }
  };
  if (rates.gives && rates.takes)
    solve(std::true_type{}, std::true_type{});
  else if (rates.gives)
    solve(std::true_type{}, std::false_type{});
  else if (rates.takes)
    solve(std::false_type{}, std::true_type{});
}

void Exchange::book(State& state, std::size_t member, double dt, ExchangeScratch& scratch, Book& book,
                    ThreadPool& threads) const {
  const ExchangeOptions::Member& options = options_.members[member];
  Rates& rates = scratch.rates[member];
  const std::size_t points = rates.known.sampling->to_sites();
  const auto sum = [&](auto&& term) {
    return threads.sum(points, grain, [&](std::size_t begin, std::size_t end) {
      // Sums that keep their rounding errors (Knuth's two-sum), several side by side.
      constexpr std::size_t lanes = 4;
      std::array<double, lanes> total{}, error{};
      const auto add = [&](std::size_t lane, double x) {
        const double next = total[lane] + x, z = next - total[lane];
        error[lane] += (total[lane] - (next - z)) + (x - z);
        total[lane] = next;
      };
      std::size_t i = begin;
      for (; i + lanes <= end; i += lanes)
        for (std::size_t lane = 0; lane < lanes; ++lane) add(lane, term(i + lane));
      for (; i < end; ++i) add(0, term(i));
      CompensatedSum all;
      for (const double part : total) all.add(part);
      for (const double part : error) all.add(part);
      return all.value();
    });
  };
  if (rates.gives) book.secretion = dt * sum([&](std::size_t i) { return rates.secretion[i]; });
  if (!rates.takes) return;
  const bool exact = options_.integrator == ExchangeIntegrator::exact;
  const std::span<const double> c =
      exact ? std::span<const double>(scratch.mean) : std::as_const(state).real(options_.field);
  rates.sensed.resize(points);
  rates.known.sampling->apply(c, rates.sensed, threads);
  for (std::size_t i = 0; i < points; ++i) rates.sensed[i] *= rates.clearance[i];  // amounts per time
  book.uptake = dt * sum([&](std::size_t i) { return rates.sensed[i]; });
  const auto recaptured = [&](std::size_t i) { return rates.recaptured.empty() ? 0.0 : rates.recaptured[i]; };
  if (!rates.recaptured.empty()) {
    const double again = dt * sum(recaptured);
    book.uptake += again;
    book.secretion += again;
  }
  if (options.taken) {
    const auto taken = state.real(*options.taken);
    const double factor = dt * per_store(*options.taken);
    for (std::size_t i = 0; i < points; ++i) taken[i] += factor * (rates.sensed[i] + recaptured(i));
  }
  if (options.given) {
    const auto given = state.real(*options.given);
    for (std::size_t i = 0; i < points; ++i)
      given[i] = (rates.gives ? rates.secretion[i] : 0.0) - rates.sensed[i];
  }
}

Outcome Exchange::advance(State& state, const Interval& interval, const Inputs&, Workspace& work) const {
  ExchangeScratch& scratch = this->scratch(work);
  ThreadPool& threads = *work.threads;
  const double dt = interval.dt();
  const double time = interval.t0() + (options_.integrator == ExchangeIntegrator::exact ? 0.5 * dt : dt);
  if (auto fault = evaluate(state, time, scratch, threads))
    return {Outcome::Why::failed, interval.begin, 0.0, std::move(*fault)};
  const double gained = solve_sites(state.real(options_.field), dt, scratch, threads);
  std::size_t account = 0;
  double given = 0.0, moved = 0.0;
  for (std::size_t m = 0; m < options_.members.size(); ++m) {
    Book book;
    this->book(state, m, dt, scratch, book, threads);
    given += book.secretion - book.uptake;
    moved += book.secretion + book.uptake;
    if (accounts().empty()) continue;
    const ExchangeOptions::Member& member = options_.members[m];
    if (!(*fields_)[options_.field].conserved.empty()) {
      state.account(accounts()[account++]).add(-book.uptake);
      state.account(accounts()[account++]).add(book.secretion);
    }
    if (member.taken && !(*fields_)[*member.taken].conserved.empty())
      state.account(accounts()[account++]).add(book.uptake * per_store(*member.taken));
  }
  if (!(*fields_)[options_.field].conserved.empty())
    for (const double amount : {given, gained, moved}) state.account(accounts()[account++]).add(amount);
  ++work.counters.steps;
  return {Outcome::Why::done, interval.end, std::numeric_limits<double>::infinity(), {}};
}

std::vector<std::string> Exchange::description() const {
  std::vector<std::string> lines;
  for (const ExchangeOptions::Member& member : options_.members)
    lines.push_back(fmt::format("{}: '{}' with kernel {}{}", member.name, member.space->name(),
                                holon::name(member.points->kernel().shape),
                                member.points->responses() ? ", at the points' own surfaces" : ""));
  lines.push_back(options_.integrator == ExchangeIntegrator::exact
                      ? "time: exact for coefficients at mid step, all points together, positive for any step"
                      : "time: backward Euler, order 1, all points together, positive for any step");
  return lines;
}

}  // namespace holon::transport

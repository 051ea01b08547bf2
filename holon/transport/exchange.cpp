#include "holon/transport/exchange.hpp"

#include "holon/base/error.hpp"
#include "holon/engine/site_contents.hpp"
#include "holon/transport/exchange_scratch.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace holon::transport {

namespace {

constexpr std::size_t grain = 2048;

}  // namespace

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

std::optional<std::pair<std::string, std::string>> Exchange::capacity_obstacle(FieldId field) const {
  if (field != options_.field || (*fields_)[field].capacity->unit().dimension().dimensionless())
    return std::nullopt;
  return std::pair(fmt::format("what points take up is no amount of it, as the capacity is in {}",
                               (*fields_)[field].capacity->unit().text()),
                   std::string("a capacity that is a number, such as a porosity"));
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
    // What is the same of all points, and meets no response, is kept as one number.
    const auto take = [&](const CoefficientKernel& kernel, Column& column, double factor, const char* what,
                          const Unit& unit) -> std::optional<Diagnosis> {
      const auto same = kernel.constant();
      const bool one = same && !rates.known.responses;
      column.each.resize(one ? 0 : points);
      column.same = same.value_or(0.0);
      if (!one) kernel.evaluate(state, time, column.each, threads);
      const std::span<double> values = one ? std::span(&column.same, 1) : std::span(column.each);
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (!(values[i] >= 0.0) || !std::isfinite(values[i]))
          return Diagnosis{name(), field.name,
                           fmt::format("the {} of '{}' is {:g} {}, and may not be negative", what,
                                       member.name, values[i], unit.text()),
                           points > 0 ? member.space->site_text(i) : "", time};
        values[i] *= factor;
      }
      return std::nullopt;
    };
    rates.takes = uptake_[m].constant() != 0.0;
    rates.gives = secretion_[m].constant() != 0.0;
    if (auto fault = take(uptake_[m], rates.clearance, 1.0, "uptake", clearance_)) return fault;
    if (auto fault = take(secretion_[m], rates.secretion, 1.0 / field.unit.factor(), "secretion", given_off_))
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
  if (const SiteContents contents(state, options_.field); contents.has_capacity()) {
    scratch.capacities.resize(field.space->sites());
    for (std::size_t site = 0; site < scratch.capacities.size(); ++site)
      scratch.capacities[site] = contents(site);
  }
  return std::nullopt;
}

void Exchange::meet_responses(const State& state, std::size_t member, Rates& rates,
                              ThreadPool& threads) const {
  const PointResponses& responses = *rates.known.responses;
  const auto response = responses.self();
  const std::size_t points = rates.clearance.each.size();
  rates.recaptured.assign(points, 0.0);
  rates.own_clearance = rates.clearance.each;
  rates.own_secretion = rates.secretion.each;
  const auto given = options_.members[member].given;
  if (given) {
    rates.sensed.resize(points);
    rates.known.sampling->apply(state.real(options_.field), rates.sensed, threads);
  }
  const auto c = state.real(options_.field);
  threads.for_range(points, grain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      // What the cell gives goes to its sites by the kernel alone, what it takes comes by what they hold.
      const double u = rates.own_clearance[i], of_given = response[i];
      const double of_taken = responses.self_of_uptake(i, c);
      rates.recaptured[i] = u * of_given / (1.0 + u * of_given) * rates.own_secretion[i];
      rates.secretion.each[i] -= rates.recaptured[i];
      double near = 1.0;
      if (given && rates.sensed[i] > 0.0)
        near = std::max(0.0, 1.0 + responses.from_neighbours(i, state.real(*given)) / rates.sensed[i]);
      rates.clearance.each[i] = u / (1.0 + u * std::max(0.0, of_taken)) * near;
    }
  });
}

std::optional<std::string> Exchange::doubt(double step) const {
  if (step <= options_.longest_step * (1.0 + 1e-9)) return std::nullopt;
  return fmt::format(
      "takes up too little for points smaller than the grid: its step is {:.2g} h^2/D, and what they take "
      "within "
      "one comes from the sites beside them alone",
      0.1 * step / options_.longest_step);
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

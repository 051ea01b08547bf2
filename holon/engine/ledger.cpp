#include "holon/engine/ledger.hpp"

#include "holon/base/error.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace holon {

namespace {

constexpr std::size_t grain = 4096;

/// sum over sites of shape(value) * measure, in blocks whose order does not depend on threads.
double content(const Field& field, std::span<const double> values, ThreadPool& threads,
               double (*shape)(double)) {
  const Space& space = *field.space;
  return threads.sum(values.size(), grain, [&](std::size_t begin, std::size_t end) {
    CompensatedSum sum;
    for (std::size_t site = begin; site < end; ++site)
      sum.add(shape(values[site]) * (field.kind == FieldKind::amount ? 1.0 : space.measure(site)));
    return sum.value();
  });
}

Unit content_unit(const Field& field) {
  Dimension place;
  for (int a = 0; a < field.space->measure_power(); ++a) place = place * field.space->length_dimension();
  const bool measured = field.kind != FieldKind::amount && !place.dimensionless();
  return measured ? field.unit * Unit::coherent(place) : field.unit;
}

/// Enters an account of a coupling in its line.
void cross(LedgerBalance& balance, const LedgerAccount& account, double amount) {
  auto line = std::find_if(balance.crossings.begin(), balance.crossings.end(), [&](const LedgerCrossing& c) {
    return c.process == account.process && c.coupling == account.channel;
  });
  if (line == balance.crossings.end())
    line = balance.crossings.insert(line, LedgerCrossing{account.process, account.channel});
  switch (account.role) {
    case LedgerAccount::Role::left:
      line->left += amount;
      break;
    case LedgerAccount::Role::arrived:
      line->arrived += amount;
      break;
    case LedgerAccount::Role::moved:
      line->moved += std::abs(amount);
      break;
    case LedgerAccount::Role::balance:
      break;
  }
}

}  // namespace

double LedgerCrossing::relative_difference() const {
  return moved > 0.0 ? std::abs(difference()) / moved : difference() == 0.0 ? 0.0 : HUGE_VAL;
}

Ledger::Ledger(const FieldTable& fields, std::vector<LedgerAccount> accounts)
    : fields_(&fields), accounts_(std::move(accounts)) {
  std::map<std::string, Quantity> quantities;
  for (FieldId id = 0; id < fields.size(); ++id) {
    const Field& field = fields[id];
    if (field.type != FieldType::real) continue;
    for (const auto& [name, weight] : field.conserved) {
      const Unit unit = content_unit(field);
      const auto [found, first] = quantities.try_emplace(name, Quantity{name, unit, {}});
      Quantity& quantity = found->second;
      if (!unit.compatible(quantity.unit))
        throw InputError(Diagnostic{
            .path = "conserved." + name,
            .message = fmt::format("'{}' holds '{}' in {}, and '{}' in {}",
                                   fields[quantity.shares.front().field].name, name, quantity.unit.text(),
                                   field.name, unit.text()),
            .expected =
                "amounts of one dimension: a density holds its value times the size of its space, a field of "
                "kind amount its value alone"});
      quantity.shares.push_back({id, weight * (first ? 1.0 : conversion_factor(unit, quantity.unit))});
    }
  }
  for (auto& [name, quantity] : quantities) quantities_.push_back(std::move(quantity));
}

std::map<std::string, double> Ledger::sum(const State& state, ThreadPool& threads,
                                          double (*shape)(double)) const {
  std::map<std::string, double> held;
  for (const Quantity& quantity : quantities_) {
    double& total = held[quantity.name];
    for (const Share& share : quantity.shares)
      total +=
          shape(share.weight) * content((*fields_)[share.field], state.real(share.field), threads, shape);
  }
  return held;
}

std::map<std::string, double> Ledger::held(const State& state, ThreadPool& threads) const {
  return sum(state, threads, [](double x) { return x; });
}

std::map<std::string, double> Ledger::held_absolute(const State& state, ThreadPool& threads) const {
  return sum(state, threads, [](double x) { return std::abs(x); });
}

std::vector<LedgerBalance> Ledger::balances(const State& state,
                                            const std::map<std::string, double>& held_at_start,
                                            ThreadPool& threads) const {
  const auto now = held(state, threads);
  const auto absolute = held_absolute(state, threads);
  std::vector<LedgerBalance> balances;
  for (const Quantity& quantity : quantities_) {
    LedgerBalance balance;
    balance.quantity = quantity.name;
    balance.unit = quantity.unit;
    balance.held_at_start = held_at_start.at(quantity.name);
    balance.held_now = now.at(quantity.name);
    CompensatedSum difference;
    difference.add(balance.held_now);
    difference.add(-balance.held_at_start);
    double scale = std::abs(absolute.at(quantity.name));
    for (AccountId a = 0; a < accounts_.size(); ++a) {
      const LedgerAccount& account = accounts_[a];
      const auto share = std::find_if(quantity.shares.begin(), quantity.shares.end(),
                                      [&](const Share& s) { return s.field == account.field; });
      if (share == quantity.shares.end()) continue;
      const double amount = share->weight * state.account(a).value();
      if (account.role != LedgerAccount::Role::balance) {
        cross(balance, account, amount);
        continue;
      }
      if (account.channel == "reaction" || account.channel == "contribution") {
        balance.produced_by_reactions += amount;
        balance.moved_by_reactions += std::abs(amount);
      }
      difference.add(-amount);
      scale += std::abs(amount);
      const auto line = std::find_if(balance.lines.begin(), balance.lines.end(), [&](const LedgerLine& l) {
        return l.process == account.process && l.channel == account.channel;
      });
      LedgerLine& entry = line != balance.lines.end()
                              ? *line
                              : balance.lines.emplace_back(LedgerLine{account.process, account.channel});
      entry.amount += amount;
      entry.moved += std::abs(amount);
    }
    balance.relative_residual = scale > 0.0 ? std::abs(difference.value()) / scale : 0.0;
    balances.push_back(std::move(balance));
  }
  return balances;
}

}  // namespace holon

#include "holon/engine/ledger.hpp"

#include "holon/base/error.hpp"
#include "holon/base/readable_unit.hpp"
#include "holon/engine/site_contents.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace holon {

namespace {

constexpr std::size_t grain = 4096;

/// sum over sites of shape(value) * capacity * measure, in blocks whose order does not depend on threads.
double content(const State& state, FieldId field, ThreadPool& threads, double (*shape)(double)) {
  const SiteContents contents(state, field);
  const std::span<const double> values = state.real(field);
  return threads.sum(values.size(), grain, [&](std::size_t begin, std::size_t end) {
    CompensatedSum sum;
    for (std::size_t site = begin; site < end; ++site) sum.add(shape(values[site]) * contents(site));
    return sum.value();
  });
}

/// Of content times the weight with which it counts.
ContentUnit content_unit_of(const Field& field, const ConservedWeight& weight) {
  Unit unit = field.unit * weight.unit;
  if (field.capacity != nullptr) unit = unit * field.capacity->unit();
  if (field.kind == FieldKind::amount) return {unit};
  return content_unit(unit, field.space->length_dimension(), field.space->measure_power());
}

/// Whether an account is about what equations make of a quantity.
bool by_reactions(const std::string& channel) { return channel == "reaction" || channel == "contribution"; }

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

LedgerBalance readable(LedgerBalance balance) {
  double largest = std::max(std::abs(balance.held_at_start), std::abs(balance.held_now));
  if (largest == 0.0)
    for (const LedgerLine& line : balance.lines) largest = std::max(largest, std::abs(line.amount));
  const Unit unit = with_fitting_prefix(balance.unit, largest);
  const double factor = unit.text() == balance.unit.text() ? 1.0 : conversion_factor(balance.unit, unit);
  for (double* amount : {&balance.held_at_start, &balance.held_now, &balance.produced_by_reactions,
                         &balance.moved_by_reactions})
    *amount *= factor;
  for (LedgerLine& line : balance.lines)
    for (double* amount : {&line.amount, &line.moved}) *amount *= factor;
  for (LedgerCrossing& crossing : balance.crossings)
    for (double* amount : {&crossing.left, &crossing.arrived, &crossing.moved}) *amount *= factor;
  balance.unit = unit;
  return balance;
}

std::vector<SmallProduction> small_productions(const LedgerBalance& balance) {
  constexpr double least_share = 1e-10, largest_share = 1e-2;
  // A balance of forces moves little, and sums of rates over many steps leave round-off of what is held.
  const double round_off = 1e-13 * std::max(std::abs(balance.held_at_start), std::abs(balance.held_now));
  struct Sum {
    double amount = 0.0, moved = 0.0;
  };
  const auto small = [&](const Sum& sum) {
    const double amount = std::abs(sum.amount);
    return amount > round_off && amount > least_share * sum.moved && amount < largest_share * sum.moved;
  };
  std::map<std::string, Sum> sums;
  Sum together;
  for (const LedgerLine& line : balance.lines) {
    if (!by_reactions(line.channel)) continue;
    for (Sum* sum : {&sums[line.process], &together}) {
      sum->amount += line.amount;
      sum->moved += line.moved;
    }
  }
  std::vector<SmallProduction> found;
  std::vector<std::string> all;
  for (const auto& [process, sum] : sums) {
    all.push_back(process);
    if (small(sum)) found.push_back({{process}, sum.amount, std::abs(sum.amount) / sum.moved});
  }
  if (found.empty() && small(together))
    found.push_back({all, together.amount, std::abs(together.amount) / together.moved});
  return found;
}

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
      const auto [unit, factor] = content_unit_of(field, weight);
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
                "kind amount its value alone",
            .hint =
                "a weight may have a unit: for particles in a porous electrode, their number per volume"});
      quantity.shares.push_back(
          {id, weight.value * factor * (first ? 1.0 : conversion_factor(unit, quantity.unit))});
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
      total += shape(share.weight) * content(state, share.field, threads, shape);
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
      if (by_reactions(account.channel)) {
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

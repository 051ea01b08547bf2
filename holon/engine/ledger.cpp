#include "holon/engine/ledger.hpp"

#include <cmath>
#include <set>

namespace holon {

namespace {

constexpr std::size_t grain = 4096;

/// sum over sites of shape(value) * measure, in blocks whose order does not depend on threads.
template <class Shape>
double content(const Field& field, std::span<const double> values, ThreadPool& threads, Shape shape) {
  const Space& space = *field.space;
  return threads.sum(values.size(), grain, [&](std::size_t begin, std::size_t end) {
    CompensatedSum sum;
    for (std::size_t site = begin; site < end; ++site)
      sum.add(shape(values[site]) * (field.kind == FieldKind::amount ? 1.0 : space.measure(site)));
    return sum.value();
  });
}

template <class Shape>
std::map<std::string, double> contents(const FieldTable& fields, const State& state, ThreadPool& threads,
                                       Shape shape) {
  std::map<std::string, double> held;
  for (FieldId id = 0; id < fields.size(); ++id) {
    const Field& field = fields[id];
    if (field.conserved.empty() || field.type != FieldType::real) continue;
    const double sum = content(field, state.real(id), threads, shape);
    for (const auto& [quantity, weight] : field.conserved) held[quantity] += shape(weight) * sum;
  }
  return held;
}

}  // namespace

Ledger::Ledger(const FieldTable& fields, std::vector<LedgerAccount> accounts)
    : fields_(&fields), accounts_(std::move(accounts)) {
  std::set<std::string> names;
  for (FieldId id = 0; id < fields.size(); ++id)
    for (const auto& [quantity, weight] : fields[id].conserved) names.insert(quantity);
  quantities_.assign(names.begin(), names.end());
}

std::map<std::string, double> Ledger::held(const State& state, ThreadPool& threads) const {
  return contents(*fields_, state, threads, [](double x) { return x; });
}

std::map<std::string, double> Ledger::held_absolute(const State& state, ThreadPool& threads) const {
  return contents(*fields_, state, threads, [](double x) { return std::abs(x); });
}

std::vector<LedgerBalance> Ledger::balances(const State& state,
                                            const std::map<std::string, double>& held_at_start,
                                            ThreadPool& threads) const {
  const auto now = held(state, threads);
  const auto absolute = held_absolute(state, threads);
  std::vector<LedgerBalance> balances;
  for (const std::string& quantity : quantities_) {
    LedgerBalance balance;
    balance.quantity = quantity;
    balance.held_at_start = held_at_start.at(quantity);
    balance.held_now = now.at(quantity);
    CompensatedSum difference;
    difference.add(balance.held_now);
    difference.add(-balance.held_at_start);
    double scale = std::abs(absolute.at(quantity));
    for (FieldId id = 0; id < fields_->size(); ++id) {
      const Field& field = (*fields_)[id];
      if (!field.conserved.contains(quantity)) continue;
      Unit unit = field.unit;
      Dimension place;
      for (int a = 0; a < field.space->dimensions(); ++a) place = place * field.space->length_dimension();
      if (field.kind != FieldKind::amount && !place.dimensionless()) unit = unit * Unit::coherent(place);
      balance.unit = unit;
      break;
    }
    for (AccountId a = 0; a < accounts_.size(); ++a) {
      const auto& conserved = (*fields_)[accounts_[a].field].conserved;
      const auto weight = conserved.find(quantity);
      if (weight == conserved.end()) continue;
      const double amount = weight->second * state.account(a).value();
      difference.add(-amount);
      scale += std::abs(amount);
      balance.lines.push_back({accounts_[a].process, accounts_[a].channel, amount});
    }
    balance.relative_residual = scale > 0.0 ? std::abs(difference.value()) / scale : 0.0;
    balances.push_back(std::move(balance));
  }
  return balances;
}

}  // namespace holon

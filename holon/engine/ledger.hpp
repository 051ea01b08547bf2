// The ledger: what was held, produced, consumed and exchanged of every conserved quantity, from rate
// integrals that the processes accumulate inside their steps (never from differences of totals).
#pragma once

#include "holon/base/parallel.hpp"
#include "holon/engine/state.hpp"

#include <map>
#include <string>
#include <vector>

namespace holon {

/// What ends a run as a failure.
enum class LedgerRule {
  report,  ///< nothing
  strict,  ///< books that don't close, or ends of a coupling that differ, beyond round-off
  closed,  ///< besides, whatever enters or leaves: by reactions, sides or agents
};

/// One line: how much of a quantity a process brought in (positive) or took out through a channel, all fields
/// that hold it together: a reaction that only turns one form into another brings in nothing.
struct LedgerLine {
  std::string process, channel;
  double amount = 0.0;
  double moved = 0.0;  ///< sum of the absolute amounts by field
};

/// What crossed a coupling because of one process, counted on both of its sides.
struct LedgerCrossing {
  std::string process, coupling;
  double left = 0.0;     ///< of the one side
  double arrived = 0.0;  ///< on the other
  double moved = 0.0;    ///< sum of absolute amounts
  double difference() const { return arrived - left; }
  /// |difference| / moved
  double relative_difference() const;
};

/// The books of one conserved quantity over a run.
struct LedgerBalance {
  std::string quantity;
  Unit unit;  ///< of the content of the first field that holds it (base/readable_unit.hpp)
  double held_at_start = 0.0, held_now = 0.0;
  std::vector<LedgerLine> lines;
  /// |held_now - held_at_start - sum of lines| / (|held| + sum |lines|), with |held| the sum of absolute
  /// contents.
  double relative_residual = 0.0;
  std::vector<LedgerCrossing> crossings;
  /// What reactions brought in altogether, and what they moved: 0 where they only turn one form into another.
  double produced_by_reactions = 0.0, moved_by_reactions = 0.0;
};

/// The same books in the unit that makes short numbers of what is held (base/readable_unit.hpp). For people:
/// files keep the unit that depends on the model alone.
LedgerBalance readable(LedgerBalance balance);

/// What reactions made of a quantity (less than nothing: what they lost), where that is a small share of what
/// they moved and yet no round-off: so look the two ends of a transfer that do not match.
struct SmallProduction {
  std::vector<std::string> processes;
  double amount = 0.0;
  double share = 0.0;  ///< |amount| / moved
};
/// Processes one by one, or, where each for itself is plainly a source or a sink, all together.
std::vector<SmallProduction> small_productions(const LedgerBalance& balance);

/// Reads the books from a state. Quantities are the names in Field::conserved.
class Ledger {
 public:
  /// Throws InputError where fields hold one quantity in units that can't be converted into each other.
  Ledger(const FieldTable& fields, std::vector<LedgerAccount> accounts);
  /// Content of each quantity in a state, in its unit: sum over fields of weight * sum over sites of capacity
  /// * value * measure (measure is left out for kind amount).
  std::map<std::string, double> held(const State& state, ThreadPool& threads) const;
  std::map<std::string, double> held_absolute(const State& state, ThreadPool& threads) const;
  std::vector<LedgerBalance> balances(const State& state, const std::map<std::string, double>& held_at_start,
                                      ThreadPool& threads) const;
  const std::vector<LedgerAccount>& accounts() const { return accounts_; }
  bool empty() const { return quantities_.empty(); }

 private:
  std::map<std::string, double> sum(const State& state, ThreadPool& threads, double (*shape)(double)) const;

  /// What a field holds of a quantity, per content of the field.
  struct Share {
    FieldId field = 0;
    double weight = 0.0;  ///< with the factor from the field's unit to that of the quantity
  };
  struct Quantity {
    std::string name;
    Unit unit;
    std::vector<Share> shares;
  };
  const FieldTable* fields_;
  std::vector<LedgerAccount> accounts_;
  std::vector<Quantity> quantities_;
};

}  // namespace holon

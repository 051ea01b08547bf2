// The ledger: what was held, produced, consumed and exchanged of every conserved quantity, from rate
// integrals that the processes accumulate inside their steps (never from differences of totals).
#pragma once

#include "holon/base/parallel.hpp"
#include "holon/engine/state.hpp"

#include <map>
#include <string>
#include <vector>

namespace holon {

/// One line: how much of a quantity a process brought in (positive) or took out through a channel.
struct LedgerLine {
  std::string process, channel;
  double amount = 0.0;
};

/// The books of one conserved quantity over a run.
struct LedgerBalance {
  std::string quantity;
  Unit unit;  ///< field unit times the measure's unit
  double held_at_start = 0.0, held_now = 0.0;
  std::vector<LedgerLine> lines;
  /// |held_now - held_at_start - sum of lines| / (|held| + sum |lines|), with |held| the sum of absolute
  /// contents.
  double relative_residual = 0.0;
};

/// Reads the books from a state. Quantities are the names in Field::conserved.
class Ledger {
 public:
  Ledger(const FieldTable& fields, std::vector<LedgerAccount> accounts);
  /// Content of each quantity in a state: sum over fields of weight * sum over sites of value * measure
  /// (measure is left out for kind amount).
  std::map<std::string, double> held(const State& state, ThreadPool& threads) const;
  std::map<std::string, double> held_absolute(const State& state, ThreadPool& threads) const;
  std::vector<LedgerBalance> balances(const State& state, const std::map<std::string, double>& held_at_start,
                                      ThreadPool& threads) const;
  const std::vector<LedgerAccount>& accounts() const { return accounts_; }
  bool empty() const { return quantities_.empty(); }

 private:
  const FieldTable* fields_;
  std::vector<LedgerAccount> accounts_;
  std::vector<std::string> quantities_;
};

}  // namespace holon

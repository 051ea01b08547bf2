// What the members of an iterated window read of each other.
#pragma once

#include "holon/engine/process.hpp"
#include "holon/engine/schedule.hpp"

#include <optional>
#include <vector>

namespace holon {

class Model;

/// What one member of a window gives to others: a field that it changes, or that is determined from what it
/// changes, and another reads; what a member sees of its own fields through laws and couplings; or what it
/// contributes to a field that another advances, summed up since the window's beginning.
struct Exchange {
  FieldId field = 0;
  std::size_t producer = 0;            ///< index of the member
  bool back = false;                   ///< wanted by an earlier member: an unknown of the iteration
  std::vector<ProcessId> determiners;  ///< to be called before it is sampled
  std::vector<std::size_t> others;    ///< exchanges from which it is determined besides the producer's fields
  std::optional<std::size_t> taker;   ///< of contributions: the member that advances the field
  std::optional<AccountId> rounding;  ///< and the account of what rounding makes of them, if there is one
};

struct WindowExchange {
  std::vector<Exchange> fields;
  std::vector<std::vector<std::size_t>> read_by;  ///< per member, indices of `fields`
  std::vector<FieldId> changed;                   ///< by any member, with what its processes keep
  bool feeds_back() const;

  /// A field belongs to the member that advances it; one that nobody there advances to the first that
  /// contributes to it. Throws InputError, with the window's place, where two members advance one field, a
  /// process that changes the number of sites is a member, or a degree asks for more substeps than there are.
  static WindowExchange of(const Model& model, const Window& window);
};

}  // namespace holon

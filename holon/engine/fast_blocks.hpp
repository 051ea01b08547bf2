// A Jacobian that falls into small blocks which know nothing of each other: one per site for equations at
// sites.
#pragma once

#include "holon/engine/process.hpp"

#include <optional>
#include <vector>

namespace holon {

class FastBlocks {
 public:
  /// Throws Refused where unknowns hang together in a block of more than a few hundred.
  FastBlocks(std::size_t size, const std::vector<SparseBuilder::Entry>& entries);
  /// J^-1 b by elimination with partial pivoting; nothing where a block is singular.
  std::optional<std::vector<double>> solve(const std::vector<double>& b) const;
  /// Whether all eigenvalues have negative real parts: those of 1 and 2 unknowns by trace and determinant,
  /// larger blocks by the growth of powers of (s + J)(s - J)^-1, which is below 1 then.
  bool stable() const;

 private:
  struct Block {
    std::vector<std::size_t> unknowns;
    std::vector<double> entries;  // row after row
  };
  std::vector<Block> blocks_;
  std::size_t size_;
};

}  // namespace holon

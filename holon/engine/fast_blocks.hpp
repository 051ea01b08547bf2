// A Jacobian that falls into blocks which know nothing of each other: one per site for equations at sites,
// one per macro site for a field that spreads inside each of them.
#pragma once

#include "holon/engine/process.hpp"
#include "holon/solve/sparse_lu.hpp"

#include <optional>
#include <vector>

namespace holon {

class FastBlocks {
 public:
  /// Throws Refused where more unknowns hang together than factors stay sparse for.
  FastBlocks(std::size_t size, const std::vector<SparseBuilder::Entry>& entries);
  /// J^-1 b, by elimination with partial pivoting in small blocks and by sparse factors in large ones;
  /// nothing where a block is singular.
  std::optional<std::vector<double>> solve(const std::vector<double>& b) const;
  /// Whether all eigenvalues have negative real parts. Blocks of 1 and 2 unknowns: by trace and determinant.
  /// Where no row has more outside its diagonal than on it (spreading and loss): by Gershgorin's discs. Else
  /// by the growth of powers of (s + J)(s - J)^-1, which is below 1 then.
  bool stable() const;

 private:
  struct Block {
    std::vector<std::size_t> unknowns;
    std::vector<solve::MatrixEntry> entries;  // by places in `unknowns`
  };
  static bool stable(const Block& block);

  std::vector<Block> blocks_;
  std::size_t size_;
  solve::SparseLu large_;  // of all unknowns in large blocks, one block after the other
  bool regular_ = true;
};

}  // namespace holon

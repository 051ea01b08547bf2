// The order of instructions inside a block.
//
// Evaluating depth first keeps few values alive, but makes long chains in which each instruction waits for
// the one before: the processor's own window (some hundred instructions) holds too few independent chains to
// keep its units busy. Here a machine with a longer window is simulated: among the next `window` instructions
// of the given order, those issue first whose arguments are ready and whose unit is free. The order of issue
// becomes the order of the code.
#pragma once

#include <cstddef>

namespace llvm {
class BasicBlock;
}

namespace holon::expr {

/// Reorders all but the leading phi nodes and the terminator. No load of the block may read what a store of
/// the block writes.
void interleave_chains(llvm::BasicBlock& block, std::size_t window);

}  // namespace holon::expr

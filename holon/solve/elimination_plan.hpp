// Which unknowns of a sparse system can be eliminated in small blocks that know nothing of each other, before
// what is left is solved (static condensation): concentrations inside of a particle at every place of an
// electrode, gates of a membrane at every site of a tissue, laws.
//
// Found from the places of the matrix alone. Unknowns come in groups (the values of one field), and a group
// is eliminated as a whole or not at all. Group after group, the largest first, is put to those eliminated as
// long as the connected parts of these stay small (`most_rows`) and each of them touches few of the unknowns
// that are kept (`most_neighbours`, and not so many that the matrix that is left would fill).
#pragma once

#include "holon/solve/sparsity.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace holon::solve {

struct EliminationPlan {
  static constexpr std::size_t most_rows = 512, most_neighbours = 16;
  /// Each an order that keeps neighbours together.
  std::vector<std::vector<std::size_t>> blocks;
  std::vector<std::size_t> kept;
};

/// `groups`: of each unknown, below the number of groups. Those of `never` are kept.
EliminationPlan elimination_plan(const Sparsity& sparsity, std::span<const std::size_t> groups,
                                 const std::vector<bool>& never);

}  // namespace holon::solve

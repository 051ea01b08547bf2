// Several ranks under one launcher (mpirun, srun): one of them writes and speaks, all end together.
#pragma once

#include "holon/base/ranks.hpp"

#include <functional>

namespace holon::cli {

/// Runs `action` with the ranks that this program was started among (null: alone). Where one fails, all end:
/// the lowest rank that failed says why, and the exit status is its own.
int run_with_ranks(const std::function<int(Ranks*)>& action);

/// What only one rank may do (files): the first does it, the others wait. If it fails, all throw.
void on_first_rank(Ranks* ranks, const std::function<void()>& action);

inline bool is_first(const Ranks* ranks) { return ranks == nullptr || ranks->rank() == 0; }

}  // namespace holon::cli

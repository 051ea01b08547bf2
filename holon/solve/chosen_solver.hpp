// The solver for a system of many fields: as somebody says, or by size.
//
//   direct        sparse LU of the whole
//   condensation  what stands in small blocks at single places is eliminated first (condensation.hpp), then
//                 sparse LU of the rest
//   krylov        the same, but GMRES with incomplete factors for the rest (krylov.hpp)
//   automatic     sparse LU of the whole, where it takes at most `most_direct_operations`, as its ordering
//   counts
//                 them; else condensation, and of the rest sparse LU or GMRES by the same measure
// The choice follows from the places of the matrix alone. Where complete factors stay sparse, LU of the whole
// is faster than condensation (measured: 20 % on a porous cell), whose blocks it finds by itself.
#pragma once

#include "holon/solve/matrix_solver.hpp"
#include "holon/solve/solver_choice.hpp"

#include <memory>
#include <vector>

namespace holon::solve {

constexpr double most_direct_operations = 1e8;  ///< of sparse LU; GMRES takes less time beyond

/// `groups`: of each unknown, from 0 on; those of one group are eliminated together or not at all.
std::unique_ptr<MatrixSolver> chosen_solver(SolverChoice choice, std::vector<std::size_t> groups);

}  // namespace holon::solve

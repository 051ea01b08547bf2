// How the linear equations of a large system are solved (chosen_solver.hpp).
#pragma once

namespace holon::solve {

enum class SolverChoice { automatic, direct, condensation, krylov };

}  // namespace holon::solve

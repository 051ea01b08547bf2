// The leading eigenvalues of models that are too large for all of them.
#pragma once

#include "holon/engine/system.hpp"

#include <complex>
#include <vector>

namespace holon::analysis {

struct LeadingEigenvalues {
  std::vector<std::complex<double>> values;  ///< [1/coherent time], in no order
  bool counted = false;                      ///< all that grow are among them
};

/// Of J v = lambda M v: the `count` nearest to zero (shift and invert), and those that grow fastest (Cayley's
/// transform for rates between those and the fastest of the model; Meerbergen, Spence and Roose, BIT 34, 409
/// (1994)), both by implicitly restarted Arnoldi iteration, with those that are known taken out. Each is kept
/// only where its residual says that it is one. Of those nearest to zero there are as many as can be told
/// apart, and none where that is none. Throws NumericalFailure where the Jacobian is singular.
LeadingEigenvalues leading_eigenvalues(const System& system, const State& state, double time,
                                       std::size_t count);

}  // namespace holon::analysis

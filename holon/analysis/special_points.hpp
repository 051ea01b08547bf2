// Folds and Hopf points of branches of steady states, from a guess nearby.
#pragma once

#include "holon/analysis/continuation.hpp"

namespace holon::analysis {

/// `null` is a guess of the null vector of J. Nothing where Newton's method does not converge.
std::optional<SpecialPoint> locate_fold(const System& system, const State& guess, double time,
                                        const std::vector<Constraint>& constraints,
                                        const ContinuationOptions& options, const std::vector<double>& null);

/// A complex pair of eigenvalues is brought onto the imaginary axis: the nearest to it, or of those near it
/// the one of `rank`. Nothing where there are not so many.
std::optional<SpecialPoint> locate_hopf(const System& system, const State& guess, double time,
                                        const std::vector<Constraint>& constraints,
                                        const ContinuationOptions& options, std::size_t rank = 0);

}  // namespace holon::analysis

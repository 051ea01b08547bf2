// Folds and Hopf points of branches of steady states, from a guess nearby.
#pragma once

#include "holon/analysis/continuation.hpp"

namespace holon::analysis {

/// `null` is a guess of the null vector of J. Nothing where Newton's method does not converge.
std::optional<SpecialPoint> locate_fold(const System& system, const State& guess, double time,
                                        const std::vector<Constraint>& constraints,
                                        const ContinuationOptions& options, const std::vector<double>& null);

/// Brings the mode of `eigenvalue`, one of a complex pair at the guess, onto the imaginary axis. Nothing
/// where Newton's method does not converge.
std::optional<SpecialPoint> locate_hopf(const System& system, const State& guess, double time,
                                        const std::vector<Constraint>& constraints,
                                        const ContinuationOptions& options, std::complex<double> eigenvalue);

}  // namespace holon::analysis

// The time scales of a process: the reciprocals of the eigenvalues of its Jacobian.
#pragma once

#include "holon/engine/model.hpp"

#include <complex>
#include <string>
#include <vector>

namespace holon::analysis {

/// A group of states that follow the others: they relax within `fast`, while nothing else changes within less
/// than `slow` [coherent time].
struct FastStates {
  std::vector<std::string> states, others;  ///< fields that follow, and those that lead
  double fast = 0.0, slow = 0.0;
  bool relaxes = false;  ///< every fast mode decays and hardly swings
  /// Relative size of what a quasi-steady state of them leaves out: fast / slow at order 0, its square at
  /// order 1 (Tikhonov 1952; Segel and Slemrod 1989).
  double ratio() const { return fast / slow; }
};

/// The spectrum of a process at a state: at the sites looked at for a process whose sites are independent, of
/// the whole Jacobian for another one that is small, and of its diagonal alone for one that is large.
struct TimeScales {
  double fastest = 0.0,
         slowest = 0.0;          ///< 1 / |eigenvalue|, least and greatest [coherent time]; 0: not known
  int neutral = 0;               ///< eigenvalues that are 0: what is conserved, or does not matter
  bool grows = false;            ///< an eigenvalue has a positive real part
  bool relaxes = false;          ///< every mode that is not neutral decays and hardly swings
  std::vector<double> times;     ///< of the first site looked at, increasing
  std::vector<FastStates> gaps;  ///< gaps in the spectrum by at least `least_gap`, at the first site
  std::size_t sites = 0;         ///< looked at
  bool diagonal = false;  ///< what changes at a site because of the site itself was all that was looked at
};

inline constexpr double least_gap = 10.0;
/// The largest number of unknowns of a process, whose sites are not independent, that is analysed as one
/// matrix.
inline constexpr std::size_t most_unknowns = 400;
/// And whose diagonal is looked at.
inline constexpr std::size_t most_of_a_diagonal = 200000;
inline constexpr std::size_t most_sites_looked_at = 32;

TimeScales time_scales(const Model& model, const Process& process, const State& state, double time,
                       ThreadPool& threads);

/// What two looks at one process tell together: the wider range, and those gaps that both have, each as
/// narrow as it was met.
TimeScales joined(TimeScales a, const TimeScales& b);

/// Eigenvalues of a dense matrix (row by row) after balancing, in order of their size.
std::vector<std::complex<double>> eigenvalues(std::size_t n, std::vector<double> matrix);

}  // namespace holon::analysis

// Eigenvalues of a whole model at a state: J v = lambda M v.
#pragma once

#include "holon/engine/system.hpp"

#include <complex>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace holon::analysis {

struct Spectrum {
  std::vector<std::complex<double>> values;  ///< [1/coherent time], by decreasing real part
  bool whole = false;    ///< all of them; otherwise those nearest to zero and those that grow
  bool counted = true;   ///< all that grow are among them
  std::string why_none;  ///< why there are no values, where they could not be found
  /// Eigenvalues with a positive real part (above round-off).
  int unstable() const;
  /// The first `count` of them, and one more where a complex pair would be cut in two.
  std::span<const std::complex<double>> first(std::size_t count) const;
  double tolerance = 0.0;  ///< what counts as zero
  /// Eigenvalues that were left out, as nothing returns along their modes: of conserved quantities, and of
  /// shifts of a pattern (shift_modes.hpp).
  int conserved = 0, shifts = 0;
};

/// Algebraic unknowns are eliminated. All eigenvalues of models with few rates (dense QR after balancing, of
/// the Schur complement J11 - J12 J22^-1 J21). Of others those that
/// arnoldi_modes.hpp finds; where they can't be found, `why_none` says why.
Spectrum spectrum(const System& system, const State& state, double time, std::size_t count = 12);

/// Leaves out an eigenvalue that is zero for each conserved quantity: what there is more or less of it stays.
Spectrum without_conserved(Spectrum spectrum, std::size_t quantities);

/// The mode v of an eigenvalue, J v = lambda M v, by inverse iteration; of largest magnitude 1 in the sizes
/// of the unknowns (sizes_of). Nothing where it does not converge.
std::optional<std::vector<std::complex<double>>> mode(const System& system, const State& state, double time,
                                                      std::complex<double> eigenvalue);

/// The largest number of rates whose eigenvalues are all computed.
inline constexpr std::size_t most_dense = 240;

}  // namespace holon::analysis

// Branches of steady states F(x, p) = 0 against a parameter p, through folds.
//
// Pseudo-arclength continuation (Keller 1977): a step along the tangent, corrected by Newton's method across
// it. Lengths are measured with unknowns and parameter each in their own size, so that they don't depend on
// units or on the fineness of a grid.
//
// Folds and Hopf points are solved for as zeros of a bordered system (Govaerts 2000, chapters 3 and 4):
//   [ J    b ] [v]   [0]
//   [ c^T  0 ] [g] = [1],   fold: g(x, p) = 0;   Hopf: J - i omega M instead of J, g(x, p, omega) = 0 + 0i
// by Newton's method on F and g together, from where the branch's direction or the leading pair of
// eigenvalues changes sign.
#pragma once

#include "holon/analysis/spectrum.hpp"
#include "holon/analysis/steady_state.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace holon::analysis {

struct ContinuationOptions {
  ParameterId parameter = 0;
  double low = 0.0, high = 0.0;  ///< the branch ends where the parameter leaves this range [its unit]
  bool upwards = true;           ///< the direction in which it begins
  double first_step = 0.01;      ///< of arclength, where the range of the parameter has length 1
  double longest_step = 0.05;
  int most_points = 2000;
  bool eigenvalues = true;  ///< at every point
  NewtonOptions newton{.tolerance = 1e-11, .most = 12};
};

struct BranchPoint {
  double parameter = 0.0;
  double arclength = 0.0;
  State state;
  Spectrum eigenvalues;  ///< none where they were not asked for, or `why_none` says why
  /// Eigenvalues with positive real part. Of a large model with many of them there may be more
  /// (eigenvalues.counted).
  std::optional<int> unstable;
  std::optional<std::complex<double>> leading;  ///< eigenvalue [1/coherent time]
};

struct SpecialPoint {
  enum class Kind { fold, hopf } kind = Kind::fold;
  double parameter = 0.0;
  State state;
  double omega = 0.0;        ///< of a Hopf point: angular frequency [1/coherent time]
  double uncertainty = 0.0;  ///< of the parameter: the last correction of Newton's method, relative
  /// What makes it a fold and no flatter point: w . F_p and w . F_xx[v, v] with unit null vectors, both not
  /// zero.
  double transversality = 0.0, curvature = 0.0;
  std::size_t after = 0;  ///< the point of the branch before it
};
std::string_view name(SpecialPoint::Kind kind);

struct Branch {
  std::vector<BranchPoint> points;
  std::vector<SpecialPoint> special;
  /// Where something happens on the branch that is no located fold or Hopf point: "near kappa = 0.31: ...".
  std::vector<std::string> doubts;
  std::string why_ended;
  bool complete = false;  ///< it ended where the parameter leaves the range, or closed upon itself
};

/// `start` is a steady state for its value of the parameter. `progress` is told the last point; returning
/// false ends the branch. A branch that can't be followed any further ends with the last point that was
/// reached, and says why.
Branch continuation(const System& system, const State& start, double time,
                    const std::vector<Constraint>& constraints, const ContinuationOptions& options,
                    const std::function<bool(const BranchPoint&)>& progress = {});

}  // namespace holon::analysis

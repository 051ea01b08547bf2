// Newton's method for F(x) = 0 of a whole model, with linear constraints where conservation makes its
// Jacobian singular.
//
// An invariant w (System::invariants) with w^T F = 0 for all x makes J singular: what is held stays what it
// is. With w . x = w . x0 added and a multiplier s along w, the system
//   F(x) + w s = 0,   w . (x - x0) = 0
// is regular, and s = 0 at a solution.
#pragma once

#include "holon/engine/system.hpp"
#include "holon/solve/sparse_lu.hpp"

#include <string>
#include <vector>

namespace holon::analysis {

/// A quantity that F neither makes nor loses.
struct Constraint {
  std::string quantity;
  std::vector<double> weights;  ///< of the unknowns, scaled to a largest of 1
};

/// The declared invariants that really are: w^T J = 0 and w^T F = 0 to round-off at a state.
std::vector<Constraint> active_constraints(const System& system, const State& state, double time);

using holon::scaled_norm;
using holon::sizes_of;

struct NewtonOptions {
  double tolerance = 1e-11;  ///< of the last correction, relative to sizes_of
  int most = 30;
};

struct NewtonOutcome {
  bool converged = false;
  int iterations = 0;
  double correction = 0.0;  ///< the last one, scaled
  std::string why;          ///< it did not converge, with unknowns and places
};

/// One more unknown and equation: a column (of its coefficients in F), a row and the corner.
struct Border {
  std::vector<double> column, row;
  double corner = 0.0;
};

/// J - shift M at a state, bordered by the constraints and by what else is asked for, by sparse LU:
///   [ J - shift M   W   columns ]
///   [ W^T           0   0       ]
///   [ rows          0   corners ]
class LinearisedModel {
 public:
  LinearisedModel(const System& system, std::vector<Constraint> constraints)
      : system_(&system), constraints_(std::move(constraints)) {}
  /// False where it is singular.
  bool factor(const State& state, double time, double shift, std::span<const Border> borders = {});
  struct Solution {
    std::vector<double> x, border;
    std::vector<double> multipliers;  ///< of the constraints
  };
  /// For right-hand sides b of the model's rows, `along` of the constraints and `border` of the borders (zero
  /// where empty).
  Solution solve(std::span<const double> b, std::span<const double> along = {},
                 std::span<const double> border = {}) const;
  /// With the transposed matrix.
  Solution solve_transposed(std::span<const double> b, std::span<const double> border = {}) const;
  const std::vector<Constraint>& constraints() const { return constraints_; }
  /// What keeps it from being solved: "the column of x.V at ...".
  std::string why_singular() const;

 private:
  const System* system_;
  std::vector<Constraint> constraints_;
  std::size_t borders_ = 0;
  solve::SparseLu lu_;
};

/// Brings F to zero from where the state is, damped so that |J^-1 F| falls (Deuflhard 2011, natural
/// monotonicity test); the constraints keep the values that they have there. Where that fails, it is tried
/// across a neutral direction (a pattern on a ring can be shifted at no cost, so that J is singular), and
/// accepted where F is zero to round-off.
NewtonOutcome newton(const System& system, State& state, double time,
                     const std::vector<Constraint>& constraints, const NewtonOptions& options);

}  // namespace holon::analysis

// The equations that an implicit method asks of a System at one time,
//   M (x - r) = g F(x, t)   where M is 1,      F(x, t) = 0   where M is 0,
// solved by Newton's method. M - g J is kept, with its factors, as long as corrections shrink fast.
// Corrections are damped so that those that would follow are smaller (natural monotonicity test: Deuflhard,
// Newton Methods for Nonlinear Problems (2011), 3.3), and so that no equation leaves its domain.
//
// Of several solutions the right one is that to which shorter and shorter steps lead: the end of the path
// x(s),
//   M (x - r_s) = s g F(x, t)   with r_s from x_0 to r,
// from the solution x_0 before the step (Deuflhard 2011, 5.1: continuation). A step far above the time of
// relaxation can make Newton's method find another one (Hairer & Wanner, Solving Ordinary Differential
// Equations II (1996), IV.14). What it found is doubted
//   - where det(M - g J) has another sign than for small g, which it can't have on a path that does not turn
//   back;
//   - where the way from x_0 is long and bent: with the factors that led to x, the correction at x_0 misses x
//     by more than half the distance. On a line it does not miss at all, and beyond a fold it points away.
// Then the path is followed, in parts along which every correction is at most half of the one before
// (Newton-Kantorovich) and the determinant keeps its sign, and its end is the solution. Where it turns back
// there is none.
#pragma once

#include "holon/engine/system.hpp"
#include "holon/solve/matrix_solver.hpp"
#include "holon/solve/solver_choice.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace holon {

class ImplicitSystem {
 public:
  /// `tolerance`: of the last correction, relative to the size of each field.
  ImplicitSystem(const System& system, double tolerance, solve::SolverChoice solver);

  struct Failure {
    std::string field, place, text;
  };
  /// Solves from x on; the State's unknowns are the solution afterwards. x is left as it was where it fails.
  std::optional<Failure> solve(State& state, Vector& x, std::span<const double> r, double g, double time);
  /// The same, of several solutions that to which the path from `safe` leads, where all equations held
  /// before.
  std::optional<Failure> solve_from(State& state, Vector& x, std::span<const double> safe,
                                    std::span<const double> r, double g, double time);
  /// The sign of det(M - g J) for small g, at x. 0: not known.
  void find_orientation(State& state, const Vector& x, double time);
  int orientation() const { return orientation_; }
  void set_orientation(int sign) { orientation_ = sign; }
  /// The next solution begins with factors of its own.
  void forget_factors() { factored_for_ = 0.0; }
  /// What the unknowns count from now on: the largest values of their fields in x.
  void set_sizes(const Vector& x);
  /// Infinite for what is determined and that none of the equations depends on (what is in a report alone):
  /// it may jump.
  const std::vector<double>& sizes() const { return counted_; }
  const System& system() const { return system_; }
  /// How the linear equations of a step from this State are solved.
  std::string solver_at(State& state, double g, double time);
  /// Adds what was counted since the last call.
  void count(Counters& counters);

 private:
  static constexpr double size_floor = 1e-4;

  /// M (x - r) - g F, -F.
  std::vector<double> defect(State& state, const Vector& x, std::span<const double> r, double g, double time);
  /// False where the matrix is singular.
  bool factor(State& state, const Vector& x, double g, double time);
  /// Nothing where the linear equations were not solved.
  std::optional<std::vector<double>> correction(std::vector<double> defect);
  Failure at(std::size_t unknown, std::string text) const;
  Failure singular() const;
  std::optional<Failure> iterate(State& state, Vector& x, std::span<const double> r, double g, double time);
  /// The last factors have another orientation than those of small steps.
  bool turned() const;
  /// Whether x may be another solution than that to which the path from `safe` leads.
  bool doubtful(State& state, const Vector& x, std::span<const double> safe, std::span<const double> r,
                double g, double time);
  /// x becomes the end of that path.
  std::optional<Failure> follow(State& state, Vector& x, std::span<const double> safe,
                                std::span<const double> r, double g, double time);
  Failure beyond_a_fold(const Vector& found, const Vector& reached) const;
  /// Which equations are farthest from being solved.
  Failure not_solved(const std::vector<double>& correction, const std::vector<double>& defect,
                     const std::string& what) const;
  Failure not_solved_linearly(const std::vector<double>& defect) const;
  /// Of the fields with the largest values, relative to their sizes, where these are.
  std::vector<std::size_t> worst(std::span<const double> values) const;
  std::string equation_text(std::size_t unknown) const;

  const System& system_;
  double tolerance_;
  std::vector<double> sizes_;    // of all unknowns
  std::vector<double> counted_;  // of those that count
  std::unique_ptr<solve::MatrixSolver> linear_;
  std::vector<FieldId> only_read_elsewhere_;
  double factored_for_ = 0.0;  ///< g of the factors; 0: there are none
  bool fresh_ = false;         ///< they are of the present x
  int orientation_ = 0;
  double slowest_ = 0.0;      ///< of the ratios of corrections in the last iteration; 1 where it was damped
  bool turned_once_ = false;  ///< in the last iteration, for some of the factors that were made anew
  Counters counters_;
};

}  // namespace holon

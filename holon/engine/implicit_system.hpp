// The equations that an implicit method asks of a System at one time,
//   M (x - r) = g F(x, t)   where M is 1,      F(x, t) = 0   where M is 0,
// solved by Newton's method. The sparse LU of M - g J is kept as long as corrections shrink fast. Corrections
// are damped so that those that would follow are smaller (natural monotonicity test: Deuflhard, Newton
// Methods for Nonlinear Problems (2011), 3.3), and so that no equation leaves its domain.
#pragma once

#include "holon/engine/system.hpp"
#include "holon/solve/sparse_lu.hpp"

#include <optional>
#include <string>
#include <vector>

namespace holon {

class ImplicitSystem {
 public:
  /// `tolerance`: of the last correction, relative to the size of each field.
  ImplicitSystem(const System& system, double tolerance) : system_(system), tolerance_(tolerance) {}

  struct Failure {
    std::string field, place, text;
  };
  /// Solves from x on; the State's unknowns are the solution afterwards. x is left as it was where it fails.
  std::optional<Failure> solve(State& state, Vector& x, std::span<const double> r, double g, double time);
  /// The next solution begins with factors of its own.
  void forget_factors() { factored_for_ = 0.0; }
  /// What the unknowns count from now on: the largest values of their fields in x.
  void set_sizes(const Vector& x) { sizes_ = sizes_of(system_, x, size_floor); }
  const std::vector<double>& sizes() const { return sizes_; }
  const System& system() const { return system_; }
  /// Adds what was counted since the last call.
  void count(Counters& counters);

 private:
  static constexpr double size_floor = 1e-4;

  /// M (x - r) - g F, -F.
  std::vector<double> defect(State& state, const Vector& x, std::span<const double> r, double g, double time);
  /// False where the matrix is singular.
  bool factor(State& state, const Vector& x, double g, double time);
  std::vector<double> correction(std::vector<double> defect) const;
  Failure at(std::size_t unknown, std::string text) const;
  Failure singular() const;
  /// Which equations are farthest from being solved.
  Failure not_solved(const std::vector<double>& correction, const std::vector<double>& defect,
                     const std::string& what) const;
  std::string equation_text(std::size_t unknown) const;

  const System& system_;
  double tolerance_;
  std::vector<double> sizes_;
  solve::SparseLu lu_;
  double factored_for_ = 0.0;  ///< g of the factors; 0: there are none
  bool fresh_ = false;         ///< they are of the present x
  Counters counters_;
};

}  // namespace holon

// Directional implicit sweeps for coefficients that vary from place to place along the axes: every line has
// factors of its own.
#pragma once

#include "holon/base/parallel.hpp"
#include "holon/transport/flux_operator.hpp"

#include <array>
#include <span>
#include <vector>

namespace holon::transport {

/// Factors of 1 - c A_axis for every axis of an operator without cross terms, line by line as L U without
/// pivoting (the rows are diagonally dominant). Held sites and those outside a mask have the row of the
/// identity. A periodic line is solved by bordering with its last site (the Sherman-Morrison formula).
/// Memory: three numbers per site and axis, four where it is periodic.
class FluxSweeps {
 public:
  FluxSweeps(const FluxOperator& op, double c);
  /// Factors of identity - c L, decay included, of an operator of one axis; `identity` is 1, or 0 for fields
  /// at rest.
  static FluxSweeps of_line(const FluxOperator& op, double identity, double c);
  /// u = (1 - c A_axis)^-1 u along all lines.
  void solve(int axis, std::span<double> u, ThreadPool& threads) const;
  double step() const { return c_; }
  double identity() const { return identity_; }

 private:
  /// Site i of lane l of a bundle of lines stands at bundle begin + i * stride + l.
  struct Bundle {
    double* u;
    std::size_t begin, stride, lanes;  ///< of the factors; `u` has the same stride
  };
  struct Factors {
    std::vector<double> inverse, lower, upper, border;  ///< 1/pivot; l/pivot; unit upper factor; T^-1 e
    std::vector<double> first, last, schur;             ///< periodic, per line: of the bordering row
  };
  void solve_bundle(int axis, const Bundle& bundle, std::size_t first_line, double* work) const;
  FluxSweeps(const FluxOperator& op, double identity, double c, double decay_share);
  void factor(const FluxOperator& op, int axis);
  std::size_t place(int axis, std::size_t line, std::size_t i) const;

  double c_ = 0.0, identity_ = 1.0;
  double decay_share_ = 0.0;      ///< of the decay within the factors: 0 or 1
  std::size_t bundle_lines_ = 1;  ///< lines along x that are solved side by side
  int dimensions_ = 1;
  std::array<std::size_t, 3> count_{1, 1, 1}, stride_{1, 1, 1};
  std::array<bool, 3> periodic_{};
  std::array<Factors, 3> factors_;
};

}  // namespace holon::transport

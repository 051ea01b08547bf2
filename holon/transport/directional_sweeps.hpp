// Implicit steps as sweeps along the axes, one after the other, each a banded solve on every line.
#pragma once

#include "holon/base/parallel.hpp"
#include "holon/transport/grid_operator.hpp"
#include "holon/transport/line_factors.hpp"

#include <span>
#include <vector>

namespace holon::transport {

class DirectionalSweeps {
 public:
  DirectionalSweeps() = default;
  /// Factors I - c A_axis for every axis of the operator. The grid's shape is taken from it.
  DirectionalSweeps(const GridOperator& op, double c);

  /// u = (I - c A_axis)^-1 u along all lines of free sites.
  void solve(int axis, std::span<double> u, ThreadPool& threads) const;

  /// One field's share in reflect().
  struct Reflection {
    const DirectionalSweeps* sweeps = nullptr;
    std::span<double> u;
    double scale = 1.0;
  };
  /// u = scale prod_axes (I - c A)^-1 (I + c A) u, in place, for several fields of one grid and the same free
  /// sites: each factor as 2 v - u with v = (I - c A)^-1 u. In three dimensions the x and y sweeps are done
  /// plane by plane, so memory is passed twice, and the threads meet twice for all fields. Says of each field
  /// whether what came out is finite.
  static std::vector<bool> reflect(std::span<const Reflection> fields, ThreadPool& threads);

  double step() const { return c_; }

 private:
  // All of these say whether the results are finite.
  bool sweep_x(double* u, std::size_t first_line, std::size_t lines, LineUpdate update, double scale) const;
  bool sweep_across(int axis, double* first, std::size_t lanes, LineUpdate update) const;
  /// Parts of a sweep, which don't depend on each other.
  std::size_t parts(int axis) const;
  bool sweep_part(int axis, std::size_t part, double* u, LineUpdate update, double scale) const;
  bool reflect_plane(std::size_t plane, double* u, double scale) const;

  double c_ = 0.0;
  std::vector<LineFactors> factors_;
  std::array<std::size_t, 3> count_{1, 1, 1}, stride_{1, 1, 1}, first_{0, 0, 0}, end_{1, 1, 1};
};

}  // namespace holon::transport

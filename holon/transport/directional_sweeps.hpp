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

  /// u = scale prod_axes (I - c A)^-1 (I + c A) u, in place: each factor as 2 v - u with v = (I - c A)^-1 u.
  /// In three dimensions the x and y sweeps are done plane by plane, so memory is passed twice.
  void reflect(std::span<double> u, double scale, ThreadPool& threads) const;

  double step() const { return c_; }

 private:
  void sweep_x(double* u, std::size_t first_line, std::size_t lines, LineFactors::Update update,
               double scale) const;
  void sweep_across(int axis, double* first, std::size_t lanes, LineFactors::Update update) const;
  void sweep(int axis, std::span<double> u, LineFactors::Update update, double scale,
             ThreadPool& threads) const;

  double c_ = 0.0;
  std::vector<LineFactors> factors_;
  std::array<std::size_t, 3> count_{1, 1, 1}, stride_{1, 1, 1}, first_{0, 0, 0}, end_{1, 1, 1};
};

}  // namespace holon::transport

// Who stands beside whom in a sparse matrix, whatever the direction, and an order of unknowns that keeps
// those near to each other.
#pragma once

#include "holon/solve/matrix_solver.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace holon::solve {

/// i and j are neighbours where an entry stands at (i, j) or at (j, i); nobody is its own.
class Sparsity {
 public:
  Sparsity(std::size_t n, std::span<const MatrixPlace> places);
  std::size_t size() const { return begin_.size() - 1; }
  std::span<const std::size_t> neighbours(std::size_t i) const {
    return {neighbour_.data() + begin_[i], begin_[i + 1] - begin_[i]};
  }

 private:
  std::vector<std::size_t> begin_, neighbour_;
};

/// All unknowns by the reverse of Cuthill and McKee's order (1969): position -> unknown.
std::vector<std::size_t> narrow_order(const Sparsity& sparsity);

}  // namespace holon::solve

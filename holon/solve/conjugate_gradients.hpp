// Conjugate gradients with a preconditioner for A x = b on abstract operators (Hestenes & Stiefel 1952; Saad,
// Iterative Methods for Sparse Linear Systems (2003), algorithm 9.1).
//
// A and the preconditioner are symmetric and positive in the given inner product, which need not be the plain
// sum of products: weights of measure and capacity make finite volumes symmetric.
#pragma once

#include "holon/base/parallel.hpp"

#include <array>
#include <functional>
#include <span>
#include <vector>

namespace holon::solve {

/// out = A in.
using Apply = std::function<void(std::span<const double> in, std::span<double> out)>;
using InnerProduct = std::function<double(std::span<const double>, std::span<const double>)>;

struct KrylovLimits {
  double tolerance = 1e-10;  ///< of the residual's norm, relative to the right-hand side's
  double absolute = 0.0;     ///< a residual's norm below this is nothing
  int most_iterations = 500;
};

struct KrylovReport {
  bool converged = false;
  int iterations = 0;
  double residual = 0.0;  ///< norm of b - A x as the recurrence has it, relative to that of b
};

/// Where ranks share the vectors: which entries this one has to make, and what fetches those next to them
/// that the operator reads. The inner product is the same number on all ranks.
struct KrylovShare {
  SiteRange own;
  std::function<void(std::span<double>)> refresh;
};

class ConjugateGradients {
 public:
  /// Starts from x and leaves the solution there. With b = 0 the answer is 0. Stops without convergence where
  /// the operator turns out not to be positive.
  KrylovReport solve(const Apply& op, const Apply& preconditioner, const InnerProduct& inner,
                     std::span<const double> b, std::span<double> x, const KrylovLimits& limits,
                     ThreadPool& threads, const KrylovShare* share = nullptr);

 private:
  std::array<std::vector<double>, 4> column_;  // kept between solves
};

}  // namespace holon::solve
